import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import type * as pulumi from "@pulumi/pulumi";
import type { PoolLayout } from "../minio/topology";
import type { DisruptionBudget } from "../spec/args";
import type { DeclaredCluster, PlainPool } from "../spec/cluster";
import { metadataOf } from "./metadata";

/** What a budget of a pool asks for; undefined when there is to be none. Pure. */
export function budgetOf(
    { servers, serversThatMayFailForWrites }: PoolLayout,
    { enabled = true, minAvailable, maxUnavailable }: DisruptionBudget = {},
): { minAvailable?: number; maxUnavailable?: number } | undefined {
    // Where no server may be missed, a budget could only block every drain of a node.
    if (!enabled || serversThatMayFailForWrites === 0) {
        return undefined;
    }
    if (maxUnavailable !== undefined) {
        return { maxUnavailable };
    }
    return { minAvailable: minAvailable ?? servers - serversThatMayFailForWrites };
}

/** Lets so many servers of a pool be drained at once as may be gone without a write failing. */
export function createDisruptionBudget(
    cluster: DeclaredCluster,
    pool: PlainPool,
    args: DisruptionBudget | undefined,
    opts: pulumi.CustomResourceOptions,
): PodDisruptionBudget | undefined {
    const budget = budgetOf(pool.topology, args);
    const name = `${pool.name}-pdb`;
    return (
        budget &&
        new PodDisruptionBudget(
            name,
            {
                metadata: metadataOf(cluster, name),
                spec: { ...budget, selector: { matchLabels: pool.selector } },
            },
            opts,
        )
    );
}
