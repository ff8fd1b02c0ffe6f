/** The servers' variables, but for those that Kubernetes reads from Secrets. Pure. */
import { type Names, serviceDnsName } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";

/**
 * Servers keep their peers' addresses for 30 s by default, and so long they cannot reach a restarted one at its new address
 * (`runDNSCache` in `cmd/common-main.go`; tried: writes fail for 10 s when the next one restarts).
 */
const defaults = { MINIO_DNS_CACHE_TTL: "1s" };

const isProxy = (name: string) => /^https?_proxy$/i.test(name);

export function environmentOf(names: Names, spec: MinioClusterSpec): Record<string, string> {
    const environment: Record<string, string> = { ...defaults, ...spec.environment };
    if (!Object.keys(environment).some(isProxy)) {
        return environment;
    }
    // A proxy for webhooks and the like would get what servers tell each other (`getDefaultTransport` in
    // `internal/http/transports.go`; measured: a cluster that never starts, as its drives cannot be reached).
    const exceptions = ["NO_PROXY", "no_proxy"].find((name) => environment[name]) ?? "NO_PROXY";
    const peers = `.${serviceDnsName(names.headlessService, spec)}`;
    return { ...environment, [exceptions]: [environment[exceptions], peers].filter(Boolean).join(",") };
}
