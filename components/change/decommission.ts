/** How a pool leaves a cluster: only when MinIO has moved all its objects to the others. Pure. */
import { both } from "../basics/both";
import { size } from "../basics/quantity";
import type { PoolStatus } from "../live/admin";
import type { PoolStatuses } from "../live/poolStatuses";
import { type PodTemplate, serverContainer } from "../server/podTemplate";
import { poolPatterns } from "./change";

/** The pools that a change takes out, by their arguments: the last ones, as servers are named by their pool's place. */
export function departingPools(before: PodTemplate, after: PodTemplate): string[] {
    const [old, wanted] = both(before, after, (template) => poolPatterns(serverContainer(template).args ?? []));
    return old.slice(wanted.length);
}

/**
 * Why pools may not leave yet; none when MinIO has moved their objects away. It lets one go in any case, and its
 * objects with it (tried).
 */
export function departureProblems(departing: string[], statuses: PoolStatuses): string[] {
    return departing.flatMap((pattern) => {
        const status = "unknown" in statuses ? statuses.unknown : stateOf(pattern, statuses.pools);
        return status === undefined
            ? []
            : [
                  `expansionPools: the pool ${pattern} cannot leave: the objects in it would vanish, and ${status}. Put it back with ` +
                      "decommission: true, and run pulumi up; take it out when a preview says that all its objects are moved",
              ];
    });
}

/** What keeps a pool from leaving, or undefined. */
function stateOf(pattern: string, statuses: PoolStatus[]): string | undefined {
    // The servers may have another scheme or domain than Pulumi's state, after a change that did not reach them.
    const status = statuses.find(({ cmdline }) => serversIn(cmdline) === serversIn(pattern));
    if (!status) {
        return undefined; // It has left already: an `up` that was cut off goes on.
    }
    const states = {
        running: `MinIO is still moving them (${status.decommission?.objects} are moved)`,
        failed: `MinIO could not move ${status.decommission?.objectsFailed} of them`,
        canceled: "moving them was cancelled",
        complete: undefined,
    };
    return status.decommission ? states[status.decommission.state] : "MinIO was not asked to move them";
}

/** What tells the servers of a pool from others', such as `minio-pool-1-{0`: their address up to its first dot. */
function serversIn(pattern: string): string | undefined {
    return /\/\/([^./]+)/.exec(pattern)?.[1];
}

/**
 * Why servers may not get other addresses: MinIO knows a decommission by its pool's arguments, and forgets it with
 * them. One that is still under way ends each server one time at its start (`Init` in
 * `cmd/erasure-server-pool-decom.go`).
 *
 * @param leaving the indexes of the pools that have `decommission`
 */
export function readdressProblems(before: PodTemplate, after: PodTemplate, leaving: number[]): string[] {
    const [old, wanted] = both(before, after, (template) => poolPatterns(serverContainer(template).args ?? []));
    const changed = leaving.filter((pool) => old[pool] && wanted[pool] && old[pool] !== wanted[pool]);
    const [from, to] = both(old, wanted, ([first = ""]) => /^https?:/.exec(first)?.[0]);
    const field = from === to ? "clusterDomain" : "tls";
    return changed.length === 0
        ? []
        : [
              `${field}: a change is not allowed while a pool has decommission: true (${changed.map((pool) => `expansionPools[${pool - 1}]`).join(", ")}): ` +
                  "MinIO knows the pool by its servers' addresses, and would forget what it has moved and write into the pool again. Let " +
                  "the pool leave first; where MinIO was not asked yet, set decommission after the change",
          ];
}

/** What is to be done, so that pools can leave. */
export interface Departure {
    /** The pool that MinIO is to begin with; undefined where it moves objects already, or nothing is left to move. */
    start?: string;
    /** How far each pool is, in words. */
    lines: string[];
    /** Why MinIO cannot begin. */
    problems: string[];
    /** Why it may not get to the end. Drives on one file system count what others have written too, so it is begun. */
    warnings: string[];
    /** Whether objects are still to be moved. */
    isLeft: boolean;
}

/**
 * MinIO moves the objects of one pool at a time.
 *
 * @param leaving the pools by their arguments, the first one first
 * @param pools all that MinIO knows
 */
export function departureOf(leaving: string[], pools: PoolStatus[]): Departure {
    const found = leaving.map((pattern) => ({ pattern, status: pools.find(({ cmdline }) => cmdline === pattern) }));
    const unknown = found.filter(({ status }) => status === undefined).map(({ pattern }) => pattern);
    const known = found.flatMap(({ status }) => (status === undefined ? [] : [status])).reverse();
    const stateOf = ({ decommission }: PoolStatus) => decommission?.state;
    const isBusy = pools.some((pool) => stateOf(pool) === "running");
    const open = known.filter((pool) => !["running", "complete"].includes(stateOf(pool) ?? ""));
    const next = isBusy ? undefined : open[0];
    const staying = pools.filter((pool) => !leaving.includes(pool.cmdline) && pool.decommission === undefined);
    const free = staying.reduce((sum, { freeSize }) => sum + freeSize, 0);
    const used = next ? next.totalSize - next.freeSize : 0;
    const problems = unknown.map(
        (pattern) => `MinIO has no pool ${pattern}, but ${pools.map(({ cmdline }) => cmdline).join(", ")}`,
    );
    const warnings =
        next && used > free
            ? [
                  `the other pools have room for ${size(free)}, and ${size(used)} of ${next.cmdline} are used: MinIO may not move all of it. ` +
                      "Delete what is not needed, or let the other pools grow; drives on one file system count all that is on it",
              ]
            : [];
    return {
        start: problems.length > 0 ? undefined : next?.cmdline,
        lines: known.map((pool) => {
            const moves = `MinIO moves ${size(pool.totalSize - pool.freeSize)} from it to the other pools, which have room for ${size(free)}`;
            return `${pool.cmdline}: ${toldState(pool, pool === next ? moves : "MinIO moves its objects after those of another pool")}`;
        }),
        problems,
        warnings,
        isLeft: unknown.length > 0 || known.some((pool) => stateOf(pool) !== "complete"),
    };
}

/** @param begins what is said of a pool whose objects are not moved yet */
function toldState({ decommission }: PoolStatus, begins: string): string {
    const { objects = 0, bytes = 0, objectsFailed = 0 } = decommission ?? {};
    const moved = `${objects} objects (${size(bytes)}) are moved`;
    switch (decommission?.state) {
        case undefined:
            return begins;
        case "running":
            return `${moved}, ${objectsFailed} could not be; MinIO goes on`;
        case "complete":
            return "all its objects are moved: take the pool out of expansionPools, and run pulumi up";
        case "failed":
            return `${moved}, and ${objectsFailed} could not be; the log of its first server says why. Once more: ${begins}`;
        case "canceled":
            return `somebody cancelled it. Once more: ${begins}`;
    }
}
