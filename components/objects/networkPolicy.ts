import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import type * as pulumi from "@pulumi/pulumi";
import { apiPort, consolePort } from "../minio/ports";
import type { DeclaredCluster } from "../spec/cluster";
import { metadataOf } from "./metadata";

/**
 * At the DNS server's pods: CoreDNS, and OpenShift's (port `dns` of `dns-default`). A policy counts after the Service's
 * translation.
 */
const dnsPorts = [53, 5353].flatMap((port) => ["UDP", "TCP"].map((protocol) => ({ protocol, port })));

/**
 * Lets peers, clients and scrapers reach the servers, and nobody else; and the servers each other, DNS, and whom the
 * argument names.
 */
export function createNetworkPolicy(cluster: DeclaredCluster, opts: pulumi.CustomResourceOptions): NetworkPolicy {
    const { names, resolved } = cluster;
    const tcp = (port: number) => ({ protocol: "TCP", port });
    return new NetworkPolicy(
        names.cluster,
        {
            metadata: metadataOf(cluster, names.cluster),
            spec: resolved.apply(({ spec: { networkPolicy } }) => ({
                podSelector: { matchLabels: names.selector },
                policyTypes: ["Ingress", ...(networkPolicy?.egress ? ["Egress"] : [])],
                ingress: [
                    { from: [{ podSelector: { matchLabels: names.selector } }], ports: [tcp(apiPort)] },
                    // A peer with an empty selector is every pod of the namespace.
                    ...allow(networkPolicy?.clients ?? [{ podSelector: {} }], [tcp(apiPort), tcp(consolePort)]),
                    ...allow(networkPolicy?.scrapers ?? [], [tcp(apiPort)]),
                ],
                ...(networkPolicy?.egress && {
                    egress: [
                        { to: [{ podSelector: { matchLabels: names.selector } }], ports: [tcp(apiPort)] },
                        { ports: dnsPorts },
                        ...(networkPolicy.egress.length > 0 ? [{ to: networkPolicy.egress }] : []),
                    ],
                }),
            })),
        },
        opts,
    );
}

/** A rule for peers: to Kubernetes, a rule with an empty list of them lets everybody in. */
function allow<Peer, Port>(from: Peer[], ports: Port[]): { from: Peer[]; ports: Port[] }[] {
    return from.length > 0 ? [{ from, ports }] : [];
}
