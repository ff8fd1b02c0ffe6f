import assert from "node:assert/strict";
import fc from "fast-check";
import { acceptedServersNear, topologyOf } from "../../components/topology";

describe("topology", () => {
    // What real servers of RELEASE.2025-09-07T16-13-09Z did: servers × drives → sets × size, parity, and servers that may
    // fail for writes and reads.
    const measured: [number, number, number, number, number, number, number][] = [
        [2, 1, 1, 2, 1, 0, 1],
        [3, 1, 1, 3, 1, 1, 1],
        [4, 1, 1, 4, 2, 1, 2],
        [5, 1, 1, 5, 2, 2, 2],
        [6, 1, 1, 6, 3, 2, 3],
        [7, 1, 1, 7, 3, 3, 3],
        [8, 1, 1, 8, 4, 3, 4],
        [9, 1, 1, 9, 4, 4, 4],
        [16, 1, 1, 16, 4, 4, 4],
        [4, 2, 1, 8, 4, 1, 2],
        [4, 4, 1, 16, 4, 1, 1],
        [5, 4, 2, 10, 4, 2, 2],
        [6, 2, 1, 12, 4, 2, 2],
        [8, 2, 1, 16, 4, 2, 2],
        [16, 4, 4, 16, 4, 4, 4],
    ];
    for (const [servers, drives, sets, size, parity, writes, reads] of measured) {
        it(`is ${sets} × ${size}, parity ${parity} for ${servers} servers of ${drives}`, () => {
            const topology = topologyOf(servers, drives);
            assert.ok(topology);
            assert.equal(topology.erasureSets, sets);
            assert.equal(topology.erasureSetSize, size);
            assert.equal(topology.parity, parity);
            assert.equal(topology.serversThatMayFailForWrites, writes);
            assert.equal(topology.serversThatMayFailForReads, reads);
        });
    }

    for (const [servers, drives] of [
        [17, 1],
        [19, 1],
        [17, 4],
    ]) {
        it(`is refused for ${servers} servers of ${drives}, as MinIO refuses it`, () => {
            assert.equal(topologyOf(servers, drives), undefined);
        });
    }

    it("needs half of the servers for the first new one to start", () => {
        assert.deepEqual(
            [4, 8, 16].map((servers) => topologyOf(servers, 1)?.bootQuorum),
            [2, 4, 8],
        );
    });

    it("always gives sets that divide the drives, lie evenly over the servers, and keep what it promises", () => {
        fc.assert(
            fc.property(fc.integer({ min: 2, max: 64 }), fc.integer({ min: 1, max: 16 }), (servers, drives) => {
                const topology = topologyOf(servers, drives);
                if (!topology) {
                    return;
                }
                const { erasureSets, erasureSetSize, readQuorum, writeQuorum, parity } = topology;
                assert.equal(erasureSets * erasureSetSize, servers * drives);
                assert.ok(erasureSetSize >= 2 && erasureSetSize <= 16);
                const larger = Math.max(servers, erasureSetSize);
                assert.equal(larger % Math.min(servers, erasureSetSize), 0);
                assert.equal(readQuorum + parity, erasureSetSize);
                assert.ok(writeQuorum > parity, "two halves of a set could both write");
                const lost = (failed: number) => failed * Math.max(1, erasureSetSize / servers);
                assert.ok(erasureSetSize - lost(topology.serversThatMayFailForWrites) >= writeQuorum);
                assert.ok(erasureSetSize - lost(topology.serversThatMayFailForWrites + 1) < writeQuorum);
                assert.ok(erasureSetSize - lost(topology.serversThatMayFailForReads) >= readQuorum);
                assert.ok(erasureSetSize - lost(topology.serversThatMayFailForReads + 1) < readQuorum);
            }),
        );
    });

    it("names server counts that MinIO accepts", () => {
        assert.deepEqual(acceptedServersNear(17, 1), [14, 15, 16, 18]);
    });
});
