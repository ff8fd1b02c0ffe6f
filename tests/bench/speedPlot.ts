/** Draws the speed benchmark: every round a dot, the median a bar. Pure: numbers in, SVG out. */
import { median, ratio, type SpeedReport, type SpeedRow } from "./speedReport";
import { at, begin, text } from "./svg";

const width = 1000;
const left = 430;
const right = 160;
const top = 60;
const pitch = 26;
/** Below a panel, with its axis. */
const axisHeight = 44;

/** Rows that take longer stand apart, in seconds, with a scale of their own. */
const long = 8;

export function speedPlot(report: SpeedReport): string {
    const measured = report.rows.filter(({ seconds }) => seconds.length > 0);
    const isLong = ({ seconds }: SpeedRow) => median(seconds) > long;
    const panels = [measured.filter((row) => !isLong(row)), measured.filter(isLong)].filter((rows) => rows.length > 0);
    const parts: string[] = [];
    let y = top;
    for (const rows of panels) {
        parts.push(...drawPanel(rows, report, y));
        y += rows.length * pitch + axisHeight;
    }
    return [
        ...begin(width, y, "How long previews and updates take"),
        style,
        `<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${y - 1}" rx="6"/>`,
        text(16, 28, `How long previews and updates take, in seconds (${report.date})`, "title"),
        ...parts,
        "</svg>\n",
    ].join("\n");
}

function drawPanel(rows: SpeedRow[], report: SpeedReport, y: number): string[] {
    const bottom = y + rows.length * pitch;
    const longest = Math.max(...rows.flatMap(({ seconds }) => seconds));
    const x = (seconds: number) => left + (seconds / longest) * (width - left - right);
    const every = [0.5, 1, 2, 5, 10].find((step) => longest / step <= 10) ?? 20;
    const ticks = Array.from({ length: Math.floor(longest / every) + 1 }, (_, tick) => tick * every);
    return [
        ...ticks.map((tick) => `<path class="grid" d="M${at(x(tick))} ${y - 4}V${bottom + 4}"/>`),
        ...ticks.map((tick) => text(x(tick), bottom + 18, `${tick} s`, "tick")),
        ...rows.flatMap((row, index) => drawRow(row, report, y + index * pitch, x)),
    ];
}

function drawRow(row: SpeedRow, { rows }: SpeedReport, y: number, x: (seconds: number) => number): string[] {
    const middle = median(row.seconds);
    const number = rows.findIndex(({ name }) => name === row.against) + 1;
    const compared = ratio(row, rows);
    const told = compared === undefined ? "" : `, ${compared.toFixed(2)} × row ${number}`;
    return [
        text(left - 10, y + 13, `${row.title.replaceAll("`", "")}  ${rows.indexOf(row) + 1}`, "label"),
        `<rect class="bar" x="${left}" y="${y + 3}" width="${at(x(middle) - left)}" height="12"/>`,
        ...row.seconds.map((seconds) => `<circle class="dot" cx="${at(x(seconds))}" cy="${y + 9}" r="2.5"/>`),
        text(x(Math.max(...row.seconds)) + 8, y + 13, `${middle.toFixed(2)} s${told}`, "number"),
    ];
}

const style = `<style>
text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.label { text-anchor: end }
.tick { text-anchor: middle; fill: #59636e }
.page { fill: #ffffff; stroke: #d1d9e0 }
.grid { stroke: #d1d9e0 }
.bar { fill: #9bd3f3 }
.dot { fill: #0b5c8a }
</style>`;
