import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { withDefaults } from "../../components/defaults";
import { drainScript } from "../../components/drain";
import { fakeServerProcess } from "./serverProcess";

describe("a server that drains", () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "minio-drain-"));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    /** What it does when MinIO answers so, one time after another. */
    function drain(answers: string[], server = "minio"): string[] {
        fakeServerProcess(folder, server);
        const file = join(folder, "done");
        const curl = ["#!/bin/sh", ...answers.map((answer) => `echo ask >> ${file}; echo "${answer}" >&2; sleep 0.1`)];
        writeFileSync(join(folder, "curl"), curl.join("\n"));
        chmodSync(join(folder, "curl"), 0o755);
        const fakes = `sleep() { echo "sleep $1" >> ${file}; }\nkill() { echo "kill $*" >> ${file}; }\n`;
        const PATH = `${folder}${delimiter}${process.env.PATH}`;
        const { status } = spawnSync(
            "sh",
            ["-c", fakes + drainScript(withDefaults({})).replaceAll("/proc/", `${folder}/proc/`)],
            {
                env: { ...process.env, PATH },
            },
        );
        assert.equal(status, 0);
        return readFileSync(file, "utf8").trim().split("\n");
    }

    const calm = "90 90";

    it("ends at the first moment at which no request has been under way for some answers", () => {
        const done = drain(["90 88", calm, calm, "90 89", calm, calm, calm, "90 88", "90 88"]);
        assert.deepEqual(done.slice(0, 9), ["sleep 5", ...Array(7).fill("ask"), "kill -KILL 77"]);
    });

    it("ends when MinIO does not tell, or does not answer", () => {
        assert.equal(drain([" ", " ", " ", " "]).indexOf("kill -KILL 77"), 4);
        assert.deepEqual(drain([]).slice(-2), ["sleep 5", "kill -KILL 77"]);
    });

    it("leaves a server of another name to the signal of Kubernetes", () => {
        assert.deepEqual(drain([calm], "other"), ["sleep 5"]);
    });

    it("ends in the end where requests are always under way", () => {
        assert.deepEqual(drain(["90 80", "90 80"]), ["sleep 5", "ask", "ask", "kill -KILL 77"]);
    });
});
