import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { addressesOf } from "../../devcluster/cluster/addresses";
import { waitFor } from "../../devcluster/shell";
import { kubernetesMinor, pauseImage } from "../../devcluster/toolchain/versions";
import { itInLongForm } from "../support/longForm";
import { checkout, kubectl, succeed } from "../support/project";

const name = "e2e";
const id = `minio-devcluster-${name}`;
const folder = `/var/lib/${id}`;
const ofCluster = { ...process.env, KUBECONFIG: join(folder, "kubeconfig") };

/** A cluster of its own beside the one that the other tests use: it is killed in every way. */
describe("the embedded cluster", () => {
    after(() => new Command("down").succeed());

    it("has left nothing of an earlier run", async () => {
        await new Command("down").succeed();
        assert.deepEqual(await traces(), nothing);
    });

    it("starts once when two start it at the same time", async () => {
        const [first, second] = [new Command("start"), new Command("start")];
        await Promise.all([first.succeed(), second.succeed()]);
        const both = first.text + second.text;
        assert.match(both, /waiting for process \d+, which is at work on the cluster 'e2e'/);
        assert.equal(both.match(/starting the sandbox/g)?.length, 1, both);
        assert.equal(both.match(/the cluster is running/g)?.length, 1, both);
    });

    it("keeps its images however full the disk is, as it cannot pull them again", async () => {
        const text = await succeed("kubectl", ["get", "--raw=/api/v1/nodes/n1/proxy/configz"], { env: ofCluster });
        assert.equal(JSON.parse(text).kubeletconfig.imageGCHighThresholdPercent, 100);
    });

    it("copies a node's zone to the pods on it from Kubernetes 1.35 on, by which a rollout knows it", async () => {
        await succeed("kubectl", ["label", "node", "n1", "topology.kubernetes.io/zone=a"], { env: ofCluster });
        const script = `kubectl run zoned --image=${pauseImage}
            kubectl wait --for=condition=PodScheduled pod/zoned --timeout=60s
            kubectl get pod zoned --output=custom-columns='ZONE:.metadata.labels.topology\\.kubernetes\\.io/zone'
            kubectl delete pod zoned --now`;
        const hasZone = async () => /^ZONE\na$/m.test(await succeed("bash", ["-euc", script], { env: ofCluster }));
        if (Number(kubernetesMinor.split(".")[1]) < 35) {
            assert.equal(await hasZone(), false);
            return;
        }
        // The API server's admission takes nodes from a cache, which may not have the label yet.
        await waitFor("a pod with the zone of its node", hasZone, { seconds: 60 });
    });

    itInLongForm("ends all of its processes when its first one is killed, and starts again", async () => {
        await runPodWithVolume();
        const { mounts, ...running } = await traces();
        assert.deepEqual(mounts, [], "mounts of the cluster are seen outside of it");
        for (const [what, found] of Object.entries(running)) {
            assert.notDeepEqual(found, [], `${what}: this test would not notice if any were left`);
        }
        const first = processes().find(({ command }) => command.startsWith("s6-svscan "));
        assert.ok(first);
        process.kill(first.pid, "SIGKILL");
        await waitFor("the end of all processes", () => processes().length === 0, { seconds: 10 });

        const again = new Command("start");
        await again.succeed();
        assert.match(again.text, /removing what an interrupted run left behind/);
        await runPodWithVolume();
    });

    itInLongForm("starts again after starts that were killed on their way", async () => {
        process.kill(processes().find(({ command }) => command.startsWith("s6-svscan "))?.pid as number, "SIGKILL");
        for (const moment of [/starting the sandbox/, /starting the control plane/, /waiting for n1/]) {
            const start = new Command("start");
            await start.says(moment);
            start.process.kill("SIGKILL");
            await start.ended;
        }
        await new Command("start").succeed();
        await runPodWithVolume();
    });

    it("leaves nothing after down, and the other cluster alone", async () => {
        await new Command("down").succeed();
        assert.deepEqual(await traces(), nothing);
        await kubectl("get", "--raw=/readyz");
    });
});

/** A command of the Makefile, without the wrappers that would survive it when it is killed. */
class Command {
    text = "";
    readonly process: ChildProcess;
    readonly ended: Promise<number | null>;

    constructor(private readonly command: string) {
        this.process = spawn(process.execPath, ["--import", "tsx", "devcluster/main.ts", command], {
            cwd: checkout,
            env: { ...process.env, MINIO_DEVCLUSTER: name, NODES: "1" },
            stdio: ["ignore", "ignore", "pipe"],
        });
        this.process.stderr?.on("data", (chunk) => {
            this.text += chunk;
        });
        this.ended = new Promise((resolve) => this.process.once("close", resolve));
    }

    async succeed(): Promise<void> {
        const code = await this.ended;
        assert.equal(code, 0, `${this.command} ended with ${code}:\n${this.text}`);
    }

    /** Waits until it has written what is expected. */
    says(expected: RegExp): Promise<void> {
        return waitFor(`${this.command} to say ${expected}`, () => expected.test(this.text), { every: 5 });
    }
}

async function runPodWithVolume(): Promise<void> {
    const metadata = { name: "pod" };
    const claim = {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata,
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    };
    const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata,
        spec: {
            containers: [{ name: "pod", image: pauseImage, volumeMounts: [{ name: "data", mountPath: "/data" }] }],
            volumes: [{ name: "data", persistentVolumeClaim: { claimName: "pod" } }],
        },
    };
    const script = `kubectl apply --filename=- <<< "$1"
        kubectl wait --for=condition=Ready pod/pod --timeout=60s || { kubectl describe pod/pod pvc/pod; exit 1; }`;
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: [claim, pod] });
    await succeed("bash", ["-euc", script, "run", list], { env: ofCluster });
}

const nothing = { processes: [], mounts: [], loopDevices: [], routes: [], links: [], controlGroups: [], files: [] };

/** Whatever on this machine belongs to the cluster of these tests. */
async function traces(): Promise<Record<keyof typeof nothing, string[]>> {
    const { nodes, pods, services } = addressesOf(name);
    const lines = (text: string) => text.split("\n").filter(Boolean);
    const routes = [nodes, pods, services].map((range) => succeed("ip", ["route", "show", "root", range]));
    const loopFiles = readdirSync("/sys/block").map((device) => read(`/sys/block/${device}/loop/backing_file`));
    const hierarchies = ["", ...readdirSync("/sys/fs/cgroup")].map((entry) => join("/sys/fs/cgroup", entry, id));
    return {
        processes: processes().map(({ command }) => command),
        mounts: lines(read("/proc/self/mountinfo")).filter((line) => line.includes(id)),
        loopDevices: loopFiles.filter((file) => file.includes(`${id}/`)),
        routes: (await Promise.all(routes)).flatMap(lines),
        links: readdirSync("/sys/class/net").filter((link) => link === `minio-${name}`),
        controlGroups: hierarchies.filter(existsSync),
        files: readdirSync("/var/lib").filter((file) => file.startsWith(id)),
    };
}

/** The processes that name the cluster's folder, or see something of it mounted. */
function processes(): { pid: number; command: string }[] {
    return readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry))
        .map((pid) => ({
            pid: Number(pid),
            command: read(`/proc/${pid}/cmdline`).replaceAll("\0", " "),
            mounts: read(`/proc/${pid}/mountinfo`),
        }))
        .filter(({ command, mounts }) => command.includes(`${folder}/`) || mounts.includes(`${folder}/`));
}

/** A file of the kernel, which may be gone by now. */
function read(file: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch {
        return "";
    }
}
