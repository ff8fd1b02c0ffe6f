/** The stack's configuration (Pulumi.<stack>.yaml) as arguments of MinioCluster. */
import * as pulumi from "@pulumi/pulumi";
import type { MinioClusterArgs } from "../components/args";

export interface StackConfig {
    name: string;
    createNamespace: boolean;
    args: MinioClusterArgs;
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

/** @throws RunError naming every key that is not known: a mistyped one would be ignored otherwise */
export function readConfig(): StackConfig {
    const config = new pulumi.Config();
    refuseUnknownKeys();
    return {
        name: config.require("name"),
        createNamespace: config.requireBoolean("createNamespace"),
        args: {
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
        },
    };
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
