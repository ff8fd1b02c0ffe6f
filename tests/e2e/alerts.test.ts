import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alertRules } from "../../components/monitoring/alertRules";
import { clusterOf } from "../../components/spec/cluster";
import { withDefaults } from "../../components/spec/spec";
import { folderOf } from "../../devcluster/toolchain/component";
import { prometheus, watchers } from "../../devcluster/toolchain/components";
import { installToolchain } from "../../devcluster/toolchain/install";
import { succeed } from "../support/project";

const ofCluster = 'namespace="storage",job="minio-cluster"';
const ofNode = 'namespace="storage",job="minio-node"';
const ofSet = `${ofCluster},pool="0",set="0"`;
const ofStates = 'namespace="storage",statefulset="minio"';

const newestSet = 'kube_configmap_created{namespace="storage",configmap="minio-snapshots-nightly"}';

/** What a sound cluster of four servers tells, in promtool's notation: a value, and how it goes on. */
const sound: Record<string, string> = {
    [`up{${ofCluster}}`]: "1+0x1300",
    [`minio_cluster_nodes_offline_total{${ofCluster}}`]: "0+0x1300",
    [`minio_node_drive_offline_total{${ofNode},server="minio-0"}`]: "0+0x1300",
    [`minio_cluster_health_erasure_set_online_drives{${ofSet}}`]: "4+0x1300",
    [`minio_cluster_health_erasure_set_healing_drives{${ofSet}}`]: "0+0x1300",
    [`minio_heal_objects_heal_total{${ofCluster}}`]: "5+0x1300",
    [`minio_cluster_capacity_usable_total_bytes{${ofCluster}}`]: "100+0x1300",
    [`minio_cluster_capacity_usable_free_bytes{${ofCluster}}`]: "50+0x1300",
    [`kube_statefulset_replicas{${ofStates}}`]: "4+0x1300",
    [`kube_statefulset_status_replicas_ready{${ofStates}}`]: "4+0x1300",
    [`kube_statefulset_status_replicas_updated{${ofStates}}`]: "4+0x1300",
    [`kube_statefulset_status_current_revision{${ofStates},revision="a"}`]: "1+0x1300",
    [`kube_statefulset_status_update_revision{${ofStates},revision="a"}`]: "1+0x1300",
    // A set at each moment.
    [newestSet]: "0+30x1300",
};

const oneAway = {
    [`minio_cluster_nodes_offline_total{${ofCluster}}`]: "1+0x1300",
    [`minio_cluster_health_erasure_set_online_drives{${ofSet}}`]: "3+0x1300",
    [`kube_statefulset_status_replicas_ready{${ofStates}}`]: "3+0x1300",
};

/** What is otherwise than in a sound cluster, and which alerts fire after which time. */
const stories: Record<string, { differs: Record<string, string>; fires: Record<string, string[]> }> = {
    "nothing happens": { differs: {}, fires: { "3h": [] } },
    "a server is away": {
        differs: oneAway,
        fires: {
            "4m": [],
            "6m": ["MinioServerOffline", "MinioWriteQuorumAtRisk"],
            "16m": ["MinioServerNotReady", "MinioServerOffline", "MinioWriteQuorumAtRisk"],
        },
    },
    "two servers are away": {
        differs: {
            [`minio_cluster_nodes_offline_total{${ofCluster}}`]: "2+0x1300",
            [`minio_cluster_health_erasure_set_online_drives{${ofSet}}`]: "2+0x1300",
        },
        fires: { "2m": ["MinioWriteQuorumLost"], "6m": ["MinioServerOffline", "MinioWriteQuorumLost"] },
    },
    "no server answers": {
        differs: { [`up{${ofCluster}}`]: "0+0x1300" },
        fires: { "4m": [], "6m": ["MinioUnreachable"] },
    },
    "a drive fails": {
        differs: { [`minio_node_drive_offline_total{${ofNode},server="minio-0"}`]: "1+0x1300" },
        fires: { "4m": [], "6m": ["MinioDriveOffline"] },
    },
    "an update gets on, one server after another": {
        differs: {
            // Another one every 5 minutes.
            [`kube_statefulset_status_replicas_updated{${ofStates}}`]: "0x9 1x9 2x9 3x9 4x1300",
            [`kube_statefulset_status_update_revision{${ofStates},revision="a"}`]: "_x40 1x1300",
            [`kube_statefulset_status_update_revision{${ofStates},revision="b"}`]: "1x39",
            [`minio_cluster_nodes_offline_total{${ofCluster}}`]: "1x39 0x1300",
            [`minio_cluster_health_erasure_set_online_drives{${ofSet}}`]: "3x39 4x1300",
            [`kube_statefulset_status_replicas_ready{${ofStates}}`]: "3x39 4x1300",
        },
        fires: { "9m": [], "14m": [], "19m": [], "40m": [] },
    },
    "an update is stuck": {
        differs: {
            ...oneAway,
            [`kube_statefulset_status_update_revision{${ofStates},revision="a"}`]: "_x1300",
            [`kube_statefulset_status_update_revision{${ofStates},revision="b"}`]: "1+0x1300",
            [`kube_statefulset_status_replicas_updated{${ofStates}}`]: "1+0x1300",
        },
        fires: {
            "30m": ["MinioRolloutStuck", "MinioServerNotReady", "MinioServerOffline", "MinioWriteQuorumAtRisk"],
        },
    },
    "the drives fill": {
        differs: { [`minio_cluster_capacity_usable_free_bytes{${ofCluster}}`]: "8+0x1300" },
        fires: { "14m": [], "16m": ["MinioAlmostFull"] },
    },
    "the drives are all but full": {
        differs: { [`minio_cluster_capacity_usable_free_bytes{${ofCluster}}`]: "3+0x1300" },
        fires: { "4m": [], "6m": ["MinioAlmostFull"] },
    },
    "the drives are full in five hours, if they fill as they do": {
        differs: { [`minio_cluster_capacity_usable_free_bytes{${ofCluster}}`]: "50-0.05x1300" },
        fires: { "2h50m": [], "3h10m": ["MinioFullSoon"] },
    },
    "the drives are full in a week, if they fill as they do": {
        differs: { [`minio_cluster_capacity_usable_free_bytes{${ofCluster}}`]: "50-0.002x1300" },
        fires: { "3h10m": [] },
    },
    "much is written at once, and nothing after it": {
        differs: {
            [`minio_cluster_capacity_usable_total_bytes{${ofCluster}}`]: "100x1300",
            [`minio_cluster_capacity_usable_free_bytes{${ofCluster}}`]: "50x60 20x1240",
        },
        fires: { "9h": [] },
    },
    "a drive is away for a while, and its room with it": {
        differs: {
            [`minio_cluster_capacity_usable_total_bytes{${ofCluster}}`]: "100x100 75x1200",
            [`minio_cluster_capacity_usable_free_bytes{${ofCluster}}`]: "50x100 37.5x1200",
        },
        fires: { "3h10m": [] },
    },
    "no set of snapshots is taken any more": {
        differs: { [newestSet]: "0+0x1300", [newestSet.replace("nightly", "older")]: "-3600+0x1300" },
        fires: { "2h10m": [], "2h20m": ["MinioNoRecentSet"] },
    },
    "no set of snapshots is known": {
        differs: { [newestSet]: "_x1300" },
        fires: { "14m": [], "16m": ["MinioNoRecentSet"] },
    },
    "drives heal": {
        differs: {
            [`minio_cluster_health_erasure_set_healing_drives{${ofSet}}`]: "1+0x1300",
            [`minio_heal_objects_heal_total{${ofCluster}}`]: "5+10x1300",
        },
        fires: { "3h": [] },
    },
    "drives do not get healed": {
        differs: { [`minio_cluster_health_erasure_set_healing_drives{${ofSet}}`]: "1+0x1300" },
        fires: { "14m": [], "16m": ["MinioHealingStuck"] },
    },
};

/** By `promtool test rules`: Prometheus itself says what fires when. */
describe("alerts, when this goes on:", () => {
    const folder = mkdtempSync(join(tmpdir(), "minio-alerts-"));
    before(async () => {
        await installToolchain(watchers);
        const snapshots = { className: "fast", maxAgeHours: 2 };
        const cluster = clusterOf("minio", withDefaults({ namespace: "storage", monitoring: {}, snapshots }));
        writeFileSync(join(folder, "rules.json"), JSON.stringify(alertRules(cluster)));
    });
    after(() => rmSync(folder, { recursive: true }));

    for (const [story, { differs, fires }] of Object.entries(stories)) {
        it(story, async () => {
            const series = { ...sound, ...differs };
            const expr = 'count by (alertname) (ALERTS{alertstate="firing"})';
            const tests = {
                rule_files: ["rules.json"],
                evaluation_interval: "30s",
                tests: [
                    {
                        interval: "30s",
                        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
                        promql_expr_test: Object.entries(fires).map(([time, names]) => ({
                            expr,
                            eval_time: time,
                            exp_samples: names.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
                        })),
                    },
                ],
            };
            const file = join(folder, "tests.json");
            writeFileSync(file, JSON.stringify(tests));
            await succeed(join(folderOf(prometheus), "promtool"), ["test", "rules", file]);
        });
    }
});
