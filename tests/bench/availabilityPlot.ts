/** Draws what callers saw over time, a lane for each way and kind of client. Pure: values in, SVG out. */
import type { State } from "./numbers";
import { at, begin, escaped, text } from "./svg";

export interface PlotWay {
    title: string;
    /** When changes were under way, in seconds since the load began. */
    changes: { title: string; from: number; to: number; failed?: string }[];
    lanes: PlotLane[];
    /** Shown in place of the lanes, when there are none. */
    missing?: string;
}

export interface PlotLane {
    title: string;
    timeline: State[];
    requests: number;
    failed: number;
    /** Seconds. */
    longestGap: number;
    lost: number;
}

export interface PlotOptions {
    title: string;
    subtitle: string;
    /** Length of a piece of the timelines, in seconds. */
    piece: number;
}

const width = 1000;
const left = 112;
const right = 282;
const top = 92;
const laneHeight = 16;
const lanePitch = 22;
const headHeight = 24;
/** Of the names of changes, where a way has several. */
const stepHeight = 12;
const wayGap = 14;

/** The worse, the higher, so that it can be told without colours too; some failed is hatched besides. */
const heights: Record<State, number> = { idle: 0, good: 4, slow: 8, some: 12, none: 16 };

const legend: [State, string][] = [
    ["good", "all succeeded"],
    ["slow", "all succeeded, one took over 1 s"],
    ["some", "some failed"],
    ["none", "all failed"],
];

export function availabilityPlot(ways: PlotWay[], { title, subtitle, piece }: PlotOptions): string {
    // Every way's first change begins at the same place.
    const beginOf = (way: PlotWay) => way.changes[0]?.from ?? 0;
    const lengthOf = (way: PlotWay) => Math.max(0, ...way.lanes.map(({ timeline }) => timeline.length * piece));
    const before = Math.max(1, ...ways.map(beginOf));
    const behind = Math.max(1, ...ways.map((way) => lengthOf(way) - beginOf(way)));
    const scale = (width - left - right) / (before + behind);
    const x = (seconds: number) => left + (before + seconds) * scale;

    const parts: string[] = [];
    let y = top;
    for (const way of ways) {
        parts.push(...drawWay(way, y, (seconds) => x(seconds - beginOf(way)), piece));
        y += headOf(way) + Math.max(1, way.lanes.length) * lanePitch + wayGap;
    }
    const axis = drawAxis(x, behind, y);
    const height = y + 34;
    return [
        ...begin(width, height, title),
        `<desc>${escaped(ways.map(describe).join(" "))}</desc>`,
        style,
        `<rect class="page" width="${width}" height="${height}" rx="6"/>`,
        text(16, 28, title, "title"),
        text(16, 47, subtitle, "quiet"),
        ...drawLegend(),
        ...axis,
        ...parts,
        "</svg>\n",
    ].join("\n");
}

/** Of one change the way's own title tells. */
const namesItsChanges = ({ changes }: PlotWay) => changes.length > 1 || changes.some(({ failed }) => failed);

const headOf = (way: PlotWay) => headHeight + (namesItsChanges(way) ? stepHeight : 0);

function drawWay(way: PlotWay, y: number, x: (seconds: number) => number, piece: number): string[] {
    const lanesTop = y + headOf(way);
    if (way.lanes.length === 0) {
        return [text(16, y + 14, way.title, "way"), text(left, lanesTop + 13, `not measured: ${way.missing}`, "quiet")];
    }
    const height = way.lanes.length * lanePitch;
    const bands = way.changes.flatMap(({ title, from, to, failed }) => [
        `<rect class="band" x="${at(x(from))}" y="${lanesTop - 4}" width="${at(x(to) - x(from))}" height="${height}"/>`,
        `<path class="mark" d="M${at(x(from))} ${lanesTop - 6}v${height + 2}M${at(x(to))} ${lanesTop - 6}v${height + 2}"/>`,
        ...(namesItsChanges(way) ? [text(x(from) + 3, lanesTop - 7, failed ? `${title}: failed` : title, "step")] : []),
    ]);
    const lanes = way.lanes.flatMap((lane, i) => {
        const base = lanesTop + i * lanePitch + laneHeight;
        return [
            text(left - 8, base - 3, lane.title, "lane"),
            ...drawTimeline(lane.timeline, base, x, piece),
            text(width - right + 12, base - 3, told(lane), lane.failed + lane.lost === 0 ? "number" : "number bad"),
        ];
    });
    return [text(16, y + 13, way.title, "way"), ...bands, ...lanes];
}

/** Pieces of the same state that follow each other become one rectangle. */
function drawTimeline(timeline: State[], base: number, x: (seconds: number) => number, piece: number): string[] {
    const drawn: string[] = [];
    for (let from = 0, to = 0; from < timeline.length; from = to) {
        const state = timeline[from];
        while (to < timeline.length && timeline[to] === state) {
            to++;
        }
        if (state !== "idle") {
            const [begin, end] = [x(from * piece), x(to * piece)];
            drawn.push(bar(state, begin, base, end - begin));
        }
    }
    return drawn;
}

function bar(state: State, x: number, base: number, length: number): string {
    const height = heights[state];
    return `<rect class="${state}" x="${at(x)}" y="${base - height}" width="${at(length)}" height="${height}"/>`;
}

function drawLegend(): string[] {
    const parts: string[] = [];
    let x = left;
    for (const [state, meaning] of legend) {
        parts.push(bar(state, x, 76, 16), text(x + 22, 73, meaning, "quiet"));
        x += 44 + meaning.length * 6.2;
    }
    parts.push(`<rect class="band" x="${at(x)}" y="60" width="16" height="16"/>`);
    parts.push(`<path class="mark" d="M${at(x)} 60v16M${at(x + 16)} 60v16"/>`);
    parts.push(text(x + 22, 73, "change under way", "quiet"));
    return parts;
}

function drawAxis(x: (seconds: number) => number, behind: number, bottom: number): string[] {
    const every = [10, 20, 30, 60, 120].find((step) => behind / step <= 12) ?? 300;
    const ticks = Array.from({ length: Math.floor(behind / every) + 1 }, (_, i) => i * every);
    return [
        ...ticks.map((tick) => `<path class="grid" d="M${at(x(tick))} ${top}V${bottom}"/>`),
        ...ticks.map((tick) => text(x(tick), bottom + 14, `${tick} s`, "tick")),
        text(left - 8, bottom + 14, "since it began", "lane"),
    ];
}

function told({ requests, failed, longestGap, lost }: PlotLane): string {
    return `${failed} of ${requests} failed, gap ${longestGap.toFixed(1)} s, lost ${lost}`;
}

function describe({ title, lanes, missing }: PlotWay): string {
    const seen = lanes.map((lane) => `${lane.title}: ${told(lane)}`).join("; ");
    return `${title}: ${seen || missing}.`;
}

/** With a page of its own, so that it is readable on whatever it is shown. */
const style = `<style>
text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.way { font-size: 13px; font-weight: 600 }
.quiet, .lane, .tick, .step { fill: #59636e }
.step { font-size: 11px }
.lane { text-anchor: end }
.tick { text-anchor: middle }
.bad { font-weight: 600 }
.page { fill: #ffffff; stroke: #d1d9e0 }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.band { fill: #59636e; fill-opacity: 0.12 }
.mark { stroke: #59636e; stroke-width: 1; stroke-dasharray: 3 2; fill: none }
.good { fill: #2f9e6e }
.slow { fill: #d9a400 }
.some { fill: url(#hatch) }
.none { fill: #b3123c }
#hatch rect { fill: #f5b8a0 }
#hatch path { stroke: #d4451d; stroke-width: 2.5 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.quiet, .lane, .tick, .step { fill: #9198a1 }
.page { fill: #0d1117; stroke: #3d444d }
.grid { stroke: #2a313c }
.band { fill: #9198a1; fill-opacity: 0.18 }
.mark { stroke: #9198a1 }
.good { fill: #3fb984 }
.slow { fill: #e3b341 }
.none { fill: #ff5d73 }
#hatch rect { fill: #6b2d14 }
#hatch path { stroke: #ff8a5c }
}
</style>
<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="5" height="5"/><path d="M0 0v5"/></pattern></defs>`;
