import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { alertRules } from "../../components/monitoring/alertRules";
import { dashboard, dashboardFile } from "../../components/monitoring/dashboard";
import { clusterMonitor, nodeMonitor } from "../../components/monitoring/serviceMonitors";
import { metricsToken } from "../../components/monitoring/token";
import type { Monitoring } from "../../components/spec/args";
import { clusterOf } from "../../components/spec/cluster";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";

function clusterBy(args: KnownArgs = {}, name = "minio") {
    return clusterOf(name, withDefaults({ monitoring: {}, ...args }));
}

/** The rules of a cluster with these arguments. */
function rulesOf(args: KnownArgs = {}) {
    return alertRules(clusterBy(args)).groups.flatMap(({ rules }) => rules);
}

interface PlacedPanel {
    id: number;
    type: string;
    title: string;
    gridPos: { x: number; y: number; w: number; h: number };
    targets?: { expr: string }[];
}

function panelsOf(args: KnownArgs = {}): PlacedPanel[] {
    return (dashboard(clusterBy(args)) as { panels: PlacedPanel[] }).panels;
}

/** Clusters whose rules and dashboards differ in kind. */
const clusters: [string, KnownArgs][] = [
    ["four servers", {}],
    ["two servers", { replicas: 2 }],
    ["two pools, staged", { expansionPools: [{ replicas: 8 }], partition: 2, namespace: "storage" }],
    ["on delete", { updateStrategy: "OnDelete" }],
    ["sets by a schedule", { snapshots: { className: "fast", maxAgeHours: 26 } }],
];

describe("the token for the metrics", () => {
    it("is the JSON Web Token that MinIO wants", () => {
        // Computed with Python's hmac, hashlib and base64.
        assert.equal(
            metricsToken("admin", "correct horse battery staple"),
            "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJwcm9tZXRoZXVzIiwic3ViIjoiYWRtaW4ifQ." +
                "aHuBHVRw1klPGiV2J8q-VJ2uuLFY8d8QcMPhH3glQY-UNlI1_BUh31vL44GueA1WyuxDdULBSq62EKv4_QFT7Q",
        );
    });

    it("is always the same for the same credentials, and another for others", () => {
        assert.equal(metricsToken("admin", "password"), metricsToken("admin", "password"));
        assert.notEqual(metricsToken("admin", "password"), metricsToken("admin", "passwort"));
        assert.notEqual(metricsToken("admin", "password"), metricsToken("root", "password"));
    });
});

describe("the ServiceMonitors", () => {
    const endpoint = (scrape: string) => ({
        port: "api",
        path: `/minio/v2/metrics/${scrape}`,
        interval: "30s",
        scheme: "http",
        tlsConfig: undefined,
        authorization: { type: "Bearer", credentials: { name: "minio-metrics-token", key: "token" } },
    });
    const job = (scrape: string) => ({ targetLabel: "job", replacement: `minio-${scrape}` });

    it("scrape what tells of all servers once, at the address of the client Service", () => {
        const { selector, endpoints } = clusterMonitor(clusterBy({ namespace: "a" }), "minio-metrics-token");
        assert.deepEqual(selector, { matchLabels: { app: "minio", "minio-cluster/service": "client" } });
        const once = [
            { targetLabel: "__address__", replacement: "minio.a.svc.cluster.local:9000" },
            { action: "labelkeep", regex: "__.+|namespace|service|endpoint|job" },
        ];
        assert.deepEqual(
            endpoints.map(({ metricRelabelings, ...others }) => others),
            ["cluster", "resource", "bucket"].map((scrape) => ({
                ...endpoint(scrape),
                relabelings: [...once, job(scrape)],
            })),
        );
    });

    it("scrape each server at its own address", () => {
        const { selector, endpoints } = nodeMonitor(clusterBy(), "minio-metrics-token");
        assert.deepEqual(selector, { matchLabels: { app: "minio", "minio-cluster/service": "headless" } });
        assert.equal(endpoints.length, 1);
        const { metricRelabelings, ...others } = endpoints[0];
        assert.deepEqual(others, { ...endpoint("node"), relabelings: [job("node")] });
    });

    it("leave out what another scrape has", () => {
        const dropped = ({ endpoints }: ReturnType<typeof nodeMonitor>, metric: string) =>
            endpoints.some(({ metricRelabelings = [] }) =>
                metricRelabelings.some(
                    ({ action, sourceLabels, regex }) =>
                        action === "drop" && sourceLabels?.[0] === "__name__" && RegExp(`^(?:${regex})$`).test(metric),
                ),
            );
        const node = nodeMonitor(clusterBy(), "t");
        assert.ok(dropped(node, "minio_s3_requests_total"));
        assert.ok(!dropped(node, "minio_node_drive_used_bytes"));
        assert.ok(!dropped(node, "minio_cluster_nodes_online_total"));
        const cluster = clusterMonitor(clusterBy(), "t");
        assert.ok(!dropped(cluster, "minio_s3_requests_ttfb_seconds_distribution"));
        assert.ok(!dropped(cluster, "minio_bucket_requests_total"));
    });

    it("verify the servers' certificate", () => {
        for (const [tls, secret] of [
            [{ secretName: "own" }, "own"],
            [{ issuer: { name: "ca" } }, "minio-tls"],
        ] as const) {
            const cluster = clusterBy({ tls, clusterDomain: "example.org" });
            for (const { endpoints } of [clusterMonitor(cluster, "t"), nodeMonitor(cluster, "t")]) {
                for (const { scheme, tlsConfig } of endpoints) {
                    assert.equal(scheme, "https");
                    assert.deepEqual(tlsConfig, {
                        ca: { secret: { name: secret, key: "ca.crt" } },
                        serverName: "minio.default.svc.example.org",
                    });
                }
            }
        }
    });

    it("give Prometheus no token where MinIO wants none", () => {
        const cluster = clusterBy({ environment: { MINIO_PROMETHEUS_AUTH_TYPE: "public" } });
        for (const { endpoints } of [clusterMonitor(cluster, "t"), nodeMonitor(cluster, "t")]) {
            assert.ok(endpoints.every(({ authorization }) => authorization === undefined));
        }
    });

    it("scrape as often as is asked", () => {
        const cluster = clusterBy({ monitoring: { interval: "1m" } });
        for (const { endpoints } of [clusterMonitor(cluster, "t"), nodeMonitor(cluster, "t")]) {
            assert.ok(endpoints.every(({ interval }) => interval === "1m"));
        }
    });
});

describe("the alerts", () => {
    const quorumLimits = (args: KnownArgs, alert: string) =>
        rulesOf(args)
            .filter((rule) => rule.alert === alert)
            .map(({ expr }) => {
                const [, pool, limit] =
                    /erasure_set_online_drives\{[^}]*,pool="(\d+)"\}\) < (\d+)/.exec(expr) ?? assert.fail(expr);
                return [Number(pool), Number(limit)];
            });

    for (const [shape, args, lost, atRisk] of [
        ["4 x 1", { replicas: 4 }, [[0, 3]], [[0, 4]]],
        ["8 x 1", { replicas: 8 }, [[0, 5]], [[0, 6]]],
        ["4 x 4, four drives of the set on each server", { replicas: 4, drivesPerServer: 4 }, [[0, 12]], [[0, 16]]],
        ["2 x 1, where no server may fail", { replicas: 2 }, [[0, 2]], []],
        [
            "4 x 1 and 8 x 1, at the parity of the first",
            { replicas: 4, expansionPools: [{ replicas: 8 }] },
            [
                [0, 3],
                [1, 6],
            ],
            [
                [0, 4],
                [1, 7],
            ],
        ],
    ] as [string, KnownArgs, number[][], number[][]][]) {
        it(`have the quorum of ${shape}`, () => {
            assert.deepEqual(quorumLimits(args, "MinioWriteQuorumLost"), lost);
            assert.deepEqual(quorumLimits(args, "MinioWriteQuorumAtRisk"), atRisk);
        });
    }

    it("are these", () => {
        assert.deepEqual(
            rulesOf().map(({ alert, labels, for: hold }) => `${alert} ${labels.severity} ${hold}`),
            [
                "MinioUnreachable critical 5m",
                "MinioServerOffline warning 5m",
                "MinioServerNotReady warning 15m",
                "MinioDriveOffline warning 5m",
                "MinioWriteQuorumLost critical 1m",
                "MinioWriteQuorumAtRisk critical 5m",
                "MinioAlmostFull warning 15m",
                "MinioAlmostFull critical 5m",
                "MinioFullSoon warning 1h",
                "MinioHealingStuck warning 15m",
                "MinioRolloutStuck warning 5m",
            ],
        );
    });

    it("say of which cluster they are, what they mean, and what to do", () => {
        for (const { labels, annotations } of rulesOf({ namespace: "storage" })) {
            assert.equal(labels.namespace, "storage");
            assert.equal(labels.app, "minio");
            assert.match(annotations.summary, /^MinIO storage\/minio: /);
            for (const text of [annotations.description, annotations.action]) {
                assert.match(text, /^[A-Z].*\.$/);
            }
        }
    });

    it("wait for as many updated servers as the partition allows", () => {
        const stuck = (args: KnownArgs) => rulesOf(args).find(({ alert }) => alert === "MinioRolloutStuck")?.expr;
        assert.match(stuck({}) ?? "", /updated\{[^}]*\} < kube_statefulset_replicas\{[^}]*\} and /);
        assert.match(stuck({ partition: 3 }) ?? "", /updated\{[^}]*\} < kube_statefulset_replicas\{[^}]*\} - 3 and /);
        assert.match(stuck({ rollout: { timeoutSeconds: 1800 } }) ?? "", /\[35m\]\) == 0$/);
        assert.equal(stuck({ updateStrategy: "OnDelete" }), undefined);
    });
});

describe("the dashboard", () => {
    it("is one of its own for each cluster, and the same again", () => {
        const uid = (name: string, namespace: string) =>
            (dashboard(clusterBy({ namespace }, name)) as { uid: string }).uid;
        assert.equal(uid("minio", "a"), uid("minio", "a"));
        assert.equal(new Set([uid("minio", "a"), uid("minio", "b"), uid("other", "a")]).size, 3);
        assert.ok(uid("minio", "a").length <= 40);
        assert.equal(dashboardFile(clusterBy({ namespace: "a" })), "minio-a-minio.json");
    });

    it("asks the Prometheus that is chosen in it", () => {
        const text = JSON.stringify(dashboard(clusterBy()));
        const uids = [...text.matchAll(/"uid":"([^"]*)"/g)].map(([, uid]) => uid);
        assert.deepEqual(new Set(uids.slice(1)), new Set(["$datasource"]));
        assert.match(text, /"name":"datasource","label":"Data source","type":"datasource","query":"prometheus"/);
    });

    it("has panels that fill rows and do not overlap", () => {
        const taken = new Set<string>();
        const panels = panelsOf();
        for (const { gridPos } of panels) {
            assert.ok(gridPos.x >= 0 && gridPos.x + gridPos.w <= 24);
            for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
                for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
                    assert.ok(!taken.has(`${x} ${y}`));
                    taken.add(`${x} ${y}`);
                }
            }
        }
        assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    });

    it("has what the requirements ask to be watched", () => {
        const text = JSON.stringify(panelsOf());
        for (const metric of [
            "minio_s3_requests_ttfb_seconds_distribution",
            "minio_s3_requests_total",
            "minio_s3_requests_errors_total",
            "minio_node_drive_used_bytes",
            "minio_node_drive_reads_per_sec",
            "minio_node_drive_writes_per_sec",
            "minio_heal_objects_heal_total",
            "minio_bucket_requests_total",
            "kube_pod_status_ready",
            "kubelet_volume_stats_used_bytes",
            "kube_pod_info",
            "kube_statefulset_status_replicas_updated",
        ]) {
            assert.ok(text.includes(metric), metric);
        }
    });
});

/** The MinIO ones are tried on real servers too (tests/e2e/monitoring.test.ts). */
const knownMetrics = new Set([
    "up",
    // MinIO RELEASE.2025-09-07T16-13-09Z, cmd/metrics-v2.go.
    "minio_bucket_requests_total",
    "minio_bucket_usage_total_bytes",
    "minio_cluster_capacity_usable_free_bytes",
    "minio_cluster_capacity_usable_total_bytes",
    "minio_cluster_drive_offline_total",
    "minio_cluster_health_erasure_set_healing_drives",
    "minio_cluster_health_erasure_set_online_drives",
    "minio_cluster_health_erasure_set_write_quorum",
    "minio_cluster_health_status",
    "minio_cluster_nodes_offline_total",
    "minio_cluster_nodes_online_total",
    "minio_cluster_usage_object_total",
    "minio_heal_objects_errors_total",
    "minio_heal_objects_heal_total",
    "minio_heal_objects_total",
    "minio_heal_time_last_activity_nano_seconds",
    "minio_inter_node_traffic_sent_bytes",
    "minio_node_drive_errors_ioerror",
    "minio_node_drive_errors_timeout",
    "minio_node_drive_latency_us",
    "minio_node_drive_offline_total",
    "minio_node_drive_total_bytes",
    "minio_node_drive_used_bytes",
    "minio_s3_requests_4xx_errors_total",
    "minio_s3_requests_5xx_errors_total",
    "minio_s3_requests_canceled_total",
    "minio_s3_requests_errors_total",
    "minio_s3_requests_inflight_total",
    "minio_s3_requests_rejected_auth_total",
    "minio_s3_requests_rejected_invalid_total",
    "minio_s3_requests_total",
    "minio_s3_requests_ttfb_seconds_distribution",
    "minio_s3_requests_waiting_total",
    "minio_s3_traffic_received_bytes",
    "minio_s3_traffic_sent_bytes",
    "minio_software_version_info",
    // The same, cmd/metrics-resource.go.
    "minio_node_drive_perc_util",
    "minio_node_drive_reads_await",
    "minio_node_drive_reads_per_sec",
    "minio_node_drive_writes_await",
    "minio_node_drive_writes_per_sec",
    // kube-state-metrics 2.17, docs/metrics/workload/statefulset-metrics.md and pod-metrics.md; configmap-metrics.md.
    "kube_configmap_created",
    "kube_pod_container_status_restarts_total",
    "kube_pod_info",
    "kube_pod_status_ready",
    "kube_statefulset_replicas",
    "kube_statefulset_status_current_revision",
    "kube_statefulset_status_replicas_ready",
    "kube_statefulset_status_replicas_updated",
    "kube_statefulset_status_update_revision",
    // kubelet 1.35, pkg/kubelet/metrics/metrics.go (kubelet_ and VolumeStats…BytesKey).
    "kubelet_volume_stats_capacity_bytes",
    "kubelet_volume_stats_used_bytes",
]);

describe("every expression of rules and dashboard", () => {
    for (const [what, args] of clusters) {
        const expressions = [
            ...rulesOf(args).map(({ expr }) => expr),
            ...panelsOf(args).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
        ];

        it(`is sound and of known metrics: ${what}`, () => {
            for (const expr of expressions) {
                const bare = expr.replace(/"[^"]*"/g, "''");
                assertBalanced(bare, expr);
                const metrics = bare.match(/\b(minio|kube|kubelet)_\w+|\bup\b/g) ?? [];
                assert.ok(metrics.length > 0, `no metric in ${expr}`);
                for (const metric of metrics) {
                    assert.ok(knownMetrics.has(metric), `${metric} in ${expr}`);
                }
            }
        });

        it(`is of this cluster alone: ${what}`, () => {
            const namespace = args.namespace ?? "default";
            for (const expr of expressions) {
                const selectors = expr.match(/\{[^}]*\}/g) ?? [];
                assert.equal(selectors.length, expr.match(/\b(minio|kube|kubelet)_\w+(?=\{)|\bup(?=\{)/g)?.length);
                for (const selector of selectors) {
                    assert.match(
                        selector,
                        new RegExp(
                            `^\\{namespace="${namespace}",(job|pod|statefulset|persistentvolumeclaim|configmap)=~?"[^"]*minio`,
                        ),
                    );
                }
            }
        });
    }

    it("tells pods and claims of other clusters apart", () => {
        const matches = (text: string, label: string, value: string) => {
            const [, pattern] = new RegExp(`${label}=~"([^"]*)"`).exec(text) ?? assert.fail(label);
            return new RegExp(`^(?:${pattern})$`).test(value);
        };
        const text = panelsOf({ expansionPools: [{}] }).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
        const all = text.join("\n");
        for (const pod of ["minio-0", "minio-15", "minio-pool-1-3"]) {
            assert.ok(matches(all, "pod", pod), pod);
            assert.ok(matches(all, "persistentvolumeclaim", `data-${pod}`));
            assert.ok(matches(all, "persistentvolumeclaim", `data1-${pod}`));
        }
        for (const pod of ["minio-two-0", "minio-pool-0", "other-minio-0", "minio"]) {
            assert.ok(!matches(all, "pod", pod), pod);
            assert.ok(!matches(all, "persistentvolumeclaim", `data-${pod}`));
        }
    });
});

function assertBalanced(bare: string, expr: string): void {
    const closes: Record<string, string> = { ")": "(", "]": "[", "}": "{" };
    const open: string[] = [];
    for (const char of bare) {
        if (Object.values(closes).includes(char)) {
            open.push(char);
        } else if (char in closes) {
            assert.equal(open.pop(), closes[char], expr);
        }
    }
    assert.deepEqual(open, [], expr);
}

describe("createMonitoring", () => {
    interface Registered {
        type: string;
        name: string;
        inputs: any;
    }

    /** What is registered with the engine, by mocks. */
    async function registeredBy(args: Monitoring, labels?: Record<string, string>) {
        const registered: Registered[] = [];
        await pulumi.runtime.setMocks({
            newResource({ type, name, inputs }) {
                registered.push({ type, name, inputs });
                return { id: `${name}-id`, state: inputs };
            },
            call: ({ inputs }) => inputs,
        });
        const { createMonitoring } = await import("../../components/monitoring/monitoring");
        const cluster = clusterBy({ monitoring: args as KnownArgs["monitoring"], labels, namespace: "a" });
        const credentials = { rootUser: pulumi.output("admin"), rootPassword: pulumi.secret("password") };
        const made = createMonitoring({ ...cluster, resolved: pulumi.output(cluster) }, args, credentials, {});
        await Promise.all(
            Object.values(made).map(
                (resource) =>
                    new Promise(
                        (resolve) => (resource as pulumi.CustomResource | undefined)?.id.apply(resolve) ?? resolve(0),
                    ),
            ),
        );
        return { made, registered };
    }

    const find = (registered: Registered[], type: string, name: string) =>
        registered.find((resource) => resource.type === type && resource.name === name)?.inputs ?? assert.fail(name);

    it("makes these objects", async () => {
        const { registered } = await registeredBy({});
        assert.deepEqual(registered.map(({ type, name }) => `${type} ${name}`).sort(), [
            "kubernetes:core/v1:ConfigMap minio-dashboard",
            "kubernetes:core/v1:Secret minio-metrics-token",
            "kubernetes:monitoring.coreos.com/v1:PrometheusRule minio",
            "kubernetes:monitoring.coreos.com/v1:ServiceMonitor minio-cluster",
            "kubernetes:monitoring.coreos.com/v1:ServiceMonitor minio-node",
        ]);
        for (const { inputs, name } of registered) {
            assert.equal(inputs.metadata.namespace, "a");
            assert.equal(inputs.metadata.name, name);
            assert.equal(inputs.metadata.labels.app, "minio");
        }
    });

    it("leaves out what is not wanted, and never the token", async () => {
        const { registered, made } = await registeredBy({ serviceMonitor: false, rules: false, dashboard: false });
        assert.deepEqual(
            registered.map(({ name }) => name),
            ["minio-metrics-token"],
        );
        assert.equal(made.rules, undefined);
    });

    it("keeps the token a secret", async () => {
        const { registered, made } = await registeredBy({});
        assert.equal(await pulumi.isSecret(made.token.stringData), true);
        const { stringData } = find(registered, "kubernetes:core/v1:Secret", "minio-metrics-token");
        const token = stringData.token?.value ?? stringData.value?.token ?? stringData.token;
        assert.equal(token, metricsToken("admin", "password"));
        for (const { name, inputs } of registered.filter(({ name }) => name !== "minio-metrics-token")) {
            assert.ok(!JSON.stringify(inputs).includes(token), name);
        }
    });

    it("has the labels by which Prometheus and Grafana select", async () => {
        const args = { labels: { release: "prometheus" } };
        const { registered } = await registeredBy(args, { team: "storage", release: "minio" });
        for (const [type, name] of [
            ["kubernetes:monitoring.coreos.com/v1:ServiceMonitor", "minio-cluster"],
            ["kubernetes:monitoring.coreos.com/v1:ServiceMonitor", "minio-node"],
            ["kubernetes:monitoring.coreos.com/v1:PrometheusRule", "minio"],
        ]) {
            const { labels } = find(registered, type, name).metadata;
            assert.equal(labels.release, "prometheus");
            assert.equal(labels.team, "storage");
        }
        const config = find(registered, "kubernetes:core/v1:ConfigMap", "minio-dashboard");
        assert.equal(config.metadata.labels.grafana_dashboard, "1");
        assert.equal(JSON.parse(config.data["minio-a-minio.json"]).title, "MinIO a/minio");
    });
});
