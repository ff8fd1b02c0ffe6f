import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as ts from "typescript";

const root = join(__dirname, "../..");
const text = readFileSync(join(root, "docs/troubleshooting.md"), "utf8");
const quoted = [...text.matchAll(/^### `(.+)`$/gm)].map(([, message]) => message);

describe("docs/troubleshooting.md", () => {
    const said = ["components", "stacks", "devcluster"].flatMap(textsIn);

    it("quotes messages", () => assert.ok(quoted.length > 20));

    for (const message of quoted) {
        it(`quotes a message that there is: ${message}`, () => {
            const pattern = new RegExp(
                message
                    .split("…")
                    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
                    .join(".*"),
            );
            assert.ok(said.some((one) => pattern.test(one)));
        });
    }
});

/** Every text in the sources of a folder, with `…` for what differs from case to case. */
function textsIn(folder: string): string[] {
    return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .flatMap((file) => {
            const texts: string[] = [];
            const visit = (node: ts.Node) => {
                const found = textOf(node);
                if (found) {
                    texts.push(found);
                }
                ts.forEachChild(node, visit);
            };
            visit(
                ts.createSourceFile(file, readFileSync(join(root, folder, file), "utf8"), ts.ScriptTarget.Latest, true),
            );
            return texts;
        });
}

/** The text of an expression; undefined when it is none. */
function textOf(node: ts.Node): string | undefined {
    if (ts.isStringLiteralLike(node)) {
        return node.text;
    }
    if (ts.isTemplateExpression(node)) {
        return [node.head, ...node.templateSpans.map(({ literal }) => literal)].map((part) => part.text).join("…");
    }
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
        return `${textOf(node.left) ?? "…"}${textOf(node.right) ?? "…"}`;
    }
    return undefined;
}
