"""What the program of another stack adds to that cluster."""

import pulumi_minio_cluster as minio

minio.MinioAccess(
    "mail",
    cluster="minio",
    namespace="python",
    buckets=[minio.BucketArgs(name="letters", confirm_removal="remove letters and its objects")],
    accesses=[minio.AccessArgs(name="mail", bucket="letters", namespace="python", secret_name="mail")],
)
