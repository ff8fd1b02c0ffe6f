/**
 * Records docs/recording-*.svg, `make recordings`: a terminal in which the commands of the pages run on the embedded
 * cluster. What they print and when is theirs.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, say } from "../../devcluster/shell";
import { oldMinio } from "../../devcluster/toolchain/versions";
import { checkout, execute, Project, succeed } from "../support/project";
import { until } from "../support/until";
import { recordingPlot } from "./recordingPlot";
import { Terminal } from "./terminal";

/** Records into a file, unless it has the secret. */
async function record(
    name: string,
    title: string,
    cwd: string,
    env: NodeJS.ProcessEnv,
    commands: (terminal: Terminal) => Promise<void>,
): Promise<(secret: string) => void> {
    say(`recording ${name}`);
    const terminal = new Terminal(cwd, env);
    await commands(terminal).finally(() => terminal.close());
    return (secret) => {
        if (secret === "" || terminal.lines.some(({ text }) => text.includes(secret))) {
            throw new Error(`the root password is in the recording ${name}: it is not written`);
        }
        const file = join(checkout, `docs/recording-${name}.svg`);
        writeFileSync(file, recordingPlot({ title, lines: terminal.lines }));
        say(`drawn: ${file}`);
    };
}

async function first(): Promise<void> {
    const title = "The first minutes: a cluster, its outputs, an object";
    const write = await record("first", title, checkout, process.env, async (terminal) => {
        const said = await terminal.type("make up");
        const [, address] = /from this machine: +(\S+)/.exec(said) ?? [];
        await terminal.type('eval "$(make -s env)"');
        await terminal.type("kubectl get pods,pdb,svc");
        await terminal.type("pulumi stack output");
        await terminal.type(
            `mc alias set dev ${address} "$(pulumi stack output rootUser)" "$(pulumi stack output rootPassword --show-secrets)"`,
        );
        await terminal.type("echo 'Hello, MinIO' | mc pipe dev/hello/again.txt");
        await terminal.type("mc ls --recursive dev");
        await terminal.type("mc cat dev/hello/again.txt");
    });
    write(run("pulumi", ["stack", "output", "rootPassword", "--show-secrets"], { cwd: checkout }).trim());
}

async function upgrade(project: Project): Promise<void> {
    const title = "A staged upgrade: two of four servers, a look, then the others";
    const columns = "custom-columns=POD:.metadata.name,IMAGE:.spec.containers[0].image";
    const pods = `kubectl get pods -n ${project.namespace} -o '${columns}' | cut -d@ -f1`;
    const write = await record("upgrade", title, project.folder, project.environment, async (terminal) => {
        await terminal.type(pods);
        await terminal.type("pulumi config rm image");
        await terminal.type("pulumi config set partition 2");
        await terminal.type("pulumi preview --color=always");
        await terminal.type("pulumi up --yes --skip-preview --suppress-outputs --color=always");
        await terminal.type(pods);
        await terminal.type("pulumi config set partition 0");
        await terminal.type("pulumi up --yes --skip-preview --suppress-outputs --color=always");
        await terminal.type(pods);
    });
    write((await project.outputs()).rootPassword);
}

async function status(project: Project): Promise<void> {
    const inNamespace = `--namespace=${project.namespace}`;
    const command = `npx minio-cluster status ${inNamespace}`;
    const isRight = async () => {
        const { code } = await execute("npx", ["minio-cluster", "status", inNamespace], { cwd: checkout });
        return code === 0;
    };
    await until("all is right", isRight);
    const title = "status: how a cluster is, and what to do";
    const write = await record("status", title, checkout, process.env, async (terminal) => {
        await terminal.type(command);
        await terminal.type(`kubectl delete pod minio-2 ${inNamespace}`);
        await terminal.type(command, 1);
        await until("all is right again", isRight); // As a person would wait.
        await terminal.type(command);
    });
    write((await project.outputs()).rootPassword);
}

async function main(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "minio-recordings-"));
    process.env.MC_CONFIG_DIR = folder;
    // What the make that runs this tells another one.
    for (const name of ["MAKEFLAGS", "MAKELEVEL", "MFLAGS"]) {
        delete process.env[name];
    }
    run("mc", ["alias", "list"]); // It says where its settings are, the first time.
    say("building the command");
    await succeed("npm", ["run", "--silent", "build"], { cwd: checkout });
    const project = new Project("storage");
    try {
        await first();
        await project.init({ image: oldMinio.image });
        await project.succeed("up", "--yes", "--skip-preview");
        await upgrade(project);
        await status(project);
    } finally {
        await project.remove();
        rmSync(folder, { recursive: true, force: true });
    }
}

main().catch((error: Error) => {
    say(`error: ${error.stack}`);
    process.exitCode = 1;
});
