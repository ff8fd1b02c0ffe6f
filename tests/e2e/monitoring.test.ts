import assert from "node:assert/strict";
import { S3ServiceException } from "@aws-sdk/client-s3";
import { snapshotClass } from "../../devcluster/cluster/storage";
import { itInLongForm } from "../support/longForm";
import { makeOperatorKinds, removeOperatorKinds } from "../support/operatorKinds";
import { kubectl, kubectlJson, Project } from "../support/project";
import { Prometheus } from "../support/prometheus";
import { get, makeBucket, put, s3Of } from "../support/s3";
import { stepByStep } from "../support/stepByStep";
import { until } from "../support/until";

/** Metrics that a sound cluster does not have yet, and why. */
const conditional: Record<string, string> = {
    minio_s3_requests_5xx_errors_total: "an API appears with its first request that failed by the server's fault",
    minio_s3_requests_canceled_total: "an API appears with its first request that the client gave up",
    minio_heal_objects_errors_total: "appears with the first object that could not be healed",
};

describe("monitoring", () => {
    stepByStep();
    const project = new Project("e2e-monitoring");
    const inNamespace = `--namespace=${project.namespace}`;
    let token: string;
    /** Where each scrape is made: the client Service, and each server. */
    let service: string;
    let servers: string[];

    const read = (host: string, scrape: string, bearer?: string) =>
        fetch(`http://${host}:9000/minio/v2/metrics/${scrape}`, {
            headers: bearer ? { authorization: `Bearer ${bearer}` } : {},
        });

    before(async () => {
        await makeOperatorKinds();
        // The scanner counts objects and buckets, by default a minute after the start for the first time.
        const snapshots = { className: snapshotClass, sets: ["first"], maxAgeHours: 26 };
        await project.init({ monitoring: {}, environment: { MINIO_SCANNER_CYCLE: "2s" }, snapshots });
        await project.succeed("up", "--yes", "--skip-preview");
        const s3 = await s3Of(project);
        await makeBucket(s3, "watched");
        await put(s3, "watched", "object", Buffer.alloc(1 << 20));
        await get(s3, "watched", "object");
        await assert.rejects(get(s3, "watched", "none"), S3ServiceException);
        service = (await kubectlJson("get", "service", "minio", inNamespace)).spec.clusterIP;
        const { items } = await kubectlJson("get", "pods", inNamespace, "--selector=app=minio");
        servers = items.map((pod: any) => pod.status.podIP);
        const { data } = await kubectlJson("get", "secret", "minio-metrics-token", inNamespace);
        token = Buffer.from(data.token, "base64").toString();
    });
    after(async () => {
        await project.remove();
        await removeOperatorKinds();
    });

    it("makes a token, ServiceMonitors, rules and a dashboard", async () => {
        const kinds = "secret,configmap,servicemonitor,prometheusrule";
        const { items } = await kubectlJson("get", kinds, inNamespace, "--selector=app=minio");
        assert.deepEqual(items.map((item: any) => `${item.kind} ${item.metadata.name}`).sort(), [
            "ConfigMap minio-dashboard",
            "ConfigMap minio-snapshots-first",
            "PrometheusRule minio",
            "Secret minio-metrics-token",
            "Secret minio-secret",
            "ServiceMonitor minio-cluster",
            "ServiceMonitor minio-node",
        ]);
    });

    it("keeps the token out of the state's plain text", async () => {
        const state = await project.succeed("stack", "export");
        assert.ok(!state.includes(token));
        assert.ok(!state.includes(Buffer.from(token).toString("base64")));
    });

    it("selects one Service by each ServiceMonitor", async () => {
        for (const [monitor, selected] of [
            ["minio-cluster", "minio"],
            ["minio-node", "minio-headless"],
        ]) {
            const { spec } = await kubectlJson("get", "servicemonitor", monitor, inNamespace);
            const labels = Object.entries(spec.selector.matchLabels).map(([label, value]) => `${label}=${value}`);
            const { items } = await kubectlJson("get", "services", inNamespace, `--selector=${labels.join(",")}`);
            assert.deepEqual(
                items.map((item: any) => item.metadata.name),
                [selected],
            );
        }
    });

    it("changes nothing on a second up: the token is the same again", async () => {
        await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
    });

    it("gives metrics for the token, and none without", async () => {
        const scrapes = [
            ...["cluster", "resource", "bucket"].map((scrape) => [service, scrape]),
            ...servers.map((server) => [server, "node"]),
        ];
        assert.equal(scrapes.length, 7);
        for (const [host, scrape] of scrapes) {
            assert.equal((await read(host, scrape)).status, 403, scrape);
            assert.equal((await read(host, scrape, `${token.slice(0, -2)}AA`)).status, 403, scrape);
            assert.equal((await read(host, scrape, token)).status, 200, scrape);
        }
    });

    it("tells of every server in one answer: it need not be asked for at each", async () => {
        for (const [scrape, metric] of [
            ["cluster", "minio_s3_traffic_sent_bytes"],
            ["resource", "minio_node_mem_total"],
        ]) {
            const text = await (await read(service, scrape, token)).text();
            const told = text.match(new RegExp(`^${metric}\\{.*server="minio-\\d+`, "gm")) ?? [];
            assert.equal(new Set(told).size, 4, `${metric} of ${scrape}`);
        }
    });

    describe("a Prometheus with the guide's configuration", () => {
        let prometheus: Prometheus;
        before(async () => {
            prometheus = await Prometheus.of(project.namespace);
        });
        after(() => prometheus?.stop());

        it("scrapes the cluster once, and every server", async () => {
            const targets = await prometheus.targets();
            assert.deepEqual(
                targets.filter(({ health }) => health !== "up").map(({ lastError }) => lastError),
                [],
            );
            const jobs = targets.map(({ labels }) => labels.job).filter((job) => job.startsWith("minio-"));
            assert.deepEqual(jobs.sort(), [
                "minio-bucket",
                "minio-cluster",
                ...servers.map(() => "minio-node"),
                "minio-resource",
            ]);
        });

        it("has every series that the rules and the dashboard use", async function () {
            this.timeout(300_000);
            const rules = await kubectlJson("get", "prometheusrule", "minio", inNamespace);
            const { data } = await kubectlJson("get", "configmap", "minio-dashboard", inNamespace);
            const dashboard = JSON.parse(data["minio-e2e-monitoring-minio.json"]);
            const expressions: string[] = [
                ...rules.spec.groups.flatMap((group: any) => group.rules.map((rule: any) => rule.expr)),
                ...dashboard.panels.flatMap((panel: any) => (panel.targets ?? []).map((target: any) => target.expr)),
            ];
            const used = new Set(expressions.flatMap((expr) => expr.match(/\b[a-z_0-9]+\{[^}]+\}/g) ?? []));
            assert.ok(used.size >= 45, `only ${used.size} series`);
            assert.ok(
                [...used].some((series) => series.startsWith("kube_configmap_created{")),
                "no alert on old sets",
            );
            // Servers keep what they answer for up to a minute.
            let missing = [...used].filter((series) => !(series.replace(/\{.*/, "") in conditional));
            const found = async (series: string) => (await prometheus.query(`count(${series})`)).length > 0;
            await until(
                "every series is there",
                async () => {
                    const there = await Promise.all(missing.map(found));
                    missing = missing.filter((_, index) => !there[index]);
                    return missing.length === 0;
                },
                { seconds: 240, milliseconds: 2_000, why: () => missing.join("\n") },
            );
        });

        it("takes every rule, and has nothing to tell of a sound cluster", async () => {
            const rules = await prometheus.rules();
            assert.ok(rules.length >= 10, `only ${rules.length} rules`);
            assert.deepEqual(
                rules.filter(({ health, state }) => health !== "ok" || state !== "inactive"),
                [],
            );
        });

        itInLongForm("tells of a server that is away", async () => {
            await kubectl("scale", "statefulset/minio", "--replicas=3", inNamespace);
            let told: string[] = [];
            await until(
                "alerts are on their way",
                async () => {
                    const pending = (await prometheus.rules()).filter(({ state }) => state === "pending");
                    told = pending.map(({ name }) => name);
                    return told.includes("MinioServerOffline") && told.includes("MinioWriteQuorumAtRisk");
                },
                { seconds: 150, milliseconds: 2_000, why: () => told.join(" ") },
            );
            await kubectl("scale", "statefulset/minio", "--replicas=4", inNamespace);
        });
    });
});
