/**
 * What the servers read from Secrets and ConfigMaps: Kubernetes restarts no pod for another value there, so it is
 * looked at here.
 */
import * as pulumi from "@pulumi/pulumi";
import { printable } from "../basics/printable";
import { valueDigest } from "../basics/valueDigest";
import type { AnyObject, Kubernetes } from "../kubernetes/client";
import { unlessForbidden, untilAnswered } from "../kubernetes/errors";
import { endProgram } from "../pulumi/endProgram";
import { hasEngine } from "../pulumi/engine";
import { whenMade } from "../pulumi/outputs";
import type { Cluster, DeclaredCluster } from "../spec/cluster";
import { valuesAnnotation } from "../spec/labels";
import { type Reference, referencesOf } from "../spec/spec";
import type { Connection } from "./connection";

export type Data = AnyObject & { data?: Record<string, string>; binaryData?: Record<string, string> };

/** What was seen of the values. */
export interface SeenValues {
    /** By variable. A value that could not be seen has the digest that the servers were last started with. */
    digests: Record<string, string>;
    /** What could not be seen, and why. */
    unchecked: string[];
}

export interface SeeOptions {
    connection: Connection;
    dependsOn: pulumi.ComponentResourceOptions["dependsOn"];
    resource: pulumi.Resource;
}

/**
 * The cluster with the digests of the values that its servers read from elsewhere.
 *
 * @param dependsOn of the component: it may make what is looked at
 * @param resource where it is said what could not be looked at
 */
export function withSeenValues(
    declared: DeclaredCluster,
    { connection, dependsOn, resource }: SeeOptions,
): DeclaredCluster {
    const look = async (cluster: Cluster): Promise<Cluster> => {
        if (!hasEngine() || Object.keys(referencesOf(cluster.spec)).length === 0) {
            return cluster;
        }
        if (!pulumi.runtime.isDryRun()) {
            await whenMade(dependsOn);
        }
        const { digests, unchecked } = await seen(connection, cluster, resource);
        for (const what of unchecked) {
            pulumi.log.info(`not checked: ${printable(what)}`, resource);
        }
        return { ...cluster, spec: { ...cluster.spec, digests: { ...cluster.spec.digests, ...digests } } };
    };
    return { ...declared, resolved: declared.resolved.apply(look) };
}

/**
 * In a preview nobody is kept from anything; on `up`, a template without the digests would restart servers for nothing.
 */
async function seen(connection: Connection, cluster: Cluster, resource: pulumi.Resource): Promise<SeenValues> {
    const look = async () => {
        // The digests become a part of the pods, so they are of the provider's cluster.
        const kubernetes = await (pulumi.runtime.isDryRun() ? connection.look() : connection.act());
        return kubernetes ? seenValues(kubernetes, cluster) : { digests: {}, unchecked: [] };
    };
    if (pulumi.runtime.isDryRun()) {
        return look().catch(({ message }: Error) => ({
            digests: {},
            unchecked: [
                "whether values in Secrets and ConfigMaps (environmentFrom, trustedAuthorities) are as before, so this preview may show " +
                    `a restart that will not be: ${message}`,
            ],
        }));
    }
    const say = (text: string) => pulumi.log.info(text, resource, undefined, true);
    return untilAnswered(look, cluster.timeoutSeconds, say).catch(({ message }: Error) =>
        endProgram(
            `it is not known whether values in Secrets and ConfigMaps (environmentFrom, trustedAuthorities) are as before: ${message}`,
        ),
    );
}

/** Looks at each Secret and ConfigMap one time. */
export async function seenValues(kubernetes: Kubernetes, cluster: Cluster): Promise<SeenValues> {
    const { spec } = cluster;
    const references = Object.entries(referencesOf(spec));
    const objects = new Map<string, Promise<Data | undefined | "forbidden">>();
    const read = (kind: Reference["kind"], name: string) => {
        const id = `${kind} ${name}`;
        const reading =
            objects.get(id) ??
            unlessForbidden(() =>
                kubernetes.read<Data>({ apiVersion: "v1", kind, metadata: { name, namespace: spec.namespace } }),
            );
        objects.set(id, reading);
        return reading;
    };
    const digests: Record<string, string> = {};
    const unseen: string[] = [];
    const forbidden: [variable: string, reference: Reference][] = [];
    for (const [variable, reference] of references) {
        const object = await read(reference.kind, reference.name);
        if (object === "forbidden") {
            forbidden.push([variable, reference]);
        }
        const value = object === "forbidden" ? undefined : object && valueIn(object, reference);
        if (value === undefined) {
            unseen.push(variable);
        } else {
            digests[variable] = valueDigest(value, spec.namespace, variable);
        }
    }
    // A Secret that is gone is no reason to restart servers that have its value; the preflight refuses it.
    const last = unseen.length > 0 ? await lastDigests(kubernetes, cluster) : {};
    for (const variable of unseen) {
        const digest = last[variable];
        if (digest !== undefined) {
            digests[variable] = digest;
        }
    }
    if (forbidden.length === 0) {
        return { digests, unchecked: [] };
    }
    const whats = forbidden.map(([variable, { kind, name }]) => `${variable} (the ${kind} '${name}')`);
    const unchecked = `whether these have other values than before: ${whats.join(", ")}: a right to look is missing (docs/rbac-checks.yaml)`;
    return { digests, unchecked: [unchecked] };
}

/** The value of a key; undefined where there is none. */
export function valueIn(
    { data, binaryData }: Data,
    { kind, key }: Pick<Reference, "kind" | "key">,
): Buffer | undefined {
    const bytes = kind === "Secret" ? data?.[key] : binaryData?.[key];
    const text = kind === "Secret" ? undefined : data?.[key];
    if (text !== undefined) {
        return Buffer.from(text);
    }
    return bytes === undefined ? undefined : Buffer.from(bytes, "base64");
}

/** Those of the servers as they are. */
async function lastDigests(kubernetes: Kubernetes, { names, spec }: Cluster): Promise<Record<string, string>> {
    const live = await unlessForbidden(() => kubernetes.statefulSet(spec.namespace, names.cluster));
    const text = live === "forbidden" ? undefined : live?.spec?.template.metadata?.annotations?.[valuesAnnotation];
    return text === undefined ? {} : JSON.parse(text);
}
