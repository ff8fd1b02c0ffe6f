/**
 * All labels and annotations of the component. When you add one, say here what it means, which objects have it, and who
 * sets it: the program, by what it registers, or the component itself, during an `up`. Pure.
 */
import type { Names } from "./names";
import type { MinioClusterSpec } from "./spec";

/** Annotations with this prefix tell the component how its objects were made. No argument may set one. */
export const ownAnnotations = "minio-cluster/";

/** The labels of every object of every cluster. */
export const labelsOfAll = { "app.kubernetes.io/name": "minio" };

/** The labels of every object of a cluster, which say whose it is. */
export function labelsOfCluster(names: Names): Record<string, string> {
    return { ...names.selector, ...labelsOfAll, "app.kubernetes.io/instance": names.cluster };
}

/** The labels of every object: the user's own, and those that say whose it is. */
export function labelsOf(names: Names, spec: Pick<MinioClusterSpec, "labels">): Record<string, string> {
    return { ...spec.labels, ...labelsOfCluster(names) };
}

/** Of nodes, by Kubernetes or whoever runs it; from 1.35 on, Kubernetes copies it to each pod that it places. */
export const zoneLabel = "topology.kubernetes.io/zone";

/** On the record and the Secrets of a MinioAccess: which one, by `markOf`. Those of the cluster's own have none. */
export const accessLabel = "minio-cluster/access";

/** On the record of a MinioAccess: whose it is, see `ownerOf`. */
export const ownerAnnotation = "minio-cluster/declared-by";

// On StatefulSets, by the program.

/** What of a pool is fixed, so that a change of it is seen. */
export const shapeAnnotation = "minio-cluster/shape";

/** The partition that the user wants. */
export const partitionAnnotation = "minio-cluster/partition";

/** The set that its drives are restored from. The restore is over when it is registered. */
export const restoreAnnotation = "minio-cluster/restore-from";

/** Digest of all that the program wants of it, by which the provider knows that it sees the object as it is now. */
export const wantedAnnotation = "minio-cluster/wanted";

// On pods, by the program.

/** It changes with the root credentials: all servers must then restart together. */
export const credentialsAnnotation = "minio-cluster/credentials";

/**
 * Digests of what the servers read from Secrets and ConfigMaps, by variable, as JSON: another value is a change of the
 * pods.
 */
export const valuesAnnotation = "minio-cluster/values";

// On Services, by the program.

/** Which of the Services it is, for a ServiceMonitor to select: all have the same other labels. */
export const serviceLabel = "minio-cluster/service";

// On the StatefulSet of the first pool, by the component while it works, so that the next run knows what an interrupted
// one has left.

/** While the cluster is frozen: the set that is taken, or else in words what for. */
export const frozenAnnotation = "minio-cluster/frozen-for";

/** What the note says, in words. No name of a set has a space. */
export function frozenForWhat(note: string): string {
    return note.includes(" ") ? note : `the set '${note}'`;
}

/** While a set is taken: which one. */
export const takingAnnotation = "minio-cluster/taking-set";

/** The pools that MinIO was last told to move objects between. It stays. */
export const rebalancedAnnotation = "minio-cluster/rebalanced-pools";

/**
 * While its cluster goes back to a set: from where, see `restoreSource`. Each claim that is still to be replaced has it,
 * too, as a destroy leaves nothing else.
 */
export const restoringAnnotation = "minio-cluster/restoring";

/** Beside it, the id of the set, and when the restore began. */
export const restoringSetAnnotation = "minio-cluster/restoring-set";
export const restoringSinceAnnotation = "minio-cluster/restoring-since";

/** The whole note of a restore that goes on. */
export const restoringAnnotations = [restoringAnnotation, restoringSetAnnotation, restoringSinceAnnotation];

// On what belongs to a set of snapshots, by the component when it takes the set. The program then registers the same.

/** The set's name. */
export const setLabel = "minio-cluster/snapshot-set";

/**
 * The set's own id, which no other set has: a name may be used again, and what the storage kept of the earlier set of
 * that name must not get into a restore of the later one. Single snapshots have it in their names too, which outlive a
 * lost namespace.
 */
export const setIdLabel = "minio-cluster/snapshot-set-id";

/**
 * Of the VolumeSnapshotContents of a group, as their names tell nothing: the claim that each was taken of, and the
 * cluster.
 */
export const claimAnnotation = "minio-cluster/snapshot-of";
export const clusterLabel = "minio-cluster/snapshots-of";

// On claims, by the component.

/** Of a claim that was made from a set: which one, by its name. */
export const restoredAnnotation = "minio-cluster/restored-from";

/** Of such a claim: the id of the set. The same name may stand for another set a day later. */
export const restoredSetAnnotation = "minio-cluster/restored-set";

/** Of such a claim, in place: when the restore began. */
export const restoredAtAnnotation = "minio-cluster/restored-at";

/** Of every claim of a cluster that runs: the restore from this source has ended, and is never done again. */
export const endedAnnotation = "minio-cluster/restore-ended";

/** All that a claim says of a restore that has reached it. */
export const restoredAnnotations = [restoredAnnotation, restoredSetAnnotation, restoredAtAnnotation, endedAnnotation];

// On volumes, by the component.

/**
 * Of a volume that a restore replaced: the namespace and the component whose drive it was, and when the restore began.
 */
export const replacedLabels = {
    namespace: "minio-cluster/replaced-in",
    cluster: "minio-cluster/replaced-of",
    since: "minio-cluster/replaced-at",
};

/** Labels by which the component and the StatefulSet find the servers. No argument may set one. */
export const ownLabels = [
    "app",
    "pool",
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    serviceLabel,
    accessLabel,
    "controller-revision-hash",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
];
