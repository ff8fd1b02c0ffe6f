/**
 * The availability benchmark, `make bench-upgrade`: the same constant load over every way to change a running MinIO.
 *
 * Its options are also read from the environment, as WAYS, RUNS, CHART and OUT; HELM is a helm of your own.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { say, UserError } from "../../devcluster/shell";
import { checkout } from "../support/project";
import { save } from "./availability";
import { Unavailable } from "./manifests";
import { measure, removeAll } from "./measure";
import { isMeasured, notes, type Result, table } from "./report";
import { type Way, ways } from "./ways";

const usage = `usage: upgrade.ts [options]
  --ways=NAME,...  which ways, in this order: ${ways.map(({ name }) => name).join(",")} (default: all); NAME:N runs one N times
  --runs=N         how often the others, one run after another (default: 1)
  --chart=PATH     folder or archive of MinIO's own Helm chart (default: 5.4.0, from MinIO's Go module)
  --out=FOLDER     where availability.svg and availability.json go (default: docs)`;

interface Options {
    ways: { way: Way; runs: number }[];
    out: string;
}

function readOptions(): Options {
    const { values } = parseArgs({
        options: {
            ways: { type: "string", default: process.env.WAYS || ways.map(({ name }) => name).join(",") },
            runs: { type: "string", default: process.env.RUNS || "1" },
            chart: { type: "string" },
            out: { type: "string", default: process.env.OUT || join(checkout, "docs") },
        },
    });
    const chosen = values.ways.split(",").map((wanted) => {
        const [name, count = values.runs] = wanted.split(":");
        const way = ways.find((one) => one.name === name);
        if (!way) {
            throw new UserError(`there is no way '${name}'\n${usage}`);
        }
        const runs = Number(count);
        if (!(Number.isInteger(runs) && runs >= 1)) {
            throw new UserError(`${count} runs of '${name}' are not allowed: use an integer of at least 1`);
        }
        return { way, runs };
    });
    if (values.chart) {
        process.env.CHART = values.chart;
    }
    return { ways: chosen, out: values.out };
}

/** Whether the benchmark was cut off, and only cleans up. */
let interrupted = false;

async function main(): Promise<void> {
    const { ways: chosen, out } = readOptions();
    const raw = join(mkdtempSync(join(tmpdir(), "minio-bench-")), "requests.json");
    const results: Result[] = [];
    const most = Math.max(...chosen.map(({ runs }) => runs));
    for (let run = 1; run <= most; run++) {
        for (const { way } of chosen.filter(({ runs }) => run <= runs)) {
            results.push(await measureOrSayWhyNot(way, run));
            if (interrupted) {
                return;
            }
            // What was measured is kept when the rest is cut off.
            save(out, raw, results);
        }
        const sums = run > 1 ? " (sums, longest gap and slowest p99 of any run)" : "";
        process.stdout.write(`\nAfter run ${run} of ${most}${sums}\n\n${table(results)}\n\n${notes(results)}\n\n`);
    }
    process.stdout.write(`${join(out, "availability.svg")} and .json: drawn and in numbers; every request: ${raw}\n`);
    if (results.some((result) => !isMeasured(result) && result.failure)) {
        process.exitCode = 1;
    }
}

/** One way that cannot be measured does not keep the others from it. */
async function measureOrSayWhyNot(way: Way, run: number): Promise<Result> {
    try {
        return await measure(way, run);
    } catch (error) {
        const { message } = error as Error;
        if (!interrupted) {
            say(`${way.title}: not measured: ${message}`);
        }
        return { way, run, reason: message, failure: !(error instanceof Unavailable) };
    }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
        if (!interrupted) {
            interrupted = true;
            say(`${signal}: removing what is there`);
            removeAll().finally(() => process.exit(130));
        }
    });
}

main()
    .catch((error: unknown) => {
        say(error instanceof UserError ? `error: ${error.message}` : `error: ${(error as Error).stack}`);
        process.exitCode = 1;
    })
    .finally(() => {
        if (!interrupted) {
            process.exit(); // A connection that never answers would keep it.
        }
    });
