/** The clusters of a namespace, by what the component has written on their objects. Pure. */
import type { V1Container, V1StatefulSet } from "@kubernetes/client-node";
import { element } from "../basics/element";
import { type Topology, topologyOf } from "../minio/topology";
import { standardParity } from "../minio/topologyVariables";
import type { WantedCluster } from "../rollout/wanted";
import { serverName } from "../server/podTemplate";
import { partitionAnnotation, shapeAnnotation } from "../spec/labels";
import { namesOf, poolName, poolSelector } from "../spec/names";

/** Where a value is in a Secret. */
export interface SecretKey {
    name: string;
    key: string;
}

/** A cluster with what its objects say of what is wanted. */
export interface FoundCluster {
    namespace: string;
    name: string;
    wanted: Omit<WantedCluster, "admin">;
    topology?: Topology;
    /** Of its first StatefulSet, as are its annotations. */
    uid?: string;
    annotations: Record<string, string>;
    rootUser?: SecretKey;
    rootPassword?: SecretKey;
    /** The Secret of its certificate; undefined without TLS. */
    certificate?: string;
}

/** What is not a cluster of the component's has no shape. */
export function clustersIn(statefulSets: V1StatefulSet[]): FoundCluster[] {
    const own = statefulSets.filter(({ metadata }) => metadata?.annotations?.[shapeAnnotation] !== undefined);
    const firsts = own.filter(({ metadata }) => metadata?.labels?.app === metadata?.name);
    return firsts.map((first) => clusterOf(first, own));
}

function clusterOf(first: V1StatefulSet, all: V1StatefulSet[]): FoundCluster {
    const name = first.metadata?.name ?? "";
    const namespace = first.metadata?.namespace ?? "";
    const names = namesOf(name);
    const own: V1StatefulSet[] = [];
    const poolNamed = (wanted: string) =>
        all.find(({ metadata }) => metadata?.name === wanted && metadata?.namespace === namespace);
    for (let next: V1StatefulSet | undefined = first; next; next = poolNamed(poolName(name, own.length))) {
        own.push(next);
    }
    const container = serverOf(first);
    const parity = standardParity(Object.fromEntries((container?.env ?? []).map((one) => [one.name, one.value])));
    const shapes = own.map(shapeOf);
    const topology = topologyOf(
        shapes.map(({ replicas, drives }) => ({ servers: replicas, drivesPerServer: drives, driveBytes: 0 })),
        parity,
    );
    const secretKey = (variable: string): SecretKey | undefined => {
        const reference = container?.env?.find((one) => one.name === variable)?.valueFrom?.secretKeyRef;
        return reference && { name: reference.name ?? "", key: reference.key };
    };
    return {
        namespace,
        name,
        wanted: {
            namespace,
            scheme: container?.args?.some((one) => one.startsWith("https://")) ? "https" : "http",
            pools: own.map((statefulSet, index) => {
                const { replicas, storageSize } = element(shapes, index);
                const pool = topology?.pools[index];
                return {
                    name: poolName(name, index),
                    selector: poolSelector(names, index),
                    partition: Math.min(replicas, partitionOf(statefulSet)),
                    replicas,
                    erasureSets: pool?.erasureSets ?? 1,
                    serversThatMayFail: pool?.serversThatMayFailForWrites ?? 0,
                    restartsAtOnce: 1,
                    storageSize,
                };
            }),
            bootQuorum: topology?.bootQuorum ?? 1,
        },
        topology,
        uid: first.metadata?.uid,
        annotations: first.metadata?.annotations ?? {},
        rootUser: secretKey("MINIO_ROOT_USER"),
        rootPassword: secretKey("MINIO_ROOT_PASSWORD"),
        certificate: first.spec?.template.spec?.volumes
            ?.find((volume) => volume.name === "certs")
            ?.projected?.sources?.find(({ secret }) => secret?.items?.some(({ key }) => key === "tls.crt"))?.secret
            ?.name,
    };
}

function serverOf({ spec }: V1StatefulSet): V1Container | undefined {
    return spec?.template.spec?.containers.find(({ name }) => name === serverName);
}

/** By its shape, as somebody may have scaled the StatefulSet. */
function shapeOf({ metadata, spec }: V1StatefulSet): { replicas: number; drives: number; storageSize: string } {
    const shape = JSON.parse(metadata?.annotations?.[shapeAnnotation] ?? "{}");
    return {
        replicas: shape.replicas ?? spec?.replicas ?? 1,
        drives: shape.drivesPerServer ?? spec?.volumeClaimTemplates?.length ?? 1,
        storageSize: shape.storageSize ?? "0",
    };
}

/** The one that the program wants: the live one moves in a rollout. */
function partitionOf({ metadata }: V1StatefulSet): number {
    return Number(metadata?.annotations?.[partitionAnnotation] ?? 0);
}
