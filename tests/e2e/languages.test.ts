import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteObjectCommand, ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import { parse, stringify } from "yaml";
import { folderOf } from "../../devcluster/toolchain/component";
import { pulumi as pulumiComponent } from "../../devcluster/toolchain/components";
import { newMinio } from "../../devcluster/toolchain/versions";
import { itInLongForm } from "../support/longForm";
import { checkout, execute, kubectl, kubectlJson, succeed } from "../support/project";
import { applicationOf, get, put } from "../support/s3";

/** What a program takes of the small embedded cluster. */
const small = {
    storageSize: "1Gi",
    resources: { requests: { cpu: "10m", memory: "128Mi" } },
};

/** A folder in which the packed package is installed as npm does it, from the archive alone. */
async function installPackage(): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), "minio-package-"));
    await succeed("npm", ["pack", "--silent", `--pack-destination=${folder}`], { cwd: checkout });
    const [archive] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    const lock = JSON.parse(readFileSync(join(checkout, "package-lock.json"), "utf8"));
    // The embedded toolchain has the plugins of these versions; elsewhere Pulumi downloads those of any.
    const pinned = (...names: string[]) =>
        Object.fromEntries(names.map((name) => [name, lock.packages[`node_modules/${name}`].version]));
    const manifest = {
        private: true,
        dependencies: { "minio-cluster": `file:${archive}`, ...pinned("@pulumi/pulumi", "typescript") },
        overrides: pinned("@pulumi/kubernetes", "@pulumi/random"),
    };
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    await succeed("npm", ["install", "--prefer-offline", "--ignore-scripts", ...quiet], { cwd: folder });
    return folder;
}

/** A program below the folder with the packed package, with a state and a stack of its own. */
class Consumer {
    readonly folder: string;

    constructor(packageFolder: string, name: string, example: string) {
        this.folder = join(packageFolder, name);
        cpSync(join(checkout, "examples", example), this.folder, { recursive: true });
        rmSync(join(this.folder, "package.json"));
        mkdirSync(join(this.folder, "state"));
    }

    execute(...args: string[]) {
        const env = {
            ...process.env,
            PULUMI_BACKEND_URL: `file://${this.folder}/state`,
            PULUMI_CONFIG_PASSPHRASE: "test",
        };
        return execute("pulumi", [...args, "--non-interactive", "--color=never"], { cwd: this.folder, env });
    }

    async succeed(...args: string[]): Promise<string> {
        const { code, text } = await this.execute(...args);
        assert.equal(code, 0, `pulumi ${args.join(" ")} ended with ${code}:\n${text}`);
        return text;
    }

    /** What `pulumi` says when it refuses. */
    async refusal(...args: string[]): Promise<string> {
        const { code, text } = await this.execute(...args);
        assert.notEqual(code, 0, text);
        assert.doesNotMatch(text, /\n\s+at .*\.[jt]s:\d+/, "there is a stack trace");
        return text;
    }
}

describe("the packed package", () => {
    const namespace = "e2e-languages";
    let folder: string;
    before(async () => {
        folder = await installPackage();
        await kubectl("create", "namespace", namespace);
        await kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted");
    });
    after(async () => {
        await execute("kubectl", ["delete", "namespace", namespace, "--ignore-not-found", "--timeout=120s"]);
        rmSync(folder, { recursive: true, force: true });
    });

    describe("in a TypeScript program", () => {
        let program: Consumer;
        before(async () => {
            program = new Consumer(folder, "typescript", "import");
            await program.succeed("stack", "init", "test");
        });

        it("has types by which the example is checked", async () => {
            const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "commonjs", "--types", "node"];
            await succeed(join(folder, "node_modules/.bin/tsc"), [...flags, "index.ts"], { cwd: program.folder });
        });

        it("previews the example", async () => {
            const text = await program.succeed("preview", "--diff");
            assert.match(text, /minio-cluster:index:MinioCluster: \(create\)/);
            assert.match(text, /http:\/\/store\.default\.svc\.cluster\.local:9000/);
            assert.match(text, /serversThatMayFail\s*: 3/);
        });

        itInLongForm("makes a cluster, and removes it", async () => {
            const args = JSON.stringify({ ...small, namespace, replicas: 2 });
            const text =
                `import { MinioCluster, Readiness } from "minio-cluster";\n` +
                `const args = { ...${args}, readiness: Readiness.Cluster };\n` +
                `export const { ready, topology } = new MinioCluster("typescript", args);\n`;
            writeFileSync(join(program.folder, "index.ts"), text);
            await program.succeed("up", "--yes", "--skip-preview");
            const outputs = JSON.parse((await program.execute("stack", "output", "--json")).text);
            assert.equal(outputs.ready, true);
            assert.equal(outputs.topology.servers, 2);
            await program.succeed("destroy", "--yes", "--skip-preview");
        });
    });

    it("gives the application of the example what it needs", async () => {
        const program = new Consumer(folder, "app", "app");
        const namespaces = ["storage", "shop"].map((name) => `${namespace}-${name}`);
        const source = join(program.folder, "index.ts");
        const text = readFileSync(source, "utf8");
        writeFileSync(
            source,
            text.replace(/\{ metadata: \{ name: "(\w+)" \} \}/g, `{ metadata: { name: "${namespace}-$1" } }`),
        );
        await program.succeed("stack", "init", "test");
        // The job is an application: it has failed where it cannot store and read.
        await program.succeed("up", "--yes", "--skip-preview");
        await program.succeed("destroy", "--yes", "--skip-preview");
        await execute("kubectl", ["delete", "namespace", ...namespaces, "--ignore-not-found", "--timeout=60s"]);
    });

    describe("in a YAML program", () => {
        let program: Consumer;
        const project = () => join(program.folder, "Pulumi.yaml");
        /** It ends when it is told to, so that no restart waits for it. */
        const command = ["sh", "-c", "trap exit TERM; sleep 1000000 & wait"];
        /** What every program has from here on. */
        const kept: Record<string, unknown> = { extraContainers: [{ name: "beside", image: newMinio.image, command }] };
        /** The example with other properties, and perhaps another way to the component. */
        function write(changes: Record<string, unknown> = {}, path = "../node_modules/.bin"): void {
            const example = parse(readFileSync(join(checkout, "examples/yaml/Pulumi.yaml"), "utf8"));
            example.plugins.providers[0].path = path;
            Object.assign(example.resources.store.properties, small, { namespace }, kept, changes);
            writeFileSync(project(), stringify(example));
        }
        before(async () => {
            program = new Consumer(folder, "yaml", "yaml");
            write();
            await program.succeed("stack", "init", "test");
        });
        after(async () => {
            write();
            await program.succeed("destroy", "--yes", "--skip-preview");
        });

        it("refuses wrong arguments at their properties", async () => {
            write({ replicas: 17, storageSize: "ten" });
            const text = await program.refusal("up", "--yes", "--skip-preview");
            assert.match(text, /the arguments of MinioCluster 'store' are not valid/);
            assert.match(text, /property replicas with value 17 has a problem: .*use 14, 15, 16, 18/);
            assert.match(text, /property storageSize with value "ten" has a problem: 'ten' is not allowed/);
        });

        it("makes a cluster, and waits until it is ready, as what depends on it does", async () => {
            write();
            // It takes no time: where it does not wait, it is made before any server is.
            const dependent = parse(readFileSync(project(), "utf8"));
            const options = { dependsOn: [`\${store}`] };
            dependent.resources.dependent = { type: "random:RandomPassword", properties: { length: 8 }, options };
            writeFileSync(project(), stringify(dependent));
            const text = await program.succeed("up", "--yes", "--skip-preview");
            const at = (what: RegExp) => text.search(what);
            const [served, begun] = [at(/store-rollout created/), at(/RandomPassword dependent creating/)];
            assert.ok(served > 0 && begun > served, text);
            assert.match(text, /endpoint\s*: "http:\/\/store\.e2e-languages\.svc\.cluster\.local:9000"/);
            assert.match(text, /serversThatMayFail\s*: 1/);
            assert.doesNotMatch(text, /warning|a provider is given/);
            const { status } = await kubectlJson("get", "statefulset", "store", "-n", namespace);
            assert.equal(status.readyReplicas, 4);
        });

        it("keeps the password a secret", async () => {
            const { text } = await program.execute("stack", "export");
            const store = JSON.parse(text).deployment.resources.find(
                ({ type }: { type: string }) => type === "minio-cluster:index:MinioCluster",
            );
            assert.ok(store.outputs.rootPassword.ciphertext, JSON.stringify(store.outputs.rootPassword));
        });

        it("says in the preview what a change restarts, and does not touch it", async () => {
            write({ environment: { MINIO_REGION: "eu" } });
            assert.match(await program.succeed("preview"), /MINIO_REGION changes: store-3 to store-0 are updated/);
            const { spec } = await kubectlJson("get", "statefulset", "store", "-n", namespace);
            assert.equal(spec.updateStrategy.rollingUpdate?.partition ?? 0, 0);
        });

        it("refuses a change that would end the cluster", async () => {
            write({ replicas: 8 });
            assert.match(await program.refusal("preview"), /replicas: 4 cannot become 8: MinIO forbids another number/);
        });

        itInLongForm(
            "keeps another container in a rollout, and one server serves by FTP among others that do not",
            async () => {
                // Servers do not compare this argument: the new one need not wait for others that have it, too.
                Object.assign(kept, { extraArgs: ["--ftp=address=:8021"], partition: 3 });
                write();
                assert.match(
                    await program.succeed("preview"),
                    /args changes: store-3 is updated, one at a time; store-0 to/,
                );
                await program.succeed("up", "--yes", "--skip-preview");
                const { items } = await kubectlJson("get", "pods", "-n", namespace, "--selector=app=store");
                const found = items.map(({ spec, status }: any) => [
                    status.containerStatuses.map(({ name, ready }: any) => [name, ready].join()).sort(),
                    spec.containers[0].args.includes("--ftp=address=:8021"),
                ]);
                const both = ["beside,true", "minio,true"];
                assert.deepEqual(
                    found,
                    [0, 1, 2, 3].map((ordinal) => [both, ordinal === 3]),
                );
                const list =
                    'curl --silent --show-error --user "$MINIO_ROOT_USER:$MINIO_ROOT_PASSWORD" ftp://127.0.0.1:8021/';
                await kubectl("exec", "store-3", "-n", namespace, "--container=minio", "--", "sh", "-c", list);
            },
        );

        it("makes a bucket and a key, which the preview tells", async () => {
            const declared = {
                buckets: [{ name: "photos", versioning: true, quota: "1Gi", lifecycle: [{ expirationDays: 30 }] }],
                accesses: [{ name: "web", bucket: "photos" }],
            };
            write(declared);
            const preview = await program.succeed("preview");
            for (const words of [
                "bucket 'photos': quota 1Gi",
                "user 'web' has the policies web",
                "key 'web-1' is made",
            ]) {
                assert.ok(preview.includes(words), preview);
            }
            await program.succeed("up", "--yes", "--skip-preview");
            const { s3, bucket: Bucket } = await applicationOf(namespace, "store-web");
            assert.equal(Bucket, "photos");
            await put(s3, Bucket, "mine", Buffer.from("hello"));
            assert.equal(String(await get(s3, Bucket, "mine")), "hello");
            const [{ Key, VersionId }] = (await s3.send(new ListObjectVersionsCommand({ Bucket }))).Versions ?? [];
            await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
            await program.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
            write({ buckets: [], accesses: [] });
            assert.match(await program.succeed("up", "--yes"), /bucket 'photos' is removed; it is empty/);
            await assert.rejects(put(s3, Bucket, "mine", Buffer.from("hello")), { name: "InvalidAccessKeyId" });
        });

        itInLongForm("finds nothing changed when the component runs by PulumiPlugin.yaml", async () => {
            assert.ok(existsSync(join(folder, "node_modules/minio-cluster/PulumiPlugin.yaml")));
            // As the test before has left it.
            write({ buckets: [], accesses: [] }, "../node_modules/minio-cluster");
            await program.succeed("preview", "--expect-no-changes");
        });

        itInLongForm("lets a neighbour be done when a cluster fails, and names only the one that failed", async () => {
            write();
            const both = parse(readFileSync(project(), "utf8"));
            const properties = {
                ...both.resources.store.properties,
                replicas: 2,
                partition: 0,
                image: "example.org/no/image:v1",
            };
            Object.assign(both.resources, {
                neighbour: { ...both.resources.store, properties: { ...small, namespace, replicas: 2 } },
                failing: { ...both.resources.store, properties: { ...properties, rollout: { timeoutSeconds: 3 } } },
            });
            writeFileSync(project(), stringify(both, { aliasDuplicateObjects: false }));
            const text = await program.refusal("up", "--yes", "--skip-preview");
            assert.match(text, /hook "failing-rollout" failed: the rollout of failing has stopped: no progress in 3 s/);
            assert.doesNotMatch(text, /'(neighbour|store)' has a problem|(neighbour|store)-rollout" failed/);
            const { status } = await kubectlJson("get", "statefulset", "neighbour", "-n", namespace);
            assert.equal(status.readyReplicas, 2, "its rollout was cut off");
        });
    });

    it("becomes a Python package", async () => {
        const generator = join(folderOf(pulumiComponent), "python-sdk");
        const schema = join(folder, "node_modules/minio-cluster/bin/plugin/schema.json");
        await succeed(generator, [schema, join(folder, "python")]);
        const text = readFileSync(join(folder, "python/pulumi_minio_cluster/minio_cluster.py"), "utf8");
        assert.match(text, /class MinioCluster\(pulumi\.ComponentResource\)/);
        assert.match(text, /expansion_pools: Optional\[Sequence\['PoolArgs'\]\]/);
        assert.match(text, /buckets: Optional\[Sequence\['BucketArgs'\]\]/);
        assert.match(text, /extra_containers: pulumi\.Input\[Optional\[/);
        assert.match(text, /accesses: Optional\[Sequence\['AccessArgs'\]\]/);
        assert.match(text, /readiness: pulumi\.Input\[Optional\['Readiness'\]\]/);
        const enums = readFileSync(join(folder, "python/pulumi_minio_cluster/_enums.py"), "utf8");
        assert.match(enums, /class ServiceType\(.*Enum\):[\s\S]*LOAD_BALANCER = "LoadBalancer"/);
        assert.match(text, /def root_password\(self\) -> pulumi\.Output\[_builtins\.str\]/);
    });
});
