/** The servers' variables, but for the root credentials. Pure. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type Names, serviceDnsName } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";

/**
 * Servers keep their peers' addresses for 30 s by default, and so long they cannot reach a restarted one at its new
 * address (`runDNSCache` in `cmd/common-main.go`; tried: writes fail for 10 s when the next one restarts).
 */
const defaults = { MINIO_DNS_CACHE_TTL: "1s" };

const isProxy = (name: string) => /^https?_proxy$/i.test(name);

/** Those whose values stand in the pods. */
export function environmentOf(names: Names, spec: MinioClusterSpec): Record<string, string> {
    const elsewhere = referencedVariables(names, spec).map(({ name }) => name);
    const byDefault = Object.entries(defaults).filter(([name]) => !elsewhere.includes(name));
    const environment: Record<string, string> = { ...Object.fromEntries(byDefault), ...spec.environment };
    if (![...Object.keys(environment), ...elsewhere].some(isProxy)) {
        return environment;
    }
    // A proxy for webhooks and the like would get what servers tell each other (`getDefaultTransport` in
    // `internal/http/transports.go`; measured: a cluster that never starts, as its drives cannot be reached).
    const exceptions = ["NO_PROXY", "no_proxy"].find((name) => environment[name]) ?? "NO_PROXY";
    const peers = `.${serviceDnsName(names.headlessService, spec)}`;
    return { ...environment, [exceptions]: [environment[exceptions], peers].filter(Boolean).join(",") };
}

/** Those whose values Kubernetes reads from Secrets and ConfigMaps when a server starts. */
export function referencedVariables(
    { settings }: Names,
    { secretVariables, environmentFrom }: Pick<MinioClusterSpec, "secretVariables" | "environmentFrom">,
): pulumi.Unwrap<k8s.types.input.core.v1.EnvVar>[] {
    return [
        ...(secretVariables ?? []).map((name) => ({
            name,
            valueFrom: { secretKeyRef: { name: settings, key: name } },
        })),
        ...Object.entries(environmentFrom ?? {}).map(([name, valueFrom]) => ({ name, valueFrom })),
    ];
}
