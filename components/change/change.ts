/** What a change of a pool's pods means to MinIO. Pure. */

import { both } from "../basics/both";
import { element } from "../basics/element";
import { type PodTemplate, serverContainer } from "../server/podTemplate";
import { credentialsAnnotation } from "../spec/labels";

/**
 * How the servers must be restarted for a change: not at all; one after another (`rolling`); one after another, where a new
 * one starts only when the boot quorum is new (`coupled`); or all at once, as old and new ones cannot talk (`together`).
 */
export type ChangeClass = "none" | "rolling" | "coupled" | "together";

export interface Change {
    class: ChangeClass;
    /** What differs, in the words of Kubernetes, such as `image` or `MINIO_REGION`. */
    fields: string[];
}

/** The field under which a change of the root user or password is told. */
export const rootCredentials = "root credentials";

const severity: ChangeClass[] = ["none", "rolling", "coupled", "together"];

/** The more severe of the classes. */
export function mostSevere(classes: ChangeClass[]): ChangeClass {
    return element(severity, Math.max(0, ...classes.map((one) => severity.indexOf(one))));
}

/**
 * `MINIO_*` variables that servers do not compare: `skipEnvs` in `cmd/bootstrap-peer-server.go` of RELEASE.2025-09-07.
 */
const notCompared = [
    "OPTS",
    "CERT_PASSWD",
    "SERVER_DEBUG",
    "DSYNC_TRACE",
    "ROOT_USER",
    "ROOT_PASSWORD",
    "ACCESS_KEY",
    "SECRET_KEY",
    "OPERATOR_VERSION",
    "VSPHERE_PLUGIN_VERSION",
    "CI_CD",
].map((name) => `MINIO_${name}`);

/** The change from one pod template to another, as a program gives them or as Kubernetes keeps them. */
export function changeOf(before: PodTemplate, after: PodTemplate): Change {
    const [old, wanted] = both(before, after, partsOf);
    const changes: [ChangeClass, string][] = [];
    const note = (change: ChangeClass, field: string) => changes.push([change, field]);
    if (!same(old.credentials, wanted.credentials)) {
        note("together", rootCredentials);
    }
    if (old.image !== wanted.image) {
        note("coupled", "image");
    }
    if (!same(old.args, wanted.args)) {
        note(...argumentsChange(old.args, wanted.args));
    }
    for (const name of differingKeys(old.environment, wanted.environment)) {
        note(isCompared(name) ? "coupled" : "rolling", name);
    }
    for (const key of differingKeys(old.others, wanted.others)) {
        note("rolling", key);
    }
    return {
        class: mostSevere(changes.map(([change]) => change)),
        fields: [...new Set(changes.map(([, field]) => field))],
    };
}

/** What a starting server compares with its peers: it starts only among those that have the same. */
export function versionOf(template: PodTemplate): string {
    const { credentials, image, args, environment } = partsOf(template);
    const compared = Object.entries(environment).filter(([name]) => isCompared(name));
    return canonical({ credentials, image, args, environment: Object.fromEntries(compared) });
}

function isCompared(variable: string): boolean {
    return variable.startsWith("MINIO_") && !notCompared.includes(variable);
}

function argumentsChange(before: string[], after: string[]): [ChangeClass, string] {
    const isTls = (args: string[]) => poolPatterns(args).some((pattern) => pattern.startsWith("https:"));
    if (isTls(before) !== isTls(after)) {
        return ["together", "TLS"];
    }
    const sameCount = poolPatterns(before).length === poolPatterns(after).length;
    return sameCount ? ["coupled", "args"] : ["together", "pools"];
}

/** The pools among a server's arguments. */
export function poolPatterns(args: string[]): string[] {
    return args.filter((arg) => arg.includes("://"));
}

/** A pod template with its values known. */
interface Plain {
    metadata?: { labels?: object; annotations?: Record<string, string> };
    spec?: { containers?: object[] };
}

/** A pod template in the parts that mean something different to MinIO. */
function partsOf(template: PodTemplate) {
    const { metadata, spec } = template as Plain;
    const { image, args, env, ...rest } = serverContainer(template);
    const { [credentialsAnnotation]: credentials, ...annotations } = metadata?.annotations ?? {};
    const { containers: _, ...pod } = spec ?? {};
    return {
        credentials,
        image,
        args: args ?? [],
        environment: Object.fromEntries((env ?? []).map(({ name, ...value }): [string, unknown] => [name, value])),
        others: { labels: metadata?.labels, annotations, ...pod, ...rest } as Record<string, unknown>,
    };
}

function differingKeys(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
        (key) => !same(before[key], after[key]),
    );
}

/** Whether two values are the same as JSON, whatever the order of their keys; absent and empty are the same. */
function same(one: unknown, other: unknown): boolean {
    return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
    return (
        JSON.stringify(value, (_, inner) => {
            if (inner === null || typeof inner !== "object" || Array.isArray(inner)) {
                return inner;
            }
            const entries = Object.entries(inner).filter(([, one]) => one !== undefined && one !== null);
            return entries.length === 0 ? undefined : Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
        }) ?? ""
    );
}
