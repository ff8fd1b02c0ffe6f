import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { checkout } from "./project";

/** The blocks of commands under a heading of a guide, up to the next heading. */
export function commandsOf(guide: string, heading: string): string[] {
    return [...sectionOf(guide, heading).matchAll(/^( *)```sh\n([\s\S]*?)^ *```/gm)].map(([, , commands]) => commands);
}

/** The first recipe of arguments under a heading of a guide. */
export function recipeOf(guide: string, heading: string): Record<string, any> {
    const [, recipe] = /^```yaml\n([\s\S]*?)^```/m.exec(sectionOf(guide, heading)) ?? [];
    if (recipe === undefined) {
        throw new Error(`docs/${guide} has no recipe under '${heading}'`);
    }
    return parse(recipe);
}

function sectionOf(guide: string, heading: string): string {
    const text = readFileSync(join(checkout, "docs", guide), "utf8");
    // A heading is text, and no pattern.
    const [, section] = text.split(new RegExp(`^#+ ${heading.replace(/[()]/g, "\\$&")}$`, "m"));
    if (section === undefined) {
        throw new Error(`docs/${guide} has no heading '${heading}'`);
    }
    return section.split(/^#+ /m)[0];
}

/** How many blocks of commands a guide has. */
export function countOfCommands(guide: string): number {
    const text = readFileSync(join(checkout, "docs", guide), "utf8");
    return [...text.matchAll(/^ *```sh$/gm)].length;
}
