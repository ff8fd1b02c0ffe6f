import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parse, stringify } from "yaml";
import { descendants, killAll } from "./processes";

export const checkout = join(__dirname, "../..");

const stack = "test";

export interface Finished {
    code: number;
    /** What the program wrote to standard output and standard error. */
    text: string;
}

/** Runs a program to its end, whatever it ends with. */
export function execute(
    program: string,
    args: string[],
    options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
    return new Promise((resolve, reject) => {
        const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
        const chunks: Buffer[] = [];
        child.stdout.on("data", (chunk) => chunks.push(chunk));
        child.stderr.on("data", (chunk) => chunks.push(chunk));
        child.on("error", reject);
        child.on("close", (code) => resolve({ code: code ?? -1, text: Buffer.concat(chunks).toString() }));
    });
}

/** As `execute`, and fails when the program does. */
export async function succeed(
    program: string,
    args: string[],
    options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
    const { code, text } = await execute(program, args, options);
    if (code !== 0) {
        throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${text}`);
    }
    return text;
}

/** A program that runs, to look at what it writes while it does. */
export class Running {
    text = "";
    readonly ended: Promise<Finished>;

    constructor(readonly process: ChildProcess) {
        const collect = (chunk: Buffer) => {
            this.text += chunk;
        };
        process.stdout?.on("data", collect);
        process.stderr?.on("data", collect);
        this.ended = new Promise((resolve, reject) => {
            process.on("error", reject);
            process.on("close", (code) => resolve({ code: code ?? -1, text: this.text }));
        });
    }

    /** Kills it and all that it started at once, so that none hears of another's end. */
    async killTree(): Promise<void> {
        const pid = this.process.pid as number;
        killAll([...descendants(pid), { pid }]);
        await this.ended;
    }

    /** Waits until it has written what is expected, and fails when it ends before. */
    async says(expected: RegExp): Promise<void> {
        while (!expected.test(this.text)) {
            if (this.process.exitCode !== null || this.process.signalCode !== null) {
                throw new Error(`it ended without saying ${expected}:\n${this.text}`);
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    }
}

export const kubectl = (...args: string[]) => succeed("kubectl", args);

export async function kubectlJson<T = any>(...args: string[]): Promise<T> {
    return JSON.parse(await kubectl(...args, "--output=json"));
}

/**
 * A program as a project of its own: its own state, its own stack and configuration, its own namespace. By default it is the
 * one in stacks/ with the values of the dev stack.
 */
export class Project {
    readonly folder = mkdtempSync(join(tmpdir(), "minio-e2e-"));
    readonly environment: NodeJS.ProcessEnv;

    constructor(
        readonly namespace: string,
        private readonly program = "stacks/program.ts",
    ) {
        const project = parse(readFileSync(join(checkout, "Pulumi.yaml"), "utf8"));
        project.main = relative(this.folder, join(checkout, program));
        delete project.stackConfigDir;
        if (!this.isStacks) {
            project.runtime = { name: "nodejs", options: { tsconfig: join(checkout, "stacks/tsconfig.json") } };
            delete project.config; // Each program has keys of its own.
        }
        writeFileSync(join(this.folder, "Pulumi.yaml"), stringify(project));
        mkdirSync(join(this.folder, "state"));
        this.environment = {
            ...process.env,
            PULUMI_BACKEND_URL: `file://${this.folder}/state`,
            PULUMI_CONFIG_PASSPHRASE: "test",
        };
    }

    private get isStacks(): boolean {
        return this.program.startsWith("stacks/");
    }

    /** Makes the stack with the values of dev, in this project's namespace, and the given changes. */
    async init(changes: Record<string, unknown> = {}): Promise<void> {
        await this.succeed("stack", "init", stack);
        const own = this.isStacks ? { createNamespace: true } : {};
        await this.configure({ namespace: this.namespace, ...own, ...changes });
    }

    /** Sets configuration values beside those of the dev stack; `undefined` is the dev stack's own value. */
    async configure(changes: Record<string, unknown>): Promise<void> {
        const file = join(this.folder, `Pulumi.${stack}.yaml`);
        const own = parse(readFileSync(file, "utf8"));
        const { config } = this.isStacks
            ? parse(readFileSync(join(checkout, "stacks/Pulumi.dev.yaml"), "utf8"))
            : { config: {} };
        own.config = { ...config, ...own.config };
        for (const [field, value] of Object.entries(changes)) {
            const key = `minio-cluster:${field}`;
            own.config[key] = value ?? config[key];
            if (own.config[key] === undefined) {
                delete own.config[key];
            }
        }
        writeFileSync(file, stringify(own));
    }

    /** Sets a configuration value that is encrypted in the stack's file, and not seen among the processes. */
    async setSecret(key: string, value: string): Promise<void> {
        const script = 'pulumi config set --secret "$1" <<< "$VALUE"';
        const env = { ...this.environment, VALUE: value };
        await succeed("bash", ["-c", script, "setSecret", key], { cwd: this.folder, env });
    }

    execute(...args: string[]): Promise<Finished> {
        return execute("pulumi", [...args, "--non-interactive", "--color=never"], {
            cwd: this.folder,
            env: this.environment,
        });
    }

    /** As `execute`, without waiting for its end. */
    start(...args: string[]): Running {
        const all = [...args, "--non-interactive", "--color=never"];
        const options = { cwd: this.folder, env: this.environment };
        return new Running(spawn("pulumi", all, { ...options, stdio: ["ignore", "pipe", "pipe"] }));
    }

    /** As `execute`, but without what the program writes to standard error. */
    executeForOutput(...args: string[]): Promise<Finished> {
        const command = 'pulumi "$@" 2> /dev/null';
        const flags = ["--non-interactive", "--color=never"];
        return execute("bash", ["-c", command, "pulumi", ...args, ...flags], {
            cwd: this.folder,
            env: this.environment,
        });
    }

    async succeed(...args: string[]): Promise<string> {
        const { code, text } = await this.execute(...args);
        if (code !== 0) {
            throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${text}`);
        }
        return text;
    }

    /** Runs commands in the project's folder, as a person would, and returns what they say. */
    shell(script: string, variables: NodeJS.ProcessEnv = {}): Promise<string> {
        const env = { ...this.environment, ...variables };
        return succeed("bash", ["-euo", "pipefail", "-c", script], { cwd: this.folder, env });
    }

    /** As `shell`, whatever it ends with. */
    shellCode(script: string): Promise<Finished> {
        return execute("bash", ["-euo", "pipefail", "-c", script], { cwd: this.folder, env: this.environment });
    }

    async outputs(): Promise<Record<string, any>> {
        const text = await succeed("pulumi", ["stack", "output", "--json", "--show-secrets"], {
            cwd: this.folder,
            env: this.environment,
        });
        return JSON.parse(text);
    }

    /** Removes the stack's resources and the folder, and leaves the namespace with its claims. */
    async removeStack(): Promise<void> {
        await this.succeed("destroy", "--yes");
        rmSync(this.folder, { recursive: true, force: true });
    }

    /** Removes everything: the stack's resources, the namespace with its claims, and the folder. */
    async remove(): Promise<void> {
        await this.execute("destroy", "--yes");
        await execute("kubectl", [
            "delete",
            "namespace",
            this.namespace,
            "--ignore-not-found",
            "--wait",
            "--timeout=120s",
        ]);
        rmSync(this.folder, { recursive: true, force: true });
    }
}
