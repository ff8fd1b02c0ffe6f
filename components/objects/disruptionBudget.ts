import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import type * as pulumi from "@pulumi/pulumi";
import type { PoolTopology } from "../minio/topology";
import type { DisruptionBudget } from "../spec/args";
import { labelsOf } from "../spec/labels";
import { type Names, poolName, poolSelector } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";

/** What a budget of a pool asks for; undefined when there is to be none. Pure. */
export function budgetOf(
    { servers, serversThatMayFailForWrites }: PoolTopology,
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
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    pool: number,
    topology: PoolTopology,
    args: DisruptionBudget | undefined,
    opts: pulumi.CustomResourceOptions,
): PodDisruptionBudget | undefined {
    const budget = budgetOf(topology, args);
    const name = `${poolName(names.cluster, pool)}-pdb`;
    return (
        budget &&
        new PodDisruptionBudget(
            name,
            {
                metadata: { name, namespace: spec.namespace, labels: spec.apply((known) => labelsOf(names, known)) },
                spec: { ...budget, selector: { matchLabels: poolSelector(names, pool) } },
            },
            opts,
        )
    );
}
