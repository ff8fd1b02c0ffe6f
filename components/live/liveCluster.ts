import type { V1Pod } from "@kubernetes/client-node";
import type * as pulumi from "@pulumi/pulumi";
import type { Kubernetes } from "../kubernetes/client";
import { statefulSetOf } from "../kubernetes/kinds";
import { knownValue } from "../pulumi/outputs";
import type { Cluster } from "../spec/cluster";
import { type MinioAdmin, minioAdmin, type RootCredentials } from "./admin";

/** A cluster that runs: where it is, and how it is spoken to. */
export interface LiveCluster {
    kubernetes: Kubernetes;
    namespace: string;
    /** The StatefulSet of the first pool. */
    statefulSet: string;
    /** Labels of the servers of all pools. */
    selector: Record<string, string>;
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
    { names, spec, scheme }: Cluster,
    { rootUser, rootPassword }: EventualCredentials,
): Promise<LiveCluster> {
    return {
        kubernetes,
        namespace: spec.namespace,
        statefulSet: names.cluster,
        selector: names.selector,
        scheme,
        credentials: {
            rootUser: await knownValue(rootUser),
            rootPassword: await knownValue(rootPassword),
        },
    };
}

/** The pods of all servers, ready or not. */
export async function serversOf({ kubernetes, namespace, selector }: LiveCluster): Promise<V1Pod[]> {
    return (await kubernetes.pods(namespace, selector)).filter((pod) => statefulSetOf(pod) !== undefined);
}

/** To ask a server what only an administrator may. */
export function adminOf(
    { kubernetes, namespace, scheme, credentials }: Omit<LiveCluster, "statefulSet" | "selector">,
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
