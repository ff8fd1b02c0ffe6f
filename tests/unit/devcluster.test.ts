import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressesOf } from "../../devcluster/cluster/addresses";
import { withLock } from "../../devcluster/lock";
import { sleep } from "../../devcluster/shell";
import { kubernetesVersions, minorOf } from "../../devcluster/toolchain/versions";

const root = join(__dirname, "../..");

describe("the embedded cluster's lock", function () {
    if (process.platform !== "linux") {
        return; // as the embedded cluster itself
    }
    this.timeout(20_000);
    const folder = mkdtempSync(join(tmpdir(), "minio-lock-"));
    const file = join(folder, "lock");
    after(() => rmSync(folder, { recursive: true }));

    it("lets one at a time work, and then removes itself", async () => {
        let [working, most] = [0, 0];
        const work = async () => {
            most = Math.max(most, ++working);
            await sleep(10);
            working--;
        };
        await Promise.all(Array.from({ length: 5 }, () => withLock(file, "a test", work)));
        assert.equal(most, 1);
        assert.ok(!existsSync(file));
    });

    it("is free again when the work fails", async () => {
        const failing = withLock(file, "a test", () => Promise.reject(new Error("failed")));
        await assert.rejects(failing, /failed/);
        await withLock(file, "a test", async () => undefined);
    });

    it("holds as long as another process works, and goes with it when that is killed", async () => {
        const code = `require("./devcluster/lock").withLock(${JSON.stringify(file)}, "a test", () => {
            console.log("locked");
            return new Promise((resolve) => setTimeout(resolve, 60_000));
        })`;
        const other = spawn(process.execPath, ["--import", "tsx", "--eval", code], {
            cwd: root,
            stdio: ["ignore", "pipe", "inherit"],
        });
        await new Promise((resolve) => other.stdout.once("data", resolve));
        let taken = false;
        const waiting = withLock(file, "a test", async () => {
            taken = true;
        });
        await sleep(500);
        assert.ok(!taken);
        other.kill("SIGKILL");
        await waiting;
        assert.ok(!existsSync(file));
    });
});

describe("the embedded cluster's addresses", () => {
    it("are the known ones by default, and others for another name", () => {
        const { nodes, pods, services } = addressesOf("dev");
        assert.deepEqual([nodes, pods, services], ["10.245.0.0/24", "10.244.0.0/16", "10.96.0.0/16"]);
    });

    it("never overlap those of the default cluster, nor each other", () => {
        const start = (range: string) => range.split(".").slice(0, 2).join(".");
        const own = addressesOf("dev");
        const taken = new Set([own.nodes, own.pods, own.services].map(start));
        for (let i = 0; i < 1000; i++) {
            const { nodes, pods, services } = addressesOf(`n${i}`);
            const starts = [nodes, pods, services].map(start);
            assert.equal(new Set(starts).size, 3);
            assert.ok(!starts.some((range) => taken.has(range)), starts.join(" "));
            assert.ok(
                starts.every((range) => Number(range.split(".")[1]) <= 245),
                starts.join(" "),
            );
        }
    });
});

describe("the embedded cluster's Kubernetes", () => {
    for (const version of kubernetesVersions) {
        it(`${version} is what its module file builds`, () => {
            const modules = readFileSync(join(root, `devcluster/toolchain/kubernetes/${minorOf(version)}.mod`), "utf8");
            assert.match(modules, new RegExp(`^\tk8s\\.io/kubernetes v${version.replaceAll(".", "\\.")}$`, "m"));
        });
    }

    it("is refused where there is no module file for it", () => {
        const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "devcluster/main.ts", "env"], {
            cwd: root,
            env: { ...process.env, KUBERNETES: "1.20" },
            encoding: "utf8",
        });
        assert.equal(status, 1);
        assert.match(stderr, /KUBERNETES='1.20' is not allowed: use 1.32 or 1.37/);
    });
});
