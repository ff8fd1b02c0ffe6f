/** A set that the storage cuts as one: a VolumeGroupSnapshot, of which Kubernetes makes a VolumeSnapshot of each drive. */
import { element } from "../basics/element";
import type { Kubernetes } from "../kubernetes/client";
import { claimKind, contentKind, groupKind, snapshotKind } from "../kubernetes/kinds";
import { claimAnnotation, setIdLabel } from "../spec/labels";
import { recordName } from "../spec/names";
import type { SnapshotMethod, TakeOptions, VolumeSnapshot } from "./method";
import { isCut } from "./singleSnapshots";
import { membersOf, originOf, type SetRecord } from "./snapshotSet";

/**
 * The VolumeGroupSnapshot of a set. Its controller looks at `matchLabels` only, so the drives are labelled with the set's id before: by the
 * cluster's own labels alone, the claims of a pool that was removed would be in it. A set of an earlier version stays as it was made.
 */
export function groupObject(
    record: SetRecord,
    namespace: string,
    labels: Record<string, string>,
    selector: Record<string, string>,
) {
    return {
        apiVersion: record.group ?? "",
        kind: groupKind,
        metadata: {
            name: recordName(record.cluster, record.set),
            namespace,
            labels: { ...labels },
        },
        spec: {
            volumeGroupSnapshotClassName: record.className,
            source: { selector: { matchLabels: { ...selector, ...(record.id && { [setIdLabel]: record.id }) } } },
        },
    };
}

/** All drives by one call of the storage. */
export function groupSnapshot({ cluster, record, labels, warn }: TakeOptions): SnapshotMethod {
    const { kubernetes, namespace, selector } = cluster;
    const object = groupObject(record, namespace, labels, selector);
    const groupContentKind = { apiVersion: object.apiVersion, kind: "VolumeGroupSnapshotContent" };
    const members = async (uid?: string) => {
        const all = await kubernetes.list<VolumeSnapshot>(snapshotKind, namespace);
        return all.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid));
    };
    return {
        kind: { apiVersion: object.apiVersion, kind: groupKind },
        objects: [object],
        async prepare() {
            for (const { claim } of membersOf(record)) {
                const reference = { ...claimKind, metadata: { name: claim, namespace } };
                await kubernetes.patch(reference, { metadata: { labels: { [setIdLabel]: record.id } } });
            }
        },
        isCut: ({ metadata, status }) =>
            isCut(kubernetes, `groupsnapcontent-${metadata.uid}`, groupContentKind, status),
        isReady: async ({ metadata, status }) =>
            status?.readyToUse === true &&
            withMembers(record, await members(metadata.uid)).every((member) => member?.status?.readyToUse),
        async finish(objects) {
            const { metadata } = element(objects, 0);
            const snapshots: Record<string, string> = {};
            const untold: string[] = [];
            for (const member of await members(metadata.uid)) {
                const claim = member.spec?.source?.persistentVolumeClaimName ?? "";
                snapshots[claim] = member.metadata.name;
                await tell(kubernetes, record, claim, member).catch((error: Error) => untold.push(error.message));
            }
            if (untold.length > 0) {
                warn(
                    `the set '${record.set}' could not be found again if its namespace were lost, as what the storage has of it ` +
                        `cannot be labelled (patch volumesnapshotcontents in the whole Kubernetes cluster): ${untold[0]}`,
                );
            }
            return { ...record, snapshots };
        },
    };
}

/** The snapshot of each drive; undefined where there is none yet. Pure. */
export function withMembers(record: SetRecord, members: VolumeSnapshot[]): (VolumeSnapshot | undefined)[] {
    const byClaim = new Map(members.map((member) => [member.spec?.source?.persistentVolumeClaimName, member]));
    return membersOf(record).map(({ claim }) => byClaim.get(claim));
}

/** Says on what Kubernetes made which set and which drive it is of. On the content, too: it outlives a lost namespace. */
async function tell(kubernetes: Kubernetes, record: SetRecord, claim: string, member: VolumeSnapshot): Promise<void> {
    const labels = originOf(record);
    await kubernetes.patch({ ...snapshotKind, metadata: member.metadata }, { metadata: { labels } });
    const content = { ...contentKind, metadata: { name: member.status?.boundVolumeSnapshotContentName ?? "" } };
    await kubernetes.patch(content, { metadata: { labels, annotations: { [claimAnnotation]: claim } } });
}
