import * as pulumi from "@pulumi/pulumi";
import { type MinioClusterArgs, withDefaults } from "./args";
import { createCredentials } from "./credentials";
import { createDisruptionBudget } from "./disruptionBudget";
import { apiPort, consolePort } from "./endpoints";
import { namesOf, serverDnsName } from "./names";
import { createPool } from "./pool";
import { createServices } from "./services";
import { checkedSpec } from "./spec";
import { type Topology, topologyOf } from "./topology";

/**
 * A distributed MinIO on Kubernetes: a StatefulSet of servers with their drives, random root credentials, Services, and a
 * disruption budget that follows from the erasure quorum.
 *
 * The names of the objects derive from the component's name: called `minio`, it makes the StatefulSet and client Service
 * `minio`, `minio-headless`, `minio-console`, the Secret `minio-secret` and the budget `minio-pdb`.
 */
export class MinioCluster extends pulumi.ComponentResource {
    /** S3 endpoint inside the Kubernetes cluster. */
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
    /** DNS name of each server inside the Kubernetes cluster, by ordinal. */
    public readonly podDnsNames: pulumi.Output<string[]>;
    /** Erasure sets, quorums, and how many servers may fail. */
    public readonly topology: pulumi.Output<Topology>;
    /** True once every server that the partition allows is updated, and all are ready. */
    public readonly ready: pulumi.Output<boolean>;

    constructor(name: string, args: MinioClusterArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        super("minio-cluster:index:MinioCluster", name, {}, opts);
        const spec = checkedSpec(name, args);
        const names = namesOf(name);
        const { replicas, drivesPerServer } = withDefaults({
            replicas: args.replicas,
            drivesPerServer: args.drivesPerServer,
        });
        const topology = topologyOf(replicas, drivesPerServer) as Topology; // There is one: the arguments were checked.
        const child = { parent: this };

        const credentials = createCredentials(names, spec, child);
        const services = createServices(names, spec, child);
        const pool = createPool(names, spec, { ...child, dependsOn: [credentials.secret, services.headless] });
        createDisruptionBudget(names, spec, topology, child);

        const serviceUrl = (service: string, port: number) =>
            spec.apply((known) => `http://${service}.${known.namespace}.svc.${known.clusterDomain}:${port}`);
        this.endpoint = serviceUrl(names.cluster, apiPort);
        this.consoleEndpoint = serviceUrl(names.consoleService, consolePort);
        this.namespace = spec.namespace;
        this.serviceName = services.client.metadata.name;
        this.headlessServiceName = services.headless.metadata.name;
        this.secretName = credentials.secret.metadata.name;
        this.rootUser = spec.rootUser;
        this.rootPassword = credentials.rootPassword;
        this.podDnsNames = spec.apply((known) =>
            Array.from({ length: known.replicas }, (_, ordinal) => serverDnsName(names, known, ordinal)),
        );
        this.topology = pulumi.output(topology);
        this.ready = pulumi.all([pool.id, services.client.id]).apply(() => true);
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
