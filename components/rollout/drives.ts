import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import type { Kubernetes } from "../kubernetes";
import { parseQuantity } from "../quantity";
import type { WantedCluster, WantedPool } from "./observe";

/**
 * Grows the drives to the wanted size in place: the claims are patched, and their file systems grow while they are mounted,
 * as far as the storage class can. The claim templates of a StatefulSet cannot change, and need not.
 *
 * @throws Error that names the claims that did not grow
 */
export async function growDrives(
    kubernetes: Kubernetes,
    { namespace, pools }: WantedCluster,
    timeoutSeconds: number,
    tell: (text: string) => void,
): Promise<void> {
    for (const pool of pools) {
        for (const claim of (await kubernetes.claims(namespace, pool.selector)).filter(asksForLess(pool))) {
            const name = claim.metadata?.name ?? "";
            tell(`${name}: grows from ${claim.spec?.resources?.requests?.storage} to ${pool.storageSize}`);
            await kubernetes.growClaim(namespace, name, pool.storageSize);
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
    return ({ status }) => status?.phase === "Bound" && bytes(status.capacity?.storage) < bytes(storageSize);
}

function bytes(quantity: string | undefined): number {
    return parseQuantity(quantity ?? "0") ?? 0;
}
