import type { Kubernetes } from "../kubernetes/client";
import type { ClusterState, Restart } from "./plan";

/**
 * So long a budget may say no while every server is ready: its controller counts a server that has become ready within
 * a second or two.
 */
const lateSeconds = 10;

/**
 * Evicts servers, so that a restart and the drain of a node cannot take two at the same time: both ask the disruption
 * budget, which counts.
 *
 * A budget that says no although every server is ready would stop every rollout, as one that lets none go, or a second
 * one. It is passed.
 */
export class Budget {
    private refusedSince: number | undefined;

    constructor(private readonly milliseconds = lateSeconds * 1000) {}

    /** @returns why a server may not go now; nothing when it ends; undefined when the budget is to be passed */
    async evict(
        kubernetes: Kubernetes,
        namespace: string,
        { name, uid }: Restart,
        { pools }: ClusterState,
    ): Promise<string | undefined> {
        const refusal = await kubernetes.evictPod(namespace, name, uid);
        const areAllReady = pools.every(({ servers }) =>
            servers.every(({ ready, terminating }) => ready && !terminating),
        );
        if (refusal === "" || !areAllReady) {
            this.refusedSince = undefined;
            return refusal;
        }
        this.refusedSince ??= Date.now();
        if (Date.now() - this.refusedSince <= this.milliseconds) {
            return refusal;
        }
        this.refusedSince = undefined;
        return undefined;
    }
}
