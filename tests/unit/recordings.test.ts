import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type RecordedLine, recordingPlot } from "../bench/recordingPlot";
import { Terminal } from "../bench/terminal";

const docs = join(__dirname, "../../docs");

const drawn = (...lines: [seconds: number, text: string][]) =>
    recordingPlot({
        title: "A test",
        lines: lines.map(([seconds, text]): RecordedLine => ({ at: seconds * 1000, text })),
    });

/** The rows of a picture as a person reads them. */
const rowsOf = (svg: string) =>
    [...svg.matchAll(/<text y="[^"]*" xml:space="preserve">(.*)<\/text>/g)].map(([, row]) =>
        row.replace(/<[^>]*>/g, "").replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))),
    );

describe("a recording of a terminal", () => {
    it("has true times, and says which waits are shortened", () => {
        const svg = drawn([0, "$ one"], [1.5, "two"], [63, "three"], [64, "four"]);
        const clock = [...svg.matchAll(/<text class="" [^>]*>(.*)<\/text>/g)].map(([, words]) => words);
        assert.deepEqual(clock, ["0:00", "a wait of 62 s, shortened to 2 s   0:01", "1:03", "1:04, the end"]);
        // 1.5 s, 2 s in place of 61.5 s, 1 s, and the rest at the end.
        assert.match(svg, /animation:scroll 10\.5s step-end infinite/);
    });

    it("shows lines when they came, and those that came together together", () => {
        const svg = drawn([0, "a"], [0.01, "b"], [1, "c"]);
        assert.match(
            svg,
            /@keyframes cover\{0%\{transform:translateY\(32px\)\}14\.2857%\{transform:translateY\(48px\)\}/,
        );
    });

    it("scrolls when the terminal is full, and wraps what is too long for it", () => {
        const many = Array.from({ length: 35 }, (_, index): [number, string] => [index, `line ${index}`]);
        assert.match(drawn(...many), /\.scroll\{transform:translateY\(-80px\)\}/);
        assert.deepEqual(rowsOf(drawn([0, "x".repeat(120)])), ["x".repeat(116), "x".repeat(4)]);
    });

    it("keeps colours and bold, escapes markup, and leaves other escape sequences out", () => {
        const svg = drawn([0, "\u001b[1m\u001b[38;5;2m<up>\u001b[0m &\u001b[2K\u001b[38;5;200m done\u001b[39m"]);
        assert.match(svg, /<tspan class="b c2">&#60;up&#62;<\/tspan> &#38; done<\/text>/);
        assert.ok(!svg.includes("\u001b") && !svg.includes("[2K"));
    });
});

describe("the terminal that is recorded", () => {
    it("has each command and what it printed, in one shell, and fails where a command does", async () => {
        const terminal = new Terminal(docs, process.env, 0);
        try {
            assert.equal(await terminal.type("word=there; echo one; echo two >&2"), "one\ntwo");
            assert.equal(await terminal.type("printf 'half\\rwhole'; cat; echo \" $word\""), "whole there");
            assert.equal(await terminal.type("(exit 3)", 3), "");
            await assert.rejects(terminal.type("echo why; (exit 4)"), /\(exit 4\) ended with 4:\nwhy/);
            await assert.rejects(terminal.type("exit 5"), /exit 5 ended with 5/);
        } finally {
            terminal.close();
        }
        const plain = terminal.lines.map(({ text }) => text.replace(/\p{Cc}\[[\d;]*m/gu, ""));
        assert.deepEqual(plain.slice(0, 4), ["$ word=there; echo one; echo two >&2", "one", "two", ""]);
        const times = terminal.lines.map(({ at }) => at);
        assert.deepEqual(
            [...times].sort((a, b) => a - b),
            times,
        );
    });
});

for (const [name, commands] of Object.entries({
    first: ["make up", 'eval "$(make -s env)"', "pulumi stack output", "mc cat dev/hello/again.txt"],
    upgrade: ["pulumi config set partition 2", "pulumi preview --color=always", "pulumi config set partition 0"],
    status: ["npx minio-cluster status --namespace=storage"],
})) {
    describe(`docs/recording-${name}.svg`, () => {
        let svg = "";
        let rows: string[] = [];

        before(() => {
            svg = readFileSync(join(docs, `recording-${name}.svg`), "utf8");
            rows = rowsOf(svg);
        });

        it("has what was typed, in at most 200 KB", () => {
            const typed = rows.filter((row) => row.startsWith("$ ")).map((row) => row.slice(2));
            assert.deepEqual(
                commands.filter((command) => !typed.includes(command)),
                [],
            );
            assert.ok(svg.length <= 200_000, `${svg.length} bytes`);
        });

        it("has no secret: make recordings looks for the password, and nothing looks like one", () => {
            // A random root password: 32 letters and digits. A digest has no upper-case letters.
            const words = rows.join("\n").match(/\b[A-Za-z0-9]{32}\b/g) ?? [];
            assert.deepEqual(
                words.filter((word) => /[A-Z]/.test(word)),
                [],
            );
            // In one piece, as a command may be longer than a row.
            const all = rows.join("");
            const harmless = all.match(/rootPassword( --show-secrets|[ :]*\[secret\])/g) ?? [];
            assert.equal(harmless.length, all.split("rootPassword").length - 1);
        });

        it("needs nothing else, as an image may load nothing", () => {
            assert.doesNotMatch(svg, /<script|href=|url\(|@import/);
        });
    });
}
