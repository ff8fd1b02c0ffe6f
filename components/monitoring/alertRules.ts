import type { PoolTopology, Topology } from "../minio/topology";
import type { Cluster } from "../spec/cluster";
import { type RolloutView, rolloutView } from "./rolloutView";
import { type Series, seriesOf } from "./series";

/** What a PrometheusRule (`monitoring.coreos.com/v1`) asks for. */
export interface AlertRules {
    groups: { name: string; rules: AlertRule[] }[];
}

export interface AlertRule {
    alert: string;
    /** PromQL: the alert stands for each series that it gives. */
    expr: string;
    /** How long it must hold before the alert fires. */
    for: string;
    labels: Record<string, string>;
    annotations: Texts;
}

/** What people read of an alert. `{{ … }}` is filled in by Prometheus. */
interface Texts {
    /** What is, in a line. */
    summary: string;
    /** What it means. */
    description: string;
    /** What to do. */
    action: string;
}

/** Makes a rule: `expr` must hold for the time `hold`. */
type RuleMaker = (
    alert: string,
    severity: "warning" | "critical",
    hold: string,
    expr: string,
    texts: Texts,
) => AlertRule;

/**
 * The alerts of a cluster; their limits are those of its topology. Metrics named `minio_*` are those of MinIO's
 * `cmd/metrics-v2.go`, RELEASE.2025-09-07, `kube_*` those of kube-state-metrics. Without the latter, the alerts on
 * ready and updated servers never fire, and some others fire during a long update too.
 */
export function alertRules(cluster: Cluster): AlertRules {
    const { names, spec, topology } = cluster;
    const series = seriesOf(cluster);
    const rollout = rolloutView(cluster, series);
    const pods = `kubectl get pods --namespace=${spec.namespace} --selector=app=${names.cluster} --output=wide`;
    const which = `${spec.namespace}/${names.cluster}`;
    const rule: RuleMaker = (alert, severity, hold, expr, { summary, ...texts }) => ({
        alert,
        expr,
        for: hold,
        labels: { severity, namespace: spec.namespace, app: names.cluster },
        annotations: { summary: `MinIO ${which}: ${summary}`, ...texts },
    });
    const rules = [
        ...serverRules(series, topology, rollout, pods, rule),
        ...topology.pools.flatMap((pool, index) => quorumRules(series, pool, index, rollout, rule)),
        ...capacityRules(series, rule),
        healingRule(series, rule),
        ...(spec.snapshots?.maxAgeHours === undefined ? [] : [setRule(series, spec.snapshots.maxAgeHours, rule)]),
        // With OnDelete people restart the servers when they like: that may take days.
        ...(spec.updateStrategy === "OnDelete" ? [] : [rolloutRule(rollout, pods, rule)]),
    ];
    return { groups: [{ name: `${spec.namespace}-${names.cluster}`, rules }] };
}

function serverRules(
    { cluster, node, statefulSets }: Series,
    { servers, serversThatMayFailForReads, serversThatMayFailForWrites }: Topology,
    rollout: RolloutView,
    pods: string,
    rule: RuleMaker,
): AlertRule[] {
    const offline = `max(minio_cluster_nodes_offline_total{${cluster}}) > 0`;
    const replicas = (metric: string) => `kube_statefulset_${metric}{${statefulSets}}`;
    return [
        rule("MinioUnreachable", "critical", "5m", `absent(up{${cluster}} == 1)`, {
            summary: "no server answers",
            description:
                "Prometheus cannot read the metrics of the cluster through its Service: no server is ready, or the " +
                "scrape itself fails. Most other alerts of the cluster see nothing meanwhile.",
            action:
                `Look at the servers: ${pods}. If all are ready, look at the target's error in Prometheus: 403 is a ` +
                "wrong token; a time-out is a NetworkPolicy that does not let Prometheus in (networkPolicy.scrapers).",
        }),
        rule("MinioServerOffline", "warning", "5m", rollout.except(offline), {
            summary: `{{ $value }} of ${servers} servers are offline`,
            description:
                `Other servers do not reach them. Writes go on with any ${serversThatMayFailForWrites} servers gone, ` +
                `reads with any ${serversThatMayFailForReads}.`,
            action: `Look for pods that do not run, then at their events and logs: ${pods}.`,
        }),
        rule(
            "MinioServerNotReady",
            "warning",
            "15m",
            rollout.except(`${replicas("status_replicas_ready")} < ${replicas("replicas")}`),
            {
                summary: "only {{ $value }} servers of StatefulSet {{ $labels.statefulset }} are ready",
                description: "The others get no requests: they do not run, or wait for their peers or drives.",
                action: `Describe those that are not ready, and read their logs: ${pods}.`,
            },
        ),
        rule("MinioDriveOffline", "warning", "5m", `max by (server) (minio_node_drive_offline_total{${node}}) > 0`, {
            summary: "{{ $value }} drives of server {{ $labels.server }} are offline",
            description: "The server runs, but a drive of it fails, or is not the one that belongs there.",
            action:
                "Find the drive with `mc admin info ALIAS`, and the cause in the server's log. If the drive is lost, " +
                "delete its claim and then its pod: the new, empty drive is healed by itself.",
        }),
    ];
}

/**
 * A pool's write quorum: lost, or lost with the next server. The latter only where any server may fail at all;
 * elsewhere it would always stand.
 */
function quorumRules(
    { cluster }: Series,
    { erasureSetSize, servers, writeQuorum, serversThatMayFailForWrites }: PoolTopology,
    pool: number,
    rollout: RolloutView,
    rule: RuleMaker,
): AlertRule[] {
    const metric = "minio_cluster_health_erasure_set_online_drives";
    const online = `min by (pool, set) (${metric}{${cluster},pool="${pool}"})`;
    // Drives of one set on one server: sets lie evenly over the servers.
    const lostWithServer = Math.max(1, erasureSetSize / servers);
    const summary =
        `{{ $value }} of ${erasureSetSize} drives of pool ${pool}, set {{ $labels.set }} are online, ` +
        `and a write needs ${writeQuorum}`;
    const action = "Bring back the servers or drives that are gone. Until then drain no node and start no update.";
    const lost = rule("MinioWriteQuorumLost", "critical", "1m", `${online} < ${writeQuorum}`, {
        summary: `${summary}: writes fail`,
        description: "Objects that belong to this set cannot be written; with still fewer drives they cannot be read.",
        action,
    });
    const atRisk = `${online} < ${writeQuorum + lostWithServer} >= ${writeQuorum}`;
    return serversThatMayFailForWrites === 0
        ? [lost]
        : [
              lost,
              rule("MinioWriteQuorumAtRisk", "critical", "5m", rollout.except(atRisk), {
                  summary: `${summary}: no other server may fail`,
                  description: `With another server, ${lostWithServer} of the set's drives go, and writes fail.`,
                  action,
              }),
          ];
}

/** One name for both, as by Alertmanager's usual inhibition a critical alert silences the warning of its name. */
function capacityRules(series: Series, rule: RuleMaker): AlertRule[] {
    const full = (severity: "warning" | "critical", hold: string, percent: number) =>
        rule("MinioAlmostFull", severity, hold, `${usedShare(series)} > ${percent / 100}`, {
            summary: "{{ $value | humanizePercentage }} of the capacity is used",
            description:
                `More than ${percent} %. For a write MinIO wants twice the object's size free on the drives, and 1 % ` +
                "of them left: large objects are refused first.",
            action: makeRoom,
        });
    return [full("warning", "15m", 90), full("critical", "5m", 95), fullSoonRule(series, rule)];
}

const makeRoom = "Delete what is not needed, raise storageSize, or add a pool (expansionPools).";

const daysBeforeFull = 3;

/**
 * By the share that is used, and not by bytes: these fall with every server that is away. Two hours of it must be
 * known, as what the first minutes tell is nobody's pace. What was written at once, as from a backup, is in the pace of
 * the day for a day: so the pace of the last hours must be such, too. MinIO leaves 1 % of the drives free
 * (`diskFillFraction` in `cmd/globals.go`).
 */
function fullSoonRule(series: Series, rule: RuleMaker): AlertRule {
    const used = `(${usedShare(series)})`;
    const isSoonBy = (pace: string) =>
        `((0.99 - ${used}) / deriv(${used}[${pace}:5m]) > 0) < ${daysBeforeFull * 86_400}`;
    const isKnown = `max(max_over_time(minio_cluster_capacity_usable_total_bytes{${series.cluster}}[10m] offset 2h))`;
    return rule("MinioFullSoon", "warning", "1h", `${isSoonBy("1d")} and ${isSoonBy("6h")} and ${isKnown}`, {
        summary: "it is full in {{ $value | humanizeDuration }}",
        description:
            "That is so if it fills as it did for a day, and in its last 6 hours. When the drives are full, " +
            "writes fail.",
        action: makeRoom,
    });
}

/** The share of the usable capacity that is used, from 0 to 1. */
export function usedShare({ cluster }: Pick<Series, "cluster">): string {
    const bytes = (kind: string) => `max(minio_cluster_capacity_usable_${kind}_bytes{${cluster}})`;
    return `1 - ${bytes("free")} / ${bytes("total")}`;
}

function healingRule({ cluster }: Series, rule: RuleMaker): AlertRule {
    const healing = `max by (pool, set) (minio_cluster_health_erasure_set_healing_drives{${cluster}}) > 0`;
    const healed = `sum(increase(minio_heal_objects_heal_total{${cluster}}[1h])) > 0`;
    return rule("MinioHealingStuck", "warning", "15m", `${healing} unless on () (${healed})`, {
        summary: "{{ $value }} drives of pool {{ $labels.pool }}, set {{ $labels.set }} do not get healed",
        description:
            "MinIO heals them, but no object was healed for an hour. Meanwhile objects have fewer shards than they " +
            "should, and a guided update restarts no server.",
        action:
            "See `mc admin heal ALIAS --verbose`, and what the servers log about healing. Restart the pod of the " +
            "drive: healing then goes on from where it was.",
    });
}

/**
 * No metric tells of a set itself. But its record is a ConfigMap, which is made when the set is whole, and only then.
 */
function setRule({ sets }: Series, hours: number, rule: RuleMaker): AlertRule {
    const created = `kube_configmap_created{${sets}}`;
    const tooOld = `time() - max(${created}) > ${hours * 3600}`;
    return rule("MinioNoRecentSet", "warning", "15m", `${tooOld} or absent(${created})`, {
        summary: `no set of snapshots was taken for ${hours} hours`,
        description:
            "The schedule did not run, or failed, or kube-state-metrics does not tell of ConfigMaps. Objects " +
            "that are " +
            "deleted or overwritten by mistake come back only as they were in the newest set.",
        action: "Look at the last runs of the schedule, and at the set in `npx minio-cluster status`. Then run the schedule again.",
    });
}

function rolloutRule({ minutes, stuck }: RolloutView, pods: string, rule: RuleMaker): AlertRule {
    return rule("MinioRolloutStuck", "warning", "5m", stuck, {
        summary: "only {{ $value }} servers of StatefulSet {{ $labels.statefulset }} are updated",
        description: `An update is under way, and no further server was updated for ${minutes} minutes.`,
        action:
            `See what the newest pod waits for: ${pods}. Then run \`pulumi up\` again, which goes on from where it ` +
            "is, or set the old values back.",
    });
}
