import { digest } from "../basics/digest";
import type { AnyObject, Kubernetes } from "../kubernetes/client";
import { configMapKind, contentKind, snapshotKind } from "../kubernetes/kinds";
import { claimAnnotation, clusterLabel, setIdLabel, setLabel } from "../spec/labels";
import { recordName } from "../spec/names";
import type { VolumeSnapshot } from "./method";
import {
    type Member,
    membersOf,
    parseRecord,
    parseSnapshotName,
    poolsOfClaims,
    type RecordedPool,
    type SetRecord,
} from "./snapshotSet";

/** What the storage system has of a snapshot. */
export interface VolumeSnapshotContent extends AnyObject {
    spec: { driver: string; volumeSnapshotRef: { name: string; namespace: string; uid?: string } };
    status?: {
        snapshotHandle?: string;
        restoreSize?: number;
        /** When the storage cut it, in nanoseconds since 1970. */
        creationTime?: number;
    };
}

/** Which set is wanted. */
export interface SoughtSet {
    set: string;
    /** Of several sets that had the same name, one after another. */
    id?: string;
    cluster: string;
    namespace: string;
}

/** A drive's snapshot, and what a claim in another namespace needs of it. */
export interface FoundSnapshot {
    snapshot: string;
    driver?: string;
    snapshotHandle?: string;
    /** Bytes that a claim made of it must have at least, as the storage says. */
    restoreSize?: number;
}

/** A set that can be restored. */
export interface FoundSet {
    set: string;
    /**
     * Tells it apart from every other set: its own id, or for one of an earlier version a digest of what the storage
     * calls it.
     */
    id: string;
    /** RFC 3339, or unknown. */
    takenAt: string;
    pools: RecordedPool[];
    /** As it is recorded. */
    driveSubPath?: string;
    /** Snapshots by the claims that they were taken of. */
    drives: Map<string, FoundSnapshot>;
    /** Whether the snapshots themselves are in their namespace, so that a claim there can name them. */
    isPresent: boolean;
}

/** Drives that are cut further apart than so are no point in time. The longest freeze is 600 s, and clocks differ. */
const longestCutMilliseconds = 900_000;

/**
 * Finds a set by its record; or, when its namespace was lost, by what is left of its snapshots in the storage system.
 *
 * @throws Error that says what is missing, or that there are several, each with what it has
 */
export async function findSet(kubernetes: Kubernetes, sought: SoughtSet): Promise<FoundSet> {
    const { set, cluster, namespace } = sought;
    const metadata = { name: recordName(cluster, set), namespace };
    return chooseSet(
        sought,
        parseRecord(await kubernetes.read({ ...configMapKind, metadata })),
        await kubernetes.list<VolumeSnapshotContent>(contentKind),
        await kubernetes.list<VolumeSnapshot>(snapshotKind, namespace),
    );
}

/** What may be the snapshot of each claim: of a set that is to be restored, exactly one. */
type Candidates = Map<string, VolumeSnapshotContent[]>;

/**
 * Decides what of all that the storage system has belongs to the set. Never two points in time: what cannot be told
 * apart is refused. Pure.
 *
 * @throws Error as of `findSet`
 */
function chooseSet(
    sought: SoughtSet,
    recorded: SetRecord | undefined,
    all: VolumeSnapshotContent[],
    present: VolumeSnapshot[],
): FoundSet {
    const { set, id, cluster, namespace } = sought;
    const where =
        `the set '${set}'${id === undefined ? "" : ` with the id ${id}`} of ${cluster}` +
        ` in the namespace ${namespace}`;
    const contents = all.filter(
        ({ metadata, spec }) => spec.volumeSnapshotRef.namespace === namespace && !metadata.deletionTimestamp,
    );
    const there = new Map(
        present.filter(({ metadata }) => !metadata.deletionTimestamp).map((one) => [one.metadata.name, one]),
    );
    // Of a name that was used again, the record is that of the last set.
    const record = id === undefined || recorded?.id === id ? recorded : undefined;
    const candidates = record
        ? ofRecord(record, contents, there)
        : narrowed(oneOf(leftSets(sought, contents), sought, where), there);
    refuseSeveral(candidates, where);
    const chosen = new Map([...candidates].flatMap(([claim, [content]]) => (content ? [[claim, content]] : [])));
    refuseApart(chosen, where);
    const sizes = new Map([...chosen].map(([claim, { status }]) => [claim, status?.restoreSize ?? 0]));
    const pools = record?.pools ?? poolsOfClaims(cluster, sizes);
    if (!pools) {
        throw new Error(
            `there is no record of ${where}, and not all of its snapshots are left in the storage system` +
                ` (${[...chosen.values()].map(snapshotOf).join(", ") || "none is"})`,
        );
    }
    const names = record
        ? record.snapshots
        : Object.fromEntries([...chosen].map(([claim, content]) => [claim, snapshotOf(content)]));
    const members = membersOf({ set, id: record?.id, cluster, pools, snapshots: names });
    const isUsable = ({ claim, snapshot }: Member) => {
        const { readyToUse, boundVolumeSnapshotContentName } = there.get(snapshot)?.status ?? {};
        const content = chosen.get(claim);
        return readyToUse === true && (!content || content.metadata.name === boundVolumeSnapshotContentName);
    };
    const missing = members.filter((member) => !chosen.get(member.claim)?.status?.snapshotHandle && !isUsable(member));
    if (missing.length > 0) {
        throw new Error(`${where} is not whole: ${missing.map(({ snapshot }) => snapshot).join(", ")} cannot be used`);
    }
    const drives = members.map(({ claim, snapshot }): [string, FoundSnapshot] => {
        const { spec, status } = chosen.get(claim) ?? {};
        const { snapshotHandle, restoreSize } = status ?? {};
        return [claim, { snapshot, driver: spec?.driver, snapshotHandle, restoreSize }];
    });
    const [content] = chosen.values();
    return {
        set,
        id: record?.id ?? (content && memberOf(content, sought)?.id) ?? digestOf(drives),
        takenAt: record?.takenAt ?? takenAt([...chosen.values()]),
        pools,
        driveSubPath: record?.driveSubPath,
        drives: new Map(drives),
        isPresent: members.every(isUsable),
    };
}

/** Of a snapshot that is there, what it is bound to and nothing else; of one that is gone, what has its name. */
function ofRecord(
    record: SetRecord,
    contents: VolumeSnapshotContent[],
    there: Map<string, VolumeSnapshot>,
): Candidates {
    return new Map(
        membersOf(record).map(({ claim, snapshot }) => {
            const named = contents.filter(
                (content) =>
                    snapshotOf(content) === snapshot && [undefined, record.id].includes(labelOf(content, setIdLabel)),
            );
            const live = there.get(snapshot);
            return [claim, live ? contents.filter((content) => isBound(live, content)) : named];
        }),
    );
}

/** What is left of sets of this name, by their ids; undefined is the id of all that was taken by an earlier version. */
function leftSets(sought: SoughtSet, contents: VolumeSnapshotContent[]): Map<string | undefined, Candidates> {
    const sets = new Map<string | undefined, Candidates>();
    for (const content of contents) {
        const member = memberOf(content, sought);
        if (member) {
            const candidates: Candidates = sets.get(member.id) ?? new Map();
            sets.set(member.id, candidates.set(member.claim, [...(candidates.get(member.claim) ?? []), content]));
        }
    }
    return sets;
}

function oneOf(sets: Map<string | undefined, Candidates>, { id }: SoughtSet, where: string): Candidates {
    if (id !== undefined) {
        return sets.get(id) ?? new Map();
    }
    if (sets.size > 1) {
        const each = [...sets].map(([one, candidates]) => {
            const contents = [...candidates.values()].flat();
            return `${one ?? "one without an id"}, taken at ${takenAt(contents)} (${contents.map(nameOf).join(", ")})`;
        });
        throw new Error(
            `there is no record of ${where}, and the storage system has snapshots of ${sets.size} sets of that name: ` +
                `${each.join("; ")}. Set restoreFrom.id to the id of the one that is wanted`,
        );
    }
    const [only] = sets.values();
    return only ?? new Map();
}

/** Of several that an earlier version took, the one that a snapshot of today is bound to. */
function narrowed(candidates: Candidates, there: Map<string, VolumeSnapshot>): Candidates {
    return new Map(
        [...candidates].map(([claim, contents]) => {
            const bound = contents.filter((content) => {
                const live = there.get(snapshotOf(content));
                return live && isBound(live, content);
            });
            return [claim, bound.length > 0 ? bound : contents];
        }),
    );
}

function refuseSeveral(candidates: Candidates, where: string): void {
    const several = [...candidates].filter(([, contents]) => contents.length > 1);
    if (several.length > 0) {
        const which = several.map(
            ([claim, contents]) =>
                `${claim} (${contents.map((content) => `${nameOf(content)}, taken at ${takenAt([content])}`).join("; ")})`,
        );
        throw new Error(
            `${where} is not the only one of its name in the storage system, and an earlier version took it without an id. There is more ` +
                `than one snapshot of ${which.join(", ")}. Give those that are wanted, one of each drive, the same label: kubectl label ` +
                `volumesnapshotcontents NAMES ${setIdLabel}=chosen; and set restoreFrom.id to 'chosen'`,
        );
    }
}

function refuseApart(chosen: Map<string, VolumeSnapshotContent>, where: string): void {
    const times = [...chosen.values()].flatMap((content) => cutAt(content) ?? []);
    if (times.length > 1 && Math.max(...times) - Math.min(...times) > longestCutMilliseconds) {
        const each = [...chosen].map(([claim, content]) => `${claim} at ${takenAt([content])} (${nameOf(content)})`);
        throw new Error(
            `${where} is not of one point in time, and MinIO could not read what was changed in between: ${each.join(", ")}`,
        );
    }
}

/**
 * Of which claim and set a content is, by what was written on it or by its snapshot's name; undefined when it is of
 * another.
 */
function memberOf(
    content: VolumeSnapshotContent,
    { set, cluster }: SoughtSet,
): { claim: string; id?: string } | undefined {
    const id = labelOf(content, setIdLabel);
    const claim = content.metadata.annotations?.[claimAnnotation];
    if (claim !== undefined && labelOf(content, setLabel) === set && labelOf(content, clusterLabel) === cluster) {
        return { claim, id };
    }
    const named = parseSnapshotName(snapshotOf(content), set, cluster);
    return named && { claim: named.claim, id: id ?? named.id };
}

function isBound({ metadata, status }: VolumeSnapshot, content: VolumeSnapshotContent): boolean {
    return status?.boundVolumeSnapshotContentName === undefined
        ? metadata.uid !== undefined && content.spec.volumeSnapshotRef.uid === metadata.uid
        : nameOf(content) === status.boundVolumeSnapshotContentName;
}

function digestOf(drives: [string, FoundSnapshot][]): string {
    const known = drives.map(([claim, { snapshot, snapshotHandle }]) => [claim, snapshotHandle ?? snapshot]);
    return digest(JSON.stringify(known));
}

/** In milliseconds since 1970. */
function cutAt({ status }: VolumeSnapshotContent): number | undefined {
    return status?.creationTime === undefined ? undefined : status.creationTime / 1e6;
}

function takenAt(contents: VolumeSnapshotContent[]): string {
    const times = contents.flatMap((content) => cutAt(content) ?? []);
    return times.length > 0 ? new Date(Math.min(...times)).toISOString() : "a time that the storage does not tell";
}

function labelOf({ metadata }: VolumeSnapshotContent, label: string): string | undefined {
    return metadata.labels?.[label];
}

function nameOf({ metadata }: AnyObject): string {
    return metadata.name;
}

function snapshotOf({ spec }: VolumeSnapshotContent): string {
    return spec.volumeSnapshotRef.name;
}
