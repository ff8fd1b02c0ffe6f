/**
 * What a number of servers and drives means to MinIO: erasure sets, quorums, and what may fail. Pure.
 *
 * The rules are those of MinIO's own source, RELEASE.2025-09-07T16-13-09Z: `cmd/endpoint-ellipses.go` (`getSetIndexes`,
 * `commonSetDriveCount`, `possibleSetCountsWithSymmetry`), `internal/config/storageclass` (`DefaultParityBlocks`),
 * `cmd/erasure-server-pool.go` (`newErasureServerPools` for the parity of several pools, `Health` for the quorums) and
 * `cmd/bootstrap-peer-server.go` (`verifyServerSystemConfig`). tests/e2e/topology.test.ts holds all of it against real
 * servers.
 */

/** Erasure sets have 2 to 16 drives. */
export const smallestSet = 2;
export const largestSet = 16;

/** What MinIO makes of all pools together. */
export interface Topology {
    /** Each pool, the first one first. */
    pools: PoolTopology[];
    /** Servers (pods) of all pools. */
    servers: number;
    /** Drives (volumes) of all pools. */
    drives: number;
    /** Bytes that objects can take up: the drives without their parity. MinIO's own files take a little of it. */
    usableBytes: number;
    /** Any servers, so many at once, may be gone, and every object can still be written. */
    serversThatMayFailForWrites: number;
    /** Any servers, so many at once, may be gone, and every object can still be read. */
    serversThatMayFailForReads: number;
    /**
     * Servers that must run the new version, arguments or `MINIO_*` environment before any of them serves. A starting
     * server waits for half of the others to be the same as itself; those that already run are not affected. While it
     * waits it serves its drives, so objects are written and read; but `/minio/health/cluster` counts it as gone.
     */
    bootQuorum: number;
}

/** What MinIO makes of a pool of servers with the same number of drives each. */
export interface PoolTopology {
    /** Servers (pods) of the pool. */
    servers: number;
    /** Drives (volumes) of each server. */
    drivesPerServer: number;
    /** Erasure sets: each object lies in one of them. */
    erasureSets: number;
    /** Drives of each erasure set. */
    erasureSetSize: number;
    /** Parity shards of each object of the class STANDARD, which is every one whose client names no other. */
    parity: number;
    /** Drives of a set that must answer for its objects to be read. */
    readQuorum: number;
    /** Drives of a set that must answer for an object to be written. */
    writeQuorum: number;
    /** Bytes that objects can take up: the drives without their parity. */
    usableBytes: number;
    /** Any servers of the pool, so many at once, may be gone, and its objects can still be written. */
    serversThatMayFailForWrites: number;
    /** Any servers of the pool, so many at once, may be gone, and its objects can still be read. */
    serversThatMayFailForReads: number;
}

/** A topology without the bytes, which follow from the sizes of the drives only. */
export interface Layout extends Omit<Topology, "pools" | "usableBytes"> {
    pools: PoolLayout[];
}

export type PoolLayout = Omit<PoolTopology, "usableBytes">;

/** A pool: its servers, the drives of each, and the size of a drive in bytes. */
export interface PoolShape {
    servers: number;
    drivesPerServer: number;
    driveBytes: number;
}

/**
 * The topology of a cluster of one or more pools.
 *
 * @param shapes each pool, the first one first: its parity counts for all
 * @param standardParity the parity of all objects, where it is set and does not follow from the first pool
 * @returns undefined when MinIO refuses one of them
 */
export function topologyOf(shapes: PoolShape[], standardParity?: number): Topology | undefined {
    const [first] = shapes;
    const parity = standardParity ?? (first && defaultParityOf(first));
    const pools = shapes.map((shape) => poolTopologyOf(shape, parity));
    if (pools.length === 0 || !pools.every((pool) => pool !== undefined)) {
        return undefined;
    }
    const sum = (of: (pool: PoolTopology) => number) => pools.reduce((total, pool) => total + of(pool), 0);
    const servers = sum((pool) => pool.servers);
    return {
        pools,
        servers,
        drives: sum((pool) => pool.servers * pool.drivesPerServer),
        usableBytes: sum((pool) => pool.usableBytes),
        serversThatMayFailForWrites: Math.min(...pools.map((pool) => pool.serversThatMayFailForWrites)),
        serversThatMayFailForReads: Math.min(...pools.map((pool) => pool.serversThatMayFailForReads)),
        bootQuorum: bootQuorumOf(servers),
    };
}

/** New servers that start only together: one, and half of all others (`verifyServerSystemConfig`). */
export function bootQuorumOf(servers: number): number {
    return Math.floor((servers - 1) / 2) + 1;
}

/**
 * So many servers take requests at any moment of a rollout that restarts several of them at the same time: half,
 * rounded down. MinIO's rule for new versions leaves no more: see `bootQuorum`.
 */
export function leastThatServe(servers: number): number {
    return servers - bootQuorumOf(servers);
}

/**
 * So many servers of one pool may restart at the same time: half of those that it can miss for writes.
 *
 * What is written while some are away lacks their copies, and MinIO tries only one time, a second later, to heal that
 * (`healRoutine` in `cmd/mrf.go`). When the next ones are away, it lacks theirs, too. The parts of a multipart upload
 * are not healed at all. So two times as many must be missable.
 *
 * @param most servers that the disruption budget lets leave; undefined: any number
 */
export function restartsAtOnce(
    { serversThatMayFailForWrites }: PoolLayout,
    most = serversThatMayFailForWrites,
): number {
    return Math.max(1, Math.min(most, Math.floor(serversThatMayFailForWrites / 2)));
}

/**
 * Whether a multipart upload survives that one server is away while a part is sent, and another one when the upload is
 * completed or read. Its parts are never healed, and get no more parity than it began with. So two servers less must
 * leave enough drives to read, and more than half: with a tie, MinIO decides at random whether a part is there
 * (`readParts` in `cmd/erasure-multipart.go`; docs/reliability.md has what was measured). What restarts in larger
 * numbers is at most half of what may be missed: see `restartsAtOnce`.
 */
export function keepsParts({ servers, erasureSetSize, readQuorum }: PoolLayout): boolean {
    const left = erasureSetSize - 2 * Math.max(1, erasureSetSize / servers);
    return left >= readQuorum && 2 * left > erasureSetSize;
}

/**
 * The topology of one pool.
 *
 * @param shape servers and drives, each an integer of at least 1
 * @param parity that of all pools
 * @returns undefined when MinIO refuses it
 */
function poolTopologyOf(
    { servers, drivesPerServer, driveBytes }: PoolShape,
    parity: number | undefined,
): PoolTopology | undefined {
    const erasureSetSize = erasureSetSizeOf(servers, drivesPerServer);
    // The sets of a further pool can be too small for the parity, and any for one that is set (`ValidateParity`).
    if (!erasureSetSize || parity === undefined || erasureSetSize < 2 * parity) {
        return undefined;
    }
    const readQuorum = erasureSetSize - parity;
    const writeQuorum = readQuorum === parity ? readQuorum + 1 : readQuorum;
    const erasureSets = (servers * drivesPerServer) / erasureSetSize;
    // Drives of one set on one server: sets are laid out evenly over the servers.
    const drivesLost = Math.max(1, erasureSetSize / servers);
    return {
        servers,
        drivesPerServer,
        erasureSets,
        erasureSetSize,
        parity,
        readQuorum,
        writeQuorum,
        usableBytes: erasureSets * readQuorum * driveBytes,
        serversThatMayFailForWrites: Math.floor((erasureSetSize - writeQuorum) / drivesLost),
        serversThatMayFailForReads: Math.floor((erasureSetSize - readQuorum) / drivesLost),
    };
}

/** Parity shards of a pool's objects when it is the first one; undefined when MinIO refuses the pool. */
export function defaultParityOf({ servers, drivesPerServer }: Omit<PoolShape, "driveBytes">): number | undefined {
    const erasureSetSize = erasureSetSizeOf(servers, drivesPerServer);
    return erasureSetSize && defaultParity(erasureSetSize);
}

/**
 * The set size that MinIO chooses: the fewest sets that divide the drives evenly and lie evenly over the servers;
 * undefined when there is none.
 */
export function erasureSetSizeOf(servers: number, drivesPerServer: number): number | undefined {
    const drives = servers * drivesPerServer;
    const even = (size: number) => (servers > size ? servers % size === 0 : size % servers === 0);
    for (let size = Math.min(largestSet, drives); size >= smallestSet; size--) {
        if (drives % size === 0 && even(size)) {
            return size;
        }
    }
    return undefined;
}

function defaultParity(erasureSetSize: number): number {
    if (erasureSetSize <= 3) {
        return 1;
    }
    if (erasureSetSize <= 5) {
        return 2;
    }
    return erasureSetSize <= 7 ? 3 : 4;
}

/**
 * The erasure set in which a drive lies: MinIO counts the first drives of all servers, then the second ones, and so on,
 * and divides them in this order (`argExpander` in `github.com/minio/pkg/v3/ellipses`, `newEndpointSet` in
 * `cmd/endpoint-ellipses.go`).
 *
 * @param server ordinal of the server in its pool
 * @param drive number of the drive on its server
 * @returns the number of the set in its pool, from 0 on
 */
export function erasureSetOf(
    { servers, erasureSetSize }: Pick<PoolTopology, "servers" | "erasureSetSize">,
    server: number,
    drive: number,
): number {
    return Math.floor((drive * servers + server) / erasureSetSize);
}

/** With the drives of fewer other servers, nobody can write while one is away. */
export const fewestOthersToWrite = 2;

/** Ordinals of the servers of a pool that have the last drive of one of its erasure sets. */
export function serversOfLastDrives({
    servers,
    erasureSets,
    erasureSetSize,
}: Pick<PoolTopology, "servers" | "erasureSets" | "erasureSetSize">): number[] {
    const lasts = Array.from({ length: erasureSets }, (_, set) => ((set + 1) * erasureSetSize - 1) % servers);
    return [...new Set(lasts)];
}

/** Server counts near the given one that MinIO accepts with this number of drives, the nearest first. */
export function acceptedServersNear(servers: number, drivesPerServer: number, count = 4): number[] {
    const accepted: number[] = [];
    for (let distance = 1; accepted.length < count && distance <= 64; distance++) {
        for (const candidate of [servers - distance, servers + distance]) {
            if (candidate >= 2 && erasureSetSizeOf(candidate, drivesPerServer)) {
                accepted.push(candidate);
            }
        }
    }
    return accepted.slice(0, count).sort((a, b) => a - b);
}
