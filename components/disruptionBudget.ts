import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { MinioClusterSpec } from "./args";
import type { Names } from "./names";
import type { Topology } from "./topology";

/**
 * Lets so many servers be drained at once as may be gone without a write failing. None is made where not even one may:
 * it could only block every drain of a node.
 */
export function createDisruptionBudget(
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    topology: Topology,
    opts: pulumi.CustomResourceOptions,
): k8s.policy.v1.PodDisruptionBudget | undefined {
    if (topology.serversThatMayFailForWrites === 0) {
        return undefined;
    }
    return new k8s.policy.v1.PodDisruptionBudget(
        names.disruptionBudget,
        {
            metadata: { name: names.disruptionBudget, namespace: spec.namespace, labels: names.labels },
            spec: {
                minAvailable: topology.servers - topology.serversThatMayFailForWrites,
                selector: { matchLabels: names.poolSelector },
            },
        },
        opts,
    );
}
