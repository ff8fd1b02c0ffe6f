/** The steps of `make bench-scale` as a table. Pure. */
import { type ProcessUse, type Role, roles, sum } from "../support/processWatch";

export interface Step {
    title: string;
    seconds: number;
    /** Why it did not get done. */
    failed?: string;
    /** Of the clients, where some were there. */
    clients?: { requests: number; failed: number; longestGap: number };
    /** Of `pulumi`, with the program and the providers. */
    use: ProcessUse;
    /** Requests of `pulumi` to the API server. */
    asked: number;
}

export function stepsTable(steps: Step[]): string {
    const parts = (of: Record<Role, number>, unit: number, digits: number) => {
        const number = (value: number) => (value / unit).toFixed(digits);
        return `${number(sum(of))} (${roles.map((role) => number(of[role])).join(" + ")})`;
    };
    return [
        "| step | seconds | requests failed | longest gap¹ | peak memory, MiB² | CPU seconds² | requests to the API server |",
        "|---|---|---|---|---|---|---|",
        ...steps.map(({ title, seconds, failed, clients, use, asked }) => {
            const cells = [
                title,
                `${seconds.toFixed(1)}${failed ? ", **failed**" : ""}`,
                clients ? `${clients.failed} of ${clients.requests}` : "",
                clients ? `${clients.longestGap.toFixed(1)} s` : "",
                parts(use.memory, 1 << 20, 0),
                parts(use.cpuSeconds, 1, 1),
                `${asked}`,
            ];
            return `| ${cells.join(" | ")} |`;
        }),
        "",
        "¹ The longest time in which no request succeeded. ² In brackets: the Pulumi CLI, the program with its language host, the providers.",
        ...steps.filter(({ failed }) => failed).map(({ title, failed }) => `\n${title} failed: ${failed}`),
    ].join("\n");
}
