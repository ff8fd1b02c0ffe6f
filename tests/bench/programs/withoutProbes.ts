/** A cluster whose servers nobody asks how they are: what another one uses more at rest, its probes cost. */
import { Namespace } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { MinioCluster, type MinioClusterArgs } from "../../../index";

const config = new pulumi.Config();
const metadata = { name: config.require("namespace") };
const namespace = new Namespace("namespace", { metadata });

const withoutProbes: pulumi.ResourceTransform = ({ type, props, opts }) => {
    if (type !== "kubernetes:apps/v1:StatefulSet") {
        return undefined;
    }
    const { template } = props.spec;
    const containers = template.spec.containers.map(
        ({ startupProbe, readinessProbe, livenessProbe, ...container }: Record<string, unknown>) => container,
    );
    const spec = { ...props.spec, template: { ...template, spec: { ...template.spec, containers } } };
    return { props: { ...props, spec }, opts };
};

const args = config.requireObject<MinioClusterArgs>("args");
new MinioCluster(
    "minio",
    { ...args, namespace: metadata.name },
    { dependsOn: [namespace], transforms: [withoutProbes] },
);
