/** Which root credentials in a Secret of the user's own the servers can work with. Pure; no rule shows a value. */

/** Keys of the Secret. */
export const userKey = "root-user";
export const passwordKey = "root-password";

/** Minimal lengths of MinIO: `accessKeyMinLen` and `secretKeyMinLen` in its `internal/auth/credentials.go`. */
const shortest: Record<string, number> = { [userKey]: 3, [passwordKey]: 8 };

/** A rule about a value, by its key in the Secret: what is wrong and what to do; undefined where it keeps the rule. */
type Rule = (key: string, value: string) => string | undefined;

const rules: Rule[] = [
    (key, value) =>
        value.length < shortest[key]
            ? `${key} has fewer than ${shortest[key]} characters, and no server would start: take a longer one`
            : undefined,
    (key, value) =>
        /[\r\n]/.test(value)
            ? `${key} has a line break, mostly at its end, as echo adds one before base64, and no login would succeed: make it with ` +
              "kubectl create secret generic --from-literal, or with printf"
            : undefined,
    (key, value) =>
        key === userKey && /[=,]/.test(value)
            ? `${key} has '=' or ',', which MinIO allows in no user name: take another one`
            : undefined,
];

/**
 * Everything that is wrong, with the way out.
 *
 * @param user undefined where the Secret does not have it
 */
export function credentialsProblems(user: string | undefined, password: string | undefined): string[] {
    return [[userKey, user] as const, [passwordKey, password] as const].flatMap(([key, value]) =>
        value === undefined ? [`has no key '${key}': add it`] : rules.flatMap((rule) => rule(key, value) ?? []),
    );
}
