import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { ConfigMap, Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import type { Credentials } from "../objects/credentials";
import { metadataOf } from "../objects/metadata";
import type { Monitoring } from "../spec/args";
import type { Cluster, DeclaredCluster } from "../spec/cluster";
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
    cluster: DeclaredCluster,
    { serviceMonitor = true, rules = true, dashboard: wantsDashboard = true }: Monitoring,
    { rootUser, rootPassword }: Pick<Credentials, "rootUser" | "rootPassword">,
    opts: pulumi.CustomResourceOptions,
): MonitoringObjects {
    const { names, resolved } = cluster;
    const custom = (kind: string, name: string, specOf: (known: Cluster) => object) =>
        new CustomResource(
            name,
            {
                apiVersion: "monitoring.coreos.com/v1",
                kind,
                metadata: metadataOf(cluster, name, ({ monitoring }) => monitoring?.labels ?? {}),
                spec: resolved.apply(specOf),
            },
            opts,
        );

    const tokenName = names.metricsToken;
    const token = new Secret(
        tokenName,
        {
            metadata: metadataOf(cluster, tokenName),
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
            ? custom("ServiceMonitor", `${names.cluster}-cluster`, (known) => clusterMonitor(known, tokenName))
            : undefined,
        nodeMonitor: serviceMonitor
            ? custom("ServiceMonitor", `${names.cluster}-node`, (known) => nodeMonitor(known, tokenName))
            : undefined,
        rules: rules ? custom("PrometheusRule", names.cluster, alertRules) : undefined,
        dashboard: wantsDashboard
            ? new ConfigMap(
                  dashboardName,
                  {
                      // The label by which Grafana's sidecar finds dashboards.
                      metadata: metadataOf(cluster, dashboardName, () => ({ grafana_dashboard: "1" })),
                      data: resolved.apply((known) => ({
                          [dashboardFile(known)]: JSON.stringify(dashboard(known)),
                      })),
                  },
                  opts,
              )
            : undefined,
    };
}
