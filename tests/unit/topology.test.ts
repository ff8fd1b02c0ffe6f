import assert from "node:assert/strict";
import fc from "fast-check";
import {
    acceptedServersNear,
    bootQuorumOf,
    defaultParityOf,
    erasureSetOf,
    erasureSetSizeOf,
    keepsParts,
    type PoolShape,
    type PoolTopology,
    restartsAtOnce,
    serversOfLastDrives,
    type Topology,
    topologyOf,
} from "../../components/minio/topology";
import { mostInAZone, zonesNeeded } from "../../components/minio/zones";

const GiB = 2 ** 30;

/** Pools written as `[servers, drives of each]`, of drives of 1 GiB. */
function of(...pools: [servers: number, drivesPerServer: number][]): Topology | undefined {
    return topologyOf(pools.map(([servers, drivesPerServer]) => ({ servers, drivesPerServer, driveBytes: GiB })));
}

function accepted(topology: Topology | undefined): Topology {
    assert.ok(topology, "is refused");
    return topology;
}

/** The row of a pool in a table: erasure sets, size, parity, servers that may fail for writes and for reads. */
function row(pool: PoolTopology): number[] {
    const { erasureSets, erasureSetSize, parity, serversThatMayFailForWrites, serversThatMayFailForReads } = pool;
    return [erasureSets, erasureSetSize, parity, serversThatMayFailForWrites, serversThatMayFailForReads];
}

describe("servers in zones", () => {
    /** Every way to place servers in zones, so that no two zones differ by more. */
    function* placements(servers: number, zones: number, maxSkew: number): Generator<number[]> {
        const tuples = function* (left: number, of: number): Generator<number[]> {
            for (let here = of === 1 ? left : 0; here <= left; here++) {
                for (const others of of === 1 ? [[]] : tuples(left - here, of - 1)) {
                    yield [here, ...others];
                }
            }
        };
        for (const counts of tuples(servers, zones)) {
            if (Math.max(...counts) - Math.min(...counts) <= maxSkew) {
                yield counts;
            }
        }
    }

    it("are at most as many in one zone as some placement has there", () => {
        for (const servers of [1, 2, 4, 7, 8]) {
            for (const zones of [1, 2, 3, 4]) {
                for (const maxSkew of [1, 2, 3]) {
                    const most = Math.max(...[...placements(servers, zones, maxSkew)].flat());
                    assert.equal(mostInAZone(servers, zones, maxSkew), most, `${[servers, zones, maxSkew]}`);
                }
            }
        }
    });

    it("bear the loss of any zone from as many zones on as are needed, and not of fewer", () => {
        assert.equal(zonesNeeded(4, 1, 1), 4);
        assert.equal(zonesNeeded(8, 3, 1), 3);
        assert.equal(zonesNeeded(16, 4, 1), 4);
        assert.equal(zonesNeeded(8, 4, 1), 2);
        assert.equal(zonesNeeded(8, 3, 4), undefined);
        assert.equal(zonesNeeded(2, 0, 1), undefined);
    });
});

describe("topology of one pool", () => {
    // As real servers have it: tests/e2e/topology.test.ts starts most of these. Servers × drives → sets × size, parity,
    // and servers that may fail for writes and reads.
    type Row = [number, number, number, number, number, number, number];
    const measured: Row[] = [
        [2, 1, 1, 2, 1, 0, 1],
        [3, 1, 1, 3, 1, 1, 1],
        [4, 1, 1, 4, 2, 1, 2],
        [5, 1, 1, 5, 2, 2, 2],
        [6, 1, 1, 6, 3, 2, 3],
        [7, 1, 1, 7, 3, 3, 3],
        [8, 1, 1, 8, 4, 3, 4],
        ...[9, 10, 11, 12, 13, 14, 15, 16].map((n): Row => [n, 1, 1, n, 4, 4, 4]),
        [18, 1, 2, 9, 4, 4, 4],
        [20, 1, 2, 10, 4, 4, 4],
        [32, 1, 2, 16, 4, 4, 4],
        [1, 4, 1, 4, 2, 0, 0],
        [2, 2, 1, 4, 2, 0, 1],
        [2, 8, 1, 16, 4, 0, 0],
        [3, 2, 1, 6, 3, 1, 1],
        [4, 2, 1, 8, 4, 1, 2],
        [4, 4, 1, 16, 4, 1, 1],
        [5, 4, 2, 10, 4, 2, 2],
        [6, 2, 1, 12, 4, 2, 2],
        [8, 2, 1, 16, 4, 2, 2],
        [16, 4, 4, 16, 4, 4, 4],
    ];
    for (const [servers, drives, ...expected] of measured) {
        const [sets, size, parity] = expected;
        it(`is ${sets} × ${size}, parity ${parity} for ${servers} servers of ${drives}`, () => {
            const { pools } = accepted(of([servers, drives]));
            assert.equal(pools.length, 1);
            assert.deepEqual(row(pools[0]), expected);
        });
    }

    it("has the quorums of MinIO's health endpoints", () => {
        const quorums = ([servers, drives]: [number, number]) => {
            const [{ writeQuorum, readQuorum }] = accepted(of([servers, drives])).pools;
            return [writeQuorum, readQuorum];
        };
        assert.deepEqual(quorums([2, 1]), [2, 1]);
        assert.deepEqual(quorums([4, 1]), [3, 2]);
        assert.deepEqual(quorums([5, 1]), [3, 3]);
        assert.deepEqual(quorums([8, 1]), [5, 4]);
        assert.deepEqual(quorums([4, 4]), [12, 12]);
    });

    for (const [servers, drives, why] of [
        [17, 1, "no set size divides 17"],
        [19, 1, "no set size divides 19"],
        [17, 4, "sets of 2 or 4 do not lie evenly over 17"],
        [1, 1, "a set has at least 2 drives"],
        [0, 4, "there is no server"],
    ] as const) {
        it(`is refused for ${servers} servers of ${drives}: ${why}`, () => {
            assert.equal(of([servers, drives]), undefined);
            assert.equal(erasureSetSizeOf(servers, drives), undefined);
            assert.equal(defaultParityOf({ servers, drivesPerServer: drives }), undefined);
        });
    }

    it("needs itself and half of the others for the first new server to start", () => {
        assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8, 16].map(bootQuorumOf), [1, 1, 2, 2, 3, 3, 4, 4, 8]);
        assert.equal(accepted(of([8, 2])).bootQuorum, 4, "drives are not servers");
    });

    it("has the parity that is set, and what follows from it", () => {
        const drives = (servers: number, drivesPerServer = 1) => ({ servers, drivesPerServer, driveBytes: GiB });
        const [six] = accepted(topologyOf([drives(6)], 1)).pools;
        assert.deepEqual([six.readQuorum, six.writeQuorum, six.parity], [5, 5, 1], "tried: cases.md, T5");
        assert.deepEqual([six.serversThatMayFailForReads, six.serversThatMayFailForWrites], [1, 1]);
        assert.equal(six.usableBytes, 5 * GiB);
        const [eight] = accepted(topologyOf([drives(8)], 2)).pools;
        assert.deepEqual([eight.readQuorum, eight.writeQuorum], [6, 6]);
        const [half] = accepted(topologyOf([drives(6)], 3)).pools;
        assert.deepEqual([half.readQuorum, half.writeQuorum], [3, 4], "one more where data and parity are as many");
        assert.equal(topologyOf([drives(6)], 4), undefined, "more than half of a set");
        // A pool whose sets are too small for the first one's default.
        assert.equal(topologyOf([drives(8), drives(4)]), undefined);
        assert.equal(accepted(topologyOf([drives(8), drives(4)], 2)).serversThatMayFailForWrites, 1);
    });

    it("has the bytes of the drives without their parity", () => {
        assert.equal(accepted(of([4, 1])).usableBytes, 2 * GiB);
        assert.equal(accepted(of([4, 4])).usableBytes, 12 * GiB);
        assert.equal(accepted(of([16, 4])).usableBytes, 48 * GiB);
        const [shape] = [{ servers: 5, drivesPerServer: 4, driveBytes: 10 * GiB }];
        assert.equal(accepted(topologyOf([shape])).usableBytes, 120 * GiB);
    });
});

describe("topology of several pools", () => {
    it("keeps the first pool's parity in the others", () => {
        const topology = accepted(of([4, 1], [6, 1], [4, 4]));
        assert.deepEqual(topology.pools.map(row), [
            [1, 4, 2, 1, 2],
            [1, 6, 2, 2, 2],
            [1, 16, 2, 0, 0],
        ]);
        assert.deepEqual(
            topology.pools.map(({ writeQuorum, readQuorum }) => [writeQuorum, readQuorum]),
            [
                [3, 2],
                [4, 4],
                [14, 14],
            ],
        );
    });

    it("adds up servers, drives and bytes, and stands as long as its weakest pool does", () => {
        const topology = accepted(
            topologyOf([
                { servers: 4, drivesPerServer: 1, driveBytes: GiB },
                { servers: 5, drivesPerServer: 4, driveBytes: 3 * GiB },
            ]),
        );
        assert.deepEqual(topology.pools.map(row), [
            [1, 4, 2, 1, 2],
            [2, 10, 2, 1, 1],
        ]);
        const { servers, drives, usableBytes, serversThatMayFailForWrites, serversThatMayFailForReads } = topology;
        assert.deepEqual([servers, drives, usableBytes], [9, 24, 2 * GiB + 2 * 8 * 3 * GiB]);
        assert.deepEqual([serversThatMayFailForWrites, serversThatMayFailForReads], [1, 1]);
    });

    it("counts the servers of all pools for the boot quorum", () => {
        assert.equal(accepted(of([4, 1], [4, 1])).bootQuorum, 4);
        assert.equal(accepted(of([4, 1], [5, 1])).bootQuorum, 5);
    });

    it("may have a further pool of one server, if that has several drives", () => {
        assert.ok(of([4, 1], [1, 4]));
        assert.equal(of([4, 1], [1, 1]), undefined);
    });

    it("is refused when a further pool's sets are smaller than twice the parity", () => {
        assert.equal(of([4, 1], [3, 1]), undefined, "3 < 2 × 2");
        assert.ok(of([3, 1], [4, 1]), "4 ≥ 2 × 1");
        assert.equal(of([8, 1], [7, 1]), undefined, "7 < 2 × 4");
        assert.ok(of([8, 1], [4, 2]), "8 ≥ 2 × 4");
        assert.equal(of([8, 1], [8, 1], [6, 1]), undefined, "the third pool counts too");
        assert.equal(of([2, 2], [2, 1]), undefined, "2 < 2 × 2");
    });

    it("is refused when MinIO refuses any of its pools, and when it has none", () => {
        assert.equal(of([17, 1], [4, 1]), undefined);
        assert.equal(of([4, 1], [17, 4]), undefined);
        assert.equal(of(), undefined);
    });
});

describe("topology, of whatever pools", () => {
    const shape = fc.record({
        servers: fc.integer({ min: 1, max: 64 }),
        drivesPerServer: fc.integer({ min: 1, max: 16 }),
        driveBytes: fc.integer({ min: 1, max: 2 ** 40 }),
    });
    const shapes = fc.array(shape, { minLength: 1, maxLength: 3 });
    const check = (property: (shapes: PoolShape[]) => void) =>
        fc.assert(fc.property(shapes, property), { numRuns: 1000 });
    const checkAccepted = (property: (topology: Topology, shapes: PoolShape[]) => void) =>
        check((given) => {
            const topology = topologyOf(given);
            if (topology) {
                property(topology, given);
            }
        });

    const sizes = Array.from({ length: 15 }, (_, i) => i + 2);
    /** The set sizes from which MinIO chooses. */
    const possibleSizes = ({ servers, drivesPerServer }: Omit<PoolShape, "driveBytes">) =>
        sizes.filter(
            (size) => (servers * drivesPerServer) % size === 0 && (servers % size === 0 || size % servers === 0),
        );

    it("is accepted exactly when each pool has a set size, not smaller than twice the first pool's parity", () => {
        check((given) => {
            const chosen = given.map((pool) => Math.max(0, ...possibleSizes(pool)));
            const parity = chosen[0] < 4 ? 1 : chosen[0] < 6 ? 2 : chosen[0] < 8 ? 3 : 4;
            const isAccepted = chosen.every((size) => size >= 2 * parity);
            const topology = topologyOf(given);
            assert.equal(topology !== undefined, isAccepted);
            if (topology) {
                assert.deepEqual(
                    topology.pools.map((pool) => pool.erasureSetSize),
                    chosen,
                );
                assert.deepEqual(new Set(topology.pools.map((pool) => pool.parity)), new Set([parity]));
            }
        });
    });

    it("has sets that take up all drives, and quorums of which two overlap", () => {
        checkAccepted(({ pools }) => {
            for (const { servers, drivesPerServer, ...pool } of pools) {
                assert.equal(pool.erasureSets * pool.erasureSetSize, servers * drivesPerServer);
                assert.ok(pool.parity >= 1);
                assert.equal(pool.readQuorum + pool.parity, pool.erasureSetSize);
                assert.ok(2 * pool.writeQuorum > pool.erasureSetSize, "two halves of a set could both write");
                assert.ok(pool.writeQuorum + pool.readQuorum > pool.erasureSetSize, "a read could miss a write");
                assert.ok(pool.writeQuorum - pool.readQuorum <= 1 && pool.writeQuorum >= pool.readQuorum);
            }
        });
    });

    it("promises exactly as many servers as its sets can lose, whichever they are", () => {
        checkAccepted(({ pools }) => {
            for (const pool of pools) {
                for (const [promised, quorum] of [
                    [pool.serversThatMayFailForWrites, pool.writeQuorum],
                    [pool.serversThatMayFailForReads, pool.readQuorum],
                ]) {
                    assert.ok(fewestDrivesLeft(pool, promised) >= quorum, `${promised} servers are too many`);
                    assert.ok(fewestDrivesLeft(pool, promised + 1) < quorum, `${promised} servers are too few`);
                }
            }
        });
    });

    it("has the last drive of each set on the servers that are told", () => {
        checkAccepted(({ pools }) => {
            for (const pool of pools) {
                const lasts = new Map<number, number>();
                for (let drive = 0; drive < pool.drivesPerServer; drive++) {
                    for (let server = 0; server < pool.servers; server++) {
                        lasts.set(erasureSetOf(pool, server, drive), server);
                    }
                }
                assert.deepEqual(serversOfLastDrives(pool), [...new Set(lasts.values())]);
            }
        });
    });

    it("is the sum of its pools, and as weak as the weakest", () => {
        checkAccepted((topology, given) => {
            const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
            const { pools } = topology;
            assert.deepEqual(
                pools.map(({ servers, drivesPerServer }) => [servers, drivesPerServer]),
                given.map(({ servers, drivesPerServer }) => [servers, drivesPerServer]),
            );
            assert.equal(topology.servers, sum(given.map((pool) => pool.servers)));
            assert.equal(topology.drives, sum(given.map((pool) => pool.servers * pool.drivesPerServer)));
            assert.equal(topology.usableBytes, sum(pools.map((pool) => pool.usableBytes)));
            const raw = sum(given.map((pool) => pool.servers * pool.drivesPerServer * pool.driveBytes));
            assert.ok(topology.usableBytes < raw && topology.usableBytes * 2 >= raw, "parity is at most half");
            for (const kind of ["serversThatMayFailForWrites", "serversThatMayFailForReads"] as const) {
                assert.equal(topology[kind], Math.min(...pools.map((pool) => pool[kind])));
            }
            assert.ok(topology.serversThatMayFailForWrites <= topology.serversThatMayFailForReads);
        });
    });

    it("lets as many servers of a pool restart at the same time as leave room for the ones before them", () => {
        const most = (servers: number, parity?: number) =>
            restartsAtOnce(
                accepted(topologyOf([{ servers, drivesPerServer: 1, driveBytes: GiB }], parity))
                    .pools[0] as PoolTopology,
            );
        assert.deepEqual(
            [2, 4, 6, 8, 9, 12, 16].map((servers) => most(servers)),
            [1, 1, 1, 1, 2, 2, 2],
        );
        assert.deepEqual([most(16, 8), most(16, 2), most(8, 2)], [3, 1, 1]);
        checkAccepted(({ pools }) => {
            for (const pool of pools) {
                const [at, perServer] = [restartsAtOnce(pool), Math.max(1, pool.erasureSetSize / pool.servers)];
                // What was written without the ones before is there without these, too; and so is each part of an
                // upload.
                const left = pool.erasureSetSize - 2 * at * perServer;
                assert.ok(at === 1 || (left >= pool.writeQuorum && 2 * left > pool.erasureSetSize));
                assert.deepEqual([restartsAtOnce(pool, 1), restartsAtOnce(pool, 100)], [1, at]);
            }
        });
    });

    it("keeps the parts of an upload over two restarts from five servers on, with a parity of two of them", () => {
        const keeps = (servers: number, drivesPerServer: number, parity?: number) =>
            keepsParts(
                accepted(topologyOf([{ servers, drivesPerServer, driveBytes: GiB }], parity)).pools[0] as PoolTopology,
            );
        assert.deepEqual(
            [4, 5, 6, 8, 16].map((servers) => keeps(servers, 1)),
            [false, true, true, true, true],
        );
        assert.deepEqual(
            [keeps(4, 4), keeps(4, 4, 8), keeps(8, 2), keeps(8, 4), keeps(6, 1, 1)],
            [false, false, true, true, false],
        );
    });

    it("has a boot quorum of just as many servers as each find half of the others among them", () => {
        checkAccepted(({ servers, bootQuorum }) => {
            assert.ok(bootQuorum >= 1 && bootQuorum <= servers);
            const others = servers - 1;
            assert.ok(bootQuorum - 1 >= Math.floor(others / 2), "the last of them does not find half of the others");
            assert.ok(bootQuorum - 2 < Math.floor(others / 2), "one less would do");
        });
    });

    it("does not depend on the order of the further pools", () => {
        checkAccepted((topology, [first, ...others]) => {
            const { pools, ...sums } = accepted(topologyOf([first, ...others.reverse()]));
            const { pools: before, ...expected } = topology;
            assert.deepEqual(sums, expected);
            assert.deepEqual([pools[0], ...pools.slice(1).reverse()], before);
        });
    });
});

describe("server counts that MinIO accepts", () => {
    it("are named, the nearest", () => {
        assert.deepEqual(acceptedServersNear(17, 1), [14, 15, 16, 18]);
        assert.deepEqual(acceptedServersNear(17, 1, 2), [16, 18]);
    });

    it("are accepted, at least 2, and never the given one", () => {
        fc.assert(
            fc.property(fc.integer({ min: 2, max: 64 }), fc.integer({ min: 1, max: 16 }), (servers, drives) => {
                const near = acceptedServersNear(servers, drives);
                assert.equal(near.length, 4);
                for (const candidate of near) {
                    assert.ok(candidate >= 2 && candidate !== servers);
                    assert.ok(of([candidate, drives]));
                }
            }),
        );
    });
});

/**
 * The drives that the worst-off set has left when that number of servers is gone, whichever those are. Sets are cut,
 * one after another, from the list of all servers' first drives, then all servers' second drives, and so on.
 */
function fewestDrivesLeft({ servers, drivesPerServer, erasureSetSize }: PoolTopology, gone: number): number {
    let fewest = erasureSetSize;
    for (let start = 0; start < servers * drivesPerServer; start += erasureSetSize) {
        const drivesOf = new Array<number>(servers).fill(0);
        for (let drive = start; drive < start + erasureSetSize; drive++) {
            drivesOf[drive % servers]++;
        }
        const lost = drivesOf.sort((a, b) => b - a).slice(0, gone);
        fewest = Math.min(fewest, erasureSetSize - lost.reduce((a, b) => a + b, 0));
    }
    return fewest;
}
