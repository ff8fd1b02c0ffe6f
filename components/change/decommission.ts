/** Whether a pool may leave a cluster: only when MinIO has moved all its objects to the others. Pure. */
import { both } from "../basics/both";
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
 * Why pools may not leave yet; none when MinIO has moved their objects away. It lets one go in any case, and its objects with it
 * (tried).
 */
export function departureProblems(departing: string[], statuses: PoolStatuses): string[] {
    return departing.flatMap((pattern) => {
        const status = "unknown" in statuses ? statuses.unknown : stateOf(pattern, statuses.pools);
        return status === undefined
            ? []
            : [
                  `expansionPools: the pool ${pattern} cannot leave: the objects in it would vanish, and ${status}. Put it back, run: ` +
                      `mc admin decommission start ALIAS '${pattern}'; and take it out once this says Complete: ` +
                      "mc admin decommission status ALIAS",
              ];
    });
}

/** What keeps a pool from leaving, or undefined. */
function stateOf(pattern: string, statuses: PoolStatus[]): string | undefined {
    const status = statuses.find(({ cmdline }) => cmdline === pattern);
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
