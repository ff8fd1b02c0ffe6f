import { spawnSync } from "node:child_process";
import {
    closeSync,
    existsSync,
    fstatSync,
    ftruncateSync,
    mkdirSync,
    openSync,
    readFileSync,
    rmSync,
    statSync,
    writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { say, sleep, UserError } from "./shell";

/**
 * Does `work` while no other process does work under the same lock, and waits for one that does.
 *
 * Node.js cannot lock a file, so `flock` of util-linux locks one that is open here. Such a lock belongs to the open file
 * and goes when this process closes it or ends, however it ends: no lock is ever left behind.
 *
 * @param file the lock; it is there only while it is held
 * @param what the lock is for, to tell who waits
 */
export async function withLock<T>(file: string, what: string, work: () => Promise<T>): Promise<T> {
    const lock = await take(file, what);
    try {
        return await work();
    } finally {
        rmSync(file, { force: true });
        closeSync(lock);
    }
}

async function take(file: string, what: string): Promise<number> {
    mkdirSync(dirname(file), { recursive: true });
    let said = 0;
    for (;;) {
        const lock = openSync(file, "a+");
        // Its last holder may have removed the file between the two lines: then it locks nothing.
        if (isLocked(lock) && existsSync(file) && statSync(file).ino === fstatSync(lock).ino) {
            ftruncateSync(lock);
            writeSync(lock, `process ${process.pid}`);
            return lock;
        }
        if (Date.now() - said > 30_000) {
            said = Date.now();
            say(`waiting for ${readFileSync(lock, "utf8") || "another process"}, which is at work on ${what}`);
        }
        closeSync(lock);
        await sleep(200);
    }
}

function isLocked(lock: number): boolean {
    const { status, error, stderr } = spawnSync("flock", ["--nonblock", "3"], {
        stdio: ["ignore", "ignore", "pipe", lock],
        encoding: "utf8",
    });
    if (status !== 0 && status !== 1) {
        throw new UserError(`cannot run flock: ${error?.message ?? stderr}`);
    }
    return status === 0;
}
