/** What MinIO, Kubernetes and the pods' scripts can take as root user and password. Pure. */

/** The keys of the Secret with the root credentials. */
export const userKey = "root-user";
export const passwordKey = "root-password";

/** What is wrong with one of the two. */
export interface CredentialsProblem {
    key: typeof userKey | typeof passwordKey;
    /** What is allowed, and what to do. It never has the value. */
    reason: string;
}

/**
 * It stands in the Authorization header of each request, between '=' and ',' (`parseSignV4` in `cmd/signature-v4-parser.go`), and before
 * the first ':' where curl reads it with the password.
 */
const soundUser = /^[!-+\--9;<>-~]([ -+\--9;<>-~]+[!-+\--9;<>-~])$/;

/** What is around a value, MinIO leaves out (`Get` in `env/env.go` of `github.com/minio/pkg`); who reads the Secret does not. */
const around = /^\s|\s$/;

/** A variable ends with the first NUL; and bytes that are no UTF-8 are read as the other one. */
const unfit = /[\0\uFFFD]/;

/** A value that begins so is an address to MinIO, from which it fetches the real one (`LookupEnv` in `env/web_env.go` there). */
const elsewhere = "env";

/**
 * Why servers cannot run with these credentials, or their clients not log in; none where both can. Every other character works in all
 * scripts of the pods, too.
 *
 * @param user undefined where the Secret does not have it
 */
export function credentialsProblems(user: string | undefined, password: string | undefined): CredentialsProblem[] {
    const missing = (
        [
            [userKey, user],
            [passwordKey, password],
        ] as const
    ).filter(([, value]) => value === undefined);
    return user === undefined || password === undefined
        ? missing.map(([key]) => ({ key, reason: "there is no such key: add it" }))
        : problemsOfBoth(user, password);
}

function problemsOfBoth(user: string, password: string): CredentialsProblem[] {
    const problems: CredentialsProblem[] = [];
    if (!soundUser.test(user)) {
        const reason =
            "use at least 3 letters, digits and signs of ASCII, with no space or line break around them, and without ':', '=' and ','";
        problems.push({ key: userKey, reason });
    }
    if (around.test(password)) {
        const reason =
            "it has spaces or line breaks around it, as echo makes one. MinIO leaves them out, and whoever reads the Secret does " +
            "not: make it without, such as with printf '%s' or kubectl's --from-literal";
        problems.push({ key: passwordKey, reason });
    }
    if (Buffer.byteLength(password.trim()) < 8) {
        problems.push({ key: passwordKey, reason: "MinIO wants at least 8 characters" });
    }
    if (unfit.test(password)) {
        const reason = "use text in UTF-8 without NUL: it becomes a variable of the servers";
        problems.push({ key: passwordKey, reason });
    }
    for (const [key, value] of [
        [userKey, user],
        [passwordKey, password],
    ] as const) {
        if (value.trim().startsWith(elsewhere)) {
            const reason = `MinIO takes a value that begins with '${elsewhere}' for an address to fetch it from: begin otherwise`;
            problems.push({ key, reason });
        }
    }
    return problems;
}
