/**
 * `npm run test:python`: makes the Python package, checks the types of it and of all programs here, and previews
 * examples/python on the cluster of `make env`. Then a cluster with a bucket and an access is made by a program, a
 * `MinioAccess` by another, and boto3 uses both by their Secrets. It is no part of `make test`, as it fetches some 100
 * MB of Python packages. It needs Python with `venv`.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { kubectl } from "../../devcluster/cluster/kubectl";
import { folderOf } from "../../devcluster/toolchain/component";
import { pulumi } from "../../devcluster/toolchain/components";
import { checkout, execute, succeed } from "../support/project";
import { applicationOf } from "../support/s3";

const example = join(checkout, "examples/python");

async function check(folder: string): Promise<void> {
    const python = (program: string) => join(folder, "venv/bin", program);
    await succeed(join(folderOf(pulumi), "python-sdk"), [join(checkout, "plugin/schema.json"), join(folder, "sdk")]);
    await succeed("python3", ["-m", "venv", join(folder, "venv")]);
    const packages = ["pulumi~=3.259", "mypy~=2.4", "boto3~=1.40", join(folder, "sdk")];
    await succeed(python("pip"), ["install", "--quiet", ...packages]);

    for (const file of [join(example, "__main__.py"), join(__dirname, "cluster.py"), join(__dirname, "access.py")]) {
        await succeed(python("mypy"), ["--strict", file], { cwd: folder });
    }
    const wrong = join(folder, "wrong.py");
    writeFileSync(wrong, 'import pulumi_minio_cluster as minio\n\nminio.RolloutArgs(timeoutSeconds="long")\n');
    const { code, text } = await execute(python("mypy"), ["--strict", wrong], { cwd: folder });
    assert.equal(code, 1, text);
    assert.match(text, /Unexpected keyword argument "timeoutSeconds"/);

    mkdirSync(join(folder, "state"));
    mkdirSync(join(folder, "bin"));
    // As npm installs the command, but from this checkout.
    const plugin = `#!/bin/sh\nexec '${checkout}/node_modules/.bin/tsx' '${checkout}/plugin/main.ts' "$@"\n`;
    writeFileSync(join(folder, "bin/pulumi-resource-minio-cluster"), plugin, { mode: 0o755 });
    const env = {
        ...process.env,
        PATH: [join(folder, "bin"), process.env.PATH].join(delimiter),
        PULUMI_BACKEND_URL: `file://${folder}/state`,
        PULUMI_CONFIG_PASSPHRASE: "test",
    };
    const run = (command: string, file: string) =>
        succeed(python("python"), [join(__dirname, "run.py"), command, file], { cwd: folder, env });
    const preview = await run("preview", join(example, "__main__.py"));
    assert.match(preview, /minio-cluster:index:MinioCluster: \(create\)/);
    assert.match(preview, /servers_that_may_fail\s*: 3/);

    const [cluster, access] = ["cluster.py", "access.py"].map((file) => join(__dirname, file)) as [string, string];
    kubectl(["create", "namespace", "python"]);
    try {
        await run("up", cluster);
        await run("up", access);
        for (const secret of ["minio-shop", "mail"]) {
            const { environment, endpoint } = await applicationOf("python", secret);
            const stored = await succeed(python("python"), [join(__dirname, "store.py")], {
                env: { PATH: process.env.PATH, ...environment, AWS_ENDPOINT_URL_S3: endpoint },
            });
            assert.match(stored, /^stored in (photos|letters)/);
        }
        await run("destroy", access);
        await assert.rejects(applicationOf("python", "mail"), /NotFound/);
    } finally {
        await run("destroy", cluster);
        kubectl(["delete", "namespace", "python"]);
    }
}

const folder = mkdtempSync(join(tmpdir(), "minio-python-"));
check(folder)
    .then(() => console.log("the Python package has sound types, and its programs do what those in TypeScript do"))
    .catch((error: Error) => {
        console.error(error.message);
        process.exitCode = 1;
    })
    .finally(() => rmSync(folder, { recursive: true, force: true }));
