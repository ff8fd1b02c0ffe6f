/** The speed benchmark's numbers as a Markdown table. Pure. */

export interface SpeedRow {
    name: string;
    title: string;
    /** The row that it is compared with. */
    against?: string;
    /** The largest ratio to it that is wanted. */
    goal?: number;
    /** The most seconds more than it that are wanted, in place of a ratio. */
    most?: number;
    /** One for each round. */
    seconds: number[];
    /** Why it was not measured. */
    missing?: string;
}

export interface SpeedReport {
    date: string;
    machine: string;
    /** That of the last minute when it began: what else the machine was doing. */
    loadAverage: number;
    command: string;
    rows: SpeedRow[];
}

export function median(values: number[]): number {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = Math.floor(sorted.length / 2);
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of the ratios within each round; undefined when one of the two was not measured. */
export function ratio(row: SpeedRow, rows: SpeedRow[]): number | undefined {
    return compared(row, rows, (seconds, base) => seconds / base);
}

/** The median of how many seconds more it is within each round. */
export function more(row: SpeedRow, rows: SpeedRow[]): number | undefined {
    return compared(row, rows, (seconds, base) => seconds - base);
}

function compared(
    row: SpeedRow,
    rows: SpeedRow[],
    compare: (seconds: number, base: number) => number,
): number | undefined {
    const base = rows.find(({ name }) => name === row.against)?.seconds ?? [];
    const pairs = Math.min(row.seconds.length, base.length);
    return pairs === 0
        ? undefined
        : median(row.seconds.slice(0, pairs).map((seconds, round) => compare(seconds, base[round])));
}

/** Whether the row has what is wanted; undefined when nothing is wanted or it was not measured. */
export function isMet(row: SpeedRow, rows: SpeedRow[]): boolean | undefined {
    const measured = row.most === undefined ? ratio(row, rows) : more(row, rows);
    const wanted = row.most ?? row.goal;
    return wanted === undefined || measured === undefined ? undefined : measured <= wanted;
}

export function markdown({ date, machine, loadAverage, command, rows }: SpeedReport): string {
    const numbers = new Map(rows.map(({ name }, index) => [name, index + 1]));
    const lines = rows.map((row, index) => {
        if (row.missing) {
            return `| ${index + 1} | ${row.title} | not measured: ${row.missing} | | |`;
        }
        const { seconds } = row;
        const range =
            seconds.length > 1 ? ` (${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)})` : "";
        const [factor, surplus] = [ratio(row, rows), more(row, rows)];
        const added = row.most === undefined || surplus === undefined ? "" : `, ${surplus.toFixed(2)} s more`;
        const told =
            factor === undefined ? "" : `${factor.toFixed(2)} × row ${numbers.get(row.against as string)}${added}`;
        const met = isMet(row, rows);
        const wanted = row.most === undefined ? row.goal : `${row.most} s more`;
        const goal =
            wanted === undefined ? "" : `≤ ${wanted}${met === undefined ? "" : met ? ", met" : ", **missed**"}`;
        const time = seconds.length === 0 ? "" : `${median(seconds).toFixed(2)}${range}`;
        return `| ${index + 1} | ${row.title} | ${time} | ${told} | ${goal} |`;
    });
    return [
        `Measured on ${date} by \`${command}\`, on ${machine}, with a load average of ${loadAverage} when it began.`,
        "Median, and range in brackets, of all rounds; ratios are medians of those within each round.",
        "",
        "| | what | seconds | ratio | goal |",
        "|---|---|---|---|---|",
        ...lines,
        "",
    ].join("\n");
}
