import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { argumentInterfaces, choices } from "../../docs/generate";

const root = join(__dirname, "../..");

/** The pages that people write; docs/reference.md follows from doc comments. */
const pages = [
    "README.md",
    "CONTRIBUTING.md",
    "devcluster/README.md",
    ...readdirSync(join(root, "docs"))
        .filter((file) => file.endsWith(".md") && file !== "reference.md")
        .map((file) => `docs/${file}`),
];

const mostWords = 25;
const mostColumns = 120;

/** Words that say two things, or nothing; each with what says it. */
const better: Record<string, string> = {
    anew: "again",
    "at once": "immediately, or at the same time",
    "by itself": "without help, or alone",
    "by themselves": "without help, or alone",
    "cut off": "interrupted",
    "go on": "continue",
    "goes on": "continues",
    hence: "so",
    "of its own": "another, or separate",
    "of their own": "another, or separate",
    "of your own": "your",
    "so long": "until then",
    stands: "is",
    "tells of": "shows",
    tried: "measured, or tested",
    whoever: "a person who",
};

/** The doc comments of all arguments and choices, a paragraph each, as docs/reference.md shows them. */
function argumentMeanings(): string {
    return [...argumentInterfaces(), ...choices()]
        .flatMap(({ meaning, fields }) => [meaning, ...fields.map((field) => field.meaning)])
        .join("\n\n");
}

describe("the words of the documentation", () => {
    const texts = new Map([
        ...pages.map((page): [string, string] => [page, readFileSync(join(root, page), "utf8")]),
        ["components/spec/args.ts", argumentMeanings()],
    ]);

    for (const [page, text] of texts) {
        it(`have no sentence above ${mostWords} words in ${page}`, () => {
            assert.deepEqual(
                sentencesOf(text).filter((sentence) => sentence.split(" ").length > mostWords),
                [],
            );
        });

        it(`say what they mean in ${page}`, () => {
            const prose = sentencesOf(text).join("\n");
            const found = Object.entries(better).filter(([word]) => new RegExp(`\\b${word}\\b`, "i").test(prose));
            assert.deepEqual(
                found.map(([word, instead]) => `${word}: say ${instead}`),
                [],
            );
        });
    }

    for (const page of pages) {
        it(`are in lines of ${mostColumns} columns at most in ${page}, but for tables, headings and links`, () => {
            const long = proseOf(texts.get(page) ?? "")
                .split("\n")
                .filter((line) => line.length > mostColumns && !line.includes("]("));
            assert.deepEqual(long, []);
        });
    }

    it("fit into the README's 120 lines", () => {
        assert.ok(readFileSync(join(root, "README.md"), "utf8").trimEnd().split("\n").length <= 120);
    });

    it("are found in lists and paragraphs, not in code, tables or what a test writes", () => {
        const text = [
            "# A heading: not read",
            "One `code: x.` sentence ([a link](there.md)).",
            "Another one,",
            "on two lines: with a colon.",
            "",
            "- an item",
            "| a | cell |",
            "```\nblock.\n```",
            "<!-- sample a -->\n> quoted.\n<!-- end -->",
        ].join("\n");
        assert.deepEqual(sentencesOf(text), [
            "One code sentence (a link).",
            "Another one, on two lines:",
            "with a colon.",
            "an item",
        ]);
    });
});

/** A page without what is no prose: code blocks, tables, headings, and what a test or a command writes. */
function proseOf(text: string): string {
    return text
        .replace(/^ *```[\s\S]*?^ *```$/gm, "")
        .replace(/<!-- (?:sample .*?|bench|flaws|made by .*?) -->[\s\S]*?<!-- (?:end|\/bench) -->/g, "")
        .replace(/^(?:\||#).*$/gm, "");
}

/** The sentences of a page's prose. A colon ends one, too; inline code counts as one word. */
function sentencesOf(text: string): string[] {
    return proseOf(text)
        .split(/\n\s*\n|\n(?=\s*(?:-|\d+\.) )/)
        .map((block) =>
            block
                .replace(/^\s*(?:-|\d+\.) /, "")
                .replace(/`[^`]+`/g, "code")
                .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
                .replace(/\*\*/g, "")
                .trim(),
        )
        .flatMap((block) => block.split(/(?<=[.!?:]\)?)\s+/).map((sentence) => sentence.replace(/\s+/g, " ")))
        .filter((sentence) => sentence !== "");
}
