import { messageOf } from "../basics/messageOf";
import { once } from "../basics/once";
import { atTheSameTime, forSeveral } from "../basics/several";
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

/**
 * By the server that knows the most pools: one that was not restarted for a pool does not know it, and others use it.
 */
export async function askServers(cluster: LiveCluster): Promise<PoolStatuses> {
    const running = (await serversOf(cluster)).filter(({ status }) => status?.phase === "Running");
    const answers: PoolStatuses[] = [];
    await forSeveral(running, atTheSameTime, async ({ metadata }) => {
        const answer = adminOf(cluster, metadata?.name ?? "").pools();
        answers.push(
            await answer.then(
                (pools) => ({ pools }),
                (error) => ({ unknown: `MinIO cannot be asked: ${messageOf(error)}` }),
            ),
        );
    });
    const known = answers.flatMap((answer) => ("pools" in answer ? [answer] : []));
    known.sort((one, other) => other.pools.length - one.pools.length);
    return known[0] ?? answers.at(-1) ?? { unknown: "no server runs that could be asked" };
}
