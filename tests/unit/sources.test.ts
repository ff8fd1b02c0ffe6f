import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "../..");

describe("the sources", () => {
    for (const [what, program, args] of [
        ["pass the type check", "tsc", []],
        [
            "that ship never take an element of a list for granted",
            "tsc",
            ["--project", "tsconfig.build.json", "--noEmit"],
        ],
        ["pass lint and are formatted", "biome", ["check", "--error-on-warnings", "."]],
    ] as [string, string, string[]][]) {
        it(what, () => {
            const { status, stdout, stderr } = spawnSync(join(root, "node_modules/.bin", program), args, {
                cwd: root,
                encoding: "utf8",
            });
            assert.equal(status, 0, stdout + stderr);
        });
    }
});
