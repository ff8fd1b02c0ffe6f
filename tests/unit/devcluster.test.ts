import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressesOf } from "../../devcluster/cluster/addresses";
import { withLock } from "../../devcluster/lock";
import { checkout } from "../../devcluster/paths";
import { sleep } from "../../devcluster/shell";
import { namesOf } from "../../devcluster/toolchain/image";
import { kubernetesVersions, minioServers, minorOf, newMinio } from "../../devcluster/toolchain/versions";
import { environmentWith, fakeProgram } from "../support/fakeProgram";

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
            cwd: checkout,
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

describe("the embedded cluster's servers", () => {
    it("are known to the container runtime by what Kubernetes and charts call their images", () => {
        assert.deepEqual(namesOf("localhost:5000/a/b:1@sha256:cc"), {
            tagged: "localhost:5000/a/b:1",
            pinned: "localhost:5000/a/b@sha256:cc",
        });
        for (const { image } of minioServers) {
            assert.match(image, /^[^@]+:RELEASE\.[^@:]+@sha256:[0-9a-f]{64}$/);
        }
    });

    it("start by Silo's entry point as by MinIO's, whose program's name it takes for its own", () => {
        const folder = mkdtempSync(join(tmpdir(), "minio-entrypoint-"));
        fakeProgram(folder, "silo", ['echo "$*"']);
        const script = join(checkout, "devcluster/toolchain", newMinio.module, "entrypoint.sh");
        const run = (...args: string[]) =>
            spawnSync("sh", [script, ...args], { env: environmentWith(folder), encoding: "utf8" }).stdout.trim();
        for (const args of [
            ["minio", "server", "a b"],
            ["silo", "server", "a b"],
            ["server", "a b"],
        ]) {
            assert.equal(run(...args), "server a b");
        }
        assert.equal(run("minio"), "");
        rmSync(folder, { recursive: true });
    });
});

describe("the embedded cluster's Kubernetes", () => {
    for (const version of kubernetesVersions) {
        it(`${version} is what its module file builds`, () => {
            const modules = readFileSync(
                join(checkout, `devcluster/toolchain/kubernetes/${minorOf(version)}.mod`),
                "utf8",
            );
            assert.match(modules, new RegExp(`^\tk8s\\.io/kubernetes v${version.replaceAll(".", "\\.")}$`, "m"));
        });
    }

    it("is refused where there is no module file for it", () => {
        const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "devcluster/main.ts", "env"], {
            cwd: checkout,
            env: { ...process.env, KUBERNETES: "1.20" },
            encoding: "utf8",
        });
        assert.equal(status, 1);
        assert.match(stderr, /KUBERNETES='1.20' is not allowed: use 1.32 or 1.37/);
    });
});
