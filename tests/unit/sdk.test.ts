import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOlder, versionFor } from "../../components/pulumi/sdk";

describe("the SDK of the program", () => {
    const folder = mkdtempSync(join(tmpdir(), "minio-sdk-"));
    const script = join(folder, "node_modules/@pulumi/pulumi/cmd/run");
    before(() => {
        mkdirSync(script, { recursive: true });
        writeFileSync(join(folder, "node_modules/@pulumi/pulumi/package.json"), JSON.stringify({ version: "3.150.0" }));
    });
    after(() => rmSync(folder, { recursive: true }));

    it("is the copy that runs the script, not the one of this package", () => {
        assert.equal(versionFor(script), "3.150.0");
        assert.equal(versionFor(join(folder, "inline.js")), "3.150.0");
    });

    it("is not known of a program that has none", () => {
        assert.equal(versionFor(join(tmpdir(), "bundle.js")), undefined);
        assert.equal(versionFor(undefined), undefined);
    });

    it("is compared number by number", () => {
        assert.deepEqual(
            ["3.150.0", "3.181.9", "3.182.0", "3.182.1", "3.1000.0", "4.0.0", "2.999.0", "3.182.0-alpha.1"].filter(
                (version) => isOlder(version, "3.182.0"),
            ),
            ["3.150.0", "3.181.9", "2.999.0"],
        );
    });

    it("that is too old is refused with what to do", () => {
        const code = `
            process.argv[1] = ${JSON.stringify(script)};
            require(${JSON.stringify(join(__dirname, "../../components/pulumi/sdk"))}).requireSdk();`;
        const args = [
            "--require",
            "tsx/cjs",
            "--eval",
            `try { ${code} } catch (error) { console.log(error.message); }`,
        ];
        assert.match(
            execFileSync(process.execPath, args, { encoding: "utf8" }),
            /own @pulumi\/pulumi is 3\.150\.0, and MinioCluster needs 3\.182\.0 or newer: .*npm install @pulumi\/pulumi@latest/,
        );
    });
});
