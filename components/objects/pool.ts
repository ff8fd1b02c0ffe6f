import type * as k8s from "@pulumi/kubernetes";
import { StatefulSet } from "@pulumi/kubernetes/apps/v1";
import type * as pulumi from "@pulumi/pulumi";
import { digest } from "../basics/digest";
import { element } from "../basics/element";
import { shapeOf } from "../change/shape";
import { podTemplate } from "../server/podTemplate";
import { type Cluster, type ClusterPool, claimSpec, type DeclaredCluster, type PlainPool } from "../spec/cluster";
import { labelsOf, partitionAnnotation, restoreAnnotation, shapeAnnotation, wantedAnnotation } from "../spec/labels";
import { driveNames, restoreSource } from "../spec/names";
import { metadataOf } from "./metadata";

/** What a StatefulSet cannot change; the provider would delete it, all its pods with it, and make it anew. */
const fixedFields = ["metadata.name", "metadata.namespace", "spec.volumeClaimTemplates", "spec.podManagementPolicy"];

/** A pool of servers: one StatefulSet. Changes of what is fixed are left to the hook, which refuses them by the shape. */
export function createPool(
    cluster: DeclaredCluster,
    { index, name }: PlainPool,
    opts: pulumi.CustomResourceOptions,
): StatefulSet {
    const { resolved } = cluster;
    return new StatefulSet(
        name,
        {
            metadata: {
                ...metadataOf(cluster, name),
                annotations: resolved.apply((known) => annotationsOf(known, element(known.pools, index))),
            },
            spec: resolved.apply((known) => specOf(known, element(known.pools, index))),
        },
        { ...opts, ignoreChanges: fixedFields },
    );
}

function specOf({ names, spec, guided }: Cluster, pool: ClusterPool): k8s.types.input.apps.v1.StatefulSetSpec {
    return {
        serviceName: names.headlessService,
        replicas: spec.hibernate ? 0 : pool.replicas,
        podManagementPolicy: spec.podManagementPolicy,
        updateStrategy: updateStrategy({ spec, guided }),
        persistentVolumeClaimRetentionPolicy: spec.persistentVolumeClaimRetentionPolicy,
        selector: { matchLabels: pool.selector },
        template: podTemplate(names, spec, pool.index),
        volumeClaimTemplates: driveNames(pool.drivesPerServer).map((drive) => ({
            metadata: { name: drive, labels: pool.selector, annotations: spec.persistentVolumeClaimAnnotations },
            spec: claimSpec(pool),
        })),
    };
}

/** What a StatefulSet is registered with. */
export function annotationsOf(cluster: Cluster, pool: ClusterPool): Record<string, string> {
    const { names, spec } = cluster;
    const source = restoreSource(names, spec);
    const annotations = {
        // Another field manager may have set the partition: the guided rollout does.
        "pulumi.com/patchForce": "true",
        // As it is given: Kubernetes takes one that is larger than this pool, too.
        [partitionAnnotation]: String(spec.partition),
        [shapeAnnotation]: JSON.stringify(shapeOf(spec, pool.index)),
        ...(source && { [restoreAnnotation]: source }),
    };
    const wanted = digest(JSON.stringify([labelsOf(names, spec), annotations, specOf(cluster, pool)]));
    return { ...annotations, [wantedAnnotation]: wanted, "pulumi.com/waitFor": waitFor(cluster, pool, wanted) };
}

/** The guided rollout sets the partition step by step, so here it is left out. */
function updateStrategy({
    spec,
    guided,
}: Pick<Cluster, "spec" | "guided">): k8s.types.input.apps.v1.StatefulSetUpdateStrategy {
    const type = spec.updateStrategy;
    return type === "OnDelete" || guided ? { type } : { type, rollingUpdate: { partition: spec.partition } };
}

/**
 * What the provider waits for. Its own wait needs all pods at the new revision, which a partition prevents for ever. In
 * the guided rollout, and where no server runs, only that Kubernetes has the change; otherwise that the StatefulSet has
 * arrived where it should.
 *
 * What the wait ends with goes into Pulumi's state, and the next change is compared with that (`Diff` in the provider's
 * `provider.go`). A watch may tell of the object before the change, and Kubernetes counts no generation where only
 * annotations change. So the digest has to be there. Without it, 1 of 18 such changes left the former object in the state, on a busy
 * machine: the next one was not seen.
 *
 * A JSONPath filter is tested on each child of the object, of which only `status` has these fields. The parser splits at
 * a single `=`, hence `>` one less.
 */
export function waitFor({ spec, guided }: Cluster, { replicas, partition }: ClusterPool, wanted: string): string {
    const annotation = `.metadata.annotations['${wantedAnnotation}']`;
    if (guided || spec.hibernate) {
        return `jsonpath={${annotation}}=${wanted}`;
    }
    const updated = spec.updateStrategy === "OnDelete" ? 0 : replicas - partition;
    const isReady = "@.readyReplicas == $.spec.replicas";
    // The parser takes no third condition but in parentheses.
    const hasArrived = updated > 0 ? `(${isReady} && @.updatedReplicas > ${updated - 1})` : isReady;
    return `jsonpath={$[?${hasArrived} && $${annotation} == '${wanted}']}`;
}
