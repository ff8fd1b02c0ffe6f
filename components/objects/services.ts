import type * as k8s from "@pulumi/kubernetes";
import { Service } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import { apiPort } from "../minio/ports";
import type { ServiceOptions } from "../spec/args";
import type { DeclaredCluster } from "../spec/cluster";
import { serviceLabel } from "../spec/labels";
import { servicePorts } from "../spec/names";
import { type MinioClusterSpec, scheme } from "../spec/spec";
import { metadataOf } from "./metadata";

type ServiceSpec = k8s.types.input.core.v1.ServiceSpec;
type Options = pulumi.Unwrap<ServiceOptions>;

/** The Service by which the servers find each other. */
export function createHeadlessService(cluster: DeclaredCluster, opts: pulumi.CustomResourceOptions): Service {
    const specOf = (spec: MinioClusterSpec): ServiceSpec => ({
        clusterIP: "None",
        publishNotReadyAddresses: true,
        ports: [portOf("api", apiPort, spec)],
    });
    return createService({ kind: "headless", name: cluster.names.headlessService, specOf }, cluster, opts);
}

/** The Service for S3 clients, and the one for the console. */
export function createServices(
    cluster: DeclaredCluster,
    opts: pulumi.CustomResourceOptions,
): { client: Service; console: Service } {
    const { names } = cluster;
    const client: ServiceKind = {
        kind: "client",
        name: names.cluster,
        specOf: (spec) => reachable(spec.clientService, portOf("api", servicePorts(spec).client, spec)),
        argsOf: ({ clientService }) => clientService,
    };
    const console: ServiceKind = {
        kind: "console",
        name: names.consoleService,
        specOf: (spec) => reachable(spec.consoleService, portOf("console", servicePorts(spec).console, spec)),
        argsOf: ({ consoleService }) => consoleService,
    };
    return {
        client: createService(client, cluster, opts),
        console: createService(console, cluster, opts),
    };
}

/** The name is that of the servers' port, and what ServiceMonitors and routes of others may refer to. */
function portOf(name: "api" | "console", port: number, spec: MinioClusterSpec) {
    return { name, port, targetPort: name, appProtocol: spec.appProtocol ? scheme(spec) : undefined };
}

function reachable(args: Options | undefined, port: ReturnType<typeof portOf>): ServiceSpec {
    return {
        type: args?.type ?? "ClusterIP",
        ports: [{ ...port, nodePort: args?.nodePort }],
        externalTrafficPolicy: args?.externalTrafficPolicy,
        loadBalancerSourceRanges: args?.loadBalancerSourceRanges,
        loadBalancerClass: args?.loadBalancerClass,
        loadBalancerIP: args?.loadBalancerIP,
    };
}

interface ServiceKind {
    kind: "headless" | "client" | "console";
    name: string;
    specOf: (known: MinioClusterSpec) => ServiceSpec;
    argsOf?: (known: MinioClusterSpec) => Options | undefined;
}

function createService(
    { kind, name, specOf, argsOf }: ServiceKind,
    cluster: DeclaredCluster,
    opts: pulumi.CustomResourceOptions,
): Service {
    const { selector } = cluster.names;
    const metadata = {
        ...metadataOf(cluster, name, () => ({ [serviceLabel]: kind })),
        annotations: cluster.resolved.apply(({ spec }) => annotationsOf(argsOf?.(spec))),
    };
    const specified = cluster.resolved.apply(({ spec }) => {
        return { ...specOf(spec), selector, ipFamilies: spec.ipFamilies, ipFamilyPolicy: familyPolicyOf(spec) };
    });
    return new Service(name, { metadata, spec: specified }, opts);
}

/**
 * Kubernetes itself takes `SingleStack`, or what the Service had before, and then refuses another number of families:
 * `initIPFamilyFields` in `pkg/registry/core/service/storage/alloc.go`.
 */
function familyPolicyOf({ ipFamilies, ipFamilyPolicy }: MinioClusterSpec) {
    return ipFamilyPolicy ?? (ipFamilies && (ipFamilies.length === 1 ? "SingleStack" : "RequireDualStack"));
}

/** The cluster waits for its servers itself, so of a Service only a load balancer's address is left to wait for. */
function annotationsOf(args: Options | undefined): Record<string, string> {
    const noWait = args?.type === "LoadBalancer" ? undefined : { "pulumi.com/skipAwait": "true" };
    return { ...args?.annotations, ...noWait };
}
