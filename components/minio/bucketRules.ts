/**
 * What MinIO takes as names of buckets, policies and users, and as the document of a policy. What is said of a value
 * here is what is allowed, and what to do. Pure.
 */

const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const address = /^\d+\.\d+\.\d+\.\d+$/;
const reservedBuckets = ["minio", ".minio.sys"];

/** `CheckValidBucketNameStrict` of minio-go's `s3utils`, and `isMinioReservedBucket`. Undefined where it is sound. */
export function bucketNameProblem(name: unknown): string | undefined {
    const isSound =
        typeof name === "string" && bucketName.test(name) && !/\.\.|\.-|-\./.test(name) && !address.test(name);
    if (!isSound) {
        return "use 3 to 63 lower-case letters, digits, '-' and '.', with a letter or digit at both ends, and no IP address";
    }
    return reservedBuckets.includes(name) ? "MinIO keeps this name for itself; use another one" : undefined;
}

/** Policies that every server has (`DefaultPolicies` of `github.com/minio/pkg`). */
export const builtInPolicies = ["readonly", "readwrite", "writeonly", "diagnostics", "consoleAdmin"];

const policyName = /^[\w+=.@-]{1,128}$/;

export function policyNameProblem(name: unknown): string | undefined {
    // What is assigned by this name changes an object's prototype instead.
    return typeof name === "string" && policyName.test(name) && name !== "__proto__"
        ? undefined
        : "use 1 to 128 letters, digits and the signs _ + = . @ -, and not __proto__";
}

/** It is an access key too: of 3 characters at least, and without ',' and '=' (`auth/credentials.go`). */
const userName = /^[A-Za-z0-9][\w.@+-]{2,63}$/;

export function userNameProblem(name: unknown): string | undefined {
    return typeof name === "string" && userName.test(name)
        ? undefined
        : "use 3 to 64 letters, digits and the signs _ . @ + -, beginning with a letter or digit";
}

/** `maxBucketPolicySize`. */
const longestDocument = 20 << 10;
const version = "2012-10-17";
const action = /^(\*|(s3|admin|kms|sts):[A-Za-z*?]+)$/;
const resource = /^(\*|arn:aws:s3:::.+|arn:minio:kms:::.*)$/;
const documentFields = ["ID", "Id", "Version", "Statement"];
const statementFields = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/** What is wrong with a policy, part by part: `ParseConfig` and `isValid` in `policy/` of `github.com/minio/pkg`. */
export function policyDocumentProblems(document: unknown): string[] {
    if (typeof document !== "string") {
        return ["use the policy's JSON as text"];
    }
    const parsed = parsedJson(document);
    if (!isObject(parsed)) {
        return ["use the policy's JSON as text: an object with Version and Statement"];
    }
    const problems = unknownOf(parsed, documentFields, "");
    if (Buffer.byteLength(document) > longestDocument) {
        problems.push(`MinIO takes at most ${longestDocument} bytes`);
    }
    if (parsed.Version !== version) {
        problems.push(`Version: use "${version}"`);
    }
    if (!Array.isArray(parsed.Statement) || parsed.Statement.length === 0) {
        return [...problems, "Statement: use a list of at least one statement"];
    }
    return [...problems, ...parsed.Statement.flatMap((one, index) => statementProblems(one, `Statement[${index}]`))];
}

function statementProblems(statement: unknown, where: string): string[] {
    if (!isObject(statement)) {
        return [`${where}: use an object`];
    }
    const problems = unknownOf(statement, statementFields, `${where}.`);
    if (!["Allow", "Deny"].includes(String(statement.Effect))) {
        problems.push(`${where}.Effect: use Allow or Deny`);
    }
    const needsOne = (field: string, fits: RegExp, allowed: string) => {
        const given = [field, `Not${field}`].filter((name) => statement[name] !== undefined);
        if (given.length !== 1) {
            problems.push(`${where}: give ${field} or Not${field}, and not both`);
        }
        for (const name of given) {
            const texts = [statement[name]].flat();
            if (texts.length === 0 || !texts.every((text) => typeof text === "string" && fits.test(text))) {
                problems.push(`${where}.${name}: use ${allowed}`);
            }
        }
    };
    needsOne("Action", action, "names of actions, such as s3:GetObject or s3:*");
    const actions = [statement.Action ?? statement.NotAction].flat().map(String);
    // The others have no resource, or may go without.
    if (actions.some((name) => /^(\*|s3:)/.test(name)) || "Resource" in statement || "NotResource" in statement) {
        needsOne("Resource", resource, "names of resources, such as arn:aws:s3:::bucket and arn:aws:s3:::bucket/*");
    }
    if (statement.Condition !== undefined && !isObject(statement.Condition)) {
        problems.push(`${where}.Condition: use an object`);
    }
    return problems;
}

function unknownOf(object: Record<string, unknown>, known: string[], where: string): string[] {
    return Object.keys(object)
        .filter((field) => !known.includes(field))
        .map((field) => `${where}${field.slice(0, 40)}: MinIO knows no such field here; there are ${known.join(", ")}`);
}

function parsedJson(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `pkg/tags` of minio-go: what a bucket's tags may be. */
const tagText = /^[\p{L}\p{N}\s+\-=._:/@]*$/u;
export const mostTags = 50;

export function tagProblem(key: string, value: unknown): string | undefined {
    const isSound =
        key.length >= 1 &&
        key.length <= 128 &&
        tagText.test(key) &&
        typeof value === "string" &&
        value.length <= 256 &&
        tagText.test(value);
    return isSound
        ? undefined
        : "use a key of 1 to 128 and a value of at most 256 letters, digits, spaces and the signs + - = . _ : / @";
}
