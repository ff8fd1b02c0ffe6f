import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

describe("the package", () => {
    // By its own name, a module of a package sees it as a program does.
    const { resolve } = createRequire(__filename);

    it("lets programs import what index.ts exports, and no module behind it", () => {
        for (const inner of [
            "bin/components/spec/spec.js",
            "bin/components/spec/spec",
            "components/spec/spec.ts",
            "index.ts",
        ]) {
            assert.throws(() => resolve(`minio-cluster/${inner}`), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" }, inner);
        }
    });

    it("lets tools read its package.json", () => {
        assert.equal(resolve("minio-cluster/package.json"), join(__dirname, "../../package.json"));
    });
});
