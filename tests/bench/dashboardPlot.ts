/** Draws a dashboard's panels with what Prometheus has for them, as Grafana arranges them. Pure: values in, SVG out. */
import type { Texts } from "../../components/monitoring/panels";
import type { Found } from "../support/prometheus";
import { at, begin, escaped, text } from "./svg";
import { ofUnit } from "./units";

/** A panel as it stands in the dashboard's JSON, as far as it is drawn. */
export interface PlacedPanel {
    type: "heatmap" | "row" | "stat" | "state-timeline" | "timeseries";
    title: string;
    gridPos: { x: number; y: number; w: number; h: number };
    targets?: { expr: string; legendFormat: string }[];
    fieldConfig?: {
        defaults: {
            unit?: string;
            min?: number;
            max?: number;
            mappings?: { options: Texts }[];
            thresholds?: { steps: { color: string; value: number | null }[] };
        };
    };
    options?: { yAxis?: { unit: string } };
}

/** A panel, with what each of its queries found. */
export interface FilledPanel extends PlacedPanel {
    found: Found[][];
}

/** The time that is drawn, in seconds since 1970. */
export interface Span {
    from: number;
    to: number;
    step: number;
}

interface Box {
    x: number;
    y: number;
    w: number;
    h: number;
}

interface Line {
    name: string;
    values: [time: number, value: number][];
}

const column = 50;
const row = 30;
const head = 50;
const gap = 4;
const legendRow = 14;
const legendRows = 2;
const leftAxis = 58;

const colors = [
    "#73bf69",
    "#5794f2",
    "#ff9830",
    "#f2495c",
    "#b877d9",
    "#fade2a",
    "#37872d",
    "#8ab8ff",
    "#fa6400",
    "#c4162a",
];
const named: Record<string, string> = { green: "#73bf69", red: "#f2495c" };

export function dashboardPlot(title: string, panels: FilledPanel[], span: Span): string {
    const width = 24 * column;
    const height = head + Math.max(...panels.map(({ gridPos: { y, h } }) => y + h)) * row + gap;
    return [
        ...begin(width, height, `The dashboard ${title}`),
        style,
        `<rect class="page" width="${width}" height="${height}"/>`,
        text(12, 32, title, "title"),
        ...panels.flatMap((panel) => drawPanel(panel, span)),
        "</svg>\n",
    ].join("\n");
}

function drawPanel(panel: FilledPanel, span: Span): string[] {
    const { x, y, w, h } = panel.gridPos;
    const box = { x: x * column + gap, y: head + y * row, w: w * column - gap, h: h * row - gap };
    if (panel.type === "row") {
        return [text(box.x + 6, box.y + 20, `⌄ ${panel.title}`, "section")];
    }
    const lines = linesOf(panel);
    const inner = { x: box.x + leftAxis, y: box.y + 30, w: box.w - leftAxis - 12, h: box.h - 30 - 58 };
    const drawn =
        lines.length === 0
            ? [text(box.x + box.w / 2, box.y + box.h / 2, "No data", "nothing")]
            : {
                  stat: () => drawStat(panel, lines, box),
                  timeseries: () => drawLines(panel, lines, span, inner),
                  "state-timeline": () => drawStates(panel, lines, span, inner),
                  heatmap: () => drawHeat(panel, lines, span, inner),
              }[panel.type]();
    return [
        `<g><rect class="panel" x="${box.x}" y="${box.y}" width="${box.w}" height="${box.h}" rx="2"/>`,
        text(box.x + 8, box.y + 18, panel.title, "name"),
        ...drawn,
        "</g>",
    ];
}

/** What a panel's queries found, each series under its legend. */
function linesOf({ targets = [], found }: FilledPanel): Line[] {
    return found.flatMap((series, index) =>
        series.map(({ metric, values }) => ({
            name: targets[index].legendFormat.replace(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? ""),
            values: values.map(([time, value]): [number, number] => [time, Number(value)]),
        })),
    );
}

function drawStat({ fieldConfig }: FilledPanel, [{ values }]: Line[], { x, y, w, h }: Box): string[] {
    const { unit = "none", mappings = [], thresholds } = fieldConfig?.defaults ?? {};
    const [, value] = values[values.length - 1];
    const mapped = mappings[0]?.options[value];
    const reached = thresholds?.steps.filter((step) => step.value === null || value >= step.value) ?? [];
    const color = named[mapped?.color ?? reached[reached.length - 1]?.color ?? "green"];
    const shown = mapped?.text ?? ofUnit(unit, value);
    return [
        `<text class="value" x="${at(x + w / 2)}" y="${at(y + h / 2 + 18)}" style="fill:${color}">${escaped(shown)}</text>`,
    ];
}

function drawLines({ fieldConfig }: FilledPanel, lines: Line[], span: Span, box: Box): string[] {
    const { unit = "none", min, max } = fieldConfig?.defaults ?? {};
    const known = lines.flatMap(({ values }) => values.map(([, value]) => value)).filter(Number.isFinite);
    const low = min ?? Math.min(0, ...known);
    const step = niceStep((max ?? Math.max(...known, low)) - low);
    const high = max ?? Math.max(low + step, Math.ceil(Math.max(...known) / step) * step);
    const ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => low + i * step);
    const yOf = (value: number) => box.y + box.h - ((value - low) / (high - low || 1)) * box.h;
    return [
        ...ticks.flatMap((tick) => [
            `<path class="grid" d="M${box.x} ${at(yOf(tick))}h${box.w}"/>`,
            text(box.x - 6, yOf(tick) + 4, ofUnit(unit, tick), "left"),
        ]),
        ...timeAxis(span, box),
        ...lines.map(({ values }, index) => {
            const path = values.map(([time, value], i) => {
                const isNext = i > 0 && time - values[i - 1][0] <= 1.5 * span.step && Number.isFinite(values[i - 1][1]);
                return Number.isFinite(value)
                    ? `${isNext ? "L" : "M"}${at(xOf(time, span, box))} ${at(yOf(value))}`
                    : "";
            });
            return `<path class="line" style="stroke:${colors[index % colors.length]}" d="${path.join("")}"/>`;
        }),
        ...legend(
            lines.map(({ name }, index) => [name, colors[index % colors.length]]),
            box,
        ),
    ];
}

function drawStates({ fieldConfig }: FilledPanel, lines: Line[], span: Span, box: Box): string[] {
    const texts = fieldConfig?.defaults.mappings?.[0]?.options ?? {};
    const height = box.h / lines.length;
    return [
        ...lines.flatMap(({ name, values }, index) => {
            const y = box.y + index * height;
            const width = at((span.step / (span.to - span.from)) * box.w + 0.5);
            return [
                text(box.x - 6, y + height / 2 + 4, name, "left"),
                ...values.map(
                    ([time, value]) =>
                        `<rect x="${at(xOf(time, span, box))}" y="${at(y + 3)}" width="${width}" height="${at(height - 6)}" ` +
                        `fill="${named[texts[value]?.color] ?? colors[0]}"/>`,
                ),
            ];
        }),
        ...timeAxis(span, box),
        ...legend(
            Object.values(texts).map(({ text: words, color }) => [words, named[color]]),
            box,
        ),
    ];
}

/** Of counts that each include those of the smaller buckets. */
function drawHeat({ options }: FilledPanel, lines: Line[], span: Span, box: Box): string[] {
    const limit = ({ name }: Line) => (name === "+Inf" ? Number.POSITIVE_INFINITY : Number(name));
    const buckets = [...lines].sort((one, other) => limit(one) - limit(other));
    const below = (index: number, time: number) =>
        index < 0 ? 0 : (buckets[index].values.find(([other]) => other === time)?.[1] ?? 0);
    const cells = buckets.flatMap(({ values }, index) =>
        values.map(([time, value]) => ({ index, time, count: value - below(index - 1, time) })),
    );
    const most = Math.max(...cells.map(({ count }) => count), 1e-9);
    const height = box.h / buckets.length;
    const width = (span.step / (span.to - span.from)) * box.w;
    const y = (index: number) => box.y + box.h - (index + 1) * height;
    const unit = options?.yAxis?.unit ?? "none";
    return [
        ...buckets.map((bucket, index) =>
            text(
                box.x - 6,
                y(index) + height / 2 + 4,
                bucket.name === "+Inf" ? "more" : ofUnit(unit, limit(bucket)),
                "left",
            ),
        ),
        ...cells
            .filter(({ count }) => count > 0.01 * most)
            .map(
                ({ index, time, count }) =>
                    `<rect x="${at(xOf(time, span, box))}" y="${at(y(index))}" width="${at(width - 0.5)}" ` +
                    `height="${at(height - 1)}" fill="#ff9830" fill-opacity="${(0.15 + (0.85 * count) / most).toFixed(2)}"/>`,
            ),
        ...timeAxis(span, box),
    ];
}

function xOf(time: number, { from, to }: Span, { x, w }: Box): number {
    return x + ((time - from) / (to - from)) * w;
}

function timeAxis(span: Span, box: Box): string[] {
    const every = Math.max(60, Math.ceil((span.to - span.from) / 5 / 60) * 60);
    const first = Math.ceil(span.from / every) * every;
    const ticks: number[] = [];
    for (let time = first; time <= span.to; time += every) {
        ticks.push(time);
    }
    return ticks.map((time) =>
        text(xOf(time, span, box), box.y + box.h + 16, new Date(time * 1000).toISOString().slice(11, 16), "below"),
    );
}

/** Names with their colours in as many rows as there is room for. */
function legend(entries: [name: string, color: string][], { x, y, w, h }: Box): string[] {
    const [left, right] = [x - leftAxis + 10, x + w];
    const parts: string[] = [];
    let [column, line] = [left, 0];
    for (const [index, [name, color]] of entries.entries()) {
        const width = 22 + name.length * 6;
        if (column + width > right && column > left) {
            [column, line] = [left, line + 1];
        }
        if (line >= legendRows) {
            parts.push(text(right, y + h + 32 + legendRow, `and ${entries.length - index} more`, "left"));
            break;
        }
        const baseline = y + h + 32 + line * legendRow;
        parts.push(`<rect x="${at(column)}" y="${at(baseline - 5)}" width="10" height="3" fill="${color}"/>`);
        parts.push(text(column + 14, baseline, name, "entry"));
        column += width;
    }
    return parts;
}

/** A distance of ticks, so that there are three to six. */
function niceStep(range: number): number {
    const rough = (range || 1) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    return power * (([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) as number);
}

const style = `<style>
text { font: 11px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #ccccdc }
.title { font-size: 18px; font-weight: 600 }
.section { font-size: 14px; font-weight: 600 }
.name { font-size: 12px; font-weight: 600 }
.value { font-size: 30px; font-weight: 600; text-anchor: middle }
.nothing { text-anchor: middle; fill: #8e8e9b }
.left { text-anchor: end; fill: #9fa1a8 }
.below { text-anchor: middle; fill: #9fa1a8 }
.page { fill: #111217 }
.panel { fill: #181b1f; stroke: #2c3038 }
.grid { stroke: #2c3038 }
.line { fill: none; stroke-width: 1.3 }
</style>`;
