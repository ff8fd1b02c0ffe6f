/** Whether the StorageClasses of the drives are there, and can make what is wanted of them larger. */
import type { V1PersistentVolumeClaim, V1StorageClass } from "@kubernetes/client-node";
import { parseQuantity } from "../basics/quantity";
import type { AnyObject, Kubernetes } from "../kubernetes/client";
import type { Problem } from "../spec/check";
import type { ClusterPool } from "../spec/cluster";
import { type Check, checkOf, type Wanted } from "./check";

export const storageClassKind = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass" };
const attributesClassKind = { apiVersion: "storage.k8s.io/v1", kind: "VolumeAttributesClass" };
const volumeKind = { apiVersion: "v1", kind: "PersistentVolume" };

type Volume = AnyObject & { spec?: { storageClassName?: string } };

/** A pool, and the claims of its drives that are there. */
export interface PoolWithClaims extends ClusterPool {
    /** Of its arguments: empty, or `expansionPools[0].`. */
    prefix: string;
    claims: V1PersistentVolumeClaim[];
}

/** The claims of the cluster's drives, pool by pool. */
export async function poolsWithClaims(kubernetes: Kubernetes, { cluster }: Wanted): Promise<PoolWithClaims[]> {
    const claims = await kubernetes.claims(cluster.spec.namespace, cluster.names.selector);
    return cluster.pools.map((pool) => ({
        ...pool,
        prefix: prefixOf(pool.index),
        claims: claims.filter(({ metadata }) => metadata?.labels?.pool === pool.name),
    }));
}

function prefixOf(pool: number): string {
    return pool === 0 ? "" : `expansionPools[${pool - 1}].`;
}

export function storageChecks(wanted: Wanted): Check[] {
    return [
        {
            what: "the StorageClass of the drives (storageClassName, storageSize)",
            async ask(kubernetes) {
                const [pools, classes] = await Promise.all([
                    poolsWithClaims(kubernetes, wanted),
                    kubernetes.list<AnyObject & V1StorageClass>(storageClassKind),
                ]);
                const growth = growthProblems(pools, classes, wanted);
                const ofClass = classProblems(pools, classes, wanted);
                // Volumes that somebody has made by hand need no class.
                const volumes = ofClass.length > 0 ? await kubernetes.list<Volume>(volumeKind) : [];
                const byHand = new Set(volumes.map(({ spec }) => spec?.storageClassName ?? ""));
                return { problems: [...ofClass.filter(({ className }) => !byHand.has(className)), ...growth] };
            },
        },
        ...attributesClassChecks(wanted),
    ];
}

function attributesClassChecks(wanted: Wanted): Check[] {
    const { apiVersion, kind } = attributesClassKind;
    const { pools } = wanted.cluster;
    return pools.flatMap(({ index, volumeAttributesClassName: name }) => {
        const field = `${prefixOf(index)}volumeAttributesClassName`;
        const isOfFirst = index > 0 && name === pools[0]?.volumeAttributesClassName;
        if (name === undefined || isOfFirst || !wanted.isKnown(field)) {
            return [];
        }
        const asked = { absent: "make it first, or leave it out", judge: () => ({ problems: [] }) };
        const check = checkOf(wanted, field, { apiVersion, kind, metadata: { name } }, asked);
        // A Kubernetes that does not know these classes drops the name silently.
        const reason = `the cluster does not know ${kind} (${apiVersion}), which Kubernetes has from 1.34 on: leave it out`;
        const ask = async (kubernetes: Kubernetes) =>
            (await kubernetes.knows(apiVersion, kind)) ? check.ask(kubernetes) : { problems: [{ field, reason }] };
        return [{ ...check, ask }];
    });
}

/** A class that is not there. */
interface ClassProblem extends Problem {
    className: string;
}

/** Of drives that are still to be made. Pure. */
function classProblems(
    pools: PoolWithClaims[],
    classes: V1StorageClass[],
    { isKnown, mayBeMade }: Pick<Wanted, "isKnown" | "mayBeMade">,
): ClassProblem[] {
    const there = classes.map(({ metadata }) => metadata?.name ?? "");
    const use = there.length > 0 ? `use one of ${there.join(", ")}` : "there are none at all";
    return pools.flatMap(({ prefix, storageClassName, claims, replicas, drivesPerServer }) => {
        const field = `${prefix}storageClassName`;
        const isWhole = claims.length >= replicas * drivesPerServer;
        if (isWhole || !isKnown(field) || mayBeMade(field) || storageClassName === "") {
            return [];
        }
        if (storageClassName === undefined) {
            const reason = `the Kubernetes cluster has no default StorageClass, so no drive would be made: ${use}`;
            return classes.some(isDefault) ? [] : [{ field, reason, className: "" }];
        }
        const reason = `there is no StorageClass '${storageClassName}', so no drive would be made: ${use}`;
        return there.includes(storageClassName) ? [] : [{ field, reason, className: storageClassName }];
    });
}

/** Of drives that are to grow. Pure. */
function growthProblems(
    pools: PoolWithClaims[],
    classes: V1StorageClass[],
    { isKnown }: Pick<Wanted, "isKnown">,
): Problem[] {
    const expanding = classes
        .filter(({ allowVolumeExpansion }) => allowVolumeExpansion)
        .map(({ metadata }) => metadata?.name);
    return pools.flatMap(({ prefix, storageSize, claims }) => {
        const field = `${prefix}storageSize`;
        const fixed = claims.filter(
            (claim) =>
                asked(claim) < (parseQuantity(storageSize) ?? 0) && !expanding.includes(claim.spec?.storageClassName),
        );
        const [first] = fixed;
        if (first === undefined || !isKnown(field)) {
            return [];
        }
        const names = fixed.map(({ metadata }) => metadata?.name).join(", ");
        const of = first.spec?.storageClassName;
        const from = first.spec?.resources?.requests?.storage;
        const reason =
            `${from} cannot become ${storageSize}: ${of ? `the StorageClass '${of}'` : "having no StorageClass"} does not let ` +
            `volumes grow (allowVolumeExpansion), and ${names} ${fixed.length === 1 ? "is" : "are"} of it. Set it back to ${from}, or ` +
            "let the class expand where its storage can, or add a pool of another class with expansionPools";
        return [{ field, reason }];
    });
}

function asked({ spec }: V1PersistentVolumeClaim): number {
    return parseQuantity(spec?.resources?.requests?.storage) ?? 0;
}

/** The class of drives that name none; Kubernetes takes the newest where there are several. */
export function defaultClass(classes: V1StorageClass[]): V1StorageClass | undefined {
    const made = ({ metadata }: V1StorageClass) => new Date(metadata?.creationTimestamp ?? 0).getTime();
    return classes.filter(isDefault).sort((a, b) => made(b) - made(a))[0];
}

function isDefault({ metadata }: V1StorageClass): boolean {
    const { annotations = {} } = metadata ?? {};
    return ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"].some(
        (name) => annotations[name] === "true",
    );
}
