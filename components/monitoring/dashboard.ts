import { digest } from "../basics/digest";
import type { Cluster } from "../spec/cluster";
import { usedShare } from "./alertRules";
import { heatmap, lines, type Panel, placed, section, stat, timeline } from "./panels";
import { type Series, seriesOf } from "./series";

/** The name of the dashboard's file: Grafana's sidecar puts those of all namespaces into one folder. */
export function dashboardFile({ names, spec }: Cluster): string {
    return `minio-${spec.namespace}-${names.cluster}.json`;
}

/**
 * A Grafana dashboard (its JSON model, schema 39, for Grafana 10 and newer) of one cluster; which Prometheus it asks is
 * a variable of it. Metrics named `minio_*` are those of MinIO's `cmd/metrics-v2.go` and `cmd/metrics-resource.go`,
 * RELEASE.2025-09-07, `kube_*` those of kube-state-metrics, `kubelet_*` kubelet's.
 */
export function dashboard(cluster: Cluster): object {
    const { names, spec } = cluster;
    const series = seriesOf(cluster);
    const id = digest(`${spec.namespace}/${names.cluster}`);
    return {
        // At most 40 characters, and the same on each update, or a dashboard would be added.
        uid: `minio-${id}`,
        title: `MinIO ${spec.namespace}/${names.cluster}`,
        tags: ["minio"],
        schemaVersion: 39,
        editable: true,
        refresh: "30s",
        time: { from: "now-6h", to: "now" },
        templating: {
            list: [{ name: "datasource", label: "Data source", type: "datasource", query: "prometheus" }],
        },
        panels: placed([
            section("Health", health(series)),
            section("S3 requests", requests(series)),
            section("Access patterns", access(series)),
            section("Drives", drives(series)),
            section("Healing", healing(series)),
            section("Kubernetes", kubernetes(series)),
        ]),
    };
}

function health({ cluster }: Series): Panel[] {
    return [
        stat("Cluster", "", `min(minio_cluster_health_status{${cluster}})`, {
            description: "Whether every object can be written.",
            texts: { 0: { text: "no write quorum", color: "red" }, 1: { text: "healthy", color: "green" } },
        }),
        stat("Servers online", "none", `max(minio_cluster_nodes_online_total{${cluster}})`),
        stat("Drives offline", "none", `max(minio_cluster_drive_offline_total{${cluster}})`, { warnAt: 1 }),
        stat(
            "Drives that writes can spare",
            "none",
            `min(minio_cluster_health_erasure_set_online_drives{${cluster}} - ` +
                `minio_cluster_health_erasure_set_write_quorum{${cluster}})`,
            { description: "Of the erasure set that has the fewest. Below 0, writes fail." },
        ),
        stat("Capacity used", "percentunit", usedShare({ cluster }), {
            description: "Of what objects can take up at the default parity.",
            warnAt: 0.9,
        }),
        stat("Objects", "short", `max(minio_cluster_usage_object_total{${cluster}})`, {
            description: "As of the last scan.",
        }),
    ];
}

function requests({ cluster }: Series): Panel[] {
    const ttfb = `minio_s3_requests_ttfb_seconds_distribution{${cluster}}`;
    const quantile = (share: number, by: string) =>
        `histogram_quantile(${share}, sum by (${by}) (rate(${ttfb}[$__rate_interval])))`;
    const rateOf = (metric: string, by = "") => `sum${by} (rate(${metric}{${cluster}}[$__rate_interval]))`;
    const lowest = "MinIO's lowest bucket is 50 ms: what lies below is estimated.";
    return [
        lines(
            "Latency, time to first byte",
            "s",
            {
                "50 %": quantile(0.5, "le"),
                "90 %": quantile(0.9, "le"),
                "99 %": quantile(0.99, "le"),
            },
            { description: `Of all requests. ${lowest}` },
        ),
        heatmap("Distribution of time to first byte", "s", `sum by (le) (increase(${ttfb}[$__rate_interval]))`),
        lines(
            "Latency by API, 90 %",
            "s",
            { "{{api}}": quantile(0.9, "le, api") },
            { description: `The time to first byte of nine in ten requests is shorter. ${lowest}` },
        ),
        lines("Errors", "reqps", {
            "server errors (5xx)": rateOf("minio_s3_requests_5xx_errors_total"),
            "client errors (4xx)": rateOf("minio_s3_requests_4xx_errors_total"),
            "ended by the client": rateOf("minio_s3_requests_canceled_total"),
            "rejected: login": rateOf("minio_s3_requests_rejected_auth_total"),
            "rejected: malformed": rateOf("minio_s3_requests_rejected_invalid_total"),
        }),
        lines("Errors by API (4xx and 5xx)", "reqps", {
            "{{api}}": rateOf("minio_s3_requests_errors_total", " by (api)"),
        }),
        lines("Requests under way", "none", {
            "under way": `sum(minio_s3_requests_inflight_total{${cluster}})`,
            "waiting for their turn": `sum(minio_s3_requests_waiting_total{${cluster}})`,
        }),
    ];
}

function access({ cluster, bucket }: Series): Panel[] {
    const rateOf = (metric: string, matchers: string, by: string) =>
        `sum by (${by}) (rate(${metric}{${matchers}}[$__rate_interval]))`;
    return [
        lines("Requests by API", "reqps", { "{{api}}": rateOf("minio_s3_requests_total", cluster, "api") }),
        lines("Requests by server", "reqps", { "{{server}}": rateOf("minio_s3_requests_total", cluster, "server") }),
        lines("Traffic", "Bps", {
            received: `sum(rate(minio_s3_traffic_received_bytes{${cluster}}[$__rate_interval]))`,
            sent: `sum(rate(minio_s3_traffic_sent_bytes{${cluster}}[$__rate_interval]))`,
        }),
        lines(
            "Busiest buckets",
            "reqps",
            { "{{bucket}}": `topk(10, ${rateOf("minio_bucket_requests_total", bucket, "bucket")})` },
            { description: "MinIO tells of the first 100 buckets in the order of their names." },
        ),
        lines("Largest buckets", "bytes", {
            "{{bucket}}": `topk(10, max by (bucket) (minio_bucket_usage_total_bytes{${bucket}}))`,
        }),
        lines("Between servers", "Bps", {
            "{{server}}": rateOf("minio_inter_node_traffic_sent_bytes", cluster, "server"),
        }),
    ];
}

function drives({ node, resource }: Series): Panel[] {
    const ofDevice = (metric: string) => `max by (drive) (minio_node_drive_${metric}{${resource}})`;
    const errors = (kind: string) =>
        `max by (server, drive) (increase(minio_node_drive_errors_${kind}{${node}}[$__rate_interval])) > 0`;
    return [
        lines(
            "Use of drives",
            "percentunit",
            {
                "{{server}} {{drive}}":
                    `max by (server, drive) (minio_node_drive_used_bytes{${node}} / ` +
                    `minio_node_drive_total_bytes{${node}})`,
            },
            { from: 0, to: 1 },
        ),
        lines("Reads", "iops", { "{{drive}}": ofDevice("reads_per_sec") }),
        lines("Writes", "iops", { "{{drive}}": ofDevice("writes_per_sec") }),
        lines("Time that devices are busy", "percent", { "{{drive}}": ofDevice("perc_util") }, { from: 0 }),
        lines("Waiting time of device operations", "ms", {
            "{{drive}} read": ofDevice("reads_await"),
            "{{drive}} write": ofDevice("writes_await"),
        }),
        lines("Latency of MinIO's drive operations, slowest server", "µs", {
            "{{api}}": `max by (api) (minio_node_drive_latency_us{${node}})`,
        }),
        lines("Drive errors", "none", {
            "{{server}} {{drive}} time-outs": errors("timeout"),
            "{{server}} {{drive}} I/O": errors("ioerror"),
        }),
    ];
}

function healing({ cluster }: Series): Panel[] {
    const drives = `minio_cluster_health_erasure_set_healing_drives{${cluster}}`;
    return [
        lines("Drives that heal", "none", { "pool {{pool}}, set {{set}}": `max by (pool, set) (${drives})` }),
        lines("Objects", "ops", {
            looked: `sum(rate(minio_heal_objects_total{${cluster}}[$__rate_interval]))`,
            healed: `sum(rate(minio_heal_objects_heal_total{${cluster}}[$__rate_interval]))`,
            failed: `sum(rate(minio_heal_objects_errors_total{${cluster}}[$__rate_interval]))`,
        }),
        lines("Time since a server last healed or checked", "s", {
            "{{server}}": `max by (server) (minio_heal_time_last_activity_nano_seconds{${cluster}}) / 1e9`,
        }),
    ];
}

function kubernetes({ cluster, statefulSets, pods, claims }: Series): Panel[] {
    const replicas = (metric: string) => `max by (statefulset) (kube_statefulset_${metric}{${statefulSets}})`;
    const restarts = `kube_pod_container_status_restarts_total{${pods}}`;
    return [
        timeline("Pods", `max by (pod) (kube_pod_status_ready{${pods},condition="true"})`, "{{pod}}", {
            0: { text: "not ready", color: "red" },
            1: { text: "ready", color: "green" },
        }),
        lines("Rollout", "none", {
            "{{statefulset}} wanted": replicas("replicas"),
            "{{statefulset}} ready": replicas("status_replicas_ready"),
            "{{statefulset}} updated": replicas("status_replicas_updated"),
        }),
        lines("Servers by release", "none", {
            "{{version}}": `count by (version) (minio_software_version_info{${cluster}})`,
        }),
        lines(
            "Use of volumes",
            "percentunit",
            {
                "{{persistentvolumeclaim}}":
                    `max by (persistentvolumeclaim) (kubelet_volume_stats_used_bytes{${claims}} / ` +
                    `kubelet_volume_stats_capacity_bytes{${claims}})`,
            },
            { from: 0, to: 1 },
        ),
        lines("Servers by node", "none", { "{{node}}": `count by (node) (kube_pod_info{${pods},node!=""})` }),
        lines("Restarts of containers", "none", {
            "{{pod}}": `sum by (pod) (increase(${restarts}[$__rate_interval])) > 0`,
        }),
    ];
}
