/** Draws the speed benchmark: every round a dot, the median a bar. Pure: numbers in, SVG out. */
import { median, ratio, type SpeedReport } from "./speedReport";

const width = 1000;
const left = 430;
const right = 120;
const top = 60;
const pitch = 26;

export function speedPlot({ rows, date }: SpeedReport): string {
    const measured = rows.filter(({ seconds }) => seconds.length > 0);
    const longest = Math.max(1, ...measured.flatMap(({ seconds }) => seconds));
    const x = (seconds: number) => left + (seconds / longest) * (width - left - right);
    const height = top + measured.length * pitch + 40;
    const every = [0.5, 1, 2, 5, 10].find((step) => longest / step <= 10) ?? 20;
    const ticks = Array.from({ length: Math.floor(longest / every) + 1 }, (_, tick) => tick * every);
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
        "<title>How long previews and updates take</title>",
        style,
        `<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>`,
        text(16, 28, `How long previews and updates take, in seconds (${date})`, "title"),
        ...ticks.map((tick) => `<path class="grid" d="M${at(x(tick))} ${top - 8}V${height - 32}"/>`),
        ...ticks.map((tick) => text(x(tick), height - 16, String(tick), "tick")),
        ...measured.flatMap((row, index) => {
            const y = top + index * pitch;
            const middle = median(row.seconds);
            const compared = ratio(row, rows);
            return [
                text(left - 10, y + 13, row.title.replaceAll("`", ""), "label"),
                `<rect class="bar" x="${left}" y="${y + 3}" width="${at(x(middle) - left)}" height="12"/>`,
                ...row.seconds.map((seconds) => `<circle class="dot" cx="${at(x(seconds))}" cy="${y + 9}" r="2.5"/>`),
                text(
                    x(Math.max(...row.seconds)) + 8,
                    y + 13,
                    `${middle.toFixed(2)} s${compared === undefined ? "" : `, × ${compared.toFixed(2)}`}`,
                    "number",
                ),
            ];
        }),
        "</svg>\n",
    ].join("\n");
}

function text(x: number, y: number, words: string, kind: string): string {
    return `<text class="${kind}" x="${at(x)}" y="${at(y)}">${words}</text>`;
}

function at(coordinate: number): number {
    return Number(coordinate.toFixed(1));
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
