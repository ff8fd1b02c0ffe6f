import * as k8s from "@pulumi/kubernetes";
import { MinioCluster } from "../index";
import { readConfig } from "./config";

const { name, createNamespace, args } = readConfig();

// Deleting a namespace deletes the claims in it, and with them the data.
const namespace = createNamespace
    ? new k8s.core.v1.Namespace("namespace", { metadata: { name: args.namespace } }, { retainOnDelete: true })
    : undefined;

const minio = new MinioCluster(name, args, { dependsOn: namespace ? [namespace] : [] });

export const {
    endpoint,
    consoleEndpoint,
    serviceName,
    headlessServiceName,
    secretName,
    rootUser,
    rootPassword,
    podDnsNames,
    topology,
    ready,
} = minio;
export const minioNamespace = minio.namespace;
