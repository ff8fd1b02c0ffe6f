import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A `proc` in the folder, with other processes, and the server as the 77th. */
export function fakeServerProcess(folder: string, name = "minio"): void {
    for (const [id, comm] of [
        ["1", "pause"],
        ["77", name],
        ["8", "sh"],
    ]) {
        const process = join(folder, "proc", id);
        mkdirSync(process, { recursive: true });
        writeFileSync(join(process, "comm"), `${comm}\n`);
        const started = 4711;
        writeFileSync(join(process, "stat"), `${id} (${comm}) ${"0 ".repeat(19)}${started} 0\n`);
    }
}
