import { type ServerWritableStream, status } from "@grpc/grpc-js";
import { type RunPluginRequest, RunPluginResponse } from "@pulumi/pulumi/proto/language_pb";
import { endChild, ending, startChild } from "./children";
import { RpcError } from "./grpc";
import { optionsEnvironment, programInfo, resolveFrom, runtimeOptions } from "./program";

/** Runs a plugin written for Node.js, a component provider or a policy pack: its output, then its exit code. */
export async function runPlugin(
    request: RunPluginRequest,
    call: ServerWritableStream<RunPluginRequest, RunPluginResponse>,
): Promise<void> {
    if (request.getAttachDebugger()) {
        throw new RpcError(
            status.UNIMPLEMENTED,
            "this language host attaches no debugger: set `nodeargs: --inspect-brk` in the runtime.options of PulumiPlugin.yaml",
        );
    }
    const info = programInfo(request.getInfo());
    const options = runtimeOptions(info);
    const directory = info.getProgramDirectory();
    const isPolicyPack = request.getKind() === "analyzer";
    const script = resolveFrom(directory, `@pulumi/pulumi/cmd/${isPolicyPack ? "run-policy-pack" : "run-plugin"}`);
    const given = request.getArgsList(); // The engine's address.
    const args = isPolicyPack ? [...given, "."] : [directory, ...given];

    const plugin = startChild(process.execPath, [...options.nodeargs, script, ...args], {
        cwd: isPolicyPack ? directory : request.getPwd(), // @pulumi/policy reads the pack's version from ./package.json.
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...environment(request.getEnvList()), ...optionsEnvironment(options) },
    });
    call.once("cancelled", () => endChild(plugin));
    plugin.stdout?.on("data", (data: Buffer) => call.write(new RunPluginResponse().setStdout(data)));
    plugin.stderr?.on("data", (data: Buffer) => call.write(new RunPluginResponse().setStderr(data)));

    const { code, signal } = await ending(plugin);
    if (signal) {
        throw new Error(`Plugin was ended by signal ${signal}`);
    }
    call.write(new RunPluginResponse().setExitcode(code ?? 0));
}

/** From the form `NAME=value`. It is all of the plugin's environment: the engine has put its own into it. */
function environment(entries: readonly string[]): NodeJS.ProcessEnv {
    return Object.fromEntries(
        entries.map((entry) => {
            const end = entry.indexOf("=");
            return [entry.slice(0, end), entry.slice(end + 1)];
        }),
    );
}
