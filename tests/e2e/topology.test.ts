import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { S3Client } from "@aws-sdk/client-s3";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { erasureSetOf, type Topology, topologyOf } from "../../components/minio/topology";
import { standardParity } from "../../components/minio/topologyVariables";
import { type MinioServer, newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { MinioProcesses } from "../support/minioProcesses";
import { makeBucket } from "../support/s3";
import { until } from "../support/until";

interface Case {
    /** The pools: servers × drives of each. */
    pools: string;
    /** Variables of the servers. */
    environment?: Record<string, string>;
    /** Whether objects are written and read while servers are gone, and not only the health endpoints asked. */
    withObjects?: boolean;
    /** The version of the servers, and the one of which some are started anew. */
    change?: { from: MinioServer; to: MinioServer };
}

const upgrade = { from: oldMinio, to: newMinio };
const wayBack = { from: newMinio, to: oldMinio };

// Up to three clusters run at a time: large ones stand between small ones.
const cases: Case[] = [
    { pools: "2x1", change: upgrade },
    { pools: "16x1" },
    { pools: "3x1", withObjects: true },
    { pools: "4x1", change: upgrade, withObjects: true },
    { pools: "12x1" },
    { pools: "5x1" },
    { pools: "8x1" },
    { pools: "6x1" },
    { pools: "6x1", environment: { MINIO_STORAGE_CLASS_STANDARD: "EC:1" } },
    { pools: "7x1" },
    { pools: "4x2" },
    { pools: "4x4" },
    { pools: "6x2" },
    { pools: "5x4", withObjects: true },
    { pools: "4x1 + 4x1" },
    // The second pool has another parity when it is alone.
    { pools: "4x1 + 6x1", change: wayBack },
    { pools: "2x2 + 1x4" },
    // Without the variable, the second pool's sets are too small for the first one's parity.
    { pools: "8x1 + 4x1", environment: { MINIO_STORAGE_CLASS_STANDARD: "EC:2" } },
];

const refused: { pools: string; reason: RegExp; all?: boolean }[] = [
    { pools: "17x1", reason: /number of drives 17 is not divisible by any supported erasure set sizes/ },
    { pools: "19x1", reason: /number of drives 19 is not divisible by any supported erasure set sizes/ },
    { pools: "17x4", reason: /No symmetric distribution detected .* drives 68 cannot be spread symmetrically/ },
    { pools: "4x1 + 1x1", reason: /Incorrect number of endpoints provided/ },
    // Not before the first pool is up: it takes all servers to be refused.
    { pools: "2x2 + 2x1", reason: /parity 2 should be less than or equal to 1 .* for pool\(2nd\)/, all: true },
];

const shapesOf = (pools: string) =>
    pools.split(" + ").map((pool) => {
        const [servers, drivesPerServer] = pool.split("x").map(Number);
        return { servers, drivesPerServer };
    });
const expectedOf = (pools: string, environment?: Record<string, string>) =>
    topologyOf(
        shapesOf(pools).map((shape) => ({ ...shape, driveBytes: 1 })),
        standardParity(environment),
    );

/** `topologyOf` held against what real servers make of the same servers and drives. */
describe("topology, by the real servers' own word", () => {
    // A cluster takes some seconds to start, in which its servers mostly sleep: meanwhile those before it are tested.
    const clusters = new Map<Case, Promise<MinioProcesses>>();
    const started = (wanted: Case | undefined) => {
        if (wanted && !clusters.has(wanted)) {
            const starting = MinioProcesses.of(
                shapesOf(wanted.pools),
                wanted.change?.from ?? newMinio,
                wanted.environment,
            ).then(async (servers) => {
                await servers.startAll().catch(async (error) => {
                    await servers.remove();
                    throw error;
                });
                return servers;
            });
            starting.catch(() => {});
            clusters.set(wanted, starting);
        }
        return wanted && clusters.get(wanted);
    };
    after(() => Promise.allSettled([...clusters.values()].map(async (servers) => (await servers).remove())));

    for (const [i, wanted] of cases.entries()) {
        const variables = Object.entries(wanted.environment ?? {}).map(([name, value]) => ` with ${name}=${value}`);
        describe(`${wanted.pools}${variables}`, () => {
            const topology = expectedOf(wanted.pools, wanted.environment);
            if (!topology) {
                it("is accepted", () => assert.fail("topologyOf refuses it"));
                return;
            }
            let servers: MinioProcesses;
            let s3: S3Client;
            before(async () => {
                servers = (await started(wanted)) as MinioProcesses;
                started(cases[i + 1]);
                started(cases[i + 2]);
            });
            after(() => servers?.remove());
            afterEach(function () {
                if (this.currentTest?.state === "failed") {
                    process.stderr.write(`${servers.logs()}\n`);
                }
            });

            it("has the expected sets, parity, quorums and capacity", async () => {
                const { backend, servers: infos } = await servers.info(0);
                const { pools } = topology;
                assert.deepEqual(
                    backend.totalSets,
                    pools.map((pool) => pool.erasureSets),
                );
                assert.deepEqual(
                    backend.totalDrivesPerSet,
                    pools.map((pool) => pool.erasureSetSize),
                );
                assert.equal(backend.standardSCParity, pools[0].parity);
                assert.equal(infos.length, topology.servers);
                assert.equal(backend.onlineDisks, topology.drives);
                for (const { pool, set, server, drive } of infos.flatMap(({ drives }: any) =>
                    servers.placesOf(drives),
                )) {
                    const expected = erasureSetOf(pools[pool], server, drive);
                    assert.equal(set, expected, `pool ${pool}, server ${server}, drive ${drive}`);
                }

                // With several pools, each header has the largest quorum of them.
                const { writeQuorum } = await servers.health(0, "cluster");
                const { readQuorum } = await servers.health(0, "cluster/read");
                assert.equal(writeQuorum, Math.max(...pools.map((pool) => pool.writeQuorum)));
                assert.equal(readQuorum, Math.max(...pools.map((pool) => pool.readQuorum)));

                const usable = await servers.metric(0, "minio_cluster_capacity_usable_total_bytes");
                const raw = await servers.metric(0, "minio_cluster_capacity_raw_total_bytes");
                assert.ok(
                    Math.abs(usable / raw - topology.usableBytes / topology.drives) < 1e-9,
                    `${usable} of ${raw}`,
                );
            });

            const { change } = wanted;
            if (change) {
                const waiting = topology.bootQuorum - 1;
                it(`starts no changed server among ${waiting}, and all when there are ${waiting + 1}`, async () => {
                    const changed = servers.servers.slice(-topology.bootQuorum);
                    const last = changed.pop() as number;
                    for (const server of changed) {
                        await restart(servers, server, change.to);
                    }
                    for (const server of changed) {
                        const isTold = () => /Following servers have mismatching/.test(servers.log(server));
                        await until(`server ${server} tells what it waits for`, isTold);
                        const found = /Waiting for at least (\d+) remote servers/.exec(servers.log(server));
                        assert.equal(Number(found?.[1]), waiting);
                        const { status, serverStatus } = await servers.health(server, "cluster");
                        assert.deepEqual([status, serverStatus], [503, "offline"]);
                    }
                    await checkOthers(servers, changed, topology);
                    await restart(servers, last, change.to);
                    for (const server of [...changed, last]) {
                        await servers.untilHealth(server, "cluster", 200);
                    }
                });
            }

            const { serversThatMayFailForWrites: writes, serversThatMayFailForReads: reads } = topology;
            it(`can lose ${writes} servers for writes and ${reads} for reads, and no more`, async () => {
                // The first server is asked; the others go from each pool's last one on.
                const victims = topology.pools.map((_, pool) => servers.serversOf(pool).filter((s) => s > 0));
                const gone = topology.pools.map(() => 0);
                const objects: string[] = [];
                if (wanted.withObjects) {
                    s3 = servers.s3(0);
                    objects.push(...(await writtenToAllDrives(s3, servers, topology.pools[0].erasureSetSize)));
                }

                const check = async () => {
                    const isWithin = (kind: "serversThatMayFailForWrites" | "serversThatMayFailForReads") =>
                        topology.pools.every((pool, i) => gone[i] <= pool[kind]);
                    const writable = isWithin("serversThatMayFailForWrites");
                    const readable = isWithin("serversThatMayFailForReads");
                    const without = `without ${gone.join(" and ")} servers`;
                    const { status } = await servers.health(0, "cluster");
                    assert.equal(status, writable ? 200 : 503, `cluster ${without}`);
                    const { status: readStatus } = await servers.health(0, "cluster/read");
                    assert.equal(readStatus, readable ? 200 : 503, `cluster/read ${without}`);
                    if (wanted.withObjects) {
                        await checkObjects(s3, objects, { writable, readable, without });
                    }
                };
                const lose = async (pool: number, count: number) => {
                    while (gone[pool] < count && victims[pool].length > 0) {
                        await servers.kill(victims[pool].pop() as number);
                        gone[pool]++;
                        await check();
                    }
                };
                await check();
                for (const [i, pool] of topology.pools.entries()) {
                    await lose(i, pool.serversThatMayFailForWrites);
                }
                await lose(0, topology.pools[0].serversThatMayFailForReads);
                const lastPool = topology.pools.length - 1;
                await lose(lastPool, topology.pools[lastPool].serversThatMayFailForReads + 1);
                s3?.destroy();
            });
        });
    }

    for (const { pools, reason, all } of refused) {
        it(`is refused for ${pools}`, async () => {
            assert.equal(expectedOf(pools), undefined);
            const servers = await MinioProcesses.of(shapesOf(pools), newMinio);
            try {
                for (const server of all ? servers.servers : [0]) {
                    servers.start(server);
                }
                assert.match(await servers.untilRefused(0), reason);
            } finally {
                await servers.remove();
            }
        });
    }
});

/** Starts a server again in another version, and waits until it listens. */
async function restart(servers: MinioProcesses, server: number, version: MinioServer): Promise<void> {
    await servers.kill(server);
    servers.start(server, version);
    await servers.untilHealth(server, "live", 200);
}

/**
 * Checks a running server while others wait to start: these serve their drives, so objects are written and read; but
 * the health endpoints count them as gone.
 */
async function checkOthers(servers: MinioProcesses, waiting: number[], topology: Topology): Promise<void> {
    const s3 = servers.s3(0);
    await until("an object is written", () => isBucket(s3).then((is) => is && put(s3, "while-waiting", 10_000)));
    assert.ok(await get(s3, "while-waiting", 10_000));
    s3.destroy();
    const gone = topology.pools.map((_, pool) => waiting.filter((s) => servers.serversOf(pool).includes(s)).length);
    const isWithin = topology.pools.every((pool, i) => gone[i] <= pool.serversThatMayFailForWrites);
    assert.equal((await servers.health(0, "cluster")).status, isWithin ? 200 : 503);
}

/**
 * Writes objects until several in a row lie on every drive of their set. A server that has just started may miss drives
 * of others for 15 seconds, until it looks for them again: it then acknowledges writes to as few drives as write quorum
 * allows, or refuses them, while its health endpoints say that all is well.
 *
 * @returns the keys of those that do
 */
async function writtenToAllDrives(s3: S3Client, servers: MinioProcesses, drives: number): Promise<string[]> {
    let keys: string[] = [];
    let attempt = 0;
    const isSo = async () => {
        const key = `before-${attempt++}`;
        const isOnAll = (await put(s3, key, 10_000)) && servers.drivesWith(bucket, key) === drives;
        keys = isOnAll ? [...keys, key] : [];
        return keys.length === 8;
    };
    await until("there is a bucket", () => isBucket(s3));
    await until("objects lie on all drives", isSo);
    return keys;
}

async function checkObjects(
    s3: S3Client,
    objects: string[],
    { writable, readable, without }: { writable: boolean; readable: boolean; without: string },
): Promise<void> {
    // Without quorum MinIO may not answer at all.
    const [isWritten, ...areRead] = await Promise.all([
        put(s3, without.replaceAll(" ", "-"), writable ? 10_000 : 2_000),
        ...objects.map((key) => get(s3, key, readable ? 10_000 : 2_000)),
    ]);
    assert.equal(isWritten, writable, `PUT ${without}`);
    assert.deepEqual(
        areRead,
        areRead.map(() => readable),
        `GET ${without}`,
    );
}

const bucket = "failures";
const body = randomBytes(1 << 18);
const boolean = [() => true, () => false] as const;

/** Whether the bucket is there, and makes it if it is not. A failed attempt may have made it on some drives. */
async function isBucket(s3: S3Client): Promise<boolean> {
    return makeBucket(s3, bucket)
        .catch((error) => assert.equal(error.name, "BucketAlreadyOwnedByYou"))
        .then(...boolean);
}

/** Whether an object was written within the time. */
async function put(s3: S3Client, Key: string, milliseconds: number): Promise<boolean> {
    const command = new PutObjectCommand({ Bucket: bucket, Key, Body: body });
    return s3.send(command, { abortSignal: AbortSignal.timeout(milliseconds) }).then(...boolean);
}

/** Whether an object could be read, and was as written, within the time. */
async function get(s3: S3Client, Key: string, milliseconds: number): Promise<boolean> {
    const command = new GetObjectCommand({ Bucket: bucket, Key });
    try {
        const { Body } = await s3.send(command, { abortSignal: AbortSignal.timeout(milliseconds) });
        return body.equals(Buffer.from((await Body?.transformToByteArray()) ?? []));
    } catch {
        return false;
    }
}
