export type { Topology } from "./components/minio/topology";
export { MinioCluster } from "./components/minioCluster";
export type { MinioClusterArgs, PersistentVolumeClaimRetentionPolicy } from "./components/spec/args";
