import type { AnyObject, Kubernetes } from "../kubernetes";
import { type Freezable, whileFrozen } from "./freeze";
import {
    contentKind,
    membersOf,
    recordName,
    recordObject,
    type SetRecord,
    setLabel,
    snapshotKind,
    snapshotObject,
} from "./snapshotSet";

/** A VolumeSnapshot, as far as it is looked at. */
export interface VolumeSnapshot extends AnyObject {
    spec?: { source?: { persistentVolumeClaimName?: string } };
    status?: {
        /** When the storage cut it: from then on, changes of the volume do not get into it. */
        creationTime?: string | Date;
        readyToUse?: boolean;
        restoreSize?: string;
        boundVolumeSnapshotContentName?: string;
        error?: { message?: string };
    };
}

export interface TakeOptions {
    cluster: Freezable;
    record: SetRecord;
    /** Labels of everything that belongs to the set. */
    labels: Record<string, string>;
    freezeTimeoutSeconds: number;
    /** How long the storage may take, after the cut, until the snapshots can be used, in seconds. */
    readyTimeoutSeconds: number;
    say: (text: string) => void;
    warn: (text: string) => void;
}

const pollMilliseconds = 100;

/**
 * Takes a set: all snapshots at one point in time, and at last its record, which says that it is whole. A set without one
 * is what an interrupted program left, and is taken anew.
 *
 * @throws Error when it cannot be taken; nothing of it is left then, and the cluster is thawed
 */
export async function takeSet(options: TakeOptions): Promise<void> {
    const { cluster, record, labels, freezeTimeoutSeconds, say } = options;
    const { kubernetes, namespace } = cluster;
    const { set, consistency } = record;
    await removeLeftovers(cluster, record);
    await mark(cluster, set);
    const count = membersOf(record).length;
    try {
        const cut = (deadline: number) => cutAll(options, deadline);
        if (consistency === "Frozen") {
            say(`set ${set}: freezes requests to snapshot ${count} drives`);
            const { frozen, draining } = await whileFrozen(cluster, set, freezeTimeoutSeconds, cut, options.warn);
            say(
                `set ${set}: ${count} drives at one point in time; requests waited up to ${seconds(frozen)} s, of which ` +
                    `${seconds(draining)} s for those under way before`,
            );
        } else {
            await cut(performance.now() + freezeTimeoutSeconds * 1000);
        }
        const ready = performance.now() + options.readyTimeoutSeconds * 1000;
        await until(options, ready, "readyToUse", ({ status }) => status?.readyToUse === true);
        await kubernetes.create(recordObject(record, namespace, labels));
    } catch (error) {
        await removeMembers(kubernetes, namespace, record);
        throw error;
    } finally {
        await mark(cluster, null);
    }
}

/** Annotation of the first pool's StatefulSet while a set is taken: which one. */
const takingAnnotation = "minio-cluster/taking-set";

async function mark({ kubernetes, namespace, statefulSet }: Freezable, set: string | null): Promise<void> {
    const reference = { apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name: statefulSet, namespace } };
    await kubernetes.patch(reference, { metadata: { annotations: { [takingAnnotation]: set } } });
}

/** Deletes what an interrupted program left of a set; but not a whole set of which only the record is lost. */
async function removeLeftovers({ kubernetes, namespace, statefulSet }: Freezable, record: SetRecord): Promise<void> {
    const there = await membersThere(kubernetes, namespace, record);
    const annotations = (await kubernetes.statefulSet(namespace, statefulSet))?.metadata?.annotations;
    if (there.length > 0 && annotations?.[takingAnnotation] !== record.set) {
        throw new Error(
            `there are snapshots of such a set already (${there.map(({ metadata }) => metadata.name).join(", ")}), and its ` +
                `record, the ConfigMap ${recordName(record.cluster, record.set)}, is not: delete them, or use another name`,
        );
    }
    await removeMembers(kubernetes, namespace, record);
}

async function cutAll(options: TakeOptions, deadline: number): Promise<void> {
    const { cluster, record, labels } = options;
    const objects = membersOf(record).map((member) => snapshotObject(record, member, cluster.namespace, labels));
    await Promise.all(objects.map((object) => cluster.kubernetes.create(object)));
    await until(options, deadline, "cut", (snapshot) => isCut(cluster.kubernetes, snapshot));
}

/**
 * A driver answers when the volume is cut, though it may still have to upload it (CreateSnapshot in the CSI specification).
 * That stands in the content first; the snapshot controller, which makes five requests in a second by default, copies it to
 * the snapshot some seconds later. The content's name is that of `GetDynamicSnapshotContentNameForSnapshot` in
 * kubernetes-csi/external-snapshotter.
 */
async function isCut(kubernetes: Kubernetes, { metadata, status }: VolumeSnapshot): Promise<boolean> {
    if (status?.creationTime !== undefined) {
        return true;
    }
    const content = { ...contentKind, metadata: { name: `snapcontent-${metadata.uid}` } };
    // Without the right to read contents, the snapshot tells it later.
    const found = await kubernetes.read<VolumeSnapshot>(content).catch(() => undefined);
    return found?.status?.creationTime !== undefined;
}

/** Waits until all snapshots of the set are so far. */
async function until(
    { cluster, record, say }: TakeOptions,
    deadline: number,
    what: string,
    isSo: (snapshot: VolumeSnapshot) => boolean | Promise<boolean>,
): Promise<void> {
    for (;;) {
        const snapshots = await membersThere(cluster.kubernetes, cluster.namespace, record);
        const so = await Promise.all(snapshots.map(isSo));
        const done = new Set(snapshots.filter((_, index) => so[index]).map(({ metadata }) => metadata.name));
        const late = membersOf(record).filter(({ snapshot }) => !done.has(snapshot));
        if (late.length === 0) {
            return;
        }
        if (performance.now() > deadline) {
            const why = snapshots.flatMap(({ status }) => status?.error?.message ?? []);
            throw new Error(
                `these snapshots are not ${what} in time: ${late.map(({ snapshot }) => snapshot).join(", ")}. ${why.join("; ")}`,
            );
        }
        if (what === "readyToUse") {
            say(`set ${record.set}: waits until ${late.length} snapshots are ready to use`);
        }
        await pause();
    }
}

async function membersThere(kubernetes: Kubernetes, namespace: string, record: SetRecord): Promise<VolumeSnapshot[]> {
    const names = new Set(membersOf(record).map(({ snapshot }) => snapshot));
    const found = await kubernetes.list<VolumeSnapshot>(snapshotKind, namespace, { [setLabel]: record.set });
    return found.filter(({ metadata }) => names.has(metadata.name));
}

/** Deletes what is there of a set, and waits until it is gone. */
async function removeMembers(kubernetes: Kubernetes, namespace: string, record: SetRecord): Promise<void> {
    const deadline = performance.now() + 60_000;
    for (;;) {
        const left = await membersThere(kubernetes, namespace, record);
        if (left.length === 0) {
            return;
        }
        if (performance.now() > deadline) {
            throw new Error(`${left.map(({ metadata }) => metadata.name).join(", ")} cannot be deleted`);
        }
        const present = left.filter(({ metadata }) => !metadata.deletionTimestamp);
        await Promise.all(present.map(({ metadata }) => kubernetes.remove({ ...snapshotKind, metadata })));
        await pause();
    }
}

function seconds(milliseconds: number): string {
    return (milliseconds / 1000).toFixed(1);
}

function pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
}
