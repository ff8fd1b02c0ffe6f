import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../basics/messageOf";
import { printable } from "../basics/printable";
import type { Kubernetes } from "../kubernetes/client";
import type { Connection } from "../live/connection";
import { liveCluster } from "../live/liveCluster";
import type { Credentials } from "../objects/credentials";
import { accessSecretChecks } from "../preflight/accessSecrets";
import { findings } from "../preflight/preflight";
import { endProgram } from "../pulumi/endProgram";
import { hasEngine } from "../pulumi/engine";
import { after, isKnown, knownValue, whenKnown } from "../pulumi/outputs";
import { createWork } from "../pulumi/work";
import type { MinioClusterArgs } from "../spec/args";
import type { Cluster, DeclaredCluster } from "../spec/cluster";
import { createAccessSecrets, createSecretKeys, type EventualKeys } from "./accessSecrets";
import { carryOut } from "./carryOut";
import { type Declared, type Difference, difference } from "./difference";
import { look, regionOf, type SecretKeys, withMinio } from "./look";
import type { Minio } from "./minio";
import { type Recorded, readRecord, writeRecord } from "./record";

export interface BucketsOptions {
    cluster: DeclaredCluster;
    args: MinioClusterArgs;
    credentials: Credentials;
    connection: Connection;
    /** Is there once all servers are where they should be, and sets of snapshots are taken. */
    settled: pulumi.Output<pulumi.CustomResource>;
    /** For what holds no data. */
    dispensable: pulumi.CustomResourceOptions;
}

/** Whether there is anything for this to do. An empty list is: it removes the last one. */
export function declaresAny({ buckets, policies, accesses }: MinioClusterArgs): boolean {
    return buckets !== undefined || policies !== undefined || accesses !== undefined;
}

/**
 * Buckets, policies and users, made by the program itself once the cluster serves, through a port-forward. The work is
 * one resource, whose input is what is declared; so Pulumi shows each change of it. The keys of users and their Secrets
 * are resources of their own.
 *
 * @returns true when all is made; in a preview, when all is said
 */
export function createBuckets(options: BucketsOptions): pulumi.Output<boolean> {
    const { cluster, args, connection, settled, dispensable } = options;
    const { names, resolved } = cluster;
    const keys = createSecretKeys(names, args.accesses ?? [], dispensable);
    const served = settled.apply(({ id }) => id);
    const work = createWork(
        `${names.cluster}-buckets`,
        {
            wanted: resolved.apply((known) => wantedText(declaredOf(known))),
            left: after(served, resolved).apply((known) => () => leftOver(options, known, keys)),
            work: async (resource) => {
                const known = await knownValue(resolved);
                const kubernetes = await connection.act();
                if (kubernetes) {
                    await bring(options, kubernetes, known, keys, resource);
                }
            },
        },
        { ...dispensable, dependsOn: settled },
    );
    const secrets = createAccessSecrets({
        cluster,
        accesses: args.accesses ?? [],
        namespace: args.namespace,
        keys,
        connection,
        work,
        opts: dispensable,
    });
    const done: pulumi.Output<unknown> =
        hasEngine() && pulumi.runtime.isDryRun()
            ? resolved.apply((known) => foresee(options, known, keys, dispensable.parent))
            : pulumi.all([work.apply(({ id }) => id), ...secrets.map(({ id }) => id)]);
    return pulumi.unsecret(done.apply(() => true));
}

const whenItServes =
    "no server runs: buckets, policies and accesses are made and changed when hibernate is false again";

function declaredOf({ spec }: Cluster): Declared {
    const { buckets = [], policies = [], accesses = [] } = spec;
    return { buckets, policies, accesses };
}

/** What is declared, for people to read in a preview with --diff. A line for each. */
export function wantedText({ buckets, policies, accesses }: Declared): string {
    const lines = [
        ...buckets.map((bucket) => `bucket ${JSON.stringify(bucket)}`),
        ...policies.map((policy) => `policy ${JSON.stringify(policy)}`),
        ...accesses.map((access) => `access ${JSON.stringify(access)}`),
    ];
    return lines.join("\n");
}

interface Seen {
    recorded: Recorded;
    found: Difference;
}

async function compare(
    options: Pick<BucketsOptions, "credentials">,
    kubernetes: Kubernetes,
    cluster: Cluster,
    secretKeys: SecretKeys,
    use: (minio: Minio, seen: Seen) => Promise<void>,
): Promise<void> {
    const declared = declaredOf(cluster);
    const live = await liveCluster(kubernetes, cluster, options.credentials);
    const recorded = await readRecord(kubernetes, cluster);
    await withMinio(live, regionOf(cluster.spec), async (minio) => {
        const there = await look(minio, declared, recorded, secretKeys);
        await use(minio, { recorded, found: difference(declared, recorded, there, new Date()) });
    });
}

/** It looks, too, where the program runs in a destroy: what it could not see, the work itself finds out. */
async function leftOver(options: BucketsOptions, cluster: Cluster, keys: EventualKeys): Promise<string> {
    const { connection } = options;
    // What is not done while it hibernates is found when it ends.
    if (cluster.spec.hibernate || (await connection.writesFiles())) {
        return "";
    }
    try {
        const kubernetes = await connection.act();
        let left = "";
        if (kubernetes) {
            await compare(options, kubernetes, cluster, await secretKeysOf(keys), async (_, { found }) => {
                left = briefly([...found.refusals, ...found.steps.map(({ words }) => words)], 3).join("; ");
            });
        }
        return left;
    } catch (error) {
        return `it is not known: ${messageOf(error)}`;
    }
}

/** @throws Error with every reason why something is refused, before anything is touched */
export async function bring(
    options: Pick<BucketsOptions, "credentials">,
    kubernetes: Kubernetes,
    cluster: Cluster,
    keys: EventualKeys,
    resource: pulumi.Resource,
): Promise<void> {
    const say = (text: string) => pulumi.log.info(printable(text), resource, undefined, true);
    // A preview has asked this before, and who skips it shall not lose a Secret.
    const { problems, unchecked } = await findings(kubernetes, accessSecretChecks({ cluster, isKnown: () => true }));
    for (const what of unchecked) {
        say(`not checked: ${what}`);
    }
    const taken = problems.map(({ field, reason }) => `${field}: ${reason}`);
    if (cluster.spec.hibernate) {
        if (taken.length > 0) {
            throw new Error(refusal(taken)); // The Secrets are made while no server runs, too.
        }
        say(whenItServes);
        return;
    }
    const secretKeys = await secretKeysOf(keys);
    await compare(options, kubernetes, cluster, secretKeys, async (minio, { recorded, found }) => {
        const refusals = [...taken, ...found.refusals];
        if (refusals.length > 0) {
            throw new Error(refusal(refusals));
        }
        const write = (record: Recorded) => writeRecord(kubernetes, cluster, record);
        await carryOut(found, recorded, { minio, secretKeys, write, say });
    });
}

function refusal(reasons: string[]): string {
    return `nothing of the buckets, policies and accesses is changed:\n${reasons.map((one) => `  ${printable(one)}`).join("\n")}`;
}

const mostForeseen = 40;

/** What a preview says. */
async function foresee(
    options: BucketsOptions,
    cluster: Cluster,
    keys: EventualKeys,
    resource: pulumi.Resource | undefined,
): Promise<void> {
    const { connection, credentials } = options;
    const say = (text: string) => pulumi.log.info(text, resource);
    const unchecked = (why: string) => {
        const { buckets, policies, accesses } = declaredOf(cluster);
        const counts = `${buckets.length} buckets, ${policies.length} policies and ${accesses.length} accesses`;
        say(`not checked in this preview what MinIO has of ${counts}: ${printable(why)}`);
    };
    try {
        if (await connection.writesFiles()) {
            unchecked("the provider writes files, and makes none of them");
            return;
        }
        if (cluster.spec.hibernate) {
            unchecked(whenItServes);
            return;
        }
        if (!(await isKnown(credentials.rootPassword)) || !(await isKnown(credentials.rootUser))) {
            unchecked("its root credentials are still to be made");
            return;
        }
        const kubernetes = await connection.act();
        if (kubernetes === undefined) {
            return;
        }
        let refusals: string[] = [];
        await compare(options, kubernetes, cluster, await secretKeysOf(keys), async (_, { found }) => {
            refusals = found.refusals;
            const lines = briefly(
                found.steps.map(({ words }) => printable(words)),
                mostForeseen,
            );
            if (lines.length > 0) {
                say(`once the cluster serves:\n${lines.map((line) => `  ${line}`).join("\n")}`);
            }
        });
        if (refusals.length > 0) {
            await endProgram(refusal(refusals));
        }
    } catch (error) {
        unchecked(messageOf(error));
    }
}

function briefly(lines: string[], most: number): string[] {
    return lines.length > most ? [...lines.slice(0, most), `and ${lines.length - most} more`] : lines;
}

async function secretKeysOf(keys: EventualKeys): Promise<SecretKeys> {
    const entries = Object.entries(keys).map(async ([key, value]) => [key, await whenKnown(value)] as const);
    return Object.fromEntries(await Promise.all(entries));
}
