/**
 * `npm run test:python`: makes the Python package, checks the types of it and of examples/python, and previews the example on the
 * cluster of `make env`. It is no part of `make test`, as it fetches some 80 MB of Python packages. It needs Python with `venv`.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { folderOf } from "../../devcluster/toolchain/component";
import { pulumi } from "../../devcluster/toolchain/components";
import { checkout, execute, succeed } from "../support/project";

const example = join(checkout, "examples/python");

async function check(folder: string): Promise<void> {
    const python = (program: string) => join(folder, "venv/bin", program);
    await succeed(join(folderOf(pulumi), "python-sdk"), [join(checkout, "plugin/schema.json"), join(folder, "sdk")]);
    await succeed("python3", ["-m", "venv", join(folder, "venv")]);
    await succeed(python("pip"), ["install", "--quiet", "pulumi~=3.259", "mypy~=2.4", join(folder, "sdk")]);

    await succeed(python("mypy"), ["--strict", join(example, "__main__.py")], { cwd: folder });
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
    const preview = await succeed(python("python"), [join(__dirname, "preview.py"), example], { cwd: folder, env });
    assert.match(preview, /minio-cluster:index:MinioCluster: \(create\)/);
    assert.match(preview, /servers_that_may_fail\s*: 3/);
}

const folder = mkdtempSync(join(tmpdir(), "minio-python-"));
check(folder)
    .then(() => console.log("the Python package has sound types, and the example previews"))
    .catch((error: Error) => {
        console.error(error.message);
        process.exitCode = 1;
    })
    .finally(() => rmSync(folder, { recursive: true, force: true }));
