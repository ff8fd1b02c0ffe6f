import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { MinioCluster } from "../../../index";

/** A cluster that is written to files, for somebody else to apply. */
const config = new pulumi.Config();
const provider = new k8s.Provider("files", { renderYamlToDirectory: config.require("folder") });

const minio = new MinioCluster(
    "minio",
    {
        namespace: config.require("namespace"),
        storageSize: "1Gi",
        environment: { MINIO_REGION: config.require("region") },
        clientService: {
            type: "LoadBalancer",
            loadBalancerClass: "example.org/balancer",
            loadBalancerIP: "192.0.2.10",
            loadBalancerSourceRanges: ["198.51.100.0/24"],
        },
    },
    { provider },
);

export const { endpoint } = minio;
