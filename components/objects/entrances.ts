import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { Ingress } from "@pulumi/kubernetes/networking/v1";
import type * as pulumi from "@pulumi/pulumi";
import type { DeclaredCluster } from "../spec/cluster";
import { type Names, servicePorts } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";
import { metadataOf } from "./metadata";

/** What leads from host names to the Service of its name. */
interface Entrance {
    name: string;
    to: keyof ReturnType<typeof servicePorts>;
    hosts: (spec: MinioClusterSpec) => string[];
}

/** The entrances that an argument with `apiHost` and perhaps `consoleHost` asks for. */
function entrances(
    names: Names,
    hosts: { consoleHost?: unknown },
    of: (spec: MinioClusterSpec) => { apiHost: string; extraApiHosts?: string[]; consoleHost?: string } | undefined,
): Entrance[] {
    const given = (...all: (string | undefined)[]) => all.filter((host) => host !== undefined);
    const client: Entrance = {
        name: names.cluster,
        to: "client",
        hosts: (spec) => given(of(spec)?.apiHost, ...(of(spec)?.extraApiHosts ?? [])),
    };
    const console: Entrance = {
        name: names.consoleService,
        to: "console",
        hosts: (spec) => given(of(spec)?.consoleHost),
    };
    return hosts.consoleHost === undefined ? [client] : [client, console];
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
        ({ name, to, hosts }) =>
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
                    spec: cluster.resolved.apply(({ spec }) => {
                        const secretName = certificateOf(to, spec);
                        const service = { name, port: { number: servicePorts(spec)[to] } };
                        const paths = [{ path: "/", pathType: "Prefix", backend: { service } }];
                        return {
                            ingressClassName: spec.ingress?.className,
                            tls: secretName ? [{ hosts: hosts(spec), secretName }] : undefined,
                            rules: hosts(spec).map((host) => ({ host, http: { paths } })),
                        };
                    }),
                },
                opts,
            ),
    );
}

/** The Secret with the certificate of an Ingress. */
function certificateOf(to: Entrance["to"], { ingress }: MinioClusterSpec): string | undefined {
    return (to === "console" ? ingress?.consoleTlsSecretName : undefined) ?? ingress?.tlsSecretName;
}

/** A Gateway API HTTPRoute for S3 clients, and one for the console. */
export function createHttpRoutes(
    cluster: DeclaredCluster,
    hosts: { consoleHost?: unknown },
    opts: pulumi.CustomResourceOptions,
): CustomResource[] {
    return entrances(cluster.names, hosts, ({ httpRoute }) => httpRoute).map(
        ({ name, to, hosts }) =>
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
                        hostnames: hosts(spec),
                        rules: [{ backendRefs: [{ name, port: servicePorts(spec)[to] }] }],
                    })),
                },
                opts,
            ),
    );
}
