import type { Service } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { createBuckets, declaresAny } from "./buckets/buckets";
import { connectionOf, type Witness } from "./live/connection";
import { poolStatuses } from "./live/poolStatuses";
import { withSeenValues } from "./live/referencedValues";
import type { Topology } from "./minio/topology";
import { createMonitoring } from "./monitoring/monitoring";
import { createCertificate } from "./objects/certificate";
import { type Credentials, createCredentials } from "./objects/credentials";
import { createDisruptionBudget } from "./objects/disruptionBudget";
import { createHttpRoutes, createIngresses } from "./objects/entrances";
import { createNetworkPolicy } from "./objects/networkPolicy";
import { createPool } from "./objects/pool";
import { createHeadlessService, createServices } from "./objects/services";
import { createSettings } from "./objects/settings";
import { createPreflight } from "./preflight/preflight";
import { after, whenKnown } from "./pulumi/outputs";
import { requireSdk, warnOfOldCommandLine } from "./pulumi/sdk";
import { createSnapshots } from "./snapshots/snapshots";
import type { MinioClusterArgs } from "./spec/args";
import { declaredCluster } from "./spec/checkedSpec";
import type { DeclaredCluster } from "./spec/cluster";
import { withoutNulls } from "./spec/fields";
import { clientAddress, consoleAddress, serverDnsName } from "./spec/names";
import { createArrival } from "./update/arrival";
import { createHooks } from "./update/changeHook";
import { createDecommission } from "./update/decommission";
import { createRebalance } from "./update/rebalance";
import { refusesRenaming, unlessRenamed } from "./update/renaming";
import { settingsContent } from "./update/settingsContent";

/**
 * A distributed MinIO on Kubernetes: StatefulSets of servers with their drives, random root credentials, Services, and
 * a disruption budget that follows from the erasure quorum.
 *
 * The names of the objects derive from the component's name: called `minio`, it makes the StatefulSet and client
 * Service `minio`, `minio-headless`, `minio-console`, the Secret `minio-secret` and the budget `minio-pdb`.
 */
export class MinioCluster extends pulumi.ComponentResource {
    /** S3 endpoint inside the Kubernetes cluster. On `up`, it is known once the cluster is ready. */
    public readonly endpoint!: pulumi.Output<string>;
    /** The console's address inside the Kubernetes cluster. */
    public readonly consoleEndpoint!: pulumi.Output<string>;
    /** Namespace of all objects. */
    public readonly namespace!: pulumi.Output<string>;
    /** Name of the Service for S3 clients. */
    public readonly serviceName!: pulumi.Output<string>;
    /** Name of the Service by which the servers find each other. */
    public readonly headlessServiceName!: pulumi.Output<string>;
    /** Name of the Secret with the keys `root-user` and `root-password`. */
    public readonly secretName!: pulumi.Output<string>;
    /** User name of the root account. */
    public readonly rootUser!: pulumi.Output<string>;
    /** Password of the root account: a secret. */
    public readonly rootPassword!: pulumi.Output<string>;
    /** DNS name of each server inside the Kubernetes cluster, pool by pool, by ordinal. */
    public readonly podDnsNames!: pulumi.Output<string[]>;
    /** Erasure sets, quorums, capacity, and how many servers may fail. */
    public readonly topology!: pulumi.Output<Topology>;
    /**
     * True once every server that the partition allows is updated, all are ready, every object can be written, and the
     * declared buckets and accesses are there. False while the cluster hibernates.
     */
    public readonly ready!: pulumi.Output<boolean>;

    constructor(name: string, args: MinioClusterArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        requireSdk();
        super("minio-cluster:index:MinioCluster", name, {}, opts);
        void warnOfOldCommandLine(this);
        // Many arguments decide by being given what there is, and one that is null is not given.
        const given = withoutNulls(args);
        const child = { parent: this };
        // What holds no data and is nobody's address is not protected with the component: some of it is replaced as a
        // matter of course.
        const dispensable = { parent: this, protect: false };

        const declared = declaredCluster(name, given, this);
        let isNew = false;
        const begin = () => {
            isNew = true;
        };
        const headless = createHeadlessService(declared, { ...child, ...refusesRenaming(declared.names, begin) });
        const { dependsOn } = opts ?? {};
        const named = unlessRenamed(declared, this, headless);
        const connection = connectionOf(this, given.rollout, () => ({
            ...witnessOf(headless, named),
            isPreviewed: () => isNew && pulumi.runtime.isDryRun(),
        }));
        const cluster = withSeenValues(named, { connection, dependsOn, resource: this });
        const preflight = createPreflight({ name, args: given, dependsOn, connection, resource: this });
        const { passed } = preflight;
        // What is of a kind that not every cluster knows waits until it is known to.
        const withKinds = { ...cluster, resolved: after(passed, cluster.resolved) };
        const hooks = createHooks({ cluster, connection, preflight, begins: () => isNew, component: this });

        // The password's hook knows by that Service whether the cluster begins, and which Kubernetes cluster it is in.
        const forPassword = { dependsOn: headless, hooks: hooks.password };
        const credentials = createCredentials(cluster, given.existingSecretName, passed, dispensable, forPassword);
        const services = { headless, ...createServices(cluster, child) };
        const prerequisites: pulumi.Resource[] = [credentials.secret, headless];
        if (given.tls?.issuer) {
            prerequisites.push(createCertificate(withKinds, dispensable));
        }
        const statuses = poolStatuses(cluster, connection, credentials);
        const { any, values } = declared.secretVariables;
        const kept = { cluster, connection, refuse: hooks.refuseSettings, resource: this };
        const settings = createSettings(cluster, any, () => settingsContent(kept, values), dispensable);
        const all = settings.apply((made) => [...prerequisites, ...made]);
        const pools = cluster.pools.map((pool) => {
            const options = { ...child, dependsOn: all, hooks: hooks.ofPool(pool, statuses) };
            createDisruptionBudget(cluster, pool, given.disruptionBudget, dispensable);
            return createPool(given.restoreFrom ? withKinds : cluster, pool, options);
        });
        if (given.networkPolicy) {
            createNetworkPolicy(cluster, dispensable);
        }
        if (given.ingress) {
            createIngresses(cluster, given.ingress, dispensable);
        }
        if (given.httpRoute) {
            createHttpRoutes(withKinds, given.httpRoute, dispensable);
        }
        if (given.monitoring) {
            createMonitoring(withKinds, given.monitoring, credentials, dispensable);
        }
        const { hasChanged, stopping, hasStopped } = hooks;
        const changes = { pools, hasChanged, stopping };
        const arrival = createArrival({ cluster, credentials, connection, ...changes, opts: dispensable });
        // A set is of before a change of the buckets, which would wait while requests are frozen.
        const snapshots = { credentials, connection, preflight, arrival, hasStopped, dispensable, opts: child };
        const settled = given.snapshots ? createSnapshots({ cluster: withKinds, ...snapshots }) : arrival;
        const buckets = { args: given, credentials, connection, settled, dispensable };
        const leaves = given.expansionPools?.some(({ decommission }) => decommission) ?? false;
        const leaving = { cluster, credentials, connection, settled, opts: dispensable };
        const moves = leaves ? createDecommission(leaving) : true;
        // MinIO refuses each while the other goes on.
        const spreads = given.rebalance && given.expansionPools?.length && !leaves ? createRebalance(leaving) : true;
        const areThere = declaresAny(given) ? createBuckets({ cluster, ...buckets }) : true;
        const ready = pulumi
            .all([arrival.apply(({ id }) => id), passed, areThere, moves, spreads])
            .apply(() => !given.hibernate);
        const outputs = outputsOf(cluster, services, credentials, ready);
        Object.assign(this, outputs);
        this.registerOutputs({ ...outputs });
        // Who depends on the component hears of a failure; so nobody needs to.
        this.getData().catch(() => {});
    }

    /** What depends on the component (`dependsOn`) waits for this: on `up`, until the cluster serves. */
    protected async initialize(): Promise<void> {
        await undefined; // Pulumi calls it before the constructor has run.
        await whenKnown(this.ready);
    }
}

/** What a program and others get of a component. */
type Outputs = Omit<MinioCluster, keyof pulumi.ComponentResource>;

function outputsOf(
    { names, resolved }: DeclaredCluster,
    services: Record<"headless" | "client", Service>,
    credentials: Credentials,
    ready: pulumi.Output<boolean>,
): Outputs {
    const url = (addressOf: typeof clientAddress) => {
        const address = resolved.apply(({ scheme, spec }) => `${scheme}://${addressOf(names, spec)}`);
        return pulumi.runtime.isDryRun() ? address : after(ready, address);
    };
    return {
        endpoint: url(clientAddress),
        consoleEndpoint: url(consoleAddress),
        namespace: resolved.apply(({ spec }) => spec.namespace),
        serviceName: services.client.metadata.name,
        headlessServiceName: services.headless.metadata.name,
        secretName: credentials.secretName,
        rootUser: credentials.rootUser,
        rootPassword: credentials.rootPassword,
        podDnsNames: resolved.apply(({ spec, pools }) =>
            pools.flatMap(({ index, replicas }) =>
                Array.from({ length: replicas }, (_, ordinal) => serverDnsName(names, spec, index, ordinal)),
            ),
        ),
        topology: resolved.apply(({ topology }) => topology),
        ready,
    };
}

/**
 * The Service by which the servers find each other: it is made before everything else, and stays as long as the cluster
 * does.
 */
function witnessOf({ metadata }: Service, { names, resolved }: DeclaredCluster): Witness {
    const namespace = resolved.apply(({ spec }) => spec.namespace);
    return { apiVersion: "v1", kind: "Service", name: names.headlessService, namespace, uid: metadata.uid };
}
