import pulumi
import pulumi_minio_cluster as minio

store = minio.MinioCluster(
    "store",
    replicas=8,
    storage_size="100Gi",
    rollout=minio.RolloutArgsArgs(timeout_seconds=900),
    tolerations=[{"key": "storage", "operator": "Exists"}],
)

# Where applications in the same Kubernetes cluster find the S3 API.
pulumi.export("endpoint", store.endpoint)

# The Secret with `root-user` and `root-password`, for their pods.
pulumi.export("secretName", store.secret_name)

# What may fail: 3 of the 8 servers, and every object can still be written.
pulumi.export("serversThatMayFail", store.topology.servers_that_may_fail_for_writes)
