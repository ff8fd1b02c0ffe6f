import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { armScript, disarmScript, flushScript } from "../../components/server/scripts";
import { fakeProgram } from "../support/fakeProgram";
import { environmentOf } from "../support/podScript";
import { until } from "../support/until";

describe("the dead man's switch in a pod", () => {
    let folder: string;
    const there = (name: string) => existsSync(join(folder, name));
    const calls = () => (there("calls") ? readFileSync(join(folder, "calls"), "utf8") : "");
    const run = (script: string, ...args: string[]) =>
        spawnSync("sh", ["-c", script, "script", ...args], { encoding: "utf8", env: environmentOf({ folder }) });
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "minio-switch-"));
        fakeProgram(folder, "curl", [`cat "$2" >> ${folder}/calls`]);
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it("thaws when it is armed, so that a broken one is noticed, and when its time is over", async () => {
        const { status, stdout } = run(armScript, "0.3", "one 'x' $y\n");
        assert.equal(status, 0);
        assert.match(stdout, /^\d+\n$/);
        assert.equal(calls(), "one 'x' $y\n");
        assert.equal(statSync(join(folder, "thaw")).mode & 0o777, 0o600, "it is signed");
        await until("the file of the switch is gone", () => !there("thaw"));
        assert.equal(calls(), "one 'x' $y\n".repeat(2));
    });

    it("fails, and leaves nothing, where it cannot thaw", () => {
        fakeProgram(folder, "curl", ["exit 7"]);
        assert.equal(run(armScript, "60", "one\n").status, 1);
        assert.ok(!there("thaw"));
    });

    it("does nothing any more when it is taken off", async () => {
        const armed = run(armScript, "3", "one\n").stdout.trim();
        assert.equal(run(disarmScript, armed).status, 0);
        assert.ok(!there("thaw"));
        await new Promise((resolve) => setTimeout(resolve, 3500));
        assert.equal(calls(), "one\n");
    });

    it("does nothing any more when a later one is armed: a dead program has left it", async () => {
        run(armScript, "3", "one\n");
        const later = run(armScript, "60", "two\n").stdout.trim();
        await new Promise((resolve) => setTimeout(resolve, 3500));
        assert.equal(calls(), "one\ntwo\n");
        assert.ok(there("thaw"), "the later one needs its file");
        assert.equal(run(disarmScript, later).status, 0);
        assert.ok(!there("thaw") && !there("thaw.armed"));
    });

    it("finds its file in a pod that does not say where, as an earlier version makes it", () => {
        for (const script of [armScript, disarmScript]) {
            assert.match(script, /\$\{POD_SCRATCH:-\/tmp\}\/thaw/);
        }
    });

    it("comes with a flush of the drives, which says where the image has no sync", () => {
        fakeProgram(folder, "sync", [`echo "$@" > ${folder}/synced`]);
        assert.equal(run(flushScript, "/data0", "/data1").stdout, "");
        assert.equal(readFileSync(join(folder, "synced"), "utf8"), "-f /data0 /data1\n");
        const env = { ...environmentOf({ folder: "/none" }), PATH: "/none" };
        assert.equal(
            spawnSync("/bin/sh", ["-c", flushScript, "flush", "/data"], { encoding: "utf8", env }).stdout,
            "missing\n",
        );
    });
});
