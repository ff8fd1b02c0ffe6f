import { Namespace } from "@pulumi/kubernetes/core/v1";
import { type Output, output } from "@pulumi/pulumi";
import { connectionOf } from "../components/live/connection";
import { takenOver } from "../components/pulumi/takenOver";
import type { MinioClusterArgs } from "../components/spec/args";
import { MinioCluster } from "../index";
import { readConfig } from "./config";

/** A MinioCluster as the stack's configuration says, and the stack's outputs. */
const { name, createNamespace, args } = readConfig();

const minio = new MinioCluster(name, args, { dependsOn: createNamespace ? [createNamespaceOf(args)] : [] });

export const endpoint = minio.endpoint;
export const consoleEndpoint = minio.consoleEndpoint;
export const serviceName = minio.serviceName;
export const headlessServiceName = minio.headlessServiceName;
export const secretName = minio.secretName;
export const rootUser = minio.rootUser;
export const rootPassword = minio.rootPassword;
export const podDnsNames = minio.podDnsNames;
export const topology = minio.topology;
export const ready = minio.ready;
export const minioNamespace = minio.namespace;

/** Deleting a namespace deletes the claims in it, and with them the data: it is kept, so it may have outlived this stack. */
function createNamespaceOf({ namespace: name }: MinioClusterArgs): Output<Namespace> {
    return output(name).apply(
        async (known = "default") =>
            new Namespace(
                "namespace",
                { metadata: { name } },
                { retainOnDelete: true, ...((await isThere(known)) && takenOver(known)) },
            ),
    );
}

/**
 * In the provider's own cluster, whatever `rollout` says: the provider takes it over. One that cannot be asked is left to
 * its error.
 */
async function isThere(namespace: string): Promise<boolean> {
    try {
        const kubernetes = await connectionOf(undefined, undefined).look();
        const reference = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
        return (await kubernetes?.read(reference)) !== undefined;
    } catch {
        return false;
    }
}
