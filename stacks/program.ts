import { Namespace } from "@pulumi/kubernetes/core/v1";
import { type Output, output, RunError } from "@pulumi/pulumi";
import { connectionOf } from "../components/live/connection";
import { endProgram } from "../components/pulumi/endProgram";
import { takenOver } from "../components/pulumi/takenOver";
import type { MinioClusterArgs } from "../components/spec/args";
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

    const minio = new MinioCluster(name, args, { dependsOn: createNamespace ? [createNamespaceOf(args)] : [] });

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

/** Deleting a namespace deletes the claims in it, and with them the data: it is kept, so it may have outlived this stack. */
function createNamespaceOf({ namespace: name, rollout }: MinioClusterArgs): Output<Namespace> {
    return output(name).apply(
        async (known = "default") =>
            new Namespace(
                "namespace",
                { metadata: { name } },
                { retainOnDelete: true, ...((await isThere(known, rollout)) && takenOver(known)) },
            ),
    );
}

/** A cluster that cannot be asked is left to the provider's own error. */
async function isThere(namespace: string, rollout: MinioClusterArgs["rollout"]): Promise<boolean> {
    try {
        const kubernetes = await connectionOf(undefined, rollout).look();
        const reference = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
        return (await kubernetes?.read(reference)) !== undefined;
    } catch {
        return false;
    }
}
