import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

/** The processes that a process started, and those that they started. */
export function descendants(pid: number): { pid: number; command: string }[] {
    const all = readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry))
        .map((entry) => ({
            pid: Number(entry),
            parent: parentOf(entry),
            command: read(`/proc/${entry}/cmdline`).replaceAll("\0", " "),
        }));
    const below = (parent: number): typeof all =>
        all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
    return below(pid);
}

function parentOf(pid: string): number {
    return Number(/^PPid:\t(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

export function killAll(processes: { pid: number }[]): void {
    assert.ok(processes.length > 0, "there was nothing to kill");
    for (const { pid } of processes) {
        try {
            process.kill(pid, "SIGKILL");
        } catch {
            // It has ended with the one that started it.
        }
    }
}

function read(file: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch {
        return "";
    }
}
