import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type KnownArgs, withDefaults } from "../../components/defaults";
import { namesOf } from "../../components/names";
import { startFolder } from "../../components/serverProcess";
import { waitForOthers } from "../../components/startTogether";

const lines = (args: KnownArgs, pool = 0) => waitForOthers(namesOf("minio"), withDefaults(args), pool);

describe("servers that all start together", () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "minio-together-"));
        mkdirSync(join(folder, "start"));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    /**
     * Runs what a server does before it starts.
     *
     * @param others how many of the others listen, one time after another; the last one stays
     * @returns how often it asked the others, and whether it knows that all listened
     */
    function start(
        server: { name: string; isUsed: boolean; clientsAreServed: boolean },
        others: ("all" | "fewer")[] = ["all"],
    ): { asked: number; complete: boolean } {
        const asked = join(folder, "asked");
        const answers = others.map((answer, index) => {
            const does = { all: "exit 0", fewer: "exit 7" }[answer];
            return `${index === others.length - 1 ? "*" : `${"x".repeat(index + 1)}`}) ${does} ;;`;
        });
        const curl = [
            "#!/bin/sh",
            'for url; do :; done; case "$url" in *minio.default.svc*)',
            `exit ${server.clientsAreServed ? 0 : 7} ;; esac`,
            `printf x >> ${asked}; case "$(cat ${asked})" in ${answers.join(" ")} esac`,
        ];
        writeFileSync(join(folder, "curl"), curl.join("\n"));
        chmodSync(join(folder, "curl"), 0o755);
        writeFileSync(join(folder, "hostname"), `${server.name}\n`);
        if (server.isUsed) {
            writeFileSync(join(folder, "format.json"), "{}");
        }
        const script = lines({ replicas: 4 })
            .join("\n")
            .replace("/etc/hostname", `${folder}/hostname`)
            .replace("/data*/.minio.sys/format.json", `${folder}/format.json`)
            .replaceAll(startFolder, `${folder}/start`);
        const fakes = "now=0; date() { echo $now; }; sleep() { now=$((now + 5)); }\n";
        const PATH = `${folder}${delimiter}${process.env.PATH}`;
        const { status, stderr } = spawnSync("sh", ["-c", `${fakes}${script}\n:`], { env: { ...process.env, PATH } });
        assert.equal(status, 0, stderr.toString());
        return {
            asked: existsSync(asked) ? readFileSync(asked, "utf8").length : 0,
            complete: existsSync(join(folder, "start/complete")),
        };
    }
    const first = { name: "minio-0", isUsed: true, clientsAreServed: false };

    it("let the first one wait until the others listen", () => {
        assert.deepEqual(start(first, ["fewer", "fewer", "all"]), { asked: 3, complete: true });
    });

    it("let it start when the others do not come, without knowing all", () => {
        const { asked, complete } = start(first, ["fewer"]);
        assert.equal(complete, false);
        assert.ok(asked > 3 && asked < 7, `asked ${asked} times`);
    });

    it("let nobody wait on the first start of a cluster, while clients are served, or beside the first one", () => {
        assert.equal(start({ ...first, isUsed: false }).asked, 0);
        rmSync(join(folder, "format.json"), { force: true });
        assert.equal(start({ ...first, clientsAreServed: true }).asked, 0);
        assert.equal(start({ ...first, name: "minio-1" }).asked, 0);
    });

    it("are asked in all pools", () => {
        const script = lines({ replicas: 4, expansionPools: [{ replicas: 4 }] }).join("\n");
        const hosts = [...script.matchAll(/"http:\/\/(\S+)\.minio-headless\.default/g)].map(([, host]) => host);
        assert.deepEqual(hosts, ["minio-[1-3]", "minio-pool-1-[0-3]"]);
        assert.deepEqual(lines({ replicas: 4, expansionPools: [{ replicas: 4 }] }, 1), []);
    });

    it("do not wait for each other where they need the first one", () => assert.deepEqual(lines({ replicas: 2 }), []));
});
