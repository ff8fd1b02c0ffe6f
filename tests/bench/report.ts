/** The measurements as text and as numbers. Pure. */
import type { Measured } from "./measure";
import { type Numbers, numbersOf, timeline, together } from "./numbers";
import type { PromisedTarget, Way } from "./ways";

/** A way that could not be measured. */
export interface Missing {
    way: Way;
    run: number;
    /** Why not. */
    reason: string;
    /** Whether it is a failure, and not only that this machine lacks something. */
    failure: boolean;
}

export type Result = Measured | Missing;

export const isMeasured = (result: Result): result is Measured => "lanes" in result;

/** A Markdown table with a row for each way and kind of client; several runs of a way are one. */
export function table(results: Result[]): string {
    const rows = grouped(results).flatMap(([way, ofWay]) => {
        const measured = ofWay.filter(isMeasured);
        if (measured.length === 0) {
            return [`| ${way.title} | – | ${reasonsOf(ofWay).join("; ")} | | | | | | |`];
        }
        const took = measured.map(({ changes }) => changes.reduce((sum, { from, to }) => sum + to - from, 0));
        return measured[0].lanes.map(({ title }, lane) => {
            const { put, get, lost } = together(measured.map((one) => laneNumbers(one, lane)));
            return [
                "",
                lane === 0 ? way.title : "",
                title,
                lane === 0 ? range(took) : "",
                `${put.failed} of ${put.requests}`,
                `${get.failed} of ${get.requests}`,
                `${put.longestGap.toFixed(1)}, ${get.longestGap.toFixed(1)} s`,
                `${seconds(put.p99)}, ${seconds(get.p99)} s`,
                `${seconds(put.slowest)}, ${seconds(get.slowest)} s`,
                `${lost}`,
                "",
            ]
                .join(" | ")
                .trim();
        });
    });
    return [
        "| way | client | change took | failed writes | failed reads | longest gap¹ | p99¹ | slowest¹ | lost |",
        "|---|---|---|---|---|---|---|---|---|",
        ...rows,
        "",
        "¹ writes, reads. Gap: the longest time in which none succeeded.",
    ].join("\n");
}

/** What the table has no room for: which errors, changes that did not get done, what was lost, and the target. */
export function notes(results: Result[]): string {
    return grouped(results)
        .flatMap(([way, ofWay]) => {
            const measured = ofWay.filter(isMeasured);
            const errors = measured[0]?.lanes.flatMap(({ title }, lane) =>
                Object.entries(together(measured.map((one) => laneNumbers(one, lane))).errors).map(
                    ([name, count]) => `${count} × ${name} (${title})`,
                ),
            );
            const late = measured.flatMap(({ lanes }) => lanes.map((lane) => lane.late)).reduce((sum, n) => sum + n, 0);
            const lost = measured.flatMap(({ lanes }) => lanes.flatMap((lane) => lane.lost)).slice(0, 3);
            return [
                ...(errors?.length ? [`errors: ${errors.join(", ")}`] : []),
                ...reasonsOf(ofWay),
                ...(late > 0 ? [`${late} acknowledged objects were not there at first, and were later`] : []),
                ...(measured.every(({ answered }) => answered) ? [] : ["some requests were never answered"]),
                ...lost.map((one) => `lost: ${one}`),
                ...linearizability(measured),
                ...(way.target && measured.length > 0 ? [verdict(measured, way.target)] : []),
            ].map((line) => `- ${way.title}: ${line}`);
        })
        .join("\n");
}

/** Whether concurrent clients saw a store that keeps its word. */
function linearizability(measured: Measured[]): string[] {
    const good = measured.filter(({ complaints }) => complaints.length === 0);
    const found = measured.flatMap(({ complaints }) => complaints);
    return measured.length > 0 ? [`${good.length} of ${measured.length} runs linearizable`, ...found] : [];
}

/** Whether the component did what it promises, for clients with the SDK's retries. */
function verdict(measured: Measured[], { failsNone, longestGap }: PromisedTarget): string {
    const { put, get, lost } = together(measured.map((one) => laneNumbers(one, 0)));
    const met =
        lost + (failsNone ? put.failed + get.failed : 0) === 0 &&
        Math.max(put.longestGap, get.longestGap) <= longestGap &&
        reasonsOf(measured).length === 0 &&
        measured.every(({ answered }) => answered);
    const what = `${failsNone ? "0 failed, " : ""}0 lost, longest gap ${longestGap} s`;
    return `target with the SDK's retries (${what}): ${met ? "met" : "MISSED"}`;
}

export function laneNumbers({ lanes, seconds }: Measured, lane: number): Numbers {
    return numbersOf(lanes[lane].outcomes, lanes[lane].lost, seconds);
}

/** All that was measured, as numbers, without single requests. */
export function json(results: Result[], about: Record<string, unknown>): string {
    const letters = { idle: " ", good: ".", slow: "s", some: "x", none: "#" };
    const rounded = (_: string, value: unknown) =>
        typeof value === "number" ? Math.round(value * 1000) / 1000 : value;
    const runs = results.map((result) =>
        isMeasured(result)
            ? {
                  way: result.way.name,
                  run: result.run,
                  seconds: result.seconds,
                  loadAverage: result.loadAverage,
                  changes: result.changes,
                  notLinearizable: result.complaints.length,
                  clients: Object.fromEntries(
                      result.lanes.map(({ name, outcomes }, lane) => [
                          name,
                          {
                              ...laneNumbers(result, lane),
                              eachQuarterSecond: timeline(outcomes, result.seconds, 0.25)
                                  .map((state) => letters[state])
                                  .join(""),
                          },
                      ]),
                  ),
              }
            : { way: result.way.name, run: result.run, notMeasured: result.reason },
    );
    return `${JSON.stringify({ ...about, letters, runs }, rounded, 1)}\n`;
}

/** The results of each way, in the order in which they came. */
export function grouped<T extends Result>(results: T[]): [Way, T[]][] {
    const byWay = new Map<Way, T[]>();
    for (const result of results) {
        byWay.set(result.way, [...(byWay.get(result.way) ?? []), result]);
    }
    return [...byWay];
}

/** Why something was not measured, or not done. */
function reasonsOf(results: Result[]): string[] {
    const reasons = results.flatMap((result) =>
        isMeasured(result)
            ? result.changes.filter(({ failed }) => failed).map(({ title, failed }) => `${title}: ${oneLine(failed)}`)
            : [oneLine(result.reason)],
    );
    return [...new Set(reasons)];
}

const oneLine = (text = "") => text.trim().split("\n").slice(-1)[0].trim().slice(0, 200);

const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 0);

function range(seconds: number[]): string {
    const [least, most] = [Math.min(...seconds), Math.max(...seconds)].map((value) => value.toFixed(0));
    return least === most ? `${least} s` : `${least}–${most} s`;
}
