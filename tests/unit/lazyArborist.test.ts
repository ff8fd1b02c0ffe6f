import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** In a process of its own: the other tests have loaded @pulumi/pulumi already. */
function run(script: string): string {
    const root = join(__dirname, "../..");
    return execFileSync(process.execPath, ["--require", "tsx/cjs", "--eval", script], { cwd: root, encoding: "utf8" });
}

const loaded = `Object.keys(require.cache).filter((file) => file.includes("/pacote/")).length`;

describe("npm's dependency resolver", () => {
    it("is loaded with @pulumi/pulumi, unless stacks/lazyArborist.ts keeps it away", () => {
        const with_ = run(`require("@pulumi/pulumi"); console.log(${loaded})`);
        assert.ok(Number(with_) > 0, "@pulumi/pulumi does without it by now: remove stacks/lazyArborist.ts");
        assert.equal(run(`require("./stacks/lazyArborist"); require("@pulumi/pulumi"); console.log(${loaded})`), "0\n");
    });

    it("is there for whoever asks for it", () => {
        const text = run(`
            const { arborist } = require("./stacks/lazyArborist");
            require("@pulumi/pulumi");
            const { Arborist } = require(arborist);
            new Arborist({ path: "." }).loadActual().then((tree) => console.log(Arborist.name, tree.package.name));
        `);
        assert.equal(text, "Arborist minio-cluster\n");
    });
});
