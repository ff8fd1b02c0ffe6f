import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/** The engine kills this host's whole process group after five seconds. */
const killAfterSeconds = 4;

export interface Ending {
    code: number | null;
    signal: NodeJS.Signals | null;
}

const children = new Map<ChildProcess, Promise<Ending>>();

/** A process that does not outlive this one. */
export function startChild(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
    const child = spawn(command, args, options);
    const ended = new Promise<Ending>((resolve, reject) => {
        child.once("error", reject);
        // "close" and not "exit": all its output has arrived by then.
        child.once("close", (code, signal) => resolve({ code, signal }));
    });
    children.set(child, ended);
    const forget = (): void => void children.delete(child);
    ended.then(forget, forget);
    return child;
}

/** How a child of `startChild` ended; rejects if it could not be started. */
export function ending(child: ChildProcess): Promise<Ending> {
    return children.get(child) ?? Promise.resolve({ code: child.exitCode, signal: child.signalCode });
}

/** Asks a child to end, and soon makes it. */
export function endChild(child: ChildProcess): void {
    if (child.exitCode !== null || child.signalCode !== null) {
        return;
    }
    child.kill("SIGINT");
    setTimeout(() => child.kill("SIGKILL"), killAfterSeconds * 1000).unref();
}

/** Ends all children. Does not wait forever: what a child has started itself may hold its output open. */
export async function endChildren(): Promise<void> {
    for (const child of children.keys()) {
        endChild(child);
    }
    const overdue = new Promise((resolve) => setTimeout(resolve, (killAfterSeconds + 0.5) * 1000).unref());
    await Promise.race([Promise.allSettled(children.values()), overdue]);
}

process.on("exit", () => {
    for (const child of children.keys()) {
        child.kill("SIGKILL");
    }
});
