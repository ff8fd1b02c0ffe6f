/**
 * The rights that the rollout needs with the kubeconfig of its own, beside those of Pulumi's provider: docs/rbac.yaml.
 */
import type { Kubernetes, Right } from "./client";

const right = (verb: Right["verb"], resource: string, group = ""): Right => ({ verb, group, resource });

/** To grow drives in place. */
const growing: Right[] = [right("list", "persistentvolumeclaims"), right("patch", "persistentvolumeclaims")];

/** To observe the servers, and to restart one after another. */
const guiding: Right[] = [
    right("get", "statefulsets", "apps"),
    right("patch", "statefulsets", "apps"),
    right("list", "controllerrevisions", "apps"),
    right("list", "pods"),
    right("delete", "pods"),
    right("create", "pods/eviction"),
    right("get", "pods/log"),
];

/**
 * To ask the servers for their health, by one way or another: see askServer.ts. A WebSocket, which a port-forward is,
 * takes `get` before Kubernetes 1.35, and `create` too since.
 */
const asking: Right[][] = [
    [right("get", "pods/proxy")],
    [right("get", "pods/portforward"), right("create", "pods/portforward")],
];

/**
 * To tell why a server does not come up, and to see all pools at one look instead of one after another. With a Role that
 * was made before, the rollout does without.
 */
const dispensable: Right[] = [right("list", "events"), right("list", "statefulsets", "apps")];

/** To hold requests while a server comes back: see requestHold.ts. */
const holding: Right[] = [
    right("get", "pods/portforward"),
    right("create", "pods/portforward"),
    right("get", "pods/exec"),
    right("create", "pods/exec"),
    right("list", "events"),
];

/** What the rollout does with the Kubernetes API. Pure. */
export function rolloutRights(guided: boolean): Right[] {
    return guided ? [...growing, ...guiding, ...asking.flat(), ...dispensable] : growing;
}

/**
 * Asks the Kubernetes API for every right that the rollout cannot do without: one that is missing would otherwise be
 * found only when it is needed, with servers restarted by then.
 *
 * @param holds whether it is to hold requests
 * @throws Error that names all that are missing
 */
export async function requireRights(
    kubernetes: Kubernetes,
    namespace: string,
    guided: boolean,
    holds = false,
): Promise<void> {
    const rights = rolloutRights(guided).filter((one) => !dispensable.includes(one));
    const allowed = await Promise.all(rights.map((one) => kubernetes.may(namespace, one)));
    const missing = rights.filter((_, index) => !allowed[index]);
    // Of the ways to ask, one is enough.
    const canAsk = asking.some((way) => !way.some((one) => missing.includes(one)));
    const lacking = missing.filter((one) => !asking.flat().includes(one)).map(nameOf);
    if (guided && !canAsk) {
        lacking.push(asking.map((way) => way.map(nameOf).join(" and ")).join(", or "));
    }
    if (lacking.length > 0) {
        throw new Error(
            `the rollout lacks rights in the namespace ${namespace}: ${lacking.join(", ")}. Give the user of its ` +
                "kubeconfig the Role in docs/rbac.yaml; rollout.mode Native needs only those on persistentvolumeclaims",
        );
    }
    const missed = holds ? await missingOf(kubernetes, holding, namespace) : [];
    if (missed.length > 0) {
        throw new Error(
            `rollout.freezeRequests lacks rights in the namespace ${namespace}: ${missed.join(", ")}. Give the ` +
                "user of the " +
                "rollout's kubeconfig the Roles in docs/rbac.yaml and docs/rbac-snapshots.yaml, or leave it out",
        );
    }
}

/** To restore: to make claims from snapshots. */
const restoring: Right[] = [
    right("get", "statefulsets", "apps"),
    right("get", "persistentvolumeclaims"),
    right("list", "persistentvolumeclaims"),
    right("create", "persistentvolumeclaims"),
    right("patch", "persistentvolumeclaims"),
];

/** To restore in place: to stop the servers, and to replace their claims. */
const replacing: Right[] = [
    right("patch", "statefulsets", "apps"),
    right("list", "pods"),
    right("delete", "persistentvolumeclaims"),
];

/** To make a snapshot of the storage system known in another namespace. */
const bringing: Right[] = [
    right("get", "volumesnapshots", "snapshot.storage.k8s.io"),
    right("create", "volumesnapshots", "snapshot.storage.k8s.io"),
];
const bringingInAll: Right[] = [
    right("get", "volumesnapshotcontents", "snapshot.storage.k8s.io"),
    right("create", "volumesnapshotcontents", "snapshot.storage.k8s.io"),
];

/** So that the volumes that are replaced are kept. */
const keeping: Right[] = [right("patch", "persistentvolumes")];

/**
 * What a restore does with the Kubernetes API, once its set is found: in the namespace, and in the whole Kubernetes
 * cluster. Pure.
 */
export function restoreRights(inPlace: boolean, brings: boolean): { inNamespace: Right[]; inAll: Right[] } {
    return {
        inNamespace: [...restoring, ...(inPlace ? replacing : []), ...(brings ? bringing : [])],
        inAll: [...(brings ? bringingInAll : []), ...(inPlace ? keeping : [])],
    };
}

/** Which of the rights for a restore are missing, in words. */
export async function missingRestoreRights(
    kubernetes: Kubernetes,
    namespace: string,
    { inNamespace, inAll }: ReturnType<typeof restoreRights>,
): Promise<string[]> {
    const missing = async (rights: Right[], where?: string) => {
        const names = await missingOf(kubernetes, rights, where);
        const place = where === undefined ? "the whole Kubernetes cluster" : `the namespace ${where}`;
        return names.length === 0
            ? []
            : [`rights are missing in ${place}: ${names.join(", ")} (all that are needed: docs/rbac-snapshots.yaml)`];
    };
    return [...(await missing(inNamespace, namespace)), ...(await missing(inAll))];
}

/** @param namespace undefined: in the whole Kubernetes cluster */
async function missingOf(kubernetes: Kubernetes, rights: Right[], namespace?: string): Promise<string[]> {
    const allowed = await Promise.all(rights.map((one) => kubernetes.may(namespace, one)));
    return rights.filter((_, index) => !allowed[index]).map(nameOf);
}

function nameOf({ verb, group, resource }: Right): string {
    return `${verb} ${resource}${group ? `.${group}` : ""}`;
}
