import { readFileSync } from "node:fs";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { MinioCluster } from "../../../index";

/** A cluster whose provider is inherited, with a kubeconfig that is a secret and known only once another resource is made: as of EKS. */
const config = new pulumi.Config();
const namespace = config.require("namespace");

class Platform extends pulumi.ComponentResource {
    constructor(name: string, opts: pulumi.ComponentResourceOptions) {
        super("test:index:Platform", name, {}, opts);
    }
}

const made = new pulumi.Stash("kubernetes-cluster", {
    input: pulumi.secret(readFileSync(config.require("kubeconfig"), "utf8")),
});
const provider = new k8s.Provider("provider", { kubeconfig: made.output, context: config.require("context") });
const platform = new Platform("platform", { providers: [provider] });
new k8s.core.v1.Namespace(namespace, { metadata: { name: namespace } }, { parent: platform });

const minio = new MinioCluster(
    "minio",
    {
        namespace,
        storageSize: "1Gi",
        resources: { requests: { cpu: "10m", memory: "128Mi" } },
        environment: { MINIO_REGION: config.require("region") },
        partition: 2,
        rollout: { mode: config.get("mode") },
        snapshots: { className: "csi-hostpath-snapclass", sets: [] },
    },
    { parent: platform },
);

export const { endpoint, ready, topology, rootPassword } = minio;
export const minioNamespace = minio.namespace;
