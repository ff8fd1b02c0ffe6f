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
} from "./components/args";
export {
    ClaimRetention,
    PodManagementPolicy,
    Readiness,
    RolloutMode,
    ServiceType,
    SnapshotConsistency,
    UpdateStrategy,
} from "./components/args";
export { MinioCluster } from "./components/minioCluster";
export type { PoolTopology, Topology } from "./components/topology";
