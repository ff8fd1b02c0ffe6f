import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { parseQuantity } from "../basics/quantity";
import type { Kubernetes } from "../kubernetes/client";
import { KubernetesError } from "../kubernetes/errors";
import { claimKind } from "../kubernetes/kinds";
import type { WantedCluster, WantedPool } from "./wanted";

/**
 * Grows the drives to the wanted size in place: the claims are patched, and their file systems grow while they are mounted,
 * as far as the storage class can. The claim templates of a StatefulSet cannot change, and need not.
 *
 * @throws Error that names the claims that did not grow, or may not
 */
export async function growDrives(
    kubernetes: Kubernetes,
    { namespace, pools }: WantedCluster,
    timeoutSeconds: number,
    tell: (text: string) => void,
): Promise<void> {
    const found = pools.map(async (pool) =>
        (await kubernetes.claims(namespace, pool.selector)).filter(asksForLess(pool)).map((claim) => ({ pool, claim })),
    );
    const small = (await Promise.all(found)).flat();
    // A class that cannot, a quota, or a webhook: as long as no claim has grown, the growth can be taken back.
    for (const tries of [true, false]) {
        for (const [index, { pool, claim }] of small.entries()) {
            const name = nameOf(claim);
            if (!tries) {
                tell(`${name}: grows from ${requestOf(claim)} to ${pool.storageSize}`);
            }
            await kubernetes.growClaim(namespace, name, pool.storageSize, tries).catch((error: KubernetesError) => {
                const grown = tries ? [] : small.slice(0, index).map((one) => one.claim);
                throw error.isPassing ? error : refusal(error, claim, pool, grown);
            });
        }
    }
    const deadline = Date.now() + timeoutSeconds * 1000;
    for (;;) {
        const small = await claimsOf(kubernetes, { namespace, pools }, isSmaller);
        if (small.length === 0) {
            return;
        }
        const names = small.map(({ metadata }) => metadata?.name).join(", ");
        if (Date.now() > deadline) {
            const why = small
                .flatMap(({ status }) => status?.conditions ?? [])
                .map(({ type, message }) => message ?? type);
            throw new Error(`the drives did not grow in ${timeoutSeconds} s: ${names}. ${why.join("; ")}`);
        }
        tell(`waits for larger drives: ${names}`);
        await new Promise((resolve) => setTimeout(resolve, 1000));
    }
}

/**
 * Gives the claims the annotations and the attributes class that are wanted. The storage changes the volumes by itself
 * then.
 */
export async function updateClaims(
    kubernetes: Kubernetes,
    { namespace, pools }: Pick<WantedCluster, "namespace" | "pools">,
    tell: (text: string) => void,
): Promise<void> {
    for (const { pool, claim } of await otherClaims(kubernetes, { namespace, pools })) {
        const name = nameOf(claim);
        const { claimAnnotations: annotations } = pool;
        const volumeAttributesClassName = isBound(claim) ? pool.volumeAttributesClassName : undefined;
        tell(`${name}: gets the annotations and the VolumeAttributesClass that are wanted`);
        const reference = { ...claimKind, metadata: { name, namespace } };
        const fields = { metadata: { annotations }, spec: { volumeAttributesClassName } };
        await kubernetes.patch(reference, fields).catch((error: KubernetesError) => {
            throw error.isPassing ? error : changeRefusal(error, claim, pool);
        });
    }
}

/** The claims that have other annotations or another attributes class than wanted. */
export async function otherClaims(
    kubernetes: Kubernetes,
    { namespace, pools }: Pick<WantedCluster, "namespace" | "pools">,
): Promise<{ pool: WantedPool; claim: V1PersistentVolumeClaim }[]> {
    const asking = pools.filter((pool) => pool.claimAnnotations ?? pool.volumeAttributesClassName);
    const found = asking.map(async (pool) => {
        const { claimAnnotations: annotations = {} } = pool;
        const isOther = (claim: V1PersistentVolumeClaim) =>
            Object.entries(annotations).some(([name, value]) => claim.metadata?.annotations?.[name] !== value) ||
            hasOtherClass(pool, claim);
        return (await kubernetes.claims(namespace, pool.selector)).filter(isOther).map((claim) => ({ pool, claim }));
    });
    return (await Promise.all(found)).flat();
}

/** Kubernetes changes the class of a bound claim only; another one gets it when it is bound. */
function hasOtherClass({ volumeAttributesClassName: wanted }: WantedPool, claim: V1PersistentVolumeClaim): boolean {
    return wanted !== undefined && isBound(claim) && claim.spec?.volumeAttributesClassName !== wanted;
}

function changeRefusal(
    { message, code }: KubernetesError,
    claim: V1PersistentVolumeClaim,
    pool: WantedPool,
): KubernetesError {
    const annotations = Object.entries(pool.claimAnnotations ?? {}).map((pair) => pair.join("="));
    const [field, value] = hasOtherClass(pool, claim)
        ? ["volumeAttributesClassName", pool.volumeAttributesClassName]
        : ["persistentVolumeClaimAnnotations", annotations.join(", ")];
    return new KubernetesError(
        `${field}: ${nameOf(claim)} may not have ${value}: ${message}; ` +
            "set it back, or have the Kubernetes cluster allow it",
        false,
        code,
    );
}

function refusal(
    { message, code }: KubernetesError,
    claim: V1PersistentVolumeClaim,
    { storageSize }: WantedPool,
    grown: V1PersistentVolumeClaim[],
): KubernetesError {
    const wayOut =
        grown.length === 0
            ? `no drive has grown: set storageSize back to ${requestOf(claim)}, or let the StorageClass or quota allow it`
            : `these have grown already, and cannot shrink: ${grown.map(nameOf).join(", ")}. Let the others grow, too`;
    return new KubernetesError(
        `storageSize: ${nameOf(claim)} may not grow from ${requestOf(claim)} to ${storageSize}: ${message}; ${wayOut}`,
        false,
        code,
    );
}

/** The largest size that claims of a pool ask for, which the pool can never fall below; undefined where there are none. */
export function largestRequest(claims: V1PersistentVolumeClaim[]): string | undefined {
    return claims.map(requestOf).sort((a, b) => bytes(b) - bytes(a))[0];
}

/** The claims that are to grow, or do. */
export function smallDrives(kubernetes: Kubernetes, wanted: WantedCluster): Promise<V1PersistentVolumeClaim[]> {
    return claimsOf(kubernetes, wanted, (pool) => (claim) => asksForLess(pool)(claim) || isSmaller(pool)(claim));
}

async function claimsOf(
    kubernetes: Kubernetes,
    { namespace, pools }: Pick<WantedCluster, "namespace" | "pools">,
    which: (pool: WantedPool) => (claim: V1PersistentVolumeClaim) => boolean,
): Promise<V1PersistentVolumeClaim[]> {
    const claims = pools.map(async (pool) => (await kubernetes.claims(namespace, pool.selector)).filter(which(pool)));
    return (await Promise.all(claims)).flat();
}

function asksForLess({ storageSize }: WantedPool): (claim: V1PersistentVolumeClaim) => boolean {
    return ({ spec }) => bytes(spec?.resources?.requests?.storage) < bytes(storageSize);
}

/** A claim that is bound to a volume that is not as large as wanted yet; one that waits for its pod has none. */
function isSmaller({ storageSize }: WantedPool): (claim: V1PersistentVolumeClaim) => boolean {
    return (claim) => isBound(claim) && bytes(claim.status?.capacity?.storage) < bytes(storageSize);
}

function isBound({ status }: V1PersistentVolumeClaim): boolean {
    return status?.phase === "Bound";
}

function nameOf({ metadata }: V1PersistentVolumeClaim): string {
    return metadata?.name ?? "";
}

function requestOf({ spec }: V1PersistentVolumeClaim): string | undefined {
    return spec?.resources?.requests?.storage;
}

function bytes(quantity: string | undefined): number {
    return parseQuantity(quantity ?? "0") ?? 0;
}
