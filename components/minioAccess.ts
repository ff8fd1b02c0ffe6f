import { Service } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { declaringCluster, NoClusterError, type SeenCluster, seenCluster } from "./access/seen";
import { messageOf } from "./basics/messageOf";
import { printable } from "./basics/printable";
import { createBuckets, createRemoval, inOtherCluster } from "./buckets/buckets";
import type { AnyObject, Kubernetes } from "./kubernetes/client";
import { untilAnswered } from "./kubernetes/errors";
import { clusterMarks } from "./live/clusterMarks";
import { type Connection, connectionOf, OtherClusterError } from "./live/connection";
import { apiPort } from "./minio/ports";
import { endProgram } from "./pulumi/endProgram";
import { hasEngine } from "./pulumi/engine";
import { after, whenKnown } from "./pulumi/outputs";
import { requireSdk, warnOfOldCommandLine } from "./pulumi/sdk";
import { type Marked, recordOf } from "./pulumi/undo";
import type { MinioAccessArgs } from "./spec/args";
import { accessComponent, checkedAccess, InvalidArgumentsError } from "./spec/checkedSpec";
import type { Cluster } from "./spec/cluster";
import { accessFields, withoutNulls } from "./spec/fields";
import { labelsOfAll } from "./spec/labels";
import { clientAddress, type Declarer, namesOf } from "./spec/names";
import type { KnownAccessArgs } from "./spec/spec";
import { accessProblemsOf, type SeenArgs } from "./spec/validation";

/**
 * Buckets, policies and users in a MinioCluster that the program of another stack has made. All that it knows of the
 * cluster is its name and its namespace.
 *
 * Its users are removed with it, so `pulumi destroy` needs `--run-program`; without that it removes nothing. Before it
 * leaves a program, its three lists must be taken out, and `pulumi up` run.
 */
export class MinioAccess extends pulumi.ComponentResource {
    /** S3 endpoint inside the Kubernetes cluster. */
    public readonly endpoint!: pulumi.Output<string>;
    /** True once all that is declared is there. */
    public readonly ready!: pulumi.Output<boolean>;

    constructor(name: string, args: MinioAccessArgs, opts?: pulumi.ComponentResourceOptions) {
        requireSdk();
        super("minio-cluster:index:MinioAccess", name, {}, opts);
        void warnOfOldCommandLine(this);
        const given = withoutNulls((args ?? {}) as MinioAccessArgs, accessFields);
        const known = checkedAccess(name, given);
        const names = namesOf(given.cluster);
        const dispensable = { parent: this, protect: false };
        const declarer: Declarer = { name, stack: stackName() };
        const connection = connectionOf(this, undefined, () => ({
            ...{ apiVersion: "v1", kind: "Service", name: names.headlessService },
            ...{ namespace: witness.metadata.namespace, uid: witness.metadata.uid },
        }));
        const looking: Looking = { connection, resource: this };
        const seen = known.apply((all) => see(looking, all));
        // The provider itself reads it, which proves whether the component's own connection leads to the same cluster.
        const id = pulumi.all([known, seen]).apply(([all]) => `${all.namespace ?? "default"}/${names.headlessService}`);
        const witness = Service.get(`${name}-cluster`, id, dispensable);
        const root = pulumi.secret(pulumi.all([known, seen]).apply(([all, its]) => rootOf(looking, all, its)));
        const rootUser = pulumi.unsecret(root.apply(({ user }) => user));
        const resolved = pulumi.all([known, seen]).apply(async ([all, its]): Promise<Cluster> => {
            await refuseProblems(name, all, its.args);
            return declaringCluster(all, its, declarer);
        });
        // Apart from the cluster: who previews may have no right to read the root account.
        const checked = pulumi
            .all([known, seen, rootUser])
            .apply(([all, its, user]) => refuseProblems(name, all, { ...its.args, rootUser: user }));
        const cluster = { names, resolved };
        const credentials = { rootUser, rootPassword: root.apply(({ password }) => password) };
        const options = { args: given, cluster, credentials, connection, declarer };
        const declares = [given.buckets, given.policies, given.accesses].some((list) => (list ?? []).length > 0);
        const marked = pulumi.all([known, seen]).apply(([all]) => markedCluster(looking, all));
        const removal = createRemoval({ ...options, marked }, declares, { ...dispensable, dependsOn: witness });
        const settled = removal && after(pulumi.all([checked, isWhereItWas(removal, marked)]), pulumi.output(removal));
        const isThere = settled ? createBuckets({ ...options, settled, dispensable }) : true;
        const endpoint = resolved.apply(({ scheme, spec }) => `${scheme}://${clientAddress(names, spec)}`);
        const outputs = {
            endpoint: pulumi.runtime.isDryRun() ? endpoint : after(isThere, endpoint),
            ready: pulumi.output(isThere),
        };
        Object.assign(this, outputs);
        this.registerOutputs(outputs);
        // Who depends on the component hears of a failure; so nobody needs to.
        this.getData().catch(() => {});
    }

    /** What depends on the component (`dependsOn`) waits for this: on `up`, until all is there. */
    protected async initialize(): Promise<void> {
        await undefined; // Pulumi calls it before the constructor has run.
        await whenKnown(this.ready);
    }
}

async function refuseProblems(name: string, args: KnownAccessArgs, seen: SeenArgs): Promise<void> {
    const problems = accessProblemsOf(name, args, [], seen);
    if (problems.length > 0) {
        await endProgram(new InvalidArgumentsError(name, problems, accessComponent).message);
    }
}

function stackName(): string {
    // A unit test with mocks may have no organization.
    return hasEngine() ? [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/") : "mocks";
}

interface Looking {
    connection: Connection;
    resource: pulumi.Resource;
}

/** As servers are by default, for a unit test with mocks. */
const unseen: SeenCluster = {
    ...{ clusterDomain: "cluster.local", port: apiPort, hibernates: false, args: {} },
    ...{ rootUser: { name: "", key: "" }, rootPassword: { name: "", key: "" } },
};

function see(looking: Looking, args: KnownAccessArgs): Promise<SeenCluster> {
    const { namespace = "default" } = args;
    return looked(looking, unseen, async ({ look }) => {
        const kubernetes = reached(await look());
        return seenCluster(await kubernetes.statefulSets(namespace, labelsOfAll), args, kubernetes.where);
    });
}

/** By what this Kubernetes cluster is known again: the users of a stack are in one. */
function markedCluster(looking: Looking, { namespace = "default" }: KnownAccessArgs): Promise<Marked> {
    return looked(looking, { where: "", marks: [] }, async ({ act }) => {
        const kubernetes = reached(await act());
        return { where: kubernetes.where, marks: await clusterMarks(kubernetes, namespace) };
    });
}

/**
 * The engine asks this of the removal, but not where an `up` has other targets: then it still has what it was made with.
 */
function isWhereItWas({ input, urn }: pulumi.Stash, marked: pulumi.Output<Marked>): pulumi.Output<unknown> {
    if (pulumi.runtime.isDryRun()) {
        return pulumi.output(true); // It would not be known.
    }
    return pulumi.all([input, marked, urn]).apply(([before, now, itsUrn]) => {
        const problem = inOtherCluster(recordOf(before), now, itsUrn);
        return problem === undefined ? true : endProgram(problem);
    });
}

/** The root account: it is asked for when it is proved which cluster this is, and goes into no state. */
function rootOf(
    looking: Looking,
    { namespace = "default" }: KnownAccessArgs,
    { rootUser, rootPassword }: SeenCluster,
): Promise<{ user: string; password: string }> {
    return looked(looking, { user: "", password: "" }, async ({ act }) => {
        const kubernetes = reached(await act());
        const [user, password] = await Promise.all([
            secretValue(kubernetes, namespace, rootUser),
            secretValue(kubernetes, namespace, rootPassword),
        ]);
        return { user, password };
    });
}

async function secretValue(
    kubernetes: Kubernetes,
    namespace: string,
    { name, key }: SeenCluster["rootUser"],
): Promise<string> {
    const reference = { apiVersion: "v1", kind: "Secret", metadata: { name, namespace } };
    const secret = await kubernetes.read<AnyObject & { data?: Record<string, string> }>(reference);
    const value = secret?.data?.[key];
    if (value === undefined) {
        throw new Error(`the Secret ${name} in the namespace ${namespace} has no ${key}, the cluster's root account`);
    }
    return Buffer.from(value, "base64").toString();
}

function reached(kubernetes: Kubernetes | undefined): Kubernetes {
    if (kubernetes === undefined) {
        throw new Error("the provider writes files, or its cluster is not known in this run");
    }
    return kubernetes;
}

/**
 * What the cluster tells. What a preview cannot be told is not known there, and it says so. Where there is no such
 * cluster, or another one, a preview ends as an `up` does.
 *
 * @param mocked in a unit test with mocks
 */
async function looked<T>(
    { connection, resource }: Looking,
    mocked: T,
    ask: (connection: Connection) => Promise<T>,
): Promise<T> {
    if (!hasEngine()) {
        return mocked;
    }
    const say = (text: string) => pulumi.log.info(text, resource, undefined, true);
    try {
        return await (pulumi.runtime.isDryRun() ? ask(connection) : untilAnswered(() => ask(connection), 60, say));
    } catch (error) {
        const isDefinite = error instanceof OtherClusterError || error instanceof NoClusterError;
        if (pulumi.runtime.isDryRun() && !isDefinite) {
            pulumi.log.info(
                `not checked in this preview what the cluster has: ${printable(messageOf(error))}`,
                resource,
            );
            return pulumi.unknown as T;
        }
        return endProgram(messageOf(error));
    }
}
