import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { HeadObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { oldMinio } from "../../devcluster/toolchain/versions";
import { ConstantLoad, client, untilAcknowledged } from "../support/load";
import { isLong, itInLongForm } from "../support/longForm";
import { execute, kubectl, kubectlJson, Project } from "../support/project";
import { digest, get, makeBucket, put, s3Of, targetOf } from "../support/s3";
import { stepByStep } from "../support/stepByStep";
import { until } from "../support/until";

/** The life of one cluster, in order: each test goes on from where the one before left it. */
describe("a cluster's life", () => {
    stepByStep();
    const project = new Project("e2e-lifecycle");
    const inNamespace = `--namespace=${project.namespace}`;
    let s3: S3Client;

    const namesOf = async (kinds: string) => {
        const { items } = await kubectlJson("get", kinds, inNamespace);
        return items
            .map((item: { kind: string; metadata: { name: string } }) => `${item.kind} ${item.metadata.name}`)
            .sort();
    };
    before(() => project.init());
    after(() => project.remove());
    afterEach(async function () {
        if (this.currentTest?.state === "failed") {
            const { text } = await execute("kubectl", ["get", "pods,pvc,events", inNamespace, "--output=wide"]);
            process.stderr.write(`${text}\n`);
        }
    });

    it("previews what it would create, and creates nothing", async () => {
        const text = await project.succeed("preview", "--diff");
        assert.match(text, /minio-cluster:index:MinioCluster/);
        assert.match(text, /kubernetes:apps\/v1:StatefulSet/);
        const { code } = await execute("kubectl", ["get", "namespace", project.namespace]);
        assert.notEqual(code, 0, "the preview created the namespace");
    });

    it("comes up, with four servers ready", async () => {
        const text = await project.succeed("up", "--yes", "--skip-preview");
        const { rootPassword, topology, ready, endpoint } = await project.outputs();
        assert.ok(!text.includes(rootPassword), "the password is in the output");
        assert.equal(rootPassword.length, 32);
        assert.equal(ready, true);
        assert.equal(endpoint, `http://minio.${project.namespace}.svc.cluster.local:9000`);
        assert.equal(topology.pools[0].erasureSetSize, 4);
        const { status } = await kubectlJson("get", "statefulset", "minio", inNamespace);
        assert.equal(status.readyReplicas, 4);
        assert.deepEqual(await namesOf("statefulset,service,secret,pdb,pvc"), [
            ...[0, 1, 2, 3].map((ordinal) => `PersistentVolumeClaim data-minio-${ordinal}`),
            "PodDisruptionBudget minio-pdb",
            "Secret minio-secret",
            "Service minio",
            "Service minio-console",
            "Service minio-headless",
            "StatefulSet minio",
        ]);
    });

    it("keeps the password out of the state's plain text", async () => {
        const { rootPassword } = await project.outputs();
        const state = await project.succeed("stack", "export");
        assert.ok(!state.includes(rootPassword));
        assert.ok(!state.includes(Buffer.from(rootPassword).toString("base64")));
    });

    it("has the quorum that the topology says, by the real servers' own word", async () => {
        const { topology } = await project.outputs();
        const path = `/api/v1/namespaces/${project.namespace}/pods/http:minio-0:9000/proxy/minio/health/cluster`;
        const { text } = await execute("kubectl", ["get", "--raw", path, "--v=8"]);
        const quorum = (kind: string) => Number(new RegExp(`X-Minio-${kind}-Quorum: (\\d+)`, "i").exec(text)?.[1]);
        assert.equal(quorum("Write"), topology.pools[0].writeQuorum);
    });

    it("stores and returns objects from 1 B to 64 MiB", async () => {
        s3 = await s3Of(project);
        await makeBucket(s3, "round-trip");
        for (const size of [1, 1000, 64 << 10, (1 << 20) + 1, 5 << 20, 64 << 20]) {
            const data = randomBytes(size);
            await put(s3, "round-trip", `object-${size}`, data);
            assert.equal(digest(await get(s3, "round-trip", `object-${size}`)), digest(data), `${size} bytes`);
        }
    });

    it("changes nothing on a second up", async () => {
        await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
    });

    it("finds no drift on refresh", async () => {
        await project.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    });

    it("has a budget that lets one server go, and no second", async () => {
        const { spec, status } = await kubectlJson("get", "pdb", "minio-pdb", inNamespace);
        assert.equal(spec.minAvailable, 3);
        assert.equal(status.disruptionsAllowed, 1);
    });

    itInLongForm(
        "ends an up where MinIO counts with another parity, with both quorums, until it no longer does",
        async () => {
            const configure = (...change: string[]) => {
                const script =
                    'export MC_HOST_s3="http://$MINIO_ROOT_USER:$MINIO_ROOT_PASSWORD@127.0.0.1:9000"; mc admin config "$@"';
                return kubectl("exec", "minio-0", inNamespace, "--", "sh", "-c", script, "mc", ...change);
            };
            await configure("set", "s3", "storage_class", "standard=EC:1");
            const { code, text } = await project.execute("up", "--yes", "--skip-preview");
            await configure("reset", "s3", "storage_class");
            assert.notEqual(code, 0, text);
            assert.match(
                text,
                /MinIO's write quorum is 3 and its read quorum 3.* count with 3 and 2, by a parity of 2 in sets/,
            );
            assert.match(text, /Set environment\.MINIO_STORAGE_CLASS_STANDARD to EC:1/);
            await project.succeed("up", "--yes", "--skip-preview");
        },
    );

    const refusals: [Record<string, unknown>, RegExp][] = [
        [{ replicas: 6 }, /replicas: 4 cannot become 6: MinIO forbids another number of servers/],
        [{ credentialsRevision: 2, partition: 2 }, /partition: 2 is not allowed with a change of root credentials/],
        [{ podManagementPolicy: "OrderedReady" }, /podManagementPolicy: Parallel cannot become OrderedReady/],
        [
            { image: oldMinio.image, partition: 3 },
            /partition: 3 is not allowed with a change of image: .* Set partition to 2 or less/,
        ],
    ];
    for (const [change, reason] of isLong ? refusals : refusals.slice(0, 1)) {
        it(`refuses ${JSON.stringify(change)} in the preview, as it would end the servers`, async () => {
            const before = Object.fromEntries(Object.keys(change).map((key) => [key, undefined]));
            await project.configure(change);
            const { code, text } = await project.execute("preview");
            await project.configure(before);
            assert.notEqual(code, 0, text);
            assert.match(text, reason);
        });
    }

    itInLongForm("loses no acknowledged write when a server is killed under load", async () => {
        await makeBucket(s3, "load");
        const load = new ConstantLoad(await targetOf(project), "load");
        await untilAcknowledged(load, 40);
        await kubectl("delete", "pod", "minio-1", inNamespace, "--grace-period=0", "--force");
        const atKill = load.acknowledged.size;
        await untilAcknowledged(load, atKill + 100);
        await kubectl("wait", "--for=condition=Ready", "pod/minio-1", inNamespace, "--timeout=120s");
        await load.stop();
        assert.deepEqual(await load.lost(), []);
    });

    const ways = [
        ["crashes", "exec", "minio-1", inNamespace, "--", "sh", "-c", 'kill -KILL "$(cat /tmp/start/server)"'],
        ["is deleted while it serves", "delete", "pod", "minio-1", inNamespace],
    ];
    for (const [how, ...command] of isLong ? ways : ways.slice(0, 1)) {
        it(`gives back what a server had locked that ${how}`, async function () {
            // On a busy machine a server takes longer to come back than the attempts last. A lock that stays fails
            // twice.
            this.retries(1);
            await kubectl("wait", "--for=condition=Ready", "pod/minio-1", inNamespace, "--timeout=120s");
            const target = await targetOf(project);
            // Another one for each try: the first may have written its object.
            const Key = `locked-by-one-that-${how}-${Date.now()}`;
            const { status } = await kubectlJson("get", "pod", "minio-1", inNamespace);
            const own = client({ ...target, endpoint: `http://${status.podIP}:9000` });
            // With a condition, a write locks its object before it has the whole body, which it never gets here.
            const Body = new PassThrough();
            Body.write(randomBytes(1000));
            const begun = { Bucket: "round-trip", Key, Body, ContentLength: 1 << 20, IfNoneMatch: "*" };
            let ended = "";
            own.send(new PutObjectCommand(begun)).then(
                () => (ended = "the write that locks it has succeeded"),
                (error) => (ended = `the write that locks it has failed: ${error}`),
            );
            const hasty = client(target, { maxAttempts: 1, timeoutMs: 1_000 });
            await until(
                "the object is locked, and cannot even be looked for",
                () =>
                    hasty.send(new HeadObjectCommand({ Bucket: "round-trip", Key })).then(
                        () => false,
                        ({ name }) => name === "TimeoutError",
                    ),
                { why: () => ended },
            );
            await kubectl(...command);
            // All attempts together are shorter than the minute for which others keep a lock. The first ones may be led to the dead server.
            const patient = client(target, { maxAttempts: 5, timeoutMs: 10_000 });
            await put(patient, "round-trip", Key, randomBytes(1000));
            Body.destroy();
            await kubectl("wait", "--for=condition=Ready", "pod/minio-1", inNamespace, "--timeout=120s");
        });
    }

    it("hibernates: the servers stop, and all else stays", async () => {
        const all = "statefulset,service,secret,pdb,pvc";
        const before = await namesOf(all);
        await project.configure({ hibernate: true });
        assert.match(
            await project.succeed("preview"),
            /minio hibernates: all 4 servers stop together, .*; the claims of its drives stay, with all objects/,
        );
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual(await namesOf("pods"), []);
        assert.deepEqual(await namesOf(all), before);
        assert.equal((await project.outputs()).ready, false);
        await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
        await project.configure({
            credentialsRevision: 2,
            storageSize: "2Gi",
            buckets: [{ name: "declared" }],
            snapshots: { className: "csi-hostpath-snapclass", sets: ["asleep"] },
        });
        const preview = await project.succeed("preview");
        assert.match(preview, /root credentials changes, which counts when the servers start/);
        assert.match(preview, /'asleep' is taken when all servers are stopped; of 4 drives at one point in time/);
        assert.match(
            preview,
            /no server runs: buckets, policies and accesses are made and changed when hibernate is false/,
        );
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual(await namesOf("pods"), []);
        const { items } = await kubectlJson("get", "volumesnapshots", inNamespace);
        assert.deepEqual(
            items.map(({ status }: any) => status.readyToUse),
            [true, true, true, true],
        );
    });

    it("starts all servers again by one value, each one time, with what changed meanwhile and all objects", async () => {
        await project.configure({ hibernate: undefined });
        assert.match(await project.succeed("preview"), /minio ends its hibernation: its 4 servers start together/);
        await project.succeed("up", "--yes", "--skip-preview");
        assert.equal((await project.outputs()).ready, true);
        const { items } = await kubectlJson("get", "pods", inNamespace);
        const revisions = items.map(({ metadata }: any) => metadata.labels["controller-revision-hash"]);
        assert.deepEqual([revisions.length, new Set(revisions).size], [4, 1]);
        const { items: claims } = await kubectlJson("get", "pvc", inNamespace);
        assert.deepEqual(
            claims.map(({ status }: any) => status.capacity.storage),
            ["2Gi", "2Gi", "2Gi", "2Gi"],
        );
        s3 = await s3Of(project);
        assert.equal((await get(s3, "round-trip", "object-1000")).length, 1000);
        await put(s3, "declared", "object", randomBytes(1000));
        await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
        await project.configure({ buckets: undefined, snapshots: undefined });
        await project.succeed("up", "--yes", "--skip-preview");
    });

    it("leaves the claims and nothing else when it is destroyed", async () => {
        await project.succeed("destroy", "--yes", "--skip-preview");
        await kubectl("wait", "--for=delete", "pod", "--selector=app=minio", inNamespace, "--timeout=120s");
        assert.deepEqual(
            await namesOf("all,secret,pdb,pvc"),
            [0, 1, 2, 3].map((ordinal) => `PersistentVolumeClaim data-minio-${ordinal}`),
        );
    });

    itInLongForm(
        "is not created anew with other servers or drives, which the claims that are there do not fit",
        async () => {
            for (const change of [{ replicas: 2 }, { drivesPerServer: 2 }]) {
                await project.configure(change);
                const { code, text } = await project.execute("preview");
                await project.configure({ replicas: undefined, drivesPerServer: undefined });
                assert.notEqual(code, 0, text);
                assert.match(text, /claims of another cluster of this name are there.*data-minio-3.*set replicas to 4/);
            }
            await project.configure({ replicas: 8 });
            const more = await project.succeed("preview");
            await project.configure({ replicas: undefined });
            assert.match(more, /claims of an earlier cluster are there, and 4 of 8 are not/);
        },
    );

    it("finds its data again when it is created anew", async () => {
        await project.succeed("up", "--yes", "--skip-preview");
        const data = await get(await s3Of(project), "round-trip", "object-1000");
        assert.equal(data.length, 1000);
    });
});
