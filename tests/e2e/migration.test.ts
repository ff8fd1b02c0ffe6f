import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { minioImages } from "../../devcluster/toolchain/versions";
import { waitForWriteQuorum } from "../../devcluster/writeQuorum";
import { client, type Target } from "../load";
import { checkout, execute, kubectl, kubectlJson, Project, succeed } from "./project";
import { digest, get, makeBucket, put, s3Of } from "./s3";

const root = { user: "chart-root", password: "correct-horse-battery" };

/** The chart of a release `old`, two drives each, as `helm template` of 5.4.0 renders it in what matters here. */
const chartLike = (image: string) => {
    const labels = { app: "minio", release: "old" };
    const meta = (name: string) => ({ name, labels });
    const port = { name: "http", port: 9000 };
    const drives = ["export-0", "export-1"];
    return [
        {
            apiVersion: "v1",
            kind: "Secret",
            metadata: meta("old-minio"),
            stringData: { rootUser: root.user, rootPassword: root.password },
        },
        { apiVersion: "v1", kind: "Service", metadata: meta("old-minio"), spec: { selector: labels, ports: [port] } },
        {
            apiVersion: "v1",
            kind: "Service",
            metadata: meta("old-minio-svc"),
            spec: { clusterIP: "None", publishNotReadyAddresses: true, selector: labels, ports: [port] },
        },
        {
            apiVersion: "apps/v1",
            kind: "StatefulSet",
            metadata: meta("old-minio"),
            spec: {
                serviceName: "old-minio-svc",
                replicas: 4,
                podManagementPolicy: "Parallel",
                selector: { matchLabels: labels },
                template: {
                    metadata: { labels },
                    spec: {
                        enableServiceLinks: false,
                        securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
                        containers: [
                            {
                                name: "minio",
                                image,
                                args: [
                                    "server",
                                    "http://old-minio-{0...3}.old-minio-svc.e2e-migration.svc/export-{0...1}",
                                    "--address=:9000",
                                ],
                                ports: [{ name: "http", containerPort: 9000 }],
                                env: [
                                    {
                                        name: "MINIO_ROOT_USER",
                                        valueFrom: { secretKeyRef: { name: "old-minio", key: "rootUser" } },
                                    },
                                    {
                                        name: "MINIO_ROOT_PASSWORD",
                                        valueFrom: { secretKeyRef: { name: "old-minio", key: "rootPassword" } },
                                    },
                                    { name: "HOME", value: "/tmp" },
                                ],
                                volumeMounts: drives.map((name) => ({ name, mountPath: `/${name}` })),
                            },
                        ],
                    },
                },
                volumeClaimTemplates: drives.map((name) => ({
                    metadata: { name },
                    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
                })),
            },
        },
    ];
};

describe("the drives of the official chart", function () {
    this.bail(true);
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

    it("hold objects of a StatefulSet as the chart makes it", async () => {
        await project.init({
            createNamespace: false,
            drivesPerServer: 2,
            image: minioImages[0],
            storageSize: "1Gi",
            existingSecretName: "minio-root",
        });
        await kubectl("create", "namespace", project.namespace);
        const file = join(folder, "chart.json");
        writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: chartLike(minioImages[0]) }));
        await kubectl("apply", inNamespace, `--filename=${file}`);
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
            // Stands in for Helm, which removes all that the chart made but the claims.
            'helm() { kubectl delete statefulset,service,secret --selector=release=old "$3"; }',
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
