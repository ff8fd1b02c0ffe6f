import { messageOf } from "../basics/messageOf";
import { once } from "../basics/once";
import { whenKnown } from "../pulumi/outputs";
import type { DeclaredCluster } from "../spec/cluster";
import type { PoolStatus } from "./admin";
import type { Connection } from "./connection";
import { adminOf, type EventualCredentials, type LiveCluster, liveCluster, serversOf } from "./liveCluster";

/** What MinIO says of all its pools, or why it cannot be asked. */
export type PoolStatuses = { pools: PoolStatus[] } | { unknown: string };

/** Asks MinIO about its pools when it is called first, and tells the same again later. */
export function poolStatuses(
    { resolved }: DeclaredCluster,
    connection: Connection,
    credentials: EventualCredentials,
): () => Promise<PoolStatuses> {
    return once(async () => {
        try {
            const cluster = await whenKnown(resolved);
            const kubernetes = await connection.act();
            return cluster && kubernetes
                ? await askServers(await liveCluster(kubernetes, cluster, credentials))
                : { unknown: "MinIO cannot be asked: the provider's cluster is not known in this run" };
        } catch (error) {
            return { unknown: `MinIO cannot be asked: ${messageOf(error)}` };
        }
    });
}

/** Any server knows. */
export async function askServers(cluster: LiveCluster): Promise<PoolStatuses> {
    let unknown = "no server runs that could be asked";
    for (const server of (await serversOf(cluster)).filter(({ status }) => status?.phase === "Running")) {
        try {
            return { pools: await adminOf(cluster, server.metadata?.name ?? "").pools() };
        } catch (error) {
            unknown = `MinIO cannot be asked: ${messageOf(error)}`;
        }
    }
    return { unknown };
}
