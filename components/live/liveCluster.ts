import type { V1Pod } from "@kubernetes/client-node";
import type * as pulumi from "@pulumi/pulumi";
import type { Kubernetes } from "../kubernetes/client";
import { statefulSetOf } from "../kubernetes/kinds";
import { whenKnown } from "../pulumi/outputs";
import type { Names } from "../spec/names";
import { type MinioClusterSpec, scheme } from "../spec/spec";
import type { RootCredentials } from "./admin";

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
    names: Names,
    spec: MinioClusterSpec,
    { rootUser, rootPassword }: EventualCredentials,
): Promise<LiveCluster> {
    return {
        kubernetes,
        namespace: spec.namespace,
        statefulSet: names.cluster,
        selector: names.selector,
        scheme: scheme(spec),
        credentials: {
            rootUser: (await whenKnown(rootUser)) as string,
            rootPassword: (await whenKnown(rootPassword)) as string,
        },
    };
}

/** The pods of all servers, ready or not. */
export async function serversOf({ kubernetes, namespace, selector }: LiveCluster): Promise<V1Pod[]> {
    return (await kubernetes.pods(namespace, selector)).filter((pod) => statefulSetOf(pod) !== undefined);
}
