/** Where the old servers may run, and with what, as arguments of the new ones. Pure. */
import type { V1LabelSelector, V1StatefulSet } from "@kubernetes/client-node";
import { element } from "../basics/element";
import { namesOf, poolSelector } from "../spec/names";
import type { KnownArgs } from "../spec/spec";
import { type Found, statefulSetOf } from "./found";

type Placement = Pick<
    KnownArgs,
    "affinity" | "topologySpreadConstraints" | "nodeSelector" | "tolerations" | "resources"
>;

const podOfSet = (statefulSet: V1StatefulSet | undefined) => statefulSet?.spec?.template.spec;

/** Of the first pool and, but for nodes and resources, of all. */
export function placementOf(found: Found, name: string, notes: string[]): Placement {
    const [first] = found.statefulSets;
    return {
        ...ownPlacementOf(found, first),
        affinity: sameInAll(found, "affinity", notes, (one) => affinityOf(found, one, name)),
        topologySpreadConstraints: sameInAll(found, "topologySpreadConstraints", notes, (one) => spreadOf(one, name)),
    };
}

/** What of a further pool is otherwise than of the first. */
export function poolPlacementOf(found: Found, pool: number): Placement {
    const ofPool = (index: number) => {
        const name = statefulSetOf(element(found.pools, index).hosts[0] ?? "");
        return found.statefulSets.find(({ metadata }) => metadata?.name === name);
    };
    const [first, own] = [0, pool].map((index) => ownPlacementOf(found, ofPool(index)));
    const isOther = ([field, value]: [string, unknown]) => text(value) !== text(first?.[field as keyof Placement]);
    return Object.fromEntries(Object.entries(own ?? {}).filter(isOther));
}

/** Nothing is left out: a pool without them would have those of the first pool. */
function ownPlacementOf({ container }: Found, statefulSet: V1StatefulSet | undefined): Placement {
    const pod = podOfSet(statefulSet);
    const { resources = {} } = pod?.containers.find(({ name }) => name === container.name) ?? container;
    const { requests, limits } = resources;
    return {
        nodeSelector: pod?.nodeSelector ?? {},
        tolerations: (pod?.tolerations ?? []) as Placement["tolerations"],
        resources: { ...(requests && { requests }), ...(limits && { limits }) },
    };
}

/** A field that the arguments have one time for all pools. */
function sameInAll<T>(
    { statefulSets }: Found,
    field: string,
    notes: string[],
    of: (statefulSet: V1StatefulSet) => T | "by pool" | undefined,
): T | undefined {
    const [first, ...others] = statefulSets.map(of);
    if (first === "by pool" || others.some((other) => text(other) !== text(first))) {
        notes.push(`not among the arguments: ${field}, which is another one for each pool`);
        return undefined;
    }
    return first;
}

function affinityOf({ statefulSets }: Found, own: V1StatefulSet, name: string): KnownArgs["affinity"] | "by pool" {
    let isByPool = false;
    const { selector } = namesOf(name);
    const affinity = replaced(podOfSet(own)?.affinity, (one) => {
        if (!isOfOld(one, own, name)) {
            return one;
        }
        isByPool ||= !statefulSets.every((other) => isOfOld(one, other, name));
        return { matchLabels: selector };
    });
    return isByPool ? "by pool" : (affinity as KnownArgs["affinity"]);
}

/** Without a selector, the component counts the servers of a pool. */
function spreadOf(own: V1StatefulSet, name: string): KnownArgs["topologySpreadConstraints"] {
    const constraints = podOfSet(own)?.topologySpreadConstraints;
    return replaced(constraints, (one) =>
        isOfOld(one, own, name) ? undefined : one,
    ) as KnownArgs["topologySpreadConstraints"];
}

/** Whether it selects the old servers by labels that the new ones do not have. */
export function isOfOld(selector: V1LabelSelector, { spec }: V1StatefulSet, name: string): boolean {
    return (
        selects(selector, spec?.template.metadata?.labels ?? {}) && !selects(selector, poolSelector(namesOf(name), 0))
    );
}

function selects({ matchLabels, matchExpressions }: V1LabelSelector, labels: Record<string, string>): boolean {
    return (
        Object.entries(matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
        (matchExpressions ?? []).every(({ key, operator, values = [] }) => {
            const value = labels[key];
            const isIn = value !== undefined && values.includes(value);
            return { In: isIn, NotIn: !isIn, Exists: value !== undefined }[operator] ?? value === undefined;
        })
    );
}

/** A copy with each `labelSelector` at any depth as it is to be; null is left out, as Kubernetes does. */
function replaced(value: unknown, of: (selector: V1LabelSelector) => V1LabelSelector | undefined): unknown {
    if (Array.isArray(value)) {
        return value.map((one) => replaced(one, of));
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    return Object.fromEntries(
        Object.entries(value).flatMap(([key, inner]) => {
            const become = key === "labelSelector" ? of(inner) : replaced(inner, of);
            return (become ?? undefined) === undefined ? [] : [[key, become]];
        }),
    );
}

const text = (value: unknown) => JSON.stringify(value);
