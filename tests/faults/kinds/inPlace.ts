import assert from "node:assert/strict";
import { holdService, releaseService } from "../../../devcluster/cluster/services";
import { snapshotClass } from "../../../devcluster/cluster/storage";
import { ObstructedApi } from "../../support/obstructedApi";
import { execute, kubectl, Project, type Running } from "../../support/project";
import { get, makeBucket, put, s3Of, targetOf } from "../../support/s3";
import { unreadable } from "../../support/wholeness";
import type { Fault } from "../fault";
import { resources } from "../loadedCluster";
import { killProgram } from "./program";

interface Interruption {
    /** What goes wrong, after "restored in place, ". */
    title: string;
    /** What it came to. */
    observed: string;
    manualStep?: string;
    /** Breaks it as soon as the restore has begun, mends it, and ends with the end of the `up`. */
    strike(copy: Project, up: Running): Promise<void>;
    /** Goes on from before the restore's `up` is started until it has ended; returns what mends it. */
    around?(copy: Project): Promise<() => Promise<void>>;
}

/**
 * A second cluster in the namespace is set back to a set of snapshots, and something goes wrong meanwhile. In the end it has what was
 * acknowledged before the set, and nothing of what came later.
 */
function duringRestore({ title, observed, manualStep, strike, around }: Interruption): Fault {
    return {
        title: `while another cluster is restored in place, ${title}`,
        serversAway: 0,
        manualStep,
        expected: "the restore is ended by the next `up`; the cluster beside it notices nothing",
        async strike(cluster) {
            const copy = new Project(cluster.project.namespace);
            const snapshots = { className: snapshotClass, sets: ["before"] };
            let end: (() => Promise<void>) | undefined;
            const mend = async () => {
                await end?.();
                end = undefined;
            };
            try {
                await copy.init({ createNamespace: false, name: "copy", resources });
                await copy.succeed("up", "--yes", "--skip-preview");
                const s3 = await s3Of(copy);
                await makeBucket(s3, "kept");
                const keys = Array.from({ length: 20 }, (_, index) => `object-${index}`);
                await Promise.all(keys.map((key) => put(s3, "kept", key, Buffer.from(key))));
                await copy.configure({ snapshots });
                await copy.succeed("up", "--yes", "--skip-preview");
                await put(s3, "kept", "later", Buffer.from("later"));
                await copy.configure({ restoreFrom: { set: "before", confirm: "replace the data of copy" } });
                end = await around?.(copy);
                const up = copy.start("up", "--yes", "--skip-preview");
                await up.says(/stops all servers/);
                await strike(copy, up);
                await mend();
                await copy.succeed("up", "--yes", "--skip-preview");
                const restored = await s3Of(copy);
                const there = await Promise.all(keys.map(async (key) => (await get(restored, "kept", key)).toString()));
                assert.deepEqual(there, keys);
                await assert.rejects(get(restored, "kept", "later"), { name: "NoSuchKey" });
                assert.deepEqual(await unreadable(await targetOf(copy), "kept"), []);
                await cluster.goesOn();
            } finally {
                await mend();
                await copy.removeStack();
                const inNamespace = cluster.inNamespace;
                await kubectl("delete", "pvc", "--selector=app=copy", inNamespace, "--timeout=120s");
                await execute("kubectl", ["delete", "pv", "--selector=minio-cluster/replaced-of=copy"]);
            }
            return observed;
        },
    };
}

export const restoreInterrupted: Fault[] = [
    duringRestore({
        title: "the Pulumi program is killed (SIGKILL)",
        observed: "the next `up` goes on where it stopped",
        strike: async (_, up) => killProgram(up),
    }),
    duringRestore({
        title: "the API server is killed, and away for 20 s",
        observed: "the same `up` waits, goes on and ends well",
        async strike(_, up) {
            holdService("kube-apiserver");
            await new Promise((resolve) => setTimeout(resolve, 20_000));
            releaseService("kube-apiserver");
            const { code, text } = await up.ended;
            assert.equal(code, 0, text);
        },
    }),
    duringRestore({
        title: "the API server answers every fifth request with 429",
        observed: "the same `up` tries again and ends well",
        async around({ environment }) {
            const own = environment.KUBECONFIG;
            const api = new ObstructedApi([], 5);
            environment.KUBECONFIG = await api.start();
            return async () => {
                environment.KUBECONFIG = own;
                await api.stop();
            };
        },
        async strike(_, up) {
            const { code, text } = await up.ended;
            assert.equal(code, 0, text);
        },
    }),
    duringRestore({
        title: "the CSI driver and its provisioner are away for 30 s",
        observed: "the same `up` waits for the volumes and ends well",
        async strike(_, up) {
            const services = ["csi-hostpath-controller", "csi-provisioner"];
            for (const service of services) {
                holdService(service);
            }
            await new Promise((resolve) => setTimeout(resolve, 30_000));
            for (const service of services) {
                releaseService(service);
            }
            const { code, text } = await up.ended;
            assert.equal(code, 0, text);
        },
    }),
];
