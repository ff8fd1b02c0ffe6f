import assert from "node:assert/strict";
import { lastToStart, type ServerId } from "../../components/minio/lastToStart";
import { topologyOf } from "../../components/minio/topology";

const topology = (...pools: [servers: number, drivesPerServer: number][]) => {
    const shapes = pools.map(([servers, drivesPerServer]) => ({ servers, drivesPerServer, driveBytes: 2 ** 30 }));
    return topologyOf(shapes) ?? assert.fail("no topology");
};
const addressIn =
    (namespace: string) =>
    ({ pool, ordinal }: ServerId) =>
        `http://minio-${pool ? `pool-${pool}-` : ""}${ordinal}.minio-headless.${namespace}.svc.cluster.local:9000`;

describe("the server that starts last", () => {
    it("is the one that connects to the others by itself, as real servers did", () => {
        // By the connections of minio-0 to minio-3 in these namespaces (RELEASE.2025-09-07, /proc/net/tcp in their pods).
        assert.deepEqual(lastToStart(topology([4, 1]), addressIn("default")), { pool: 0, ordinal: 0 });
        assert.deepEqual(lastToStart(topology([4, 1]), addressIn("bench-password")), { pool: 0, ordinal: 2 });
    });

    it("is always there where half of each object's shards are parity", () => {
        for (const [servers, drivesPerServer] of [
            [2, 1],
            [2, 4],
            [4, 1],
            [4, 2],
            [6, 1],
            [8, 1],
        ]) {
            for (let i = 0; i < 50; i++) {
                const last = lastToStart(topology([servers, drivesPerServer]), addressIn(`namespace-${i}`));
                assert.ok(last, `${servers} servers with ${drivesPerServer} drives in namespace-${i}`);
            }
        }
    });

    it("reaches enough drives of each set in each pool, or there is none", () => {
        const found = Array.from({ length: 50 }, (_, i) => lastToStart(topology([4, 1], [4, 1]), addressIn(`n${i}`)));
        assert.ok(found.some((last) => last) && found.some((last) => !last));
        assert.ok(found.some((last) => last?.pool === 0) && found.some((last) => last?.pool === 1));
        // As a pool of two is added, in the namespaces of `make bench-upgrade WAYS=pool,pool-last`.
        assert.equal(lastToStart(topology([4, 1], [4, 1]), addressIn("bench-pool"))?.pool, 1);
        assert.equal(lastToStart(topology([4, 1], [4, 1]), addressIn("bench-pool-last"))?.pool, 0);
        assert.equal(lastToStart(topology([16, 1]), addressIn("default")), undefined);
        assert.equal(
            lastToStart(topology([3, 1]), () => "the same everywhere"),
            undefined,
        );
    });
});
