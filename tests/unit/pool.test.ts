import assert from "node:assert/strict";
import { waitFor } from "../../components/objects/pool";
import type { UpdateStrategy } from "../../components/spec/args";
import { clusterOf } from "../../components/spec/cluster";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";

const waitedFor = (args: KnownArgs) => {
    const cluster = clusterOf("minio", withDefaults(args));
    return waitFor(cluster, cluster.pools[0], "1a2b");
};
const native = (replicas: number, partition: number, updateStrategy?: UpdateStrategy) =>
    waitedFor({ replicas, partition, updateStrategy, rollout: { mode: "Native" } });

const digest = ".metadata.annotations['minio-cluster/wanted']";

describe("what the provider waits for", () => {
    it("is, in the guided rollout, only that Kubernetes has seen the change", () => {
        assert.equal(waitedFor({}), `jsonpath={${digest}}=1a2b`);
    });

    it("is the same where no server is to run: Kubernetes tells no number of ready servers then", () => {
        assert.equal(waitedFor({ hibernate: true, rollout: { mode: "Native" } }), `jsonpath={${digest}}=1a2b`);
    });

    it("is otherwise every server ready, and those that the partition allows updated", () => {
        assert.equal(
            native(4, 0),
            `jsonpath={$[?(@.readyReplicas == $.spec.replicas && @.updatedReplicas > 3) && $${digest} == '1a2b']}`,
        );
        assert.equal(
            native(4, 2),
            `jsonpath={$[?(@.readyReplicas == $.spec.replicas && @.updatedReplicas > 1) && $${digest} == '1a2b']}`,
        );
    });

    it("is only every server ready when none is updated", () => {
        assert.equal(native(4, 4), `jsonpath={$[?@.readyReplicas == $.spec.replicas && $${digest} == '1a2b']}`);
        assert.equal(
            native(4, 0, "OnDelete"),
            `jsonpath={$[?@.readyReplicas == $.spec.replicas && $${digest} == '1a2b']}`,
        );
    });

    it("has no single =, at which the provider's parser would split it", () => {
        for (let partition = 0; partition <= 16; partition++) {
            const text = native(16, partition).replace("jsonpath=", "").replaceAll("==", "");
            assert.ok(!text.includes("="), text);
        }
    });
});
