import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { podTemplate } from "../../components/server/podTemplate";
import { script } from "../../components/server/scripts";
import { namesOf } from "../../components/spec/names";
import { isScriptVariable, scriptVariables } from "../../components/spec/scriptVariables";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";
import { folderOf } from "../../devcluster/toolchain/component";
import { shellcheck } from "../../devcluster/toolchain/components";
import { buildComponents } from "../../devcluster/toolchain/install";
import { podScripts, scriptsFolder } from "../support/podScript";

const server = (args: KnownArgs): any =>
    (podTemplate(namesOf("minio"), withDefaults(args), 0) as any).spec.containers[0];
const scriptsOf = ({ command, lifecycle, startupProbe }: any): string[] =>
    [command, lifecycle.preStop.exec.command, startupProbe.exec.command].map(([, , text]) => text);

/**
 * What the scripts in a pod template came to when somebody last decided that all servers of all users restart for them.
 */
const decided = "173656b8a2c4a0b0";

describe("the pods' scripts", () => {
    it("have not changed without a decision", () => {
        const hash = createHash("sha256")
            .update(scriptsOf(server({})).join("\0"))
            .digest("hex")
            .slice(0, 16);
        assert.equal(
            hash,
            decided,
            "a script in components/server/scripts/ has changed, and so has the pod template of every cluster: with the next version, " +
                "every server of every user restarts once, even for another word in a comment. If it is worth that, write this hash " +
                "into tests/unit/scripts.test.ts, and say the restart in CHANGELOG.md; if not, put the script back",
        );
    });

    it("are the same in every cluster", () => {
        for (const args of [{ replicas: 1, drivesPerServer: 4 }, { replicas: 16 }, { expansionPools: [{}] }]) {
            assert.deepEqual(scriptsOf(server({ namespace: "other", ...args })), scriptsOf(server({})));
        }
    });

    it("are told all that they ask for, and nothing that they do not", () => {
        const asked = podScripts.flatMap((name) => [...script(name).matchAll(/\$\{?((?:POD|CLUSTER)_[A-Z_]+)/g)]);
        assert.deepEqual([...new Set(asked.map(([, variable]) => variable))].sort(), [...scriptVariables].sort());
        const told = server({}).env.map(({ name }: { name: string }) => name);
        assert.deepEqual(told.filter(isScriptVariable).sort(), [...scriptVariables].sort());
    });

    it("have nothing that Kubernetes replaces in a command by a variable's value", () => {
        // `$(NAME)` and `$$`: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
        const names = server({}).env.map(({ name }: { name: string }) => name);
        for (const [, name] of script("curl", "locks", "start").matchAll(/\$\(([^)]*)\)/g)) {
            assert.ok(!names.includes(name), name);
        }
        assert.doesNotMatch(script("curl", "locks", "start"), /\$\$/);
    });

    it("pass shellcheck", async () => {
        await buildComponents([shellcheck]);
        const files = readdirSync(scriptsFolder);
        const { status, stdout, stderr } = spawnSync(join(folderOf(shellcheck), "shellcheck"), files, {
            cwd: scriptsFolder,
            encoding: "utf8",
        });
        assert.equal(status, 0, stdout + stderr);
    });

    it("pass shellcheck as they are put together", async () => {
        await buildComponents([shellcheck]);
        for (const input of scriptsOf(server({}))) {
            const { status, stdout } = spawnSync(join(folderOf(shellcheck), "shellcheck"), ["--shell=sh", "-"], {
                input,
                encoding: "utf8",
            });
            assert.equal(status, 0, stdout);
        }
    });
});
