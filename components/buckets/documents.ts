/** Policies as documents: those that are made here, and whether two say the same. Pure. */
import type { AnonymousAccess } from "../spec/args";

const inBucket = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"];
const reading = ["s3:GetObject"];
const writing = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"];

interface Statement {
    Effect: "Allow";
    Principal?: { AWS: string[] };
    Action: string[];
    Resource: string[];
}

function documentOf(statements: Statement[]): string {
    return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

/** The policy of an access that names none: it may use its bucket, and nothing else. */
export function ownPolicy(bucket: string): string {
    return documentOf([
        { Effect: "Allow", Action: inBucket, Resource: [`arn:aws:s3:::${bucket}`] },
        { Effect: "Allow", Action: [...reading, ...writing], Resource: [`arn:aws:s3:::${bucket}/*`] },
    ]);
}

/**
 * The policy of a bucket for those without a key, as `mc anonymous set` makes it; undefined where they may do nothing.
 */
export function anonymousPolicy(bucket: string, access: AnonymousAccess): string | undefined {
    const Principal = { AWS: ["*"] };
    const allow = (inside: string[], objects: string[]): string =>
        documentOf([
            { Effect: "Allow", Principal, Action: inside, Resource: [`arn:aws:s3:::${bucket}`] },
            { Effect: "Allow", Principal, Action: objects, Resource: [`arn:aws:s3:::${bucket}/*`] },
        ]);
    const [location, list, uploads] = inBucket as [string, string, string];
    switch (access) {
        case "Download":
            return allow([location, list], reading);
        case "Upload":
            return allow([location, uploads], writing);
        case "Public":
            return allow(inBucket, [...reading, ...writing]);
        default:
            return undefined;
    }
}

/** The same text for documents that say the same: MinIO gives back lists in any order, and single values as lists. */
export function canonical(document: string): string {
    try {
        return JSON.stringify(sorted(JSON.parse(document)));
    } catch {
        return document;
    }
}

function sorted(value: unknown): unknown {
    if (Array.isArray(value)) {
        const inner = value.map(sorted);
        return inner.every((one) => typeof one !== "object") ? inner.map(String).sort() : inner;
    }
    if (typeof value === "object" && value !== null) {
        const entries = Object.entries(value)
            .map(([key, inner]): [string, unknown] => {
                const name = key === "Id" ? "ID" : key;
                return [name, name === "Principal" && inner === "*" ? { AWS: ["*"] } : sortedField(name, inner)];
            })
            .filter(([, inner]) => inner !== "" && !(Array.isArray(inner) && inner.length === 0))
            .sort(([one], [other]) => (one < other ? -1 : 1));
        return Object.fromEntries(entries);
    }
    return value;
}

/** These have one value; all others may have several. */
const single = ["Version", "ID", "Sid", "Effect"];

function sortedField(name: string, value: unknown): unknown {
    return single.includes(name) || typeof value === "object" ? sorted(value) : [String(value)];
}
