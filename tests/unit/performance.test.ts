import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { speedPlot } from "../bench/speedPlot";
import { isMet, markdown, ratio, type SpeedReport, type SpeedRow } from "../bench/speedReport";

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
