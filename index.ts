export type { PoolTopology, Topology } from "./components/minio/topology";
export { MinioCluster } from "./components/minioCluster";
export type {
    Access,
    Bucket,
    CertificateIssuer,
    DisruptionBudget,
    HttpRouteOptions,
    IngressOptions,
    LifecycleRule,
    MinioClusterArgs,
    Monitoring,
    NetworkPolicyOptions,
    PersistentVolumeClaimRetentionPolicy,
    Policy,
    Pool,
    Restore,
    Rollout,
    ServiceOptions,
    Snapshots,
    Tls,
} from "./components/spec/args";
export {
    AnonymousAccess,
    ClaimRetention,
    ImagePullPolicy,
    PodManagementPolicy,
    Readiness,
    RolloutMode,
    ServiceType,
    SnapshotConsistency,
    UpdateStrategy,
} from "./components/spec/args";
