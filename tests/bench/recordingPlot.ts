/** Draws a recording of a terminal as an SVG that plays by CSS alone, also as an `<img>`. Pure: lines in, SVG out. */
import { at, begin, escaped, text } from "./svg";

/** A line that the terminal got, whole, with its escape sequences for colours. */
export interface RecordedLine {
    /** Milliseconds since the recording began. */
    at: number;
    text: string;
}

export interface Recording {
    title: string;
    lines: RecordedLine[];
}

/** A moment in which lines came. */
interface Frame {
    /** Seconds since the recording began. */
    true: number;
    /** Seconds since the picture began. */
    shown: number;
    /** Rows that are there from then on. */
    rows: number;
}

/** A piece of a row, in one colour. */
interface Run {
    text: string;
    kind: string;
}

const columns = 116;
const rowsShown = 30;
const rowHeight = 16;
const columnWidth = 7.3;
const margin = 12;
const head = 34;
const width = columns * columnWidth + 2 * margin;
const height = head + rowsShown * rowHeight + margin;

/** Seconds. A longer wait is shortened to this, and the picture says so. */
export const longestWait = 2;

/** Seconds for which the last lines stay, before it begins again. */
const rest = 6;

/** Milliseconds. Lines that come closer are shown together: nobody sees the difference, and the file is smaller. */
const together = 100;

/** The terminal's colours, in the order of their numbers: the eight, and the eight bright ones. */
const colours = [
    ...["#6e7681", "#ff7b72", "#3fb950", "#d29922", "#79c0ff", "#d2a8ff", "#56d4dd", "#e6edf3"],
    ...["#8b949e", "#ffa198", "#56d364", "#e3b341", "#a5d6ff", "#e2c5ff", "#76e3ea", "#ffffff"],
];

export function recordingPlot({ title, lines }: Recording): string {
    const rows = lines.map((line) => rowsOf(line.text));
    const frames = framesOf(lines, rows);
    const all = rows.flat();
    const seconds = at((frames.at(-1)?.shown ?? 0) + rest);
    const scrolled = frames.map((frame) => -rowHeight * Math.max(0, frame.rows - rowsShown));
    const covered = frames.map((frame) => rowHeight * Math.min(frame.rows, rowsShown));
    const clock = frames.map((_, index) => -head * index);
    const strip = (name: string, offsets: number[]) => [
        `.${name}{transform:translateY(${offsets.at(-1)}px)}`,
        `@keyframes ${name}{${frames
            .map(({ shown }, index) => ({ part: at4((100 * shown) / seconds), offset: offsets[index] }))
            // What does not move needs no step.
            .filter(({ offset }, index) => index === 0 || offset !== offsets[index - 1])
            .map(({ part, offset }) => `${part}%{transform:translateY(${offset}px)}`)
            .join("")}100%{transform:translateY(${offsets.at(-1)}px)}}`,
    ];
    const style = [
        "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d1d9e0;white-space:pre}",
        ".title{font-weight:600}.clock text{fill:#d29922;text-anchor:end}.b{font-weight:600}",
        ".window,.cover{fill:#0d1117}.bar{fill:#21262d}",
        ...colours.map((colour, index) => `.c${index}{fill:${colour}}`),
        ...strip("scroll", scrolled),
        ...strip("cover", covered),
        ...strip("clock", clock),
        // Whoever wants no movement sees the end.
        "@media (prefers-reduced-motion:no-preference){",
        ...["scroll", "cover", "clock"].map((name) => `.${name}{animation:${name} ${seconds}s step-end infinite}`),
        "}",
    ];
    return [
        ...begin(at(width), height, title),
        `<style>${style.join("")}</style>`,
        `<rect class="window" width="${at(width)}" height="${height}" rx="6"/>`,
        `<rect class="bar" width="${at(width)}" height="${head - 8}" rx="6"/>`,
        text(margin, 18, title, "title"),
        `<svg width="${at(width)}" height="${head - 8}"><g class="clock">`,
        ...frames.map((frame, index) => text(width - margin, head * index + 18, clockOf(frame, frames[index + 1]), "")),
        "</g></svg>",
        `<svg x="${margin}" y="${head}" width="${at(width - 2 * margin)}" height="${rowsShown * rowHeight}">`,
        '<g class="scroll">',
        ...all.map((row, index) => drawRow(row, index)).filter((drawn) => drawn !== ""),
        "</g>",
        `<rect class="cover" width="100%" height="${rowsShown * rowHeight}"/>`,
        "</svg>",
        "</svg>\n",
    ].join("\n");
}

/** The true time, and what the picture makes shorter until the next lines. */
function clockOf(frame: Frame, next: Frame | undefined): string {
    const seconds = Math.floor(frame.true);
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (!next) {
        return `${clock}, the end`;
    }
    const wait = next.true - frame.true;
    const told = wait < 10 ? wait.toFixed(1) : wait.toFixed(0);
    return wait > longestWait ? `a wait of ${told} s, shortened to ${longestWait} s   ${clock}` : clock;
}

function framesOf(lines: RecordedLine[], rows: Run[][][]): Frame[] {
    const frames: Frame[] = [];
    let count = 0;
    for (const [index, line] of lines.entries()) {
        count += rows[index].length;
        const last = frames.at(-1);
        if (last && line.at - last.true * 1000 < together) {
            last.rows = count;
            continue;
        }
        const now = line.at / 1000;
        const shown = last ? last.shown + Math.min(now - last.true, longestWait) : 0;
        frames.push({ true: now, shown, rows: count });
    }
    return frames;
}

/** The rows that a line takes in the terminal, which is `columns` wide. */
function rowsOf(line: string): Run[][] {
    const rows: Run[][] = [[]];
    let left = columns;
    for (const { text: words, kind } of runsOf(line)) {
        let characters = [...words];
        while (characters.length > 0) {
            if (left === 0) {
                rows.push([]);
                left = columns;
            }
            const part = characters.slice(0, left);
            rows.at(-1)?.push({ text: part.join(""), kind });
            characters = characters.slice(part.length);
            left -= part.length;
        }
    }
    return rows;
}

/** A line's text by its colours (`ESC [ … m`). Every other escape sequence is left out. */
function runsOf(line: string): Run[] {
    const runs: Run[] = [];
    let colour: number | undefined;
    let isBold = false;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    for (const [, words, codes] of `${line}\u001b[m`.matchAll(/(.*?)\u001b\[([\d;?]*[A-Za-z])/g)) {
        if (words !== "") {
            const kind = [...(isBold ? ["b"] : []), ...(colour === undefined ? [] : [`c${colour}`])].join(" ");
            runs.push({ text: words.replace(/\p{Cc}/gu, ""), kind });
        }
        if (!codes.endsWith("m")) {
            continue;
        }
        const numbers = codes.slice(0, -1).split(";").map(Number);
        for (let index = 0; index < numbers.length; index++) {
            const code = numbers[index];
            if (code === 0) {
                colour = undefined;
                isBold = false;
            } else if (code === 1) {
                isBold = true;
            } else if (code === 38 && numbers[index + 1] === 5) {
                // Of the 256 colours only the first have names here.
                colour = numbers[index + 2] < colours.length ? numbers[index + 2] : undefined;
                index += 2;
            } else if (code === 39) {
                colour = undefined;
            } else if (code >= 30 && code <= 37) {
                colour = code - 30;
            } else if (code >= 90 && code <= 97) {
                colour = code - 90 + 8;
            }
        }
    }
    return runs;
}

function drawRow(row: Run[], index: number): string {
    if (row.every((run) => run.text.trim() === "")) {
        return "";
    }
    const runs = row.map(({ text: words, kind }) =>
        kind === "" ? escaped(words) : `<tspan class="${kind}">${escaped(words)}</tspan>`,
    );
    return `<text y="${rowHeight * index + 12}" xml:space="preserve">${runs.join("")}</text>`;
}

function at4(value: number): number {
    return Number(value.toFixed(4));
}
