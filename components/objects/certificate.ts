import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import type * as pulumi from "@pulumi/pulumi";
import { labelsOf } from "../spec/labels";
import { certificateNames, type Names } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";

/**
 * The certificate that cert-manager makes and renews. MinIO takes a renewed one without a restart, but not a renewed authority: see
 * docs/upgrades.md.
 */
export function createCertificate(
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    opts: pulumi.CustomResourceOptions,
): CustomResource {
    return new CustomResource(
        names.certificate,
        {
            apiVersion: "cert-manager.io/v1",
            kind: "Certificate",
            metadata: {
                name: names.certificate,
                namespace: spec.namespace,
                labels: spec.apply((known) => labelsOf(names, known)),
                annotations: { "pulumi.com/waitFor": "condition=Ready" },
            },
            spec: spec.apply((known) => ({
                secretName: names.certificate,
                dnsNames: certificateNames(names, known),
                issuerRef: {
                    name: known.tls?.issuer?.name,
                    kind: known.tls?.issuer?.kind ?? "Issuer",
                    group: known.tls?.issuer?.group ?? "cert-manager.io",
                },
            })),
        },
        opts,
    );
}
