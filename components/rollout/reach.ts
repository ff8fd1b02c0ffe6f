import type { ClusterState } from "./plan";

/** So long kubelet may say that servers are ready while none has answered: one that has just started may be late. */
const reachSeconds = 20;

/**
 * Notices that nobody can be asked, which no waiting mends: kubelet's probes reach the servers, and no way from here does. Once a server
 * has answered, the way is there, and silence is a fault that may pass.
 */
export class Reach {
    private isProven = false;
    private since: number | undefined;

    constructor(private readonly milliseconds = reachSeconds * 1000) {}

    /** Begins to wait anew: nothing was seen for a while. */
    reset(): void {
        this.since = undefined;
    }

    /** @throws Error that names what was tried, and what each way said */
    check({ pools }: ClusterState): void {
        const servers = pools.flatMap((pool) => pool.servers);
        this.isProven ||= servers.some(({ silence }) => silence === "");
        const unheard = servers.filter(({ ready, terminating, silence }) => ready && !terminating && silence);
        if (this.isProven || unheard.length === 0) {
            this.reset();
            return;
        }
        this.since ??= Date.now();
        if (Date.now() - this.since > this.milliseconds) {
            const [{ name, silence }] = unheard;
            throw new Error(
                "no server can be asked for its health, though Kubernetes says that these are ready: " +
                    `${unheard.map((server) => server.name).join(", ")}. Tried for ${name}: ${silence}. Open one of these ways; with ` +
                    "rollout.mode Native nothing is asked",
            );
        }
    }
}
