/**
 * What can go wrong with the embedded cluster, for tests: each function breaks one thing as it breaks in a data centre, or mends
 * it. Only processes are ended that belong to this cluster by their control group, or by the socket that they were started with.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../shell";
import { type Node, nodesOf } from "./addresses";
import { nodeDir } from "./node";
import { cgroupRoot, controlGroups, sandboxPid } from "./sandbox";
import { holdService, releaseService } from "./services";

/** The node of that name, such as `n1`. */
export function nodeNamed(name: string): Node {
    return nodesOf(Number(name.slice(1))).slice(-1)[0];
}

const servicesOf = ({ name }: Node) => [`kubelet-${name}`, `csi-hostpath-${name}`, `containerd-${name}`];

/** A node loses its power: kubelet, container runtime and all containers end at once, and its addresses answer nothing. */
export function killNode(node: Node): void {
    for (const rule of silenceOf(node)) {
        iptables("-I", ...rule);
    }
    for (const service of servicesOf(node)) {
        holdService(service);
    }
    // The runtime's shims first, or they would see their containers end and clean up.
    for (const pid of [...shimsOf(node), ...processesIn(`${cgroupRoot}/${node.name}`)]) {
        kill(pid);
    }
}

/** The node comes back: its kubelet starts the containers of its pods anew. */
export function reviveNode(node: Node): void {
    for (const service of servicesOf(node).reverse()) {
        releaseService(service);
    }
    for (const rule of silenceOf(node)) {
        iptables("-D", ...rule);
    }
}

/** Ends the processes of a pod's container with SIGKILL, which kubelet then starts again. */
export function killInPod(podUid: string, isMeant: (command: string) => boolean): number {
    const pids = processesIn(cgroupRoot, `pod${podUid}`).filter((pid) => isMeant(commandOf(pid)));
    for (const pid of pids) {
        kill(pid);
    }
    return pids.length;
}

/**
 * Cuts the network between two addresses, so that packets vanish without an answer.
 *
 * @returns what mends it
 */
export function cutNetwork(one: string, others: string[]): () => void {
    const rules = others.flatMap((other) => [
        ["FORWARD", "-s", one, "-d", other, "-j", "DROP"],
        ["FORWARD", "-s", other, "-d", one, "-j", "DROP"],
    ]);
    for (const rule of rules) {
        iptables("-I", ...rule);
    }
    return () => {
        for (const rule of rules) {
            iptables("-D", ...rule);
        }
    };
}

/** Runs a shell script where the volumes are mounted, and returns what it printed. */
export function inSandbox(script: string): string {
    return run("nsenter", ["--mount", "--net", `--target=${sandboxPid()}`, "sh", "-euc", script]);
}

/** The folder in the sandbox where kubelet has mounted a claim's volume for a pod. */
export function volumeFolder(node: Node, podUid: string, volume: string): string {
    return join(nodeDir(node), "kubelet/pods", podUid, "volumes/kubernetes.io~csi", volume, "mount");
}

/** Packets of the node's pods and its kubelet, from elsewhere and from the control plane. */
function silenceOf(node: Node): string[][] {
    return [
        ["FORWARD", "-s", node.podRange, "-j", "DROP"],
        ["FORWARD", "-d", node.podRange, "-j", "DROP"],
        ["OUTPUT", "-d", node.podRange, "-j", "DROP"],
    ];
}

function iptables(...args: string[]): void {
    const enter = ["--mount", "--net", `--target=${sandboxPid()}`];
    run("nsenter", [...enter, "iptables", "--wait", "10", ...args]);
}

/** Processes in the control groups below one; of those only whose path has a word, when one is given. */
function processesIn(group: string, word = ""): number[] {
    const found = new Set<number>();
    const visit = (folder: string) => {
        if (!existsSync(folder)) {
            return; // A group that went meanwhile.
        }
        if (folder.includes(word)) {
            for (const pid of read(join(folder, "cgroup.procs")).split("\n").filter(Boolean)) {
                found.add(Number(pid));
            }
        }
        for (const entry of readdirSync(folder, { withFileTypes: true })) {
            if (entry.isDirectory()) {
                visit(join(folder, entry.name));
            }
        }
    };
    for (const root of controlGroups()) {
        visit(join(root, group));
    }
    return [...found].filter((pid) => pid > 1);
}

function shimsOf(node: Node): number[] {
    const socket = join(nodeDir(node), "containerd.sock");
    return readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry))
        .map(Number)
        .filter((pid) => commandOf(pid).startsWith("/usr/bin/containerd-shim") && commandOf(pid).includes(socket));
}

function commandOf(pid: number): string {
    return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

function read(file: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch {
        return ""; // A process or group that has ended.
    }
}

function kill(pid: number): void {
    try {
        process.kill(pid, "SIGKILL");
    } catch {
        // It has ended.
    }
}
