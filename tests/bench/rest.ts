/**
 * What users pay at rest, `make bench-rest`, ROUNDS=5: requests to this component's cluster beside those to MinIO's own chart, which
 * have the same image, resources and drives. Both run all the time, and are asked one after the other, in alternating order. Then what
 * the pods use while nobody asks, and what of it are the probes. ONLY='PUT 1 MiB' asks some things only, by a regular expression.
 */
import { cpus, loadavg } from "node:os";
import type { S3Client } from "@aws-sdk/client-s3";
import { usageOfPod } from "../../devcluster/cluster/usage";
import { say, sleep, UserError } from "../../devcluster/shell";
import { newMinio } from "../../devcluster/toolchain/versions";
import { waitForWriteQuorum } from "../../devcluster/writeQuorum";
import { client, type Target } from "../support/load";
import { kubectlJson, Project } from "../support/project";
import { makeBucket, targetOf } from "../support/s3";
import { installChart } from "./chart";
import { targetIn } from "./manifests";
import { makeNamespace, removeNamespace } from "./namespaces";
import { isMet, type Pairs, pairsTable } from "./pairs";
import { bucket, doFor, prepare, type Work, works } from "./restWork";
import { median } from "./speedReport";

/** Pairs of each measurement in a round, and the seconds of each half of a pair. */
const pairsOfRound = 3;
const sliceSeconds = 0.8;

/** Requests at the same time, where it is the throughput that is measured. */
const workers = 4;

/** Seconds that servers are left alone before it is measured what they use at rest, and for which it is. */
const settleSeconds = 30;
const idleSeconds = 60;

const image = newMinio.image;
const replicas = 4;
const storageSize = "4Gi";
/** As in chartValues.yaml. */
const resources = { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "1", memory: "1Gi" } };

const chartNamespace = "bench-rest-chart";
const own = new Project("bench-rest");
const unprobed = new Project("bench-rest-unprobed", "tests/bench/programs/withoutProbes.ts");

/** A cluster that is asked. */
interface Side {
    s3: S3Client;
    uids: string[];
}

const up = (project: Project) => project.succeed("up", "--yes", "--skip-preview");

async function podsOf(namespace: string): Promise<string[]> {
    const { items } = await kubectlJson("get", "pods", `--namespace=${namespace}`, "--selector=app=minio");
    if (items.length !== replicas) {
        throw new Error(`${namespace} has ${items.length} servers instead of ${replicas}`);
    }
    return items.map(({ metadata }: any) => metadata.uid);
}

async function sideOf(namespace: string, target: Target): Promise<Side> {
    await waitForWriteQuorum(target.endpoint);
    const s3 = client(target, { maxAttempts: 1, sockets: workers });
    await makeBucket(s3, bucket);
    return { s3, uids: await podsOf(namespace) };
}

/** Each work by one client after another, and by several at the same time. Added to the rows in each round. */
interface Rows {
    work: Work;
    latency: Pairs;
    throughput: Pairs;
    cpu: Pairs;
}

function rowsOf(work: Work): Rows {
    const unit = work.bytes > 64 << 10 ? "MiB/s" : "/s";
    return {
        work,
        latency: { title: `${work.title}: time of one, one after another`, unit: "ms", pairs: [] },
        throughput: { title: `${work.title}: throughput of ${workers} clients`, unit, moreIsBetter: true, pairs: [] },
        cpu: { title: `${work.title}: the servers' processor time for it`, unit: "ms", pairs: [] },
    };
}

const cpuSeconds = (uids: string[]) => uids.reduce((sum, uid) => sum + usageOfPod(uid).cpuSeconds, 0);

async function measureRound({ work, latency, throughput, cpu }: Rows, sides: [Side, Side], pairs: number) {
    for (let pair = 0; pair < pairs; pair++) {
        const order = latency.pairs.length % 2 === 0 ? [0, 1] : [1, 0];
        const [times, rates, costs] = [
            [0, 0],
            [0, 0],
            [0, 0],
        ] as [number, number][];
        for (const side of order) {
            times[side] = median((await doFor(work, sides[side].s3, 1, sliceSeconds)).milliseconds);
        }
        for (const side of order) {
            const { s3, uids } = sides[side];
            const before = cpuSeconds(uids);
            const { requests, seconds } = await doFor(work, s3, workers, sliceSeconds);
            costs[side] = ((cpuSeconds(uids) - before) / requests) * 1000;
            rates[side] = (requests / seconds) * (throughput.unit === "/s" ? 1 : work.bytes / (1 << 20));
        }
        latency.pairs.push(times);
        throughput.pairs.push(rates);
        cpu.pairs.push(costs);
    }
}

/** What the servers use while nobody asks them, all of them at the same time. */
async function atRest(title: string, clusters: Record<string, string[]>): Promise<void> {
    await sleep(settleSeconds * 1000);
    const names = Object.keys(clusters);
    const memory = Object.fromEntries(names.map((name) => [name, [] as number[]]));
    const began = performance.now();
    const before = names.map((name) => cpuSeconds(clusters[name]));
    while (performance.now() - began < idleSeconds * 1000) {
        for (const name of names) {
            memory[name].push(clusters[name].reduce((sum, uid) => sum + usageOfPod(uid).memory, 0));
        }
        await sleep(5000);
    }
    const cores = names.map((name, i) => {
        return ((cpuSeconds(clusters[name]) - before[i]) / (performance.now() - began)) * 1e6;
    });
    process.stdout.write(
        `\n${title}, each server for ${idleSeconds} s\n\n| servers | processor, millicores | memory, MiB |\n`,
    );
    process.stdout.write("|---|---|---|\n");
    for (const [i, name] of names.entries()) {
        const mib = median(memory[name]) / replicas / (1 << 20);
        process.stdout.write(`| ${name} | ${(cores[i] / replicas).toFixed(1)} | ${mib.toFixed(0)} |\n`);
    }
}

async function main(): Promise<void> {
    const rounds = Number(process.env.ROUNDS || 5);
    if (!(Number.isInteger(rounds) && rounds >= 1)) {
        throw new UserError(`ROUNDS=${process.env.ROUNDS} is not allowed: use an integer of at least 1`);
    }
    const chosen = works.filter(({ title }) => new RegExp(process.env.ONLY || "").test(title));
    if (chosen.length === 0) {
        const titles = works.map(({ title }) => title).join(", ");
        throw new UserError(`ONLY=${process.env.ONLY} matches nothing: use a part of ${titles}`);
    }
    // Checksums that the SDK adds of its own would take the client more time than the rest of its work.
    process.env.AWS_REQUEST_CHECKSUM_CALCULATION = "when_required";
    process.env.AWS_RESPONSE_CHECKSUM_VALIDATION = "when_required";
    const only = process.env.ONLY ? ` ONLY='${process.env.ONLY}'` : "";
    process.stdout.write(
        `Measured on ${new Date().toISOString().slice(0, 10)} by \`make bench-rest ROUNDS=${rounds}${only}\`, on ${cpus().length} CPUs ` +
            `(${cpus()[0]?.model.trim()}), with a load average of ${loadavg()[0].toFixed(1)} when it began.\n`,
    );
    say("deploying this component, MinIO's chart, and this component without probes");
    const values = { image, replicas, storageSize, resources };
    await own.init(values);
    await unprobed.init({ args: values });
    await makeNamespace(chartNamespace);
    await up(own);
    await installChart(chartNamespace, image, `--set=persistence.size=${storageSize}`);
    await up(unprobed);
    const ours = await sideOf(own.namespace, await targetOf(own));
    const theirs = await sideOf(chartNamespace, await targetIn(chartNamespace));
    say("waiting, for what they use at rest");
    await atRest("Empty, and nobody asks", {
        "this component's": ours.uids,
        "this component's, without probes": await podsOf(unprobed.namespace),
        "the chart's": theirs.uids,
    });
    await remove(unprobed);
    say("writing the objects that are read");
    await Promise.all([ours, theirs].map(({ s3 }) => prepare(s3)));
    const rows = chosen.map(rowsOf);
    // The first pairs make connections and fill caches, and are not counted.
    for (const { work } of rows) {
        await measureRound(rowsOf(work), [ours, theirs], 1);
    }
    for (let round = 1; round <= rounds; round++) {
        for (const row of rows) {
            await measureRound(row, [ours, theirs], pairsOfRound);
        }
        say(`round ${round} of ${rounds} is done; load average ${loadavg()[0].toFixed(1)}`);
    }
    const all = rows.flatMap(({ latency, throughput, cpu }) => [latency, throughput, cpu]);
    process.stdout.write(`\n${pairsTable(all)}\n`);
    await atRest("After the load, and nobody asks", { "this component's": ours.uids, "the chart's": theirs.uids });
    const missed = all.filter((row) => isMet(row) === false);
    process.stdout.write(`\n${missed.length} of ${all.length} rows are worse by more than 3 %\n`);
}

const present = new Set([own, unprobed]);

async function remove(...projects: Project[]): Promise<void> {
    for (const project of projects) {
        present.delete(project);
        await project.remove();
    }
}

main()
    .catch((error: Error) => {
        say(`error: ${error instanceof UserError ? error.message : error.stack}`);
        process.exitCode = 1;
    })
    .finally(() => remove(...present))
    .finally(() => removeNamespace(chartNamespace))
    .finally(() => process.exit());
