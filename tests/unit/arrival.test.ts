import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { element } from "../../components/basics/element";
import type { Kubernetes } from "../../components/kubernetes/client";
import { NoConnectionError, OtherClusterError } from "../../components/live/connection";
import { annotationsOf } from "../../components/objects/pool";
import { clusterOf } from "../../components/spec/cluster";
import { frozenAnnotation } from "../../components/spec/labels";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";
import { type ArrivalOptions, arrive, foreseen } from "../../components/update/arrival";

/** What a preview foresees of a cluster whose StatefulSet is so, and whether Kubernetes was looked at. */
async function foreseeing(
    args: KnownArgs,
    { replicas = 4, annotations = {}, registered = args, hasChanged = false, isKnown = true, look = async () => {} },
) {
    let looked = false;
    const kubernetes = {
        statefulSet: async () => {
            looked = true;
            const at = clusterOf("minio", withDefaults(registered));
            const own = annotationsOf(at, element(at.pools, 0));
            const metadata = { name: "minio", generation: 1, annotations: { ...own, ...annotations } };
            const status = { observedGeneration: 1, currentRevision: "new", updateRevision: "new", replicas };
            return { metadata, spec: { replicas }, status };
        },
        claims: async () => [],
        pods: async () => [],
    } as unknown as Kubernetes;
    const act = async () => {
        await look();
        return kubernetes;
    };
    const cluster = clusterOf("minio", withDefaults(args));
    const options = { cluster, connection: { act }, hasChanged: () => hasChanged, opts: {}, credentials: {} };
    const said = await foreseen(options as unknown as ArrivalOptions, async () => (isKnown ? cluster : undefined));
    return { said, looked };
}

describe("what a preview foresees of the servers", () => {
    it("is what an interrupted update has left, or somebody has undone", async () => {
        assert.match((await foreseeing({}, { replicas: 6 })).said ?? "", /^minio: 6 servers -> 4/);
        const frozen = await foreseeing({}, { annotations: { [frozenAnnotation]: "nightly" } });
        assert.equal(frozen.said, "requests are frozen for the set 'nightly'");
        assert.match(
            (await foreseeing({ hibernate: true }, {})).said ?? "",
            /^all servers of minio stop, as hibernate is true/,
        );
    });

    it("is nothing where all is as it should be, or where a StatefulSet changes, which says more", async () => {
        assert.equal((await foreseeing({}, {})).said, undefined);
        assert.equal((await foreseeing({ hibernate: true }, { replicas: 0 })).said, undefined);
        assert.deepEqual(await foreseeing({}, { replicas: 6, hasChanged: true }), { said: undefined, looked: false });
    });

    it("is nothing where the StatefulSet stays as it was before a change, as with --target of something else", async () => {
        assert.equal((await foreseeing({ hibernate: true }, { registered: {} })).said, undefined);
        assert.equal((await foreseeing({ storageSize: "2Gi" }, { replicas: 6, registered: {} })).said, undefined);
    });

    it("is nothing, and no error, where it cannot be looked at, or Kubernetes moves the rollout on", async () => {
        const unproved = { said: undefined, looked: false };
        const look = () => Promise.reject(new Error("the provider's cluster is not known in this run"));
        assert.deepEqual(await foreseeing({}, { replicas: 6, look }), unproved);
        assert.deepEqual(await foreseeing({}, { replicas: 6, isKnown: false }), unproved);
        assert.deepEqual(await foreseeing({ rollout: { mode: "Native" } }, { replicas: 6 }), unproved);
    });
});

describe("a rollout without a kubeconfig that the program can read", () => {
    const arriving = (args: KnownArgs, failure: Error = new NoConnectionError("the kubeconfig names no cluster")) => {
        const resolved = pulumi.output(clusterOf("minio", withDefaults(args)));
        const options = { cluster: { resolved }, connection: { act: () => Promise.reject(failure) } };
        return arrive(options as unknown as ArrivalOptions, undefined as never);
    };
    const native = { rollout: { mode: "Native" } } as const;

    it("ends well in Kubernetes' own pace, where the provider does all that is asked for", async () => {
        await arriving(native);
        await arriving({ ...native, hibernate: true });
        await arriving({ updateStrategy: "OnDelete" });
    });

    it("fails where the component itself has something to do", async () => {
        const own: KnownArgs[] = [
            {},
            { ...native, snapshots: { className: "fast", sets: [] } },
            { ...native, restoreFrom: { set: "monday" } },
            { ...native, persistentVolumeClaimAnnotations: { team: "a" } },
            { ...native, volumeAttributesClassName: "fast" },
        ];
        for (const args of own) {
            await assert.rejects(arriving(args), /names no cluster/, JSON.stringify(args));
        }
    });

    it("fails where the connection leads to another cluster, or an error says something else", async () => {
        await assert.rejects(arriving(native, new OtherClusterError("another cluster")), /another cluster/);
        await assert.rejects(arriving(native, new Error("tells no uid")), /tells no uid/);
    });
});
