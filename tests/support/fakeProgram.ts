/** Programs that stand in for real ones in what a shell script calls. */
import { writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Puts a shell script of this name into a folder. */
export function fakeProgram(folder: string, name: string, lines: string[]): void {
    writeFileSync(join(folder, name), ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
}

/** The environment in which a folder's programs are found before all others. */
export function environmentWith(folder: string): NodeJS.ProcessEnv {
    return { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
}
