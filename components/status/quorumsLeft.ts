/** How much may still fail, by the drives that work now. Pure. */
import { element } from "../basics/element";
import type { Topology } from "../minio/topology";
import type { Observed } from "./observed";

/** What of the erasure set that is worst off is left, for one kind of request. */
export interface Left {
    /** Drives of a set that must work. */
    quorum: number;
    /** Drives of the worst set that work, and that it has. */
    working: number;
    size: number;
    /** Any servers, so many more at the same time, may fail. Negative: the quorum is lost. */
    servers: number;
    /** Any drives, so many more; of all sets, as another one may have fewer drives to spare and more servers. */
    drives: number;
}

export interface QuorumsLeft {
    writes: Left;
    reads: Left;
    /** Whether MinIO was asked for its drives; else every drive of a server that is ready counts. */
    byDrives: boolean;
}

/** Drives that heal count as gone: they do not have everything yet. */
export function quorumsLeft(observed: Pick<Observed, "topology" | "servers" | "storage">): QuorumsLeft | undefined {
    const { topology, storage } = observed;
    if (topology === undefined) {
        return undefined;
    }
    const poolOf = (pool: number) => element(topology.pools, pool);
    const sets = workingOf(topology, observed);
    const worst = (quorumOf: (pool: number) => number): Left => {
        const all = sets.map(({ pool, working }): Left => {
            const { erasureSetSize: size, servers } = poolOf(pool);
            const quorum = quorumOf(pool);
            const drives = working - quorum;
            const lost = Math.max(1, size / servers);
            return { quorum, working, size, drives, servers: Math.floor(drives / lost) };
        });
        all.sort((one, other) => one.servers - other.servers || one.drives - other.drives);
        return { ...element(all, 0), drives: Math.min(...all.map(({ drives }) => drives)) };
    };
    return {
        writes: worst((pool) => storage?.writeQuorums[pool] ?? poolOf(pool).writeQuorum),
        reads: worst((pool) => poolOf(pool).readQuorum),
        byDrives: storage !== undefined,
    };
}

/** A zone, and what would fail without it. */
export interface ZoneLoss {
    /** Undefined: servers whose zone is not known. */
    zone?: string;
    servers: number;
    fails: "" | "writes" | "writes and reads";
}

/** @returns none where no zone is known */
export function zoneLosses({ topology, servers, storage }: Parameters<typeof quorumsLeft>[0]): ZoneLoss[] {
    const zones = [...new Set(servers.map(({ zone }) => zone))].sort();
    return zones.every((zone) => zone === undefined)
        ? []
        : zones.flatMap((zone): ZoneLoss[] => {
              const lost = new Set(servers.filter((one) => one.zone === zone).map(({ name }) => name));
              const left = quorumsLeft({
                  topology,
                  servers: servers.map((one) => (lost.has(one.name) ? { ...one, standing: "lost" } : one)),
                  storage: storage && {
                      ...storage,
                      drives: storage.drives.map((one) => (lost.has(one.server) ? { ...one, works: false } : one)),
                  },
              });
              const fails =
                  left && (left.reads.drives < 0 ? "writes and reads" : left.writes.drives < 0 ? "writes" : "");
              return fails === undefined ? [] : [{ zone, servers: lost.size, fails }];
          });
}

/** Of each erasure set, how many drives work. */
function workingOf(
    { pools }: Topology,
    { servers, storage }: Pick<Observed, "servers" | "storage">,
): { pool: number; working: number }[] {
    return pools.flatMap(({ erasureSets, erasureSetSize, servers: count }, pool) => {
        if (storage) {
            return Array.from({ length: erasureSets }, (_, set) => ({
                pool,
                working: storage.drives.filter((one) => one.pool === pool && one.set === set && one.works).length,
            }));
        }
        const away = servers.filter((one) => one.pool === pool && one.standing !== "ready").length;
        return [{ pool, working: Math.max(0, erasureSetSize - away * Math.max(1, erasureSetSize / count)) }];
    });
}

/** Bytes that objects can take up, and those of them that are free: the fullest drive of each set counts. */
export interface Capacity {
    usable: number;
    free: number;
}

/** @returns undefined where MinIO does not tell the size of any drive of some set */
export function capacityOf({ topology, storage }: Pick<Observed, "topology" | "storage">): Capacity | undefined {
    if (topology === undefined || storage === undefined) {
        return undefined;
    }
    const capacity: Capacity = { usable: 0, free: 0 };
    for (const [index, { erasureSets, readQuorum }] of topology.pools.entries()) {
        for (let set = 0; set < erasureSets; set++) {
            const drives = storage.drives.filter(
                (one) => one.pool === index && one.set === set && one.state === "ok" && one.total > 0,
            );
            if (drives.length === 0) {
                return undefined;
            }
            capacity.usable += readQuorum * Math.min(...drives.map(({ total }) => total));
            capacity.free += readQuorum * Math.min(...drives.map(({ free }) => free));
        }
    }
    return capacity;
}

/** From 0 to 1. */
export function usedShare({ usable, free }: Capacity): number {
    return usable === 0 ? 0 : 1 - free / usable;
}
