import { MinioCluster } from "minio-cluster";

const minio = new MinioCluster("store", {
    replicas: 8,
    storageSize: "100Gi",
});

/** Where applications in the same Kubernetes cluster find the S3 API. */
export const endpoint = minio.endpoint;

/** The Secret with `root-user` and `root-password`, for their pods. */
export const secretName = minio.secretName;

/** Of the 8 servers 3 may fail, and every object can still be written. */
export const serversThatMayFail = minio.topology.serversThatMayFailForWrites;
