/** What is set of a bucket: how it is asked for by S3, and as which text two of them are compared. Pure. */
import { parseQuantity } from "../basics/quantity";
import type { Bucket, LifecycleRule } from "../spec/args";
import { anonymousPolicy, canonical } from "./documents";
import { element, escaped, leavesOf, textsOf } from "./xml";

export const settings = ["versioning", "quota", "lifecycle", "anonymousAccess", "tags"] as const;
export type Setting = (typeof settings)[number];

/** A setting as it is wanted. */
export interface WantedSetting {
    /** For comparison; empty where there is none. */
    text: string;
    /** What MinIO is sent; undefined where it is taken away. */
    body?: string;
    /** For people. */
    words: string;
}

/** How MinIO is asked. The quota is a matter of its admin API. */
export const queries: Record<Exclude<Setting, "quota">, string> = {
    versioning: "versioning",
    lifecycle: "lifecycle",
    anonymousAccess: "policy",
    tags: "tagging",
};

/** A bucket's settings that are given. */
export function wantedSettings(bucket: Bucket): Partial<Record<Setting, WantedSetting>> {
    const { name, versioning, objectLocking, quota, lifecycle, anonymousAccess, tags } = bucket;
    const wanted: Partial<Record<Setting, WantedSetting>> = {};
    // With locking, MinIO sees to it.
    if (versioning !== undefined && !objectLocking) {
        wanted.versioning = versioning ? versioned("Enabled", "versioning") : none("versioning");
    }
    if (quota !== undefined) {
        const bytes = parseQuantity(quota) ?? 0;
        const body = JSON.stringify({ quota: bytes, size: bytes, quotatype: "hard" });
        wanted.quota = { text: String(bytes), body, words: `quota ${quota}` };
    }
    if (lifecycle !== undefined) {
        const body = lifecycle.length > 0 ? lifecycleOf(lifecycle) : undefined;
        const count = lifecycle.length === 1 ? "1 rule" : `${lifecycle.length} rules`;
        wanted.lifecycle = body
            ? { text: textOf.lifecycle(body), body, words: `lifecycle of ${count}` }
            : none("lifecycle");
    }
    if (anonymousAccess !== undefined) {
        const body = anonymousPolicy(name, anonymousAccess);
        wanted.anonymousAccess = body
            ? { text: canonical(body), body, words: `anonymous access ${anonymousAccess}` }
            : none("anonymousAccess");
    }
    if (tags !== undefined) {
        const body = Object.keys(tags).length > 0 ? taggingOf(tags) : undefined;
        const names = Object.keys(tags).sort().join(", ");
        wanted.tags = body ? { text: textOf.tags(body), body, words: `tags ${names}` } : none("tags");
    }
    return wanted;
}

/** A setting that was given once, and is not any more. */
export function none(setting: Setting): WantedSetting {
    const without: Record<Setting, WantedSetting> = {
        versioning: { ...versioned("Suspended", "no new versions"), text: "" },
        quota: { text: "", body: JSON.stringify({ quota: 0, size: 0 }), words: "no quota" },
        lifecycle: { text: "", words: "no lifecycle" },
        anonymousAccess: { text: "", words: "no anonymous access" },
        tags: { text: "", words: "no tags" },
    };
    return without[setting];
}

/** What MinIO answers, for comparison. */
export const textOf: Record<Setting, (answer: string) => string> = {
    versioning: (answer) => (textsOf(answer, "Status")[0] === "Enabled" ? "Enabled" : ""),
    quota(answer) {
        const { quota = 0, size = 0 }: { quota?: number; size?: number } = answer ? JSON.parse(answer) : {};
        return String(size || quota || "");
    },
    lifecycle: (answer) =>
        leavesOf(answer)
            .filter(({ path }) => !path.endsWith("/ExpiryUpdatedAt"))
            .map(({ path, text }) => `${path}=${text}`)
            .sort()
            .join("\n"),
    anonymousAccess: (answer) => (answer ? canonical(answer) : ""),
    tags(answer) {
        const leaves = leavesOf(answer);
        const valueAt = (key: string) => leaves.find(({ path }) => path === key.replace(/Key$/, "Value"))?.text ?? "";
        return leaves
            .filter(({ path }) => path.endsWith("/Key"))
            .map(({ path, text }) => JSON.stringify([text, valueAt(path)]))
            .sort()
            .join("\n");
    },
};

function versioned(status: string, words: string): WantedSetting {
    return { text: status, body: element("VersioningConfiguration", element("Status", status)), words };
}

function lifecycleOf(rules: LifecycleRule[]): string {
    const days = (name: string, field: string, count: number | undefined) =>
        count === undefined ? "" : element(name, element(field, String(count)));
    const ruleOf = ({ prefix, expirationDays, noncurrentExpirationDays }: LifecycleRule, index: number) =>
        element(
            "Rule",
            element("ID", `rule-${index + 1}`),
            element("Status", "Enabled"),
            element("Filter", prefix ? element("Prefix", escaped(prefix)) : ""),
            days("Expiration", "Days", expirationDays),
            days("NoncurrentVersionExpiration", "NoncurrentDays", noncurrentExpirationDays),
        );
    return element("LifecycleConfiguration", ...rules.map(ruleOf));
}

function taggingOf(tags: Record<string, string>): string {
    const tagOf = ([key, value]: [string, string]) =>
        element("Tag", element("Key", escaped(key)), element("Value", escaped(value)));
    return element("Tagging", element("TagSet", ...Object.entries(tags).map(tagOf)));
}
