import * as pulumi from "@pulumi/pulumi";
import type { MinioClusterSpec } from "./args";
import type { Names } from "./names";

/** Annotation of the StatefulSet that tells what of a pool can never change, so that a change of it is seen. */
export const shapeAnnotation = "minio-cluster/shape";

/** What of a pool cannot be changed in place. */
type Shape = Pick<MinioClusterSpec, "replicas" | "drivesPerServer" | "storageSize" | "storageClassName">;

export function shapeOf({ replicas, drivesPerServer, storageSize, storageClassName }: Shape): string {
    return JSON.stringify({ replicas, drivesPerServer, storageSize, storageClassName });
}

const explanations: Record<keyof Shape, string> = {
    replicas:
        "MinIO forbids another number of servers: every server of the cluster would exit, as its drives belong to an " +
        "erasure set of the old size",
    drivesPerServer: "MinIO forbids another number of drives: no server would start again",
    storageSize: "the claims of a StatefulSet cannot be changed, and replacing it would stop all servers",
    storageClassName: "the claims of a StatefulSet cannot be changed, and replacing it would stop all servers",
};

/**
 * Why a pool of one shape cannot become one of another, a sentence for each difference; none when it is the same.
 *
 * @param before the annotation's old value
 * @param after the annotation's new value
 */
export function reshapingProblems(before: string, after: string): string[] {
    const old: Partial<Shape> = JSON.parse(before);
    const wanted: Partial<Shape> = JSON.parse(after);
    return (Object.keys(explanations) as (keyof Shape)[])
        .filter((field) => old[field] !== wanted[field])
        .map((field) => {
            const [from, to] = [old[field], wanted[field]].map((value) => value ?? "the default");
            return (
                `${field}: ${from} cannot become ${to}: ${explanations[field]}. Set it back to ${from}, or make a second ` +
                "MinioCluster and copy the data with mc mirror"
            );
        });
}

/** Refuse, in the preview already, a change that MinIO or Kubernetes cannot make without losing the cluster. */
export function reshapingHooks(names: Names): pulumi.ResourceHook[] {
    if (!pulumi.runtime.hasEngine()) {
        return []; // A unit test with mocks, which know no hooks: the resource would wait for one for ever.
    }
    const refuse: pulumi.ResourceHookFunction = ({ oldInputs, newInputs }) => {
        const before = oldInputs?.metadata?.annotations?.[shapeAnnotation];
        const after = newInputs?.metadata?.annotations?.[shapeAnnotation];
        const problems = before && after ? reshapingProblems(before, after) : [];
        if (problems.length > 0) {
            throw new Error(problems.join("\n"));
        }
    };
    return [new pulumi.ResourceHook(`${names.cluster}-refuse-reshaping`, refuse, { onDryRun: true })];
}
