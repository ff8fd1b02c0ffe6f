/**
 * The speed benchmark, `make bench`: how long previews and updates take, each against what it is compared with.
 *
 * One round measures everything once, so that what else the machine does hits all alike; ratios are taken within a round. Its
 * options are read from the environment: ROUNDS, ONLY, CHART and OUT; HELM is a helm of your own.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { version as pulumiVersion } from "@pulumi/pulumi/version";
import { say } from "../../devcluster/shell";
import { checkout } from "../support/project";
import { Unavailable } from "./manifests";
import { cases, removeCases } from "./speedCases";
import { speedPlot } from "./speedPlot";
import { markdown, type SpeedReport } from "./speedReport";

async function main(): Promise<void> {
    const rounds = Number(process.env.ROUNDS || 5);
    const out = process.env.OUT || join(checkout, "docs");
    const only = process.env.ONLY ? process.env.ONLY.split(",") : undefined;
    const chosen = cases.filter(({ name }) => !only || only.includes(name));
    const report: SpeedReport = {
        date: new Date().toISOString().slice(0, 10),
        machine: `${cpus().length} CPUs (${cpus()[0]?.model.trim()}), Node.js ${process.version}, @pulumi/pulumi ${pulumiVersion}`,
        loadAverage: Math.round(loadavg()[0] * 10) / 10,
        command: `make bench ROUNDS=${rounds}`,
        rows: chosen.map(({ name, title, against, goal, most }) => ({ name, title, against, goal, most, seconds: [] })),
    };
    const rowOf = (name: string) => report.rows.find((row) => row.name === name) as SpeedReport["rows"][number];
    for (const one of chosen) {
        await one.prepare().catch((error: Error) => {
            if (!(error instanceof Unavailable)) {
                throw error;
            }
            rowOf(one.name).missing = error.message;
        });
    }
    // The first round compiles, fills caches, and is not counted.
    for (let round = 0; round <= rounds; round++) {
        for (const { name, title, rare, measure } of chosen) {
            const row = rowOf(name);
            if (row.missing || (rare && (round === 0 || round > rare))) {
                continue;
            }
            const seconds = await measure();
            say(`round ${round} of ${rounds}: ${title}: ${seconds.toFixed(2)} s`);
            if (round > 0) {
                row.seconds.push(seconds);
            }
        }
    }
    save(out, report);
}

function save(out: string, report: SpeedReport): void {
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, "performance.json"), `${JSON.stringify(report, null, 4)}\n`);
    writeFileSync(join(out, "performance.svg"), speedPlot(report));
    const page = join(out, "performance.md");
    const table = markdown(report);
    process.stdout.write(`\n${table}\n`);
    try {
        const text = readFileSync(page, "utf8");
        writeFileSync(page, text.replace(/(<!-- bench -->\n)[\s\S]*(<!-- \/bench -->)/, `$1\n${table}\n$2`));
    } catch {
        writeFileSync(page, `<!-- bench -->\n\n${table}\n<!-- /bench -->\n`); // A folder of one's own.
    }
}

main()
    .catch((error: Error) => {
        say(`error: ${error.stack}`);
        process.exitCode = 1;
    })
    .finally(removeCases);
