import { element } from "../basics/element";
import { erasureSetOf, type PoolTopology, type Topology } from "./topology";
import { xxh3 } from "./xxh3";

/** A server, by the number of its pool and its ordinal there. */
export interface ServerId {
    pool: number;
    ordinal: number;
}

/**
 * The server that should start last where all start together: as soon as it runs, it reaches enough drives to serve all objects.
 *
 * Of two MinIO servers one connects to the other, by a hash of their addresses (`shouldConnect` in `internal/grid/connection.go`). A
 * server that starts is connected at once to those that run and that it connects to itself; the others come back to it up to 2 s later,
 * which is too late: it takes the drives that it reaches then, and looks for the rest only after 15 s (tried: of four servers one
 * started last that connects to one other by itself, and in two of four restarts it refused all writes for 15 s). But among any
 * servers there is one that connects to at least half of the others, and with half of each object's shards for parity that is enough.
 *
 * Its own drives may lack what was written in the moment before all had ended.
 *
 * @param address as in the servers' arguments, without the path
 * @returns one of the first pool in which there is one, as those of a new pool have started already; undefined where none reaches
 * enough
 */
export function lastToStart(topology: Topology, address: (server: ServerId) => string): ServerId | undefined {
    if (topology.pools.some(({ parity, erasureSetSize }) => erasureSetSize >= 3 * parity + 1)) {
        return undefined; // Of sets with so little parity hardly ever one reaches enough, and looking takes its time.
    }
    const pools = topology.pools.map((shape, pool) => ({
        shape,
        servers: Array.from({ length: shape.servers }, (_, ordinal) => ({
            pool,
            ordinal,
            address: address({ pool, ordinal }),
        })),
    }));
    let best: { server: ServerId; spare: number } | undefined;
    for (const server of pools.flatMap(({ servers }) => servers)) {
        const { pool, ordinal } = server;
        let spare = Number.POSITIVE_INFINITY;
        for (const { shape, servers } of pools) {
            const reached = servers.filter((other) => other === server || connects(server.address, other.address));
            const drives = drivesBySet(shape, reached);
            const ownDrives = drivesBySet(shape, servers.includes(server) ? [server] : []);
            const spares = drives.map((count, set) =>
                Math.min(count - shape.writeQuorum, count - element(ownDrives, set) - shape.readQuorum),
            );
            spare = Math.min(spare, ...spares);
            if (spare < 0) {
                break;
            }
        }
        if (spare >= 0 && (best === undefined || (pool === best.server.pool && spare > best.spare))) {
            best = { server: { pool, ordinal }, spare };
        }
    }
    return best?.server;
}

function connects(server: string, other: string): boolean {
    return xxh3(server + other) < xxh3(other + server);
}

/** How many drives of each erasure set these servers have. */
function drivesBySet(pool: PoolTopology, servers: ServerId[]): number[] {
    const counts = Array<number>(pool.erasureSets).fill(0);
    for (const { ordinal } of servers) {
        for (let drive = 0; drive < pool.drivesPerServer; drive++) {
            const set = erasureSetOf(pool, ordinal, drive);
            counts[set] = element(counts, set) + 1;
        }
    }
    return counts;
}
