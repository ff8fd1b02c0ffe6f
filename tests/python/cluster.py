"""A cluster with a bucket, and an application's access to it."""

import pulumi_minio_cluster as minio

minio.MinioCluster(
    "minio",
    namespace="python",
    storage_size="1Gi",
    resources=minio.ResourceRequirementsArgs(requests={"cpu": "10m", "memory": "64Mi"}),
    buckets=[minio.BucketArgs(name="photos", versioning=True)],
    accesses=[minio.AccessArgs(name="shop", bucket="photos", namespace="python")],
)
