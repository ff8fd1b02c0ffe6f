/** What of a pool can never change in place, and how a change of it is refused. Pure. */
import { element } from "../basics/element";
import { parseQuantity } from "../basics/quantity";
import type { MinioClusterSpec } from "../spec/spec";

/** What of a pool cannot be changed, or only in one direction. */
export interface Shape {
    namespace: string;
    podManagementPolicy: string;
    replicas: number;
    drivesPerServer: number;
    storageSize: string;
    storageClassName?: string;
    volumeAttributesClassName?: string;
    driveSubPath?: string;
}

export function shapeOf(
    spec: Pick<MinioClusterSpec, "namespace" | "podManagementPolicy" | "pools" | "driveSubPath">,
    pool: number,
): Shape {
    const { namespace, podManagementPolicy, driveSubPath } = spec;
    const { replicas, drivesPerServer, storageSize, storageClassName, volumeAttributesClassName } = element(
        spec.pools,
        pool,
    );
    const drives = { storageSize, storageClassName, volumeAttributesClassName, driveSubPath };
    return { namespace, podManagementPolicy, replicas, drivesPerServer, ...drives };
}

const copyTheData = "or make a second MinioCluster and copy the data with mc mirror";

const explanations: Record<keyof Shape, [because: string, wayOut: string]> = {
    namespace: ["the drives' claims lie in their namespace, and would stay behind", copyTheData],
    podManagementPolicy: [
        "a StatefulSet cannot change it, and replacing it would stop all servers",
        "or delete the StatefulSet with kubectl delete --cascade=orphan and make it anew",
    ],
    replicas: [
        "MinIO forbids another number of servers: every server of the cluster would exit, as its drives belong to an " +
            "erasure set of the old size",
        `or add servers as a pool with expansionPools, ${copyTheData}`,
    ],
    drivesPerServer: [
        "MinIO forbids another number of drives: no server would start again",
        `or add drives as a pool with expansionPools, ${copyTheData}`,
    ],
    storageSize: ["a volume cannot shrink", copyTheData],
    storageClassName: [
        "the class of a claim cannot change",
        `or add a pool of the new class with expansionPools, ${copyTheData}`,
    ],
    volumeAttributesClassName: [
        "Kubernetes gives a claim another of these classes, and does not take away the only one",
        "or name another class",
    ],
    driveSubPath: [
        "MinIO would find empty drives in another folder of the volumes, and begin a new cluster there without any object",
        copyTheData,
    ],
};

/** Why a pool of one shape cannot become one of another, a sentence for each difference; none when it can. */
export function reshapingProblems(before: Shape, after: Shape): string[] {
    return (Object.keys(explanations) as (keyof Shape)[])
        .filter((field) => before[field] !== after[field] && !mayChange[field]?.(before, after))
        .map((field) => {
            const [from, to] = [before[field], after[field]].map((value) => value ?? "the default");
            const [because, wayOut] = explanations[field];
            return `${field}: ${from} cannot become ${to}: ${because}. Set it back to ${from}, ${wayOut}`;
        });
}

/** What is changed in the claims, in one direction. */
const mayChange: { [field in keyof Shape]?: (before: Shape, after: Shape) => boolean } = {
    storageSize: grows,
    volumeAttributesClassName: (_, after) => after.volumeAttributesClassName !== undefined,
};

/** Whether the drives are to become smaller than a program has wanted them. */
export function shrinks(before: Shape, after: Shape): boolean {
    return !grows(before, after);
}

function grows(before: Shape, after: Shape): boolean {
    return (parseQuantity(after.storageSize) ?? 0) >= (parseQuantity(before.storageSize) ?? 0);
}
