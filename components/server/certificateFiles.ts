import type * as k8s from "@pulumi/kubernetes";
import { certificateSecretName, type Names } from "../spec/names";
import { isAuthority, type MinioClusterSpec, referencesOf } from "../spec/spec";

/** Where the certificates lie, when there are any. */
export const certificatesFolder = "/certs";

/**
 * The certificate as MinIO looks for it, `public.crt`, `private.key` and `CAs/`, and the authorities beside it: one
 * volume, or none where there is neither.
 */
export function certificateVolumes(names: Names, spec: MinioClusterSpec): k8s.types.input.core.v1.Volume[] {
    const sources = [...certificateSources(names, spec), ...authoritySources(spec)];
    return sources.length > 0 ? [{ name: "certs", projected: { sources } }] : [];
}

type Source = k8s.types.input.core.v1.VolumeProjection;

function certificateSources(names: Names, spec: MinioClusterSpec): Source[] {
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
    return [{ secret: { name, items: pair } }, { secret: authority }];
}

function authoritySources(spec: MinioClusterSpec): Source[] {
    return Object.values(referencesOf(spec))
        .filter(isAuthority)
        .map(({ kind, name, key }, index): Source => {
            const file = { name, items: [{ key, path: `CAs/trusted-${index}.crt` }] };
            return kind === "Secret" ? { secret: file } : { configMap: file };
        });
}

/** So many days before its end, a certificate is warned of. */
export const soonDays = 14;
