import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { descendants, killAll } from "../support/processes";
import { checkout, execute, kubectlJson, Running } from "../support/project";
import { stepByStep } from "../support/stepByStep";
import { until } from "../support/until";

interface Ended {
    step: string;
    seconds: number;
    error?: string;
}

describe("an inline program of the Automation API", () => {
    stepByStep();
    const namespace = "e2e-inline";
    const state = mkdtempSync(join(tmpdir(), "minio-inline-"));
    let program: Running;

    /** What became of an update; the program is alive as long as it has not said it. */
    async function ended(step: string): Promise<Ended> {
        const line = new RegExp(`^{"step":"${step}".*$`, "m");
        await program.says(line);
        return JSON.parse(line.exec(program.text)?.[0] as string);
    }

    /** The uid of each server's pod. */
    async function pods(): Promise<Record<string, string>> {
        const { items } = await kubectlJson("get", "pods", "--namespace", namespace);
        return Object.fromEntries(items.map(({ metadata }: any) => [metadata.name, metadata.uid]));
    }

    before(() => {
        const env = {
            ...process.env,
            NAMESPACE: namespace,
            PULUMI_BACKEND_URL: `file://${state}`,
            PULUMI_CONFIG_PASSPHRASE: "test",
        };
        const args = ["--import", "tsx", "tests/e2e/programs/inline.ts"];
        program = new Running(spawn(process.execPath, args, { cwd: checkout, env, stdio: ["ignore", "pipe", "pipe"] }));
    });
    after(async () => {
        await program.killTree();
        await execute("kubectl", ["delete", "namespace", namespace, "--ignore-not-found", "--timeout=120s"]);
        rmSync(state, { recursive: true, force: true });
    });

    for (const operation of ["preview", "up"]) {
        it(`ends ${operation} with what is wrong with an argument that is known late`, async () => {
            const { error, seconds } = await ended(`${operation} with a wrong argument`);
            assert.match(error ?? "", /the arguments of MinioCluster 'inline' are not valid:\s+environment\.NO NAME/);
            assert.doesNotMatch(error ?? "", /\n\s+at .*\.[jt]s:\d+/, "there is a stack trace");
            assert.ok(seconds < 60, `it took ${seconds} s`);
        });
    }

    it("ends up with why the rollout has stopped, as soon as it has", async () => {
        const { error, seconds } = await ended("up with a failing rollout");
        assert.match(error ?? "", /the rollout of inline has stopped: no progress in 5 s/);
        assert.match(error ?? "", /ImagePull|ErrImagePull/);
        assert.ok(seconds < 90, `it took ${seconds} s`);
    });

    it("ends an up that goes on past errors with why the rollout has stopped, and makes nothing that needs it", async () => {
        const { error, seconds } = await ended("up that goes on past a failing rollout");
        assert.match(error ?? "", /the rollout of inline has stopped: no progress in 5 s/);
        assert.ok(seconds < 90, `it took ${seconds} s`);
        const { items } = await kubectlJson("get", "configmaps", "--namespace", namespace);
        assert.deepEqual(
            items.map(({ metadata }: any) => metadata.name).filter((name: string) => /settings|later/.test(name)),
            [],
        );
    });

    it("can run the next update in the same process", async () => {
        assert.equal((await ended("up as it should be")).error, undefined);
    });

    it("needs no kubeconfig where Kubernetes restarts the servers, and for larger drives it does, before anything is changed", async () => {
        assert.equal((await ended("up without a kubeconfig")).error, undefined);
        assert.equal((await ended("that up again")).error, undefined);
        assert.match(
            (await ended("up of larger drives")).error ?? "",
            /the kubeconfig names no cluster \(KUBECONFIG\)/,
        );
        const { metadata } = await kubectlJson("get", "statefulset", "inline", "--namespace", namespace);
        assert.match(metadata.annotations["minio-cluster/shape"], /"storageSize":"1Gi"/);
    });

    it("restarts no server any more once its update was ended from outside", async () => {
        await ended("restarts");
        const before = await pods();
        await until("the first server restarts", async () => !isDeepStrictEqual(await pods(), before));
        killAll(descendants(program.process.pid as number).filter(({ command }) => command.startsWith("pulumi up ")));
        assert.match((await ended("up that is ended")).error ?? "", /SIGKILL/);
        await until("it is back", async () => Object.keys(await pods()).length === 4);
        const then = await pods();
        await new Promise((resolve) => setTimeout(resolve, 30_000)); // The next one would follow within that.
        assert.deepEqual(await pods(), then);
        assert.equal(Object.entries(then).filter(([name, uid]) => before[name] !== uid).length, 1);
        program.process.kill("SIGUSR2");
    });

    it("ends with its last update", async () => {
        assert.equal((await ended("destroy")).error, undefined);
        assert.equal((await program.ended).code, 0, program.text);
    });
});
