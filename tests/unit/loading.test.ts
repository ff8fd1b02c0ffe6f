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

    it("the component loads no native code, which would need a binary for each platform", () => {
        const native = "Object.keys(require.cache).filter((file) => file.endsWith('.node'))";
        const script = `require("./index"); require("@kubernetes/client-node"); console.log(JSON.stringify(${native}))`;
        assert.deepEqual(JSON.parse(run(script)), []);
    });
});
