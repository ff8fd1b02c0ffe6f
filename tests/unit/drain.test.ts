import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { withDefaults } from "../../components/defaults";
import { drainScript } from "../../components/drain";

describe("a server that drains", () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "minio-drain-"));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    /** What it does when MinIO answers so, time after time, until the last answer stays. */
    function drain(answers: string[]): string[] {
        const file = join(folder, "done");
        writeFileSync(join(folder, "answers"), answers.map((answer) => `${answer}\n`).join(""));
        const curl = [
            "#!/bin/sh",
            `echo ask >> ${file}; cd ${folder}; head -n 1 answers`,
            '[ "$(wc -l < answers)" -gt 1 ] && sed -i 1d answers; exit 0',
        ];
        writeFileSync(join(folder, "curl"), curl.join("\n"));
        chmodSync(join(folder, "curl"), 0o755);
        const fakes = `sleep() { echo "sleep $1" >> ${file}; }\nkill() { echo "kill $*" >> ${file}; }\n`;
        const PATH = `${folder}${delimiter}${process.env.PATH}`;
        const { status } = spawnSync("sh", ["-c", fakes + drainScript(withDefaults({}))], {
            env: { ...process.env, PATH },
        });
        assert.equal(status, 0);
        return readFileSync(file, "utf8").trim().split("\n");
    }

    it("ends at the first moment at which no request is under way", () => {
        assert.deepEqual(drain(["90 88", "90 89", "90 90"]), ["sleep 5", "ask", "ask", "ask", "kill -TERM 1"]);
    });

    it("ends when MinIO does not tell, or does not answer", () => {
        assert.deepEqual(drain([""]), ["sleep 5", "ask", "kill -TERM 1"]);
    });

    it("ends in the end where requests are always under way", () => {
        const done = drain(["90 80"]);
        assert.equal(done.at(-1), "kill -TERM 1");
        assert.equal(done.filter((one) => one === "ask").length, 101);
    });
});
