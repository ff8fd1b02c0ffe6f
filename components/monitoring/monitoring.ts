import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { ConfigMap, Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import type { Topology } from "../minio/topology";
import type { Credentials } from "../objects/credentials";
import type { Monitoring } from "../spec/args";
import { labelsOf } from "../spec/labels";
import type { Names } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";
import { alertRules } from "./alertRules";
import { dashboard, dashboardFile } from "./dashboard";
import { clusterMonitor, nodeMonitor } from "./serviceMonitors";
import { metricsToken, tokenKey } from "./token";

export interface MonitoringObjects {
    /** The Secret with the bearer token for the metrics, under the key `token`. */
    token: Secret;
    /** Absent where they are not wanted. */
    clusterMonitor?: CustomResource;
    nodeMonitor?: CustomResource;
    rules?: CustomResource;
    dashboard?: ConfigMap;
}

/**
 * What Prometheus (by its operator's kinds, `monitoring.coreos.com/v1`) and Grafana need to watch the cluster: a token,
 * ServiceMonitors, alert rules and a dashboard.
 *
 * @param args the argument itself: what is wanted must be known before its values are
 */
export function createMonitoring(
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    topology: Topology,
    { serviceMonitor = true, rules = true, dashboard: wantsDashboard = true }: Monitoring,
    { rootUser, rootPassword }: Pick<Credentials, "rootUser" | "rootPassword">,
    opts: pulumi.CustomResourceOptions,
): MonitoringObjects {
    const metadata = (name: string, more: (known: MinioClusterSpec) => Record<string, string> = () => ({})) => ({
        name,
        namespace: spec.namespace,
        labels: spec.apply((known) => ({ ...labelsOf(names, known), ...more(known) })),
    });
    const custom = (kind: string, name: string, specOf: pulumi.Input<object>) =>
        new CustomResource(
            name,
            {
                apiVersion: "monitoring.coreos.com/v1",
                kind,
                metadata: metadata(name, ({ monitoring }) => monitoring?.labels ?? {}),
                spec: specOf,
            },
            opts,
        );

    const tokenName = `${names.cluster}-metrics-token`;
    const token = new Secret(
        tokenName,
        {
            metadata: metadata(tokenName),
            type: "Opaque",
            stringData: {
                [tokenKey]: pulumi.secret(
                    pulumi.all([rootUser, rootPassword]).apply(([user, password]) => metricsToken(user, password)),
                ),
            },
        },
        { ...opts, additionalSecretOutputs: ["stringData", "data"] },
    );
    const dashboardName = `${names.cluster}-dashboard`;
    return {
        token,
        clusterMonitor: serviceMonitor
            ? custom(
                  "ServiceMonitor",
                  `${names.cluster}-cluster`,
                  spec.apply((known) => clusterMonitor(names, known, tokenName)),
              )
            : undefined,
        nodeMonitor: serviceMonitor
            ? custom(
                  "ServiceMonitor",
                  `${names.cluster}-node`,
                  spec.apply((known) => nodeMonitor(names, known, tokenName)),
              )
            : undefined,
        rules: rules
            ? custom(
                  "PrometheusRule",
                  names.cluster,
                  spec.apply((known) => alertRules(names, known, topology)),
              )
            : undefined,
        dashboard: wantsDashboard
            ? new ConfigMap(
                  dashboardName,
                  {
                      // The label by which Grafana's sidecar finds dashboards.
                      metadata: metadata(dashboardName, () => ({ grafana_dashboard: "1" })),
                      data: spec.apply((known) => ({
                          [dashboardFile(names, known)]: JSON.stringify(dashboard(names, known)),
                      })),
                  },
                  opts,
              )
            : undefined,
    };
}
