export type { MinioClusterArgs, PersistentVolumeClaimRetentionPolicy } from "./components/args";
export { MinioCluster } from "./components/minioCluster";
export type { Topology } from "./components/topology";
