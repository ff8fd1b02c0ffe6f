export type { PoolTopology, Topology } from "./components/minio/topology";
export { MinioCluster } from "./components/minioCluster";
export type {
    CertificateIssuer,
    DisruptionBudget,
    HttpRouteOptions,
    IngressOptions,
    KeyReference,
    MinioClusterArgs,
    Monitoring,
    NetworkPolicyOptions,
    PersistentVolumeClaimRetentionPolicy,
    Pool,
    Restore,
    Rollout,
    ServiceOptions,
    Snapshots,
    Tls,
    ValueSource,
} from "./components/spec/args";
export {
    ClaimRetention,
    PodManagementPolicy,
    Readiness,
    RolloutMode,
    ServiceType,
    SnapshotConsistency,
    UpdateStrategy,
} from "./components/spec/args";
