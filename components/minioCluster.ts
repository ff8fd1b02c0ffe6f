import * as pulumi from "@pulumi/pulumi";
import type { MinioClusterArgs } from "./args";
import { changeHooks } from "./changeHook";
import { type Credentials, createCredentials } from "./credentials";
import { type KnownArgs, type MinioClusterSpec, poolsOf, topologyOfPools, withDefaults } from "./defaults";
import { createDisruptionBudget } from "./disruptionBudget";
import { endProgram } from "./endProgram";
import { apiPort, consolePort, scheme } from "./endpoints";
import { hasEngine } from "./engine";
import { loadClientMeanwhile } from "./kubernetes";
import { untilAnswered } from "./kubernetesErrors";
import { createMonitoring } from "./monitoring/monitoring";
import { type Names, namesOf, poolName, poolSelector, serverDnsName, serviceDnsName } from "./names";
import { createHttpRoutes, createIngresses, createNetworkPolicy } from "./network";
import { createPool, isGuided } from "./pool";
import { poolStatuses } from "./poolStatuses";
import { requireKinds } from "./requiredKinds";
import type { WantedCluster } from "./rollout/observe";
import { rollOut } from "./rollout/rollout";
import { requireSdk } from "./sdk";
import { createServices } from "./services";
import { thawIfLeftFrozen } from "./snapshots/freeze";
import { endRestore, restoreDrives } from "./snapshots/restore";
import { createSnapshots, freezable } from "./snapshots/snapshots";
import { checkedSpec } from "./spec";
import { createCertificate } from "./tls";
import type { Topology } from "./topology";
import { underWay } from "./underWay";

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
        const spec = checkedSpec(name, args, this);
        const names = namesOf(name);
        const child = { parent: this };
        const kubeconfig = args.rollout?.kubeconfig;
        if (kubeconfig === undefined && (opts?.provider || Object.keys(opts?.providers ?? {}).length > 0)) {
            pulumi.log.warn(
                "a provider is given, and no rollout.kubeconfig: the rollout reaches the cluster by KUBECONFIG or " +
                    "~/.kube/config, which may be another one",
                this,
            );
        }
        if (isUp()) {
            loadClientMeanwhile();
        }
        // What is of a kind that not every cluster knows waits until it is known to.
        const known = pulumi.all([spec, requireKinds(args, kubeconfig, this)]).apply(([checked]) => checked);

        const credentials = createCredentials(names, spec, args.existingSecretName, child);
        const services = createServices(names, spec, child);
        const before: pulumi.Resource[] = [credentials.secret, services.headless];
        if (args.tls?.issuer) {
            before.push(createCertificate(names, known, child));
        }
        const drivesReady = args.restoreFrom ? restoreDrives(names, known, before, this) : undefined;
        const poolSpec = pulumi.all([spec, drivesReady]).apply(([checked]) => checked);
        const topology = topologyOfPools(poolsOf(args as KnownArgs)) as Topology; // There is one: the arguments were checked.
        const statuses = poolStatuses(names, spec, credentials);
        const plain = withDefaults(args as KnownArgs);
        const pools = topology.pools.map((pool, index) => {
            const statefulSet: pulumi.Resource = createPool(names, poolSpec, index, {
                ...child,
                dependsOn: before,
                hooks: {
                    beforeUpdate: changeHooks({
                        pool: poolName(name, index),
                        servers: pool.servers,
                        topology,
                        guided: isGuided(plain),
                        kubeconfig,
                        poolStatuses: statuses,
                        timeoutSeconds: plain.rollout.timeoutSeconds,
                        resource: () => statefulSet,
                    }),
                },
            });
            createDisruptionBudget(names, spec, index, pool, args.disruptionBudget, child);
            return statefulSet as ReturnType<typeof createPool>;
        });
        if (args.networkPolicy) {
            createNetworkPolicy(names, spec, child);
        }
        if (args.ingress) {
            createIngresses(names, spec, args.ingress, child);
        }
        if (args.httpRoute) {
            createHttpRoutes(names, known, args.httpRoute, child);
        }
        if (args.monitoring) {
            createMonitoring(names, known, topology, args.monitoring, credentials, child);
        }

        const applied = pulumi.all(pools.map((pool) => pool.id));
        this.ready = pulumi
            .all([spec, applied])
            .apply(([wanted]) => arrive(names, wanted, topology, credentials, pools[0]));
        if (args.snapshots) {
            createSnapshots(names, known, credentials, this.ready, child);
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
        this.headlessServiceName = services.headless.metadata.name;
        this.secretName = credentials.secretName;
        this.rootUser = credentials.rootUser;
        this.rootPassword = credentials.rootPassword;
        this.podDnsNames = spec.apply((wanted) =>
            wanted.pools.flatMap(({ replicas }, pool) =>
                Array.from({ length: replicas }, (_, ordinal) => serverDnsName(names, wanted, pool, ordinal)),
            ),
        );
        this.topology = spec.apply((wanted) => topologyOfPools(wanted.pools) as Topology);
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
    }
}

/** Neither a preview, nor a unit test with mocks. */
function isUp(): boolean {
    return hasEngine() && !pulumi.runtime.isDryRun();
}

/** On `up`, moves the servers to where they should be, and returns when the cluster is ready. */
async function arrive(
    names: Names,
    spec: MinioClusterSpec,
    topology: Topology,
    credentials: Credentials,
    resource: pulumi.Resource,
): Promise<boolean> {
    if (!isUp()) {
        return true;
    }
    const wanted: WantedCluster = {
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
    const say = (text: string) => pulumi.log.info(text, resource, undefined, true);
    try {
        const cluster = await freezable(names, spec, credentials);
        const { kubernetes } = cluster;
        const { timeoutSeconds } = spec.rollout;
        if (!spec.restoreFrom) {
            await untilAnswered(() => endRestore(kubernetes, { names, spec }), timeoutSeconds, say);
        }
        const set = await untilAnswered(() => thawIfLeftFrozen(cluster), timeoutSeconds, say);
        if (set !== undefined) {
            pulumi.log.warn(
                `requests were frozen for the set '${set}' by a program that was cut off: thawed`,
                resource,
            );
        }
        await underWay(rollOut(kubernetes, wanted, { timeoutSeconds, guided: isGuided(spec), say }));
    } catch (error) {
        return endProgram(`the rollout of ${names.cluster} has stopped: ${(error as Error).message}`);
    }
    return true;
}

/** On `up`, a value that others get when the cluster is ready; a preview shows it at once. */
function whenReady(ready: pulumi.Output<boolean>, value: pulumi.Output<string>): pulumi.Output<string> {
    return pulumi.runtime.isDryRun() ? value : pulumi.all([value, ready]).apply(([known]) => known);
}
