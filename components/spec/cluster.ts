/**
 * The cluster that a program asks for, as one value: computed where the arguments are known, and passed whole. Pure.
 */

import type * as pulumi from "@pulumi/pulumi";
import { element } from "../basics/element";
import { type Layout, type PoolLayout, type PoolTopology, restartsAtOnce, type Topology } from "../minio/topology";
import { standardClass } from "../minio/topologyVariables";
import type { DisruptionBudget, MinioClusterArgs } from "./args";
import { type Names, namesOf, poolName, poolSelector } from "./names";
import {
    isGuided,
    type KnownArgs,
    type MinioClusterSpec,
    type PoolSpec,
    scheme,
    topologyOfSpec,
    withDefaults,
} from "./spec";

/** Arguments that decide which resources there are, so they must be known when the program runs. */
export const plainFields = [
    "replicas",
    "drivesPerServer",
    "expansionPools",
    "rebalance",
    "hibernate",
    "partition",
    "updateStrategy",
    "rollout",
    "credentialsRevision",
    "disruptionBudget",
    "snapshots",
    "restoreFrom",
    "ingress",
    "httpRoute",
    "tls",
    "networkPolicy",
    "monitoring",
    "buckets",
    "policies",
    "accesses",
] as const;

export type PlainArgs = Pick<MinioClusterArgs, (typeof plainFields)[number]>;

/** A pool, as far as plain arguments tell. */
export interface PlainPool {
    /** From 0, the first one first. */
    index: number;
    /** Its StatefulSet. */
    name: string;
    /** The labels that select its servers. */
    selector: Record<string, string>;
    /** Servers below it stay back. At most the number of its servers. */
    partition: number;
    /** Servers that the rollout may restart at the same time, unless pods are made in order. */
    restartsAtOnce: number;
    topology: PoolLayout;
}

/** What plain arguments tell of a cluster. Bytes are not among it: sizes may be Outputs. */
export interface PlainCluster {
    names: Names;
    topology: Layout;
    pools: PlainPool[];
    /** Whether the component moves the rollout on itself. */
    guided: boolean;
    /** Whether that holds requests while the server with the last drive of an erasure set comes back. */
    freezesRequests: boolean;
    /** Longest time without progress, in seconds. */
    timeoutSeconds: number;
}

/** A pool with all that is asked for. */
export interface ClusterPool extends PlainPool, PoolSpec {
    topology: PoolTopology;
}

/** A cluster with every argument known, and all that follows from them. */
export interface Cluster extends PlainCluster {
    spec: MinioClusterSpec;
    topology: Topology;
    pools: ClusterPool[];
    /** How servers and clients speak to the servers. */
    scheme: "http" | "https";
}

/** A cluster while a program runs: at first only what is plain, and later all of it. */
export interface DeclaredCluster extends PlainCluster {
    /** Known when all Outputs among the arguments are. */
    resolved: pulumi.Output<Cluster>;
}

/**
 * @param spec what MinIO accepts: the arguments were checked
 * @throws Error where MinIO refuses the pools
 */
export function clusterOf(name: string, spec: MinioClusterSpec): Cluster {
    const topology = topologyOfSpec(spec);
    if (topology === undefined) {
        throw new Error(`MinIO refuses the pools of '${name}', and the arguments were not checked`);
    }
    const names = namesOf(name);
    const poolOf = (pool: PoolSpec, index: number, topology: PoolTopology): ClusterPool => ({
        ...pool,
        index,
        name: poolName(name, index),
        selector: poolSelector(names, index),
        partition: Math.min(spec.partition, pool.replicas),
        restartsAtOnce: restartsAtOnce(topology, mostThatLeave(topology, spec.disruptionBudget)),
        topology,
    });
    return {
        names,
        spec,
        topology,
        pools: spec.pools.map((pool, index) => poolOf(pool, index, element(topology.pools, index))),
        guided: isGuided(spec),
        timeoutSeconds: spec.rollout.timeoutSeconds,
        freezesRequests: spec.rollout.freezeRequests,
        scheme: scheme(spec),
    };
}

/** What a budget of a pool asks for; undefined when there is to be none. */
export function budgetOf(
    { servers, serversThatMayFailForWrites }: PoolLayout,
    { enabled = true, minAvailable, maxUnavailable }: DisruptionBudget = {},
): { minAvailable?: number; maxUnavailable?: number } | undefined {
    // Where no server may be missed, a budget could only block every drain of a node.
    if (!enabled || serversThatMayFailForWrites === 0) {
        return undefined;
    }
    if (maxUnavailable !== undefined) {
        return { maxUnavailable };
    }
    return { minAvailable: minAvailable ?? servers - serversThatMayFailForWrites };
}

/** Servers of a pool that its disruption budget lets leave; undefined where it has none. */
function mostThatLeave(pool: PoolLayout, args: DisruptionBudget | undefined): number | undefined {
    const { minAvailable, maxUnavailable } = budgetOf(pool, args) ?? {};
    return minAvailable === undefined ? maxUnavailable : pool.servers - minAvailable;
}

/** What a drive's claim asks for, wherever it is made. */
export function claimSpec({ storageClassName, volumeAttributesClassName, storageSize }: PoolSpec) {
    return {
        accessModes: ["ReadWriteOnce"],
        storageClassName,
        volumeAttributesClassName,
        resources: { requests: { storage: storageSize } },
    };
}

/** @param args checked */
export function plainCluster(name: string, args: PlainArgs & Pick<MinioClusterArgs, "environment">): PlainCluster {
    return clusterOf(name, withDefaults(plainPart(args)));
}

/** What decides the servers, their drives and the rollout, and of the variables what decides the parity. */
function plainPart(args: PlainArgs & Pick<MinioClusterArgs, "environment">): KnownArgs {
    const { replicas, drivesPerServer, partition, updateStrategy, rollout, disruptionBudget } = args;
    return {
        disruptionBudget,
        replicas,
        drivesPerServer,
        expansionPools: args.expansionPools?.map((pool) => ({
            replicas: pool?.replicas,
            drivesPerServer: pool?.drivesPerServer,
        })),
        partition,
        updateStrategy,
        rollout: {
            mode: rollout?.mode,
            timeoutSeconds: rollout?.timeoutSeconds,
            freezeRequests: rollout?.freezeRequests,
        },
        environment: plainParity(args.environment),
    };
}

/** The variable that must be plain, of variables that may be Outputs. */
export function plainParity(environment: object = {}): Record<string, string> {
    const entries = Object.entries(environment);
    return Object.fromEntries(entries.filter(([name, value]) => name === standardClass && typeof value === "string"));
}
