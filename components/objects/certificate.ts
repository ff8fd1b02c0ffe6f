import type * as k8s from "@pulumi/kubernetes";
import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import type * as pulumi from "@pulumi/pulumi";
import { labelsOf } from "../spec/labels";
import { type Names, serviceDnsName } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";

/** The Secret with `tls.crt`, `tls.key` and perhaps `ca.crt`; undefined without TLS. */
export function certificateSecretName(names: Names, spec: MinioClusterSpec): string | undefined {
    return spec.tls && (spec.tls.secretName ?? names.certificate);
}

/** The certificate as MinIO looks for it, `public.crt`, `private.key` and `CAs/`: one volume, or none without TLS. */
export function certificateVolumes(names: Names, spec: MinioClusterSpec): k8s.types.input.core.v1.Volume[] {
    const name = certificateSecretName(names, spec);
    if (name === undefined) {
        return [];
    }
    const pair = [
        { key: "tls.crt", path: "public.crt" },
        { key: "tls.key", path: "private.key" },
    ];
    // An authority that the image knows already comes without ca.crt.
    const authority = { name, optional: true, items: [{ key: "ca.crt", path: "CAs/ca.crt" }] };
    return [{ name: "certs", projected: { sources: [{ secret: { name, items: pair } }, { secret: authority }] } }];
}

/** Every name under which a server is spoken to. */
export function certificateNames(names: Names, spec: MinioClusterSpec): string[] {
    const ofService = (service: string) => [
        service,
        `${service}.${spec.namespace}`,
        `${service}.${spec.namespace}.svc`,
        serviceDnsName(service, spec),
    ];
    return [
        `*.${serviceDnsName(names.headlessService, spec)}`,
        ...ofService(names.cluster),
        ...ofService(names.consoleService),
        "localhost",
    ];
}

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
