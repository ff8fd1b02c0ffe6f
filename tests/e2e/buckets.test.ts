import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
    CreateBucketCommand,
    DeleteBucketCommand,
    DeleteObjectCommand,
    GetBucketLifecycleConfigurationCommand,
    GetBucketTaggingCommand,
    GetBucketVersioningCommand,
    HeadBucketCommand,
    ListBucketsCommand,
    ListObjectsV2Command,
    ListObjectVersionsCommand,
    PutBucketTaggingCommand,
    type S3Client,
} from "@aws-sdk/client-s3";
import { isLong, itInLongForm } from "../support/longForm";
import { checkout, execute, kubectl, kubectlJson, Project } from "../support/project";
import { applicationOf, get, put, s3Of } from "../support/s3";
import { stepByStep } from "../support/stepByStep";

describe("declared buckets, policies and accesses", () => {
    stepByStep();
    const project = new Project("e2e-buckets");
    const application = `${project.namespace}-app`;
    const inNamespace = `--namespace=${project.namespace}`;
    const logs = {
        name: "logs",
        versioning: true,
        quota: "1Gi",
        lifecycle: [{ prefix: "tmp/", expirationDays: 3 }, { noncurrentExpirationDays: 7 }],
        anonymousAccess: "Download",
        tags: { team: "web: a/b", empty: "" },
    };
    const locked = { name: "locked", objectLocking: true };
    const reader = {
        name: "logs-reader",
        document: JSON.stringify({
            Version: "2012-10-17",
            Statement: [
                { Effect: "Allow", Action: "s3:ListBucket", Resource: "arn:aws:s3:::logs" },
                { Effect: "Allow", Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::logs/*"] },
                {
                    Effect: "Deny",
                    Action: ["s3:GetObject"],
                    Resource: ["arn:aws:s3:::logs/secret/*"],
                    Condition: { IpAddress: { "aws:SourceIp": "10.1.2.3" } },
                },
            ],
        }),
    };
    const app = { name: "app", bucket: "logs", namespace: application };
    const viewer = { name: "viewer", bucket: "logs", policies: ["logs-reader"] };
    let root: S3Client;

    const up = () => project.succeed("up", "--yes", "--skip-preview");
    /** Between others in the long form only. */
    const stillUnchanged = async () => void (isLong && (await unchanged()));
    const unchanged = () => project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
    const clientOf = async (namespace: string, secret: string) => {
        const found = await applicationOf(namespace, secret);
        const { hostname } = new URL(found.environment.AWS_ENDPOINT_URL_S3);
        assert.equal(hostname, `minio.${project.namespace}.svc.cluster.local`);
        return found;
    };
    const names = async () => (await root.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name);
    const onlyVersion = async (Bucket: string) => {
        const [{ Key, VersionId }] = (await root.send(new ListObjectVersionsCommand({ Bucket }))).Versions ?? [];
        return { Bucket, Key, VersionId };
    };
    const isRefused = (work: Promise<unknown>, expected = /AccessDenied/) =>
        assert.rejects(work, ({ name }: Error) => expected.test(name));

    before(async () => {
        await kubectl("create", "namespace", application);
        await project.init({ buckets: [logs, locked] });
    });
    after(async () => {
        await project.remove();
        await kubectl("delete", "namespace", application, "--ignore-not-found", "--wait", "--timeout=120s");
    });

    it("are foreseen of a cluster that is still to be made, as far as that is possible", async () => {
        const text = await project.succeed("preview");
        assert.match(text, /not checked in this preview what MinIO has of 2 buckets.*: its root credentials are still/);
        assert.match(text, /pulumi:index:Stash +minio-buckets +create/);
    });

    it("are made with their settings when the cluster serves", async () => {
        await up();
        root = await s3Of(project);
        assert.deepEqual(await names(), ["locked", "logs"]);
        const Bucket = "logs";
        assert.equal((await root.send(new GetBucketVersioningCommand({ Bucket }))).Status, "Enabled");
        const { Rules } = await root.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
        assert.deepEqual(
            Rules?.map(({ Expiration, NoncurrentVersionExpiration, Filter }) => [
                Filter?.Prefix || undefined,
                Expiration?.Days,
                NoncurrentVersionExpiration?.NoncurrentDays,
            ]),
            [
                ["tmp/", 3, undefined],
                [undefined, undefined, 7],
            ],
        );
        const { TagSet } = await root.send(new GetBucketTaggingCommand({ Bucket }));
        assert.deepEqual(Object.fromEntries(TagSet?.map(({ Key, Value }) => [Key, Value]) ?? []), logs.tags);
        await put(root, Bucket, "one", Buffer.from("anybody may read it"));
        const { clusterIP } = (await kubectlJson("get", "service", "minio", inNamespace)).spec;
        const answer = await fetch(`http://${clusterIP}:9000/logs/one`);
        assert.equal(await answer.text(), "anybody may read it");
        assert.equal((await fetch(`http://${clusterIP}:9000/logs/two`, { method: "PUT", body: "x" })).status, 403);
        assert.equal((await root.send(new GetBucketVersioningCommand({ Bucket: "locked" }))).Status, "Enabled");
    });

    it("are no change when nothing is changed", async () => {
        await unchanged();
        const text = await project.succeed("preview", "--expect-no-changes");
        assert.doesNotMatch(text, /once the cluster serves/);
    });

    it("are foreseen in words by what MinIO has", async () => {
        await root.send(new CreateBucketCommand({ Bucket: "foreign" }));
        await project.configure({
            buckets: [{ ...logs, quota: "2Gi", tags: undefined }, locked, { name: "new", versioning: true }],
        });
        const text = await project.succeed("preview");
        for (const words of [
            "bucket 'new' is made",
            "bucket 'new': versioning",
            "bucket 'logs': quota 2Gi",
            "bucket 'logs': no tags",
        ]) {
            assert.ok(text.includes(words), `it does not say ${words}:\n${text}`);
        }
        assert.doesNotMatch(text, /lifecycle|anonymous/);
        await up();
        assert.deepEqual(await names(), ["foreign", "locked", "logs", "new"]);
        await isRefused(root.send(new GetBucketTaggingCommand({ Bucket: "logs" })), /NoSuchTagSet/);
    });

    it("are set right again where somebody changed or removed them, and nothing else is", async () => {
        await root.send(new DeleteBucketCommand({ Bucket: "new" }));
        const TagSet = [{ Key: "by", Value: "hand" }];
        await root.send(new PutBucketTaggingCommand({ Bucket: "locked", Tagging: { TagSet } }));
        const text = await up();
        assert.match(text, /bucket 'new' is gone, and is made again/);
        assert.deepEqual(await names(), ["foreign", "locked", "logs", "new"]);
        assert.deepEqual((await root.send(new GetBucketTaggingCommand({ Bucket: "locked" }))).TagSet, TagSet);
        await stillUnchanged();
    });

    it("are not removed while they have objects, and the preview says so", async () => {
        await project.configure({ buckets: [locked] });
        for (const command of ["preview", "up"]) {
            const { code, text } = await project.execute(
                command,
                ...(command === "up" ? ["--yes", "--skip-preview"] : []),
            );
            assert.notEqual(code, 0);
            assert.match(text, /'logs' is not declared any more, and has objects, so it is not removed/);
        }
        assert.deepEqual(await names(), ["foreign", "locked", "logs", "new"]);
    });

    it("are not taken over unasked", async () => {
        await project.configure({ buckets: [logs, locked, { name: "foreign" }] });
        const { code, text } = await project.execute("preview");
        assert.notEqual(code, 0);
        assert.match(text, /'foreign' is there already, and was not made here: set adopt/);
        await project.configure({ buckets: [logs, locked, { name: "foreign", adopt: true, retain: true }] });
        assert.match(await project.succeed("preview"), /bucket 'foreign' is taken over/);
        assert.match(await up(), /bucket 'new' is removed; it is empty/);
        await project.configure({ buckets: [logs, locked] });
        await up();
        assert.deepEqual(await names(), ["foreign", "locked", "logs"]);
        await stillUnchanged();
    });

    it("give an application what it needs, by its Secret alone, and no more", async () => {
        await project.configure({ policies: [reader], accesses: [app, viewer] });
        assert.match(await project.succeed("preview"), /user 'app' is made[\s\S]*key 'app-1' is made/);
        await up();
        const { s3, bucket, environment } = await clientOf(application, "minio-app");
        assert.equal(bucket, "logs");
        await put(s3, bucket, "mine", Buffer.from("hello"));
        assert.equal(String(await get(s3, bucket, "mine")), "hello");
        await isRefused(s3.send(new ListObjectsV2Command({ Bucket: "foreign" })));
        await isRefused(put(s3, "locked", "mine", Buffer.from("hello")));
        const view = await clientOf(project.namespace, "minio-viewer");
        assert.equal(String(await get(view.s3, bucket, "mine")), "hello");
        await isRefused(put(view.s3, bucket, "theirs", Buffer.from("hello")));
        const state = await project.succeed("stack", "export");
        assert.ok(!state.includes(environment.AWS_SECRET_ACCESS_KEY), "the key is in the state in plain text");
        await stillUnchanged();
    });

    it("give a new key by a number, and the former one stays valid for a while", async () => {
        const former = await clientOf(application, "minio-app");
        const { Version, Statement } = JSON.parse(reader.document);
        const wider = { ...reader, document: JSON.stringify({ Version, Statement: Statement.slice(0, 2) }) };
        await project.configure({ accesses: [{ ...app, revision: 2 }, viewer], policies: [wider] });
        const preview = await project.succeed("preview");
        assert.match(preview, /policy 'logs-reader' is changed[\s\S]*key 'app-2' is made/);
        assert.match(preview, /key 'app-1' stays valid for 86400 s/);
        await up();
        const latter = await clientOf(application, "minio-app");
        assert.equal(latter.environment.AWS_ACCESS_KEY_ID, "app-2");
        for (const { s3 } of [former, latter]) {
            assert.equal(String(await get(s3, "logs", "mine")), "hello");
        }
        await stillUnchanged();
        await project.configure({ accesses: [{ ...app, revision: 3, overlapSeconds: 0 }, viewer] });
        assert.match(await up(), /key 'app-2' is ended/);
        await isRefused(get(latter.s3, "logs", "mine"), /InvalidAccessKeyId/);
        assert.equal(String(await get((await clientOf(application, "minio-app")).s3, "logs", "mine")), "hello");
        await stillUnchanged();
    });

    it("end with their users and Secrets, and the policies after them", async () => {
        const { s3 } = await clientOf(project.namespace, "minio-viewer");
        await project.configure({ accesses: [{ ...app, revision: 3 }], policies: [] });
        for (const text of [await project.succeed("preview"), await up()]) {
            assert.match(text, /user 'viewer' is removed, with its keys[\s\S]*policy 'logs-reader' is removed/);
        }
        await isRefused(get(s3, "logs", "mine"), /InvalidAccessKeyId/);
        await assert.rejects(kubectl("get", "secret", "minio-viewer", inNamespace));
        await unchanged();
    });

    it("are removed with their objects when that is said in words", async () => {
        const confirmRemoval = "remove logs and its objects";
        await project.configure({ buckets: [{ ...logs, confirmRemoval }, locked], accesses: [] });
        assert.match(await project.succeed("preview"), /bucket 'logs' is removed with all its objects/);
        await up();
        assert.deepEqual(await names(), ["foreign", "locked"]);
        await isRefused(root.send(new HeadBucketCommand({ Bucket: "logs" })), /NotFound/);
        await stillUnchanged();
        await project.configure({ buckets: [locked] });
        await up();
    });

    itInLongForm("converge after a run that was cut off, and cost seconds when there are hundreds", async () => {
        const buckets = Array.from({ length: 300 }, (_, index) => ({
            name: `many-${index}`,
            versioning: true,
            tags: { number: String(index) },
        }));
        await project.configure({ buckets: [locked, ...buckets] });
        const running = project.start("up", "--yes", "--skip-preview");
        await running.says(/bucket 'many-20' is made/);
        await running.killTree();
        const made = (await names())?.length ?? 0;
        assert.ok(made > 20 && made < 302, `${made} buckets are made`);
        await project.execute("cancel", "--yes");
        const begun = performance.now();
        await up();
        const update = performance.now() - begun;
        assert.equal((await names())?.length, 302);
        await unchanged();
        const nothing = performance.now() - begun - update;
        process.stderr.write(`      ${made} before the cut, the rest in ${update} ms, nothing in ${nothing} ms\n`);
        assert.ok(update < 120_000 && nothing < 60_000);
        await project.configure({ buckets: [locked] });
        await up();
        assert.deepEqual(await names(), ["foreign", "locked"]);
    });

    describe("by a MinioAccess of another stack", () => {
        stepByStep();
        const other = new Project(`${project.namespace}-shop`, "tests/e2e/programs/access.ts");
        const shop = { name: "shop", bucket: "photos", namespace: other.namespace };
        const declared = { buckets: [{ name: "photos", versioning: true }, { name: "scratch" }], accesses: [shop] };
        const whose = /of the MinioAccess 'shop' of the stack \S+\/test is changed/;
        const recordNames = async () =>
            (await kubectlJson("get", "configmap", inNamespace)).items
                .map(({ metadata }: { metadata: { name: string } }) => metadata.name)
                .filter((name: string) => name.startsWith("minio-declared"));
        let s3: S3Client;

        before(async () => {
            await kubectl("create", "namespace", other.namespace);
            await other.init({ cluster: project.namespace, declared: {} });
        });
        after(() => other.remove());

        it("are refused where the cluster's own program has them, which is named, as is a cluster that is not there", async () => {
            await other.configure({ declared: { buckets: [{ name: "locked", adopt: true }] } });
            const { code, text } = await other.execute("preview");
            assert.notEqual(code, 0);
            assert.match(text, whose);
            assert.match(text, /'locked' belongs to the MinioCluster 'minio'/);
            await other.configure({ declared: { cluster: "store" } });
            assert.match(
                (await other.execute("preview")).text,
                /no MinioCluster 'store' in the namespace.*there is 'minio'/,
            );
        });

        it("are foreseen, made and used by the Secret alone, and cost nothing when unchanged", async () => {
            await other.configure({ declared });
            assert.match(await other.succeed("preview"), /bucket 'photos' is made[\s\S]*user 'shop' is made/);
            await other.succeed("up", "--yes", "--skip-preview");
            const { environment, bucket, ...found } = await clientOf(other.namespace, "minio-shop");
            s3 = found.s3;
            await put(s3, bucket as string, "mine", Buffer.from("hello"));
            assert.equal(String(await get(s3, "photos", "mine")), "hello");
            await isRefused(s3.send(new ListObjectsV2Command({ Bucket: "locked" })));
            assert.equal((await other.outputs()).endpoint, environment.AWS_ENDPOINT_URL_S3);
            const state = await other.succeed("stack", "export");
            const { rootPassword } = await project.outputs();
            for (const secret of [environment.AWS_SECRET_ACCESS_KEY, rootPassword]) {
                assert.ok(!state.includes(secret), "a secret is in the state in plain text");
            }
            await other.succeed("preview", "--expect-no-changes");
            await other.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
        });

        itInLongForm("are refused to the cluster's own program, which goes on beside it", async () => {
            await unchanged();
            await project.configure({ buckets: [locked, { name: "photos", adopt: true }] });
            const { code, text } = await project.execute("preview");
            assert.notEqual(code, 0);
            assert.match(
                text,
                /of the MinioCluster 'minio' is changed:\s+buckets: 'photos' belongs to the MinioAccess 'shop'/,
            );
            await project.configure({ buckets: [locked] });
        });

        itInLongForm("leave by empty lists, but for a bucket with objects, which is still known later", async () => {
            await other.configure({ declared: { accesses: [] } });
            const text = await other.succeed("up", "--yes", "--skip-preview");
            assert.match(text, /bucket 'photos' has objects, and stays/);
            assert.match(text, /user 'shop' is removed, with its keys/);
            await isRefused(get(s3, "photos", "mine"), /InvalidAccessKeyId/);
            assert.deepEqual(await names(), ["foreign", "locked", "photos"]);
            await other.configure({ declared });
            await other.succeed("up", "--yes", "--skip-preview");
            s3 = (await clientOf(other.namespace, "minio-shop")).s3;
            assert.equal(String(await get(s3, "photos", "mine")), "hello");
        });

        it("stay valid in a destroy that cannot remove them, which fails, and end in one with --run-program", async () => {
            const { code, text } = await other.execute("destroy", "--yes");
            assert.notEqual(code, 0);
            assert.match(text, /You must run with the `--run-program` flag/);
            assert.equal(String(await get(s3, "photos", "mine")), "hello");
            const foreseen = await other.succeed("destroy", "--run-program", "--preview-only");
            assert.match(foreseen, /user 'shop' is removed, with its keys/);
            assert.equal(String(await get(s3, "photos", "mine")), "hello");
            await root.send(new DeleteObjectCommand(await onlyVersion("photos")));
            await other.succeed("destroy", "--run-program", "--yes", "--skip-preview");
            await isRefused(get(s3, "photos", "mine"), /InvalidAccessKeyId/);
            assert.deepEqual(await names(), ["foreign", "locked"]);
            assert.deepEqual(await recordNames(), ["minio-declared"]);
            await unchanged();
        });

        itInLongForm("leave nothing behind after an up that failed midway, either", async () => {
            const Statement = [{ Effect: "Allow", Action: ["s3:NoSuchAction"], Resource: ["arn:aws:s3:::halfway"] }];
            const policies = [{ name: "halfway", document: JSON.stringify({ Version: "2012-10-17", Statement }) }];
            await other.configure({ declared: { buckets: [{ name: "halfway" }], policies } });
            const { code, text } = await other.execute("up", "--yes", "--skip-preview");
            assert.notEqual(code, 0);
            assert.match(text, /policy 'halfway' is made: it failed: MinIO answers/);
            assert.deepEqual(await names(), ["foreign", "halfway", "locked"]);
            const refused = await other.execute("destroy", "--yes", "--skip-preview");
            assert.match(refused.text, /You must run with the `--run-program` flag/);
            await other.succeed("destroy", "--run-program", "--yes", "--skip-preview");
            assert.deepEqual(await names(), ["foreign", "locked"]);
            assert.deepEqual(await recordNames(), ["minio-declared"]);
        });

        itInLongForm("come and go by a program in YAML, too", async () => {
            const folder = mkdtempSync(join(tmpdir(), "minio-yaml-"));
            // As npm installs the command, but from this checkout.
            const plugin = `#!/bin/sh\nexec '${checkout}/node_modules/.bin/tsx' '${checkout}/plugin/main.ts' "$@"\n`;
            writeFileSync(join(folder, "pulumi-resource-minio-cluster"), plugin, { mode: 0o755 });
            const access = { name: "yaml", policies: ["readwrite"] };
            const properties = { cluster: "minio", namespace: project.namespace, accesses: [access] };
            const program = {
                ...{ name: "shop", runtime: "yaml" },
                plugins: { providers: [{ name: "minio-cluster", path: folder }] },
                resources: { shop: { type: "minio-cluster:MinioAccess", properties } },
            };
            writeFileSync(join(folder, "Pulumi.yaml"), JSON.stringify(program));
            mkdirSync(join(folder, "state"));
            const env = { ...other.environment, PULUMI_BACKEND_URL: `file://${folder}/state` };
            const pulumi = (...args: string[]) =>
                execute("pulumi", [...args, "--non-interactive", "--color=never"], { cwd: folder, env });
            try {
                await pulumi("stack", "init", "test");
                const made = await pulumi("up", "--yes", "--skip-preview");
                assert.equal(made.code, 0, made.text);
                const view = await clientOf(project.namespace, "minio-yaml");
                await view.s3.send(new ListBucketsCommand({}));
                const refused = await pulumi("destroy", "--yes", "--skip-preview");
                assert.match(refused.text, /You must run with the `--run-program` flag/);
                const gone = await pulumi("destroy", "--run-program", "--yes", "--skip-preview");
                assert.equal(gone.code, 0, gone.text);
                await isRefused(view.s3.send(new ListBucketsCommand({})), /InvalidAccessKeyId/);
            } finally {
                rmSync(folder, { recursive: true, force: true });
            }
        });
    });
});
