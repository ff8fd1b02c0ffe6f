import type { Service } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { once } from "./basics/once";
import { connectionOf, type Witness } from "./live/connection";
import { poolStatuses } from "./live/poolStatuses";
import { apiPort, consolePort } from "./minio/ports";
import type { Topology } from "./minio/topology";
import { createMonitoring } from "./monitoring/monitoring";
import { createCertificate } from "./objects/certificate";
import { createCredentials } from "./objects/credentials";
import { createDisruptionBudget } from "./objects/disruptionBudget";
import { createHttpRoutes, createIngresses } from "./objects/entrances";
import { createNetworkPolicy } from "./objects/networkPolicy";
import { createPool } from "./objects/pool";
import { createHeadlessService, createServices } from "./objects/services";
import { createPreflight } from "./preflight/preflight";
import { whenKnown } from "./pulumi/outputs";
import { requireSdk, warnOfOldCommandLine } from "./pulumi/sdk";
import { restoreDrives, unendedRestore } from "./snapshots/restore";
import { createSnapshots } from "./snapshots/snapshots";
import type { MinioClusterArgs } from "./spec/args";
import { checkedSpec } from "./spec/checkedSpec";
import { withoutNulls } from "./spec/fields";
import { type Names, namesOf, poolName, poolSelector, serverDnsName, serviceDnsName } from "./spec/names";
import { isGuided, type KnownArgs, type MinioClusterSpec, scheme, topologyOfSpec, withDefaults } from "./spec/spec";
import { createArrival } from "./update/arrival";
import { credentialsHooks, poolHooks } from "./update/changeHook";
import { refusesRenaming, unlessRenamed } from "./update/renaming";

/**
 * A distributed MinIO on Kubernetes: StatefulSets of servers with their drives, random root credentials, Services, and a
 * disruption budget that follows from the erasure quorum.
 *
 * The names of the objects derive from the component's name: called `minio`, it makes the StatefulSet and client Service
 * `minio`, `minio-headless`, `minio-console`, the Secret `minio-secret` and the budget `minio-pdb`.
 */
export class MinioCluster extends pulumi.ComponentResource {
    /** S3 endpoint inside the Kubernetes cluster. On `up`, it is known once the cluster is ready. */
    public readonly endpoint: pulumi.Output<string>;
    /** The console's address inside the Kubernetes cluster. */
    public readonly consoleEndpoint: pulumi.Output<string>;
    /** Namespace of all objects. */
    public readonly namespace: pulumi.Output<string>;
    /** Name of the Service for S3 clients. */
    public readonly serviceName: pulumi.Output<string>;
    /** Name of the Service by which the servers find each other. */
    public readonly headlessServiceName: pulumi.Output<string>;
    /** Name of the Secret with the keys `root-user` and `root-password`. */
    public readonly secretName: pulumi.Output<string>;
    /** User name of the root account. */
    public readonly rootUser: pulumi.Output<string>;
    /** Password of the root account: a secret. */
    public readonly rootPassword: pulumi.Output<string>;
    /** DNS name of each server inside the Kubernetes cluster, pool by pool, by ordinal. */
    public readonly podDnsNames: pulumi.Output<string[]>;
    /** Erasure sets, quorums, capacity, and how many servers may fail. */
    public readonly topology: pulumi.Output<Topology>;
    /** True once every server that the partition allows is updated, all are ready, and every object can be written. */
    public readonly ready: pulumi.Output<boolean>;

    constructor(name: string, args: MinioClusterArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        requireSdk();
        super("minio-cluster:index:MinioCluster", name, {}, opts);
        void warnOfOldCommandLine(this);
        // Many arguments decide by being given what there is, and one that is null is not given.
        const given = withoutNulls(args);
        const names = namesOf(name);
        const child = { parent: this };
        // What holds no data and is nobody's address is not protected with the component: some of it is replaced as a matter of course.
        const dispensable = { parent: this, protect: false };
        const asked = checkedSpec(name, given, this);
        const headless = createHeadlessService(names, asked, { ...child, ...refusesRenaming(names) });
        const spec = unlessRenamed(asked, this, headless);
        const connection = connectionOf(this, given.rollout, () => witnessOf(headless, names, spec));
        // What is of a kind that not every cluster knows waits until it is known to.
        const preflight = createPreflight({
            names,
            args: given,
            dependsOn: opts?.dependsOn,
            connection,
            resource: this,
        });
        const known = pulumi.all([spec, preflight.passed]).apply(([checked]) => checked);

        const plain = withDefaults(given as KnownArgs);
        const topology = topologyOfSpec(plain) as Topology; // There is one: the arguments were checked.
        const credentials = createCredentials(
            names,
            spec,
            given.existingSecretName,
            preflight.passed,
            dispensable,
            credentialsHooks({ names, spec, topology, connection, preflight }),
        );
        const services = createServices(names, spec, child);
        const before: pulumi.Resource[] = [credentials.secret, headless];
        if (given.tls?.issuer) {
            before.push(createCertificate(names, known, dispensable));
        }
        const statuses = poolStatuses(names, spec, connection, credentials);
        const restore = once(async () =>
            restoreDrives(connection, names, (await whenKnown(known)) as MinioClusterSpec, this),
        );
        let hasChanged = false;
        const pools = topology.pools.map((pool, index) => {
            const statefulSet = createPool(names, given.restoreFrom ? known : spec, index, {
                ...child,
                dependsOn: before,
                hooks: poolHooks({
                    pool: poolName(name, index),
                    selector: poolSelector(names, index),
                    servers: pool.servers,
                    topology,
                    guided: isGuided(plain),
                    connection,
                    poolStatuses: statuses,
                    restore,
                    unended: async (source) => {
                        const wanted = await whenKnown(spec);
                        return wanted && unendedRestore(connection, names, wanted, source);
                    },
                    preflight,
                    changing: () => {
                        hasChanged = true;
                    },
                    timeoutSeconds: plain.rollout.timeoutSeconds,
                }),
            });
            createDisruptionBudget(names, spec, index, pool, given.disruptionBudget, dispensable);
            return statefulSet;
        });
        if (given.networkPolicy) {
            createNetworkPolicy(names, spec, dispensable);
        }
        if (given.ingress) {
            createIngresses(names, spec, given.ingress, dispensable);
        }
        if (given.httpRoute) {
            createHttpRoutes(names, known, given.httpRoute, dispensable);
        }
        if (given.monitoring) {
            createMonitoring(names, known, topology, given.monitoring, credentials, dispensable);
        }

        const arrival = createArrival({
            names,
            spec,
            credentials,
            connection,
            pools,
            hasChanged: () => hasChanged,
            opts: dispensable,
        });
        this.ready = pulumi.all([arrival.apply(({ id }) => id), preflight.passed]).apply(() => true);
        if (given.snapshots) {
            createSnapshots({
                names,
                spec: known,
                credentials,
                connection,
                preflight,
                arrival,
                dispensable,
                opts: child,
            });
        }
        const url = (service: string, port: number) =>
            whenReady(
                this.ready,
                spec.apply((wanted) => `${scheme(wanted)}://${serviceDnsName(service, wanted)}:${port}`),
            );
        this.endpoint = url(names.cluster, apiPort);
        this.consoleEndpoint = url(names.consoleService, consolePort);
        this.namespace = spec.namespace;
        this.serviceName = services.client.metadata.name;
        this.headlessServiceName = headless.metadata.name;
        this.secretName = credentials.secretName;
        this.rootUser = credentials.rootUser;
        this.rootPassword = credentials.rootPassword;
        this.podDnsNames = spec.apply((wanted) =>
            wanted.pools.flatMap(({ replicas }, pool) =>
                Array.from({ length: replicas }, (_, ordinal) => serverDnsName(names, wanted, pool, ordinal)),
            ),
        );
        this.topology = spec.apply((wanted) => topologyOfSpec(wanted) as Topology);
        this.registerOutputs({
            endpoint: this.endpoint,
            consoleEndpoint: this.consoleEndpoint,
            namespace: this.namespace,
            serviceName: this.serviceName,
            headlessServiceName: this.headlessServiceName,
            secretName: this.secretName,
            rootUser: this.rootUser,
            rootPassword: this.rootPassword,
            podDnsNames: this.podDnsNames,
            topology: this.topology,
            ready: this.ready,
        });
        // Who depends on the component hears of a failure; so nobody needs to.
        this.getData().catch(() => {});
    }

    /** What depends on the component (`dependsOn`) waits for this: on `up`, until the cluster serves. */
    protected async initialize(): Promise<void> {
        await undefined; // Pulumi calls it before the constructor has run.
        await whenKnown(this.ready);
    }
}

/** The Service by which the servers find each other: it is made before everything else, and stays as long as the cluster does. */
function witnessOf({ metadata }: Service, names: Names, { namespace }: pulumi.Output<MinioClusterSpec>): Witness {
    return { apiVersion: "v1", kind: "Service", name: names.headlessService, namespace, uid: metadata.uid };
}

/** On `up`, a value that others get when the cluster is ready; a preview shows it at once. */
function whenReady(ready: pulumi.Output<boolean>, value: pulumi.Output<string>): pulumi.Output<string> {
    return pulumi.runtime.isDryRun() ? value : pulumi.all([value, ready]).apply(([known]) => known);
}
