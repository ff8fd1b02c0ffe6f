import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KnownArgs, withDefaults } from "../../components/defaults";
import { namesOf } from "../../components/names";
import { startFolder } from "../../components/serverProcess";
import { startTogether } from "../../components/startTogether";
import { environmentWith, fakeProgram } from "./fakeProgram";

const lines = (args: KnownArgs, pool = 0) => startTogether(namesOf("minio"), withDefaults(args), pool);

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
     * @returns how often it asked the others, whether it knows that all listened, and for how long it left DNS alone
     */
    function start(
        server: { name: string; isUsed: boolean; clientsAreServed: boolean },
        others: ("all" | "fewer")[] = ["all"],
    ): { asked: number; complete: boolean; quiet: string } {
        const asked = join(folder, "asked");
        const answers = others.map((answer, index) => {
            const does = { all: "exit 0", fewer: "exit 7" }[answer];
            return `${index === others.length - 1 ? "*" : `${"x".repeat(index + 1)}`}) ${does} ;;`;
        });
        fakeProgram(folder, "curl", [
            'for url; do :; done; case "$url" in *minio.default.svc*)',
            `exit ${server.clientsAreServed ? 0 : 7} ;; esac`,
            `printf x >> ${asked}; case "$(cat ${asked})" in ${answers.join(" ")} esac`,
        ]);
        writeFileSync(join(folder, "hostname"), `${server.name}\n`);
        if (server.isUsed) {
            writeFileSync(join(folder, "format.json"), "{}");
        }
        const script = lines({ replicas: 4 })
            .join("\n")
            .replace("/etc/hostname", `${folder}/hostname`)
            .replace("/data*/.minio.sys/format.json", `${folder}/format.json`)
            .replaceAll(startFolder, `${folder}/start`);
        const fakes = "now=0; date() { echo $now; }; sleep() { now=$((now + 5)); [ $1 = 0.3 ] || echo $1; }\n";
        const { status, stdout, stderr } = spawnSync("sh", ["-c", `${fakes}${script}\n:`], {
            env: environmentWith(folder),
        });
        assert.equal(status, 0, stderr.toString());
        return {
            asked: existsSync(asked) ? readFileSync(asked, "utf8").length : 0,
            complete: existsSync(join(folder, "start/complete")),
            quiet: stdout.toString().trim(),
        };
    }
    /** Of minio-0 to minio-3 in the namespace default, the one that connects to most of the others. */
    const last = { name: "minio-0", isUsed: true, clientsAreServed: false };

    it("let the last one wait until the others listen", () => {
        assert.deepEqual(start(last, ["fewer", "fewer", "all"]), { asked: 3, complete: true, quiet: "2.5" });
    });

    it("let it start when the others do not come, without knowing all", () => {
        const { asked, complete } = start(last, ["fewer"]);
        assert.equal(complete, false);
        assert.ok(asked > 3 && asked < 7, `asked ${asked} times`);
    });

    it("leave DNS alone until their names are known, unless clients are served", () => {
        assert.equal(start({ ...last, isUsed: false }).quiet, "2.5");
        assert.equal(start({ ...last, name: "minio-1" }).quiet, "2.5");
        assert.equal(start({ ...last, clientsAreServed: true }).quiet, "");
        assert.deepEqual(lines({ replicas: 1, drivesPerServer: 4 }), []);
    });

    it("let nobody wait for them on the first start of a cluster, while clients are served, or beside the last one", () => {
        assert.equal(start({ ...last, isUsed: false }).asked, 0);
        rmSync(join(folder, "format.json"), { force: true });
        assert.equal(start({ ...last, clientsAreServed: true }).asked, 0);
        assert.equal(start({ ...last, name: "minio-1" }).asked, 0);
    });

    it("are asked in all pools, by one in one of them", () => {
        const args = { replicas: 4, expansionPools: [{ replicas: 4 }] };
        const scripts = [lines(args), lines(args, 1)].map((script) => script.join("\n"));
        const [script, ...more] = scripts.filter((one) => one.includes("others_listen"));
        assert.deepEqual(more, []);
        const hosts = [...script.matchAll(/"http:\/\/(\S+)\.minio-headless\.default/g)].map(([, host]) => host);
        assert.deepEqual(hosts, ["minio-{0,1,2,3}", "minio-pool-1-{0,2,3}"]);
    });

    it("settle one and all where none reaches enough drives by itself", () => {
        assert.doesNotMatch(lines({ replicas: 16 }).join("\n"), /others_listen/);
    });
});
