import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { goTest } from "../../devcluster/toolchain/components";

describe("the hostpath CSI driver's own tests", () => {
    before(function () {
        if (process.platform !== "linux" || spawnSync("go", ["version"]).status !== 0) {
            this.skip(); // a machine whose toolchain was built elsewhere needs no Go
        }
    });

    it("pass: its store is whole whenever it is killed", () => {
        const { status, stdout, stderr } = goTest("companions", "./cmd/hostpath-csi/...");
        assert.equal(status, 0, stdout + stderr);
    });
});
