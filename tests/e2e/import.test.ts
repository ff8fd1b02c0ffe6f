import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkout, succeed } from "./project";

describe("the package in another program", () => {
    const folder = mkdtempSync(join(tmpdir(), "minio-import-"));
    const env = { ...process.env, PULUMI_BACKEND_URL: `file://${folder}/state`, PULUMI_CONFIG_PASSPHRASE: "test" };
    const pulumi = (...args: string[]) =>
        succeed("pulumi", [...args, "--non-interactive", "--color=never"], { cwd: folder, env });

    before(async () => {
        cpSync(join(checkout, "examples/import"), folder, { recursive: true });
        mkdirSync(join(folder, "state"));
        await succeed("npm", ["pack", "--silent", `--pack-destination=${folder}`], { cwd: checkout });
        const [archive] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
        // As npm would install it, with the packages that it asks for taken from this checkout.
        const installed = join(folder, "node_modules/minio-cluster");
        mkdirSync(installed, { recursive: true });
        await succeed("tar", ["-xzf", archive, "--strip-components=1", "-C", installed], { cwd: folder });
        for (const dependency of ["@pulumi", "typescript"]) {
            symlinkSync(join(checkout, "node_modules", dependency), join(folder, "node_modules", dependency));
        }
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    it("previews the example", async () => {
        await pulumi("stack", "init", "test");
        const text = await pulumi("preview", "--diff");
        assert.match(text, /minio-cluster:index:MinioCluster: \(create\)/);
        assert.match(text, /http:\/\/store\.default\.svc\.cluster\.local:9000/);
        assert.match(text, /serversThatMayFail\s*: 3/);
    });
});
