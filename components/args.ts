import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** What a user may set of a MinioCluster. Everything has a default: `new MinioCluster("minio")` is four servers. */
export interface MinioClusterArgs {
    /** Namespace of everything that is created; it must exist. Default: `default`. */
    namespace?: pulumi.Input<string>;

    /** DNS domain of the Kubernetes cluster, part of the servers' names. Default: `cluster.local`. */
    clusterDomain?: pulumi.Input<string>;

    /**
     * Container image of the servers, by tag, digest, or both. It must contain `sh` and `sleep`, as the official image
     * does. Default: the last release of the official image, pinned by digest (`quay.io/minio/minio`; Docker Hub no longer
     * has it).
     */
    image?: pulumi.Input<string>;

    /**
     * Servers (pods), at least 2. Default: 4. MinIO accepts only counts whose drives divide into erasure sets of 2 to 16
     * drives that lie evenly over the servers, and the count of a cluster that has stored data can never change.
     */
    replicas?: number;

    /** Drives (volumes) of each server. Default: 1. It can never change either. */
    drivesPerServer?: number;

    /** Size of each drive, as a Kubernetes quantity, at least `1Gi`. Default: `10Gi`. */
    storageSize?: pulumi.Input<string>;

    /** StorageClass of the drives. Default: the Kubernetes cluster's default class. */
    storageClassName?: pulumi.Input<string>;

    /** What becomes of the drives' claims when the cluster is deleted or scaled. Default: both `Retain`. */
    persistentVolumeClaimRetentionPolicy?: PersistentVolumeClaimRetentionPolicy;

    /**
     * Staged update: only servers with this ordinal or a higher one are updated; those below it stay at, and come back
     * at, the old revision. An integer from 0 (update all) to `replicas` (update none). Default: 0.
     */
    partition?: number;

    /** User name of the root account, at least 3 characters. Its password is random. Default: `admin`. */
    rootUser?: pulumi.Input<string>;

    /** CPU and memory of each server. Default: requests of 1Gi and 500m, limits of 2Gi and 1 CPU. */
    resources?: pulumi.Input<k8s.types.input.core.v1.ResourceRequirements>;
}

/** What becomes of the drives' claims: `Retain` or `Delete`. */
export interface PersistentVolumeClaimRetentionPolicy {
    /** When the StatefulSet is deleted. Default: `Retain`. */
    whenDeleted?: pulumi.Input<string>;
    /** When the StatefulSet is scaled down. Default: `Retain`. */
    whenScaled?: pulumi.Input<string>;
}

/** The arguments with every value known and every default filled in. */
export interface MinioClusterSpec {
    namespace: string;
    clusterDomain: string;
    image: string;
    replicas: number;
    drivesPerServer: number;
    storageSize: string;
    storageClassName?: string;
    persistentVolumeClaimRetentionPolicy: { whenDeleted: string; whenScaled: string };
    partition: number;
    rootUser: string;
    resources: k8s.types.input.core.v1.ResourceRequirements;
}

/**
 * `RELEASE.2025-09-07T16-13-09Z`, the last release of the community image. The digest is that of the index on quay.io.
 */
export const defaultImage =
    "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z" +
    "@sha256:14cea493d9a34af32f524e538b8346cf79f3321eff8e708c1e2960462bd8936e";

/** The arguments with their Inputs resolved. */
export type KnownArgs = pulumi.Unwrap<MinioClusterArgs>;

/** Fills in the defaults. */
export function withDefaults(args: KnownArgs): MinioClusterSpec {
    return {
        namespace: args.namespace ?? "default",
        clusterDomain: args.clusterDomain ?? "cluster.local",
        image: args.image ?? defaultImage,
        replicas: args.replicas ?? 4,
        drivesPerServer: args.drivesPerServer ?? 1,
        storageSize: args.storageSize ?? "10Gi",
        storageClassName: args.storageClassName,
        persistentVolumeClaimRetentionPolicy: {
            whenDeleted: args.persistentVolumeClaimRetentionPolicy?.whenDeleted ?? "Retain",
            whenScaled: args.persistentVolumeClaimRetentionPolicy?.whenScaled ?? "Retain",
        },
        partition: args.partition ?? 0,
        rootUser: args.rootUser ?? "admin",
        resources: args.resources ?? {
            requests: { cpu: "500m", memory: "1Gi" },
            limits: { cpu: "1", memory: "2Gi" },
        },
    };
}
