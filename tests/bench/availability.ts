/** What the availability benchmark leaves: a picture, the numbers, and every request. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { availabilityPlot, type PlotWay } from "./availabilityPlot";
import type { Measured } from "./measure";
import { timeline } from "./numbers";
import { grouped, isMeasured, json, laneNumbers, type Result } from "./report";

/**
 * @param out folder of the picture and the numbers
 * @param raw file of every request
 */
export function save(out: string, raw: string, results: Result[]): void {
    const machine = `${cpus().length} CPUs (${cpus()[0]?.model.trim()})`;
    const about = { date: new Date().toISOString(), machine, node: process.version };
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, "availability.json"), json(results, about));
    writeFileSync(raw, JSON.stringify({ about, results }));
    const drawn = availabilityPlot(plotOf(results), {
        title: "What clients see while MinIO is changed",
        subtitle:
            "4 servers; 2 writers and 2 readers of 64 KiB objects with the SDK's retries, and as many without, at once; " +
            about.date.slice(0, 10),
        piece,
    });
    writeFileSync(join(out, "availability.svg"), drawn);
}

const piece = 0.25;

function plotOf(results: Result[]): PlotWay[] {
    return grouped(results).map(([way, ofWay]) => {
        const title = ofWay.length > 1 ? `${way.title} (the worst of ${ofWay.length} runs)` : way.title;
        const [worst] = ofWay.filter(isMeasured).sort(byHarm);
        if (!worst) {
            const [reason] = ofWay.map((result) => (isMeasured(result) ? "" : result.reason.split("\n")[0]));
            return { title, changes: [], lanes: [], missing: reason };
        }
        const lanes = worst.lanes.map((lane, i) => {
            const { put, get, lost } = laneNumbers(worst, i);
            return {
                title: lane.title,
                timeline: timeline(lane.outcomes, worst.seconds, piece),
                requests: put.requests + get.requests,
                failed: put.failed + get.failed,
                longestGap: Math.max(put.longestGap, get.longestGap),
                lost,
            };
        });
        return { title, changes: worst.changes, lanes };
    });
}

/** The run that was worst for callers first: by what failed in spite of retries, then by the gap, then by what failed without. */
function byHarm(one: Measured, other: Measured): number {
    const harm = (measured: Measured) => {
        const numbers = measured.lanes.map((_, lane) => laneNumbers(measured, lane));
        const failed = numbers.map(({ put, get, lost }) => put.failed + get.failed + lost);
        const gaps = numbers.map(({ put, get }) => Math.max(put.longestGap, get.longestGap));
        return [failed[0], Math.round(Math.max(...gaps)), failed[1]];
    };
    const [before, after] = [harm(other), harm(one)];
    return before.map((value, index) => value - after[index]).find((difference) => difference !== 0) ?? 0;
}
