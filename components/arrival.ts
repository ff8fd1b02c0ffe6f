import { AsyncResource } from "node:async_hooks";
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { Connection } from "./connection";
import type { Credentials } from "./credentials";
import { type MinioClusterSpec, topologyOfPools } from "./defaults";
import { scheme } from "./endpoints";
import { hasEngine } from "./engine";
import type { Kubernetes } from "./kubernetes";
import { untilAnswered } from "./kubernetesErrors";
import { type Names, poolName, poolSelector } from "./names";
import { whenKnown } from "./outputs";
import { podTemplate } from "./podTemplate";
import { isGuided } from "./pool";
import type { WantedCluster } from "./rollout/observe";
import { rollOut, whatIsLeft } from "./rollout/rollout";
import { shapeOf } from "./shape";
import { frozenAnnotation, thawIfLeftFrozen } from "./snapshots/freeze";
import { restoringAnnotation } from "./snapshots/replaceData";
import { endRestore } from "./snapshots/restore";
import { freezable } from "./snapshots/snapshots";
import type { Topology } from "./topology";

export interface ArrivalOptions {
    names: Names;
    spec: pulumi.Output<MinioClusterSpec>;
    credentials: Credentials;
    connection: Connection;
    /** The StatefulSets of all pools. */
    pools: pulumi.CustomResource[];
    /** Whether this run has changed a StatefulSet; known once all are registered. */
    hasChanged: () => boolean;
    parent: pulumi.Resource;
}

/**
 * The way of the servers to where they should be, as a resource. Its hook walks it, so the engine decides whether that is done: in an
 * `up` that means this cluster, and neither in a preview, a refresh, a destroy, nor in an `up` of other targets, in all of which
 * the program runs as well. Whoever depends on the component waits for it.
 *
 * It is changed by a program that wants other servers. An `up` also finds what an earlier one, or somebody else, has left undone.
 *
 * @returns true once every server that the partition allows is updated, all are ready, and every object can be written
 */
export function createArrival(options: ArrivalOptions): pulumi.Output<boolean> {
    const { names, spec, pools, parent } = options;
    const isPreview = pulumi.runtime.isDryRun();
    const applied = pulumi.all(pools.map(({ id }) => id));
    const walk = async () => {
        try {
            await arrive(options, arrival);
        } catch (error) {
            throw new Error(`the rollout of ${names.cluster} has stopped: ${(error as Error).message}`);
        }
    };
    const input = {
        wanted: spec.apply((known) => digestOf(names, known)),
        left: isPreview ? "" : pulumi.all([spec, applied]).apply(([known]) => leftOver(options, known)),
    };
    const arrival: pulumi.Resource = new pulumi.Stash(
        `${names.cluster}-rollout`,
        { input },
        {
            parent,
            dependsOn: pools,
            hooks: hooksOf(`${names.cluster}-rollout`, walk),
            // A preview asks no servers.
            ignoreChanges: isPreview ? ["input.left"] : [],
        },
    );
    return (arrival as pulumi.CustomResource).id.apply(() => true);
}

function hooksOf(name: string, walk: () => Promise<void>): pulumi.ResourceHookBinding {
    if (!hasEngine()) {
        return {}; // A unit test with mocks, which know no hooks.
    }
    // The engine calls it outside of this run's context, in which a component provider would know neither engine nor preview.
    const hook = new pulumi.ResourceHook(name, AsyncResource.bind(walk));
    return { beforeCreate: [hook], beforeUpdate: [hook] };
}

/** Changes with all that the way leads to. */
function digestOf(names: Names, spec: MinioClusterSpec): string {
    const { partition, updateStrategy, rollout, restoreFrom } = spec;
    const pools = spec.pools.map((_, pool) => [podTemplate(names, spec, pool), shapeOf(spec, pool)]);
    const wanted = { pools, partition, updateStrategy, mode: rollout.mode, restoreFrom };
    return createHash("sha256").update(JSON.stringify(wanted)).digest("hex").slice(0, 16);
}

/**
 * What is left to do where the program wants nothing new, in words; nothing as a rule. It looks only, once and without patience, as it is
 * asked in a refresh and a destroy too; what it could not see, the way itself finds out.
 */
async function leftOver(options: ArrivalOptions, spec: MinioClusterSpec): Promise<string> {
    const { names, connection, hasChanged } = options;
    if (!hasEngine() || hasChanged() || (await connection.writesFiles())) {
        return "";
    }
    try {
        const kubernetes = await connection.act();
        const begun = await begunEarlier(kubernetes, names, spec);
        return begun ?? (await whatIsLeft(kubernetes, wantedCluster(names, spec), isGuided(spec)));
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
    const answered = <T>(work: () => Promise<T>) => untilAnswered(work, timeoutSeconds, say);
    const kubernetes = await answered(connection.act);
    // Where Kubernetes moves the rollout on, claims may be all that the kubeconfig's user has a right to.
    if (guided || known.snapshots || known.restoreFrom) {
        await answered(() => endWhatWasBegun(kubernetes, names, known, credentials, resource));
    }
    await rollOut(kubernetes, wantedCluster(names, known), { timeoutSeconds, guided, say });
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
    const set = await thawIfLeftFrozen(await freezable(kubernetes, names, spec, credentials));
    if (set !== undefined) {
        pulumi.log.warn(`requests were frozen for the set '${set}' by a program that was cut off: thawed`, resource);
    }
}

function wantedCluster(names: Names, spec: MinioClusterSpec): WantedCluster {
    const topology = topologyOfPools(spec.pools) as Topology; // There is one: the arguments were checked.
    return {
        namespace: spec.namespace,
        scheme: scheme(spec),
        bootQuorum: topology.bootQuorum,
        pools: spec.pools.map(({ replicas, storageSize }, pool) => ({
            name: poolName(names.cluster, pool),
            selector: poolSelector(names, pool),
            partition: Math.min(spec.partition, replicas),
            serversThatMayFail: topology.pools[pool].serversThatMayFailForWrites,
            storageSize,
        })),
    };
}
