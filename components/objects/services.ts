import type * as k8s from "@pulumi/kubernetes";
import { Service } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import { apiPort, consolePort } from "../minio/ports";
import type { ServiceOptions } from "../spec/args";
import type { DeclaredCluster } from "../spec/cluster";
import { serviceLabel } from "../spec/labels";
import type { MinioClusterSpec } from "../spec/spec";
import { metadataOf } from "./metadata";

const api = { name: "api", port: apiPort, targetPort: "api" };
const consoleTarget = { name: "console", port: consolePort, targetPort: "console" };

/** The Service by which the servers find each other. */
export function createHeadlessService(cluster: DeclaredCluster, opts: pulumi.CustomResourceOptions): Service {
    const { names } = cluster;
    const headless = { clusterIP: "None", publishNotReadyAddresses: true, selector: names.selector, ports: [api] };
    return createService({ kind: "headless", name: names.headlessService, specOf: () => headless }, cluster, opts);
}

/** The Service for S3 clients, and the one for the console. */
export function createServices(
    cluster: DeclaredCluster,
    opts: pulumi.CustomResourceOptions,
): { client: Service; console: Service } {
    const { names } = cluster;
    const reachable = (args: pulumi.Unwrap<ServiceOptions> | undefined) => ({
        type: args?.type ?? "ClusterIP",
        loadBalancerSourceRanges: args?.loadBalancerSourceRanges,
        selector: names.selector,
    });
    const client: ServiceKind = {
        kind: "client",
        name: names.cluster,
        specOf: ({ clientService }) => ({ ...reachable(clientService), ports: [api] }),
        argsOf: ({ clientService }) => clientService,
    };
    const console: ServiceKind = {
        kind: "console",
        name: names.consoleService,
        specOf: ({ consoleService }) => ({ ...reachable(consoleService), ports: [consoleTarget] }),
        argsOf: ({ consoleService }) => consoleService,
    };
    return {
        client: createService(client, cluster, opts),
        console: createService(console, cluster, opts),
    };
}

interface ServiceKind {
    kind: "headless" | "client" | "console";
    name: string;
    specOf: (known: MinioClusterSpec) => k8s.types.input.core.v1.ServiceSpec;
    argsOf?: (known: MinioClusterSpec) => pulumi.Unwrap<ServiceOptions> | undefined;
}

function createService(
    { kind, name, specOf, argsOf }: ServiceKind,
    cluster: DeclaredCluster,
    opts: pulumi.CustomResourceOptions,
): Service {
    const metadata = {
        ...metadataOf(cluster, name, () => ({ [serviceLabel]: kind })),
        annotations: cluster.resolved.apply(({ spec }) => annotationsOf(argsOf?.(spec))),
    };
    return new Service(name, { metadata, spec: cluster.resolved.apply(({ spec }) => specOf(spec)) }, opts);
}

/** The cluster waits for its servers itself, so of a Service only a load balancer's address is left to wait for. */
function annotationsOf(args: pulumi.Unwrap<ServiceOptions> | undefined): Record<string, string> {
    const noWait = args?.type === "LoadBalancer" ? undefined : { "pulumi.com/skipAwait": "true" };
    return { ...args?.annotations, ...noWait };
}
