import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oldMinio } from "../../devcluster/toolchain/versions";
import { waitForWriteQuorum } from "../../devcluster/writeQuorum";
import { findChart, findHelm } from "../bench/helm";
import { ConstantLoad, client, summarize, type Target, untilAcknowledged } from "../support/load";
import { isLong, itInLongForm } from "../support/longForm";
import { bitnamiObjects, operatorObjects, plainObjects, tenantDefinition } from "../support/oldTools";
import { checkout, execute, kubectl, kubectlJson, Project, succeed } from "../support/project";
import { get, makeBucket, put } from "../support/s3";
import { stepByStep } from "../support/stepByStep";

const root = { user: "old-root", password: "correct-horse-battery" };
/** A user of MinIO, and an access key that she made. */
const alice = { rootUser: "alice", rootPassword: "alice-secret-1" };
const aliceKey = { rootUser: "ALICEKEY0001", rootPassword: "alice-key-secret-1" };

/** Of the MinioCluster. */
const name = "kept";
const image = oldMinio.image;

interface Old {
    tool: string;
    /** Starts it as its tool does. */
    start(namespace: string): Promise<void>;
    statefulSet: string;
    servers: number;
    container: string;
    /** The Service of the S3 API, and its port. */
    service: string;
    port: number;
    /** What the command must say. */
    says: RegExp;
    /** Arguments that follow from the old cluster, among others. */
    args: object;
    /** What its removal would take with it, to be checked after the steps. */
    afterMove?(): Promise<void>;
    afterBack?(): Promise<void>;
    remove?(): Promise<void>;
}

/**
 * What the chart is asked for: small drives, and no job that needs the image of mc. Its pools are in one StatefulSet.
 */
const chartValues = {
    mode: "distributed",
    replicas: 4,
    drivesPerNode: 2,
    persistence: { size: "1Gi" },
    resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "1", memory: "1Gi" } },
    image: { tag: oldMinio.release },
    rootUser: root.user,
    rootPassword: root.password,
    users: [],
};

async function apply(objects: object[]): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "minio-objects-"));
    const file = join(folder, "objects.json");
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }), { mode: 0o600 });
    await kubectl("apply", `--filename=${file}`).finally(() => rmSync(folder, { recursive: true }));
}

const operator = ["--namespace=minio-operator", "deployment/minio-operator"];

/** The operator's Deployment: it stands there to be stopped, and does nothing. */
const operatorDeployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "minio-operator", namespace: "minio-operator" },
    spec: {
        replicas: 1,
        selector: { matchLabels: { operator: "minio" } },
        template: {
            metadata: { labels: { operator: "minio" } },
            spec: {
                containers: [{ name: "operator", image, command: ["sleep", "36000"] }],
                terminationGracePeriodSeconds: 1,
            },
        },
    },
};

const operatorReplicas = async () => (await kubectlJson("get", ...operator)).spec.replicas;

const tools: Old[] = [
    {
        tool: "the official chart",
        async start(namespace) {
            const folder = mkdtempSync(join(tmpdir(), "minio-values-"));
            const file = join(folder, "values.json");
            writeFileSync(file, JSON.stringify(chartValues));
            const where = `--namespace=${namespace}`;
            await succeed(await findHelm(), ["install", "old", await findChart(), where, `--values=${file}`]);
            rmSync(folder, { recursive: true });
        },
        statefulSet: "old-minio",
        servers: 4,
        container: "minio",
        service: "old-minio",
        port: 9000,
        says: /^the official chart, release old: StatefulSet old-minio\n8 drives: export-0-old-minio-0 becomes data0-kept-0/,
        args: { replicas: 4, drivesPerServer: 2 },
    },
    {
        tool: "Bitnami's chart",
        start: (namespace) =>
            apply(bitnamiObjects({ namespace, name: "media", image, root, servers: 2, drives: 2, pools: 2 })),
        statefulSet: "media-minio",
        servers: 4,
        container: "minio",
        service: "media-minio",
        port: 9000,
        says: /^Bitnami's chart, release media: StatefulSet media-minio\n8 drives: data-0-media-minio-0 becomes data0-kept-0/,
        args: { podSecurityContext: { runAsUser: 1001, runAsGroup: 1001, fsGroup: 1001 }, replicas: 2 },
    },
    {
        tool: "MinIO's operator",
        async start(namespace) {
            await apply([
                tenantDefinition,
                { apiVersion: "v1", kind: "Namespace", metadata: { name: "minio-operator" } },
                operatorDeployment,
            ]);
            await kubectl("wait", "crd/tenants.minio.min.io", "--for=condition=Established", "--timeout=30s");
            await apply(operatorObjects({ namespace, name: "tenant", image, root, drives: 2 }));
        },
        statefulSet: "tenant-pool-0",
        servers: 4,
        container: "minio",
        service: "minio",
        port: 80,
        says: /^MinIO's operator, tenant tenant: StatefulSet tenant-pool-0\n8 drives: data0-tenant-pool-0-0 becomes data0-kept-0/,
        args: {
            driveSubPath: "data",
            drivesPerServer: 2,
            environment: { MINIO_BROWSER: "on", MINIO_REGION: "us-east-1" },
        },
        afterMove: async () => assert.equal(await operatorReplicas(), 0),
        afterBack: async () => assert.equal(await operatorReplicas(), 1),
        async remove() {
            await execute("kubectl", ["delete", "namespace", "minio-operator", "--ignore-not-found"]);
            await execute("kubectl", ["delete", "crd", "tenants.minio.min.io", "--ignore-not-found"]);
        },
    },
    {
        tool: "a StatefulSet whose servers run as root",
        start: (namespace) => apply(plainObjects({ namespace, name: "plain", image, root })),
        statefulSet: "plain",
        servers: 4,
        container: "server",
        service: "plain-api",
        port: 9000,
        says: /^a StatefulSet: StatefulSet plain\n4 drives: drive-plain-0 becomes data-kept-0/,
        args: { replicas: 4, drivesPerServer: 1 },
    },
];

/** The operator's tenant has most to bring: volumes with sub-folders, a file of settings, and a controller to stop. */
const tried = tools.filter(({ tool }) => isLong || tool === "MinIO's operator");

for (const old of tried) {
    const index = tools.indexOf(old);
    describe(`the drives of ${old.tool}`, () => {
        stepByStep();
        const project = new Project(`e2e-migration-${index}`);
        const inNamespace = `--namespace=${project.namespace}`;
        const folder = mkdtempSync(join(tmpdir(), "minio-migration-"));
        const script = (which: string) => succeed("bash", [join(folder, `${which}.sh`)]);
        const stored = new Map<string, Buffer>();
        let volumes: Record<string, string> = {};
        let target: Target;
        let load: ConstantLoad;

        const volumesByClaim = async (): Promise<Record<string, string>> => {
            const { items } = await kubectlJson("get", "pvc", inNamespace);
            return Object.fromEntries(items.map(({ metadata, spec }: any) => [metadata.name, spec.volumeName]));
        };
        const ready = () =>
            kubectl("rollout", "status", `statefulset/${old.statefulSet}`, inNamespace, "--timeout=150s");

        /** Everything is as it was: each object, and what the user, her key and her policy may do. */
        async function isWhole(): Promise<void> {
            assert.deepEqual(await load.lost(target), []);
            for (const login of [root, undefined, alice, aliceKey]) {
                const who = login === root || login === undefined ? target : { ...target, ...(login as typeof alice) };
                const s3 = client(who, { maxAttempts: 5 });
                for (const [key, data] of stored) {
                    assert.ok((await get(s3, "kept", key)).equals(data), key);
                }
                if (who !== target) {
                    const forbidden = put(s3, "kept", "by-alice", Buffer.from("x"));
                    await assert.rejects(forbidden, { name: "AccessDenied" });
                }
                s3.destroy();
            }
        }

        async function store(key: string, size: number): Promise<void> {
            const s3 = client(target, { maxAttempts: 5 });
            const data = Buffer.alloc(size, key);
            await put(s3, "kept", key, data);
            stored.set(key, data);
            s3.destroy();
        }

        after(async () => {
            await load?.stop();
            await project.remove();
            const all = [...Object.values(volumes)];
            await execute("kubectl", ["delete", "pv", ...all, "--ignore-not-found", "--wait=false"]);
            await old.remove?.();
            rmSync(folder, { recursive: true, force: true });
        });

        it("hold objects, a user, her policy and her key", async () => {
            await kubectl("create", "namespace", project.namespace);
            await old.start(project.namespace);
            await ready();
            const { spec } = await kubectlJson("get", "service", old.service, inNamespace);
            const endpoint = `http://${spec.clusterIP}:${old.port}`;
            await waitForWriteQuorum(endpoint);
            target = { endpoint, rootUser: root.user, rootPassword: root.password };
            const s3 = client(target);
            await makeBucket(s3, "kept");
            await makeBucket(s3, "load");
            s3.destroy();
            await store("small", 100);
            await store("large", 3 << 20);
            const commands = [
                `export MC_HOST_old=http://${root.user}:${root.password}@127.0.0.1:9000 HOME=/tmp`,
                `mc admin user add old ${alice.rootUser} ${alice.rootPassword}`,
                "mc admin policy attach old readonly --user=alice",
                `mc admin user svcacct add old alice --access-key=${aliceKey.rootUser} --secret-key=${aliceKey.rootPassword}`,
            ];
            const pod = [`${old.statefulSet}-0`, `--container=${old.container}`, inNamespace];
            await kubectl("exec", ...pod, "--", "sh", "-ec", commands.join("\n"));
            volumes = await volumesByClaim();
            load = new ConstantLoad(target, "load", { timeoutMs: 5_000, bytes: 8 << 10 });
            await untilAcknowledged(load, 50);
        });

        it("are found by the command, which writes the arguments and the steps", async () => {
            const tsx = join(checkout, "node_modules/.bin/tsx");
            const said = await succeed(tsx, [
                join(checkout, "command/main.ts"),
                "adopt",
                inNamespace,
                `--name=${name}`,
                `--out=${folder}`,
            ]);
            assert.match(said, old.says);
            const args = JSON.parse(readFileSync(join(folder, "arguments.json"), "utf8"));
            assert.deepEqual({ ...args, ...old.args }, args);
            await project.init({ ...args, name, createNamespace: false });
            await script("prepare");
            await project.succeed("preview");
        });

        it("are taken over with all of it, in one gap", async () => {
            const before = load.acknowledged.size;
            await script("move");
            await old.afterMove?.();
            await project.succeed("up", "--yes", "--skip-preview");
            const now = await volumesByClaim();
            assert.deepEqual(Object.values(now).sort(), Object.values(volumes).sort());
            assert.ok(Object.keys(now).every((claim) => claim.startsWith("data")));
            await untilAcknowledged(load, load.acknowledged.size + 20);
            await load.stop();
            const [writes, reads] = (["put", "get"] as const).map((kind) => summarize(load.outcomes, kind));
            await script("move"); // As after an interruption: it finds all done.
            await isWhole();
            console.log(
                `      ${old.tool}: a gap of ${writes.longestGap.toFixed(1)} s for writes, ${reads.longestGap.toFixed(1)} s for reads; ` +
                    `0 of ${load.acknowledged.size} objects lost, ${before} of them from before`,
            );
            assert.ok(writes.longestGap < 180, `${writes.longestGap} s`);
        });

        itInLongForm("go back to the old servers, with what the new ones have stored", async () => {
            await store("new", 1 << 20);
            await project.succeed("destroy", "--yes");
            await script("back");
            await ready();
            await waitForWriteQuorum(target.endpoint);
            await old.afterBack?.();
            assert.deepEqual(await volumesByClaim(), volumes);
            await isWhole();
        });
    });
}
