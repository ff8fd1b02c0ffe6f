/**
 * Whether MinIO counts with the quorums that everything here follows from: budgets, probes, the rollout and alerts. Its parity may come
 * from where no program sees it, such as its stored configuration.
 */
import { element } from "../basics/element";
import { LateError, until } from "../basics/until";
import type { Kubernetes } from "../kubernetes/client";
import type { Topology } from "../minio/topology";
import { standardClass } from "../minio/topologyVariables";
import type { Cluster } from "../spec/cluster";

/** Drives of a set that must answer. */
export interface Quorums {
    write: number;
    read: number;
}

/**
 * How MinIO's health endpoints would tell the quorums: each header has the largest of all pools (`Health` in
 * `cmd/erasure-server-pool.go`). As the parity is one for all of them, no other difference can hide behind it.
 */
function expectedQuorums({ pools }: Topology): Quorums {
    return {
        write: Math.max(...pools.map(({ writeQuorum }) => writeQuorum)),
        read: Math.max(...pools.map(({ readQuorum }) => readQuorum)),
    };
}

/** How MinIO's quorums differ from those that are counted with, and what to do; undefined where they are the same. Pure. */
export function quorumDifference(told: Quorums, topology: Topology): string | undefined {
    const expected = expectedQuorums(topology);
    if (told.write === expected.write && told.read === expected.read) {
        return undefined;
    }
    const size = Math.max(...topology.pools.map(({ erasureSetSize }) => erasureSetSize));
    const smallest = Math.min(...topology.pools.map(({ erasureSetSize }) => erasureSetSize));
    const parity = size - told.read;
    const canBeSet = parity >= 1 && 2 * parity <= smallest;
    const wayOut = canBeSet
        ? `Set environment.${standardClass} to EC:${parity}, which is computed with and counts before the stored one; or give up the ` +
          "stored one with mc admin config reset ALIAS storage_class"
        : "Give up a stored one with mc admin config reset ALIAS storage_class";
    return (
        `MinIO's write quorum is ${told.write} and its read quorum ${told.read}, by /minio/health/cluster and its /read; the budgets, ` +
        `probes and the rollout count with ${expected.write} and ${expected.read}, by a parity of ${element(topology.pools, 0).parity} in sets ` +
        `of ${size} drives. MinIO's parity may come from its stored configuration: mc admin config get ALIAS storage_class tells. ` +
        `${wayOut}. Then run pulumi up again`
    );
}

const pollMilliseconds = 500;

/** What the servers tell, or why it is not known. */
export type ToldQuorums = { quorums: Quorums } | { unknown: string };

/**
 * What the health endpoints tell, by one server that answers and runs what the program wants: those below the partition may run
 * something older.
 *
 * @param patience how long to wait for an answer, in milliseconds
 */
export async function toldQuorums(
    kubernetes: Pick<Kubernetes, "ask">,
    { spec, pools, scheme }: Cluster,
    patience: number,
): Promise<ToldQuorums> {
    const servers = pools.flatMap(({ name, replicas, partition }) =>
        Array.from({ length: replicas - partition }, (_, below) => `${name}-${replicas - 1 - below}`),
    );
    if (servers.length === 0) {
        return { unknown: "no server runs what the program wants, as partition keeps all of them back" };
    }
    let server = "";
    let turn = 0;
    const look = async (): Promise<Quorums | undefined> => {
        server = element(servers, turn++ % servers.length);
        const [write, read] = await Promise.all(
            ["", "/read"].map((path) => kubernetes.ask(spec.namespace, server, scheme, `/minio/health/cluster${path}`)),
        );
        const told = [write?.headers["x-minio-write-quorum"], read?.headers["x-minio-read-quorum"]];
        // A server that has not read the stored configuration yet counts with the default.
        const isCertain = [write, read].every((answer) => answer?.headers["x-minio-storage-class-defaults"] !== "true");
        return isCertain && !told.includes(undefined) ? { write: Number(told[0]), read: Number(told[1]) } : undefined;
    };
    try {
        const deadline = performance.now() + patience;
        const late = () => `${server} does not tell its quorums`;
        return { quorums: await until(look, { deadline, milliseconds: pollMilliseconds, late }) };
    } catch (error) {
        if (error instanceof LateError) {
            return { unknown: error.message };
        }
        throw error;
    }
}
