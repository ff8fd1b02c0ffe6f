import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** In a process of its own: the other tests have loaded everything already. */
function run(script: string): string {
    const root = join(__dirname, "../..");
    return execFileSync(process.execPath, ["--require", "tsx/cjs", "--eval", script], { cwd: root, encoding: "utf8" });
}

/** How many of the modules whose path has this in it are loaded. */
const loaded = (part: string) => `Object.keys(require.cache).filter((file) => file.includes("${part}")).length`;

/** What a program loads takes time in every preview. */
describe("loading", () => {
    it("the component loads no whole @pulumi/kubernetes, and no client of Kubernetes", () => {
        const [packages, whole, clients] = JSON.parse(
            run(`require("./index");
                console.log(JSON.stringify([${loaded("/node_modules/@pulumi/kubernetes/")},
                    ${loaded("/@pulumi/kubernetes/index.js")}, ${loaded("/@kubernetes/client-node/")}]))`),
        );
        assert.ok(packages > 0);
        assert.deepEqual([whole, clients], [0, 0], "import from @pulumi/kubernetes/core/v1 and the like");
    });

    it("@pulumi/pulumi loads npm's dependency resolver, unless stacks/lazyArborist.ts keeps it away", () => {
        const count = `console.log(${loaded("/pacote/")})`;
        const alone = Number(run(`require("@pulumi/pulumi"); ${count}`));
        assert.ok(alone > 0, "@pulumi/pulumi does without it by now: remove stacks/lazyArborist.ts");
        assert.equal(Number(run(`require("./stacks/lazyArborist"); require("@pulumi/pulumi"); ${count}`)), 0);
    });

    it("npm's dependency resolver is there for whoever asks for it", () => {
        const text = run(`
            const { arborist } = require("./stacks/lazyArborist");
            require("@pulumi/pulumi");
            const { Arborist } = require(arborist);
            new Arborist({ path: "." }).loadActual().then((tree) => console.log(Arborist.name, tree.package.name));
        `);
        assert.equal(text, "Arborist minio-cluster\n");
    });
});
