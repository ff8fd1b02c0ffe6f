import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout that this file stands in. */
export const checkout = resolve(__dirname, "..");

/** What was built or downloaded once, for every checkout on this machine. Safe to delete. */
export const cacheDir = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "minio-cluster");

export const defaultCluster = "dev";

/** The cluster that is meant. Clusters of different names run beside each other and share nothing but the toolchain. */
export const clusterName = process.env.MINIO_DEVCLUSTER || defaultCluster;

/** What the cluster's folders, control groups and certificates are called. */
export const clusterId = clusterName === defaultCluster ? "minio-devcluster" : `minio-devcluster-${clusterName}`;

/**
 * Everything that belongs to the running cluster: data, logs, certificates, volumes, and the Pulumi state of what was
 * deployed to it. `make down` removes it. A short path, as Unix sockets lie in it (108 characters at most).
 */
export const clusterDir = join("/var/lib", clusterId);

export const logDir = join(clusterDir, "log");
export const kubeconfig = join(clusterDir, "kubeconfig");
export const pulumiBackend = join(clusterDir, "pulumi");

/** Where the pool for all volumes is mounted, inside the cluster's sandbox only. */
export const volumesPool = join(clusterDir, "volumes");
/** The CSI driver's folder in the pool. Its name is what tells its loop devices from others when the pool is unmounted. */
export const volumesDir = join(volumesPool, clusterId);
