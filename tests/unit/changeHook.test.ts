import assert from "node:assert/strict";
import type { ChangeClass } from "../../components/change/change";
import type { RolloutMover } from "../../components/change/review";
import type { Kubernetes } from "../../components/kubernetes/client";
import { holdOf } from "../../components/update/changeHook";

/** What is done to a StatefulSet of four servers before it is changed. */
async function held(change: ChangeClass, was: RolloutMover, becomes: RolloutMover, livePartition?: number) {
    const did: string[] = [];
    const kubernetes = {
        statefulSet: async () => ({ spec: { updateStrategy: { rollingUpdate: { partition: livePartition } } } }),
        setPartition: async (_: string, name: string, partition: number) => did.push(`${name} ${partition}`),
        setOnDelete: async (_: string, name: string) => did.push(`${name} OnDelete`),
    } as unknown as Kubernetes;
    await holdOf({ class: change }, was, becomes, { pool: "minio", servers: 4 })?.(kubernetes, "a");
    return did.join();
}

describe("what is done before a StatefulSet is changed", () => {
    it("holds the servers for a change that restarts some, in the guided rollout only", async () => {
        assert.equal(await held("rolling", "Guided", "Guided"), "minio 4");
        assert.equal(await held("none", "Guided", "Guided"), "");
        assert.equal(await held("coupled", "Native", "Native"), "");
        assert.equal(await held("coupled", "OnDelete", "OnDelete"), "");
        assert.equal(await held("coupled", "Guided", "Native"), "");
    });

    it("holds them when the rollout becomes guided: a change may wait from before", async () => {
        assert.equal(await held("none", "OnDelete", "Guided"), "minio 4");
        assert.equal(await held("none", "Native", "Guided", 2), "minio 4");
    });

    it("changes a partition that is as high already: the provider would take away what nobody else has set", async () => {
        assert.equal(await held("none", "Native", "Guided", 4), "minio 5");
        assert.equal(await held("rolling", "Native", "Guided", 4), "minio 5");
    });

    it("lets nothing restart by itself, and takes the partition away, before pods are updated only by hand", async () => {
        assert.equal(await held("coupled", "Guided", "OnDelete"), "minio OnDelete");
        assert.equal(await held("none", "Native", "OnDelete", 2), "minio OnDelete");
    });
});
