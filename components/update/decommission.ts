/** Pools that are to leave: MinIO is told to move their objects to the others, and asked how far it is. */
import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../basics/messageOf";
import { type Departure, departureOf } from "../change/decommission";
import type { Kubernetes } from "../kubernetes/client";
import type { MinioAdmin, PoolStatus } from "../live/admin";
import type { Connection } from "../live/connection";
import { adminOf, type LiveCluster, liveCluster } from "../live/liveCluster";
import { askServers } from "../live/poolStatuses";
import type { Credentials } from "../objects/credentials";
import { hasEngine } from "../pulumi/engine";
import { after, isKnown, knownValue } from "../pulumi/outputs";
import { createWork } from "../pulumi/work";
import { poolPattern } from "../server/serverArguments";
import type { Cluster, ClusterPool, DeclaredCluster } from "../spec/cluster";

export interface DecommissionOptions {
    cluster: DeclaredCluster;
    credentials: Credentials;
    connection: Connection;
    /** Is there once all servers are where they should be, and sets of snapshots are taken. */
    settled: pulumi.Output<pulumi.CustomResource>;
    opts: pulumi.CustomResourceOptions;
}

/**
 * The decommission of the pools that are to leave, as one resource. Each `up` looks how far MinIO is, as long as objects
 * are to be moved, and waits for none. The StatefulSets stay: see `departureProblems`.
 *
 * @returns true when MinIO moves the objects; in a preview, when it is said how far it is
 */
export function createDecommission(options: DecommissionOptions): pulumi.Output<boolean> {
    const { cluster, connection, settled, opts } = options;
    const { names, resolved } = cluster;
    const served = settled.apply(({ id }) => id);
    const tell = (text: string, resource = opts.parent) => pulumi.log.info(text, resource);
    const work = createWork(
        `${names.cluster}-decommission`,
        {
            wanted: resolved.apply((known) =>
                leavingPools(known)
                    .map(({ pattern }) => pattern)
                    .join("\n"),
            ),
            left: after(served, resolved).apply((known) => () => leftOver(options, known, tell)),
            work: async (resource) => {
                const known = await knownValue(resolved);
                const kubernetes = await connection.act();
                if (kubernetes && !known.spec.hibernate) {
                    await start(options, kubernetes, known, resource);
                }
            },
        },
        { ...opts, dependsOn: settled },
    );
    const said: pulumi.Output<unknown> =
        hasEngine() && pulumi.runtime.isDryRun()
            ? resolved.apply((known) => foresee(options, known, tell))
            : work.apply(({ id }) => id);
    return pulumi.unsecret(said.apply(() => true));
}

/** The first one first. */
function leavingPools({ names, spec, pools }: Cluster): (ClusterPool & { pattern: string })[] {
    return pools
        .filter(({ decommission }) => decommission)
        .map((pool) => ({ ...pool, pattern: poolPattern(names, spec, pool.index) }));
}

/**
 * As one server tells it, or any other that runs: each knows the state of all pools.
 *
 * @throws Error why that one does not answer, where no other does
 */
export async function poolsBy(live: LiveCluster, server: string): Promise<PoolStatus[]> {
    try {
        return await adminOf(live, server).pools();
    } catch (error) {
        const statuses = await askServers(live);
        if ("pools" in statuses) {
            return statuses.pools;
        }
        throw error;
    }
}

/** Only the first server of a pool that leaves begins, and counts its objects. */
async function look(
    { credentials }: DecommissionOptions,
    kubernetes: Kubernetes,
    cluster: Cluster,
): Promise<{ admin: MinioAdmin; departure: Departure }> {
    const leaving = leavingPools(cluster);
    const live = await liveCluster(kubernetes, cluster, credentials);
    const patterns = leaving.map(({ pattern }) => pattern);
    const last = `${leaving.at(-1)?.name}-0`;
    const pools = await poolsBy(live, last);
    const running = leaving.find(({ pattern }) =>
        pools.some(({ cmdline, decommission }) => cmdline === pattern && decommission?.state === "running"),
    );
    const admin = adminOf(live, running ? `${running.name}-0` : last);
    return { admin, departure: departureOf(patterns, running ? await admin.pools() : pools) };
}

/** @throws Error naming what keeps MinIO from moving the objects */
async function start(
    options: DecommissionOptions,
    kubernetes: Kubernetes,
    cluster: Cluster,
    resource: pulumi.Resource,
): Promise<void> {
    const { admin, departure } = await look(options, kubernetes, cluster);
    if (departure.problems.length > 0) {
        throw new Error(told(departure.problems));
    }
    if (departure.warnings.length > 0) {
        pulumi.log.warn(told(departure.warnings), resource);
    }
    if (departure.start !== undefined) {
        await admin.decommission(departure.start);
    }
    for (const line of departure.lines) {
        pulumi.log.info(line, resource);
    }
}

function told(problems: string[]): string {
    return problems.map((problem) => `expansionPools: ${problem}`).join("\n");
}

/** It looks, too, where the program runs in a destroy: what it could not see, the work itself finds out. */
async function leftOver(options: DecommissionOptions, cluster: Cluster, tell: (text: string) => void): Promise<string> {
    const { connection } = options;
    if (cluster.spec.hibernate || (await connection.writesFiles())) {
        return "";
    }
    try {
        const kubernetes = await connection.act();
        if (kubernetes === undefined) {
            return "";
        }
        const { departure } = await look(options, kubernetes, cluster);
        if (!departure.isLeft) {
            for (const line of departure.lines) {
                tell(line); // Nothing is changed, at which it would be said.
            }
        }
        return departure.isLeft ? departure.lines.join("; ") : "";
    } catch (error) {
        return `it is not known: ${messageOf(error)}`;
    }
}

/** What a preview says. What cannot be moved is only said: MinIO may be asked again by the `up`. */
async function foresee(options: DecommissionOptions, cluster: Cluster, tell: (text: string) => void): Promise<void> {
    const { connection, credentials } = options;
    const names = leavingPools(cluster).map(({ name }) => name);
    const unchecked = (why: string) =>
        tell(`not checked in this preview how far ${names.join(", ")} can leave: ${why}`);
    try {
        if (cluster.spec.hibernate) {
            unchecked("the cluster hibernates");
            return;
        }
        if (!(await isKnown(credentials.rootPassword)) || !(await isKnown(credentials.rootUser))) {
            unchecked("the root credentials are still to be made");
            return;
        }
        const kubernetes = await connection.act();
        if (kubernetes) {
            const { departure } = await look(options, kubernetes, cluster);
            for (const line of departure.lines) {
                tell(line);
            }
            const doubts = [...departure.problems, ...departure.warnings];
            if (doubts.length > 0) {
                pulumi.log.warn(told(doubts), options.opts.parent);
            }
        }
    } catch (error) {
        unchecked(messageOf(error));
    }
}
