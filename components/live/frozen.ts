import type { V1Pod } from "@kubernetes/client-node";
import type { Kubernetes } from "../kubernetes/client";

/** How the servers are asked. */
interface Servers {
    kubernetes: Pick<Kubernetes, "ask">;
    namespace: string;
    scheme: string;
}

/**
 * The servers that hold S3 calls: they live, and a call without a login is not even refused.
 *
 * @param suspects names of those that were frozen, and count as such while they are not reached at all
 */
export async function frozenServers(
    { kubernetes, namespace, scheme }: Servers,
    servers: V1Pod[],
    suspects: string[] = [],
): Promise<V1Pod[]> {
    const ask = (server: V1Pod, path: string) => kubernetes.ask(namespace, server.metadata?.name ?? "", scheme, path);
    const frozen = await Promise.all(
        servers.map(async (server) => {
            if ((await ask(server, "/")) !== undefined) {
                return false;
            }
            const live = await ask(server, "/minio/health/live");
            return live === undefined ? suspects.includes(server.metadata?.name ?? "") : live.status === 200;
        }),
    );
    return servers.filter((_, index) => frozen[index]);
}
