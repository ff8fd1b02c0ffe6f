import { Job } from "@pulumi/kubernetes/batch/v1";
import { Namespace } from "@pulumi/kubernetes/core/v1";
import { MinioCluster } from "minio-cluster";

const storage = new Namespace("storage", { metadata: { name: "storage" } });
const shop = new Namespace("shop", { metadata: { name: "shop" } });

const minio = new MinioCluster(
    "store",
    {
        namespace: storage.metadata.name,
        storageSize: "1Gi",
        resources: { requests: { cpu: "10m", memory: "128Mi" } }, // to try it: leave this out for production
        buckets: [{ name: "photos", versioning: true, quota: "500Mi" }],
        accesses: [{ name: "shop", bucket: "photos", namespace: shop.metadata.name }],
    },
    { dependsOn: [storage, shop] },
);

/** Any client that reads AWS's variables would do. The server's image has this one, which wants them as one address. */
const script = `
export MC_CONFIG_DIR=/tmp/mc MC_HOST_s3="http://$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY@\${AWS_ENDPOINT_URL_S3#http://}"
echo hello | mc pipe "s3/$BUCKET/greeting"
test "$(mc cat "s3/$BUCKET/greeting")" = hello
if mc mb s3/another; then exit 1; fi # It may use its bucket, and nothing else.
`;

/** Pulumi waits until it is done. */
new Job(
    "shop",
    {
        metadata: { name: "shop", namespace: shop.metadata.name },
        spec: {
            backoffLimit: 2,
            template: {
                spec: {
                    restartPolicy: "Never",
                    containers: [
                        {
                            name: "shop",
                            image: "docker.io/pgsty/silo:RELEASE.2026-09-16T00-00-00Z@sha256:635197cb9f36d01bee221d34d1c7d7960f6a95c48b0b6c01d99cd13bdae51a46",
                            command: ["sh", "-euc", script],
                            envFrom: [{ secretRef: { name: "store-shop" } }],
                        },
                    ],
                },
            },
        },
    },
    { dependsOn: minio },
);
