import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import type * as pulumi from "@pulumi/pulumi";
import type { DisruptionBudget } from "../spec/args";
import { budgetOf, type DeclaredCluster, type PlainPool } from "../spec/cluster";
import { metadataOf } from "./metadata";

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
