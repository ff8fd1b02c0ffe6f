import assert from "node:assert/strict";
import { waitFor } from "../../components/pool";
import { reshapingProblems, shapeOf } from "../../components/shape";

describe("what an update waits for", () => {
    it("is every server ready, and those that the partition allows updated", () => {
        assert.equal(waitFor(4, 0), "jsonpath={$[?@.readyReplicas == $.spec.replicas && @.updatedReplicas > 3]}");
        assert.equal(waitFor(4, 2), "jsonpath={$[?@.readyReplicas == $.spec.replicas && @.updatedReplicas > 1]}");
    });

    it("is only every server ready when the partition allows none", () => {
        assert.equal(waitFor(4, 4), "jsonpath={$[?@.readyReplicas == $.spec.replicas]}");
    });

    it("has no single =, at which the provider's parser would split it", () => {
        for (let partition = 0; partition <= 16; partition++) {
            const text = waitFor(16, partition).replace("jsonpath=", "").replaceAll("==", "");
            assert.ok(!text.includes("="), text);
        }
    });
});

describe("a pool's shape", () => {
    const shape = { replicas: 4, drivesPerServer: 1, storageSize: "10Gi", storageClassName: undefined };

    it("may stay as it is", () => assert.deepEqual(reshapingProblems(shapeOf(shape), shapeOf({ ...shape })), []));

    it("may not change, and each change is named with the way out", () => {
        const problems = reshapingProblems(
            shapeOf(shape),
            shapeOf({ ...shape, replicas: 6, storageClassName: "fast" }),
        );
        assert.equal(problems.length, 2);
        assert.match(problems[0], /^replicas: 4 cannot become 6: MinIO forbids .* Set it back to 4/);
        assert.match(problems[1], /^storageClassName: the default cannot become fast/);
    });
});
