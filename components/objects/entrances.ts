import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { Ingress } from "@pulumi/kubernetes/networking/v1";
import type * as pulumi from "@pulumi/pulumi";
import { apiPort, consolePort } from "../minio/ports";
import type { DeclaredCluster } from "../spec/cluster";
import type { Names } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";
import { metadataOf } from "./metadata";

/** What leads from a host name to a Service. */
interface Entrance {
    name: string;
    service: string;
    port: number;
    host: (spec: MinioClusterSpec) => string | undefined;
}

/** The entrances that an argument with `apiHost` and perhaps `consoleHost` asks for. */
function entrances(
    names: Names,
    hosts: { consoleHost?: unknown },
    of: (spec: MinioClusterSpec) => { apiHost: string; consoleHost?: string } | undefined,
): Entrance[] {
    const api = { name: names.cluster, service: names.cluster, port: apiPort };
    const console = { name: names.consoleService, service: names.consoleService, port: consolePort };
    return [
        { ...api, host: (spec) => of(spec)?.apiHost },
        ...(hosts.consoleHost === undefined
            ? []
            : [{ ...console, host: (spec: MinioClusterSpec) => of(spec)?.consoleHost }]),
    ];
}

/**
 * An Ingress for S3 clients, and one for the console.
 *
 * @param hosts the argument itself: whether there is a console host must be known before its value is
 */
export function createIngresses(
    cluster: DeclaredCluster,
    hosts: { consoleHost?: unknown },
    opts: pulumi.CustomResourceOptions,
): Ingress[] {
    return entrances(cluster.names, hosts, ({ ingress }) => ingress).map(
        ({ name, service, port, host }) =>
            new Ingress(
                name,
                {
                    metadata: {
                        ...metadataOf(cluster, name),
                        annotations: cluster.resolved.apply(({ spec }) => ({
                            ...spec.ingress?.annotations,
                            // An Ingress without a controller has no address to wait for.
                            "pulumi.com/skipAwait": "true",
                        })),
                    },
                    spec: cluster.resolved.apply(({ spec }) => ({
                        ingressClassName: spec.ingress?.className,
                        tls: spec.ingress?.tlsSecretName
                            ? [{ hosts: [host(spec) ?? ""], secretName: spec.ingress.tlsSecretName }]
                            : undefined,
                        rules: [
                            {
                                host: host(spec),
                                http: {
                                    paths: [
                                        {
                                            path: "/",
                                            pathType: "Prefix",
                                            backend: { service: { name: service, port: { number: port } } },
                                        },
                                    ],
                                },
                            },
                        ],
                    })),
                },
                opts,
            ),
    );
}

/** A Gateway API HTTPRoute for S3 clients, and one for the console. */
export function createHttpRoutes(
    cluster: DeclaredCluster,
    hosts: { consoleHost?: unknown },
    opts: pulumi.CustomResourceOptions,
): CustomResource[] {
    return entrances(cluster.names, hosts, ({ httpRoute }) => httpRoute).map(
        ({ name, service, port, host }) =>
            new CustomResource(
                `${name}-route`,
                {
                    apiVersion: "gateway.networking.k8s.io/v1",
                    kind: "HTTPRoute",
                    metadata: metadataOf(cluster, name),
                    spec: cluster.resolved.apply(({ spec }) => ({
                        parentRefs: [
                            {
                                name: spec.httpRoute?.gatewayName,
                                namespace: spec.httpRoute?.gatewayNamespace,
                                sectionName: spec.httpRoute?.sectionName,
                            },
                        ],
                        hostnames: [host(spec)],
                        rules: [{ backendRefs: [{ name: service, port }] }],
                    })),
                },
                opts,
            ),
    );
}
