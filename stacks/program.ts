import { Namespace } from "@pulumi/kubernetes/core/v1";
import { MinioCluster } from "../index";
import { readConfig } from "./config";

/** A MinioCluster as the stack's configuration says, and the stack's outputs. */
export function program() {
    const { name, createNamespace, args } = readConfig();

    // Deleting a namespace deletes the claims in it, and with them the data.
    const namespace = createNamespace
        ? new Namespace("namespace", { metadata: { name: args.namespace } }, { retainOnDelete: true })
        : undefined;

    const minio = new MinioCluster(name, args, { dependsOn: namespace ? [namespace] : [] });

    return {
        endpoint: minio.endpoint,
        consoleEndpoint: minio.consoleEndpoint,
        serviceName: minio.serviceName,
        headlessServiceName: minio.headlessServiceName,
        secretName: minio.secretName,
        rootUser: minio.rootUser,
        rootPassword: minio.rootPassword,
        podDnsNames: minio.podDnsNames,
        topology: minio.topology,
        ready: minio.ready,
        minioNamespace: minio.namespace,
    };
}
