import { messageOf } from "../basics/messageOf";
import { printable } from "../basics/printable";
import { until } from "../basics/until";
import type { AnyObject, KindReference } from "../kubernetes/client";
import { configMapKind, groupKind, groupVersion, snapshotKind } from "../kubernetes/kinds";
import { annotate, serversOf } from "../live/liveCluster";
import { setIdLabel, setLabel, takingAnnotation } from "../spec/labels";
import { recordName } from "../spec/names";
import { flush, whileFrozen } from "./freeze";
import { groupSnapshot } from "./groupSnapshot";
import type { SnapshotMethod, Snapshotted, TakeOptions } from "./method";
import { singleSnapshots } from "./singleSnapshots";
import { membersOf, recordObject, type SetRecord } from "./snapshotSet";

const pollMilliseconds = 100;

/** How long the deletion of a set may take. */
const removeMilliseconds = 60_000;

/**
 * Takes a set: all snapshots at one point in time, and at last its record, which says that it is whole. A set without one
 * is what an interrupted program left, and is taken anew.
 *
 * @throws Error when it cannot be taken; nothing of it is left then, and the cluster is thawed
 */
export async function takeSet(options: TakeOptions): Promise<SetRecord> {
    const { cluster, record, stopped, labels, freezeTimeoutSeconds, say } = options;
    const { kubernetes, namespace } = cluster;
    const { set, consistency } = record;
    const method = record.group ? groupSnapshot(options) : singleSnapshots(options);
    await removeLeftovers(options, method);
    await annotate(cluster, { [takingAnnotation]: set });
    const count = membersOf(record).length;
    let taken: Snapshotted[] = [];
    try {
        await method.prepare();
        const cut = async (deadline: number) => {
            await Promise.all(method.objects.map((object) => kubernetes.create(object)));
            taken = await untilAll(options, method, deadline, "cut", method.isCut);
        };
        const servers = stopped ? [] : await serversOf(cluster);
        if (consistency === "Frozen" && !stopped) {
            say(`set ${set}: freezes requests to snapshot ${count} drives`);
            const { frozen, draining } = await whileFrozen(cluster, set, freezeTimeoutSeconds, cut, options.warn);
            say(
                `set ${set}: ${count} drives at one point in time; requests waited up to ${seconds(frozen)} s, of which ` +
                    `${seconds(draining)} s for those under way before`,
            );
        } else {
            await flush(cluster, servers, options.warn);
            await cut(performance.now() + freezeTimeoutSeconds * 1000);
        }
        const ready = performance.now() + options.readyTimeoutSeconds * 1000;
        const objects = await untilAll(options, method, ready, "readyToUse", method.isReady);
        const whole = await method.finish(objects);
        await refuseGone(options, method, taken);
        await kubernetes.create(recordObject(whole, namespace, labels));
        return whole;
    } catch (error) {
        // A program that follows one that was ended, and lives on, takes the set under another id.
        await removeObjects(options, [method.kind], set, record.id).catch((left: Error) => {
            throw new Error(`${messageOf(error)}; and what is left of it stays: ${left.message}`);
        });
        throw error;
    } finally {
        await annotate(cluster, { [takingAnnotation]: null });
    }
}

/**
 * Why no snapshot will come of what was made, as far as the snapshot controller says so. It tries again later where the storage failed, but
 * requests may not wait for that. Where two controllers wrote at the same time, it tries again immediately, and only then.
 */
function failureOf(objects: Snapshotted[]): string | undefined {
    const failed = objects
        .filter(({ status }) => status?.error)
        .map(({ metadata, status }) => ({
            name: metadata.name,
            message: status?.error?.message ?? "no reason is given",
        }))
        .filter(({ message }) => !message.includes("the object has been modified"));
    return failed.length > 0
        ? failed.map(({ name, message }) => `${name}: ${printable(message)}`).join("; ")
        : undefined;
}

/**
 * Deletes what an interrupted program left of a set, of this one or of another that nobody takes any more; but not a
 * whole set of which only the record is lost.
 */
async function removeLeftovers(options: TakeOptions, method: SnapshotMethod): Promise<void> {
    const { cluster, record } = options;
    const { kubernetes, namespace, statefulSet } = cluster;
    const taking = (await kubernetes.statefulSet(namespace, statefulSet))?.metadata?.annotations?.[takingAnnotation];
    // The interrupted program may have taken it by the other method.
    const apiVersion = taking === undefined ? undefined : await groupVersion(kubernetes);
    const kinds =
        taking === undefined ? [method.kind] : [snapshotKind, ...(apiVersion ? [{ apiVersion, kind: groupKind }] : [])];
    const there = await objectsOfName(options, kinds, record.set);
    if (there.length > 0 && taking !== record.set) {
        throw new Error(
            `there are snapshots of such a set already (${namesOf(there)}), and its ` +
                `record, the ConfigMap ${recordName(record.cluster, record.set)}, is not: delete them, or use another name`,
        );
    }
    await removeObjects(options, kinds, record.set);
    if (taking !== undefined && taking !== record.set) {
        const metadata = { name: recordName(record.cluster, taking), namespace };
        if ((await kubernetes.read({ ...configMapKind, metadata })) === undefined) {
            await removeObjects(options, kinds, taking);
        }
    }
}

/** Waits until all that was made is so far. */
function untilAll(
    options: TakeOptions,
    method: SnapshotMethod,
    deadline: number,
    what: string,
    isSo: (object: Snapshotted) => Promise<boolean>,
): Promise<Snapshotted[]> {
    const { record, say } = options;
    let there: Snapshotted[] = [];
    let missing: AnyObject[] = [];
    const look = async () => {
        there = await objectsThere(options, method);
        const so = await Promise.all(there.map(isSo));
        const failure = what === "cut" ? failureOf(there.filter((_, index) => !so[index])) : undefined;
        if (failure) {
            throw new Error(`the snapshots cannot be made: ${failure}`);
        }
        const done = new Set(there.filter((_, index) => so[index]).map(({ metadata }) => metadata.name));
        missing = method.objects.filter(({ metadata }) => !done.has(metadata.name));
        if (missing.length > 0 && what === "readyToUse") {
            say(`set ${record.set}: waits until ${namesOf(missing)} can be used`);
        }
        return missing.length === 0 ? there : undefined;
    };
    const late = () => {
        const why = there.flatMap(({ status }) => status?.error?.message ?? []);
        return `these snapshots are not ${what} in time: ${namesOf(missing)}. ${why.join("; ")}`;
    };
    return until(look, { deadline, milliseconds: pollMilliseconds, late });
}

async function objectsThere(options: TakeOptions, method: SnapshotMethod): Promise<Snapshotted[]> {
    const names = new Set(method.objects.map(({ metadata }) => metadata.name));
    const { set, id } = options.record;
    return (await objectsOfName(options, [method.kind], set, id)).filter(({ metadata }) => names.has(metadata.name));
}

/** @throws Error naming what was cut and is not there any more: its record would say that the set is whole */
async function refuseGone(options: TakeOptions, method: SnapshotMethod, taken: Snapshotted[]): Promise<void> {
    const there = (await objectsThere(options, method)).filter(({ metadata }) => !metadata.deletionTimestamp);
    const uids = new Set(there.map(({ metadata }) => metadata.uid));
    const gone = taken.filter(({ metadata }) => !uids.has(metadata.uid));
    if (gone.length > 0) {
        throw new Error(
            `somebody deleted ${namesOf(gone)} meanwhile, as another pulumi up does that takes the same set`,
        );
    }
}

/**
 * What is there of the sets of this name of this cluster.
 *
 * @param id of one of them; without it of all: one that an interrupted program left has another id
 */
async function objectsOfName(
    { cluster }: TakeOptions,
    kinds: KindReference[],
    set: string,
    id?: string,
): Promise<Snapshotted[]> {
    const { kubernetes, namespace, selector } = cluster;
    const labels = { ...selector, [setLabel]: set, ...(id && { [setIdLabel]: id }) };
    const lists = kinds.map(async (kind) => {
        const objects = await kubernetes.list<Snapshotted>(kind, namespace, labels);
        return objects.map((object) => ({ ...object, ...kind }));
    });
    return (await Promise.all(lists)).flat();
}

/** Deletes what is there of a set that is not whole, and waits until it is gone. */
async function removeObjects(options: TakeOptions, kinds: KindReference[], set: string, id?: string): Promise<void> {
    const { kubernetes } = options.cluster;
    let left: Snapshotted[] = [];
    const look = async () => {
        left = await objectsOfName(options, kinds, set, id);
        const present = left.filter(({ metadata }) => !metadata.deletionTimestamp);
        await Promise.all(
            present.map(({ apiVersion, kind, metadata }) => kubernetes.remove({ apiVersion, kind, metadata })),
        );
        return left.length === 0 || undefined;
    };
    await until(look, {
        deadline: performance.now() + removeMilliseconds,
        milliseconds: pollMilliseconds,
        late: () => `${namesOf(left)} cannot be deleted`,
    });
}

function namesOf(objects: AnyObject[]): string {
    return objects.map(({ metadata }) => metadata.name).join(", ");
}

function seconds(milliseconds: number): string {
    return (milliseconds / 1000).toFixed(1);
}
