import type { MinioClusterSpec } from "./args";

/** The names of the Kubernetes objects, all derived from the component's name. */
export interface Names {
    /** The StatefulSet, and the Service for clients. */
    cluster: string;
    headlessService: string;
    consoleService: string;
    secret: string;
    disruptionBudget: string;
    /** Labels of every object. */
    labels: Record<string, string>;
    /** The label that selects the servers of all pools. */
    selector: Record<string, string>;
    /** The labels that select the servers of the first pool. */
    poolSelector: Record<string, string>;
}

/** The name of a StatefulSet may not be longer: with the hash of a revision it becomes a label's value (63 characters). */
export const longestName = 52;

export function namesOf(name: string): Names {
    const selector = { app: name };
    return {
        cluster: name,
        headlessService: `${name}-headless`,
        consoleService: `${name}-console`,
        secret: `${name}-secret`,
        disruptionBudget: `${name}-pdb`,
        labels: { ...selector, "app.kubernetes.io/name": "minio", "app.kubernetes.io/instance": name },
        selector,
        poolSelector: { ...selector, pool: name },
    };
}

/** The name under which a server is found inside the cluster, whether it is ready or not. */
export function serverDnsName(names: Names, spec: MinioClusterSpec, ordinal: number | string): string {
    return `${names.cluster}-${ordinal}.${names.headlessService}.${spec.namespace}.svc.${spec.clusterDomain}`;
}
