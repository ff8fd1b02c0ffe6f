/** What a change of a pool's pods means to MinIO. Pure. */

import { both } from "../basics/both";
import { element } from "../basics/element";
import { type PodTemplate, serverContainer, serverName } from "../server/podTemplate";
import { credentialsAnnotation, valuesAnnotation } from "../spec/labels";
import { isScriptVariable } from "../spec/scriptVariables";

/**
 * How the servers must be restarted for a change: not at all; one after another (`rolling`); one after another, where a
 * new one starts only when the boot quorum is new (`coupled`); or all at once, as old and new ones cannot talk
 * (`together`).
 */
export type ChangeClass = "none" | "rolling" | "coupled" | "together";

export interface Change {
    class: ChangeClass;
    /**
     * What differs, in the words of Kubernetes, such as `image` or `MINIO_REGION`. What only follows from it is left
     * out. Scripts, which another version of the component has otherwise, are told as such.
     */
    fields: string[];
}

/** The field under which a change of the root user or password is told. */
export const rootCredentials = "root credentials";

/** The field under which a change of the pods' scripts is told. */
export const scripts = "scripts";

/** The field under which another port of the Service is told, by which the scripts ask the other servers. */
export const clientPort = "clientService.port";

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
    const isOtherPools = !same(poolPatterns(old.args), poolPatterns(wanted.args));
    if (isOtherPools) {
        note(...poolsChange(poolPatterns(old.args), poolPatterns(wanted.args)));
    } else if (!same(old.args, wanted.args)) {
        note("rolling", "args");
    }
    const [parameters, variables] = partition(differingKeys(old.environment, wanted.environment), isScriptVariable);
    for (const name of variables) {
        note(variableClass(name), name);
    }
    const [followers, others] = partition(differingKeys(old.others, wanted.others), (key) =>
        isOtherQuestion(old.others[key], wanted.others[key]),
    );
    for (const key of others) {
        note("rolling", isScript(key, old.others[key], wanted.others[key]) ? scripts : key);
    }
    // By the servers' addresses, their pools and their variables, the scripts are told of the cluster, and Kubernetes
    // asks a server.
    const isFollowed = isOtherPools || variables.some(isCompared);
    if (!isFollowed) {
        // Of the Service's address, the rest follows from the servers'.
        const isPort = (name: string) => name === "CLUSTER_URL" && old.environment[name] !== undefined;
        const told = parameters.map((name) => (isPort(name) ? clientPort : scripts));
        for (const key of [...told, ...followers]) {
            note("rolling", key);
        }
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
    return canonical({ credentials, image, pools: poolPatterns(args), environment: Object.fromEntries(compared) });
}

/** How servers restart for another value of a variable. */
export function variableClass(name: string): ChangeClass {
    return isCompared(name) ? "coupled" : "rolling";
}

function isCompared(variable: string): boolean {
    return variable.startsWith("MINIO_") && !notCompared.includes(variable);
}

/** Whether a field that differs runs a script, before and after. */
function isScript(field: string, ...values: unknown[]): boolean {
    const isProbe = field === "startupProbe" && values.every((probe) => (probe as Probe | undefined)?.exec);
    return field === "command" || field === "lifecycle" || isProbe;
}

/** Whether two values are probes that differ only in what is asked by HTTP. */
function isOtherQuestion(...values: unknown[]): boolean {
    const probes = values as (Probe | undefined)[];
    const [before, after] = probes.map((probe) => ({ ...probe, httpGet: { ...probe?.httpGet, path: "", scheme: "" } }));
    return probes.every((probe) => probe?.httpGet) && same(before, after);
}

interface Probe {
    exec?: object;
    httpGet?: object;
}

function poolsChange(before: string[], after: string[]): [ChangeClass, string] {
    const isTls = (patterns: string[]) => patterns.some((pattern) => pattern.startsWith("https:"));
    if (isTls(before) !== isTls(after)) {
        return ["together", "TLS"];
    }
    return before.length === after.length ? ["coupled", "args"] : ["together", "pools"];
}

/**
 * The pools among a server's arguments. Servers compare no other ones: `CmdLines` of `ServerSystemConfig` in
 * `cmd/bootstrap-peer-server.go` has the pools alone.
 */
export function poolPatterns(args: string[]): string[] {
    return args.filter((arg) => !arg.startsWith("-") && arg.includes("://"));
}

/** A pod template with its values known. */
interface Plain {
    metadata?: { labels?: object; annotations?: Record<string, string> };
    spec?: { containers?: { name: string }[] };
}

/**
 * The variables whose values changed where they are, though the pods read them from the same place; and those that were
 * not seen before.
 */
export function changedValues(before: PodTemplate, after: PodTemplate): { changed: string[]; unseen: string[] } {
    const [old, wanted] = both(before, after, digestsOf);
    const [from, to] = both(before, after, (template) =>
        Object.fromEntries((serverContainer(template).env ?? []).map((variable) => [variable.name, variable])),
    );
    const names = Object.keys(wanted).filter((name) => same(from[name], to[name]) && old[name] !== wanted[name]);
    const [unseen, changed] = partition(names, (name) => old[name] === undefined);
    return { changed, unseen };
}

/** By variable, digests of the values that a server reads from elsewhere, as far as they were seen. */
export function digestsOf(template: PodTemplate): Record<string, string> {
    const text = (template as Plain).metadata?.annotations?.[valuesAnnotation];
    return text === undefined ? {} : JSON.parse(text);
}

/** A pod template in the parts that mean something different to MinIO. */
function partsOf(template: PodTemplate) {
    const { metadata, spec } = template as Plain;
    const { image, args, env, ...rest } = serverContainer(template);
    const {
        [credentialsAnnotation]: credentials,
        [valuesAnnotation]: _digests,
        ...annotations
    } = metadata?.annotations ?? {};
    const digests = digestsOf(template);
    const { containers = [], ...pod } = spec ?? {};
    // Those that a program adds: the pod restarts for them as for the server.
    const others = containers.filter(({ name }) => name !== serverName).map((one) => [`container ${one.name}`, one]);
    const variables = (env ?? []).map(({ name }) => name);
    const [, files] = partition(Object.entries(digests), ([name]) => variables.includes(name));
    return {
        credentials,
        image,
        args: args ?? [],
        environment: Object.fromEntries(
            (env ?? []).map(({ name, ...value }): [string, unknown] => [name, { ...value, digest: digests[name] }]),
        ),
        others: {
            labels: metadata?.labels,
            annotations,
            ...pod,
            ...rest,
            ...Object.fromEntries([...files, ...others]),
        } as Record<string, unknown>,
    };
}

/** Those for which it is so, and the others. */
function partition<T>(all: T[], isSo: (one: T) => boolean): [T[], T[]] {
    return [all.filter(isSo), all.filter((one) => !isSo(one))];
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
