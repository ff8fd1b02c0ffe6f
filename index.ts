export type { PoolTopology, Topology } from "./components/minio/topology";
export { MinioCluster } from "./components/minioCluster";
export type {
    CertificateIssuer,
    DisruptionBudget,
    HttpRouteOptions,
    IngressOptions,
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
} from "./components/spec/args";
export {
    ClaimRetention,
    ImagePullPolicy,
    PodManagementPolicy,
    Readiness,
    RolloutMode,
    ServiceType,
    SnapshotConsistency,
    UpdateStrategy,
} from "./components/spec/args";
