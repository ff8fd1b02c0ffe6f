/** The cluster of the stack `prod`, by MinIO's own Helm chart and Pulumi's own way to use one. */
import { Namespace } from "@pulumi/kubernetes/core/v1";
import { Chart } from "@pulumi/kubernetes/helm/v4";
import { Config } from "@pulumi/pulumi";

const config = new Config();
const namespace = new Namespace("namespace", { metadata: { name: config.require("namespace") } });

new Chart("minio", {
    chart: config.require("chart"),
    namespace: namespace.metadata.name,
    values: config.requireObject("values"),
});
