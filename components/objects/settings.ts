import { Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import type { SecretVariables } from "../spec/checkedSpec";
import type { DeclaredCluster } from "../spec/cluster";
import { metadataOf } from "./metadata";

/**
 * The Secret with the variables of `environment` that are secrets; none where none is one.
 *
 * @param content asked for where there is one
 */
export function createSettings(
    cluster: DeclaredCluster,
    any: SecretVariables["any"],
    content: () => SecretVariables["values"],
    opts: pulumi.CustomResourceOptions,
): pulumi.Output<pulumi.Resource[]> {
    const name = cluster.names.settings;
    const make = () =>
        new Secret(
            name,
            { metadata: metadataOf(cluster, name), type: "Opaque", stringData: content() },
            { ...opts, additionalSecretOutputs: ["stringData", "data"] },
        );
    return pulumi.output(any).apply((isAny): pulumi.Resource[] => (isAny ? [make()] : []));
}
