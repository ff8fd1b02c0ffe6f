/**
 * The few XML documents of S3 that are written and read here, as MinIO writes them: elements and text, without
 * attributes that mean something. Pure.
 */

/**
 * A text, and the names of the elements that it is in. An element that repeats has its number, from 0, after the name.
 */
export interface Leaf {
    path: string;
    text: string;
}

/** The texts of a document, in order. Elements without any are left out. */
export function leavesOf(xml: string): Leaf[] {
    const leaves: Leaf[] = [];
    const open: { path: string; counts: Map<string, number> }[] = [{ path: "", counts: new Map() }];
    const body = xml.replace(/<\?.*?\?>/gs, "");
    for (const [, end, name, isEmpty, text] of body.matchAll(/<(\/?)([\w:.-]+)[^>]*?(\/?)>|([^<]+)/g)) {
        const top = open[open.length - 1];
        if (top === undefined) {
            break;
        }
        if (name === undefined) {
            const found = unescaped(text ?? "").trim();
            if (found !== "") {
                leaves.push({ path: top.path, text: found });
            }
        } else if (end) {
            open.pop();
        } else if (!isEmpty) {
            const count = top.counts.get(name) ?? 0;
            top.counts.set(name, count + 1);
            open.push({ path: `${top.path}/${name}${count > 0 ? count : ""}`, counts: new Map() });
        }
    }
    return leaves;
}

/** The texts of all elements of a name, wherever they are. */
export function textsOf(xml: string, name: string): string[] {
    const last = new RegExp(`/${name}\\d*$`);
    return leavesOf(xml)
        .filter(({ path }) => last.test(path))
        .map(({ text }) => text);
}

export function element(name: string, ...contents: string[]): string {
    return `<${name}>${contents.join("")}</${name}>`;
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escaped(text: string): string {
    return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

const characters: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescaped(text: string): string {
    return text.replace(/&(#x?)?([\da-zA-Z]+);/g, (whole, number: string | undefined, name: string) => {
        if (number === undefined) {
            return characters[name] ?? whole;
        }
        return String.fromCodePoint(Number.parseInt(name, number === "#x" ? 16 : 10));
    });
}
