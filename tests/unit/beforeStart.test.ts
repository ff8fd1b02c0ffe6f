import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parameters } from "../../components/server/parameters";
import { startScript } from "../../components/server/scripts";
import { namesOf } from "../../components/spec/names";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";
import { fakeProgram } from "../support/fakeProgram";
import { environmentOf } from "../support/podScript";

const told = (args: KnownArgs) => parameters(namesOf("minio"), withDefaults(args));

describe("servers that start", () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "minio-start-"));
        mkdirSync(join(folder, "start"));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    /** What curl says of one question after another; the last one stays. */
    type Answers = ("answered" | "refused" | "forbidden")[];
    const statusOf = { answered: 0, refused: 7, forbidden: 22 };

    /** Shell that ends as one answer after another. */
    const answer = (file: string, answers: Answers) => {
        const counted = join(folder, file);
        const cases = answers.map(
            (one, index) => `${index === answers.length - 1 ? "*" : "x".repeat(index + 1)}) exit ${statusOf[one]} ;;`,
        );
        return `printf x >> ${counted}; case "$(cat ${counted})" in ${cases.join(" ")} esac`;
    };
    const countOf = (file: string) =>
        existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8").length : 0;

    /**
     * Runs what a server does before it starts, which is a program that ends.
     *
     * @param service what it hears from the Service, when it asks for the locks that it left
     * @param others what it hears when it asks whether all others listen
     * @returns how often it asked the Service and the others, for how many seconds it waited in between, and whether it knows that
     * all listened
     */
    function start(
        server: { name: string; isUsed: boolean; service: Answers },
        others: Answers = ["answered"],
        args: KnownArgs = { replicas: 4 },
    ): { service: number; seconds: number; others: number; complete: boolean } {
        fakeProgram(folder, "curl", [
            `case "$*" in *//minio.default.svc*) ${answer("service", server.service)} ;; esac`,
            answer("others", others),
        ]);
        if (server.isUsed) {
            mkdirSync(join(folder, "data0/.minio.sys"), { recursive: true });
            writeFileSync(join(folder, "data0/.minio.sys/format.json"), "{}");
        }
        // The time goes by in steps of 5 s.
        writeFileSync(join(folder, "now"), "0\n");
        fakeProgram(folder, "date", [`read -r now < ${folder}/now; echo "$now"`]);
        fakeProgram(folder, "sleep", [
            `read -r now < ${folder}/now; echo $((now + 5)) > ${folder}/now`,
            '[ "$1" = 0.3 ] || echo "$1"',
        ]);
        fakeProgram(folder, "minio", [":"]);
        const { status, stdout, stderr } = spawnSync("sh", ["-c", startScript, "start", "server"], {
            env: environmentOf({ folder, args, name: server.name }),
        });
        assert.equal(`${status} ${stderr}`, "0 ");
        return {
            service: countOf("service"),
            seconds: stdout
                .toString()
                .split("\n")
                .reduce((sum, seconds) => sum + Number(seconds), 0),
            others: countOf("others"),
            complete: existsSync(join(folder, "start/complete")),
        };
    }
    /** Of minio-0 to minio-3 in the namespace default, the one that connects to most of the others. */
    const last = { name: "minio-0", isUsed: true, service: ["refused"] as Answers };
    const forgotten = { service: 1, seconds: 0, others: 0, complete: false };

    it("let the last one wait until the others listen", () => {
        const { others, complete } = start(last, ["refused", "refused", "answered"]);
        assert.deepEqual({ others, complete }, { others: 3, complete: true });
    });

    it("let it start when the others do not come, without knowing all", () => {
        const { others, complete } = start(last, ["refused"]);
        assert.equal(complete, false);
        assert.ok(others > 3 && others < 7, `asked ${others} times`);
    });

    it("leave DNS alone until their names are known", () => {
        for (const server of [last, { ...last, isUsed: false }, { ...last, name: "minio-1" }]) {
            assert.equal(start(server).seconds, 2.5);
            rmSync(join(folder, "service"));
        }
    });

    it("start at once, and none last, as soon as another one has forgotten their locks", () => {
        assert.deepEqual(start({ ...last, service: ["answered"] }), forgotten);
        rmSync(join(folder, "service"));
        // The Service may still lead to the one that asks.
        assert.deepEqual(start({ ...last, service: ["refused", "forbidden", "answered"] }), {
            ...forgotten,
            service: 3,
            seconds: 1,
        });
    });

    it("let nobody wait for them on the first start of a cluster, beside the last one, or where others serve", () => {
        assert.equal(start({ ...last, isUsed: false }).others, 0);
        rmSync(join(folder, "data0"), { recursive: true, force: true });
        assert.equal(start({ ...last, name: "minio-1" }).others, 0);
        assert.equal(start({ ...last, service: ["forbidden"] }).others, 0);
    });

    it("ask nobody where there is one", () => {
        assert.deepEqual(start(last, ["refused"], { replicas: 1, drivesPerServer: 4 }), { ...forgotten, service: 0 });
    });

    it("are asked in all pools, by one in one of them", () => {
        const args = { replicas: 4, expansionPools: [{ replicas: 4 }] };
        const { CLUSTER_LAST, CLUSTER_OTHERS } = told(args);
        assert.equal(CLUSTER_LAST, "minio-pool-1-1");
        assert.deepEqual(
            CLUSTER_OTHERS.split(" "),
            ["minio-{0,1,2,3}", "minio-pool-1-{0,2,3}"].map(
                (hosts) => `http://${hosts}.minio-headless.default.svc.cluster.local:9000/minio/health/live`,
            ),
        );
    });

    it("settle one and all where none reaches enough drives by itself", () => {
        const { CLUSTER_LAST, CLUSTER_OTHERS } = told({ replicas: 16 });
        assert.deepEqual([CLUSTER_LAST, CLUSTER_OTHERS], ["none", ""]);
    });
});
