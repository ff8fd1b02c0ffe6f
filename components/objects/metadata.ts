import type * as pulumi from "@pulumi/pulumi";
import { labelsOf } from "../spec/labels";
import type { Names } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";

/** Of an object that the program makes. */
export function metadataOf(names: Names, spec: pulumi.Output<MinioClusterSpec>, name: string) {
    return { name, namespace: spec.namespace, labels: spec.apply((known) => labelsOf(names, known)) };
}
