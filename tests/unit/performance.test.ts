import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { interval, isMet as isPairMet, type Pairs, pairsTable, ratios } from "../bench/pairs";
import { stepsTable } from "../bench/scaleReport";
import { speedPlot } from "../bench/speedPlot";
import { isMet, markdown, ratio, type SpeedReport, type SpeedRow } from "../bench/speedReport";
import { usageOf } from "../support/processWatch";

const read = (name: string) => readFileSync(join(__dirname, "../../docs", name), "utf8");

const row = (name: string, seconds: number[], more: Partial<SpeedRow> = {}): SpeedRow => ({
    name,
    title: name,
    seconds,
    ...more,
});

describe("the speed benchmark", () => {
    it("compares within rounds, as a machine may be slow for one of them", () => {
        const base = row("base", [1, 10, 1]);
        const compared = row("compared", [1.2, 12, 1.3], { against: "base", goal: 1.25 });
        assert.ok(Math.abs((ratio(compared, [base, compared]) as number) - 1.2) < 1e-9);
        assert.equal(isMet(compared, [base, compared]), true);
        assert.equal(isMet({ ...compared, goal: 1.1 }, [base, compared]), false);
    });

    it("compares a row that is measured less often with the same rounds", () => {
        const base = row("base", [1, 2, 100]);
        const rare = row("rare", [2, 4], { against: "base" });
        assert.equal(ratio(rare, [base, rare]), 2);
    });

    it("takes a goal in seconds, too, as an added resource costs the same in a slow program", () => {
        const base = row("base", [1, 2]);
        const added = row("added", [1.2, 2.3], { against: "base", most: 0.3 });
        assert.equal(isMet(added, [base, added]), true);
        assert.equal(isMet({ ...added, most: 0.2 }, [base, added]), false);
        const text = markdown({ date: "", machine: "", loadAverage: 0, command: "", rows: [base, added] });
        assert.match(text, /× row 1, 0\.25 s more \| ≤ 0\.3 s more, met \|/);
    });

    it("says of a row that was not measured why not, and judges nothing that is compared with it", () => {
        const chart = row("chart", [], { missing: "no chart given" });
        const own = row("own", [1], { against: "chart", goal: 1 });
        const text = markdown({ date: "", machine: "", loadAverage: 0, command: "", rows: [chart, own] });
        assert.match(text, /\| chart \| not measured: no chart given \|/);
        assert.match(text, /\| own \| 1\.00 \| {2}\| ≤ 1 \|/);
        assert.equal(isMet(own, [chart, own]), undefined);
    });

    it("has its last table and plot in docs/performance.md", () => {
        const report: SpeedReport = JSON.parse(read("performance.json"));
        assert.ok(report.rows.some(({ seconds }) => seconds.length > 0));
        assert.ok(read("performance.md").includes(markdown(report)), "docs/performance.md: run make bench");
        assert.equal(read("performance.svg"), speedPlot(report), "docs/performance.svg: run make bench");
    });
});

describe("the benchmark beside MinIO's chart", () => {
    const latency = (pairs: Pairs["pairs"]): Pairs => ({ title: "GET", unit: "ms", pairs });
    const times = (factor: number) =>
        Array.from({ length: 15 }, (_, i) => [(10 + i) * factor, 10 + i] as [number, number]);

    it("says for each pair how much worse ours was, of a time and of a throughput", () => {
        assert.deepEqual(ratios(latency([[2, 1]])), [2]);
        assert.deepEqual(ratios({ ...latency([[2, 1]]), moreIsBetter: true }), [0.5]);
    });

    it("knows where a median is by the sign test", () => {
        const values = Array.from({ length: 15 }, (_, i) => i + 1);
        assert.deepEqual(interval(values), [4, 12]);
        assert.deepEqual(interval(values.slice(0, 6).reverse()), [1, 6]);
        assert.equal(interval(values.slice(0, 5)), undefined);
    });

    it("decides the goal only where the pairs do", () => {
        assert.equal(isPairMet(latency(times(1.01))), true);
        assert.equal(isPairMet(latency(times(1.05))), false);
        assert.equal(isPairMet(latency([...times(1), ...times(1.1)])), undefined);
        assert.equal(isPairMet(latency(times(2).slice(0, 5))), undefined);
        assert.match(
            pairsTable([latency(times(1.05))]),
            /\| GET \| 17\.9 ms \(10\.5–25\.2\) \| 17\.0 ms .* \| 1\.05 \| 1\.05–1\.05 \| \*\*missed\*\* \|/,
        );
    });
});

describe("the benchmark of a large cluster", () => {
    it("tells of each step what clients saw and what pulumi used, and of a failed one why", () => {
        const use = {
            memory: { engine: 100 << 20, program: 200 << 20, providers: 50 << 20 },
            cpuSeconds: { engine: 1, program: 2.4, providers: 3 },
        };
        const clients = { requests: 10, failed: 1, longestGap: 0.51 };
        const text = stepsTable([
            { title: "up", seconds: 12.34, use, asked: 5 },
            { title: "change", seconds: 7, failed: "not done after 7 s", clients, use, asked: 6 },
        ]);
        assert.ok(text.includes("| up | 12.3 |  |  | 350 (100 + 200 + 50) | 6.4 (1.0 + 2.4 + 3.0) | 5 |"), text);
        assert.ok(text.includes("| change | 7.0, **failed** | 1 of 10 | 0.5 s |"), text);
        assert.ok(text.endsWith("change failed: not done after 7 s"), text);
    });

    it("reads what a process uses, and nothing of one that has ended", function () {
        if (process.platform !== "linux") {
            this.skip();
        }
        const { memory, cpuSeconds } = usageOf(process.pid) as NonNullable<ReturnType<typeof usageOf>>;
        const { user, system } = process.cpuUsage();
        assert.ok(memory > 10 << 20 && memory < 8 * 2 ** 30, `${memory}`);
        assert.ok(cpuSeconds > 0 && cpuSeconds <= (user + system) / 1e6 + 0.1, `${cpuSeconds}`);
        assert.equal(usageOf(2 ** 30), undefined);
    });
});
