/** The campaign's table in docs/reliability.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "./campaign";

export const reliabilityFile = join(__dirname, "../../docs/reliability.md");

const begin = "<!-- made by make test-faults: do not edit -->";
const end = "<!-- end -->";

const head = [
    "fault",
    "expected, by the topology",
    "observed",
    "requests failed",
    "longest gap of writes / reads",
    "lost",
    "linearizable",
    "manual step before `pulumi up`",
];

const line = (cells: string[]) => `| ${cells.join(" | ")} |`;

function lineOf(row: Row): string {
    return line([
        row.fault,
        row.expected,
        row.observed,
        `${row.failed} of ${row.requests}`,
        `${row.longestGap.put.toFixed(1)} s / ${row.longestGap.get.toFixed(1)} s`,
        String(row.lost),
        row.violations === 0 ? "yes" : `no: ${row.violations} times`,
        row.manualStep,
    ]);
}

export function tableOf(rows: Row[]): string {
    return [line(head), line(head.map(() => "---")), ...rows.map(lineOf)].join("\n");
}

/**
 * The text of docs/reliability.md with the lines of these rows; other faults keep the lines that they have.
 *
 * @param faults all faults, in the order of the table
 */
export function withRows(text: string, rows: Row[], faults: string[]): string {
    const [before, rest] = text.split(begin);
    const [old, after] = (rest ?? "").split(end);
    if (after === undefined) {
        throw new Error(`docs/reliability.md lacks the lines ${begin} and ${end}`);
    }
    const lines = faults.flatMap((fault) => {
        const row = rows.find((one) => one.fault === fault);
        return row ? [lineOf(row)] : old.split("\n").filter((one) => one.startsWith(`| ${fault} |`));
    });
    const table = [line(head), line(head.map(() => "---")), ...lines].join("\n");
    return `${before}${begin}\n\n${table}\n\n${end}${after}`;
}

export function writeRows(rows: Row[], faults: string[]): void {
    writeFileSync(reliabilityFile, withRows(readFileSync(reliabilityFile, "utf8"), rows, faults));
}
