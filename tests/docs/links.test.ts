import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(__dirname, "../..");
const pages = [
    ...readdirSync(root).filter((file) => file.endsWith(".md")),
    "devcluster/README.md",
    ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".md"))
        .map((file) => `docs/${file}`),
];

describe("the documentation", () => {
    for (const page of pages) {
        it(`${page} has no link that leads nowhere`, () => {
            const text = readFileSync(join(root, page), "utf8").replace(/```[\s\S]*?```/g, "");
            const links = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) => link);
            const broken = links.filter((link) => {
                const [path, anchor] = link.split("#");
                const file = path ? join(root, dirname(page), path) : join(root, page);
                return !(existsSync(file) && (!anchor || !file.endsWith(".md") || anchorsOf(file).includes(anchor)));
            });
            assert.deepEqual(broken, []);
        });
    }

    it("is reached from the README, page by page", () => {
        const reached = new Set(["README.md"]);
        for (const page of reached) {
            const text = readFileSync(join(root, page), "utf8");
            for (const [, path] of text.matchAll(/\]\((?!https?:)([^)#\s]+\.md)(?:#[^)]*)?\)/g)) {
                reached.add(relative(root, join(root, dirname(page), path)));
            }
        }
        assert.deepEqual(
            pages.filter((page) => !reached.has(page)),
            [],
        );
    });
});

/** The headings of a page as GitHub makes anchors of them. */
function anchorsOf(file: string): string[] {
    return [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
        heading
            .toLowerCase()
            .replace(/[^\p{L}\p{N} _-]/gu, "")
            .replaceAll(" ", "-"),
    );
}
