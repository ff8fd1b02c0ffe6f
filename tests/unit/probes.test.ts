import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { probes } from "../../components/server/probes";
import { readyScript } from "../../components/server/scripts";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";
import { fakeProgram } from "../support/fakeProgram";
import { environmentOf } from "../support/podScript";

const probesOf = (args: KnownArgs): any => probes(withDefaults(args));

describe("the probes", () => {
    it("ask after the start whether objects can be read, where that does not count servers that wait for an update", () => {
        const pathOf = (args: KnownArgs) => probesOf(args).readinessProbe.httpGet.path;
        for (const replicas of [2, 4, 6, 8]) {
            assert.equal(pathOf({ replicas }), "/minio/health/cluster/read", `${replicas} servers`);
        }
        for (const replicas of [3, 5, 7, 9, 12, 16]) {
            assert.equal(pathOf({ replicas }), "/minio/health/ready", `${replicas} servers`);
        }
        assert.equal(pathOf({ expansionPools: [{}] }), "/minio/health/ready", "two pools");
    });

    it("wait longer for an answer than MinIO waits for a peer that is silent, or one silent peer makes all unready", () => {
        assert.ok(probesOf({}).readinessProbe.timeoutSeconds > 10);
    });

    it("ask only the process with readiness Server", () => {
        const { startupProbe, readinessProbe } = probesOf({ podManagementPolicy: "OrderedReady" });
        assert.equal(startupProbe.httpGet.path, "/minio/health/live");
        assert.equal(readinessProbe.httpGet.path, "/minio/health/ready");
    });

    it("let a server wait for as many others as must be updated before it starts", () => {
        const longest = (args: KnownArgs) => {
            const { startupProbe } = probesOf(args);
            return startupProbe.failureThreshold * startupProbe.periodSeconds;
        };
        assert.equal(longest({}), 3600);
        assert.equal(longest({ replicas: 256 }), 128 * 120);
        assert.equal(longest({ replicas: 256, readiness: "Server" }), 128 * 120);
    });

    it("speak TLS with a server that does", () => {
        const { readinessProbe, livenessProbe } = probesOf({ tls: { secretName: "certs" } });
        assert.equal(readinessProbe.httpGet.scheme, "HTTPS");
        assert.equal(livenessProbe.httpGet.scheme, "HTTPS");
        assert.equal(
            environmentOf({ folder: "", args: { tls: { secretName: "certs" } } }).POD_URL,
            "https://127.0.0.1:9000",
        );
    });

    describe("of a start", () => {
        let folder: string;
        beforeEach(() => {
            folder = mkdtempSync(join(tmpdir(), "minio-probe-"));
        });
        afterEach(() => rmSync(folder, { recursive: true, force: true }));

        /** One probe: whether it succeeds, by what the servers answer and how long ago this one found its peers. */
        function probe(own: "nothing" | "offline" | "live" | "cluster", others: boolean, secondsAgo?: number): boolean {
            const live = "echo HTTP/1.1 200";
            const answers: Record<string, string> = {
                nothing: "exit 7",
                offline: "echo X-Minio-Server-Status: offline",
            };
            fakeProgram(folder, "curl", [
                'for url; do :; done; case "$url" in',
                `*minio.default.svc*) exit ${others ? 0 : 22} ;;`,
                `*127.0.0.1*live) ${answers[own] ?? live} ;;`,
                `*127.0.0.1*cluster) exit ${own === "cluster" ? 0 : 22} ;;`,
                "esac",
            ]);
            mkdirSync(join(folder, "start"), { recursive: true });
            if (!existsSync(join(folder, "start/server"))) {
                writeFileSync(join(folder, "start/server"), "77\n");
            }
            const [shell, option, script] = probesOf({}).startupProbe.exec.command;
            assert.equal(script, readyScript);
            fakeProgram(folder, "date", [`echo $(($(PATH=$PATH_OF_ALL date +%s) + ${secondsAgo ?? 0}))`]);
            const env = { ...environmentOf({ folder }), PATH_OF_ALL: process.env.PATH };
            return spawnSync(shell, [option, script], { env }).status === 0;
        }

        it("fail while the server does not answer, or waits for its peers", () => {
            assert.equal(probe("nothing", true), false);
            assert.equal(probe("offline", true), false);
            assert.equal(probe("offline", true, 60), false);
        });

        /** The drive was formatted so many seconds before the container was made. */
        function formatted(secondsBefore: number): void {
            mkdirSync(join(folder, "start"), { recursive: true });
            writeFileSync(join(folder, "start/server"), "77\n");
            mkdirSync(join(folder, "data/.minio.sys"), { recursive: true });
            writeFileSync(join(folder, "data/.minio.sys/format.json"), "{}");
            const made = Date.now() / 1000 - secondsBefore;
            utimesSync(join(folder, "data/.minio.sys/format.json"), made, made);
        }

        function settles(othersServeLater: boolean): void {
            assert.equal(probe("cluster", othersServeLater), false);
            assert.equal(probe("cluster", othersServeLater, 14), false);
            assert.equal(probe("cluster", othersServeLater, 18), true);
        }

        it("let it settle for 17 s where others serve", () => {
            assert.equal(probe("nothing", true), false);
            settles(true);
        });

        it("let it settle where all restart together: its drive was used before", () => {
            formatted(60);
            assert.equal(probe("nothing", false), false);
            settles(false);
        });

        it("let the last one of them serve as soon as objects can be written, as it reaches enough drives", () => {
            formatted(60);
            writeFileSync(join(folder, "start/complete"), "");
            assert.equal(probe("offline", false), false);
            assert.equal(probe("live", false), false);
            assert.equal(probe("cluster", false), true);
        });

        it("let a server of a new pool settle, whose peers end to learn of it", () => {
            formatted(-1);
            assert.equal(probe("offline", true), false);
            settles(false);
        });

        it("succeed on the first start as soon as objects can be written", () => {
            assert.equal(probe("nothing", false), false);
            formatted(-1);
            assert.equal(probe("live", false), false);
            assert.equal(probe("cluster", false), true);
        });
    });
});
