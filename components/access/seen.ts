/** A cluster as the program of another stack sees it, by what its servers are told. Pure. */
import type { V1StatefulSet } from "@kubernetes/client-node";
import { serverName } from "../server/podTemplate";
import { type Cluster, clusterOf } from "../spec/cluster";
import { accessLabel } from "../spec/labels";
import { type Declarer, markOf } from "../spec/names";
import { type KnownAccessArgs, withDefaults } from "../spec/spec";
import type { SeenArgs } from "../spec/validation";
import { clustersIn, type SecretKey } from "../status/found";

export interface SeenCluster {
    /** Of the address by which clients find it. */
    clusterDomain: string;
    port: number;
    hibernates: boolean;
    rootUser: SecretKey;
    rootPassword: SecretKey;
    args: SeenArgs;
}

/** The arguments name none that could be used. */
export class NoClusterError extends Error {}

/**
 * @param where the Kubernetes cluster, for the error
 * @throws NoClusterError
 */
export function seenCluster(
    statefulSets: V1StatefulSet[],
    { cluster, namespace = "default" }: KnownAccessArgs,
    where: string,
): SeenCluster {
    const clusters = clustersIn(statefulSets);
    const found = clusters.find(({ name }) => name === cluster);
    const first = statefulSets.find(({ metadata }) => metadata?.name === cluster);
    if (found === undefined || first === undefined) {
        const others = clusters.map(({ name }) => `'${name}'`).join(", ");
        throw new NoClusterError(
            `cluster: there is no MinioCluster '${cluster}' in the namespace ${namespace} of ${where}` +
                `${others && `; there is ${others}`}`,
        );
    }
    const env = first.spec?.template.spec?.containers.find(({ name }) => name === serverName)?.env ?? [];
    const address = env.find(({ name }) => name === "CLUSTER_URL")?.value ?? "";
    const [, clusterDomain, port] = /^https?:\/\/[^.]+\.[^.]+\.svc\.([^:]+):(\d+)$/.exec(address) ?? [];
    if (clusterDomain === undefined || !found.rootUser || !found.rootPassword) {
        throw new NoClusterError(
            `cluster: the StatefulSet '${cluster}' in the namespace ${namespace} does not tell where clients find it and the root ` +
                "account is, as this version makes it: run pulumi up of its program with this version",
        );
    }
    return {
        clusterDomain,
        port: Number(port),
        hibernates: first.spec?.replicas === 0,
        rootUser: found.rootUser,
        rootPassword: found.rootPassword,
        args: {
            existingSecretName: found.rootPassword.name,
            tls: found.wanted.scheme === "https" ? { secretName: found.certificate } : undefined,
            environment: Object.fromEntries(env.map(({ name, value = "" }) => [name, value])),
        },
    };
}

/** The cluster, as far as buckets, policies and accesses need it, with what is declared. */
export function declaringCluster(
    { cluster, namespace, buckets, policies, accesses }: KnownAccessArgs,
    { clusterDomain, port, hibernates, args }: Pick<SeenCluster, "clusterDomain" | "port" | "hibernates" | "args">,
    declarer: Declarer,
): Cluster {
    const { tls, environment = {} } = args;
    const { MINIO_REGION, MINIO_SITE_REGION } = environment;
    const spec = withDefaults({ namespace, clusterDomain, buckets, policies, accesses, tls, hibernate: hibernates });
    return clusterOf(cluster, {
        ...spec,
        clientService: { port },
        environment: { MINIO_REGION: MINIO_REGION ?? "", MINIO_SITE_REGION: MINIO_SITE_REGION ?? "" },
        labels: { [accessLabel]: markOf(declarer) },
    });
}
