import { Namespace } from "@pulumi/kubernetes/core/v1";
import { RunError } from "@pulumi/pulumi";
import { endProgram } from "../components/endProgram";
import { MinioCluster } from "../index";
import { readConfig } from "./config";

/** A MinioCluster as the stack's configuration says, and the stack's outputs. */
export async function program() {
    try {
        return make();
    } catch (error) {
        if (!RunError.isInstance(error)) {
            throw error;
        }
        // Thrown out of a promise, Pulumi formats its stack, which takes many seconds, and shows none of it.
        return endProgram(error.message);
    }
}

function make() {
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
