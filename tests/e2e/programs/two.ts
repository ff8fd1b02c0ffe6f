import { Namespace } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { MinioCluster, type MinioClusterArgs } from "../../../index";

/** Two clusters side by side, which take sets of snapshots at the same time. */
const config = new pulumi.Config();
const name = config.require("namespace");
const namespace = new Namespace("namespace", { metadata: { name } });

const args: MinioClusterArgs = {
    namespace: namespace.metadata.name,
    replicas: 2,
    storageSize: "1Gi",
    resources: { requests: { cpu: "10m", memory: "128Mi" } },
    snapshots: config.getObject<MinioClusterArgs["snapshots"]>("snapshots"),
};

new MinioCluster("left", args);
new MinioCluster("right", args);
