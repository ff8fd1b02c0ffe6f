import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";

/** An error whose message is all that a person needs: printed without a stack. */
export class UserError extends Error {}

const started = Date.now();

/** Prints one line of progress, with the seconds since the command began. */
export function say(text: string): void {
    const seconds = ((Date.now() - started) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`${seconds}s  ${text}\n`);
}

/** Runs a program to its end and returns what it printed. Fails with its output when it fails. */
export function run(
    program: string,
    args: string[],
    options: { input?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string {
    const result = spawnSync(program, args, { ...options, encoding: "utf8", maxBuffer: 1 << 26 });
    if (result.error) {
        throw new UserError(`cannot run ${program}: ${result.error.message}`);
    }
    if (result.status !== 0) {
        const how = result.signal ?? `exit code ${result.status}`;
        throw new UserError(`${program} ${args.join(" ")} failed (${how}):\n${result.stderr}${result.stdout}`.trim());
    }
    return result.stdout;
}

/** As `run`, for a program that may fail without harm, such as removing what may not be there. */
export function attempt(program: string, args: string[]): boolean {
    return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

/** Starts a program with its output in a log file. */
export function startLogged(program: string, args: string[], log: string, options: SpawnOptions = {}): ChildProcess {
    const file = openSync(log, "a");
    const child = spawn(program, args, { ...options, stdio: ["ignore", file, file] });
    closeSync(file);
    return child;
}

/** Runs a program in the background with its output in a log file. The error of a failure ends with the log's last lines. */
export function runLogged(program: string, args: string[], log: string, options: SpawnOptions = {}): Promise<void> {
    const child = startLogged(program, args, log, options);
    return new Promise((resolve, reject) => {
        child.on("error", (error) => reject(new UserError(`cannot run ${program}: ${error.message}`)));
        child.on("exit", (code, signal) => {
            if (code === 0) {
                resolve();
            } else {
                const how = signal ?? `exit code ${code}`;
                reject(new UserError(`${program} failed (${how}); its log is ${log} and ends:\n${tail(log, 15)}`));
            }
        });
    });
}

/** The last lines of a text file, or nothing when it is not there. */
export function tail(file: string, lines: number): string {
    return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n") : "";
}

export function sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Waits until `ready` is true, and says what for when it takes more than a few seconds.
 *
 * @param log the log file to name, with its last lines, when the time runs out
 */
export async function waitFor(
    what: string,
    ready: () => boolean | Promise<boolean>,
    { seconds = 120, log = "", every = 100 } = {},
): Promise<void> {
    const from = Date.now();
    let said = from;
    while (!(await ready())) {
        const now = Date.now();
        if (now - from > seconds * 1000) {
            const hint = log ? `; its log is ${log} and ends:\n${tail(log, 15)}` : "";
            throw new UserError(`${what}: not so after ${seconds} s${hint}`);
        }
        if (now - said > 5000) {
            said = now;
            say(`  still waiting for ${what}${log ? ` (log: ${log})` : ""}`);
        }
        await sleep(every);
    }
}
