import type { ClusterState, ServerState } from "./plan";

/**
 * So long an updated server must have been ready, by what was seen here, before another one follows, in seconds. It has
 * settled for 17 s by then without requests (probes.ts); and 1 to 2 s after it became ready the Services lead to it, so
 * that it has had requests for a while.
 */
const steadySeconds = 3;

/**
 * Remembers since when servers have been ready. This machine's clock may differ from Kubernetes', so only its own is
 * asked.
 */
export class Steadiness {
    private since: Map<string, number> | undefined;

    constructor(private readonly milliseconds = steadySeconds * 1000) {}

    /** Sets `steady`. What is ready at the first look is: a rollout before this one has waited for it. */
    look({ pools }: ClusterState): void {
        const servers = pools.flatMap((pool) => pool.servers);
        const now = Date.now();
        const seen = new Map(
            servers.filter(isReady).map((server): [string, number] => {
                const key = keyOf(server);
                return [key, this.since ? (this.since.get(key) ?? now) : Number.NEGATIVE_INFINITY];
            }),
        );
        this.since = seen;
        for (const server of servers) {
            server.steady = now - (seen.get(keyOf(server)) ?? now) >= this.milliseconds;
        }
    }
}

const keyOf = ({ name, uid }: ServerState) => `${name} ${uid}`;
const isReady = ({ ready, terminating }: ServerState) => ready && !terminating;
