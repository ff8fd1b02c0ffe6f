import assert from "node:assert/strict";
import type { Kubernetes } from "../../components/kubernetes/client";
import { clusterOf } from "../../components/spec/cluster";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";
import { running, stopServers } from "../../components/update/hibernation";

/** Stops a cluster whose pods are these at one look after another, and then none. */
async function stopping(
    args: KnownArgs,
    { replicas = 0, whenScaled = "Retain", looks = [] as string[][], forEver = false, of = "minio" },
) {
    const did: string[] = [];
    let look = 0;
    const kubernetes = {
        statefulSet: async () => ({ spec: { replicas, persistentVolumeClaimRetentionPolicy: { whenScaled } } }),
        setReplicas: async (_: string, name: string, wanted: number) => did.push(`${name} ${wanted}`),
        pods: async () =>
            (looks[forEver ? 0 : look++] ?? []).map((name) => ({
                metadata: { name, ownerReferences: [{ kind: "StatefulSet", name: of, controller: true }] },
            })),
    } as unknown as Kubernetes;
    const said: string[] = [];
    const cluster = clusterOf("minio", withDefaults({ hibernate: true, ...args }));
    let stopped = false;
    const stopping = () => {
        stopped = true;
    };
    await stopServers(kubernetes, cluster, { say: (text) => said.push(text), stopping });
    return { did, said, stopped, left: await running(kubernetes, cluster) };
}

describe("stopping all servers", () => {
    it("waits until the last one has ended", async () => {
        const looks = [["minio-0", "minio-1"], ["minio-1"]];
        const { did, said, stopped } = await stopping({}, { looks });
        assert.deepEqual(did, []);
        assert.ok(stopped);
        assert.deepEqual(said, ["waits for minio-0, minio-1 to end", "waits for minio-1 to end"]);
    });

    it("stops those again that somebody has started", async () => {
        const { did, said } = await stopping({ expansionPools: [{}] }, { replicas: 4 });
        assert.deepEqual(did, ["minio 0", "minio-pool-1 0"]);
        assert.match(said[0] ?? "", /^minio: 4 servers -> 0, as hibernate is true; somebody scaled/);
    });

    it("stops none where Kubernetes would delete their claims", async () => {
        await assert.rejects(
            stopping({}, { replicas: 4, whenScaled: "Delete" }),
            /^Error: the StatefulSet minio would delete the claims of servers that stop/,
        );
    });

    it("tells nobody that servers were stopped where none was there, and waits for no other StatefulSet's", async () => {
        const { said, stopped } = await stopping({}, { looks: [["tool-0"]], forEver: true, of: "tool" });
        assert.deepEqual([said, stopped], [[], false]);
    });

    it("names the servers that do not end", async () => {
        await assert.rejects(
            stopping({ rollout: { timeoutSeconds: 1 } }, { looks: [["minio-2"]], forEver: true }),
            /^Error: minio-2 did not end in 1 s \(rollout\.timeoutSeconds\)/,
        );
    });

    it("asks for no pod where Kubernetes moves the rollout on, as there may be no right to", async () => {
        const { said, left } = await stopping({ rollout: { mode: "Native" } }, { looks: [["minio-0"]], forEver: true });
        assert.deepEqual([said, left], [[], []]);
    });
});
