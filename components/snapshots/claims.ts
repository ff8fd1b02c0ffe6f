/** Claims that begin with what a set of snapshots has. The StatefulSets adopt them by their names. */

import { createHash } from "node:crypto";
import { element } from "../basics/element";
import type { AnyObject, Kubernetes } from "../kubernetes/client";
import { claimKind, contentKind, snapshotKind } from "../kubernetes/kinds";
import { type Cluster, claimSpec } from "../spec/cluster";
import {
    endedAnnotation,
    restoredAnnotation,
    restoredAtAnnotation,
    restoredSetAnnotation,
    restoringAnnotation,
    restoringSetAnnotation,
    restoringSinceAnnotation,
} from "../spec/labels";
import type { DrivePosition } from "../spec/names";
import type { FoundSet, FoundSnapshot, VolumeSnapshotContent } from "./findSet";

/** A drive to restore: where its claim gets its data from. */
export interface RestoredDrive {
    position: DrivePosition;
    claim: string;
    /** The claim of this drive in the cluster that the set was taken of. */
    source: string;
}

/** A restore, as far as it is decided by the arguments. */
export interface Restore {
    cluster: Cluster;
    /** `<namespace>/<cluster>/<set>`, with the set's id where it is given, as in the claims' annotation. */
    source: string;
    sourceNamespace: string;
    drives: RestoredDrive[];
}

/** From where a claim has its data. */
export interface ClaimOrigin {
    /** As `Restore.source`; undefined for data of its own. */
    source?: string;
    /** Id of the set. An earlier version wrote none. */
    set?: string;
    /** Of which source a restore has ended. */
    ended?: string;
    /** When the restore in place began that made it. */
    since?: string;
    /** The restore that was begun and is to replace it. */
    begun?: Begun;
}

/** A restore in place that was begun and not ended. */
export interface Begun {
    source: string;
    /** As of `ClaimOrigin`. */
    set?: string;
    since?: string;
}

/** What is there of a cluster before it is restored. */
export interface Present {
    /** Whether the StatefulSet of the first pool is there. */
    statefulSet: boolean;
    /** The source that this one was made to be restored from, as it is before this change. */
    asks?: string;
    /** Of each drive's claim that is there. */
    claims: Map<string, ClaimOrigin>;
    begun?: Begun;
}

/** Does some work again when the Kubernetes API was away, too busy, or had a conflict meanwhile. */
export type Patience = <T>(work: () => Promise<T>) => Promise<T>;

/** What an object says of a restore in place that was begun: the first StatefulSet, or a claim that it left. */
export function begunBy(annotations: Record<string, string> = {}): Begun | undefined {
    const source = annotations[restoringAnnotation];
    return source === undefined
        ? undefined
        : { source, set: annotations[restoringSetAnnotation], since: annotations[restoringSinceAnnotation] };
}

export function originOfClaim({ metadata: { annotations = {} } }: AnyObject): ClaimOrigin {
    return {
        begun: begunBy(annotations),
        source: annotations[restoredAnnotation],
        set: annotations[restoredSetAnnotation],
        ended: annotations[endedAnnotation],
        since: annotations[restoredAtAnnotation],
    };
}

/** Whether a claim has the data of the set already. */
export function isRestored(claim: AnyObject, { source }: Restore, { id }: FoundSet): boolean {
    const origin = originOfClaim(claim);
    return origin.source === source && (origin.set === undefined || origin.set === id);
}

/** Whether the claims can name the snapshots of the set as they are. */
export function isHere({ sourceNamespace, cluster }: Restore, { isPresent }: FoundSet): boolean {
    return isPresent && sourceNamespace === cluster.spec.namespace;
}

/**
 * Makes a claim from a snapshot of a set, which it brings into the namespace where it is not there.
 *
 * @param since when a restore in place began
 */
export async function createClaim(
    kubernetes: Kubernetes,
    restored: Restore,
    found: FoundSet,
    claim: string,
    since?: string,
): Promise<void> {
    const drive = restored.drives.find((one) => one.claim === claim) as RestoredDrive;
    const there = found.drives.get(drive.source) as FoundSnapshot;
    const snapshot = isHere(restored, found)
        ? there.snapshot
        : await bringSnapshot(kubernetes, restored.cluster.spec.namespace, there);
    const wanted = claimObject(restored, drive, snapshot, found.id, since);
    await kubernetes.create(wanted);
    // One that was there already is left as it is.
    const made = await kubernetes.read(wanted);
    if (made === undefined || made.metadata.deletionTimestamp || !isRestored(made, restored, found)) {
        throw new Error(
            `the claim ${claim} ` +
                `${made ? "was made by somebody else, or is being deleted" : "was deleted by somebody else"} while ` +
                "it was restored: find out by whom, delete it, and run pulumi up again",
        );
    }
}

/**
 * Makes a snapshot of the storage system known in a namespace. It is kept by the storage system when it is deleted
 * here: it belongs to the set. Its name tells what of the storage it is: an earlier restore may have left one of a set
 * of the same name.
 */
async function bringSnapshot(
    kubernetes: Kubernetes,
    namespace: string,
    { snapshot, driver, snapshotHandle }: FoundSnapshot,
): Promise<string> {
    if (!snapshotHandle) {
        throw new Error(`the storage system has no snapshot ${snapshot}`);
    }
    const handle = createHash("sha256")
        .update(JSON.stringify([driver, snapshotHandle]))
        .digest("hex");
    const name = `restored-${snapshot}-${handle.slice(0, 10)}`;
    const brought = { ...snapshotKind, metadata: { name, namespace } };
    const there = await kubernetes.read<AnyObject>(brought);
    if (there?.metadata.deletionTimestamp) {
        throw new Error(
            `the VolumeSnapshot ${name}, which an earlier restore has brought, is being deleted: run pulumi up ` +
                "again when it is gone",
        );
    }
    if (there) {
        return name;
    }
    const contentName = await unboundName(kubernetes, `${namespace}-${name}`);
    await kubernetes.create({
        ...contentKind,
        metadata: { name: contentName },
        spec: {
            deletionPolicy: "Retain",
            driver,
            source: { snapshotHandle },
            volumeSnapshotRef: { name, namespace },
        },
    } as AnyObject);
    await kubernetes.create({
        ...brought,
        spec: { source: { volumeSnapshotContentName: contentName } },
    } as AnyObject);
    return name;
}

/**
 * Of a content that an earlier restore left, and whose snapshot was deleted: it is bound to that, and takes no other.
 * One that is being deleted takes none either.
 */
async function unboundName(kubernetes: Kubernetes, name: string): Promise<string> {
    const there = await kubernetes.read<VolumeSnapshotContent>({ ...contentKind, metadata: { name } });
    const uid = there?.metadata.deletionTimestamp ? there.metadata.uid : there?.spec.volumeSnapshotRef.uid;
    return uid === undefined ? name : unboundName(kubernetes, `${name}-${uid.slice(0, 8)}`);
}

/** The claim as the StatefulSet would make it, and with the data of a snapshot. */
export function claimObject(
    { cluster, source }: Restore,
    { position, claim }: RestoredDrive,
    snapshot: string,
    set: string,
    since?: string,
) {
    const pool = element(cluster.pools, position.pool);
    return {
        ...claimKind,
        metadata: {
            name: claim,
            namespace: cluster.spec.namespace,
            labels: pool.selector,
            annotations: {
                ...cluster.spec.persistentVolumeClaimAnnotations,
                [restoredAnnotation]: source,
                [restoredSetAnnotation]: set,
                ...(since && { [restoredAtAnnotation]: since }),
            },
        },
        spec: {
            ...claimSpec(pool),
            dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: snapshotKind.kind, name: snapshot },
        },
    };
}
