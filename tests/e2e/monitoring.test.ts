import assert from "node:assert/strict";
import { S3ServiceException } from "@aws-sdk/client-s3";
import { execute, kubectl, kubectlJson, Project, succeed } from "./project";
import { get, makeBucket, put, s3Of } from "./s3";
import { stepByStep } from "./stepByStep";

/** The kinds of the Prometheus operator, which the embedded cluster has not: taken as they are, unchecked. */
const definitions = [
    ["ServiceMonitor", "servicemonitors"],
    ["PrometheusRule", "prometheusrules"],
].map(([kind, plural]) => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.monitoring.coreos.com` },
    spec: {
        group: "monitoring.coreos.com",
        scope: "Namespaced",
        names: { kind, plural, singular: kind.toLowerCase() },
        versions: [
            {
                name: "v1",
                served: true,
                storage: true,
                schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
            },
        ],
    },
}));

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

    const definitionNames = definitions.map(({ metadata }) => `crd/${metadata.name}`);
    const read = (host: string, scrape: string, bearer?: string) =>
        fetch(`http://${host}:9000/minio/v2/metrics/${scrape}`, {
            headers: bearer ? { authorization: `Bearer ${bearer}` } : {},
        });

    before(async () => {
        const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: definitions });
        await succeed("bash", ["-c", 'kubectl apply --filename=- <<< "$1"', "apply", list]);
        await kubectl("wait", "--for=condition=Established", ...definitionNames, "--timeout=30s");
        // The scanner counts objects and buckets, by default a minute after the start for the first time.
        await project.init({ monitoring: {}, environment: { MINIO_SCANNER_CYCLE: "2s" } });
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
        await execute("kubectl", ["delete", ...definitionNames, "--ignore-not-found", "--timeout=60s"]);
    });

    it("makes a token, ServiceMonitors, rules and a dashboard", async () => {
        const kinds = "secret,configmap,servicemonitor,prometheusrule";
        const { items } = await kubectlJson("get", kinds, inNamespace, "--selector=app=minio");
        assert.deepEqual(items.map((item: any) => `${item.kind} ${item.metadata.name}`).sort(), [
            "ConfigMap minio-dashboard",
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

    it("has every metric that the rules and the dashboard use", async function () {
        this.timeout(300_000);
        const rules = await kubectlJson("get", "prometheusrule", "minio", inNamespace);
        const { data } = await kubectlJson("get", "configmap", "minio-dashboard", inNamespace);
        const dashboard = JSON.parse(data["minio-e2e-monitoring-minio.json"]);
        const expressions: string[] = [
            ...rules.spec.groups.flatMap((group: any) => group.rules.map((rule: any) => rule.expr)),
            ...dashboard.panels.flatMap((panel: any) => (panel.targets ?? []).map((target: any) => target.expr)),
        ];
        const used = new Set(expressions.flatMap((expr) => expr.match(/\bminio_\w+(?=\{)/g) ?? []));
        assert.ok(used.size >= 40, `only ${used.size} metrics`);

        // Servers keep what they answer for up to a minute.
        let missing: string[] = [];
        for (const deadline = Date.now() + 240_000; Date.now() < deadline; ) {
            const answers = [
                ...["cluster", "resource", "bucket"].map((scrape) => read(service, scrape, token)),
                ...servers.map((server) => read(server, "node", token)),
            ].map(async (answer) => (await answer).text());
            const served = new Set((await Promise.all(answers)).join("\n").match(/^minio_\w+/gm));
            missing = [...used].filter((metric) => !served.has(metric) && !(metric in conditional));
            if (missing.length === 0) {
                break;
            }
            await new Promise((resolve) => setTimeout(resolve, 5_000));
        }
        assert.deepEqual(missing, []);
    });
});
