import { createRequire } from "node:module";
import * as path from "node:path";
import { status } from "@grpc/grpc-js";
import type { ProgramInfo } from "@pulumi/pulumi/proto/language_pb";
import { RpcError } from "./grpc";

/** `runtime.options` of Pulumi.yaml or PulumiPlugin.yaml. */
export interface RuntimeOptions {
    /** Compile TypeScript on the fly; the default. */
    typescript: boolean;
    /** A tsconfig.json, relative to the program's directory. */
    tsconfig?: string;
    /** Arguments for Node.js itself, such as `--max-old-space-size=4096`. */
    nodeargs: string[];
}

/** What a request says about the program; every engine of the last years says it. */
export function programInfo(info: ProgramInfo | undefined): ProgramInfo {
    if (!info) {
        throw new RpcError(status.INVALID_ARGUMENT, "the request lacks `info`: this Pulumi CLI is too old");
    }
    return info;
}

export function runtimeOptions(info: ProgramInfo): RuntimeOptions {
    const { typescript = true, tsconfig, nodeargs = "", packagemanager } = info.getOptions()?.toJavaScript() ?? {};
    if (typeof typescript !== "boolean") {
        throw wrongOption("typescript", "must be true or false", typescript);
    }
    if (tsconfig !== undefined && typeof tsconfig !== "string") {
        throw wrongOption("tsconfig", "must be a path", tsconfig);
    }
    if (typeof nodeargs !== "string") {
        throw wrongOption("nodeargs", "must be a string", nodeargs);
    }
    if (packagemanager !== undefined && packagemanager !== "npm" && packagemanager !== "auto") {
        throw wrongOption("packagemanager", "must be npm, the only one this language host knows", packagemanager);
    }
    return { typescript, tsconfig, nodeargs: splitArguments(nodeargs) };
}

/** What the SDK's scripts learn of the options by way of their environment. */
export function optionsEnvironment({ typescript, tsconfig }: RuntimeOptions): NodeJS.ProcessEnv {
    return {
        ...(typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
        ...(tsconfig ? { PULUMI_NODEJS_TSCONFIG_PATH: tsconfig } : {}),
    };
}

/** The file of a module as a file in `directory` would import it: the program's SDK, never this host's. */
export function resolveFrom(directory: string, module: string): string {
    try {
        return createRequire(path.join(directory, "index.js")).resolve(module);
    } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") {
            throw new Error(
                `${module} is not installed for ${directory}: run \`pulumi install\` or \`npm install\` there`,
            );
        }
        throw error;
    }
}

/** Splits at blanks as a shell would; single and double quotes keep blanks. */
export function splitArguments(line: string): string[] {
    const words = line.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
    return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

function wrongOption(name: string, rule: string, value: unknown): RpcError {
    return new RpcError(status.INVALID_ARGUMENT, `runtime option \`${name}\` ${rule}, but is ${JSON.stringify(value)}`);
}
