import type { AnyObject, Kubernetes } from "../kubernetes";
import {
    claimAnnotation,
    clusterLabel,
    configMapKind,
    contentKind,
    type Member,
    membersOf,
    parseRecord,
    poolsOfSnapshots,
    type RecordedPool,
    recordName,
    setLabel,
    snapshotKind,
    snapshotName,
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

/** A drive's snapshot, and what a claim in another namespace needs of it. */
export interface FoundSnapshot {
    snapshot: string;
    driver?: string;
    snapshotHandle?: string;
}

/** A set that can be restored. */
export interface FoundSet {
    set: string;
    pools: RecordedPool[];
    /** Snapshots by the claims that they were taken of. */
    drives: Map<string, FoundSnapshot>;
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
    const recorded = new Map(record ? membersOf(record).map(({ snapshot, claim }) => [snapshot, claim]) : []);
    const left = (await kubernetes.list<VolumeSnapshotContent>(contentKind)).filter(
        ({ spec }) => spec.volumeSnapshotRef.namespace === namespace,
    );
    const contents = new Map<string, VolumeSnapshotContent>();
    for (const content of left) {
        const claim = recorded.get(content.spec.volumeSnapshotRef.name) ?? claimOf(content, set, cluster);
        if (claim !== undefined) {
            contents.set(claim, content);
        }
    }
    const sizes = new Map(
        [...contents].map(([claim, { status }]) => [snapshotName(set, claim), status?.restoreSize ?? 0]),
    );
    const pools = record?.pools ?? poolsOfSnapshots(set, cluster, sizes);
    const where = `the set '${set}' of ${cluster} in the namespace ${namespace}`;
    if (!pools) {
        throw new Error(
            `there is no record of ${where}, and not all of its snapshots are left in the storage system` +
                ` (${[...sizes.keys()].join(", ") || "none is"})`,
        );
    }
    const snapshots = new Map([...contents].map(([claim, { spec }]) => [claim, spec.volumeSnapshotRef.name]));
    for (const [snapshot, claim] of recorded) {
        snapshots.set(claim, snapshot);
    }
    const present = await kubernetes.list<VolumeSnapshot>(snapshotKind, namespace);
    const usable = new Set(present.filter(({ status }) => status?.readyToUse).map((one) => one.metadata.name));
    const isUsable = ({ claim }: Member) => usable.has(snapshots.get(claim) ?? "");
    const members = membersOf({ set, cluster, pools, snapshots: Object.fromEntries(snapshots) });
    const missing = members.filter(
        (member) => !contents.get(member.claim)?.status?.snapshotHandle && !isUsable(member),
    );
    if (missing.length > 0) {
        throw new Error(`${where} is not whole: ${missing.map(({ snapshot }) => snapshot).join(", ")} cannot be used`);
    }
    const drives = members.map(({ claim, snapshot }): [string, FoundSnapshot] => {
        const { spec, status } = contents.get(claim) ?? {};
        return [claim, { snapshot, driver: spec?.driver, snapshotHandle: status?.snapshotHandle }];
    });
    return { set, pools, drives: new Map(drives), isPresent: members.every(isUsable) };
}

/** Of which claim a snapshot of the set was taken, by its name or, for one of a group, by what was written on it. */
function claimOf(content: VolumeSnapshotContent, set: string, cluster: string): string | undefined {
    const { labels = {}, annotations = {} } = content.metadata;
    const { name } = content.spec.volumeSnapshotRef;
    if (labels[setLabel] === set && labels[clusterLabel] === cluster) {
        return annotations[claimAnnotation];
    }
    const prefix = snapshotName(set, "");
    return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}
