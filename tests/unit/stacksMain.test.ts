import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const checkout = join(__dirname, "../..");

describe("what Pulumi runs for a stack", () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "minio-main-"));
        mkdirSync(join(folder, "stacks"));
        mkdirSync(join(folder, "node_modules"));
        symlinkSync(join(checkout, "node_modules/esbuild"), join(folder, "node_modules/esbuild"));
        copyFileSync(join(checkout, "stacks/main.js"), join(folder, "stacks/main.js"));
        write("stacks/index.ts", 'import { answer } from "../answer";\nexport = answer;\n');
        write("answer.ts", 'export const answer: string = "first";\n');
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
    const run = () =>
        spawnSync(process.execPath, ["-e", 'process.stdout.write(require("./stacks/main.js"))'], {
            cwd: folder,
            encoding: "utf8",
        });
    const madeAt = () => statSync(join(folder, "node_modules/.cache/minio-cluster/stacks.js")).mtimeMs;

    it("is index.ts as it is now, and is made again only when a source has changed", () => {
        assert.equal(run().stdout, "first");
        const made = madeAt();
        assert.equal(run().stdout, "first");
        assert.equal(madeAt(), made);
        write("answer.ts", 'export const answer: string = "second";\n');
        assert.equal(run().stdout, "second");
    });

    it("is not what it was when a source is gone, or is no TypeScript", () => {
        assert.equal(run().stdout, "first");
        rmSync(join(folder, "answer.ts"));
        assert.match(run().stderr, /Could not resolve "\.\.\/answer"/);
        write("answer.ts", "export const answer = ;\n");
        assert.match(run().stderr, /answer\.ts:1:22: ERROR: Unexpected ";"/);
    });

    it("tells of mistakes where they are in the sources", () => {
        write("answer.ts", '// Not the first line.\nthrow new Error("a mistake");\nexport const answer = "";\n');
        // As Pulumi's own runner does.
        const register = require.resolve("source-map-support/register");
        const { stderr } = spawnSync(process.execPath, ["-r", register, "stacks/main.js"], {
            cwd: folder,
            encoding: "utf8",
        });
        assert.match(stderr, /answer\.ts:2:7/);
    });
});
