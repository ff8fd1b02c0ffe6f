import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { startCluster, stopCluster } from "./cluster/cluster";
import { kubectl } from "./cluster/kubectl";
import { environment } from "./environment";
import { cacheDir, checkout } from "./paths";
import { run, say, UserError } from "./shell";
import type { Component } from "./toolchain/component";
import { openLdap, watchers } from "./toolchain/components";
import { binFolder, installToolchain } from "./toolchain/install";
import { waitForWriteQuorum } from "./writeQuorum";

const stack = process.env.STACK || "dev";
const program = (name: string) => join(binFolder(), name);

/** `make up`: the toolchain, the cluster, the stack, and a first object. */
export async function up(): Promise<void> {
    await start();
    say(`deploying the stack '${stack}'`);
    pulumi("stack", "select", "--create", stack);
    pulumi("up", "--yes", "--skip-preview", "--stack", stack);
    await storeFirstObject();
}

/**
 * The toolchain and the cluster, without a stack.
 *
 * @returns whether the cluster was started by this call
 */
export async function start(): Promise<boolean> {
    const nodes = Number(process.env.NODES || 1);
    if (!(Number.isInteger(nodes) && nodes >= 1 && nodes <= 9)) {
        throw new UserError(`NODES=${process.env.NODES} is not allowed: use 1 to 9`);
    }
    await installToolchain();
    return startCluster(nodes);
}

/** Test files that run side by side. Most of their time they wait for servers, so more than there are cores. */
const testJobs = 3;

/** The end-to-end tests that take longest, and so begin first. */
const longTests = [
    "upgrade",
    "migration",
    "snapshots",
    "options",
    "buckets",
    "lifecycle",
    "rightCluster",
    "preflight",
    "groupSnapshots",
].map((name) => `tests/e2e/${name}.test.ts`);

/** `make test`: the unit tests, and on the cluster the end-to-end tests in their short form. */
export function test(): Promise<void> {
    return testAll("short", watchers);
}

/** `make test-long`: every test, in its long form (tests/support/longForm.ts). */
export function testLong(): Promise<void> {
    return testAll("long", [...watchers, openLdap]);
}

async function testAll(form: string, more: Component[]): Promise<void> {
    // Now, for no test is to run beside a compiler.
    await installToolchain(more);
    process.env.TEST_FORM = form;
    const endToEnd = readdirSync(join(checkout, "tests/e2e")).map((name) => `tests/e2e/${name}`);
    const others = endToEnd.filter((file) => file.endsWith(".test.ts") && !longTests.includes(file));
    return onCluster("mocha", [
        "--parallel",
        `--jobs=${testJobs}`,
        ...longTests,
        ...others,
        "tests/{unit,docs}/**/*.test.ts",
    ]);
}

/** `make test-faults`: breaks a cluster in every way, and writes the table of docs/reliability.md. */
export function testFaults(): Promise<void> {
    return onCluster("mocha", ["--fail-zero", "tests/faults/**/*.test.ts"]);
}

/** `make test-random`: random sequences of changes to a cluster under load. */
export function testRandom(): Promise<void> {
    return onCluster("mocha", ["tests/random/**/*.test.ts"]);
}

/** `make bench-NAME`: a benchmark, on the cluster. */
export function bench(name: string): Promise<void> {
    return onCluster("tsx", [`tests/bench/${name}.ts`]);
}

/** Runs a program of the npm packages on the cluster, which is stopped again if this call started it. */
async function onCluster(npmProgram: string, args: string[]): Promise<void> {
    const started = await start();
    try {
        const { status } = spawnSync(join(checkout, "node_modules/.bin", npmProgram), args, {
            cwd: checkout,
            stdio: "inherit",
            env: { ...process.env, ...environment() },
        });
        process.exitCode = status ?? 1;
    } finally {
        if (started && !process.env.KEEP) {
            await stopCluster();
        }
    }
}

/** `make down`: stops the cluster and removes it. What was built stays in the cache. */
export async function down(): Promise<void> {
    await stopCluster();
    say(`the cluster is gone; the programs that were built stay in ${cacheDir}`);
}

/** `make env`: what a shell needs to work by hand. */
export async function env(): Promise<void> {
    const quoted = Object.entries(environment()).map(([name, value]) => `export ${name}='${value}'`);
    process.stdout.write(`${quoted.join("\n")}\n`);
}

function pulumi(...args: string[]): void {
    const result = spawnSync(program("pulumi"), args, {
        cwd: checkout,
        stdio: "inherit",
        env: { ...process.env, ...environment() },
    });
    if (result.status !== 0) {
        throw new UserError(`pulumi ${args.join(" ")} failed: see above`);
    }
}

/** Stores an object and reads it back from outside the cluster, through the client Service, and tells how to go on. */
async function storeFirstObject(): Promise<void> {
    const outputs = JSON.parse(
        run(program("pulumi"), ["stack", "output", "--json", "--show-secrets", "--stack", stack], {
            cwd: checkout,
            env: { ...process.env, ...environment() },
        }),
    );
    const address = kubectl([
        "get",
        "service",
        outputs.serviceName,
        "-n",
        outputs.minioNamespace,
        "-o=jsonpath={.spec.clusterIP}",
    ]);
    await waitForWriteQuorum(`http://${address}:9000`);
    const credentials = `${encodeURIComponent(outputs.rootUser)}:${encodeURIComponent(outputs.rootPassword)}`;
    const mcEnvironment = { ...process.env, MC_HOST_first: `http://${credentials}@${address}:9000` };
    const mc = (args: string[], input?: string) => run(program("mc"), args, { input, env: mcEnvironment });
    const text = `Stored by make up at ${new Date().toISOString()}\n`;
    mc(["mb", "--ignore-existing", "first/hello"]);
    mc(["pipe", "first/hello/world.txt"], text);
    if (mc(["cat", "first/hello/world.txt"]) !== text) {
        throw new UserError("the object hello/world.txt does not read back as it was written");
    }
    say("stored the object hello/world.txt and read it back");
    process.stdout.write(`
MinIO is up.
  S3 endpoint, from this machine:   http://${address}:9000
  S3 endpoint, inside the cluster:  ${outputs.endpoint}

Log in and look around:
  eval "$(make -s env)"
  mc alias set ${stack} http://${address}:9000 "$(pulumi stack output rootUser)" "$(pulumi stack output rootPassword --show-secrets)"
  mc ls --recursive ${stack}
  mc admin info ${stack}
  kubectl get pods,pvc,pdb,svc -n ${outputs.minioNamespace}

Change it:   pulumi config set partition 2 && pulumi preview
Remove it:   make down
`);
}
