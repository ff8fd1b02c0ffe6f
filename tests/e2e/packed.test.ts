import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { cacheDir, clusterName } from "../../devcluster/paths";
import { isLong, itInLongForm } from "../support/longForm";
import { checkout, execute, type Finished, succeed } from "../support/project";

type Manager = "npm" | "pnpm" | "yarn";
type Modules = "CommonJS" | "ESM";

/** Each manager with both kinds of modules, and each Node.js with both. All other tests use CommonJS. */
const uses: [Manager, Modules, string][] = [
    ["npm", "CommonJS", "20"],
    ["npm", "ESM", "24"],
    ["pnpm", "CommonJS", "22"],
    ["pnpm", "ESM", "20"],
    ["yarn", "CommonJS", "24"],
    ["yarn", "ESM", "22"],
];

const program = `
import type { Output } from "@pulumi/pulumi";
import { MinioCluster, type MinioClusterArgs, type Pool, Readiness, type Rollout, type Topology } from "minio-cluster";

const rollout: Rollout = { mode: "Guided" };
const expansionPools: Pool[] = [];
const args: MinioClusterArgs = { storageSize: "1Gi", readiness: Readiness.Cluster, rollout, expansionPools };
export const topology: Output<Topology> = new MinioCluster("store", args).topology;
`;

/** Of this cluster, as two runs at the same time pack different archives. */
const yarnCache = join(cacheDir, "yarn", clusterName);

describe("the packed package, as others install it", () => {
    const folder = mkdtempSync(join(tmpdir(), "minio-packed-"));
    const tools = join(folder, "tools");
    const commandOf = (manager: Manager) => join(folder, manager, "node_modules/.bin/minio-cluster");
    const nodeOf = (version: string) => join(tools, `node_modules/node${version}/bin/node`);
    let archive: string;

    /**
     * Runs a program with a Node.js of a version, and with the embedded toolchain's providers whatever the SDKs ask
     * for.
     */
    function run(version: string, command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}) {
        const path = [dirname(nodeOf(version)), join(folder, "plugins"), process.env.PATH].join(delimiter);
        return execute(command, args, { cwd, env: { ...process.env, ...env, PATH: path } });
    }

    async function install(manager: Manager | "old", dependencies: Record<string, string> = {}): Promise<void> {
        const cwd = join(folder, manager);
        mkdirSync(cwd);
        const newest = { "@pulumi/pulumi": "latest", "@pulumi/kubernetes": "latest", "@pulumi/random": "latest" };
        const manifest = {
            private: true,
            dependencies: { "minio-cluster": `file:${archive}`, ...newest, ...dependencies },
        };
        writeFileSync(join(cwd, "package.json"), JSON.stringify(manifest));
        const script = join(tools, "node_modules", manager === "yarn" ? "yarn/bin/yarn.js" : "pnpm/bin/pnpm.cjs");
        const [command, ...args] = {
            npm: [
                "npm",
                "install",
                "--ignore-scripts",
                "--prefer-offline",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
            ],
            pnpm: [nodeOf("22"), script, "install", "--ignore-scripts", "--prefer-offline", "--reporter=silent"],
            yarn: [nodeOf("22"), script, "install", "--ignore-scripts", "--non-interactive"].concat(
                ...["--cache-folder", yarnCache],
            ),
        }[manager === "old" ? "npm" : manager];
        const { code, text } = await run("22", command, args, cwd);
        assert.equal(code, 0, text);
    }

    /** Checks the program's types, makes it JavaScript of one kind of modules, and has Pulumi preview it. */
    async function preview(manager: Manager | "old", modules: Modules, version: string): Promise<Finished> {
        const cwd = join(folder, manager, `${modules}-${version}`);
        mkdirSync(join(cwd, "state"), { recursive: true });
        writeFileSync(join(cwd, "index.ts"), program);
        writeFileSync(join(cwd, "package.json"), JSON.stringify(modules === "ESM" ? { type: "module" } : {}));
        writeFileSync(join(cwd, "Pulumi.yaml"), "name: packed\nruntime: nodejs\nmain: index.js\n");
        const kind = modules === "ESM" ? ["nodenext", "nodenext"] : ["commonjs", "node"];
        await succeed(
            join(checkout, "node_modules/.bin/tsc"),
            ["index.ts", "--strict", "--skipLibCheck", "--target", "es2022", "--types", "node"].concat(
                ["--typeRoots", join(checkout, "node_modules/@types")],
                ["--module", kind[0], "--moduleResolution", kind[1]],
            ),
            { cwd },
        );
        const env = { PULUMI_BACKEND_URL: `file://${cwd}/state`, PULUMI_CONFIG_PASSPHRASE: "test" };
        await run(version, "pulumi", ["stack", "init", "test", "--non-interactive"], cwd, env);
        return run(version, "pulumi", ["preview", "--non-interactive", "--color=never"], cwd, env);
    }

    before(async () => {
        await succeed("npm", ["pack", "--silent", `--pack-destination=${folder}`], { cwd: checkout });
        archive = join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) as string);
        mkdirSync(tools);
        // It keeps an archive by its name and version, and in .tmp by its path from the program, which is always the same. It
        // would install an earlier one.
        const kept = join(yarnCache, "v6");
        for (const name of existsSync(kept) ? readdirSync(kept) : []) {
            if (name === ".tmp" || name.startsWith("npm-minio-cluster-")) {
                rmSync(join(kept, name), { recursive: true });
            }
        }
        writeFileSync(join(tools, "package.json"), JSON.stringify({ private: true }));
        const nodes = ["20", "22", "24"].map((version) => `node${version}@npm:node-linux-${process.arch}@${version}`);
        const quiet = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
        await succeed("npm", ["install", ...quiet, "pnpm@10", "yarn@1", ...nodes], { cwd: tools });
        const plugins = join(process.env.PULUMI_HOME as string, "plugins");
        mkdirSync(join(folder, "plugins"));
        for (const name of ["kubernetes", "random"]) {
            const file = `pulumi-resource-${name}`;
            const versions = readdirSync(plugins).map((version) => join(plugins, version, file));
            symlinkSync(versions.find(existsSync) as string, join(folder, "plugins", file));
        }
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    for (const manager of isLong ? (["npm", "pnpm", "yarn"] as const) : (["npm"] as const)) {
        describe(`by ${manager}`, () => {
            before(() => install(manager));

            it("has the command minio-cluster", async () => {
                const { code, text } = await run(
                    "20",
                    commandOf(manager),
                    ["adopt", "--namespace=none-of-this-name"],
                    folder,
                );
                assert.equal(code, 1, text);
                assert.match(text, /there is no namespace none-of-this-name in the Kubernetes cluster/);
            });

            for (const [, modules, version] of uses.filter(
                ([by, modules]) => by === manager && (isLong || modules === "ESM"),
            )) {
                it(`is previewed as ${modules} under Node.js ${version}`, async () => {
                    const { code, text } = await preview(manager, modules, version);
                    assert.equal(code, 0, text);
                    assert.match(text, /writeQuorum\s*: 3/);
                    assert.match(text, /\+ \d+ to create/);
                });
            }
        });
    }

    itInLongForm("tells a program with an old @pulumi/pulumi of its own just that", async () => {
        await install("old", { "@pulumi/pulumi": "3.150.0" });
        const { code, text } = await preview("old", "CommonJS", "22");
        assert.notEqual(code, 0, text);
        assert.match(text, /the program's own @pulumi\/pulumi is 3\.150\.0, and MinioCluster needs 3\.182\.0 or newer/);
        assert.doesNotMatch(text, /Please update the Pulumi CLI/);
    });
});
