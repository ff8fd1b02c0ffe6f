/** What a user of the package waits for: the floor of everything on Kubernetes, and a cluster. */
import { ConfigMap } from "@pulumi/kubernetes/core/v1";
import { MinioCluster } from "../../../index";

new ConfigMap("floor", { metadata: { namespace: "default" }, data: { key: "value" } });
new MinioCluster("minio");
