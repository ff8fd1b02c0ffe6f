/**
 * The sandbox that the whole cluster runs in: process, mount, network and IPC namespaces of its own, kept by one process.
 * When that process ends, the kernel ends every process in the sandbox, containers included, and drops its mounts,
 * interfaces, routes and iptables rules: whatever cut a run off, these cannot be left behind. What can be left is removed
 * by `removeLeftovers`: control groups, loop devices, routes of this machine, and files.
 */
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clusterDir, clusterId, clusterName, logDir, volumesDir, volumesPool } from "../paths";
import { attempt, run, startLogged, tail, UserError, waitFor } from "../shell";
import { addresses, hasIPv6, hostInterface, routedRanges } from "./addresses";

/** The control group above all of the cluster's. */
export const cgroupRoot = clusterId;

/** Where service directories of s6 lie: see services.ts. */
export const servicesDir = join(clusterDir, "services");

/** A sparse file with the file system that holds all volumes: XFS, whose copies by reference make snapshots instant. */
const volumesImage = join(clusterDir, "volumes.xfs");
const volumesCapacity = "500G";

const log = join(logDir, "sandbox.log");

/** Runs as the sandbox's first process, and becomes the supervisor of its services. */
const init = `
set -eu
# Mounts made in here stay in here, and spread between the processes in here (kubelet, the CSI driver, containers).
mount --make-rslave /
mount --make-rshared /
# Sockets, network namespaces and locks of the container runtime and of iptables go with the sandbox.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/lock
# Folders whose place is fixed in the programs that write to them.
mkdir -p /var/lib/cni /var/log/containers "${clusterDir}/cni" "${logDir}/containers" "${volumesPool}"
mount --bind "${clusterDir}/cni" /var/lib/cni
mount --bind "${logDir}/containers" /var/log/containers
mount -o loop "${volumesImage}" "${volumesPool}"
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
${hasIPv6 ? "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding" : ""}
exec s6-svscan "${servicesDir}"
`;

/**
 * The process id, on this machine, of the sandbox's first process; undefined when no sandbox runs. It is found by what it
 * is: a recorded number could be missing after a start that was cut off, or be another process's by now.
 */
export function sandboxPid(): number | undefined {
    return readdirSync("/proc").map(Number).find(isSandbox);
}

/** Whether it is the first process of a namespace one below ours, with the cluster's services among its words. */
function isSandbox(pid: number): boolean {
    try {
        const isFirst = /^NSpid:\t\d+\t1$/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
        return isFirst && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(servicesDir);
    } catch {
        return false; // no process, or one that has just ended
    }
}

/** Refuses to take over a range that this machine uses already, such as a VPN's or another cluster's. */
export function requireFreeRanges(): void {
    for (const range of [...routedRanges, addresses.nodes]) {
        const [route] = run("ip", ["-oneline", "route", "show", "root", range]).trim().split("\n");
        if (route) {
            throw new UserError(
                `the cluster '${clusterName}' needs the addresses ${range}, but this machine has a route among them ` +
                    `(${route.trim()}): remove it, or set MINIO_DEVCLUSTER to another name, which has other addresses`,
            );
        }
    }
}

export async function startSandbox(): Promise<void> {
    mkdirSync(servicesDir, { recursive: true });
    mkdirSync(logDir, { recursive: true });
    makeControlGroup(cgroupRoot);
    run("truncate", ["--size", volumesCapacity, volumesImage]);
    run("mkfs.xfs", ["-q", "-m", "reflink=1", volumesImage]);
    const namespaces = ["--pid", "--fork", "--mount-proc", "--mount", "--net", "--ipc"];
    const holder = startLogged("unshare", [...namespaces, "sh", "-c", init], log, {
        detached: true,
        // Nothing else of the caller's: csi-provisioner prefers a KUBECONFIG to its --kubeconfig.
        env: { PATH: process.env.PATH },
    });
    holder.unref();
    connect(await supervisorOf(holder));
}

/**
 * Waits until the sandbox is set up and its first process has become the supervisor. `unshare --fork` stays as its parent
 * and ends with it.
 *
 * @returns the process id of the supervisor, on this machine
 */
async function supervisorOf(holder: ChildProcess): Promise<number> {
    const runs = () => {
        if (holder.exitCode !== null || holder.signalCode !== null) {
            throw new UserError(`the sandbox did not start; its log is ${log} and ends:\n${tail(log, 15)}`);
        }
        return existsSync(join(servicesDir, ".s6-svscan/control"));
    };
    await waitFor("the sandbox", runs, { log, every: 10 });
    return sandboxPid() as number;
}

/** Lays the cable and the routes from this machine into the sandbox. */
function connect(pid: number): void {
    const inside = (...args: string[]) => run("nsenter", ["--net", `--target=${pid}`, "ip", ...args]);
    run("ip", ["link", "add", hostInterface, "type", "veth", "peer", "name", "eth0", "netns", String(pid)]);
    run("ip", ["address", "add", `${addresses.machine}/24`, "dev", hostInterface]);
    run("ip", ["link", "set", hostInterface, "up"]);
    inside("address", "add", `${addresses.controlPlane}/24`, "dev", "eth0");
    inside("link", "set", "eth0", "up");
    for (const range of routedRanges) {
        run("ip", ["route", "add", range, "via", addresses.controlPlane]);
        inside("route", "add", "unreachable", range, "metric", "4096");
    }
    // A process inside that asks for a Service needs some route before kube-proxy's rules can send it on.
    inside("route", "add", addresses.services, "dev", "lo");
    for (const range of [...routedRanges, addresses.nodes]) {
        // When the sandbox is gone, nothing meant for it may take this machine's default route.
        run("ip", ["route", "add", "unreachable", range, "metric", "4096"]);
    }
}

/** Ends the sandbox, and with it all that runs in it. */
export async function stopSandbox(): Promise<void> {
    const pid = sandboxPid();
    if (pid) {
        process.kill(pid, "SIGKILL");
        await waitFor("the sandbox's end", () => !existsSync(`/proc/${pid}`), { every: 20 });
    }
}

/** Removes what the kernel does not: control groups, loop devices, routes and files, of this cluster or of one that was cut off. */
export async function removeLeftovers(): Promise<void> {
    attempt("ip", ["link", "delete", hostInterface]);
    for (const range of [...routedRanges, addresses.nodes]) {
        attempt("ip", ["route", "delete", "unreachable", range]);
    }
    for (const controller of controlGroups()) {
        const group = join(controller, cgroupRoot);
        // A sandbox that was killed, rather than stopped by `stopSandbox`, may still be ending its processes.
        await waitFor(`the last processes in ${group} to end`, () => removeControlGroup(group));
    }
    detachVolumes();
    rmSync(clusterDir, { recursive: true, force: true });
}

/** Detaches the volumes' loop devices: each would keep the pool, and all of its disk space, alive. */
function detachVolumes(): void {
    // Once the pool is no longer mounted, the kernel names files in it by their path from its root.
    const prefixes = [volumesDir, volumesDir.slice(volumesPool.length)].map((folder) => `${folder}/`);
    for (const device of readdirSync("/sys/block").filter((name) => name.startsWith("loop"))) {
        const file = join("/sys/block", device, "loop/backing_file");
        if (existsSync(file) && prefixes.some((prefix) => readFileSync(file, "utf8").startsWith(prefix))) {
            attempt("losetup", ["--detach", join("/dev", device)]);
        }
    }
}

/** The roots of the mounted control group hierarchies: one for each controller in version 1, a single one in version 2. */
export function controlGroups(): string[] {
    const mounts = readFileSync("/proc/self/mounts", "utf8").trim().split("\n");
    return mounts
        .map((line) => line.split(" "))
        .filter(([, , type]) => type === "cgroup" || type === "cgroup2")
        .map(([, path]) => path);
}

/** Makes a group for the cluster in each hierarchy: kubelet expects its root to be there. */
export function makeControlGroup(name: string): void {
    for (const controller of controlGroups()) {
        const group = join(controller, name);
        mkdirSync(group, { recursive: true });
        for (const file of ["cpuset.cpus", "cpuset.mems"]) {
            // Version 1: a new group may use no processor until it is told which.
            const [own, parent] = [join(group, file), join(group, "..", file)];
            if (existsSync(own) && existsSync(parent) && readFileSync(own, "utf8").trim() === "") {
                writeFileSync(own, readFileSync(parent, "utf8"));
            }
        }
    }
}

/** @returns whether it is gone; with processes in it, it cannot go */
function removeControlGroup(group: string): boolean {
    if (existsSync(group)) {
        const children = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory());
        if (!children.every(({ name }) => removeControlGroup(join(group, name)))) {
            return false;
        }
        try {
            rmdirSync(group);
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EBUSY") {
                throw error;
            }
            return false;
        }
    }
    return true;
}
