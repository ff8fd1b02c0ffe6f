/** What the pods' scripts are told of their pod and their cluster. Pure. */
import type * as k8s from "@pulumi/kubernetes";
import { lastToStart } from "../minio/lastToStart";
import { apiPort } from "../minio/ports";
import type { Topology } from "../minio/topology";
import { clientAddress, type Names, poolName, serverDnsName } from "../spec/names";
import type { ScriptVariable } from "../spec/scriptVariables";
import { countsServersThatWait, type MinioClusterSpec, scheme, topologyOfSpec } from "../spec/spec";

type Variable = k8s.types.input.core.v1.EnvVar;

/** A scratch folder of each pod: the root file system is read-only. */
export const scratchFolder = "/tmp";

/** What is written to it stands in the pod's status when the container has ended: Kubernetes' default. */
const terminationLog = "/dev/termination-log";

/** No pod has this name: a pod's ends with its number. */
const none = "none";

/** Text by which the scripts know their parameters; all pods of a cluster have the same. */
export function parameters(names: Names, spec: MinioClusterSpec): Record<Exclude<ScriptVariable, "POD_NAME">, string> {
    const url = (host: string) => `${scheme(spec)}://${host}:${apiPort}`;
    const topology = topologyOfSpec(spec);
    const [first] = topology?.pools ?? [];
    const last =
        topology && topology.servers > 1
            ? lastToStart(topology, ({ pool, ordinal }) => url(serverDnsName(names, spec, pool, ordinal)))
            : undefined;
    return {
        POD_URL: url("127.0.0.1"),
        POD_SCRATCH: scratchFolder,
        // The drives' folders begin so.
        POD_DRIVES: "/data",
        POD_TERMINATION_LOG: terminationLog,
        // The Service: it leads to any server that is ready.
        CLUSTER_URL: `${scheme(spec)}://${clientAddress(names, spec)}`,
        CLUSTER_SERVERS: String(topology?.servers ?? 1),
        CLUSTER_FIRST_POOL: poolName(names.cluster, 0),
        // The servers that give locks, those of the first pool; 0 where no lock can be released.
        CLUSTER_LOCKERS: String(first === undefined || first.erasureSets > 1 ? 0 : first.servers),
        // Whether a server knows whether objects can be read.
        CLUSTER_READ: String(countsServersThatWait(spec)),
        // The pod that starts last where all start together.
        CLUSTER_LAST: last ? `${poolName(names.cluster, last.pool)}-${last.ordinal}` : none,
        // Where it asks whether the others listen.
        CLUSTER_OTHERS: (last && topology ? allBut(last, topology) : [])
            .map(({ pool, ordinals }) => url(serverDnsName(names, spec, pool, `{${ordinals}}`)))
            .map((server) => `${server}/minio/health/live`)
            .join(" "),
    };
}

/** Of each pool the servers without one; curl asks each of `{0,1,3}`. */
function allBut(one: { pool: number; ordinal: number }, { pools }: Topology): { pool: number; ordinals: number[] }[] {
    return pools
        .map(({ servers }, pool) => ({
            pool,
            ordinals: [...Array(servers).keys()].filter((other) => pool !== one.pool || other !== one.ordinal),
        }))
        .filter(({ ordinals }) => ordinals.length > 0);
}

/** As the variables of a container; those that are empty are left out, as Kubernetes leaves out an empty value. */
export function parameterVariables(names: Names, spec: MinioClusterSpec): Variable[] {
    return [
        { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        ...Object.entries(parameters(names, spec))
            .filter(([, value]) => value !== "")
            .map(([name, value]) => ({ name, value })),
    ];
}
