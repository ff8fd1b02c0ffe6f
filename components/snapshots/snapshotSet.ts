/**
 * A set of snapshots, one of each drive, and what is recorded beside it so that it can be restored. Pure, but for the
 * id.
 */

import { randomBytes } from "node:crypto";
import { element } from "../basics/element";
import { parseQuantity } from "../basics/quantity";
import type { AnyObject } from "../kubernetes/client";
import { configMapKind, snapshotKind } from "../kubernetes/kinds";
import { clusterLabel, labelsOf, setIdLabel, setLabel } from "../spec/labels";
import { claimName, drivesOf, type Names, recordName } from "../spec/names";
import type { PoolSpec } from "../spec/spec";

/** Key of the ConfigMap that records a set. */
export const recordKey = "set.json";

/** A pool as it was when the set was taken. */
export type RecordedPool = Pick<PoolSpec, "replicas" | "drivesPerServer" | "storageSize" | "storageClassName">;

/** What is recorded of a set. No secret: a cluster with another root password reads the same drives. */
export interface SetRecord {
    set: string;
    /** Made when the set is taken. Sets of earlier versions have none. */
    id?: string;
    /** The component's name, from which the claims' names follow. */
    cluster: string;
    /** RFC 3339. */
    takenAt: string;
    /** `snapshots.take` has named it, so it stays without being named, as long as `snapshots.keep` says. */
    rotates?: true;
    consistency: string;
    /** VolumeSnapshotClass, or VolumeGroupSnapshotClass of a group. */
    className: string;
    /** For drives that the storage cuts together, as one VolumeGroupSnapshot: its API version. */
    group?: string;
    /**
     * Snapshots by their claims, where they have other names than `snapshotName`: Kubernetes names those of a group.
     */
    snapshots?: Record<string, string>;
    image: string;
    pools: RecordedPool[];
    /** Folder of the volumes in which the drives are; empty where there is none. Not in sets of earlier versions. */
    driveSubPath?: string;
}

/** A snapshot of the set, and the claim that it was taken of. */
export interface Member {
    snapshot: string;
    claim: string;
}

/**
 * An id for a set that is taken now. It begins with a letter, so that it is no server's number at the end of a name.
 */
export function newSetId(): string {
    return `s${randomBytes(5).toString("hex")}`;
}

export function snapshotName(set: string, claim: string, id?: string): string {
    return `${set}-${claim}${id === undefined ? "" : `-${id}`}`;
}

/**
 * The claim that a single snapshot was taken of, and the id of its set, by its name; undefined when it is of another
 * set or cluster.
 */
export function parseSnapshotName(
    name: string,
    set: string,
    cluster: string,
): { claim: string; id?: string } | undefined {
    const pattern = new RegExp(`^${set}-(data\\d*-${cluster}(?:-pool-\\d+)?-\\d+)(?:-(s[0-9a-f]+))?$`);
    const [, claim, id] = pattern.exec(name) ?? [];
    return claim === undefined ? undefined : { claim, id };
}

export function membersOf({
    set,
    id,
    cluster,
    pools,
    snapshots = {},
}: Pick<SetRecord, "set" | "id" | "cluster" | "pools" | "snapshots">): Member[] {
    return drivesOf(pools)
        .map((drive) => claimName(cluster, drive))
        .map((claim) => ({ claim, snapshot: snapshots[claim] ?? snapshotName(set, claim, id) }));
}

/** The snapshots of a set that are not there any more. */
export function missingMembers(record: SetRecord, present: AnyObject[]): string[] {
    const there = new Set(
        present.filter(({ metadata }) => !metadata.deletionTimestamp).map((one) => one.metadata.name),
    );
    return membersOf(record)
        .map(({ snapshot }) => snapshot)
        .filter((name) => !there.has(name));
}

export function setLabels(
    names: Names,
    labels: Record<string, string> | undefined,
    { set, id }: Pick<SetRecord, "set" | "id">,
): Record<string, string> {
    return { ...labelsOf(names, { labels }), [setLabel]: set, ...(id && { [setIdLabel]: id }) };
}

/** Labels of what Kubernetes makes of a group by itself: of which set and cluster it is. */
export function originOf({ set, id, cluster }: SetRecord): Record<string, string> {
    return { [setLabel]: set, [clusterLabel]: cluster, ...(id && { [setIdLabel]: id }) };
}

/** The VolumeSnapshot of a member. */
export function snapshotObject(record: SetRecord, { snapshot, claim }: Member, namespace: string, labels: object) {
    return {
        ...snapshotKind,
        metadata: { name: snapshot, namespace, labels: { ...labels } },
        spec: { volumeSnapshotClassName: record.className, source: { persistentVolumeClaimName: claim } },
    };
}

/** The ConfigMap that records a set. Its being there says that the set is whole. */
export function recordObject(record: SetRecord, namespace: string, labels: object) {
    return {
        ...configMapKind,
        metadata: { name: recordName(record.cluster, record.set), namespace, labels: { ...labels } },
        data: { [recordKey]: JSON.stringify(record, undefined, 2) },
    };
}

/** The record in a ConfigMap; undefined when there is none. */
export function parseRecord(configMap: AnyObject | undefined): SetRecord | undefined {
    try {
        return JSON.parse((configMap as { data?: Record<string, string> } | undefined)?.data?.[recordKey] ?? "");
    } catch {
        return undefined;
    }
}

/** The records of a cluster's sets. */
export function recordsIn(configMaps: AnyObject[], cluster: string): SetRecord[] {
    return configMaps
        .filter(({ metadata }) => metadata.labels?.[setLabel] !== undefined)
        .flatMap((one) => parseRecord(one) ?? [])
        .filter((record) => record.cluster === cluster);
}

/** Snapshots of a cluster's sets that have no record, by their sets. */
export function unrecorded(present: AnyObject[], records: SetRecord[], cluster: string): Map<string, string[]> {
    const recorded = new Set(records.map(({ set }) => set));
    const left = new Map<string, string[]>();
    for (const { metadata } of present) {
        const { app, [clusterLabel]: origin = app, [setLabel]: set } = metadata.labels ?? {};
        if (origin === cluster && set !== undefined && !recorded.has(set) && !metadata.deletionTimestamp) {
            left.set(set, [...(left.get(set) ?? []), metadata.name]);
        }
    }
    return left;
}

/**
 * Which drives a set has, by the claims of its snapshots alone, for one whose record was lost with its namespace.
 * Undefined when they are not those of whole pools.
 *
 * @param sizes of each claim's snapshot, in bytes
 */
export function poolsOfClaims(cluster: string, sizes: Map<string, number>): RecordedPool[] | undefined {
    const pattern = new RegExp(`^(data(\\d*))-${cluster}(?:-pool-(\\d+))?-(\\d+)$`);
    const drives = [...sizes].flatMap(([claim, bytes]) => {
        const match = pattern.exec(claim);
        return match ? [{ pool: Number(match[3] ?? 0), server: Number(match[4]), drive: match[1], bytes }] : [];
    });
    const count = (values: unknown[]) => new Set(values).size;
    const pools: RecordedPool[] = [];
    for (let pool = 0; pool < count(drives.map((drive) => drive.pool)); pool++) {
        const own = drives.filter((drive) => drive.pool === pool);
        pools.push({
            replicas: count(own.map(({ server }) => server)),
            drivesPerServer: count(own.map(({ drive }) => drive)),
            storageSize: String(Math.max(...own.map(({ bytes }) => bytes))),
        });
    }
    const expected = drivesOf(pools).map((drive) => claimName(cluster, drive));
    const whole =
        expected.length > 0 && expected.length === drives.length && expected.every((claim) => sizes.has(claim));
    return whole ? pools : undefined;
}

/** Why a set cannot be restored into a cluster of these pools; undefined when it can. */
export function mismatch(
    record: Pick<SetRecord, "set" | "pools" | "driveSubPath">,
    pools: PoolSpec[],
    driveSubPath = "",
): string | undefined {
    const shape = ({ replicas, drivesPerServer }: RecordedPool) =>
        `${replicas} servers × ${drivesPerServer} drive${drivesPerServer === 1 ? "" : "s"}`;
    const [there, here] = [record.pools, pools].map((some) => some.map(shape).join(", then "));
    if (there !== here) {
        return (
            `the set '${record.set}' was taken of ${there}, and this cluster has ${here}: MinIO finds its objects only ` +
            "with the same servers and drives. Give this cluster those of the set"
        );
    }
    if (record.driveSubPath !== undefined && record.driveSubPath !== driveSubPath) {
        const where = (folder: string) => (folder ? `the folder '${folder}'` : "no folder");
        return (
            `the set '${record.set}' was taken of drives in ${where(record.driveSubPath)} of their volumes, and this cluster has them in ` +
            `${where(driveSubPath)}: MinIO would find empty drives. ` +
            (record.driveSubPath ? `Set driveSubPath to '${record.driveSubPath}'` : "Remove driveSubPath")
        );
    }
    const sizes = pools.map(({ storageSize }, pool) => ({
        is: storageSize,
        was: element(record.pools, pool).storageSize,
    }));
    const small = sizes.find(({ is, was }) => bytes(is) < bytes(was));
    return (
        small &&
        `the set '${record.set}' was taken of drives of ${small.was}, and those of this cluster have ${small.is}: give it at ` +
            "least the size of the set"
    );
}

function bytes(quantity: string): number {
    return parseQuantity(quantity) ?? 0;
}
