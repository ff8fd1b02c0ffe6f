/** Whether one of two is worse, by measurements in pairs. Pure. */
import { median } from "./speedReport";

export interface Pairs {
    title: string;
    unit: string;
    /** Whether more is better, as of a throughput. */
    moreIsBetter?: boolean;
    /** Ours and theirs, measured one after the other. */
    pairs: [ours: number, theirs: number][];
}

/** The largest ratio that is wanted. */
export const most = 1.03;

/** How much worse ours was in each pair: above 1 it was worse. */
export function ratios({ pairs, moreIsBetter }: Pairs): number[] {
    return pairs.map(([ours, theirs]) => (moreIsBetter ? theirs / ours : ours / theirs));
}

/**
 * Where the median of all pairs that could be measured is, with a certainty of 95 % at least, by the sign test; undefined with fewer
 * than 6 pairs, which can tell nothing with that certainty.
 */
export function interval(values: number[]): [least: number, most: number] | undefined {
    const sorted = [...values].sort((a, b) => a - b);
    const n = sorted.length;
    // As many heads of n coins, or fewer, are as rare as 1 in 40.
    let [chance, ways, heads] = [0, 1, 0];
    for (; heads < n; heads++) {
        chance += ways / 2 ** n;
        if (chance > 0.025) {
            break;
        }
        ways = (ways * (n - heads)) / (heads + 1);
    }
    return heads === 0 ? undefined : [sorted[heads - 1], sorted[n - heads]];
}

/** What the pairs say of the goal. Undefined: they do not decide it. */
export function isMet(pairs: Pairs): boolean | undefined {
    const where = interval(ratios(pairs));
    return where && (where[1] <= most ? true : where[0] > most ? false : undefined);
}

export function pairsTable(rows: Pairs[]): string {
    const number = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
    const told = (values: number[], unit: string) =>
        `${number(median(values))} ${unit} (${number(Math.min(...values))}–${number(Math.max(...values))})`;
    return [
        "| what | ours | chart's | ours is worse × | between¹ | ≤ 1.03 |",
        "|---|---|---|---|---|---|",
        ...rows.map((row) => {
            const all = ratios(row);
            const where = interval(all);
            const met = isMet(row);
            const cells = [
                row.title,
                told(
                    row.pairs.map(([ours]) => ours),
                    row.unit,
                ),
                told(
                    row.pairs.map(([, theirs]) => theirs),
                    row.unit,
                ),
                median(all).toFixed(2),
                where ? where.map((one) => one.toFixed(2)).join("–") : "too few pairs",
                met === undefined ? "not decided" : met ? "met" : "**missed**",
            ];
            return `| ${cells.join(" | ")} |`;
        }),
        "",
        `Medians of ${rows[0]?.pairs.length ?? 0} pairs, with their ranges. ¹ Where the true median of the ratio is, with a certainty of 95 %.`,
    ].join("\n");
}
