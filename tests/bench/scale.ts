/**
 * What a large cluster takes, `make bench-scale`, POOLS=2, SERVERS=16 (of each pool): to make it, preview it, take a set of snapshots
 * of it under load, restore that into another one, and change the version of that under load; with what `pulumi` itself uses while it
 * watches the servers. What takes longest comes last.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { snapshotClass } from "../../devcluster/cluster/storage";
import { usageOfPod } from "../../devcluster/cluster/usage";
import { say, sleep, UserError } from "../../devcluster/shell";
import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { waitForWriteQuorum } from "../../devcluster/writeQuorum";
import { ConstantLoad, type Outcome, untilAcknowledged } from "../support/load";
import { ProcessWatch } from "../support/processWatch";
import { execute, kubectl, kubectlJson, Project, type Running } from "../support/project";
import { makeBucket, s3Of, targetOf } from "../support/s3";
import { writeKubeconfig } from "../support/serviceAccount";
import { unreadable, whileUsed } from "../support/wholeness";
import { type Step, stepsTable } from "./scaleReport";

/** Two cores are little for so many servers: these are far more than any step should take, in seconds. */
const longest = { up: 1200, preview: 180, change: 1800, set: 600 };

/** Small servers, so that as many as possible fit. */
const resources = { requests: { cpu: "20m", memory: "64Mi" }, limits: { cpu: "1", memory: "512Mi" } };

const namespace = "bench-scale";
const bucket = "load";
const set = "monday";
/** By a user that nothing else on the cluster is, so that the API server counts its requests. */
const account = "bench-scale";

const large = new Project(namespace);
const copy = new Project(namespace);
const folder = mkdtempSync(join(tmpdir(), "minio-scale-"));
const steps: Step[] = [];
let running: Running | undefined;

function integer(name: string, standard: number): number {
    const value = Number(process.env[name] || standard);
    if (!(Number.isInteger(value) && value >= 1)) {
        throw new UserError(`${name}=${process.env[name]} is not allowed: use an integer of at least 1`);
    }
    return value;
}

/** How many requests of ServiceAccounts outside of kube-system the API server has answered: here these are `pulumi`'s. */
async function asked(): Promise<number> {
    const text = await kubectl("get", "--raw", "/metrics");
    const counts = text.matchAll(
        /^apiserver_flowcontrol_dispatched_requests_total\{flow_schema="service-accounts",[^}]*\} (.*)$/gm,
    );
    return [...counts].reduce((total, [, count]) => total + Number(count), 0);
}

/** Runs `pulumi` as a step of the table, which has it also when it fails or takes too long. */
async function step(title: string, project: Project, seconds: number, ...args: string[]): Promise<Step> {
    say(`${title} begins`);
    const before = await asked();
    const began = performance.now();
    const started = project.start(...args);
    running = started;
    const watch = new ProcessWatch(started.process.pid as number);
    let late = false;
    const timer = setTimeout(() => {
        late = true;
        started.killTree();
    }, seconds * 1000);
    const { code, text } = await started.ended;
    clearTimeout(timer);
    running = undefined;
    const took = (performance.now() - began) / 1000;
    const done: Step = { title, seconds: took, use: watch.stop(), asked: (await asked()) - before };
    steps.push(done);
    say(`${title}: ${took.toFixed(1)} s`);
    if (late || code !== 0) {
        done.failed = late ? `not done after ${seconds} s` : `it ended with ${code}`;
        throw new Error(`${title}: ${done.failed}:\n${text}`);
    }
    return done;
}

const up = (title: string, project: Project, seconds: number) =>
    step(title, project, seconds, "up", "--yes", "--skip-preview");

function clientsOf(outcomes: Outcome[]): Step["clients"] {
    const good = outcomes.filter(({ error }) => !error).map(({ end }) => end);
    const ends = good.sort((a, b) => a - b);
    const gaps = ends.slice(1).map((end, i) => end - ends[i]);
    return {
        requests: outcomes.length,
        failed: outcomes.length - good.length,
        longestGap: Math.max(0, ...gaps) / 1000,
    };
}

/** Says what was looked for, with the first ones of what was found. */
function found(summary: string, what: string[], isWrong = true): void {
    process.stdout.write(`\n${[summary, ...what.slice(0, 5)].join("\n  ")}\n`);
    if (isWrong && what.length > 0) {
        process.exitCode = 1;
    }
}

/** Two writers and two readers with the SDK's retries; what they were acknowledged is looked for afterwards. */
async function changeUnderLoad(title: string, project: Project): Promise<void> {
    const load = new ConstantLoad(await targetOf(project), bucket, { prefix: "change-", pauseMs: 200 });
    try {
        await untilAcknowledged(load, 20);
        await up(title, project, longest.change);
        await sleep(5000);
    } finally {
        await load.stop();
        const clients = clientsOf(load.outcomes);
        Object.assign(steps.find((one) => one.title === title) ?? {}, { clients });
    }
    const errors = new Set(load.outcomes.flatMap(({ error }) => error ?? []));
    const lost = await load.lost();
    found(`${lost.length} of ${load.acknowledged.size} acknowledged objects are lost`, lost);
    found(`${errors.size} kinds of errors`, [...errors], false);
}

/** What all servers use together while nobody asks them. */
async function atRest(servers: number): Promise<void> {
    const { items } = await kubectlJson("get", "pods", `--namespace=${namespace}`, "--selector=app=minio");
    const uids: string[] = items.map(({ metadata }: any) => metadata.uid);
    const usage = () => uids.map(usageOfPod);
    const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
    const cpu = () => total(usage().map(({ cpuSeconds }) => cpuSeconds));
    const [began, before] = [performance.now(), cpu()];
    await sleep(30_000);
    const cores = (cpu() - before) / ((performance.now() - began) / 1000);
    const mib = total(usage().map(({ memory }) => memory)) / (1 << 20);
    process.stdout.write(
        `\nAt rest, ${servers} servers use ${cores.toFixed(2)} processors and ${mib.toFixed(0)} MiB together.\n\n`,
    );
}

async function main(): Promise<void> {
    const [pools, replicas] = [integer("POOLS", 2), integer("SERVERS", 16)];
    process.stdout.write(
        `Measured on ${new Date().toISOString().slice(0, 10)} by \`make bench-scale POOLS=${pools} SERVERS=${replicas}\`, on ` +
            `${cpus().length} CPUs (${cpus()[0]?.model.trim()}), with a load average of ${loadavg()[0].toFixed(1)} when it began.\n`,
    );
    const kubeconfig = join(folder, "kubeconfig");
    await kubectl("create", "serviceaccount", account, "--namespace=default");
    const rights = ["--clusterrole=cluster-admin", `--serviceaccount=default:${account}`];
    await kubectl("create", "clusterrolebinding", account, ...rights);
    await writeKubeconfig(kubeconfig, "default", account);
    large.environment.KUBECONFIG = kubeconfig;
    copy.environment.KUBECONFIG = kubeconfig;

    const expansionPools = Array.from({ length: pools - 1 }, () => ({ replicas }));
    const values = { replicas, resources, image: oldMinio.image, ...(pools > 1 ? { expansionPools } : {}) };
    const rollout = { timeoutSeconds: 900 };
    await large.init({ ...values, rollout });
    await up("`up`, from nothing", large, longest.up);
    const { endpoint } = await targetOf(large);
    await waitForWriteQuorum(endpoint);
    await makeBucket(await s3Of(large), bucket);
    await step("`preview`, unchanged", large, longest.preview, "preview", "--expect-no-changes");
    await atRest(pools * replicas);

    const used = await whileUsed(await targetOf(large), "set-", async () => {
        await large.configure({ snapshots: { className: snapshotClass, sets: [set], freezeTimeoutSeconds: 180 } });
        return up("`up` that takes a set of snapshots, under load", large, longest.set);
    });
    used.result.clients = clientsOf(used.load.outcomes);

    // There is not room for both clusters.
    await large.configure({ hibernate: true });
    await up("`up` that hibernates it", large, longest.up);
    const restoreFrom = { set, cluster: "minio" };
    const restored = { ...values, rollout, restoreFrom, createNamespace: false, name: "copy" };
    await copy.init(restored);
    await up("`up` that restores the set into a new cluster", copy, longest.up);
    const target = await targetOf(copy);
    await waitForWriteQuorum(target.endpoint);
    const [lost, bad] = [await used.load.lost(target, used.atStall), await unreadable(target, bucket)];
    const whole = used.atStall - lost.length;
    found(`${whole} of ${used.atStall} objects of the set restored, ${bad.length} listed and not readable`, [
        ...lost,
        ...bad,
    ]);

    await copy.configure({ image: newMinio.image });
    await step("`preview` of another version", copy, longest.preview, "preview");
    await changeUnderLoad("`up` to another version, under load", copy);
}

let removing: Promise<void> | undefined;

/** Tells what was measured, and removes all. */
function finish(): Promise<void> {
    removing ??= (async () => {
        process.stdout.write(`\n${stepsTable(steps)}\n`);
        await copy.execute("destroy", "--yes");
        await large.remove();
        await execute("kubectl", ["delete", "clusterrolebinding", account, "--ignore-not-found"]);
        await execute("kubectl", ["delete", "serviceaccount", account, "--namespace=default", "--ignore-not-found"]);
        rmSync(folder, { recursive: true, force: true });
    })();
    return removing;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
        say(`${signal}: removing what is there`);
        // A step that is cut off fails, and has its row, too.
        (running?.killTree() ?? finish()).catch((error: Error) => say(error.message));
    });
}

main()
    .catch((error: Error) => {
        say(`error: ${error instanceof UserError ? error.message : error.stack}`);
        process.exitCode = 1;
    })
    .finally(finish)
    .finally(() => process.exit());
