import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** What a user may set of a MinioCluster. Everything has a default: `new MinioCluster("minio")` is four servers. */
export interface MinioClusterArgs {
    /** Namespace of everything that is created; it must exist, and cannot change later. Default: `default`. */
    namespace?: pulumi.Input<string>;

    /** DNS domain of the Kubernetes cluster, part of the servers' names. Default: `cluster.local`. */
    clusterDomain?: pulumi.Input<string>;

    /**
     * Container image of the servers, by tag, digest, or both. The pods start its program `minio` or `silo`, whichever
     * it has. The image must contain `sh`, coreutils and `curl`. The images of MinIO and Silo do; those named
     * `-distroless` do not. Without `curl`, a restarted server gets requests before it reaches all drives, and a server
     * that ends cuts its running requests. Default: Silo, MinIO's maintained successor, pinned by digest
     * (`docker.io/pgsty/silo:RELEASE.2026-09-16T00-00-00Z`; MinIO's own images cannot be pulled any more).
     */
    image?: pulumi.Input<string>;

    /**
     * Secrets in the namespace, made by you, with which the image is pulled from a registry that needs a login. Their
     * type is `kubernetes.io/dockerconfigjson`. Default: none; the ServiceAccount `default` of the namespace may name
     * some.
     */
    imagePullSecrets?: pulumi.Input<pulumi.Input<k8s.types.input.core.v1.LocalObjectReference>[]>;

    /**
     * When a node pulls the image. With `Never`, a node without the image starts no server. Default: left to
     * Kubernetes, which takes `Always` for the tag `latest` or neither tag nor digest, and else `IfNotPresent`.
     */
    imagePullPolicy?: pulumi.Input<ImagePullPolicy>;

    /**
     * Servers (pods) of the first pool, at least 2. Default: 4. MinIO accepts only counts whose drives divide into
     * erasure sets of 2 to 16 drives, evenly over the servers. The count of a pool can never change: grow by
     * `expansionPools`.
     */
    replicas?: number;

    /** Drives (volumes) of each server of the first pool. Default: 1. The number can never change. */
    drivesPerServer?: number;

    /**
     * Size of each drive, as a Kubernetes quantity, at least `1Gi`. Default: `10Gi`. The size may grow, never shrink.
     */
    storageSize?: pulumi.Input<string>;

    /**
     * StorageClass of the drives; it cannot change later. An empty text means existing volumes that have no class.
     * Default: the Kubernetes cluster's default class.
     */
    storageClassName?: pulumi.Input<string>;

    /**
     * VolumeAttributesClass of the drives, such as one of more IOPS. Kubernetes 1.34 or newer knows these classes, and
     * the storage driver must support them. Another class is set in the claims, and nothing restarts. The storage
     * then changes the volumes, and `pulumi up` does not wait for that. It cannot be left out later. Default: none.
     */
    volumeAttributesClassName?: pulumi.Input<string>;

    /**
     * Annotations of the drives' claims, such as those that a backup tool reads. A change is made in the claims, and
     * nothing restarts. One that is left out later stays in the claims. Default: none.
     */
    persistentVolumeClaimAnnotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;

    /**
     * Folder of each volume in which its drive is, such as `data` on volumes of a tenant of MinIO's operator. It is a
     * relative path, the same in all pools, and cannot change later. A cluster that begins with snapshots of these
     * drives needs the same. Default: none, the drive is the whole volume.
     */
    driveSubPath?: pulumi.Input<string>;

    /**
     * Further pools of servers, in the order in which they were added. Only the last one may leave, and only after
     * MinIO has moved its objects away: see `decommission` of the pool. Otherwise they would vanish. To add or remove a
     * pool restarts all servers together. Default: none.
     */
    expansionPools?: Pool[];

    /**
     * Whether MinIO moves objects to the emptier pools after a pool was added, until all are as full. `pulumi up`
     * starts that, and each later run says how far it is. MinIO writes nothing into a pool while it moves objects out
     * of it. It is not started while a pool has `decommission`. Default: false, only new objects go where there is more
     * room.
     */
    rebalance?: boolean;

    /** What becomes of the drives' claims when the cluster is deleted or scaled. Default: both `Retain`. */
    persistentVolumeClaimRetentionPolicy?: PersistentVolumeClaimRetentionPolicy;

    /**
     * Whether all servers are stopped, such as those of a development cluster at night. The drives' claims stay with
     * all objects, and so do all other resources. Requests fail meanwhile. When it is false again, all servers start,
     * together unless `podManagementPolicy` is `OrderedReady`. Refused with a `partition`, and with a
     * `persistentVolumeClaimRetentionPolicy.whenScaled` of `Delete`, because Kubernetes would then delete the claims.
     * Default: false.
     */
    hibernate?: boolean;

    /**
     * Staged update: only servers with this ordinal or a higher one are updated. Those below it keep the old revision,
     * also when they restart. It counts in every pool. An integer from 0 (update all) to the `replicas` of the largest
     * pool (update none). Default: 0.
     */
    partition?: number;

    /** Which servers an update restarts. Default: `RollingUpdate`. */
    updateStrategy?: UpdateStrategy;

    /**
     * Whether servers start together; it cannot change later. `OrderedReady` needs `readiness: Server`. Default:
     * `Parallel`.
     */
    podManagementPolicy?: pulumi.Input<PodManagementPolicy>;

    /**
     * When a server is ready and gets requests. Default: `Cluster`; `Server` with `podManagementPolicy: OrderedReady`,
     * because the first server would otherwise wait for the others without end.
     */
    readiness?: pulumi.Input<Readiness>;

    /** How the servers are updated. Default: guided, each server when MinIO can miss it. */
    rollout?: Rollout;

    /** User name of the root account, at least 3 characters. Its password is random. Default: `admin`. */
    rootUser?: pulumi.Input<string>;

    /**
     * A Secret in the namespace, made by you, instead of random credentials. Its keys are `root-user` (at least 3
     * characters) and `root-password` (at least 8). Default: none.
     */
    existingSecretName?: pulumi.Input<string>;

    /**
     * Raise it for a new random root password, or after you changed the Secret of `existingSecretName`. All servers
     * restart together, because servers with different root passwords cannot talk to each other. An integer of at least
     * 1. Default: 1.
     */
    credentialsRevision?: number;

    /** CPU and memory of each server. Default: requests of 1Gi and 500m, limits of 2Gi and 1 CPU. */
    resources?: pulumi.Input<k8s.types.input.core.v1.ResourceRequirements>;

    /** Labels that a node must have. Default: none. */
    nodeSelector?: pulumi.Input<Record<string, pulumi.Input<string>>>;

    /** Taints of nodes that the servers tolerate. Default: none. */
    tolerations?: pulumi.Input<pulumi.Input<k8s.types.input.core.v1.Toleration>[]>;

    /** Affinity of the servers. Default: none; they are spread by `topologySpreadConstraints`. */
    affinity?: pulumi.Input<k8s.types.input.core.v1.Affinity>;

    /**
     * How the servers of a pool are spread. A constraint without `labelSelector` counts the servers of its pool.
     * Default: over nodes and over zones as evenly as possible, and scheduled anyway where that is not possible.
     */
    topologySpreadConstraints?: pulumi.Input<pulumi.Input<k8s.types.input.core.v1.TopologySpreadConstraint>[]>;

    /** PriorityClass of the servers. Default: the Kubernetes cluster's default. */
    priorityClassName?: pulumi.Input<string>;

    /**
     * Fields of the pods' security context that differ from the default. The containers never run as root. Set to null,
     * `runAsUser`, `runAsGroup`, `fsGroup` and `fsGroupChangePolicy` are left out, for a Kubernetes cluster that gives
     * the ids, such as OpenShift. Default: user, group and fsGroup 1000, non-root, the runtime's seccomp profile, and
     * an owner that is changed only where the drive's root has another one.
     */
    podSecurityContext?: pulumi.Input<k8s.types.input.core.v1.PodSecurityContext>;

    /** Further labels of every object and pod, but not of the claims. Default: none. */
    labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;

    /** Further annotations of the pods. Default: none. */
    annotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;

    /**
     * Further environment variables of the servers, such as `MINIO_REGION`. A value that is a Pulumi secret goes into a
     * Secret of the component, `<name>-settings`. The pods have the other values in plain text.
     * Servers compare their `MINIO_*` variables. `MINIO_STORAGE_CLASS_STANDARD`, such as `EC:2`, sets the parity of new
     * objects, from 1 to half of a set. It must be plain. The topology, budgets and probes follow it. Refused are
     * `MINIO_VOLUMES`, `MINIO_ARGS`, `MINIO_ENDPOINTS`, `MINIO_CONFIG`, and `MINIO_ERASURE_SET_DRIVE_COUNT` with
     * another size than the sets have. The component sets the root credentials, `HOME`, and
     * the variables of the pods' scripts, such as `POD_NAME` and `CLUSTER_URL`. Where `HTTP_PROXY` or `HTTPS_PROXY` is
     * among the variables, the servers' domain joins `NO_PROXY`. Default: `MINIO_DNS_CACHE_TTL=1s`, so
     * that servers immediately find a restarted one at its new address.
     */
    environment?: pulumi.Input<Record<string, pulumi.Input<string>>>;

    /**
     * Further environment variables of the servers, by name, whose values are in Secrets or ConfigMaps of the
     * namespace. Another value there restarts the servers at the next `pulumi up`, as another value in `environment`
     * does. The preview names the variable, and shows no value. Refused are the variables that `environment` refuses,
     * and those that it has too. Refused too are those from which the component reads something:
     * `MINIO_STORAGE_CLASS_STANDARD`, `MINIO_STORAGE_CLASS_RRS`, `MINIO_ERASURE_SET_DRIVE_COUNT`,
     * `MINIO_PROMETHEUS_AUTH_TYPE`, `MINIO_REGION`, `MINIO_SITE_REGION` and `NO_PROXY`. Default: none.
     */
    environmentFrom?: pulumi.Input<Record<string, pulumi.Input<ValueSource>>>;

    /**
     * Further volumes of the pods, such as client certificates of a key server. Allowed are the kinds that the Pod
     * Security Standard `restricted` allows: `configMap`, `csi`, `downwardAPI`, `emptyDir`, `ephemeral`,
     * `persistentVolumeClaim`, `projected` and `secret`. Refused are names that the component's volumes have, and the
     * claims of the drives. Default: none.
     */
    extraVolumes?: pulumi.Input<pulumi.Input<k8s.types.input.core.v1.Volume>[]>;

    /**
     * Where the servers have the `extraVolumes`. Refused are paths in which the server or its scripts have something:
     * `/data`, `/certs`, `/tmp` and the system's folders, with all that is in them. Default: none.
     */
    extraVolumeMounts?: pulumi.Input<pulumi.Input<k8s.types.input.core.v1.VolumeMount>[]>;

    /**
     * Further arguments of each server, such as `--ftp=address=:8021`. Each is `--name=value`, a switch too:
     * `--anonymous=true`. Refused are drives and addresses of servers, and what the component gives or needs:
     * `--address`, `--console-address`, `--certs-dir`, `--config`, `--config-dir`, `--log-dir`, `--quiet`, `--help` and
     * `--version`. FTP and SFTP have other ports than 9000 and 9001. A server does not start with an argument that its
     * version does not know. Default: none.
     */
    extraArgs?: pulumi.Input<pulumi.Input<string>[]>;

    /**
     * Further containers of each pod, beside the server. A server gets requests only while they run. One that does not
     * end when it is told to delays each restart by a minute. Default: none.
     */
    extraContainers?: pulumi.Input<pulumi.Input<ExtraContainer>[]>;

    /** The budget for voluntary disruptions of each pool. Default: computed from the write quorum. */
    disruptionBudget?: DisruptionBudget;

    /** The Service for S3 clients. Default: `ClusterIP`. */
    clientService?: ServiceOptions;

    /** The Service for the console. Default: `ClusterIP`. */
    consoleService?: ServiceOptions;

    /**
     * Kinds of addresses that all Services have, the first one first: `IPv4`, `IPv6`, or both. The first one cannot
     * change later, nor be left out again. Default: left to Kubernetes, the first kind that its cluster has.
     */
    ipFamilies?: pulumi.Input<pulumi.Input<IpFamily>[]>;

    /**
     * How many kinds of addresses all Services have. With one of the `ipFamilies`, only `SingleStack` is allowed.
     * Default: `SingleStack` where `ipFamilies` has one, `RequireDualStack` where it has both, else left to Kubernetes,
     * which takes `SingleStack`.
     */
    ipFamilyPolicy?: pulumi.Input<IpFamilyPolicy>;

    /**
     * Whether the ports of all Services say what is spoken there: `appProtocol` is `http`, or `https` with `tls`.
     * Service meshes, and some Ingress controllers and Gateways, read it. Azure's load balancers then check by HTTP,
     * and need an annotation: see docs/entrances.md. Default: false.
     */
    appProtocol?: pulumi.Input<boolean>;

    /** Sets of snapshots of all drives, each at one point in time. Default: none. */
    snapshots?: Snapshots;

    /** A set of snapshots whose objects a new cluster begins with. Default: none, the cluster begins empty. */
    restoreFrom?: Restore;

    /** An Ingress for S3 clients, and one for the console. Default: none. */
    ingress?: IngressOptions;

    /** A Gateway API HTTPRoute for S3 clients, and one for the console. Default: none. */
    httpRoute?: HttpRouteOptions;

    /**
     * TLS between servers and for clients. Default: none, plain HTTP. Turning it on or off restarts all servers
     * together.
     */
    tls?: Tls;

    /**
     * Certificates of authorities, in PEM, that the servers trust beside those of their image and of `tls`: those of an
     * identity provider, a webhook, a tier, or of the servers' next certificate. A server reads them only when it
     * starts, so another certificate restarts the servers, one after another. Default: none.
     */
    trustedAuthorities?: pulumi.Input<pulumi.Input<ValueSource>[]>;

    /** A NetworkPolicy that lets only peers, clients and scrapers reach the servers. Default: none. */
    networkPolicy?: NetworkPolicyOptions;

    /** Metrics, alerts and a dashboard. Default: none. */
    monitoring?: Monitoring;

    /**
     * Buckets that the cluster has: see docs/buckets.md. What is not named here is never touched. One that leaves the
     * list is removed if it is empty; while it has objects, that is refused. Default: none.
     */
    buckets?: Bucket[];

    /** Policies that the cluster has. One that leaves the list is removed. Default: none. */
    policies?: Policy[];

    /**
     * Users of applications, each with a Secret that has what an AWS SDK needs. One that leaves the list is removed
     * with its keys and its Secret. Default: none.
     */
    accesses?: Access[];
}

/** A bucket. What is left out of it stays as it is in MinIO, and what was given and is left out goes back to none. */
export interface Bucket {
    /** Name of the bucket: 3 to 63 lower-case letters, digits, `-` and `.`. */
    name: string;
    /** Whether objects keep their former versions; false suspends it. Default: as it is, none in a new bucket. */
    versioning?: boolean;
    /**
     * Whether objects can be locked against deletion. Such a bucket has versions. It is decided when the bucket is
     * made, and never changes. Default: as it is, none in a new bucket.
     */
    objectLocking?: boolean;
    /** Most bytes of all objects together, as a Kubernetes quantity such as `10Gi`. Default: as it is. */
    quota?: string;
    /** After how many days MinIO deletes objects. An empty list is none. Default: as it is. */
    lifecycle?: LifecycleRule[];
    /** What may be done without any key. Default: as it is, nothing in a new bucket. */
    anonymousAccess?: AnonymousAccess;
    /** Tags of the bucket, at most 50. Default: as they are. */
    tags?: Record<string, string>;
    /** Whether a bucket of this name that exists already is taken over. Default: false, it is refused. */
    adopt?: boolean;
    /** Whether the bucket stays as it is when it leaves the list. Default: false. */
    retain?: boolean;
    /**
     * Removes the bucket with all its objects. It must be the text `remove <name> and its objects`. When that is done,
     * take the bucket from the list: a bucket with it is never made. Default: none, the bucket is there.
     */
    confirmRemoval?: string;
}

/** After how many days MinIO deletes objects of a bucket. Give at least one of the two numbers. */
export interface LifecycleRule {
    /** Only objects whose names begin so. Default: all. */
    prefix?: string;
    /** Days until an object expires, at least 1. Default: never. */
    expirationDays?: number;
    /** Days until a version expires that is not the newest any more, at least 1. Default: never. */
    noncurrentExpirationDays?: number;
}

/** What a user may set of a MinioAccess. */
export interface MinioAccessArgs {
    /** Name of the MinioCluster, which is there already. To move to another one, first take out all three lists. */
    cluster: string;

    /** Namespace of that cluster. Default: `default`. */
    namespace?: pulumi.Input<string>;

    /** Buckets, as of a MinioCluster. A bucket with objects stays when the MinioAccess is removed. Default: none. */
    buckets?: Bucket[];

    /** Policies, as of a MinioCluster. Default: none. */
    policies?: Policy[];

    /**
     * Users of applications, as of a MinioCluster. Their policies may also be those of the cluster's own program. They
     * are removed with the MinioAccess. Default: none.
     */
    accesses?: Access[];
}

/** A policy, which says who may do what. */
export interface Policy {
    /** Name of the policy. MinIO's own, such as `readwrite`, are refused. */
    name: string;
    /** Its JSON as text, with `Version` and `Statement`. */
    document: pulumi.Input<string>;
    /** Whether a policy of this name that exists already is replaced. Default: false, it is refused. */
    adopt?: boolean;
}

/** A user of an application, and a Secret with its key. */
export interface Access {
    /** Name of the MinIO user, at least 3 characters. Its access key is this name and the revision, such as `app-1`. */
    name: string;
    /** A bucket for the Secret's key `BUCKET`. Default: none. */
    bucket?: string;
    /**
     * Names of the policies that the user has: declared ones, MinIO's own, or others that MinIO has. Default: one that
     * lets it list, read, write and delete in `bucket`, and nothing else.
     */
    policies?: string[];
    /** Namespace of the Secret; it must exist. Default: that of the cluster. */
    namespace?: pulumi.Input<string>;
    /** Name of the Secret. Default: the cluster's name, `-` and the user's name. */
    secretName?: string;
    /** Raise it for a new key. An integer of at least 1. Default: 1. */
    revision?: number;
    /**
     * How long the former key stays valid beside a new one, in seconds: from 1000 to 31535000, or 0 to end it
     * immediately. MinIO ends it without another `pulumi up`. Default: 86400, a day.
     */
    overlapSeconds?: number;
    /** Whether a user of this name that exists already is taken over. Default: false, it is refused. */
    adopt?: boolean;
}

/** A further pool of servers. */
export interface Pool {
    /** Servers of the pool, at least 2. Default: as the first pool. */
    replicas?: number;
    /** Drives of each server. Default: as the first pool. */
    drivesPerServer?: number;
    /** Size of each drive, at least `1Gi`. Default: as the first pool. */
    storageSize?: pulumi.Input<string>;
    /** StorageClass of the drives. Default: as the first pool. */
    storageClassName?: pulumi.Input<string>;
    /** VolumeAttributesClass of the drives. Default: as the first pool. */
    volumeAttributesClassName?: pulumi.Input<string>;
    /** CPU and memory of each server. Default: as the first pool. */
    resources?: pulumi.Input<k8s.types.input.core.v1.ResourceRequirements>;
    /** Labels that a node must have. Default: as the first pool. */
    nodeSelector?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    /** Taints of nodes that the servers tolerate. Default: as the first pool. */
    tolerations?: pulumi.Input<pulumi.Input<k8s.types.input.core.v1.Toleration>[]>;
    /**
     * Whether MinIO moves all objects of the pool to the other pools, so that it can leave. `pulumi up` starts that,
     * and each later run says how far it is. When it is complete, take the pool out of `expansionPools`. MinIO writes
     * nothing into the pool any more. All pools after it must have it too, because only the last one can leave.
     * Default: false.
     */
    decommission?: boolean;
}

/**
 * A container beside the server. It has the fields of a container in Kubernetes, without probes and lifecycle: a probe
 * that fails would take the server out of the Services.
 */
export interface ExtraContainer {
    /** Name of the container, not `minio`. */
    name: pulumi.Input<string>;
    /** Container image. */
    image: pulumi.Input<string>;
    /** When a node pulls the image. Default: left to Kubernetes. */
    imagePullPolicy?: pulumi.Input<ImagePullPolicy>;
    /** The program, with its first arguments. Default: that of the image. */
    command?: pulumi.Input<pulumi.Input<string>[]>;
    /** Arguments of the program. Default: those of the image. */
    args?: pulumi.Input<pulumi.Input<string>[]>;
    /** Folder in which the program starts. Default: that of the image. */
    workingDir?: pulumi.Input<string>;
    /** Environment variables. Default: none. */
    env?: pulumi.Input<pulumi.Input<k8s.types.input.core.v1.EnvVar>[]>;
    /** Secrets and ConfigMaps whose keys are environment variables. Default: none. */
    envFrom?: pulumi.Input<pulumi.Input<k8s.types.input.core.v1.EnvFromSource>[]>;
    /**
     * Ports at which the program listens. Refused are the server's, 9000 and 9001, and their names `api` and `console`.
     * So is `hostPort`. Default: none.
     */
    ports?: pulumi.Input<pulumi.Input<k8s.types.input.core.v1.ContainerPort>[]>;
    /** CPU and memory. Default: none. */
    resources?: pulumi.Input<k8s.types.input.core.v1.ResourceRequirements>;
    /**
     * Security context. What the Pod Security Standard `restricted` forbids is refused. In any case, there is no
     * escalation of privileges, and all capabilities are dropped. Default: what the pod has.
     */
    securityContext?: pulumi.Input<k8s.types.input.core.v1.SecurityContext>;
    /** Where the container has the `extraVolumes`. Default: none. */
    volumeMounts?: pulumi.Input<pulumi.Input<k8s.types.input.core.v1.VolumeMount>[]>;
}

/** Where a value is. Give exactly one of `secretKeyRef` and `configMapKeyRef`. */
export interface ValueSource {
    /** A key of a Secret. Default: none, there is a `configMapKeyRef`. */
    secretKeyRef?: pulumi.Input<KeyReference>;
    /** A key of a ConfigMap. Default: none, there is a `secretKeyRef`. */
    configMapKeyRef?: pulumi.Input<KeyReference>;
}

/** A key of a Secret or a ConfigMap in the namespace of the cluster. */
export interface KeyReference {
    /** Name of the Secret or ConfigMap. */
    name: pulumi.Input<string>;
    /** The key in it. A key that is not there is refused. */
    key: pulumi.Input<string>;
}

/** What becomes of the drives' claims. */
export interface PersistentVolumeClaimRetentionPolicy {
    /** When the StatefulSet is deleted. Default: `Retain`. */
    whenDeleted?: pulumi.Input<ClaimRetention>;
    /** When the StatefulSet is scaled down. Default: `Retain`. */
    whenScaled?: pulumi.Input<ClaimRetention>;
}

/** How the servers are updated. */
export interface Rollout {
    /** Who restarts the servers. Default: `Guided`. */
    mode?: RolloutMode;
    /** Longest time without any progress of the guided rollout, in seconds, before `pulumi up` fails. Default: 600. */
    timeoutSeconds?: number;
    /**
     * Whether all requests wait in two moments of a guided update, for 5 to 10 s each: while the server with the last
     * drive of an erasure set comes back, and while new servers begin to serve together. No request fails by it. Without
     * it, MinIO may undo an acknowledged DELETE there, of an object that two clients write at the same time: "One order"
     * in docs/reliability.md. It needs one pool, and the rights on pods of docs/rbac-snapshots.yaml. Default: false.
     */
    freezeRequests?: boolean;
    /**
     * Kubeconfig by which the component reaches the Kubernetes cluster: a path or its content. Set it for another user,
     * with the rights of the Role `minio-cluster-rollout` in docs/rbac.yaml. It must lead to the provider's cluster.
     * The component compares the uid of an object before it changes anything. Default: that of the Kubernetes provider
     * that is given or inherited, else `kubernetes:kubeconfig`, `kubernetes:context` and `kubernetes:cluster` of the
     * stack, else `KUBECONFIG` or `~/.kube/config`.
     */
    kubeconfig?: pulumi.Input<string>;
    /** Context in that kubeconfig. Default: the provider's, or the current one of `rollout.kubeconfig`. */
    context?: pulumi.Input<string>;
}

/**
 * A budget for voluntary disruptions, such as drained nodes. Give at most one of `minAvailable` and `maxUnavailable`.
 */
export interface DisruptionBudget {
    /** Whether there is one. Default: true, where at least one server may be missed. */
    enabled?: boolean;
    /** Servers of each pool that stay. Default: as many as a write needs. */
    minAvailable?: number;
    /** Servers of each pool that may be disrupted at the same time. Default: none, `minAvailable` counts. */
    maxUnavailable?: number;
}

/** Sets of snapshots of all drives: see docs/backup.md. */
export interface Snapshots {
    /**
     * VolumeSnapshotClass of new sets. With the deletion policy `Retain`, a set survives the loss of its namespace.
     * Default: none, where `groupClassName` is given.
     */
    className?: pulumi.Input<string>;
    /**
     * VolumeGroupSnapshotClass of new sets, instead of `className`. The storage cuts all drives by one call, at one
     * instant. This needs a storage driver that supports it, and Kubernetes' VolumeGroupSnapshots. Default: none, each
     * drive has a separate VolumeSnapshot.
     */
    groupClassName?: pulumi.Input<string>;
    /**
     * Names of the sets. For an added name, the next `pulumi up` takes a set after the cluster is ready. For a removed
     * name, it deletes the set. An existing set is never taken again. Default: none.
     */
    sets?: string[];
    /**
     * Name of a set that the next `pulumi up` takes, such as `nightly-20261127`. A schedule gives another name each
     * time. The set stays when the name is another one or none: see `keep`. An existing set is not taken again.
     * Default: none.
     */
    take?: string;
    /**
     * How many of the sets that `take` has taken stay, at least 1. The oldest goes when a newer one is whole. A damaged
     * set does not count. Sets of `sets` do not count and stay. Default: all stay.
     */
    keep?: number;
    /**
     * Age of the newest set, in hours, from which on the alert `MinioNoRecentSet` fires. It is one of the rules of
     * `monitoring`. For a set each night, 26. Default: none, no such alert.
     */
    maxAgeHours?: number;
    /** Whether requests wait while the drives are snapshotted. Default: `Frozen`. */
    consistency?: SnapshotConsistency;
    /**
     * Longest time that requests wait, in seconds, from 5 to 600. After it the cluster thaws, even if the program is
     * dead, and the set is given up. Default: 60.
     */
    freezeTimeoutSeconds?: number;
}

/** A set of snapshots to begin with: see docs/backup.md. */
export interface Restore {
    /** Name of the set. */
    set: string;
    /**
     * Id of the set. It is needed only where the storage system has several sets that had this name one after another;
     * the error names their ids. Default: none, only one set had the name.
     */
    id?: string;
    /** Name of the cluster that the set was taken of. Default: that of this one. */
    cluster?: string;
    /**
     * Namespace of the set. It may be lost with all that was in it, if the VolumeSnapshotClass had the deletion policy
     * `Retain`. Default: that of the cluster.
     */
    namespace?: pulumi.Input<string>;
    /**
     * Confirms that the set replaces the data of an existing cluster. Everything stored since the set was taken is then
     * lost. It must be the text `replace the data of <name>`, with the component's name. The replaced volumes are kept.
     * Default: none, the data of an existing cluster is not touched.
     */
    confirm?: string;
}

/** A Service in front of the servers. */
export interface ServiceOptions {
    /** From where the Service is reached. Default: `ClusterIP`. */
    type?: pulumi.Input<ServiceType>;
    /** Annotations of the Service, such as those that a cloud's load balancer reads. Default: none. */
    annotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    /**
     * Port of the Service, from 1 to 65535, such as 443. Another one for clients restarts the servers, one after
     * another, because they ask each other by it. Default: 9000 for clients, 9001 for the console.
     */
    port?: pulumi.Input<number>;
    /**
     * Port of every node, of a `NodePort` or a `LoadBalancer`. Kubernetes allows 30000 to 32767, unless its API server
     * is told another range. When it is left out again, the number stays. Default: Kubernetes chooses one.
     */
    nodePort?: pulumi.Input<number>;
    /**
     * To which servers a node leads requests that come to it, of a `NodePort` or a `LoadBalancer`. Default: `Cluster`.
     */
    externalTrafficPolicy?: pulumi.Input<ExternalTrafficPolicy>;
    /** Addresses (CIDR) that may reach a `LoadBalancer`. Default: all. */
    loadBalancerSourceRanges?: pulumi.Input<pulumi.Input<string>[]>;
    /**
     * Which controller makes the `LoadBalancer`, such as `service.k8s.aws/nlb`. It cannot change while the type is
     * `LoadBalancer`. Default: the Kubernetes cluster's own.
     */
    loadBalancerClass?: pulumi.Input<string>;
    /**
     * Address that a `LoadBalancer` shall have. Kubernetes calls the field deprecated, and some controllers read an
     * annotation instead. Default: the controller chooses one.
     */
    loadBalancerIP?: pulumi.Input<string>;
}

/** An Ingress for S3 clients, and one for the console. */
export interface IngressOptions {
    /** Host name for S3 clients. */
    apiHost: pulumi.Input<string>;
    /**
     * Further host names for S3 clients. One with a wildcard, such as `*.s3.example.org`, is for requests that name the
     * bucket in the host name. The servers must then know the domain: `MINIO_DOMAIN` in `environment`. Default: none.
     */
    extraApiHosts?: pulumi.Input<pulumi.Input<string>[]>;
    /** Host name for the console. Default: the console has no Ingress. */
    consoleHost?: pulumi.Input<string>;
    /** IngressClass. Default: the Kubernetes cluster's default class. */
    className?: pulumi.Input<string>;
    /** Annotations, such as the largest body that the controller lets pass. Default: none. */
    annotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    /** Secret with the certificate for the host names. Default: none, plain HTTP. */
    tlsSecretName?: pulumi.Input<string>;
    /**
     * Secret with the certificate for the console's host name. cert-manager needs one for each Ingress. Default: that
     * of `tlsSecretName`.
     */
    consoleTlsSecretName?: pulumi.Input<string>;
}

/** A Gateway API HTTPRoute for S3 clients, and one for the console. */
export interface HttpRouteOptions {
    /** Name of the Gateway. */
    gatewayName: pulumi.Input<string>;
    /** Namespace of the Gateway. Default: that of the cluster. */
    gatewayNamespace?: pulumi.Input<string>;
    /** Listener of the Gateway. Default: all that fit. */
    sectionName?: pulumi.Input<string>;
    /** Host name for S3 clients. */
    apiHost: pulumi.Input<string>;
    /**
     * Further host names for S3 clients. One with a wildcard, such as `*.s3.example.org`, is for requests that name the
     * bucket in the host name. The servers must then know the domain: `MINIO_DOMAIN` in `environment`. Default: none.
     */
    extraApiHosts?: pulumi.Input<pulumi.Input<string>[]>;
    /** Host name for the console. Default: the console has no route. */
    consoleHost?: pulumi.Input<string>;
}

/** Where the servers' certificate comes from. Give exactly one of `secretName` and `issuer`. */
export interface Tls {
    /**
     * A Secret with `tls.crt`, `tls.key` and, when a private authority signed it, `ca.crt`. The certificate must be
     * valid for the servers' names, `*.<name>-headless.<namespace>.svc.<clusterDomain>`, and those of the client and
     * the console Service. Default: none, there is an `issuer`.
     */
    secretName?: pulumi.Input<string>;
    /**
     * The cert-manager issuer that makes the certificate, with all its names. Default: none, there is a `secretName`.
     */
    issuer?: CertificateIssuer;
}

/** A cert-manager issuer. */
export interface CertificateIssuer {
    /** Name of the issuer. */
    name: pulumi.Input<string>;
    /**
     * `Issuer` or `ClusterIssuer`; of another `group`, the kind of its issuers, such as `AWSPCAIssuer`. Default:
     * `Issuer`.
     */
    kind?: pulumi.Input<string>;
    /** API group of the issuer. Default: `cert-manager.io`. */
    group?: pulumi.Input<string>;
}

/**
 * Who may reach the servers, and whom they may reach. The servers always reach each other. Requests through an Ingress,
 * a Gateway or a load balancer come from elsewhere: name its pods or addresses in `clients`. The rollout needs no
 * entry.
 */
export interface NetworkPolicyOptions {
    /** Who may use S3 and the console; with an empty list, nobody. Default: the pods of the namespace. */
    clients?: pulumi.Input<pulumi.Input<k8s.types.input.networking.v1.NetworkPolicyPeer>[]>;
    /** Who may scrape metrics, which are served on the S3 port. Default: nobody but the clients. */
    scrapers?: pulumi.Input<pulumi.Input<k8s.types.input.networking.v1.NetworkPolicyPeer>[]>;
    /**
     * Whom the servers may reach beside each other and DNS, at all ports: identity providers, webhooks, tiers. With an
     * empty list, nobody. Default: everybody.
     */
    egress?: pulumi.Input<pulumi.Input<k8s.types.input.networking.v1.NetworkPolicyPeer>[]>;
}

/** Metrics, alerts and a dashboard, for the Prometheus operator and Grafana. */
export interface Monitoring {
    /** ServiceMonitors for the Prometheus operator. Default: true. */
    serviceMonitor?: boolean;
    /** Alert rules (PrometheusRule). Default: true. */
    rules?: boolean;
    /** A Grafana dashboard, in a ConfigMap with the label `grafana_dashboard`. Default: true. */
    dashboard?: boolean;
    /** Time between two scrapes. Default: `30s`. */
    interval?: pulumi.Input<string>;
    /**
     * Labels by which your Prometheus selects ServiceMonitors and rules, such as `release: prometheus`. Default: none.
     */
    labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

// Choices. Each is a constant and a type of one name: Pulumi's analyzer makes an enum of it, for every language.
// TypeScript and YAML also take the text.

/** When a node pulls the image. */
export const ImagePullPolicy = {
    /** At each start of a server. The registry must then be reachable. */
    Always: "Always",
    /** When the node does not have it. */
    IfNotPresent: "IfNotPresent",
    /** Not at all. Something else must bring it to the node. */
    Never: "Never",
} as const;
export type ImagePullPolicy = (typeof ImagePullPolicy)[keyof typeof ImagePullPolicy];

/** Which servers an update restarts. */
export const UpdateStrategy = {
    /** All that the partition allows. */
    RollingUpdate: "RollingUpdate",
    /** Only those whose pods are deleted. */
    OnDelete: "OnDelete",
} as const;
export type UpdateStrategy = (typeof UpdateStrategy)[keyof typeof UpdateStrategy];

/** Whether servers start together. */
export const PodManagementPolicy = {
    /** All start together. */
    Parallel: "Parallel",
    /** They start one after another, and are deleted in reverse. */
    OrderedReady: "OrderedReady",
} as const;
export type PodManagementPolicy = (typeof PodManagementPolicy)[keyof typeof PodManagementPolicy];

/** When a server is ready and gets requests. */
export const Readiness = {
    /**
     * When it has started and reaches all drives. MinIO's health endpoint can be trusted during an update with 2, 4, 6
     * or 8 servers of a drive each. Objects must then also be readable through the server.
     */
    Cluster: "Cluster",
    /** When its process answers. It may still wait for its peers, and answer every request with an error. */
    Server: "Server",
} as const;
export type Readiness = (typeof Readiness)[keyof typeof Readiness];

/** Who restarts the servers. */
export const RolloutMode = {
    /**
     * `pulumi up` restarts each server only when it may be missed, several at the same time where a pool is large.
     * Servers that need each other start together.
     */
    Guided: "Guided",
    /**
     * Kubernetes restarts them, and `pulumi up` waits. For the servers, Pulumi's provider is enough. A larger
     * `storageSize`, snapshots, buckets and the like also need a kubeconfig that the program can read.
     */
    Native: "Native",
} as const;
export type RolloutMode = (typeof RolloutMode)[keyof typeof RolloutMode];

/** What becomes of a claim. */
export const ClaimRetention = {
    /** It stays, with its data. */
    Retain: "Retain",
    /** It is deleted, and its data with it. */
    Delete: "Delete",
} as const;
export type ClaimRetention = (typeof ClaimRetention)[keyof typeof ClaimRetention];

/** Whether requests wait while the drives are snapshotted. */
export const SnapshotConsistency = {
    /** All requests, reads too, wait until every drive is snapshotted. The set is of one point in time. */
    Frozen: "Frozen",
    /** No request waits. Objects that change while the drives are snapshotted may be unreadable in the set. */
    CrashConsistent: "CrashConsistent",
} as const;
export type SnapshotConsistency = (typeof SnapshotConsistency)[keyof typeof SnapshotConsistency];

/** From where a Service is reached. */
export const ServiceType = {
    /** From inside the Kubernetes cluster. */
    ClusterIP: "ClusterIP",
    /** At a port of every node, too. */
    NodePort: "NodePort",
    /** At an address that the cloud gives, too. */
    LoadBalancer: "LoadBalancer",
} as const;
export type ServiceType = (typeof ServiceType)[keyof typeof ServiceType];

/** To which servers a node leads requests that come to it from outside. */
export const ExternalTrafficPolicy = {
    /** To all. The servers see a node's address for the client's. */
    Cluster: "Cluster",
    /**
     * To those of the node alone. The servers see the client's address, and a node without a ready server answers
     * nothing.
     */
    Local: "Local",
} as const;
export type ExternalTrafficPolicy = (typeof ExternalTrafficPolicy)[keyof typeof ExternalTrafficPolicy];

/** A kind of addresses. */
export const IpFamily = {
    /** Such as 10.96.0.10. */
    IPv4: "IPv4",
    /** Such as fd00::10. */
    IPv6: "IPv6",
} as const;
export type IpFamily = (typeof IpFamily)[keyof typeof IpFamily];

/** How many kinds of addresses a Service has. */
export const IpFamilyPolicy = {
    /** One. */
    SingleStack: "SingleStack",
    /** Both, where the Kubernetes cluster has both. */
    PreferDualStack: "PreferDualStack",
    /** Both. Kubernetes refuses the Service where its cluster has one. */
    RequireDualStack: "RequireDualStack",
} as const;
export type IpFamilyPolicy = (typeof IpFamilyPolicy)[keyof typeof IpFamilyPolicy];

/** What may be done in a bucket without any key. */
export const AnonymousAccess = {
    /** Nothing. */
    None: "None",
    /** List and read. */
    Download: "Download",
    /** Write and delete. */
    Upload: "Upload",
    /** List, read, write and delete. */
    Public: "Public",
} as const;
export type AnonymousAccess = (typeof AnonymousAccess)[keyof typeof AnonymousAccess];
