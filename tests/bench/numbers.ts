/** What the requests of one kind of client come to. Pure. */
import { type Outcome, type Summary, summarize } from "../support/load";

/** A summary with what one caller may meet, though it is rarer than 1 in 100. */
export interface Kind extends Summary {
    /** Milliseconds of the slowest request, whether it failed or not. */
    slowest: number;
}

export interface Numbers {
    put: Kind;
    get: Kind;
    /** How often each error came. */
    errors: Record<string, number>;
    lost: number;
}

/** @param seconds how long the load ran: a time without success counts to its end, though none follows */
export function numbersOf(outcomes: Outcome[], lost: string[], seconds: number): Numbers {
    const errors: Record<string, number> = {};
    for (const { kind, error } of outcomes) {
        if (error) {
            const name = `${kind.toUpperCase()} ${error.split(":")[0]}`;
            errors[name] = (errors[name] ?? 0) + 1;
        }
    }
    const summary = (kind: "put" | "get"): Kind => {
        const own = outcomes.filter((outcome) => outcome.kind === kind);
        const ends = own.filter(({ error }) => !error).map(({ end }) => end / 1000);
        const last = ends.reduce((latest, end) => Math.max(latest, end), 0);
        const all = summarize(own, kind);
        return {
            ...all,
            longestGap: Math.max(all.longestGap, seconds - last),
            slowest: own.reduce((slowest, { start, end }) => Math.max(slowest, end - start), 0),
        };
    };
    return { put: summary("put"), get: summary("get"), errors, lost: lost.length };
}

/** Several runs as one: what failed and was lost in all, the longest gap and the slowest p99 of any. */
export function together(runs: Numbers[]): Numbers {
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    const merge = (summaries: Kind[]): Kind => ({
        requests: sum(summaries.map(({ requests }) => requests)),
        failed: sum(summaries.map(({ failed }) => failed)),
        longestGap: Math.max(...summaries.map(({ longestGap }) => longestGap)),
        p50: Math.max(...summaries.map(({ p50 }) => p50)),
        p99: Math.max(...summaries.map(({ p99 }) => p99)),
        slowest: Math.max(...summaries.map(({ slowest }) => slowest)),
    });
    const names = [...new Set(runs.flatMap(({ errors }) => Object.keys(errors)))].sort();
    return {
        put: merge(runs.map(({ put }) => put)),
        get: merge(runs.map(({ get }) => get)),
        errors: Object.fromEntries(names.map((name) => [name, sum(runs.map(({ errors }) => errors[name] ?? 0))])),
        lost: sum(runs.map(({ lost }) => lost)),
    };
}

/** How it went for callers in a piece of time, the best first. */
export const states = ["idle", "good", "slow", "some", "none"] as const;
export type State = (typeof states)[number];

/** A request that takes longer is slow, in milliseconds. */
const slow = 1000;

/**
 * The state of each piece of time. A request counts in every piece that it touches, as its caller waited all along: `none` is
 * when all of them failed, `some` when some did, `slow` when all succeeded and one took longer than 1 s; `idle` when there
 * was none.
 */
export function timeline(outcomes: Outcome[], seconds: number, piece: number): State[] {
    return Array.from({ length: Math.ceil(seconds / piece) }, (_, i) => {
        const [from, to] = [i * piece * 1000, (i + 1) * piece * 1000];
        const touching = outcomes.filter(({ start, end }) => start < to && end >= from);
        const failed = touching.filter(({ error }) => error).length;
        if (failed > 0) {
            return failed === touching.length ? "none" : "some";
        }
        if (touching.some(({ start, end }) => end - start > slow)) {
            return "slow";
        }
        return touching.length > 0 ? "good" : "idle";
    });
}
