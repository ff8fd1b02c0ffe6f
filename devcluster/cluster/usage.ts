/** What the embedded cluster's pods use, by their control groups: for benchmarks. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupRoot, controlGroups } from "./sandbox";

export interface Usage {
    /** Of the processors, since the pod was made: of its containers, and of what was run in them. */
    cpuSeconds: number;
    /** In bytes, without what the kernel would give up first: Kubernetes' "working set". */
    memory: number;
}

/** What a pod uses, by its uid. */
export function usageOfPod(uid: string): Usage {
    const folders = controlGroups().flatMap((root) => groupsNamed(`pod${uid}`, join(root, cgroupRoot)));
    const read = (name: string) => {
        const file = folders.map((folder) => join(folder, name)).find(existsSync);
        return file && readFileSync(file, "utf8");
    };
    const field = (text: string | undefined, name: string) =>
        Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text ?? "")?.[1]);
    // Version 1 of control groups, then version 2.
    const nanoseconds = read("cpuacct.usage");
    const own = read("memory.usage_in_bytes");
    const stat = read("memory.stat");
    const usage = {
        cpuSeconds: nanoseconds ? Number(nanoseconds) / 1e9 : field(read("cpu.stat"), "usage_usec") / 1e6,
        memory: own
            ? Number(own) - field(stat, "total_inactive_file")
            : Number(read("memory.current")) - field(stat, "inactive_file"),
    };
    if (!Object.values(usage).every(Number.isFinite)) {
        throw new Error(
            `no control group of this machine tells what the pod ${uid} uses: ${folders.join(" ") || "none"}`,
        );
    }
    return usage;
}

/** Folders of that name, at any depth, and not those below them. */
function groupsNamed(name: string, folder: string): string[] {
    if (!existsSync(folder)) {
        return [];
    }
    return readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .flatMap((entry) => {
            const path = join(folder, entry.name);
            return entry.name === name ? [path] : groupsNamed(name, path);
        });
}
