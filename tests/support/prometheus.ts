/** A real Prometheus that watches a cluster, with the configuration of docs/monitoring.md. */
import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { kubeconfig } from "../../devcluster/paths";
import { startLogged, tail } from "../../devcluster/shell";
import { folderOf } from "../../devcluster/toolchain/component";
import { kubeStateMetrics, prometheus, watchers } from "../../devcluster/toolchain/components";
import { installToolchain } from "../../devcluster/toolchain/install";
import { freePorts } from "./freePorts";
import { checkout, kubectlJson } from "./project";
import { until } from "./until";

/** Seconds between two scrapes. */
const interval = 5;

/** What `$__rate_interval` is in Grafana, with these scrapes: at least four of them. */
const rateInterval = `${4 * interval}s`;

/** A series, with its values and their times in seconds. */
export interface Found {
    metric: Record<string, string>;
    values: [time: number, value: string][];
}

export interface ScrapeTarget {
    labels: Record<string, string>;
    health: string;
    lastError: string;
}

export interface Rule {
    name: string;
    health: string;
    lastError?: string;
    state: "inactive" | "pending" | "firing";
}

export class Prometheus {
    private readonly folder = mkdtempSync(join(tmpdir(), "minio-prometheus-"));
    private readonly processes: ChildProcess[] = [];
    private finder?: NodeJS.Timeout;
    private readonly killAll = () => {
        for (const running of this.processes) {
            running.kill("SIGKILL");
        }
    };

    private constructor(private readonly firstPort: number) {
        process.on("exit", this.killAll);
    }

    /** Starts to watch the cluster `minio` of a namespace, and waits until everything is scraped. */
    static async of(namespace: string): Promise<Prometheus> {
        await installToolchain(watchers);
        const one = new Prometheus(await freePorts(3));
        try {
            await one.watch(namespace);
        } catch (error) {
            await one.stop();
            throw error;
        }
        return one;
    }

    /** The value of each series now, that a dashboard's or a rule's PromQL gives. */
    async query(expr: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> {
        return (await this.ask("query", { query: withRate(expr) })).result;
    }

    /** The values over the last so many seconds. */
    async queryRange(expr: string, seconds: number, step: number): Promise<Found[]> {
        const end = Math.floor(Date.now() / 1000);
        const range = { start: String(end - seconds), end: String(end), step: String(step) };
        return (await this.ask("query_range", { query: withRate(expr), ...range })).result;
    }

    async targets(): Promise<ScrapeTarget[]> {
        return (await this.ask("targets", { state: "active" })).activeTargets;
    }

    async rules(): Promise<Rule[]> {
        const { groups } = await this.ask("rules", {});
        return groups.flatMap(({ rules }: { rules: Rule[] }) => rules);
    }

    async stop(): Promise<void> {
        clearInterval(this.finder);
        await Promise.all(
            this.processes.map(
                (running) =>
                    new Promise<void>((resolve) => {
                        running.once("exit", () => resolve());
                        if (!running.kill("SIGTERM")) {
                            resolve(); // It has ended.
                        }
                    }),
            ),
        );
        process.off("exit", this.killAll);
        rmSync(this.folder, { recursive: true, force: true });
    }

    /** The addresses of the servers, which Prometheus reads again when they change. */
    private get serversFile(): string {
        return join(this.folder, "servers.json");
    }

    /** Finds the servers, as their headless Service's name resolves: only pods can ask for that. */
    private async findServers(namespace: string): Promise<void> {
        const { items } = await kubectlJson("get", "pods", "--selector=app=minio", `--namespace=${namespace}`);
        const targets = items.flatMap(({ status }: any) => (status.podIP ? [`${status.podIP}:9000`] : []));
        writeFileSync(`${this.serversFile}.new`, JSON.stringify([{ targets }]));
        renameSync(`${this.serversFile}.new`, this.serversFile);
    }

    private get log(): string {
        return join(this.folder, "log");
    }

    private get address(): string {
        return `127.0.0.1:${this.firstPort}`;
    }

    private async watch(namespace: string): Promise<void> {
        const [ofStates, ofItself] = [this.firstPort + 1, this.firstPort + 2].map(String);
        this.start(join(folderOf(kubeStateMetrics), "kube-state-metrics"), [
            `--kubeconfig=${kubeconfig}`,
            "--resources=statefulsets,pods,configmaps",
            `--namespaces=${namespace}`,
            "--host=127.0.0.1",
            `--port=${ofStates}`,
            "--telemetry-host=127.0.0.1",
            `--telemetry-port=${ofItself}`,
        ]);
        await this.findServers(namespace);
        this.finder = setInterval(() => this.findServers(namespace).catch(() => {}), 2_000);
        const configuration = await this.configuration(namespace, `127.0.0.1:${ofStates}`);
        writeFileSync(join(this.folder, "prometheus.yml"), stringify(configuration));
        mkdirSync(join(this.folder, "data"));
        this.start(join(folderOf(prometheus), "prometheus"), [
            `--config.file=${join(this.folder, "prometheus.yml")}`,
            `--storage.tsdb.path=${join(this.folder, "data")}`,
            `--web.listen-address=${this.address}`,
        ]);
        const wanted = configuration.scrape_configs.length;
        await until(
            "everything is scraped",
            async () => {
                const targets = await this.targets().catch(() => []);
                return new Set(targets.map(({ labels }) => labels.job)).size === wanted && targets.every(isUp);
            },
            { milliseconds: 500, why: () => tail(this.log, 10) },
        );
    }

    private start(program: string, args: string[]): void {
        this.processes.push(startLogged(program, args, this.log));
    }

    /**
     * What the guide has, with the addresses that this machine can resolve, and what else kube-prometheus-stack
     * scrapes.
     */
    private async configuration(namespace: string, states: string) {
        const inNamespace = `--namespace=${namespace}`;
        const [service, token, rules, nodes] = await Promise.all([
            kubectlJson("get", "service", "minio", inNamespace),
            kubectlJson("get", "secret", "minio-metrics-token", inNamespace),
            kubectlJson("get", "prometheusrule", "minio", inNamespace),
            kubectlJson("get", "nodes"),
        ]);
        const file = (name: string, content: string | Buffer) => {
            writeFileSync(join(this.folder, name), content, { mode: 0o600 });
            return join(this.folder, name);
        };
        const secret = file("token", Buffer.from(token.data.token, "base64"));
        const atService = [`${service.spec.clusterIP}:9000`];
        const ofCluster = (job: any, scrape: string) => ({
            ...job,
            job_name: `minio-${scrape}`,
            metrics_path: job.metrics_path.replace("cluster", scrape),
            authorization: { credentials_file: secret },
            static_configs: [{ targets: atService, labels: { namespace } }],
        });
        const [cluster, { dns_sd_configs, ...node }] = guideJobs(namespace);
        const access = parse(readFileSync(kubeconfig, "utf8"));
        const [{ cluster: server }] = access.clusters;
        const [{ user }] = access.users;
        const decoded = (base64: string) => Buffer.from(base64, "base64");
        return {
            global: { scrape_interval: `${interval}s`, evaluation_interval: `${interval}s` },
            rule_files: [file("rules.json", JSON.stringify({ groups: rules.spec.groups }))],
            scrape_configs: [
                ...["cluster", "resource", "bucket"].map((scrape) => ofCluster(cluster, scrape)),
                {
                    ...node,
                    authorization: { credentials_file: secret },
                    file_sd_configs: [{ files: [this.serversFile] }],
                },
                { job_name: "kube-state-metrics", honor_labels: true, static_configs: [{ targets: [states] }] },
                {
                    job_name: "kubelet",
                    honor_labels: true,
                    scheme: "https",
                    metrics_path: `/api/v1/nodes/${nodes.items[0].metadata.name}/proxy/metrics`,
                    tls_config: {
                        ca_file: file("ca.crt", decoded(server["certificate-authority-data"])),
                        cert_file: file("client.crt", decoded(user["client-certificate-data"])),
                        key_file: file("client.key", decoded(user["client-key-data"])),
                    },
                    static_configs: [{ targets: [new URL(server.server).host] }],
                },
            ],
        };
    }

    private async ask(what: string, parameters: Record<string, string>): Promise<any> {
        const answer = await fetch(`http://${this.address}/api/v1/${what}?${new URLSearchParams(parameters)}`);
        const { status, error, data } = (await answer.json()) as { status: string; error?: string; data: any };
        if (status !== "success") {
            throw new Error(`Prometheus: ${error}: ${JSON.stringify(parameters)}`);
        }
        return data;
    }
}

/** The jobs of the guide's section "Without the Prometheus operator": of the cluster, and of its servers. */
function guideJobs(namespace: string): any[] {
    const guide = readFileSync(join(checkout, "docs/monitoring.md"), "utf8");
    const [, block] = /```yaml\n(scrape_configs:[\s\S]*?)```/.exec(guide) ?? [];
    return parse(block.replaceAll("storage", namespace)).scrape_configs;
}

function isUp({ health }: ScrapeTarget): boolean {
    return health === "up";
}

function withRate(expr: string): string {
    return expr.replaceAll("$__rate_interval", rateInterval);
}
