import type { V1Pod } from "@kubernetes/client-node";
import type * as pulumi from "@pulumi/pulumi";
import type { Kubernetes } from "../kubernetes/client";
import { statefulSetOf } from "../kubernetes/kinds";
import { knownValue } from "../pulumi/outputs";
import type { Cluster, ClusterPool } from "../spec/cluster";
import { type MinioAdmin, minioAdmin, type RootCredentials } from "./admin";

/** A cluster that runs: where it is, and how it is spoken to. */
export interface LiveCluster {
    kubernetes: Kubernetes;
    namespace: string;
    /** The StatefulSet of the first pool. */
    statefulSet: string;
    /** Labels of the servers of all pools. */
    selector: Record<string, string>;
    /** All pools that the program has, by their StatefulSets' names, the first one first. */
    pools: Pick<ClusterPool, "name" | "replicas">[];
    scheme: string;
    credentials: RootCredentials;
}

/** The root account, as the program's resources tell it. */
export interface EventualCredentials {
    rootUser: pulumi.Output<string>;
    /** A secret. */
    rootPassword: pulumi.Output<string>;
}

/** The cluster, when its credentials are known. */
export async function liveCluster(
    kubernetes: Kubernetes,
    { names, spec, pools, scheme }: Cluster,
    { rootUser, rootPassword }: EventualCredentials,
): Promise<LiveCluster> {
    return {
        kubernetes,
        namespace: spec.namespace,
        statefulSet: names.cluster,
        selector: names.selector,
        pools,
        scheme,
        credentials: {
            rootUser: await knownValue(rootUser),
            rootPassword: await knownValue(rootPassword),
        },
    };
}

/** The pods of all servers of the program's pools, ready or not. Another StatefulSet's pods may have the same label. */
export async function serversOf({ kubernetes, namespace, selector, pools }: LiveCluster): Promise<V1Pod[]> {
    const own = pools.map(({ name }) => name);
    return (await kubernetes.pods(namespace, selector)).filter((pod) => own.includes(statefulSetOf(pod) ?? ""));
}

/**
 * The pods of pools that the program has no more. They take requests until Pulumi deletes their StatefulSets, at the
 * end of an `up`.
 */
export async function leavingServers({ kubernetes, namespace, selector, pools }: LiveCluster): Promise<V1Pod[]> {
    const own = pools.map(({ name }) => name);
    return (await kubernetes.pods(namespace, selector)).filter((pod) => {
        const statefulSet = statefulSetOf(pod);
        return statefulSet !== undefined && pod.metadata?.labels?.pool === statefulSet && !own.includes(statefulSet);
    });
}

/** To ask a server what only an administrator may. */
export function adminOf(
    { kubernetes, namespace, scheme, credentials }: Omit<LiveCluster, "statefulSet" | "selector" | "pools">,
    server: string,
): MinioAdmin {
    return minioAdmin((request) => kubernetes.send(namespace, server, scheme, request), credentials);
}

/** Sets annotations on the StatefulSet of the first pool; null takes one away. */
export function annotate(
    { kubernetes, namespace, statefulSet }: Pick<LiveCluster, "kubernetes" | "namespace" | "statefulSet">,
    annotations: Record<string, string | null>,
): Promise<void> {
    const reference = { apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name: statefulSet, namespace } };
    return kubernetes.patch(reference, { metadata: { annotations } });
}
