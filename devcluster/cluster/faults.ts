/**
 * What can go wrong with the embedded cluster, for tests: each function breaks one thing as it breaks in a data centre, or mends
 * it. Only processes are ended that belong to this cluster by their control group, or by the socket that they were started with.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
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
        send(pid, "SIGKILL");
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

/**
 * Sends a signal to processes of a pod. SIGKILL ends a container, which kubelet then starts again.
 *
 * @returns how many processes were meant
 */
export function signalInPod(podUid: string, isMeant: (command: string) => boolean, signal: NodeJS.Signals): number {
    const pids = processesIn(cgroupRoot, `pod${podUid}`).filter((pid) => isMeant(commandOf(pid)));
    for (const pid of pids) {
        send(pid, signal);
    }
    return pids.length;
}

/**
 * A node has too little memory: its kubelet evicts one pod after another.
 *
 * @returns what mends it
 */
export function squeezeMemory(node: Node): () => void {
    const file = join(nodeDir(node), "kubelet.json");
    const own = readFileSync(file, "utf8");
    const restartWith = (config: string) => {
        writeFileSync(file, config);
        holdService(`kubelet-${node.name}`);
        releaseService(`kubelet-${node.name}`);
    };
    // It is more than any machine has. As a hard limit it would count as reserved, and the kubelet would not start.
    const soft = { "memory.available": "1Pi" };
    const grace = { evictionSoftGracePeriod: { "memory.available": "1s" }, evictionMaxPodGracePeriod: 30 };
    restartWith(JSON.stringify({ ...JSON.parse(own), evictionSoft: soft, ...grace }));
    return () => restartWith(own);
}

/** A drive is slow: in each second, whatever is written to it stands still for most of the time. */
export function slowDrive(folder: string, seconds: number): Promise<void> {
    const script = `
        trap 'fsfreeze --unfreeze "${folder}" 2> /dev/null || true' EXIT
        for second in $(seq ${seconds}); do
            fsfreeze --freeze "${folder}"; sleep 0.8; fsfreeze --unfreeze "${folder}"; sleep 0.2
        done`;
    const child = spawn("nsenter", [...inside(), "sh", "-euc", script], { stdio: "inherit" });
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`it ended with ${code}`))));
    });
}

/**
 * Cuts the network between an address and others, so that packets vanish without an answer.
 *
 * @param share of the packets that vanish; default: all
 * @returns what mends it
 */
export function cutNetwork(one: string, others: string[], share = 1): () => void {
    const some = share < 1 ? ["-m", "statistic", "--mode", "random", "--probability", String(share)] : [];
    const rules = others.flatMap((other) => [
        ["FORWARD", "-s", one, "-d", other, ...some, "-j", "DROP"],
        ["FORWARD", "-s", other, "-d", one, ...some, "-j", "DROP"],
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
    return run("nsenter", [...inside(), "sh", "-euc", script]);
}

const inside = () => ["--mount", "--net", `--target=${sandboxPid()}`];

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
    run("nsenter", [...inside(), "iptables", "--wait", "10", ...args]);
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

function send(pid: number, signal: NodeJS.Signals): void {
    try {
        process.kill(pid, signal);
    } catch {
        // It has ended.
    }
}
