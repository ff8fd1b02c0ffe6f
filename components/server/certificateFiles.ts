import type * as k8s from "@pulumi/kubernetes";
import { certificateSecretName, type Names } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";

/** Where the certificates lie, when there are any. */
export const certificatesFolder = "/certs";

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
