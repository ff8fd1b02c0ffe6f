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
