import type { Cluster } from "../spec/cluster";
import { serviceLabel } from "../spec/labels";
import { certificateSecretName, clientAddress, type Names, serviceDnsName } from "../spec/names";
import { jobOf, type Scrape } from "./series";
import { tokenKey } from "./token";

/** What a ServiceMonitor (`monitoring.coreos.com/v1`) asks for, as far as it is used here. */
export interface ServiceMonitorSpec {
    selector: { matchLabels: Record<string, string> };
    endpoints: Endpoint[];
}

interface Endpoint {
    port: string;
    path: string;
    interval: string;
    scheme: "http" | "https";
    tlsConfig?: { ca: { secret: SecretKey }; serverName: string };
    authorization?: { type: "Bearer"; credentials: SecretKey };
    relabelings: Relabeling[];
    metricRelabelings?: Relabeling[];
}

interface SecretKey {
    name: string;
    key: string;
}

interface Relabeling {
    action?: "drop" | "labelkeep" | "replace";
    sourceLabels?: string[];
    regex?: string;
    targetLabel?: string;
    replacement?: string;
}

/**
 * The scrapes whose answers tell of all servers, whichever of them is asked: each is made once, through the client
 * Service.
 *
 * A ServiceMonitor finds a target in each endpoint behind a Service, so all servers would be asked, and every value
 * would come as often as there are servers. Here all the targets get the Service's own address and lose every label in
 * which they differ, and Prometheus keeps one of targets that are the same (`scrapePool.sync` and `Target.hash` in its
 * `scrape/scrape.go` and `scrape/target.go`). The Service leads that one scrape to any server that is ready, and to
 * another one when that goes away.
 *
 * The other ways: a relabeling that keeps one endpoint, or a Service of one pod, leaves Prometheus blind while just
 * that server is gone. A ScrapeConfig or a Probe for the Service's address is of a kind that a Prometheus selects by a
 * selector of its own, which selects none by default.
 *
 * @param token name of the Secret with the token
 */
export function clusterMonitor(cluster: Cluster, token: string): ServiceMonitorSpec {
    const { names, spec } = cluster;
    const once = [
        { targetLabel: "__address__", replacement: clientAddress(names, spec) },
        // A list of what stays, as a Prometheus may copy any label of the pods (`podTargetLabels`).
        { action: "labelkeep" as const, regex: "__.+|namespace|service|endpoint|job" },
    ];
    const scrapedOnce = (scrape: Scrape) => endpoint(cluster, token, scrape, once);
    return {
        selector: selectorOf(names, "client"),
        endpoints: [
            scrapedOnce("cluster"),
            scrapedOnce("resource"),
            {
                ...scrapedOnce("bucket"),
                // Nine series for each bucket (up to 100), API and server; the cluster's tell the latency by API.
                metricRelabelings: [dropped("minio_bucket_requests_ttfb_seconds_distribution")],
            },
        ],
    };
}

/**
 * The scrape of each server, whether it is ready or not: the headless Service publishes all addresses.
 *
 * @param token name of the Secret with the token
 */
export function nodeMonitor(cluster: Cluster, token: string): ServiceMonitorSpec {
    return {
        selector: selectorOf(cluster.names, "headless"),
        endpoints: [
            {
                ...endpoint(cluster, token, "node"),
                // The scrape of the cluster has the same of every server.
                metricRelabelings: [dropped("minio_(s3|inter_node|software|notify|audit)_.+|minio_node_iam_.+")],
            },
        ],
    };
}

function endpoint(cluster: Cluster, token: string, scrape: Scrape, relabelings: Relabeling[] = []): Endpoint {
    const { names, spec, scheme } = cluster;
    return {
        port: "api",
        path: `/minio/v2/metrics/${scrape}`,
        interval: spec.monitoring?.interval ?? "30s",
        scheme,
        tlsConfig: tlsConfig(cluster),
        // Where MinIO wants no token, Prometheus does not get it: it is worth as much as the root password.
        authorization:
            spec.environment?.MINIO_PROMETHEUS_AUTH_TYPE === "public"
                ? undefined
                : { type: "Bearer", credentials: { name: token, key: tokenKey } },
        // With the same labels, the series that Prometheus makes of each scrape itself, such as `up`, would collide.
        relabelings: [...relabelings, { targetLabel: "job", replacement: jobOf(names, scrape) }],
    };
}

/**
 * The certificate holds the client Service's name, whichever server shows it. Its authority is one of the user's own,
 * as no public one signs names inside a cluster; without `ca.crt` the operator would leave the ServiceMonitor out.
 */
function tlsConfig({ names, spec }: Cluster): Endpoint["tlsConfig"] {
    const name = certificateSecretName(names, spec);
    return name === undefined
        ? undefined
        : { ca: { secret: { name, key: "ca.crt" } }, serverName: serviceDnsName(names.cluster, spec) };
}

/** Exactly one of the Services: `app` alone would select all of them, and every scrape would be made more than once. */
function selectorOf(names: Names, service: "client" | "headless") {
    return { matchLabels: { ...names.selector, [serviceLabel]: service } };
}

function dropped(metrics: string): Relabeling {
    return { action: "drop", sourceLabels: ["__name__"], regex: metrics };
}
