/** The keys of users, and the Secrets that applications get them by. */
import { Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { messageOf } from "../basics/messageOf";
import type { AnyObject } from "../kubernetes/client";
import type { Connection } from "../live/connection";
import { endProgram } from "../pulumi/endProgram";
import { hasEngine, isUp } from "../pulumi/engine";
import { after } from "../pulumi/outputs";
import type { Access } from "../spec/args";
import type { Cluster, DeclaredCluster } from "../spec/cluster";
import { labelsOf } from "../spec/labels";
import { accessKeyOf, accessSecretName, certificateSecretName, clientAddress } from "../spec/names";
import { regionOf } from "./look";

/** As long as AWS's own are. MinIO takes 8 to 40 characters. */
const secretKeyLength = 40;

/** The secret key of each access key. */
export type EventualKeys = Record<string, pulumi.Output<string>>;

/**
 * One for each user, which is random, and another one for each revision.
 *
 * @param prefix of the resources' names
 */
export function createSecretKeys(prefix: string, accesses: Access[], opts: pulumi.CustomResourceOptions): EventualKeys {
    const entries = accesses.map(({ name, revision = 1 }) => {
        const key = new random.RandomPassword(
            `${prefix}-access-${name}-key`,
            { length: secretKeyLength, special: false, keepers: { revision: String(revision) } },
            opts,
        );
        return [accessKeyOf(name, revision), pulumi.secret(key.result)] as const;
    });
    return Object.fromEntries(entries);
}

export interface AccessSecretsOptions {
    cluster: Pick<DeclaredCluster, "names" | "resolved">;
    /** Of the resources' names. */
    prefix: string;
    accesses: Access[];
    /** Of the cluster, as it is given. */
    namespace: pulumi.Input<string> | undefined;
    keys: EventualKeys;
    connection: Connection;
    /** By which the users and keys are made. */
    work: pulumi.Output<pulumi.Resource>;
    opts: pulumi.CustomResourceOptions;
}

/** Each has what the AWS SDKs and the AWS command line read from their environment. */
export function createAccessSecrets({
    cluster,
    prefix,
    accesses,
    namespace,
    keys,
    connection,
    work,
    opts,
}: AccessSecretsOptions): Secret[] {
    const { names, resolved } = cluster;
    // On `up`, cert-manager has made it by then.
    const certified = isUp()
        ? after(
              work.apply(({ urn }) => urn),
              resolved,
          )
        : resolved;
    const authority = certified.apply((known) => (accesses.length > 0 ? authorityOf(known, connection) : undefined));
    return accesses.map((access) => {
        const { name, bucket, secretName = accessSecretName(names, name) } = access;
        const key = accessKeyOf(name, access.revision);
        const stringData = pulumi
            .all([resolved, keys[key] as pulumi.Output<string>, authority])
            .apply(([known, secretKey, ca]) => ({
                AWS_ENDPOINT_URL_S3: endpointOf(known),
                AWS_REGION: regionOf(known.spec),
                AWS_ACCESS_KEY_ID: key,
                AWS_SECRET_ACCESS_KEY: secretKey,
                ...(bucket !== undefined && { BUCKET: bucket }),
                ...(ca !== undefined && { "ca.crt": ca }),
            }));
        return new Secret(
            `${prefix}-access-${placeOf(access.namespace ?? namespace, secretName)}`,
            {
                metadata: {
                    name: secretName,
                    // By the arguments alone: the provider would take one that is not known for another one.
                    namespace: pulumi.output(access.namespace ?? namespace).apply((given) => given ?? "default"),
                    labels: resolved.apply(({ spec }) => labelsOf(names, spec)),
                },
                type: "Opaque",
                stringData: pulumi.secret(stringData),
            },
            { ...opts, dependsOn: work, additionalSecretOutputs: ["stringData", "data"] },
        );
    });
}

/**
 * Where a Secret is, for the name of its resource. Pulumi makes a resource of a new name before it deletes the old one:
 * if both were the same Secret, it would be gone in the end, as when a user gets another name.
 */
function placeOf(namespace: pulumi.Input<string> = "default", secretName: string): string {
    return typeof namespace === "string" ? `${namespace}/${secretName}` : secretName;
}

function endpointOf({ names, scheme, spec }: Cluster): string {
    return `${scheme}://${clientAddress(names, spec)}`;
}

/**
 * The certificate of the private authority that signed the servers' one. It is read by the component itself: as a
 * resource, the servers' private key beside it would get into the stack's state.
 */
async function authorityOf({ names, spec }: Cluster, connection: Connection): Promise<string | undefined> {
    const name = certificateSecretName(names, spec);
    if (name === undefined || !hasEngine()) {
        return undefined;
    }
    const reference = { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: spec.namespace } };
    try {
        const kubernetes = await (isUp() ? connection.act() : connection.look());
        const secret = await kubernetes?.read<AnyObject & { data?: Record<string, string> }>(reference);
        const authority = secret?.data?.["ca.crt"];
        return authority && Buffer.from(authority, "base64").toString();
    } catch (error) {
        if (pulumi.runtime.isDryRun()) {
            pulumi.log.info(`not checked whether ca.crt of the Secret '${name}' has changed: ${messageOf(error)}`);
            return pulumi.unknown as string;
        }
        // Without it, the Secrets would lose the certificate that clients know the servers by.
        return endProgram(`accesses: cannot read ca.crt of the Secret '${name}': ${messageOf(error)}`);
    }
}
