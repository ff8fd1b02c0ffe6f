import type { Kubernetes } from "../kubernetes/client";
import { contentKind, snapshotKind } from "../kubernetes/kinds";
import type { SnapshotMethod, Snapshotted, TakeOptions } from "./method";
import { membersOf, snapshotObject } from "./snapshotSet";

/** One VolumeSnapshot of each drive, which the storage takes one after another. */
export function singleSnapshots({ cluster, record, labels }: TakeOptions): SnapshotMethod {
    const { kubernetes, namespace } = cluster;
    return {
        kind: snapshotKind,
        objects: membersOf(record).map((member) => snapshotObject(record, member, namespace, labels)),
        prepare: async () => {},
        isCut: ({ metadata, status }) => isCut(kubernetes, `snapcontent-${metadata.uid}`, contentKind, status),
        isReady: async ({ status }) => status?.readyToUse === true,
        finish: async () => record,
    };
}

/**
 * A driver answers when the volume is cut, though it may still have to upload it (CreateSnapshot in the CSI specification).
 * That stands in the content first; the snapshot controller, which makes five requests in a second by default, copies it to
 * the snapshot some seconds later. The contents' names are those of `GetDynamicSnapshotContentNameForSnapshot` and `...GroupSnapshot`
 * in kubernetes-csi/external-snapshotter.
 */
export async function isCut(
    kubernetes: Kubernetes,
    content: string,
    kind: { apiVersion: string; kind: string },
    status: Snapshotted["status"],
): Promise<boolean> {
    if (status?.creationTime !== undefined) {
        return true;
    }
    // Without the right to read contents, the snapshot tells it later.
    const found = await kubernetes.read<Snapshotted>({ ...kind, metadata: { name: content } }).catch(() => undefined);
    return found?.status?.creationTime !== undefined;
}
