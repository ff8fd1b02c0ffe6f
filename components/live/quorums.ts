/**
 * Whether MinIO counts with the quorums that everything here follows from: budgets, probes, the rollout and alerts. Its parity may come
 * from where no program sees it, such as its stored configuration.
 */
import type { Kubernetes } from "../kubernetes/client";
import type { Topology } from "../minio/topology";
import { standardClass } from "../minio/topologyVariables";
import { poolName } from "../spec/names";

/** Drives of a set that must answer. */
export interface Quorums {
    write: number;
    read: number;
}

/** Servers that may be asked: those that run what the program wants. */
export interface AskedCluster {
    /** The first pool's StatefulSet. */
    cluster: string;
    namespace: string;
    scheme: string;
    topology: Topology;
    /** Servers below it may run something older. */
    partition: number;
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
        `probes and the rollout count with ${expected.write} and ${expected.read}, by a parity of ${topology.pools[0].parity} in sets ` +
        `of ${size} drives. MinIO's parity may come from its stored configuration: mc admin config get ALIAS storage_class tells. ` +
        `${wayOut}. Then run pulumi up again`
    );
}

const pollMilliseconds = 500;

/**
 * What the health endpoints tell, by one server that answers.
 *
 * @param patience how long to wait for an answer, in milliseconds
 * @returns a string says why it is not known
 */
export async function toldQuorums(
    kubernetes: Pick<Kubernetes, "ask">,
    { cluster, namespace, scheme, topology, partition }: AskedCluster,
    patience: number,
): Promise<Quorums | string> {
    const servers = topology.pools.flatMap((pool, index) =>
        Array.from({ length: Math.max(0, pool.servers - partition) }, (_, below) => pool.servers - 1 - below).map(
            (ordinal) => `${poolName(cluster, index)}-${ordinal}`,
        ),
    );
    if (servers.length === 0) {
        return "no server runs what the program wants, as partition keeps all of them back";
    }
    const deadline = Date.now() + patience;
    for (let turn = 0; ; turn++) {
        const server = servers[turn % servers.length];
        const answers = await Promise.all(
            ["", "/read"].map((path) => kubernetes.ask(namespace, server, scheme, `/minio/health/cluster${path}`)),
        );
        const [write, read] = [answers[0]?.headers["x-minio-write-quorum"], answers[1]?.headers["x-minio-read-quorum"]];
        // A server that has not read the stored configuration yet counts with the default.
        const isCertain = answers.every((answer) => answer?.headers["x-minio-storage-class-defaults"] !== "true");
        if (write !== undefined && read !== undefined && isCertain) {
            return { write: Number(write), read: Number(read) };
        }
        if (Date.now() >= deadline) {
            return `${server} does not tell its quorums`;
        }
        await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
    }
}
