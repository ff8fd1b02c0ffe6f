/** What a user of the package waits for: the floor of everything on Kubernetes, and a cluster. */
import { ConfigMap } from "@pulumi/kubernetes/core/v1";

// As it is in the package: compiled before, by `npm run build`.
const { MinioCluster } = require("../../../bin") as typeof import("../../../index");

new ConfigMap("floor", { metadata: { namespace: "default" }, data: { key: "value" } });
new MinioCluster("minio");
