import type * as k8s from "@pulumi/kubernetes";
import { StatefulSet } from "@pulumi/kubernetes/apps/v1";
import type * as pulumi from "@pulumi/pulumi";
import { shapeOf } from "../change/shape";
import { podTemplate } from "../server/podTemplate";
import { driveNames } from "../spec/drives";
import { labelsOf, partitionAnnotation, restoreAnnotation, shapeAnnotation } from "../spec/labels";
import { type Names, poolName, poolSelector, restoreSource } from "../spec/names";
import { isGuided, type MinioClusterSpec } from "../spec/spec";

/** What a StatefulSet cannot change; the provider would delete it, all its pods with it, and make it anew. */
const fixedFields = ["metadata.name", "metadata.namespace", "spec.volumeClaimTemplates", "spec.podManagementPolicy"];

/** A pool of servers: one StatefulSet. Changes of what is fixed are left to the hook, which refuses them by the shape. */
export function createPool(
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    pool: number,
    opts: pulumi.CustomResourceOptions,
): StatefulSet {
    const name = poolName(names.cluster, pool);
    const selector = poolSelector(names, pool);
    return new StatefulSet(
        name,
        {
            metadata: {
                name,
                namespace: spec.namespace,
                labels: spec.apply((known) => labelsOf(names, known)),
                annotations: spec.apply((known) => ({
                    "pulumi.com/waitFor": waitFor(known, pool),
                    // Another field manager may have set the partition: the guided rollout does.
                    "pulumi.com/patchForce": "true",
                    [partitionAnnotation]: String(known.partition),
                    [shapeAnnotation]: JSON.stringify(shapeOf(known, pool)),
                    ...(known.restoreFrom && { [restoreAnnotation]: restoreSource(names, known) }),
                })),
            },
            spec: spec.apply((known) => ({
                serviceName: names.headlessService,
                replicas: known.pools[pool].replicas,
                podManagementPolicy: known.podManagementPolicy,
                updateStrategy: updateStrategy(known),
                persistentVolumeClaimRetentionPolicy: known.persistentVolumeClaimRetentionPolicy,
                selector: { matchLabels: selector },
                template: podTemplate(names, known, pool),
                volumeClaimTemplates: driveNames(known.pools[pool].drivesPerServer).map((drive) => ({
                    metadata: { name: drive, labels: selector },
                    spec: {
                        accessModes: ["ReadWriteOnce"],
                        storageClassName: known.pools[pool].storageClassName,
                        resources: { requests: { storage: known.pools[pool].storageSize } },
                    },
                })),
            })),
        },
        { ...opts, ignoreChanges: fixedFields },
    );
}

/** The guided rollout sets the partition step by step, so here it is left out. */
function updateStrategy(spec: MinioClusterSpec): k8s.types.input.apps.v1.StatefulSetUpdateStrategy {
    const type = spec.updateStrategy;
    return type === "OnDelete" || isGuided(spec) ? { type } : { type, rollingUpdate: { partition: spec.partition } };
}

/**
 * What the provider waits for. Its own wait needs all pods at the new revision, which a partition prevents for ever. In the
 * guided rollout, only that Kubernetes has seen the change (the provider's JSONPath wait checks `observedGeneration`); otherwise
 * that the StatefulSet has arrived where it should. A JSONPath filter is tested on each child of the object, of which only
 * `status` has these fields; the parser splits at a single `=`, hence `>` one less.
 */
export function waitFor(
    spec: Pick<MinioClusterSpec, "rollout" | "updateStrategy" | "partition" | "pools">,
    pool: number,
): string {
    if (isGuided(spec)) {
        return "jsonpath={.metadata.uid}";
    }
    const updated = spec.updateStrategy === "OnDelete" ? 0 : spec.pools[pool].replicas - spec.partition;
    const isUpdated = updated > 0 ? ` && @.updatedReplicas > ${updated - 1}` : "";
    return `jsonpath={$[?@.readyReplicas == $.spec.replicas${isUpdated}]}`;
}
