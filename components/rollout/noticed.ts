/** What is noticed only by looking at the servers again and again. Pure, but for the clock. */
import type { ClusterState, ServerState } from "./plan";

/**
 * Notices whether a rollout gets on: a server comes further with its revision than it ever came in this rollout. One
 * that comes and goes, or whose pod is made again and again, gets nowhere.
 */
export class Progress {
    private readonly reached = new Set<string>();

    /** Whether something was reached for the first time. */
    check({ pools }: ClusterState): boolean {
        const before = this.reached.size;
        for (const server of pools.flatMap(({ servers }) => servers)) {
            for (const what of reachedBy(server)) {
                this.reached.add(`${server.name} ${server.revision} ${what}`);
            }
        }
        return this.reached.size > before;
    }
}

function reachedBy({ uid, terminating, answers, initialised, ready }: ServerState): string[] {
    return Object.entries({ exists: uid !== undefined, terminating, answers, initialised, ready })
        .filter(([, isSo]) => isSo)
        .map(([what]) => what);
}

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

/** So long kubelet may say that servers are ready while none has answered: one that has just started may be late. */
const reachSeconds = 20;

/**
 * Notices that nobody can be asked, which no waiting mends: kubelet's probes reach the servers, and no way from here does. Once a server
 * has answered, the way is there, and silence is a fault that may pass.
 */
export class Reach {
    private isProven = false;
    private since: number | undefined;
    /** Who was silent first: not the same one is asked each time. */
    private first: ServerState | undefined;

    constructor(private readonly milliseconds = reachSeconds * 1000) {}

    /** Begins to wait anew: nothing was seen for a while. */
    reset(): void {
        this.since = undefined;
        this.first = undefined;
    }

    /** @throws Error that names what was tried, and what each way said */
    check({ pools }: ClusterState): void {
        const servers = pools.flatMap((pool) => pool.servers);
        this.isProven ||= servers.some(({ silence }) => silence === "");
        const ready = servers.filter((server) => server.ready && !server.terminating);
        const unheard = ready.find(({ silence }) => silence);
        if (this.isProven || unheard === undefined) {
            this.reset();
            return;
        }
        this.since ??= Date.now();
        this.first ??= unheard;
        if (Date.now() - this.since > this.milliseconds) {
            const { name, silence } = this.first;
            throw new Error(
                "no server can be asked for its health, though Kubernetes says that these are ready: " +
                    `${ready.map((server) => server.name).join(", ")}. Tried for ${name}: ${silence}. Open one of these ways; with ` +
                    "rollout.mode Native nothing is asked",
            );
        }
    }
}
