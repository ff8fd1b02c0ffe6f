import type { AnyObject, Kubernetes } from "../kubernetes";
import {
    configMapKind,
    contentKind,
    membersOf,
    parseRecord,
    poolsOfSnapshots,
    type RecordedPool,
    recordName,
    snapshotKind,
} from "./snapshotSet";
import type { VolumeSnapshot } from "./takeSet";

/** What the storage system has of a snapshot. */
interface VolumeSnapshotContent extends AnyObject {
    spec: { driver: string; volumeSnapshotRef: { name: string; namespace: string } };
    status?: { snapshotHandle?: string; restoreSize?: number };
}

/** Which set is wanted. */
export interface SoughtSet {
    set: string;
    cluster: string;
    namespace: string;
}

/** A set that can be restored. */
export interface FoundSet {
    set: string;
    pools: RecordedPool[];
    /** Of each snapshot, by its name, what a claim in another namespace needs of it. */
    contents: Map<string, { driver: string; snapshotHandle: string }>;
    /** Whether the snapshots themselves are in their namespace, so that a claim there can name them. */
    isPresent: boolean;
}

/**
 * Finds a set by its record; or, when its namespace was lost, by what is left of its snapshots in the storage system.
 *
 * @throws Error that says what is missing
 */
export async function findSet(kubernetes: Kubernetes, sought: SoughtSet): Promise<FoundSet> {
    const { set, cluster, namespace } = sought;
    const metadata = { name: recordName(cluster, set), namespace };
    const record = parseRecord(await kubernetes.read({ ...configMapKind, metadata }));
    const left = (await kubernetes.list<VolumeSnapshotContent>(contentKind)).filter(
        ({ spec }) => spec.volumeSnapshotRef.namespace === namespace,
    );
    const sizes = new Map(left.map(({ spec, status }) => [spec.volumeSnapshotRef.name, status?.restoreSize ?? 0]));
    const pools = record?.pools ?? poolsOfSnapshots(set, cluster, sizes);
    const where = `the set '${set}' of ${cluster} in the namespace ${namespace}`;
    if (!pools) {
        throw new Error(
            `there is no record of ${where}, and not all of its snapshots are left in the storage system` +
                ` (${[...sizes.keys()].filter((name) => name.startsWith(`${set}-`)).join(", ") || "none is"})`,
        );
    }
    const members = membersOf({ set, cluster, pools });
    const contents: FoundSet["contents"] = new Map();
    for (const { spec, status } of left) {
        if (status?.snapshotHandle) {
            contents.set(spec.volumeSnapshotRef.name, { driver: spec.driver, snapshotHandle: status.snapshotHandle });
        }
    }
    const present = await kubernetes.list<VolumeSnapshot>(snapshotKind, namespace);
    const usable = new Set(present.filter(({ status }) => status?.readyToUse).map((one) => one.metadata.name));
    const isPresent = members.every(({ snapshot }) => usable.has(snapshot));
    const missing = members.filter(({ snapshot }) => !contents.has(snapshot) && !usable.has(snapshot));
    if (missing.length > 0) {
        throw new Error(`${where} is not whole: ${missing.map(({ snapshot }) => snapshot).join(", ")} cannot be used`);
    }
    return { set, pools, contents, isPresent };
}
