import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { ConfigMap } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../basics/messageOf";
import type { AnyObject, Kubernetes } from "../kubernetes/client";
import { configMapKind, groupKind, groupVersion, snapshotKind } from "../kubernetes/kinds";
import type { Connection } from "../live/connection";
import { type LiveCluster, leavingServers, liveCluster, serversOf } from "../live/liveCluster";
import type { Credentials } from "../objects/credentials";
import type { Preflight } from "../preflight/preflight";
import { endProgram } from "../pulumi/endProgram";
import { hasEngine, isUp } from "../pulumi/engine";
import { after, isKnown, knownValue } from "../pulumi/outputs";
import { takenOver } from "../pulumi/takenOver";
import { createWork } from "../pulumi/work";
import type { Cluster, DeclaredCluster } from "../spec/cluster";
import { setLabel, takingAnnotation } from "../spec/labels";
import { recordName } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";
import { groupObject } from "./groupSnapshot";
import type { VolumeSnapshot } from "./method";
import { type RotatingSet, retention } from "./retention";
import {
    membersOf,
    missingMembers,
    newSetId,
    parseRecord,
    recordObject,
    recordsIn,
    type SetRecord,
    setLabels,
    snapshotName,
    snapshotObject,
    unrecorded,
} from "./snapshotSet";
import { takeSet } from "./takeSet";

export interface SnapshotsOptions {
    cluster: DeclaredCluster;
    credentials: Credentials;
    connection: Connection;
    preflight: Preflight;
    /** Is there once all servers are where they should be. */
    arrival: pulumi.Output<pulumi.Resource>;
    /** Whether this run has stopped servers; known then. */
    hasStopped: () => boolean;
    /** For what holds no data. */
    dispensable: pulumi.CustomResourceOptions;
    opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource };
}

/**
 * The sets of snapshots, as resources: one VolumeSnapshot of each drive and a record of each set. A new set is taken on
 * `up` once the cluster is ready, by the program itself, which then hands its objects over to Pulumi; a set that was
 * taken before is registered as its record says, whatever the cluster looks like by now.
 *
 * @returns what is there when all sets are taken
 */
export function createSnapshots(options: SnapshotsOptions): pulumi.Output<pulumi.CustomResource> {
    const { cluster, arrival, dispensable } = options;
    const { names, resolved } = cluster;
    const takenNow: string[] = [];
    const taking = createWork(
        `${names.cluster}-snapshots`,
        {
            wanted: resolved.apply(({ spec }) => JSON.stringify(spec.snapshots?.sets ?? [])),
            left: resolved.apply((known) => async () => {
                const { missing } = await askCluster(options, known);
                return missing.length > 0 ? `not taken: ${missing.join(", ")}` : undefined;
            }),
            work: (resource) => takeMissing(options, resource, (set) => takenNow.push(set)),
        },
        { ...dispensable, dependsOn: arrival },
    );
    const known = isUp()
        ? after(
              taking.apply(({ urn }) => urn),
              resolved,
          )
        : resolved;
    if (isUp()) {
        void endUnlessKnown(known);
    }
    known.apply((cluster) => registerSets(options, cluster, takenNow));
    return taking;
}

/**
 * With --continue-on-error the program goes on where a resource failed that an argument comes from. Then no set can be registered.
 *
 * @returns nothing where the cluster is known; otherwise it ends the program
 */
export async function endUnlessKnown(cluster: pulumi.Output<unknown>): Promise<void> {
    const is = await isKnown(cluster).catch(() => true); // An Output that fails ends the program by itself.
    if (!is) {
        await endProgram(
            "snapshots: an argument comes from a resource that failed, or that this run leaves out. Without it no set is registered, " +
                "and Pulumi would delete them all: run a whole pulumi up, in which that resource succeeds",
        );
    }
}

/**
 * Pulumi deletes what it has of sets that are not registered.
 *
 * @param takenNow the sets that this run has taken
 */
async function registerSets(options: SnapshotsOptions, cluster: Cluster, takenNow: string[]): Promise<void> {
    const { opts } = options;
    const { keep } = cluster.spec.snapshots ?? {};
    const { taken, missing, rotating, group } = await askCluster(options, cluster);
    const coming = isUp() ? [] : missing.map((set) => newRecord(cluster, set, group));
    for (const record of coming) {
        announce(record, cluster.spec, opts.parent);
        if (!record.rotates) {
            register(cluster, record, opts);
        }
    }
    for (const record of taken) {
        register(cluster, record, opts, objectsOf(record));
    }
    // A name that snapshots.take had before is as old as its set: going back to it deletes no newer one.
    const there = rotating.map((one) => ({ ...one, isNew: takenNow.includes(one.record.set) }));
    const next = coming.filter(({ rotates }) => rotates).map((record) => ({ record, gone: [], isNew: true }));
    const { stay, go, goNext } = retention<Rotating>([...there, ...next], keep);
    for (const { record, gone } of [...stay, ...go].filter((one) => one.gone.length > 0)) {
        const text = `the set '${record.set}' cannot be restored, as ${gone.join(", ")} of it ${gone.length === 1 ? "is" : "are"} gone`;
        pulumi.log.warn(
            `snapshots.keep: ${text}. It counts as none of those that stay. With protect: true, run pulumi up --refresh`,
            opts.parent,
        );
    }
    for (const { record } of go) {
        const text = `the set '${record.set}', taken at ${record.takenAt}, goes, as snapshots.keep is ${keep}`;
        pulumi.log.info(`snapshots.keep: ${text}`, opts.parent);
    }
    for (const set of stay) {
        // With the component protected, its sets are, too; but Pulumi deletes nothing that its last run has protected.
        const own = goNext.includes(set) ? { ...opts, protect: false } : opts;
        register(cluster, set.record, own, set.there);
    }
}

/** A set of `snapshots.take`. */
interface Rotating extends RotatingSet {
    record: SetRecord;
    /** Names of its objects that are there; undefined where it is still to be taken. */
    there?: string[];
}

/** What the cluster tells of the wanted sets. */
interface WantedSets {
    /** Those of `snapshots.sets` that were taken before. */
    taken: SetRecord[];
    /** Those of `snapshots.sets` and `snapshots.take` that were not. */
    missing: string[];
    /** All that `snapshots.take` has taken, but for those that `snapshots.sets` names. */
    rotating: Rotating[];
    /** The cluster that was asked. */
    kubernetes?: Kubernetes;
    /** API version of VolumeGroupSnapshots, where new sets are groups. */
    group?: string;
}

/** Ends the program when a wanted set is damaged, or a new one cannot be a group. */
async function askCluster({ connection }: SnapshotsOptions, { names, spec }: Cluster): Promise<WantedSets> {
    const { sets = [], take, groupClassName } = spec.snapshots ?? {};
    const wanted = take === undefined ? sets : [...sets, take];
    if (!hasEngine()) {
        return { taken: [], missing: wanted, rotating: [] };
    }
    try {
        if (await connection.writesFiles()) {
            return endProgram(
                "snapshots.sets: the provider writes files (renderYamlToDirectory), and no set is taken by them",
            );
        }
        // Of another cluster than the provider's, the sets would seem to be gone, and be deleted.
        const kubernetes = await (isUp() ? connection.act() : connection.look());
        if (kubernetes === undefined) {
            pulumi.log.info("snapshots.sets: not checked in this preview, as the kubeconfig is not known yet");
            return { taken: [], missing: wanted, rotating: [] };
        }
        const present = await kubernetes.list<VolumeSnapshot>(snapshotKind, spec.namespace);
        const taken = new Map<string, SetRecord>();
        for (const set of wanted) {
            const field = set === take ? "snapshots.take" : "snapshots.sets";
            const metadata = { name: recordName(names.cluster, set), namespace: spec.namespace };
            const record = parseRecord(await kubernetes.read({ ...configMapKind, metadata }));
            if (record) {
                const gone = missingMembers(record, present);
                if (gone.length > 0) {
                    return endProgram(
                        `${field}: the set '${set}' is damaged, as ${gone.join(", ")} of it ` +
                            `${gone.length === 1 ? "is" : "are"} gone. It cannot be restored, and is not taken again under ` +
                            "the same name: remove the name, and add another one",
                    );
                }
                if (set === take && !record.rotates) {
                    return endProgram(
                        `snapshots.take: '${set}' is a set that snapshots.sets has taken, which is deleted when no program ` +
                            "names it any more: put the name into snapshots.sets, and give snapshots.take another one",
                    );
                }
                taken.set(set, record);
            }
        }
        const missing = wanted.filter((set) => !taken.has(set));
        const isNewGroup = groupClassName !== undefined && missing.length > 0;
        const group = isNewGroup ? await groupVersion(kubernetes) : undefined;
        if (isNewGroup && group === undefined) {
            return endProgram(
                `snapshots.groupClassName: '${groupClassName}' is of a kind that this Kubernetes cluster does not know. Install the API ` +
                    "of the external-snapshotter, and give its controllers --feature-gates=CSIVolumeGroupSnapshot=true; or set " +
                    "snapshots.className instead",
            );
        }
        const all = recordsIn(await kubernetes.list(configMapKind, spec.namespace, names.selector), names.cluster);
        const lost = unrecorded(present, all, names.cluster);
        const live = lost.size > 0 ? await kubernetes.statefulSet(spec.namespace, names.cluster) : undefined;
        for (const [set, left] of lost) {
            // The next take removes what an interrupted one has left, and says so itself of what it cannot remove.
            const isTaken = live?.metadata?.annotations?.[takingAnnotation] === set || wanted.includes(set);
            if (!isTaken && (await isMeant(kubernetes, names.cluster, set, left, present))) {
                return endProgram(
                    `snapshots: there are snapshots of the set '${set}' (${left.join(", ")}), and its record, the ConfigMap ` +
                        `${recordName(names.cluster, set)}, is not. Pulumi would delete them, as nobody knows whether the set is whole: ` +
                        `put the record back, with its labels app=${names.cluster} and ${setLabel}=${set}; or delete them ` +
                        "with kubectl delete volumesnapshots, and run pulumi up again",
                );
            }
        }
        const rotating: Rotating[] = [];
        for (const record of all.filter(({ set, rotates }) => rotates && !sets.includes(set))) {
            const gone = missingMembers(record, present);
            rotating.push({ record, gone, there: await objectsThere(kubernetes, record, gone, spec.namespace) });
        }
        return { taken: sets.flatMap((set) => taken.get(set) ?? []), missing, rotating, kubernetes, group };
    } catch (error) {
        return endProgram(
            `snapshots: cannot ask the cluster which sets are there, and without that they would be deleted or taken twice: ` +
                `${messageOf(error)}`,
        );
    }
}

export function newRecord({ names, spec }: Cluster, set: string, group?: string): SetRecord {
    return {
        set,
        id: newSetId(),
        cluster: names.cluster,
        takenAt: new Date().toISOString(),
        consistency: spec.snapshots?.consistency ?? "Frozen",
        className: (group ? spec.snapshots?.groupClassName : spec.snapshots?.className) ?? "",
        group,
        rotates: set === spec.snapshots?.take || undefined,
        image: spec.image,
        pools: spec.pools,
        driveSubPath: spec.driveSubPath ?? "",
    };
}

/** Names of the objects of a whole set that Pulumi has, but for its record. */
function objectsOf(record: SetRecord): string[] {
    return record.group ? [recordName(record.cluster, record.set)] : membersOf(record).map(({ snapshot }) => snapshot);
}

/** Whether snapshots without a record are meant to be there. Kubernetes deletes those of a group some time after the group. */
async function isMeant(
    kubernetes: Kubernetes,
    cluster: string,
    set: string,
    left: string[],
    present: VolumeSnapshot[],
): Promise<boolean> {
    const some = present.find(({ metadata }) => metadata.name === left[0]);
    if (!some?.metadata.ownerReferences) {
        return true;
    }
    const apiVersion = await groupVersion(kubernetes);
    const metadata = { name: recordName(cluster, set), namespace: some.metadata.namespace };
    return apiVersion !== undefined && (await kubernetes.read({ apiVersion, kind: groupKind, metadata })) !== undefined;
}

/** Of a damaged set, what is left: what is registered and not there would be made anew, of what the drives have now. */
async function objectsThere(
    kubernetes: Kubernetes,
    record: SetRecord,
    gone: string[],
    namespace: string,
): Promise<string[]> {
    const all = objectsOf(record);
    if (gone.length === 0) {
        return all;
    }
    if (record.group) {
        const [name = ""] = all;
        const group = { apiVersion: record.group, kind: groupKind, metadata: { name, namespace } };
        return (await kubernetes.read<AnyObject>(group)) ? all : [];
    }
    return all.filter((name) => !gone.includes(name));
}

/** What a preview says of a set that is going to be taken. */
function announce(record: SetRecord, spec: MinioClusterSpec, resource: pulumi.Resource): void {
    if (pulumi.runtime.isDryRun()) {
        const drives = membersOf(record).length;
        const when = spec.hibernate ? "when all servers are stopped" : "once the cluster is ready";
        const how = spec.hibernate
            ? `of ${drives} drives at one point in time, and no request waits for it`
            : record.consistency === "Frozen"
              ? `all requests, reads too, wait while ${drives} drives are cut, some seconds as a rule and at most ` +
                `${spec.snapshots?.freezeTimeoutSeconds} s; none fails for it but where its client gives up sooner`
              : `of ${drives} drives, without waiting for requests: objects that change meanwhile may be unreadable in it`;
        const field = record.rotates ? "snapshots.take" : "snapshots.sets";
        pulumi.log.info(`${field}: '${record.set}' is taken ${when}; ${how}`, resource);
    }
}

async function takeMissing(
    options: SnapshotsOptions,
    resource: pulumi.Resource,
    taken: (set: string) => void,
): Promise<void> {
    const cluster = await knownValue(options.cluster.resolved);
    const { names, spec, timeoutSeconds } = cluster;
    const { missing, group, kubernetes } = await askCluster(options, cluster);
    if (!kubernetes || missing.length === 0) {
        return;
    }
    await options.preflight.refuse();
    const live = await liveCluster(kubernetes, cluster, options.credentials);
    const later = await whyLater(live, spec.hibernate === true, options.hasStopped());
    if (later !== undefined) {
        const text = `${missing.map((set) => `'${set}'`).join(", ")} is taken by the next pulumi up: ${later}`;
        pulumi.log.info(`snapshots: ${text}`, resource);
        return;
    }
    for (const set of missing) {
        try {
            const record = newRecord(cluster, set, group);
            await takeSet({
                cluster: live,
                record,
                stopped: spec.hibernate,
                labels: setLabels(names, spec.labels, record),
                freezeTimeoutSeconds: spec.snapshots?.freezeTimeoutSeconds ?? 60,
                readyTimeoutSeconds: timeoutSeconds,
                say: (text) => pulumi.log.info(text, resource, undefined, true),
                warn: (text) => pulumi.log.warn(`snapshots: ${text}`, resource),
            });
            taken(set);
        } catch (error) {
            const field = set === spec.snapshots?.take ? "snapshots.take" : "snapshots.sets";
            throw new Error(
                `${field}: '${set}' was not taken: ${messageOf(error)}. Run pulumi up again to try once more`,
            );
        }
    }
}

/** Why no set can be taken on this `up`; undefined as a rule. */
export async function whyLater(
    live: LiveCluster,
    hibernates: boolean,
    hasStopped: boolean,
): Promise<string | undefined> {
    // The last writes of a server that has just ended may not be in its volume before the node has unmounted it.
    if (hibernates && (hasStopped || (await serversOf(live)).length > 0)) {
        return "servers have just been stopped";
    }
    // They are the first server's peers no more, so it does not freeze them; and they write to the drives of all pools.
    const leaving = (await leavingServers(live)).map(({ metadata }) => metadata?.name);
    return leaving.length > 0
        ? `${leaving.join(", ")} of a pool that leaves ${leaving.length === 1 ? "is" : "are"} still there`
        : undefined;
}

/** @param there names of the set's objects that are there by now; undefined for one that is still to be taken */
function register(
    { names, spec }: Cluster,
    record: SetRecord,
    opts: pulumi.CustomResourceOptions,
    there?: string[],
): void {
    const optionsOf = (object: string) => ({ ...opts, ...(there && takenOver(object, spec.namespace)) });
    const isRegistered = (object: string) => there === undefined || there.includes(object);
    const labels = setLabels(names, spec.labels, record);
    const configMap = recordObject(record, spec.namespace, labels);
    // The record goes last: without it, nobody would know of what is left by an update that was cut off.
    const dependsOn = new ConfigMap(configMap.metadata.name, configMap, optionsOf(configMap.metadata.name));
    if (record.group) {
        const group = groupObject(record, spec.namespace, labels, names.selector);
        if (isRegistered(group.metadata.name)) {
            new CustomResource(group.metadata.name, group, { ...optionsOf(group.metadata.name), dependsOn });
        }
    } else {
        for (const member of membersOf(record).filter(({ snapshot }) => isRegistered(snapshot))) {
            // For Pulumi without the id, which a preview does not know yet.
            const snapshot = snapshotObject(record, member, spec.namespace, labels);
            new CustomResource(snapshotName(record.set, member.claim), snapshot, {
                ...optionsOf(member.snapshot),
                dependsOn,
            });
        }
    }
}
