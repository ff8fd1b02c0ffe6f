/** Whether quotas and limits of the namespace leave room for the pods and drives that are still to be made. */

import type { V1LimitRange, V1Pod, V1ResourceQuota } from "@kubernetes/client-node";
import { element } from "../basics/element";
import { parseQuantity } from "../basics/quantity";
import type { AnyObject } from "../kubernetes/client";
import type { Problem } from "../spec/check";
import type { MinioClusterSpec } from "../spec/spec";
import type { Check, Wanted } from "./check";
import { type PoolWithClaims, poolsWithClaims } from "./storage";

const quotaKind = { apiVersion: "v1", kind: "ResourceQuota" };
const limitRangeKind = { apiVersion: "v1", kind: "LimitRange" };

export function quotaChecks(wanted: Wanted): Check[] {
    const { names, spec } = wanted.cluster;
    return [
        {
            what: `the quotas of the namespace ${spec.namespace}`,
            async ask(kubernetes) {
                const quotas = await kubernetes.list<AnyObject & V1ResourceQuota>(quotaKind, spec.namespace);
                if (quotas.length === 0) {
                    return { problems: [] };
                }
                const [pools, pods] = await Promise.all([
                    poolsWithClaims(kubernetes, wanted),
                    kubernetes.pods(spec.namespace, names.selector),
                ]);
                return { problems: quotaProblems(quotas, needs(spec, pools, pods), wanted) };
            },
        },
        {
            what: `the limits of the namespace ${spec.namespace} (LimitRange)`,
            async ask(kubernetes) {
                const ranges = await kubernetes.list<AnyObject & V1LimitRange>(limitRangeKind, spec.namespace);
                const pools = ranges.length > 0 ? await poolsWithClaims(kubernetes, wanted) : [];
                return { problems: limitProblems(ranges, spec, pools, wanted) };
            },
        },
    ];
}

/** What of a quota is still needed. Pure. */
export function needs(
    {
        resources,
        extraContainers = [],
        hibernate,
    }: Pick<MinioClusterSpec, "resources" | "extraContainers" | "hibernate">,
    pools: PoolWithClaims[],
    pods: V1Pod[],
): Record<string, number> {
    const needed: Record<string, number> = {};
    const add = (resource: string, amount: number) => {
        needed[resource] = (needed[resource] ?? 0) + amount;
    };
    const addContainers = (servers: number, { limits, requests }: typeof resources) => {
        for (const kind of ["requests", "limits"] as const) {
            // Without a request, a limit is one.
            const amounts = kind === "requests" ? { ...limits, ...requests } : { ...limits };
            for (const [resource, quantity] of Object.entries(amounts)) {
                const amount = servers * (parseQuantity(quantity) ?? 0);
                add(`${kind}.${resource}`, amount);
                if (kind === "requests" && ["cpu", "memory"].includes(resource)) {
                    add(resource, amount);
                }
            }
        }
    };
    for (const pool of pools) {
        const there = pods.filter(({ metadata }) => metadata?.labels?.pool === pool.name);
        const missing = hibernate ? 0 : pool.replicas - there.length;
        add("pods", missing);
        add("count/pods", missing);
        // A container that is not known yet is undefined.
        for (const one of [pool.resources ?? resources, ...extraContainers.map((one) => one?.resources)]) {
            addContainers(missing, one ?? {});
        }
    }
    for (const { replicas, drivesPerServer, storageSize, storageClassName, claims } of pools) {
        const size = parseQuantity(storageSize) ?? 0;
        const missing = Math.max(0, replicas * drivesPerServer - claims.length);
        const storage = (name: string | undefined, bytes: number, count: number) => {
            const prefixes = ["", ...(name ? [`${name}.storageclass.storage.k8s.io/`] : [])];
            for (const prefix of prefixes) {
                add(`${prefix}requests.storage`, bytes);
                add(`${prefix}persistentvolumeclaims`, count);
            }
        };
        storage(storageClassName, missing * size, missing);
        for (const { spec } of claims) {
            const asked = parseQuantity(spec?.resources?.requests?.storage) ?? 0;
            storage(spec?.storageClassName, Math.max(0, size - asked), 0);
        }
    }
    return needed;
}

/** The argument that a resource of a quota hangs on. */
function fieldOf(resource: string): string {
    if (/^(requests|limits)\.(?!storage$)/.test(resource)) {
        return `resources.${resource}`;
    }
    if (["cpu", "memory"].includes(resource)) {
        return `resources.requests.${resource}`;
    }
    return resource.endsWith("storage") ? "storageSize" : "replicas";
}

/** The argument that a path begins with. */
function topOf(field: string): string {
    return element(field.split("."), 0);
}

/** Quotas that count only some pods, by priority or another scope, are left to Kubernetes. Pure. */
function quotaProblems(
    quotas: V1ResourceQuota[],
    needed: Record<string, number>,
    { isKnown }: Pick<Wanted, "isKnown">,
): Problem[] {
    return quotas
        .filter(({ spec }) => !spec?.scopes?.length && !spec?.scopeSelector)
        .flatMap(({ metadata, spec, status }) =>
            Object.entries(status?.hard ?? spec?.hard ?? {}).flatMap(([resource, hard]) => {
                const used = status?.used?.[resource] ?? "0";
                const need = needed[resource] ?? 0;
                const room = (parseQuantity(hard) ?? 0) - (parseQuantity(used) ?? 0);
                const field = fieldOf(resource);
                // Amounts such as 0.1 are not whole in binary.
                return need > 0 && need > room + 1e-6 && isKnown(topOf(field))
                    ? [
                          {
                              field,
                              reason:
                                  `the ResourceQuota '${metadata?.name}' allows ${resource} ${hard}, of which ${used} is used, and ` +
                                  `${amountOf(resource, need)} more ${need === 1 ? "is" : "are"} needed: ask for less, or have it raised`,
                          },
                      ]
                    : [];
            }),
        );
}

function amountOf(resource: string, amount: number): string {
    return /storage$|memory$/.test(resource) ? `${+(amount / 2 ** 30).toFixed(2)}Gi` : String(+amount.toFixed(3));
}

/** Pure. */
function limitProblems(
    ranges: V1LimitRange[],
    { resources, extraContainers = [] }: Pick<MinioClusterSpec, "resources" | "extraContainers">,
    pools: PoolWithClaims[],
    { isKnown }: Pick<Wanted, "isKnown">,
): Problem[] {
    const limits = ranges.flatMap(({ metadata, spec }) =>
        (spec?.limits ?? []).map((limit) => ({ name: metadata?.name, ...limit })),
    );
    const outside = (field: string, value: string | undefined, [low, high]: (string | undefined)[], name?: string) => {
        const [amount, least, most] = [value, low, high].map(parseQuantity);
        const tooMuch = amount !== undefined && most !== undefined && amount > most;
        const tooLittle = amount !== undefined && least !== undefined && amount < least;
        const rule = tooMuch ? `at most ${high}` : `at least ${low}`;
        return (tooMuch || tooLittle) && isKnown(topOf(field))
            ? [{ field, reason: `'${value}' is not allowed by the LimitRange '${name}' of the namespace: use ${rule}` }]
            : [];
    };
    return limits.flatMap(({ name, type, max = {}, min = {} }) => {
        if (type === "PersistentVolumeClaim") {
            const made = pools.filter(
                ({ claims, replicas, drivesPerServer }) => claims.length < replicas * drivesPerServer,
            );
            return made.flatMap(({ prefix, storageSize }) =>
                outside(`${prefix}storageSize`, storageSize, [min.storage, max.storage], name),
            );
        }
        if (type !== "Container" && type !== "Pod") {
            return [];
        }
        const names = [...new Set([...Object.keys(max), ...Object.keys(min)])];
        const others = extraContainers.map((one, index) => ({ ...one, prefix: `extraContainers[${index}].` }));
        const all = [{ prefix: "", resources }, ...pools, ...others];
        return all.flatMap(({ prefix, resources: of }) =>
            names.flatMap((resource) => [
                ...outside(
                    `${prefix}resources.limits.${resource}`,
                    of?.limits?.[resource],
                    [undefined, max[resource]],
                    name,
                ),
                ...outside(
                    `${prefix}resources.requests.${resource}`,
                    of?.requests?.[resource],
                    [min[resource], undefined],
                    name,
                ),
            ]),
        );
    });
}
