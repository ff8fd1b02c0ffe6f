/**
 * What a number of servers and drives means to MinIO: erasure sets, quorums, and what may fail. Pure.
 *
 * The rules are those of MinIO's own source, RELEASE.2025-09-07T16-13-09Z: `cmd/endpoint-ellipses.go` (`getSetIndexes`,
 * `commonSetDriveCount`, `possibleSetCountsWithSymmetry`), `internal/config/storageclass` (`DefaultParityBlocks`) and
 * `cmd/bootstrap-peer-server.go` (`verifyServerSystemConfig`).
 */

/** Erasure sets have 2 to 16 drives. */
const smallestSet = 2;
const largestSet = 16;

/** What MinIO makes of a pool of servers with the same number of drives each. */
export interface Topology {
    /** Servers (pods) of the pool. */
    servers: number;
    /** Drives (volumes) of each server. */
    drivesPerServer: number;
    /** Erasure sets: each object lies in one of them. */
    erasureSets: number;
    /** Drives of each erasure set. */
    erasureSetSize: number;
    /** Parity shards of each object, at MinIO's default storage class. */
    parity: number;
    /** Drives of a set that must answer for its objects to be read. */
    readQuorum: number;
    /** Drives of a set that must answer for an object to be written. */
    writeQuorum: number;
    /** Any servers, so many at once, may be gone, and every object can still be written. */
    serversThatMayFailForWrites: number;
    /** Any servers, so many at once, may be gone, and every object can still be read. */
    serversThatMayFailForReads: number;
    /**
     * Servers that must run the new version, arguments or `MINIO_*` environment before any of them serves. A starting
     * server waits for half of the others to be the same as itself; those that already run are not affected.
     */
    bootQuorum: number;
}

/**
 * The topology of one pool.
 *
 * @param servers servers of the pool: an integer of at least 1
 * @param drivesPerServer drives of each server: an integer of at least 1
 * @returns undefined when MinIO refuses this combination: see `explainRefusal`
 */
export function topologyOf(servers: number, drivesPerServer: number): Topology | undefined {
    const erasureSetSize = erasureSetSizeOf(servers, drivesPerServer);
    if (!erasureSetSize) {
        return undefined;
    }
    const parity = defaultParity(erasureSetSize);
    const readQuorum = erasureSetSize - parity;
    const writeQuorum = readQuorum === parity ? readQuorum + 1 : readQuorum;
    // Drives of one set on one server: sets are laid out evenly over the servers.
    const drivesLost = Math.max(1, erasureSetSize / servers);
    return {
        servers,
        drivesPerServer,
        erasureSets: (servers * drivesPerServer) / erasureSetSize,
        erasureSetSize,
        parity,
        readQuorum,
        writeQuorum,
        serversThatMayFailForWrites: Math.floor((erasureSetSize - writeQuorum) / drivesLost),
        serversThatMayFailForReads: Math.floor((erasureSetSize - readQuorum) / drivesLost),
        bootQuorum: Math.floor((servers - 1) / 2) + 1,
    };
}

/** The set size that MinIO chooses: the fewest sets that divide the drives evenly and lie evenly over the servers. */
function erasureSetSizeOf(servers: number, drivesPerServer: number): number | undefined {
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

/** Server counts near the given one that MinIO accepts with this number of drives, the nearest first. */
export function acceptedServersNear(servers: number, drivesPerServer: number, count = 4): number[] {
    const accepted: number[] = [];
    for (let distance = 1; accepted.length < count && distance <= 64; distance++) {
        for (const candidate of [servers - distance, servers + distance]) {
            if (candidate >= 2 && topologyOf(candidate, drivesPerServer)) {
                accepted.push(candidate);
            }
        }
    }
    return accepted.slice(0, count).sort((a, b) => a - b);
}
