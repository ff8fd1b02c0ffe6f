import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../basics/messageOf";
import { printable } from "../basics/printable";
import type { Kubernetes } from "../kubernetes/client";
import { isSameCluster, marksInWords } from "../live/clusterMarks";
import type { Connection } from "../live/connection";
import { type EventualCredentials, liveCluster } from "../live/liveCluster";
import { accessSecretChecks } from "../preflight/accessSecrets";
import { findings } from "../preflight/preflight";
import { endProgram } from "../pulumi/endProgram";
import { hasEngine } from "../pulumi/engine";
import { after, isKnown, knownValue, whenKnown } from "../pulumi/outputs";
import { createUndo, type Marked, type Undo } from "../pulumi/undo";
import { createWork } from "../pulumi/work";
import type { MinioClusterArgs } from "../spec/args";
import type { Cluster, DeclaredCluster } from "../spec/cluster";
import { type Declarer, declaredName, ownerOf } from "../spec/names";
import { createAccessSecrets, createSecretKeys, type EventualKeys } from "./accessSecrets";
import { carryOut } from "./carryOut";
import { type Declared, type Difference, departure, difference } from "./difference";
import { look, regionOf, type SecretKeys, withMinio } from "./look";
import type { Minio } from "./minio";
import { declarerInWords, isEmpty, type Recorded, readRecords, removeRecord, writeRecord } from "./record";

type DeclaringArgs = Pick<MinioClusterArgs, "namespace" | "buckets" | "policies" | "accesses">;

export interface BucketsOptions {
    cluster: Pick<DeclaredCluster, "names" | "resolved">;
    args: DeclaringArgs;
    credentials: EventualCredentials;
    connection: Connection;
    /** Is there once all servers are where they should be, and sets of snapshots are taken. */
    settled: pulumi.Output<pulumi.CustomResource>;
    /** For what holds no data. */
    dispensable: pulumi.CustomResourceOptions;
    /** Who declares, where it is not the cluster's own program. */
    declarer?: Declarer;
}

/** Whether there is anything for this to do. An empty list is: it removes the last one. */
export function declaresAny({ buckets, policies, accesses }: DeclaringArgs): boolean {
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
    const { cluster, args, connection, settled, dispensable, declarer } = options;
    const { names, resolved } = cluster;
    const prefix = declarer?.name ?? names.cluster;
    const keys = createSecretKeys(prefix, args.accesses ?? [], dispensable);
    const served = settled.apply(({ id }) => id);
    const work = createWork(
        // Hooks of one program have one name each, and a cluster's name may be a declarer's, too.
        declarer ? `${prefix}-declared` : `${prefix}-buckets`,
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
        prefix,
        accesses: args.accesses ?? [],
        namespace: args.namespace,
        keys,
        connection,
        work,
        opts: dispensable,
    });
    const done: pulumi.Output<unknown> =
        hasEngine() && pulumi.runtime.isDryRun()
            ? resolved.apply((known) =>
                  foresee(options, known, keys, (text) => pulumi.log.info(text, dispensable.parent)),
              )
            : pulumi.all([work.apply(({ id }) => id), ...secrets.map(({ id }) => id)]);
    return pulumi.unsecret(done.apply(() => true));
}

/**
 * For a declarer: what it has made leaves with it, as its users would stay valid.
 *
 * @returns what is made before all else; undefined where nothing is declared
 */
export function createRemoval(
    options: Pick<BucketsOptions, "args" | "cluster" | "credentials" | "connection"> & {
        declarer: Declarer;
        /** The Kubernetes cluster. */
        marked: pulumi.Output<Marked>;
    },
    isWanted: boolean,
    opts: pulumi.CustomResourceOptions,
): pulumi.Stash | undefined {
    const { args, cluster, connection, declarer, marked } = options;
    const onCluster = async (
        what: string,
        resource: pulumi.Resource,
        act: (kubernetes: Kubernetes, known: Cluster, isPreview: boolean) => Promise<void>,
    ) => {
        const isPreview = pulumi.runtime.isDryRun();
        try {
            const known = await (isPreview ? whenKnown(cluster.resolved) : knownValue(cluster.resolved));
            const kubernetes = known && (await connection.act());
            if (kubernetes) {
                await act(kubernetes, known, isPreview);
            }
        } catch (error) {
            if (!isPreview || error instanceof Refusal) {
                throw error;
            }
            pulumi.log.info(`not checked in this preview ${what}: ${printable(messageOf(error))}`, resource);
        }
    };
    const undo: Undo = {
        place: pulumi
            .output(args.namespace)
            .apply((namespace) => `${namespace ?? "default"}/${cluster.names.cluster} by ${ownerOf(declarer)}`),
        moving:
            "its users would stay valid there. Put the names of the cluster, the component, the project and the " +
            "stack back. To move, " +
            "take all buckets, policies and accesses out, run pulumi up, and then change the name",
        cluster: marked,
        elsewhere: inOtherCluster,
        begin: (resource) =>
            onCluster("whether another stack has this name", resource, (kubernetes, known) =>
                refuseTaken(kubernetes, known, declarer),
            ),
        work: (resource) =>
            onCluster("what leaves", resource, (kubernetes, known, isPreview) =>
                leave(options, kubernetes, known, declarer, resource, isPreview),
            ),
    };
    return createUndo(`${declarer.name}-removal`, undo, isWanted, opts);
}

/** The error where the users of a stack are in another Kubernetes cluster than the one that this run leads to. */
export function inOtherCluster(before: Partial<Marked>, now: Marked, urn: string): string | undefined {
    const { marks: kept = [] } = before;
    if (kept.length === 0 || isSameCluster(kept, now.marks)) {
        return undefined;
    }
    if (now.marks.length === 0) {
        return (
            `it is not known whether this run leads to the Kubernetes cluster of before: ${marksInWords([])}. No ` +
            "MinIO is changed. " +
            "Kubernetes puts it back: run this again then"
        );
    }
    const inWords = ({ where, marks = [] }: Partial<Marked>) =>
        `${where ? `${where}, where` : "one where"} ${marksInWords(marks)}`;
    return (
        "this stack made its buckets and users in another Kubernetes cluster, where its keys stay valid: " +
        `${inWords(before)}. ` +
        `This run leads to ${inWords(now)}. No MinIO is changed. Let Pulumi's provider lead to the former. ` +
        "To move, take all buckets, policies and accesses out there, run pulumi up, and then change the cluster. " +
        "If the former is gone for ever, or this is the same one and both its namespace and its authority are " +
        "new, forget what " +
        `was made there, and see what the next run says: pulumi state delete '${urn}' --target-dependents`
    );
}

/**
 * Whose something is, is told by names. Two stacks may have the same: the organization of a backend of one's own is
 * always the same. And the state of one may be lost.
 *
 * @throws Refusal where something is recorded of this name, though nothing of it is in the state. Buckets that an
 * earlier stack has left are no reason
 */
export async function refuseTaken(
    kubernetes: Pick<Kubernetes, "list" | "read">,
    cluster: Cluster,
    declarer: Declarer,
): Promise<void> {
    const { own, isHeld } = await readRecords(kubernetes, cluster, declarer);
    const made = [own.accesses, own.policies, isHeld ? own.buckets : {}].flatMap(Object.keys);
    if (made.length > 0) {
        const where = `${declaredName(cluster.names, declarer)} in the namespace ${cluster.spec.namespace}`;
        const reason =
            `${made.join(", ")}: made by a stack of the same name, or by this one, whose state was lost. Use ` +
            "another name for the " +
            `MinioAccess; or, if no other stack has it, delete the ConfigMap ${where}, and set adopt`;
        throw new Refusal([reason], whoseOf(cluster, declarer));
    }
}

const whenItServes =
    "no server runs: buckets, policies and accesses are made and changed when hibernate is false again";

/** The program that starts the servers does not know what another one has declared. */
const onlyWhenItServes =
    "no server runs, so nothing can be made, changed or removed there: let the cluster's own program set " +
    "hibernate to " +
    "false, and run this again";

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
    isHeld: boolean;
    found: Difference;
}

async function compare(
    options: Pick<BucketsOptions, "credentials" | "declarer">,
    kubernetes: Kubernetes,
    cluster: Cluster,
    secretKeys: SecretKeys,
    use: (minio: Minio, seen: Seen) => Promise<void>,
): Promise<void> {
    const declared = declaredOf(cluster);
    const live = await liveCluster(kubernetes, cluster, options.credentials);
    const { own: recorded, isHeld, others } = await readRecords(kubernetes, cluster, options.declarer);
    await withMinio(live, regionOf(cluster.spec), async (minio) => {
        const there = await look(minio, declared, recorded, secretKeys);
        await use(minio, { recorded, isHeld, found: difference(declared, recorded, there, new Date(), others) });
    });
}

/**
 * Removes what was made here, but for buckets with objects.
 *
 * @throws Error with every reason why something is refused, before anything is touched
 */
export async function leave(
    options: Pick<BucketsOptions, "credentials">,
    kubernetes: Kubernetes,
    cluster: Cluster,
    declarer: Declarer,
    resource: pulumi.Resource,
    isPreview: boolean,
): Promise<void> {
    const say = (text: string) => pulumi.log.info(printable(text), resource);
    const { own: recorded, others } = await readRecords(kubernetes, cluster, declarer);
    if (isEmpty(recorded)) {
        return;
    }
    if (cluster.spec.hibernate) {
        throw new Error("no server runs, so no user can be removed: set hibernate of the cluster to false first");
    }
    const live = await liveCluster(kubernetes, cluster, options.credentials);
    await withMinio(live, regionOf(cluster.spec), async (minio) => {
        const there = await look(minio, { buckets: [], policies: [], accesses: [] }, recorded, {});
        const found = departure(recorded, there, new Date(), others);
        if (found.refusals.length > 0) {
            throw new Refusal(found.refusals, whoseOf(cluster, declarer));
        }
        for (const name of found.staying) {
            say(`bucket '${name}' has objects, and stays`);
        }
        if (isPreview) {
            for (const { words } of found.steps) {
                say(words);
            }
            return;
        }
        const write = (record: Recorded) => writeRecord(kubernetes, cluster, record, declarer);
        await carryOut(found, recorded, { minio, secretKeys: {}, write, say });
        if (found.staying.length === 0) {
            await removeRecord(kubernetes, cluster, declarer);
        } else {
            await writeRecord(kubernetes, cluster, found.after, declarer, false);
        }
    });
}

/** As a version before has written it, so that a second stack of the same names would not be refused. */
const withoutHolder = "the record does not say yet that this stack has what was made";

function lacksHolder({ declarer }: Pick<BucketsOptions, "declarer">, { recorded, isHeld }: Seen): boolean {
    return declarer !== undefined && !isHeld && !isEmpty(recorded);
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
            await compare(options, kubernetes, cluster, await secretKeysOf(keys), async (_, seen) => {
                const { found } = seen;
                const unheld = lacksHolder(options, seen) ? [withoutHolder] : [];
                const told = [...found.refusals, ...found.steps.map(({ words }) => words), ...unheld];
                left = briefly(told, 3).join("; ");
            });
        }
        return left;
    } catch (error) {
        return `it is not known: ${messageOf(error)}`;
    }
}

/** @throws Error with every reason why something is refused, before anything is touched */
export async function bring(
    options: Pick<BucketsOptions, "credentials" | "declarer">,
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
    const whose = whoseOf(cluster, options.declarer);
    if (cluster.spec.hibernate) {
        if (taken.length > 0) {
            throw new Refusal(taken, whose); // The Secrets are made while no server runs, too.
        }
        if (options.declarer) {
            throw new Error(onlyWhenItServes);
        }
        say(whenItServes);
        return;
    }
    const secretKeys = await secretKeysOf(keys);
    await compare(options, kubernetes, cluster, secretKeys, async (minio, { recorded, isHeld, found }) => {
        const refusals = [...taken, ...found.refusals];
        if (refusals.length > 0) {
            throw new Refusal(refusals, whose);
        }
        for (const note of found.notes) {
            say(note);
        }
        const write = (record: Recorded) => writeRecord(kubernetes, cluster, record, options.declarer);
        if (options.declarer && !isHeld) {
            await write(recorded); // What follows may change nothing of it.
        }
        await carryOut(found, recorded, { minio, secretKeys, write, say });
    });
}

class Refusal extends Error {
    constructor(reasons: string[], whose: string) {
        const lines = reasons.map((one) => `  ${printable(one)}`);
        super(`nothing of the buckets, policies and accesses of ${whose} is changed:\n${lines.join("\n")}`);
    }
}

function whoseOf({ names }: Cluster, declarer: Declarer | undefined): string {
    return declarerInWords(names, declarer && ownerOf(declarer));
}

const mostForeseen = 40;

/** What a preview says. */
export async function foresee(
    options: Pick<BucketsOptions, "connection" | "credentials" | "declarer">,
    cluster: Cluster,
    keys: EventualKeys,
    say: (text: string) => Promise<void> | void,
): Promise<void> {
    const { connection, credentials } = options;
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
            unchecked(options.declarer ? onlyWhenItServes : whenItServes);
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
            for (const note of found.notes) {
                say(printable(note));
            }
            const lines = briefly(
                found.steps.map(({ words }) => printable(words)),
                mostForeseen,
            );
            if (lines.length > 0) {
                say(`once the cluster serves:\n${lines.map((line) => `  ${line}`).join("\n")}`);
            }
        });
        if (refusals.length > 0) {
            await endProgram(new Refusal(refusals, whoseOf(cluster, options.declarer)).message);
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
