"""What the program of another stack adds to that cluster."""

import pulumi_minio_cluster as minio

minio.MinioAccess(
    "mail",
    cluster="minio",
    namespace="python",
    buckets=[minio.BucketArgs(name="letters")],
    accesses=[minio.AccessArgs(name="mail", bucket="letters", namespace="python", secret_name="mail")],
)
