import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { shapeOf } from "../change/shape";
import type { Kubernetes } from "../kubernetes/client";
import { untilAnswered } from "../kubernetes/errors";
import { minioAdmin } from "../live/admin";
import type { Connection } from "../live/connection";
import { liveCluster } from "../live/liveCluster";
import { type AskedCluster, quorumDifference, toldQuorums } from "../live/quorums";
import type { Topology } from "../minio/topology";
import type { Credentials } from "../objects/credentials";
import { whenKnown } from "../pulumi/outputs";
import { createWork } from "../pulumi/work";
import { rollOut, whatIsLeft } from "../rollout/rollout";
import type { WantedCluster } from "../rollout/wanted";
import { podTemplate } from "../server/podTemplate";
import { thawIfLeftFrozen } from "../snapshots/freeze";
import { endRestore, markRestored } from "../snapshots/restore";
import { frozenAnnotation, restoringAnnotation } from "../spec/labels";
import { type Names, poolName, poolSelector } from "../spec/names";
import { isGuided, type MinioClusterSpec, scheme, topologyOfSpec } from "../spec/spec";

export interface ArrivalOptions {
    names: Names;
    spec: pulumi.Output<MinioClusterSpec>;
    credentials: Credentials;
    connection: Connection;
    /** The StatefulSets of all pools. */
    pools: pulumi.CustomResource[];
    /** Whether this run has changed a StatefulSet; known once all are registered. */
    hasChanged: () => boolean;
    opts: pulumi.CustomResourceOptions;
}

/**
 * The way of the servers to where they should be. It has ended once every server that the partition allows is updated, all are ready,
 * and every object can be written.
 */
export function createArrival(options: ArrivalOptions): pulumi.Output<pulumi.CustomResource> {
    const { names, spec, pools, opts } = options;
    const applied = pulumi.all(pools.map(({ id }) => id));
    const work = async (resource: pulumi.Resource) => {
        try {
            await arrive(options, resource);
        } catch (error) {
            throw new Error(`the rollout of ${names.cluster} has stopped: ${(error as Error).message}`);
        }
    };
    return createWork(
        `${names.cluster}-rollout`,
        {
            wanted: spec.apply((known) => digestOf(names, known)),
            left: pulumi.all([spec, applied]).apply(
                ([known]) =>
                    () =>
                        leftOver(options, known),
            ),
            work,
        },
        { ...opts, dependsOn: pools },
    );
}

/** Changes with all that the way leads to. */
function digestOf(names: Names, spec: MinioClusterSpec): string {
    const { partition, updateStrategy, rollout, restoreFrom } = spec;
    const pools = spec.pools.map((_, pool) => [podTemplate(names, spec, pool), shapeOf(spec, pool)]);
    const wanted = { pools, partition, updateStrategy, mode: rollout.mode, restoreFrom };
    return createHash("sha256").update(JSON.stringify(wanted)).digest("hex").slice(0, 16);
}

/** It looks with little patience, as it is asked in a destroy too; what it could not see, the way itself finds out. */
async function leftOver(
    { names, credentials, connection, hasChanged }: ArrivalOptions,
    spec: MinioClusterSpec,
): Promise<string> {
    if (await connection.writesFiles()) {
        return "";
    }
    // A change that failed and is set back wants what the last rollout wanted; its servers are still to be set back.
    if (hasChanged()) {
        return "a pool is made or changed";
    }
    try {
        const kubernetes = await connection.act();
        const begun = await begunEarlier(kubernetes, names, spec);
        return (
            begun ||
            (await whatIsLeft(kubernetes, wantedCluster(names, spec, credentials), isGuided(spec))) ||
            (await differingQuorums(kubernetes, names, spec)) ||
            ""
        );
    } catch (error) {
        return `it is not known: ${(error as Error).message}`;
    }
}

async function arrive(
    { names, spec, credentials, connection }: ArrivalOptions,
    resource: pulumi.Resource,
): Promise<void> {
    const known = (await whenKnown(spec)) as MinioClusterSpec;
    if (await connection.writesFiles()) {
        return;
    }
    const guided = isGuided(known);
    const { timeoutSeconds } = known.rollout;
    const say = (text: string) => pulumi.log.info(text, resource, undefined, true);
    const warn = (text: string) => pulumi.log.warn(text, resource);
    const answered = <T>(work: () => Promise<T>) => untilAnswered(work, timeoutSeconds, say);
    const kubernetes = await answered(connection.act);
    // Where Kubernetes moves the rollout on, claims may be all that the kubeconfig's user has a right to.
    if (guided || known.snapshots || known.restoreFrom) {
        await answered(() => endWhatWasBegun(kubernetes, names, known, credentials, resource));
    }
    await rollOut(kubernetes, wantedCluster(names, known, credentials), { timeoutSeconds, guided, say, warn });
    if (known.restoreFrom) {
        await answered(() => markRestored(kubernetes, names, known));
    }
    await answered(() => compareQuorums(kubernetes, names, known, { say, warn }));
}

/** How long a server gets that is ready to tell its quorums. */
const quorumMilliseconds = 30_000;

/** @throws Error with both, where the servers count with other quorums than the program */
async function compareQuorums(
    kubernetes: Kubernetes,
    names: Names,
    spec: MinioClusterSpec,
    { say, warn }: Record<"say" | "warn", (text: string) => void>,
): Promise<void> {
    const asked = askedCluster(names, spec);
    const told = await toldQuorums(kubernetes, asked, isGuided(spec) ? quorumMilliseconds : 0);
    if (typeof told === "string") {
        say(`not checked whether MinIO has the quorums that are counted with: ${told}`);
        return;
    }
    const difference = quorumDifference(told, asked.topology);
    if (difference && spec.updateStrategy === "OnDelete") {
        warn(`${difference}. Servers that are still to be deleted by hand have their old variables`);
    } else if (difference) {
        throw new Error(difference);
    }
}

/** As far as it is known at once. */
async function differingQuorums(kubernetes: Kubernetes, names: Names, spec: MinioClusterSpec): Promise<string> {
    const asked = askedCluster(names, spec);
    const told = await toldQuorums(kubernetes, asked, 0);
    return typeof told !== "string" && quorumDifference(told, asked.topology) ? "MinIO has other quorums" : "";
}

function askedCluster({ cluster }: Names, spec: MinioClusterSpec): AskedCluster {
    const topology = topologyOfSpec(spec) as Topology; // There is one: the arguments were checked.
    return { cluster, namespace: spec.namespace, scheme: scheme(spec), topology, partition: spec.partition };
}

/** What `endWhatWasBegun` is for, in words. */
async function begunEarlier(kubernetes: Kubernetes, names: Names, spec: MinioClusterSpec): Promise<string | undefined> {
    if (!isGuided(spec) && !spec.snapshots && !spec.restoreFrom) {
        return undefined;
    }
    const annotations = (await kubernetes.statefulSet(spec.namespace, names.cluster))?.metadata?.annotations ?? {};
    return annotations[frozenAnnotation]
        ? `requests are frozen for the set '${annotations[frozenAnnotation]}'`
        : annotations[restoringAnnotation] && `a restore from ${annotations[restoringAnnotation]} was begun`;
}

/** What an earlier program has begun and not ended: a restore, and a set that requests were frozen for. */
async function endWhatWasBegun(
    kubernetes: Kubernetes,
    names: Names,
    spec: MinioClusterSpec,
    credentials: Credentials,
    resource: pulumi.Resource,
): Promise<void> {
    if (!spec.restoreFrom) {
        await endRestore(kubernetes, { names, spec });
    }
    const set = await thawIfLeftFrozen(await liveCluster(kubernetes, names, spec, credentials));
    if (set !== undefined) {
        pulumi.log.warn(`requests were frozen for the set '${set}' by a program that was cut off: thawed`, resource);
    }
}

function wantedCluster(names: Names, spec: MinioClusterSpec, { rootUser, rootPassword }: Credentials): WantedCluster {
    const topology = topologyOfSpec(spec) as Topology; // There is one: the arguments were checked.
    return {
        namespace: spec.namespace,
        scheme: scheme(spec),
        bootQuorum: topology.bootQuorum,
        pools: spec.pools.map(({ replicas, storageSize }, pool) => ({
            name: poolName(names.cluster, pool),
            selector: poolSelector(names, pool),
            partition: Math.min(spec.partition, replicas),
            replicas,
            erasureSets: topology.pools[pool].erasureSets,
            serversThatMayFail: topology.pools[pool].serversThatMayFailForWrites,
            storageSize,
        })),
        async admin(kubernetes, server) {
            const [user, password] = await Promise.all([whenKnown(rootUser), whenKnown(rootPassword)]);
            const send = kubernetes.send.bind(null, spec.namespace, server, scheme(spec));
            return minioAdmin(send, { rootUser: user as string, rootPassword: password as string });
        },
    };
}
