import type { DeclaredCluster } from "../spec/cluster";
import { labelsOf } from "../spec/labels";
import type { MinioClusterSpec } from "../spec/spec";

/**
 * Of an object that the program makes.
 *
 * @param more labels that others of the cluster do not have
 */
export function metadataOf(
    { names, resolved }: DeclaredCluster,
    name: string,
    more: (spec: MinioClusterSpec) => Record<string, string> = () => ({}),
) {
    return {
        name,
        namespace: resolved.apply(({ spec }) => spec.namespace),
        labels: resolved.apply(({ spec }) => ({ ...labelsOf(names, spec), ...more(spec) })),
    };
}
