import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "./project";

/** The blocks of commands under a heading of a guide, up to the next heading. */
export function commandsOf(guide: string, heading: string): string[] {
    const text = readFileSync(join(checkout, "docs", guide), "utf8");
    const [, section] = text.split(new RegExp(`^#+ ${heading}$`, "m"));
    if (section === undefined) {
        throw new Error(`docs/${guide} has no heading '${heading}'`);
    }
    const [body] = section.split(/^#+ /m);
    return [...body.matchAll(/^( *)```sh\n([\s\S]*?)^ *```/gm)].map(([, , commands]) => commands);
}

/** How many blocks of commands a guide has. */
export function countOfCommands(guide: string): number {
    const text = readFileSync(join(checkout, "docs", guide), "utf8");
    return [...text.matchAll(/^ *```sh$/gm)].length;
}
