/** Objects that move to the emptier pools: MinIO is told to, and asked how far it is. */
import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../basics/messageOf";
import { size } from "../basics/quantity";
import type { MinioAdmin, Rebalance } from "../live/admin";
import { adminOf, liveCluster } from "../live/liveCluster";
import { hasEngine } from "../pulumi/engine";
import { after, isKnown, knownValue } from "../pulumi/outputs";
import { createWork } from "../pulumi/work";
import { poolPattern } from "../server/serverArguments";
import type { Cluster } from "../spec/cluster";
import type { DecommissionOptions } from "./decommission";

/**
 * The rebalance as one resource, which changes with the pools. As long as objects move, each `up` says how many did.
 *
 * @returns true when MinIO moves objects; in a preview, when it is said how far it is
 */
export function createRebalance(options: DecommissionOptions): pulumi.Output<boolean> {
    const { cluster, settled, opts } = options;
    const { names, resolved } = cluster;
    const served = settled.apply(({ id }) => id);
    const tell = (text: string, resource = opts.parent) => pulumi.log.info(text, resource);
    let wasRunning = false;
    const left = async (known: Cluster) => {
        const status = await statusOf(options, known).catch(() => undefined);
        wasRunning = status?.isRunning ?? false;
        return wasRunning ? told(status) : undefined;
    };
    const work = createWork(
        `${names.cluster}-rebalance`,
        {
            wanted: resolved.apply(({ names, spec }) =>
                spec.pools.map((_, pool) => poolPattern(names, spec, pool)).join("\n"),
            ),
            left: after(served, resolved).apply((known) => () => left(known)),
            work: async (resource) => {
                const known = await knownValue(resolved);
                if (known.spec.hibernate) {
                    throw new Error(
                        "rebalance: no server runs that could move objects. Begin it when hibernate is false again",
                    );
                }
                const admin = await adminFor(options, known);
                if (!wasRunning) {
                    await admin?.startRebalance();
                }
                tell(told(await admin?.rebalance()), resource);
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

/** MinIO's first server leads. */
async function adminFor(
    { connection, credentials }: DecommissionOptions,
    cluster: Cluster,
): Promise<MinioAdmin | undefined> {
    const kubernetes = await connection.act();
    return kubernetes && adminOf(await liveCluster(kubernetes, cluster, credentials), `${cluster.names.cluster}-0`);
}

async function statusOf(options: DecommissionOptions, cluster: Cluster): Promise<Rebalance | undefined> {
    return cluster.spec.hibernate ? undefined : (await adminFor(options, cluster))?.rebalance();
}

/** In words. Pure. */
export function told(status: Rebalance | undefined): string {
    if (status === undefined) {
        return "MinIO has not moved any object between pools yet";
    }
    const { isRunning, hasFailed, used, objects, bytes } = status;
    const full = used.map((share, pool) => `pool ${pool} ${Math.round(share * 100)} %`).join(", ");
    const state = hasFailed
        ? "could not move all: read the log of the first server, run mc admin rebalance stop ALIAS, and set rebalance to false and " +
          "to true again"
        : isRunning
          ? "goes on"
          : "has ended";
    return `MinIO moved ${objects} objects (${size(bytes)}) between pools, and ${state}; used are ${full}`;
}

async function foresee(options: DecommissionOptions, cluster: Cluster, tell: (text: string) => void): Promise<void> {
    const { credentials } = options;
    try {
        if (
            cluster.spec.hibernate ||
            !(await isKnown(credentials.rootPassword)) ||
            !(await isKnown(credentials.rootUser))
        ) {
            return;
        }
        const status = await statusOf(options, cluster);
        if (status === undefined) {
            tell("MinIO moves objects to the emptier pools, once all servers know all pools");
        } else if (status.isRunning || status.hasFailed) {
            tell(told(status));
        }
    } catch (error) {
        tell(`not checked in this preview how far objects have moved between pools: ${messageOf(error)}`);
    }
}
