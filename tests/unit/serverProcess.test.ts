import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lacksCurl, lacksServer } from "../../components/server/imageProblem";
import { startScript, stopScript } from "../../components/server/scripts";
import { fakeProgram } from "../support/fakeProgram";
import { environmentOf } from "../support/podScript";

describe("the server's process", () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "minio-process-"));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    describe("when it is to end", () => {
        /**
         * What is done when MinIO answers so each time that it is asked, and in the end as the last time. Each look at
         * the clock is a second.
         */
        function end(answers: string[][], readable = true): string[] {
            const file = join(folder, "done");
            const nth = (name: string) => `echo . >> ${folder}/${name}; n=$(wc -l < ${folder}/${name})`;
            fakeProgram(
                folder,
                "curl",
                [
                    `case "$*" in *"--config -"*) echo locks >> ${file}; exit ;; --config*) echo thaw >> ${file}; exit ;; esac`,
                    `case "$*" in *cluster/read) exit ${readable ? 0 : 22} ;; esac`,
                    nth("asked"),
                    ...answers.map((lines, time) => {
                        const stands = time === answers.length - 1 ? "-ge" : "-eq";
                        return `[ "$n" ${stands} ${time + 1} ] && printf '%s\\n' ${lines.map((line) => `"${line}"`).join(" ")} >&2`;
                    }),
                ].flat(),
            );
            fakeProgram(folder, "date", [nth("looked"), "echo $n"]);
            mkdirSync(join(folder, "start"), { recursive: true });
            writeFileSync(join(folder, "start/server"), "77\n");
            fakeProgram(folder, "sleep", [`echo "sleep $1" >> ${file}`]);
            // A shell's own.
            const fake = `kill() { echo "kill $*" >> ${file}; }\n`;
            assert.equal(spawnSync("sh", ["-c", fake + stopScript], { env: environmentOf({ folder }) }).status, 0);
            assert.ok(existsSync(join(folder, "start/ending")));
            return readFileSync(file, "utf8").trim().split("\n");
        }
        const [stop, goOn, kill] = ["STOP", "CONT", "KILL"].map((signal) => `kill -${signal} 77`);
        const calm = (answers: number) => Array(answers).fill("90 90");
        const busy = "90 89";
        const drained = Array(5).fill("sleep 1");
        const afterwards = ["locks", "sleep 3"];

        it("is stopped when no request has been under way for some answers, and ends, and gives its locks back", () => {
            const done = end([[busy, ...calm(14), busy, ...calm(15)]]);
            assert.deepEqual(done, [...drained, stop, kill, ...afterwards]);
        });

        it("does where it said nothing else until it was stopped", () => {
            assert.deepEqual(end([calm(20)]), [...drained, stop, kill, ...afterwards]);
        });

        it("goes on where a request had come before it was stopped, and is asked again", () => {
            const done = end([[...calm(17), busy], calm(16)]);
            assert.deepEqual(done, [...drained, stop, goOn, "sleep 0.05", stop, kill, ...afterwards]);
        });

        it("does not take a missing answer for a calm one, but for the one that it was stopped before", () => {
            const done = end([
                [...calm(14), " "],
                [...calm(15), " "],
            ]);
            assert.deepEqual(done, [...drained, goOn, "sleep 0.05", stop, kill, ...afterwards]);
        });

        for (const [what, answers] of Object.entries({
            "requests are always under way": [...calm(14), busy],
            "MinIO does not tell": Array(30).fill(" "),
            "it does not answer": [],
        })) {
            it(`does in the end where ${what}`, () => {
                const tries = Array(4).fill([goOn, "sleep 0.05"]).flat();
                assert.deepEqual(end([answers]), [...drained, ...tries, goOn, kill, ...afterwards]);
            });
        }

        it("does at once where no object can be read, as when all restart together", () => {
            assert.deepEqual(end([calm(20)], false), [kill]);
        });

        it("is thawed before", () => {
            writeFileSync(join(folder, "thaw"), "");
            assert.deepEqual(end([calm(20)]).slice(0, 2), ["thaw", "sleep 1"]);
        });
    });

    describe("under the container's first process", () => {
        /** It asks no others before it starts. */
        const alone = { replicas: 1, drivesPerServer: 4 };

        /** Starts it as Kubernetes does, with this for a server. */
        function start(server: string[], program = "minio") {
            fakeProgram(folder, program, [`echo "$@" > ${folder}/arguments`, ...server]);
            const env = environmentOf({ folder, args: alone });
            const child = spawn("sh", ["-c", startScript, "start", "server", "http://a b"], { env });
            const ended = once(child, "exit").then(([code, signal]) => code ?? signal);
            return { child, ended };
        }
        const serverId = () => Number(readFileSync(join(folder, "start/server"), "utf8"));

        async function untilThere(file: string): Promise<void> {
            while (!existsSync(join(folder, file))) {
                await new Promise((resolve) => setTimeout(resolve, 10));
            }
        }

        it("gets its arguments as they are, and its status is the container's", async () => {
            assert.equal(await start(["exit 3"]).ended, 3);
            assert.equal(readFileSync(join(folder, "arguments"), "utf8"), "server http://a b\n");
        });

        it("is the program that the image has, minio or silo", async () => {
            assert.equal(await start(["exit 4"], "silo").ended, 4);
            assert.equal(readFileSync(join(folder, "arguments"), "utf8"), "server http://a b\n");
        });

        /** As `start`, in an image that has these of this machine's programs and no other. */
        function startIn(programs: string[]) {
            for (const program of programs) {
                symlinkSync(spawnSync("which", [program], { encoding: "utf8" }).stdout.trim(), join(folder, program));
            }
            return spawnSync("/bin/sh", ["-c", startScript, "start", "server"], {
                encoding: "utf8",
                env: { ...environmentOf({ folder, args: alone }), PATH: folder },
            });
        }

        it("says that it is in no image that has neither, where Kubernetes shows it", () => {
            const { status, stderr } = startIn(["rm", "mkdir"]);
            assert.deepEqual([status, stderr], [127, `${lacksServer}\n`]);
            assert.equal(readFileSync(join(folder, "terminated"), "utf8"), stderr);
        });

        it("says first that it does without curl, where the image has none", () => {
            fakeProgram(folder, "silo", ["exit 5"]);
            const { status, stderr } = startIn(["rm", "mkdir"]);
            assert.deepEqual([status, stderr], [5, `${lacksCurl}\n`]);
        });

        it("gets the signal to end, and has its time for it", async () => {
            const { child, ended } = start([
                "trap 'sleep 0.3; exit 7' TERM",
                ": > $0.up",
                "while :; do sleep 0.05; done",
            ]);
            await untilThere("minio.up");
            child.kill("SIGTERM");
            assert.equal(await ended, 7);
        });

        it("ends the container when it crashes", async () => {
            const { ended } = start([": > $0.up", "while :; do sleep 0.05; done"]);
            await untilThere("minio.up");
            process.kill(serverId(), "SIGKILL");
            assert.equal(await ended, 128 + 9);
        });

        it("is not taken for ended while it is stopped", async () => {
            const { child, ended } = start([": > $0.up", "while :; do sleep 0.05; done"]);
            await untilThere("minio.up");
            process.kill(serverId(), "SIGSTOP");
            await new Promise((resolve) => setTimeout(resolve, 300));
            process.kill(serverId(), "SIGCONT");
            assert.equal(child.exitCode, null);
            process.kill(serverId(), "SIGKILL");
            assert.equal(await ended, 128 + 9);
        });

        it("is outlived by the container when it was ended on purpose, until Kubernetes ends that", async () => {
            const { child, ended } = start([": > $0.up", "while :; do sleep 0.05; done"]);
            await untilThere("minio.up");
            writeFileSync(join(folder, "start/ending"), "");
            process.kill(serverId(), "SIGKILL");
            await new Promise((resolve) => setTimeout(resolve, 300));
            assert.equal(child.exitCode, null);
            child.kill("SIGTERM");
            assert.equal(await ended, 0);
        });

        it("is not outlived when Kubernetes ends the container at the same moment", async () => {
            const { child, ended } = start(["trap '' TERM", ": > $0.up", "while :; do sleep 0.05; done"]);
            await untilThere("minio.up");
            writeFileSync(join(folder, "start/ending"), "");
            child.kill("SIGTERM");
            process.kill(serverId(), "SIGKILL");
            assert.equal(await ended, 0);
        });

        it("is started anew as if nothing had been", async () => {
            mkdirSync(join(folder, "start"));
            writeFileSync(join(folder, "start/ending"), "");
            assert.equal(await start(["exit 0"]).ended, 0);
            assert.ok(!existsSync(join(folder, "start/ending")));
        });
    });
});
