import type * as pulumi from "@pulumi/pulumi";
import { parseQuantity } from "../basics/quantity";
import { type Topology, topologyOf } from "../minio/topology";
import { standardParity, type Variables } from "../minio/topologyVariables";
import type {
    ClaimRetention,
    MinioAccessArgs,
    MinioClusterArgs,
    PodManagementPolicy,
    Readiness,
    RolloutMode,
    SnapshotConsistency,
    UpdateStrategy,
} from "./args";

/** The arguments with their Inputs resolved. */
export type KnownArgs = pulumi.Unwrap<MinioClusterArgs>;
export type KnownAccessArgs = pulumi.Unwrap<MinioAccessArgs>;

type ValueSource = NonNullable<KnownArgs["environmentFrom"]>[string];

/** A pool of servers, with its defaults. */
export interface PoolSpec extends PoolDrives, PoolPods {
    /** Whether MinIO is to move its objects away. */
    decommission?: boolean;
}

interface PoolDrives {
    replicas: number;
    drivesPerServer: number;
    storageSize: string;
    storageClassName?: string;
    volumeAttributesClassName?: string;
}

/** What a further pool has otherwise than the first. */
type PoolPods = Pick<KnownArgs, "resources" | "nodeSelector" | "tolerations">;

/** Arguments that have a default; the others are absent when they are not given. */
interface Defaulted {
    namespace: string;
    clusterDomain: string;
    image: string;
    /** All pools, the first one first. */
    pools: [PoolSpec, ...PoolSpec[]];
    persistentVolumeClaimRetentionPolicy: { whenDeleted: ClaimRetention; whenScaled: ClaimRetention };
    partition: number;
    updateStrategy: UpdateStrategy;
    podManagementPolicy: PodManagementPolicy;
    readiness: Readiness;
    rollout: { mode: RolloutMode; timeoutSeconds: number; freezeRequests: boolean };
    snapshots?: {
        className?: string;
        groupClassName?: string;
        sets: string[];
        take?: string;
        keep?: number;
        maxAgeHours?: number;
        consistency: SnapshotConsistency;
        freezeTimeoutSeconds: number;
    };
    rootUser: string;
    credentialsRevision: number;
    resources: NonNullable<KnownArgs["resources"]>;
    /** Variables of `environment` that are secrets: their values are in the Secret of the settings, and not here. */
    secretVariables?: string[];
    /**
     * Of what the servers read from Secrets and ConfigMaps, by variable: digests of the values that were seen there.
     */
    digests?: Record<string, string>;
}

/** Fields of the arguments that the spec tells as `pools`. */
type PoolFields = keyof PoolDrives | "expansionPools";

/** The arguments with every value known and every default filled in. */
export type MinioClusterSpec = Defaulted & Omit<KnownArgs, keyof Defaulted | PoolFields>;

/**
 * Silo, the maintained successor of the archived MinIO: same source, same drives, and its program is called `silo`. The
 * digest is that of the index on Docker Hub.
 */
export const defaultImage =
    "docker.io/pgsty/silo:RELEASE.2026-09-16T00-00-00Z" +
    "@sha256:635197cb9f36d01bee221d34d1c7d7960f6a95c48b0b6c01d99cd13bdae51a46";

/** Fills in the defaults. */
export function withDefaults(args: KnownArgs): MinioClusterSpec {
    const {
        replicas,
        drivesPerServer,
        storageSize,
        storageClassName,
        volumeAttributesClassName,
        expansionPools,
        ...others
    } = args;
    const podManagementPolicy = args.podManagementPolicy ?? "Parallel";
    return {
        ...others,
        namespace: args.namespace ?? "default",
        clusterDomain: args.clusterDomain ?? "cluster.local",
        image: args.image ?? defaultImage,
        pools: poolsOf(args),
        persistentVolumeClaimRetentionPolicy: {
            whenDeleted: args.persistentVolumeClaimRetentionPolicy?.whenDeleted ?? "Retain",
            whenScaled: args.persistentVolumeClaimRetentionPolicy?.whenScaled ?? "Retain",
        },
        partition: args.partition ?? 0,
        updateStrategy: args.updateStrategy ?? "RollingUpdate",
        podManagementPolicy,
        readiness: args.readiness ?? (podManagementPolicy === "OrderedReady" ? "Server" : "Cluster"),
        rollout: {
            mode: args.rollout?.mode ?? "Guided",
            timeoutSeconds: args.rollout?.timeoutSeconds ?? 600,
            freezeRequests: args.rollout?.freezeRequests ?? false,
        },
        snapshots: args.snapshots && {
            ...args.snapshots,
            sets: args.snapshots.sets ?? [],
            consistency: args.snapshots.consistency ?? "Frozen",
            freezeTimeoutSeconds: args.snapshots.freezeTimeoutSeconds ?? 60,
        },
        rootUser: args.rootUser ?? "admin",
        credentialsRevision: args.credentialsRevision ?? 1,
        resources: args.resources ?? {
            requests: { cpu: "500m", memory: "1Gi" },
            limits: { cpu: "1", memory: "2Gi" },
        },
    };
}

/** All pools, the first one first; what a further pool leaves out is as in the first. */
function poolsOf(args: KnownArgs): [PoolSpec, ...PoolSpec[]] {
    const first: PoolSpec = {
        replicas: args.replicas ?? 4,
        drivesPerServer: args.drivesPerServer ?? 1,
        storageSize: args.storageSize ?? "10Gi",
        storageClassName: args.storageClassName,
        volumeAttributesClassName: args.volumeAttributesClassName,
    };
    const further = Array.isArray(args.expansionPools) ? args.expansionPools : [];
    return [
        first,
        ...further.map((pool) => ({
            replicas: pool?.replicas ?? first.replicas,
            drivesPerServer: pool?.drivesPerServer ?? first.drivesPerServer,
            storageSize: pool?.storageSize ?? first.storageSize,
            storageClassName: pool?.storageClassName ?? first.storageClassName,
            volumeAttributesClassName: pool?.volumeAttributesClassName ?? first.volumeAttributesClassName,
            ...(pool?.resources && { resources: pool.resources }),
            ...(pool?.nodeSelector && { nodeSelector: pool.nodeSelector }),
            ...(pool?.tolerations && { tolerations: pool.tolerations }),
            ...(pool?.decommission && { decommission: true }),
        })),
    ];
}

/** What the topology follows from. */
export interface TopologySource {
    pools: PoolSpec[];
    environment?: Variables;
}

/** The topology of a cluster; undefined when MinIO refuses it. */
export function topologyOfSpec({ pools, environment }: TopologySource): Topology | undefined {
    return topologyOf(
        pools.map(({ replicas, drivesPerServer, storageSize }) => ({
            servers: replicas,
            drivesPerServer,
            driveBytes: parseQuantity(storageSize) ?? 0,
        })),
        standardParity(environment),
    );
}

/**
 * Whether `cluster/read` says yes during an update. It counts servers that wait for a boot quorum as gone, though they
 * serve their drives: where more must wait than may be gone, all others would become unready, and the cluster would
 * serve nobody (tried with 16 servers, where every request succeeded).
 */
export function countsServersThatWait(spec: TopologySource): boolean {
    const topology = topologyOfSpec(spec);
    return topology !== undefined && topology.bootQuorum <= topology.serversThatMayFailForReads;
}

/** Whether the component moves the rollout on itself. */
export function isGuided({ rollout, updateStrategy }: Pick<MinioClusterSpec, "rollout" | "updateStrategy">): boolean {
    return rollout.mode === "Guided" && updateStrategy === "RollingUpdate";
}

/** How servers and clients speak to the servers. */
export function scheme(spec: MinioClusterSpec): "http" | "https" {
    return spec.tls ? "https" : "http";
}

/** A value that servers read from elsewhere. */
export interface Reference {
    /** The argument that names it. */
    field: string;
    kind: "Secret" | "ConfigMap";
    name: string;
    key: string;
}

/** All of them, by what has the value: a variable, or the argument itself. */
export function referencesOf({
    environmentFrom,
    trustedAuthorities,
}: Pick<KnownArgs, "environmentFrom" | "trustedAuthorities">): Record<string, Reference> {
    const variables = Object.entries(environmentFrom ?? {}).map(([variable, source]) => [
        variable,
        referenceOf(`environmentFrom.${variable}`, source),
    ]);
    const authorities = (trustedAuthorities ?? []).map((source, index) => {
        const field = `${authorityField}[${index}]`;
        return [field, referenceOf(field, source)];
    });
    return Object.fromEntries([...variables, ...authorities]);
}

const authorityField = "trustedAuthorities";

/** Whether the value is the certificate of an authority. */
export function isAuthority({ field }: Reference): boolean {
    return field.startsWith(authorityField);
}

/** @param source checked */
function referenceOf(field: string, { secretKeyRef, configMapKeyRef }: ValueSource): Reference {
    const { name = "", key = "" } = secretKeyRef ?? configMapKeyRef ?? {};
    return { field, kind: secretKeyRef ? "Secret" : "ConfigMap", name, key };
}
