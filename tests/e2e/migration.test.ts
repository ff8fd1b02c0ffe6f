import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oldMinio } from "../../devcluster/toolchain/versions";
import { waitForWriteQuorum } from "../../devcluster/writeQuorum";
import { findChart, findHelm } from "../bench/helm";
import { client, type Target } from "../support/load";
import { checkout, execute, kubectl, kubectlJson, Project, succeed } from "../support/project";
import { digest, get, makeBucket, put, s3Of } from "../support/s3";
import { stepByStep } from "../support/stepByStep";

const root = { user: "chart-root", password: "correct-horse-battery" };

/** What the chart is asked for: two drives for each of four servers, small ones, and no job that needs the image of mc. */
const values = {
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

describe("the drives of the official chart", () => {
    stepByStep();
    const project = new Project("e2e-migration");
    const inNamespace = `--namespace=${project.namespace}`;
    const folder = mkdtempSync(join(tmpdir(), "minio-migration-"));
    const data = randomBytes(3 << 20);
    let volumes: Record<string, string>;

    const volumesByClaim = async (): Promise<Record<string, string>> => {
        const { items } = await kubectlJson("get", "pvc", inNamespace);
        return Object.fromEntries(items.map(({ metadata, spec }: any) => [metadata.name, spec.volumeName]));
    };
    after(async () => {
        await project.remove();
        // They were to outlive their claims.
        await execute("kubectl", [
            "delete",
            "pv",
            ...Object.values(volumes ?? {}),
            "--ignore-not-found",
            "--wait=false",
        ]);
        rmSync(folder, { recursive: true, force: true });
    });

    it("hold objects of a release of the chart", async () => {
        await project.init({
            createNamespace: false,
            drivesPerServer: 2,
            image: oldMinio.image,
            storageSize: "1Gi",
            existingSecretName: "minio-root",
        });
        await kubectl("create", "namespace", project.namespace);
        const file = join(folder, "values.json");
        writeFileSync(file, JSON.stringify(values));
        await succeed(await findHelm(), ["install", "old", await findChart(), inNamespace, `--values=${file}`]);
        await kubectl("rollout", "status", "statefulset/old-minio", inNamespace, "--timeout=120s");
        const s3 = client(await oldTarget());
        await makeBucket(s3, "kept");
        await put(s3, "kept", "object", data);
        s3.destroy();
        volumes = await volumesByClaim();
    });

    it("get claims of this component's names by the script in docs/migration.md", async () => {
        const [, script] = /```bash\n([\s\S]*?)```/.exec(
            readFileSync(join(checkout, "docs/migration.md"), "utf8"),
        ) as RegExpExecArray;
        const own = [
            `namespace=${project.namespace} release=old fullname=old-minio name=minio servers=4`,
            'old_drives="export-0 export-1" new_drives="data0 data1"',
            `helm() { ${await findHelm()} "$@"; }`,
        ];
        await succeed("bash", ["-c", `${own.join("\n")}\n${script}`]);
        const renamed = Object.entries(volumes).map(([claim, volume]) => [
            claim.replace(/^export-(\d)-old-minio/, "data$1-minio"),
            volume,
        ]);
        assert.deepEqual(await volumesByClaim(), Object.fromEntries(renamed));
    });

    it("are taken over with their objects", async () => {
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual(Object.values(await volumesByClaim()).sort(), Object.values(volumes).sort());
        const { rootUser } = await project.outputs();
        assert.equal(rootUser, root.user);
        assert.equal(digest(await get(await s3Of(project), "kept", "object")), digest(data));
    });

    async function oldTarget(): Promise<Target> {
        const { spec } = await kubectlJson("get", "service", "old-minio", inNamespace);
        const endpoint = `http://${spec.clusterIP}:9000`;
        await waitForWriteQuorum(endpoint);
        return { endpoint, rootUser: root.user, rootPassword: root.password };
    }
});
