/** The stack's configuration (Pulumi.<stack>.yaml) as arguments of MinioCluster. */
import * as pulumi from "@pulumi/pulumi";
import { printable } from "../components/basics/printable";
import { standardClass } from "../components/minio/topologyVariables";
import type { MinioClusterArgs } from "../components/spec/args";
import { refuseProblems } from "../components/spec/checkedSpec";
import type { KnownArgs } from "../components/spec/spec";

export interface StackConfig {
    name: string;
    createNamespace: boolean;
    /** What is a secret in the configuration (`pulumi config set --secret`) is one here too. */
    args: MinioClusterArgs;
}

/** How each argument of MinioCluster is read from a stack's configuration, under a key of the same name. */
const readers: { [field in keyof Required<MinioClusterArgs>]: "text" | "number" | "flag" | "object" } = {
    namespace: "text",
    clusterDomain: "text",
    image: "text",
    imagePullSecrets: "object",
    imagePullPolicy: "text",
    replicas: "number",
    drivesPerServer: "number",
    storageSize: "text",
    storageClassName: "text",
    volumeAttributesClassName: "text",
    persistentVolumeClaimAnnotations: "object",
    driveSubPath: "text",
    expansionPools: "object",
    persistentVolumeClaimRetentionPolicy: "object",
    rebalance: "flag",
    hibernate: "flag",
    partition: "number",
    updateStrategy: "text",
    podManagementPolicy: "text",
    readiness: "text",
    rollout: "object",
    rootUser: "text",
    existingSecretName: "text",
    credentialsRevision: "number",
    resources: "object",
    nodeSelector: "object",
    tolerations: "object",
    affinity: "object",
    topologySpreadConstraints: "object",
    priorityClassName: "text",
    podSecurityContext: "object",
    labels: "object",
    annotations: "object",
    environment: "object",
    environmentFrom: "object",
    extraVolumes: "object",
    extraVolumeMounts: "object",
    extraArgs: "object",
    extraContainers: "object",
    disruptionBudget: "object",
    clientService: "object",
    consoleService: "object",
    ipFamilies: "object",
    ipFamilyPolicy: "text",
    appProtocol: "flag",
    snapshots: "object",
    restoreFrom: "object",
    ingress: "object",
    httpRoute: "object",
    tls: "object",
    trustedAuthorities: "object",
    networkPolicy: "object",
    monitoring: "object",
    buckets: "object",
    policies: "object",
    accesses: "object",
};

/** Of the arguments that are objects, the parts whose values are all text. */
const texts = [
    "nodeSelector",
    "expansionPools.nodeSelector",
    "labels",
    "annotations",
    "persistentVolumeClaimAnnotations",
    "environment",
    "environmentFrom",
    "trustedAuthorities",
    "extraContainers.command",
    "extraContainers.args",
    "extraContainers.env.value",
    "clientService.annotations",
    "consoleService.annotations",
    "snapshots.sets",
    "snapshots.take",
    "restoreFrom.set",
    "restoreFrom.id",
    "ingress.annotations",
    "monitoring.labels",
    "buckets.name",
    "buckets.tags",
    "buckets.quota",
    "buckets.lifecycle.prefix",
    "policies.name",
    "policies.document",
    "accesses.name",
    "accesses.bucket",
    "accesses.policies",
    "accesses.secretName",
];

/** The keys that a stack may set. Pulumi.yaml has those with a default too, with their types and meaning. */
export const configKeys = ["name", "createNamespace", ...Object.keys(readers)];

/**
 * @throws RunError naming every key that is not known: a mistyped one would be ignored otherwise
 * @throws InvalidArgumentsError naming every value that is not allowed
 */
export function readConfig(): StackConfig {
    const config = new pulumi.Config();
    refuseUnknownKeys();
    const name = config.require("name");
    const read = { text: config.get, number: config.getNumber, flag: config.getBoolean, object: config.getObject };
    const args = withTexts(
        Object.fromEntries(Object.entries(readers).map(([field, reader]) => [field, read[reader].call(config, field)])),
    );
    const secrets = Object.keys(readers).filter(isSecret);
    // Before the namespace is made, and not only when the cluster is.
    refuseProblems(name, args, secrets);
    return { name, createNamespace: config.requireBoolean("createNamespace"), args: withSecrets(args, secrets) };
}

/**
 * The arguments with text where `pulumi config set --path` made a number or a flag of it. It does so only with `true`,
 * `false` and plain integers, so nothing is lost. (Measured with Pulumi 3.259: 007, 1.10 and 1e3 stay text.)
 */
export function withTexts(args: KnownArgs): KnownArgs {
    const asText = (value: unknown) =>
        typeof value === "boolean" || Number.isSafeInteger(value) ? String(value) : value;
    const read = (value: unknown, path: string): unknown => {
        const isText = texts.some((one) => path === one || path.startsWith(`${one}.`));
        if (Array.isArray(value)) {
            return value.map((inner) => read(inner, path));
        }
        if (typeof value === "object" && value !== null) {
            return Object.fromEntries(
                Object.entries(value).map(([key, inner]) => [key, read(inner, `${path}.${key}`)]),
            );
        }
        return isText ? asText(value) : value;
    };
    return Object.fromEntries(Object.entries(args).map(([field, value]) => [field, read(value, field)]));
}

/** Whether a key, or a part of it, was set with `--secret`: the values are read without saying so. */
function isSecret(field: string): boolean {
    const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };
    return isConfigSecret(`${pulumi.getProject()}:${field}`);
}

/** Arguments that may be no Outputs, because resources depend on them. None of them is a secret. */
const plainTexts = ["updateStrategy", "rollout.mode", `environment.${standardClass}`];

/**
 * The arguments with every text in the given ones as a secret. Numbers and flags of a secret object stay as they are,
 * because some decide which resources there are.
 */
export function withSecrets(args: KnownArgs, secrets: string[]): MinioClusterArgs {
    const hidden = (value: unknown, path: string): unknown => {
        if (typeof value === "string") {
            return plainTexts.includes(path) ? value : pulumi.secret(value);
        }
        if (Array.isArray(value)) {
            return value.map((inner, index) => hidden(inner, `${path}[${index}]`));
        }
        return typeof value === "object" && value !== null
            ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hidden(inner, `${path}.${key}`)]))
            : value;
    };
    const entries = Object.entries(args).map(([field, value]) => [
        field,
        secrets.includes(field) ? hidden(value, field) : value,
    ]);
    return Object.fromEntries(entries);
}

function refuseUnknownKeys(): void {
    const prefix = `${pulumi.getProject()}:`;
    const unknown = Object.keys(pulumi.runtime.allConfig())
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length))
        .filter((key) => !configKeys.includes(key));
    if (unknown.length > 0) {
        const lines = unknown.map((key) => `  ${prefix}${printable(key)}: there is no such key`);
        throw new pulumi.RunError(
            `the configuration of stack '${pulumi.getStack()}' is not valid:\n${lines.join("\n")}\n` +
                `the keys are: ${configKeys.join(", ")}; remove one with: pulumi config rm KEY`,
        );
    }
}
