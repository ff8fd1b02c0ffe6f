import type { V1StatefulSet } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { digest } from "../basics/digest";
import { messageOf } from "../basics/messageOf";
import { shapeOf } from "../change/shape";
import type { Kubernetes } from "../kubernetes/client";
import { untilAnswered } from "../kubernetes/errors";
import { type Connection, NoConnectionError } from "../live/connection";
import { adminOf, liveCluster } from "../live/liveCluster";
import { quorumDifference, toldQuorums } from "../live/quorums";
import { serversOfLastDrives } from "../minio/topology";
import type { Credentials } from "../objects/credentials";
import { annotationsOf } from "../objects/pool";
import { after, knownValue, whenKnown } from "../pulumi/outputs";
import { createWork } from "../pulumi/work";
import { glance, rollOut, whatIsLeft } from "../rollout/rollout";
import type { WantedCluster } from "../rollout/wanted";
import { podTemplate } from "../server/podTemplate";
import { thawIfLeftFrozen } from "../snapshots/freeze";
import { endRestore, markRestored } from "../snapshots/restore";
import type { Cluster, DeclaredCluster } from "../spec/cluster";
import { frozenAnnotation, frozenForWhat, restoringAnnotation, wantedAnnotation } from "../spec/labels";
import { running, stopServers } from "./hibernation";
import { RequestHold } from "./requestHold";

export interface ArrivalOptions {
    cluster: DeclaredCluster;
    credentials: Credentials;
    connection: Connection;
    /** The StatefulSets of all pools. */
    pools: pulumi.CustomResource[];
    /** Whether this run makes or changes a StatefulSet; known once all are registered. */
    hasChanged: () => boolean;
    /** Called where servers are there that this run stops. */
    stopping: () => void;
    opts: pulumi.CustomResourceOptions;
}

/**
 * The way of the servers to where they should be. It has ended once every server that the partition allows is updated,
 * all are ready, and every object can be written.
 */
export function createArrival(options: ArrivalOptions): pulumi.Output<pulumi.CustomResource> {
    const { cluster, pools, opts } = options;
    const { names, resolved } = cluster;
    const applied = pulumi.all(pools.map(({ id }) => id));
    const work = async (resource: pulumi.Resource) => {
        try {
            await arrive(options, resource);
        } catch (error) {
            throw new Error(`the rollout of ${names.cluster} has stopped: ${messageOf(error)}`);
        }
    };
    return createWork(
        `${names.cluster}-rollout`,
        {
            wanted: resolved.apply(digestOf),
            left: after(applied, resolved).apply((known) => () => leftOver(options, known)),
            foresee: () => foreseen(options, () => whenKnown(after(applied, resolved))),
            work,
        },
        { ...opts, dependsOn: pools },
    );
}

/** Changes with all that the way leads to. */
function digestOf({ names, spec }: Cluster): string {
    const { partition, updateStrategy, rollout, restoreFrom, persistentVolumeClaimAnnotations, hibernate } = spec;
    const pools = spec.pools.map((_, pool) => [podTemplate(names, spec, pool), shapeOf(spec, pool)]);
    const wanted = {
        pools,
        partition,
        updateStrategy,
        mode: rollout.mode,
        restoreFrom,
        persistentVolumeClaimAnnotations,
        ...(hibernate && { hibernate }),
    };
    return digest(JSON.stringify(wanted));
}

/** It looks with little patience, as it is asked in a destroy too; what it could not see, the way itself finds out. */
async function leftOver({ credentials, connection, hasChanged }: ArrivalOptions, cluster: Cluster): Promise<string> {
    if (await connection.writesFiles()) {
        return ""; // Nothing moves the servers there.
    }
    // A change that failed and is set back wants what the last rollout wanted; its servers are still to be set back.
    if (hasChanged()) {
        return "a pool is made or changed";
    }
    try {
        const kubernetes = await unlessProviderIsEnough(cluster, connection.act);
        if (kubernetes === undefined) {
            return "";
        }
        if (cluster.spec.hibernate) {
            return (await running(kubernetes, cluster)).length > 0 ? "servers run" : "";
        }
        return (
            (await begunEarlier(kubernetes, cluster)) ||
            (await whatIsLeft(kubernetes, wantedCluster(cluster, credentials), cluster.guided)) ||
            (await differingQuorums(kubernetes, cluster)) ||
            ""
        );
    } catch (error) {
        return `it is not known: ${messageOf(error)}`;
    }
}

/**
 * What a preview can see of that, and warns of: another update goes on with it, and nothing in the program says so.
 * Where it cannot look, or a StatefulSet changes, it says nothing.
 */
export async function foreseen(
    { cluster: { guided }, credentials, connection, hasChanged, opts }: ArrivalOptions,
    registered: () => Promise<Cluster | undefined>,
): Promise<string | undefined> {
    try {
        const cluster = guided ? await registered() : undefined; // Else there may be no right to look.
        const kubernetes = cluster && !hasChanged() ? await connection.act() : undefined;
        if (cluster === undefined || kubernetes === undefined) {
            return undefined;
        }
        const { pools, spec } = cluster;
        const live = await Promise.all(pools.map(({ name }) => kubernetes.statefulSet(spec.namespace, name)));
        if (!isRegistered(live, cluster)) {
            return undefined;
        }
        const left = spec.hibernate
            ? startedAgain(live)
            : (await begunEarlier(kubernetes, cluster)) ||
              (await glance(kubernetes, wantedCluster(cluster, credentials)));
        if (left) {
            pulumi.log.warn(
                `pulumi up also does what an earlier one has left, or what somebody has undone: ${left}`,
                opts.parent,
            );
        }
        return left;
    } catch {
        return undefined;
    }
}

/** Whether all StatefulSets are as the program has them. With --target they may stay as they were before a change. */
function isRegistered(live: (V1StatefulSet | undefined)[], cluster: Cluster): boolean {
    return cluster.pools.every((pool, index) => {
        const there = live[index]?.metadata?.annotations?.[wantedAnnotation];
        return there === annotationsOf(cluster, pool)[wantedAnnotation];
    });
}

function startedAgain(live: (V1StatefulSet | undefined)[]): string | undefined {
    const started = live.filter((one) => one?.spec?.replicas).map((one) => one?.metadata?.name);
    return started.length > 0 ? `all servers of ${started.join(", ")} stop, as hibernate is true` : undefined;
}

export async function arrive(
    { cluster: declared, credentials, connection, stopping }: ArrivalOptions,
    resource: pulumi.Resource,
): Promise<void> {
    const cluster = await knownValue(declared.resolved);
    const { spec, guided, timeoutSeconds } = cluster;
    const say = (text: string) => pulumi.log.info(text, resource, undefined, true);
    const warn = (text: string) => pulumi.log.warn(text, resource);
    const answered = <T>(work: () => Promise<T>) => untilAnswered(work, timeoutSeconds, say);
    const goOn = (why: string) =>
        pulumi.log.info(
            `not checked whether the drives' claims and MinIO's quorums are as the program has them: ${why}`,
            resource,
        );
    const kubernetes = await unlessProviderIsEnough(cluster, () => answered(connection.act), goOn);
    if (kubernetes === undefined) {
        return;
    }
    // Also where all servers stop: when they start again, the program may ask for the same set anew.
    if (!spec.restoreFrom) {
        await answered(() => endRestore(kubernetes, cluster));
    }
    if (spec.hibernate) {
        return answered(() => stopServers(kubernetes, cluster, { say, stopping }));
    }
    // Where Kubernetes moves the rollout on, claims may be all that the kubeconfig's user has a right to.
    if (guided || spec.snapshots || spec.restoreFrom) {
        await answered(() => thawLeftovers(kubernetes, cluster, credentials, resource));
    }
    const hold = spec.rollout.freezeRequests
        ? new RequestHold(await liveCluster(kubernetes, cluster, credentials), lastDrives(cluster), { say, warn })
        : undefined;
    await rollOut(kubernetes, wantedCluster(cluster, credentials), { timeoutSeconds, guided, say, warn, hold });
    if (spec.restoreFrom && (await answered(() => markRestored(kubernetes, cluster)))) {
        warn(
            "restoreFrom: MinIO's users, access keys and policies are those of the set. What was removed or ended after it was taken is " +
                "valid again: remove it again (docs/backup.md)",
        );
    }
    await answered(() => compareQuorums(kubernetes, cluster, { say, warn }));
}

/**
 * Where Kubernetes moves the rollout on, the provider makes and changes the servers alone. It may know a cluster that
 * this program does not: an inline program has not the environment of its engine.
 *
 * @returns undefined where nothing leads to the cluster, and nothing that is asked for needs it
 */
async function unlessProviderIsEnough(
    { guided, spec, pools }: Cluster,
    act: Connection["act"],
    goOn: (why: string) => void = () => {},
): Promise<Kubernetes | undefined> {
    try {
        return await act();
    } catch (error) {
        const changesClaims =
            spec.persistentVolumeClaimAnnotations || pools.some((pool) => pool.volumeAttributesClassName);
        const isEnough = !guided && !spec.snapshots && !spec.restoreFrom && !changesClaims;
        if (!isEnough || !(error instanceof NoConnectionError)) {
            throw error;
        }
        goOn(error.message);
        return undefined;
    }
}

/** How long a server gets that is ready to tell its quorums. */
const quorumMilliseconds = 30_000;

/** @throws Error with both, where the servers count with other quorums than the program */
async function compareQuorums(
    kubernetes: Kubernetes,
    cluster: Cluster,
    { say, warn }: Record<"say" | "warn", (text: string) => void>,
): Promise<void> {
    const told = await toldQuorums(kubernetes, cluster, cluster.guided ? quorumMilliseconds : 0);
    if ("unknown" in told) {
        say(`not checked whether MinIO has the quorums that are counted with: ${told.unknown}`);
        return;
    }
    const difference = quorumDifference(told.quorums, cluster.topology);
    if (difference && cluster.spec.updateStrategy === "OnDelete") {
        warn(`${difference}. Servers that are still to be deleted by hand have their old variables`);
    } else if (difference) {
        throw new Error(difference);
    }
}

/** As far as it is known at once. */
async function differingQuorums(kubernetes: Kubernetes, cluster: Cluster): Promise<string> {
    const told = await toldQuorums(kubernetes, cluster, 0);
    return "quorums" in told && quorumDifference(told.quorums, cluster.topology) ? "MinIO has other quorums" : "";
}

/** What an earlier program has begun and not ended, in words. */
async function begunEarlier(kubernetes: Kubernetes, { names, spec, guided }: Cluster): Promise<string | undefined> {
    if (!guided && !spec.snapshots && !spec.restoreFrom) {
        return undefined;
    }
    const annotations = (await kubernetes.statefulSet(spec.namespace, names.cluster))?.metadata?.annotations ?? {};
    return annotations[frozenAnnotation]
        ? `requests are frozen for ${frozenForWhat(annotations[frozenAnnotation])}`
        : annotations[restoringAnnotation] && `a restore from ${annotations[restoringAnnotation]} was begun`;
}

/** What an earlier program has frozen requests for. */
async function thawLeftovers(
    kubernetes: Kubernetes,
    cluster: Cluster,
    credentials: Credentials,
    resource: pulumi.Resource,
): Promise<void> {
    const left = await thawIfLeftFrozen(await liveCluster(kubernetes, cluster, credentials));
    if (left) {
        const but =
            left.unreached.length > 0
                ? `, but for ${left.unreached.join(", ")}, not reached: run pulumi up again when all servers are there`
                : "";
        pulumi.log.warn(
            `requests were frozen for ${frozenForWhat(left.note)} by a program that was cut off: thawed${but}`,
            resource,
        );
    }
}

/** The pods of the servers that requests wait for. */
function lastDrives({ pools }: Cluster): string[] {
    return pools.flatMap(({ name, topology }) => serversOfLastDrives(topology).map((ordinal) => `${name}-${ordinal}`));
}

function wantedCluster(cluster: Cluster, credentials: Credentials): WantedCluster {
    const { spec, scheme, topology, pools } = cluster;
    return {
        namespace: spec.namespace,
        scheme,
        bootQuorum: topology.bootQuorum,
        pools: pools.map((pool) => ({
            name: pool.name,
            selector: pool.selector,
            partition: pool.partition,
            replicas: pool.replicas,
            erasureSets: pool.topology.erasureSets,
            serversThatMayFail: pool.topology.serversThatMayFailForWrites,
            restartsAtOnce: pool.restartsAtOnce,
            storageSize: pool.storageSize,
            volumeAttributesClassName: pool.volumeAttributesClassName,
            claimAnnotations: spec.persistentVolumeClaimAnnotations,
        })),
        admin: async (kubernetes, server) => adminOf(await liveCluster(kubernetes, cluster, credentials), server),
    };
}
