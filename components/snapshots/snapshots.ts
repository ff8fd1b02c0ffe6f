import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { ConfigMap } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../basics/messageOf";
import type { Kubernetes } from "../kubernetes/client";
import { configMapKind, groupVersion, snapshotKind } from "../kubernetes/kinds";
import type { Connection } from "../live/connection";
import { liveCluster } from "../live/liveCluster";
import type { Credentials } from "../objects/credentials";
import type { Preflight } from "../preflight/preflight";
import { endProgram } from "../pulumi/endProgram";
import { hasEngine, isUp } from "../pulumi/engine";
import { after, knownValue } from "../pulumi/outputs";
import { takenOver } from "../pulumi/takenOver";
import { createWork } from "../pulumi/work";
import type { Cluster, DeclaredCluster } from "../spec/cluster";
import { recordName } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";
import { groupObject } from "./groupSnapshot";
import type { VolumeSnapshot } from "./method";
import {
    membersOf,
    missingMembers,
    newSetId,
    parseRecord,
    recordObject,
    type SetRecord,
    setLabels,
    snapshotName,
    snapshotObject,
} from "./snapshotSet";
import { takeSet } from "./takeSet";

export interface SnapshotsOptions {
    cluster: DeclaredCluster;
    credentials: Credentials;
    connection: Connection;
    preflight: Preflight;
    /** Is there once all servers are where they should be. */
    arrival: pulumi.Output<pulumi.Resource>;
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
    const { cluster, arrival, dispensable, opts } = options;
    const { names, resolved } = cluster;
    const taking = createWork(
        `${names.cluster}-snapshots`,
        {
            wanted: resolved.apply(({ spec }) => JSON.stringify(spec.snapshots?.sets ?? [])),
            left: resolved.apply((known) => async () => {
                const { missing } = await askCluster(options, known);
                return missing.length > 0 ? `not taken: ${missing.join(", ")}` : undefined;
            }),
            work: (resource) => takeMissing(options, resource),
        },
        { ...dispensable, dependsOn: arrival },
    );
    if (isUp()) {
        after(
            taking.apply(({ urn }) => urn),
            resolved,
        ).apply(async (known) => {
            const { taken } = await askCluster(options, known);
            for (const record of taken.values()) {
                register(known, record, opts, true);
            }
        });
        return taking;
    }
    resolved.apply(async (known) => {
        const { taken, missing, group } = await askCluster(options, known);
        for (const record of taken.values()) {
            register(known, record, opts, true);
        }
        for (const set of missing) {
            const record = newRecord(known, set, group);
            announce(record, known.spec, opts.parent);
            register(known, record, opts, false);
        }
    });
    return taking;
}

/** What the cluster tells of the wanted sets. */
interface WantedSets {
    /** Those that were taken before, with their records. */
    taken: Map<string, SetRecord>;
    missing: string[];
    /** The cluster that was asked. */
    kubernetes?: Kubernetes;
    /** API version of VolumeGroupSnapshots, where new sets are groups. */
    group?: string;
}

/** Ends the program when a wanted set is damaged, or a new one cannot be a group. */
async function askCluster({ connection }: SnapshotsOptions, { names, spec }: Cluster): Promise<WantedSets> {
    const { sets = [], groupClassName } = spec.snapshots ?? {};
    const taken = new Map<string, SetRecord>();
    if (!hasEngine() || sets.length === 0) {
        return { taken, missing: sets };
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
            return { taken, missing: sets };
        }
        const present = await kubernetes.list<VolumeSnapshot>(snapshotKind, spec.namespace);
        for (const set of sets) {
            const metadata = { name: recordName(names.cluster, set), namespace: spec.namespace };
            const record = parseRecord(await kubernetes.read({ ...configMapKind, metadata }));
            if (record) {
                const gone = missingMembers(record, present);
                if (gone.length > 0) {
                    return endProgram(
                        `snapshots.sets: the set '${set}' is damaged, as ${gone.join(", ")} of it ` +
                            `${gone.length === 1 ? "is" : "are"} gone. It cannot be restored, and is not taken again under ` +
                            "the same name: remove the name, and add another one",
                    );
                }
                taken.set(set, record);
            }
        }
        const missing = sets.filter((set) => !taken.has(set));
        const isNewGroup = groupClassName !== undefined && missing.length > 0;
        const group = isNewGroup ? await groupVersion(kubernetes) : undefined;
        if (isNewGroup && group === undefined) {
            return endProgram(
                `snapshots.groupClassName: '${groupClassName}' is of a kind that this Kubernetes cluster does not know. Install the API ` +
                    "of the external-snapshotter, and give its controllers --feature-gates=CSIVolumeGroupSnapshot=true; or set " +
                    "snapshots.className instead",
            );
        }
        return { taken, missing, kubernetes, group };
    } catch (error) {
        return endProgram(
            `snapshots: cannot ask the cluster which sets are there, and without that they would be deleted or taken twice: ` +
                `${messageOf(error)}`,
        );
    }
}

function newRecord({ names, spec }: Cluster, set: string, group?: string): SetRecord {
    return {
        set,
        id: newSetId(),
        cluster: names.cluster,
        takenAt: new Date().toISOString(),
        consistency: spec.snapshots?.consistency ?? "Frozen",
        className: (group ? spec.snapshots?.groupClassName : spec.snapshots?.className) ?? "",
        group,
        image: spec.image,
        pools: spec.pools,
    };
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
        pulumi.log.info(`snapshots.sets: '${record.set}' is taken ${when}; ${how}`, resource);
    }
}

async function takeMissing(options: SnapshotsOptions, resource: pulumi.Resource): Promise<void> {
    const cluster = await knownValue(options.cluster.resolved);
    const { names, spec, timeoutSeconds } = cluster;
    const { missing, group, kubernetes } = await askCluster(options, cluster);
    if (!kubernetes || missing.length === 0) {
        return;
    }
    await options.preflight.refuse();
    for (const set of missing) {
        try {
            const record = newRecord(cluster, set, group);
            await takeSet({
                cluster: await liveCluster(kubernetes, cluster, options.credentials),
                record,
                stopped: spec.hibernate,
                labels: setLabels(names, spec.labels, record),
                freezeTimeoutSeconds: spec.snapshots?.freezeTimeoutSeconds ?? 60,
                readyTimeoutSeconds: timeoutSeconds,
                say: (text) => pulumi.log.info(text, resource, undefined, true),
                warn: (text) => pulumi.log.warn(`snapshots: ${text}`, resource),
            });
        } catch (error) {
            throw new Error(
                `snapshots.sets: '${set}' was not taken: ${messageOf(error)}. Run pulumi up again to try once more`,
            );
        }
    }
}

/** @param isThere whether the objects of the set are there by now */
function register(
    { names, spec }: Cluster,
    record: SetRecord,
    opts: pulumi.CustomResourceOptions,
    isThere: boolean,
): void {
    const optionsOf = (object: string) => ({ ...opts, ...(isThere && takenOver(object, spec.namespace)) });
    const labels = setLabels(names, spec.labels, record);
    if (record.group) {
        const group = groupObject(record, spec.namespace, labels, names.selector);
        new CustomResource(group.metadata.name, group, optionsOf(group.metadata.name));
    } else {
        for (const member of membersOf(record)) {
            // For Pulumi without the id, which a preview does not know yet.
            const snapshot = snapshotObject(record, member, spec.namespace, labels);
            new CustomResource(snapshotName(record.set, member.claim), snapshot, optionsOf(member.snapshot));
        }
    }
    const configMap = recordObject(record, spec.namespace, labels);
    new ConfigMap(configMap.metadata.name, configMap, optionsOf(configMap.metadata.name));
}
