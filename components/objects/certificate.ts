import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import type * as pulumi from "@pulumi/pulumi";
import type { DeclaredCluster } from "../spec/cluster";
import { certificateNames } from "../spec/names";
import { metadataOf } from "./metadata";

/**
 * The certificate that cert-manager makes and renews. MinIO takes a renewed one without a restart, but not a renewed authority: see
 * docs/upgrades.md.
 */
export function createCertificate(cluster: DeclaredCluster, opts: pulumi.CustomResourceOptions): CustomResource {
    const { names, resolved } = cluster;
    return new CustomResource(
        names.certificate,
        {
            apiVersion: "cert-manager.io/v1",
            kind: "Certificate",
            metadata: {
                ...metadataOf(cluster, names.certificate),
                annotations: { "pulumi.com/waitFor": "condition=Ready" },
            },
            spec: resolved.apply(({ spec }) => ({
                secretName: names.certificate,
                dnsNames: certificateNames(names, spec),
                issuerRef: {
                    name: spec.tls?.issuer?.name,
                    kind: spec.tls?.issuer?.kind ?? "Issuer",
                    group: spec.tls?.issuer?.group ?? "cert-manager.io",
                },
            })),
        },
        opts,
    );
}
