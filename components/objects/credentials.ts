import { Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { endProgram } from "../pulumi/endProgram";
import { labelsOf } from "../spec/labels";
import type { Names } from "../spec/names";
import { credentialsProblems, passwordKey, userKey } from "../spec/rootCredentials";
import type { MinioClusterSpec } from "../spec/spec";

/** MinIO wants 8 characters at least; letters and digits pass every shell, URL and environment file as they are. */
const passwordLength = 32;

export interface Credentials {
    secret: Secret;
    secretName: pulumi.Output<string>;
    rootUser: pulumi.Output<string>;
    /** A secret. */
    rootPassword: pulumi.Output<string>;
}

/** What happens before the password is made, and before the Secret is changed. */
export interface CredentialsHooks {
    password?: pulumi.ResourceHookBinding;
    secret?: pulumi.ResourceHookBinding;
}

/**
 * The root account's credentials: the Secret that the user names, or one with a random password, which is made once for
 * each `credentialsRevision`.
 *
 * @param existingSecretName the argument itself: which of the two it is must be known before its value is
 * @param passed true once a preview has found everything that is wrong with the cluster, so that all is said at once
 */
export function createCredentials(
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    existingSecretName: pulumi.Input<string> | undefined,
    passed: pulumi.Output<boolean>,
    opts: pulumi.CustomResourceOptions,
    hooks: CredentialsHooks = {},
): Credentials {
    return existingSecretName === undefined
        ? randomCredentials(names, spec, opts, hooks)
        : existingCredentials(names, spec, passed, opts);
}

function randomCredentials(
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    opts: pulumi.CustomResourceOptions,
    hooks: CredentialsHooks,
): Credentials {
    const revision = spec.credentialsRevision.apply(String);
    const password = new random.RandomPassword(
        `${names.secret}-password`,
        { length: passwordLength, special: false, keepers: { revision } },
        { ...opts, hooks: hooks.password },
    );
    const secret = new Secret(
        names.secret,
        {
            metadata: {
                name: names.secret,
                namespace: spec.namespace,
                labels: spec.apply((known) => labelsOf(names, known)),
            },
            type: "Opaque",
            stringData: { [userKey]: spec.rootUser, [passwordKey]: password.result },
        },
        { ...opts, hooks: hooks.secret, additionalSecretOutputs: ["stringData", "data"] },
    );
    return {
        secret,
        secretName: secret.metadata.name,
        rootUser: spec.rootUser,
        rootPassword: pulumi.secret(password.result),
    };
}

function existingCredentials(
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    passed: pulumi.Output<boolean>,
    opts: pulumi.CustomResourceOptions,
): Credentials {
    const id = spec.apply((known) => `${known.namespace}/${known.existingSecretName}`);
    const secret = Secret.get(names.secret, id, opts);
    const values = pulumi.secret(
        pulumi.all([secret.data, id, passed]).apply(([data, which]) => {
            const [user, password] = [userKey, passwordKey].map((key) =>
                data?.[key] === undefined ? undefined : Buffer.from(data[key], "base64").toString(),
            );
            const problems = credentialsProblems(user, password);
            return user === undefined || password === undefined || problems.length > 0
                ? endProgram(
                      problems
                          .map(({ key, reason }) => `existingSecretName: the Secret ${which}: ${key}: ${reason}`)
                          .join("\n"),
                  )
                : { user, password };
        }),
    );
    return {
        secret,
        secretName: secret.metadata.name,
        rootUser: pulumi.unsecret(values.apply(({ user }) => user)),
        rootPassword: values.apply(({ password }) => password),
    };
}
