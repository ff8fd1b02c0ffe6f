/** Decides by Porcupine whether a history is linearizable: devcluster/toolchain/linearizable. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { folderOf } from "../../devcluster/toolchain/component";
import { linearizable } from "../../devcluster/toolchain/components";
import { buildComponents } from "../../devcluster/toolchain/install";
import { linesOf, type Operation } from "./history";

/** What is known of one object: a line that the checker writes. */
export interface Verdict {
    key: string;
    operations: number;
    /** `undecided`: there was not enough time. */
    verdict: "linearizable" | "violated" | "undecided";
    violations?: Violation[];
}

/** A read that no order of the requests explains, though one explains everything that was answered before it. */
export interface Violation {
    read: Operation;
    /** Further reads that found the same, and cannot be explained either. */
    again: number;
    /** Everything on the object that was under way in the time before. */
    around: Operation[];
}

/** The verdict on each object of a history. */
export async function decide(operations: Operation[]): Promise<Verdict[]> {
    await buildComponents([linearizable]);
    return new Promise((resolve, reject) => {
        const checker = spawn(join(folderOf(linearizable), "linearizable"), { stdio: ["pipe", "pipe", "pipe"] });
        let out = "";
        let errors = "";
        checker.stdout.on("data", (chunk) => {
            out += chunk;
        });
        checker.stderr.on("data", (chunk) => {
            errors += chunk;
        });
        checker.on("error", reject);
        checker.on("close", (code) =>
            code === 0
                ? resolve(
                      out
                          .split("\n")
                          .filter((line) => line !== "")
                          .map((line) => JSON.parse(line)),
                  )
                : reject(new Error(`the checker ended with ${code}: ${errors}`)),
        );
        checker.stdin.on("error", () => {}); // Its exit says more.
        checker.stdin.end(linesOf(operations));
    });
}

/** Each object whose history is not linearizable, with what was done on it; nothing where all are. */
export function complaints(verdicts: Verdict[]): string[] {
    return verdicts.flatMap(({ key, operations, verdict, violations = [] }) =>
        verdict === "linearizable"
            ? []
            : verdict === "undecided"
              ? [`${key}: undecided, of ${operations} requests`]
              : violations.map(({ read, again, around }) =>
                    [
                        `${key}: no order explains what this read found${again > 0 ? `, nor ${again} later ones` : ""}:`,
                        ...[...around.filter((one) => !isSame(one, read)), read].map((one) => `    ${describe(one)}`),
                    ].join("\n"),
                ),
    );
}

function isSame(one: Operation, other: Operation): boolean {
    return one.client === other.client && one.start === other.start;
}

function describe({ start, end, kind, value, client, server, unknown, error }: Operation): string {
    const seconds = (microseconds: number) => (microseconds / 1e6).toFixed(3);
    const what = kind === "delete" ? "" : ` ${value ?? "no object"}`;
    const outcome = unknown ? `, unknown: ${error}` : "";
    return `${seconds(start)}-${seconds(end)} ${kind}${what} (client ${client}, server ${server ?? "?"})${outcome}`;
}
