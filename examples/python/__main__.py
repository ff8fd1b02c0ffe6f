"""A MinIO cluster among a program's other resources."""

import pulumi
import pulumi_minio_cluster as minio

store = minio.MinioCluster(
    "store",
    replicas=8,
    storage_size="100Gi",
    rollout=minio.RolloutArgs(mode=minio.RolloutMode.GUIDED, timeout_seconds=900),
    tolerations=[minio.TolerationArgs(key="storage", operator="Exists")],
)

# Where applications in the same Kubernetes cluster find the S3 API.
pulumi.export("endpoint", store.endpoint)

# The Secret with `root-user` and `root-password`, for their pods.
pulumi.export("secret_name", store.secret_name)

# Of the 8 servers 3 may fail, and every object can still be written.
pulumi.export("servers_that_may_fail", store.topology.servers_that_may_fail_for_writes)
