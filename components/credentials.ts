import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { MinioClusterSpec } from "./args";
import type { Names } from "./names";

/** Keys of the Secret. */
export const userKey = "root-user";
export const passwordKey = "root-password";

/** MinIO wants 8 characters at least; letters and digits pass every shell, URL and environment file as they are. */
const passwordLength = 32;

export interface Credentials {
    secret: k8s.core.v1.Secret;
    rootPassword: pulumi.Output<string>;
}

/** A random password for the root account, made once, and the Secret that the servers read it from. */
export function createCredentials(
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    opts: pulumi.CustomResourceOptions,
): Credentials {
    const password = new random.RandomPassword(
        `${names.secret}-password`,
        { length: passwordLength, special: false },
        opts,
    );
    const secret = new k8s.core.v1.Secret(
        names.secret,
        {
            metadata: { name: names.secret, namespace: spec.namespace, labels: names.labels },
            type: "Opaque",
            stringData: { [userKey]: spec.rootUser, [passwordKey]: password.result },
        },
        { ...opts, additionalSecretOutputs: ["stringData", "data"] },
    );
    return { secret, rootPassword: pulumi.secret(password.result) };
}
