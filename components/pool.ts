import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { MinioClusterSpec } from "./args";
import { driveNames } from "./endpoints";
import type { Names } from "./names";
import { podTemplate } from "./podTemplate";
import { reshapingHooks, shapeAnnotation, shapeOf } from "./shape";

/** A pool of servers: one StatefulSet. */
export function createPool(
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    opts: pulumi.CustomResourceOptions,
): k8s.apps.v1.StatefulSet {
    return new k8s.apps.v1.StatefulSet(
        names.cluster,
        {
            metadata: {
                name: names.cluster,
                namespace: spec.namespace,
                labels: names.labels,
                annotations: spec.apply((known) => ({
                    "pulumi.com/waitFor": waitFor(known.replicas, known.partition),
                    [shapeAnnotation]: shapeOf(known),
                })),
            },
            spec: {
                serviceName: names.headlessService,
                replicas: spec.replicas,
                // Servers become ready only together: in order, the first would wait for the others for ever.
                podManagementPolicy: "Parallel",
                updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: spec.partition } },
                persistentVolumeClaimRetentionPolicy: spec.persistentVolumeClaimRetentionPolicy,
                selector: { matchLabels: names.poolSelector },
                template: spec.apply((known) => podTemplate(names, known)),
                volumeClaimTemplates: spec.apply((known) =>
                    driveNames(known.drivesPerServer).map((name) => ({
                        metadata: { name, labels: names.poolSelector },
                        spec: {
                            accessModes: ["ReadWriteOnce"],
                            storageClassName: known.storageClassName,
                            resources: { requests: { storage: known.storageSize } },
                        },
                    })),
                ),
            },
        },
        // A change of the claim templates would make the provider delete the StatefulSet, all its pods with it, and make
        // it anew. The hook refuses such a change instead, by the shape.
        { ...opts, ignoreChanges: ["spec.volumeClaimTemplates"], hooks: { beforeUpdate: reshapingHooks(names) } },
    );
}

/**
 * When the StatefulSet has arrived where it should, for the provider to wait for. Its own wait needs all pods at the new
 * revision, which a partition prevents for ever. A JSONPath filter is tested on each child of the object, of which only
 * `status` has these fields; the parser splits at a single `=`, hence `>` one less.
 */
export function waitFor(replicas: number, partition: number): string {
    const updated = replicas - partition;
    const isUpdated = updated > 0 ? ` && @.updatedReplicas > ${updated - 1}` : "";
    return `jsonpath={$[?@.readyReplicas == $.spec.replicas${isUpdated}]}`;
}
