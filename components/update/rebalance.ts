/** Objects that move to the emptier pools: MinIO is told to, and asked how far it is. */
import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../basics/messageOf";
import { size } from "../basics/quantity";
import type { MinioAdmin, Rebalance } from "../live/admin";
import { adminOf, annotate, liveCluster } from "../live/liveCluster";
import { hasEngine } from "../pulumi/engine";
import { after, isKnown, knownValue } from "../pulumi/outputs";
import { createWork } from "../pulumi/work";
import { poolPattern } from "../server/serverArguments";
import type { Cluster } from "../spec/cluster";
import { rebalancedAnnotation } from "../spec/labels";
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
    // Whether the work was only to see how far MinIO is, and nothing else is wanted.
    let follows = false;
    const left = async (known: Cluster) => {
        try {
            const seen = await look(options, known);
            follows = seen?.status?.isRunning ?? false;
            return seen && whatIsLeft(seen, poolsOf(known));
        } catch (error) {
            follows = true;
            return `it is not known: ${messageOf(error)}`;
        }
    };
    const work = createWork(
        `${names.cluster}-rebalance`,
        {
            wanted: resolved.apply(poolsOf),
            left: after(served, resolved).apply((known) => () => left(known)),
            work: async (resource) => {
                const known = await knownValue(resolved);
                const say = (text: string) => tell(text, resource);
                if (known.spec.hibernate) {
                    say("no server runs: objects are moved between pools when hibernate is false again");
                    return;
                }
                const seen = await look(options, known);
                if (seen) {
                    await move(seen, poolsOf(known), follows, say);
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

/** Each by its arguments. */
function poolsOf({ names, spec }: Cluster): string {
    return spec.pools.map((_, pool) => poolPattern(names, spec, pool)).join("\n");
}

/** What is known of the last rebalance, and how to begin another one. */
export interface Seen {
    /** Undefined where MinIO never began one. */
    status?: Rebalance;
    /** The pools of the last one, as `poolsOf`. */
    pools?: string;
    admin: Pick<MinioAdmin, "rebalance" | "startRebalance">;
    /** Keeps the pools for the next run. */
    keep: (pools: string) => Promise<void>;
}

/** MinIO's first server leads. Undefined where no server can be asked in this run. */
async function look({ connection, credentials }: DecommissionOptions, cluster: Cluster): Promise<Seen | undefined> {
    const asksNobody = cluster.spec.hibernate || (await connection.writesFiles());
    const kubernetes = asksNobody ? undefined : await connection.act();
    if (kubernetes === undefined) {
        return undefined;
    }
    const live = await liveCluster(kubernetes, cluster, credentials);
    const admin = adminOf(live, `${live.statefulSet}-0`);
    const { metadata } = (await kubernetes.statefulSet(live.namespace, live.statefulSet)) ?? {};
    const last = metadata?.annotations?.[rebalancedAnnotation];
    return {
        status: await statusOf(admin, last, poolsOf(cluster)),
        pools: last,
        admin,
        keep: (pools) => annotate(live, { [rebalancedAnnotation]: pools }),
    };
}

/**
 * What MinIO says of the last rebalance, which ended before a pool could leave. It fails at one that knew more pools
 * than there are (`rebalanceStatus` in `cmd/rebalance-admin.go`), until another one is begun.
 *
 * @param last the pools of the last one, as far as this component began it
 */
export async function statusOf(
    admin: Pick<MinioAdmin, "rebalance">,
    last: string | undefined,
    pools: string,
): Promise<Rebalance | undefined> {
    if (last && last.split("\n").length > pools.split("\n").length) {
        return undefined;
    }
    try {
        return await admin.rebalance();
    } catch (error) {
        throw messageOf(error).includes("InternalError")
            ? new Error(
                  `MinIO cannot tell how far objects have moved between pools: ${messageOf(error)}. If a pool has left since that was ` +
                      "begun with mc, run mc admin rebalance start ALIAS, and pulumi up again",
              )
            : error;
    }
}

/**
 * In words; undefined where nothing is. A pool that is added while objects move takes no part: MinIO must begin anew.
 */
export function whatIsLeft({ status, pools: last }: Pick<Seen, "status" | "pools">, pools: string): string | undefined {
    return status?.isRunning ? told(status) : last === pools ? undefined : begins;
}

const begins = "MinIO moves objects to the emptier pools, once all servers know all pools";

/**
 * @param follows whether it begins one only where the pools are others
 * @throws Error where the last one has failed: MinIO begins no other before somebody ends that
 */
export async function move(
    { status, pools: last, admin, keep }: Seen,
    pools: string,
    follows: boolean,
    say: (text: string) => void,
): Promise<void> {
    if (status?.hasFailed && !status.isRunning) {
        throw new Error(`rebalance: ${told(status)}`);
    }
    if (!status?.isRunning && !(follows && last === pools)) {
        await admin.startRebalance();
        await keep(pools);
    }
    say(told(await admin.rebalance()));
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
        const seen = await look(options, cluster);
        const line = seen?.status?.hasFailed ? told(seen.status) : seen && whatIsLeft(seen, poolsOf(cluster));
        if (line) {
            tell(line);
        }
    } catch (error) {
        tell(`not checked in this preview how far objects have moved between pools: ${messageOf(error)}`);
    }
}
