import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { MinioCluster, type MinioClusterArgs } from "../../../index";

/** A cluster with the options that Pulumi gives every resource, and a Job that needs it. */
const config = new pulumi.Config();
const metadata = { name: config.require("namespace") };
const image = config.require("image");
const alias = config.get("alias");

const namespace = new k8s.core.v1.Namespace("namespace", { metadata });

/** As a person adds what has no argument: here a container to the pods. */
const sidecar = config.get("sidecar");
const addSidecar: pulumi.ResourceTransform = ({ type, props, opts }) => {
    if (type !== "kubernetes:apps/v1:StatefulSet") {
        return undefined;
    }
    const { containers } = props.spec.template.spec;
    const { securityContext } = containers[0];
    // The first process of a container heeds only a signal that it has a handler for.
    const command = ["sh", "-c", `trap exit TERM; sleep ${sidecar} & wait`];
    const added = { name: "sidecar", image, command, securityContext };
    const spec = { ...props.spec.template.spec, containers: [...containers, added] };
    return { props: { ...props, spec: { ...props.spec, template: { ...props.spec.template, spec } } }, opts };
};

/** As a person may do who wants one annotation, and forgets that there are others. */
const replaceAnnotations: pulumi.ResourceTransform = ({ type, props, opts }) =>
    type === "kubernetes:apps/v1:StatefulSet"
        ? { props: { ...props, metadata: { ...props.metadata, annotations: { team: "storage" } } }, opts }
        : undefined;

const minio = new MinioCluster(
    config.get("name") ?? "minio",
    {
        namespace: metadata.name,
        image,
        replicas: 2,
        storageSize: "1Gi",
        resources: { requests: { cpu: "10m", memory: "128Mi" }, limits: { cpu: "1", memory: "512Mi" } },
        ...config.getObject<MinioClusterArgs>("args"),
    },
    {
        dependsOn: [namespace],
        protect: config.getBoolean("protect"),
        aliases: alias ? [{ name: alias }] : [],
        transforms: [
            ...(sidecar ? [addSidecar] : []),
            ...(config.getBoolean("replaceAnnotations") ? [replaceAnnotations] : []),
        ],
    },
);

/** It asks one time, and fails for good where nobody answers. */
const command = ["curl", "--silent", "--show-error", "--fail", "http://minio:9000/minio/health/cluster"];
new k8s.batch.v1.Job(
    "use",
    {
        metadata: { name: "use", namespace: metadata.name },
        spec: {
            backoffLimit: 0,
            template: { spec: { restartPolicy: "Never", containers: [{ name: "ask", image, command }] } },
        },
    },
    { dependsOn: [minio] },
);

export const { endpoint, rootPassword, rootUser, topology, ready } = minio;
