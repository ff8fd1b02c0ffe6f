/** The stack's configuration (Pulumi.<stack>.yaml) as arguments of MinioCluster. */
import * as pulumi from "@pulumi/pulumi";
import type { KnownArgs } from "../components/args";
import { refuseProblems } from "../components/spec";

export interface StackConfig {
    name: string;
    createNamespace: boolean;
    args: KnownArgs;
}

/** The keys that a stack may set. Those with a default stand in Pulumi.yaml too, with their types and meaning. */
export const configKeys = [
    "name",
    "namespace",
    "createNamespace",
    "clusterDomain",
    "image",
    "replicas",
    "drivesPerServer",
    "storageSize",
    "storageClassName",
    "persistentVolumeClaimRetentionPolicy",
    "partition",
    "rootUser",
    "resources",
];

/**
 * @throws RunError naming every key that is not known: a mistyped one would be ignored otherwise
 * @throws InvalidArgumentsError naming every value that is not allowed
 */
export function readConfig(): StackConfig {
    const config = new pulumi.Config();
    refuseUnknownKeys();
    const name = config.require("name");
    const args: KnownArgs = {
        namespace: config.get("namespace"),
        clusterDomain: config.get("clusterDomain"),
        image: config.get("image"),
        replicas: config.getNumber("replicas"),
        drivesPerServer: config.getNumber("drivesPerServer"),
        storageSize: config.get("storageSize"),
        storageClassName: config.get("storageClassName"),
        persistentVolumeClaimRetentionPolicy: config.getObject("persistentVolumeClaimRetentionPolicy"),
        partition: config.getNumber("partition"),
        rootUser: config.get("rootUser"),
        resources: config.getObject("resources"),
    };
    // Before the namespace is made, and not only when the cluster is.
    refuseProblems(name, args);
    return { name, createNamespace: config.requireBoolean("createNamespace"), args };
}

function refuseUnknownKeys(): void {
    const prefix = `${pulumi.getProject()}:`;
    const unknown = Object.keys(pulumi.runtime.allConfig())
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length))
        .filter((key) => !configKeys.includes(key));
    if (unknown.length > 0) {
        const lines = unknown.map((key) => `  ${prefix}${key}: there is no such key`);
        throw new pulumi.RunError(
            `the configuration of stack '${pulumi.getStack()}' is not valid:\n${lines.join("\n")}\n` +
                `the keys are: ${configKeys.join(", ")}; remove one with: pulumi config rm KEY`,
        );
    }
}
