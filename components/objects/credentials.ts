import { Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { endProgram } from "../pulumi/endProgram";
import type { DeclaredCluster } from "../spec/cluster";
import { credentialsProblems, passwordKey, userKey } from "../spec/rootCredentials";
import { metadataOf } from "./metadata";

/** MinIO wants 8 characters at least; letters and digits pass every shell, URL and environment file as they are. */
const passwordLength = 32;

export interface Credentials {
    secret: Secret;
    secretName: pulumi.Output<string>;
    rootUser: pulumi.Output<string>;
    /** A secret. */
    rootPassword: pulumi.Output<string>;
}

/**
 * The root account's credentials: the Secret that the user names, or one with a random password, which is made once for
 * each `credentialsRevision`.
 *
 * @param existingSecretName the argument itself: which of the two it is must be known before its value is
 * @param passed true once a preview has found everything that is wrong with the cluster, so that all is said at once
 * @param forPassword of the random password alone: the user's own Secret is read without waiting for anything
 */
export function createCredentials(
    cluster: DeclaredCluster,
    existingSecretName: pulumi.Input<string> | undefined,
    passed: pulumi.Output<boolean>,
    opts: pulumi.CustomResourceOptions,
    forPassword: Pick<pulumi.CustomResourceOptions, "dependsOn" | "hooks"> = {},
): Credentials {
    return existingSecretName === undefined
        ? randomCredentials(cluster, opts, forPassword)
        : existingCredentials(cluster, passed, opts);
}

function randomCredentials(
    cluster: DeclaredCluster,
    opts: pulumi.CustomResourceOptions,
    forPassword: Pick<pulumi.CustomResourceOptions, "dependsOn" | "hooks">,
): Credentials {
    const { names, resolved } = cluster;
    const revision = resolved.apply(({ spec }) => String(spec.credentialsRevision));
    const rootUser = resolved.apply(({ spec }) => spec.rootUser);
    const password = new random.RandomPassword(
        `${names.secret}-password`,
        { length: passwordLength, special: false, keepers: { revision } },
        { ...opts, ...forPassword },
    );
    const secret = new Secret(
        names.secret,
        {
            metadata: metadataOf(cluster, names.secret),
            type: "Opaque",
            stringData: { [userKey]: rootUser, [passwordKey]: password.result },
        },
        { ...opts, additionalSecretOutputs: ["stringData", "data"] },
    );
    return {
        secret,
        secretName: secret.metadata.name,
        rootUser,
        rootPassword: pulumi.secret(password.result),
    };
}

function existingCredentials(
    { names, resolved }: DeclaredCluster,
    passed: pulumi.Output<boolean>,
    opts: pulumi.CustomResourceOptions,
): Credentials {
    const id = resolved.apply(({ spec }) => `${spec.namespace}/${spec.existingSecretName}`);
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
