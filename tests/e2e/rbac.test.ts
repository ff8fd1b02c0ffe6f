import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { checkout, execute, kubectl, kubectlJson, Project } from "../support/project";
import { writeKubeconfig } from "../support/serviceAccount";
import { stepByStep } from "../support/stepByStep";

/**
 * A cluster that is made, updated and destroyed with the rights of docs/rbac.yaml only, in a namespace of restricted
 * pods.
 */
describe("a deployer with the shipped roles, and no more", () => {
    stepByStep();
    const project = new Project("e2e-rbac");
    const { namespace } = project;
    const elsewhere = `${namespace}-elsewhere`;
    const inNamespace = `--namespace=${namespace}`;
    const folder = mkdtempSync(join(tmpdir(), "minio-rbac-"));
    const kubeconfig = join(folder, "kubeconfig");
    const roles = ["apply", inNamespace, `--filename=${join(checkout, "docs/rbac.yaml")}`];
    const secretValue = "correct-horse-battery-staple";
    const asDeployer = (...args: string[]) => execute("kubectl", [`--kubeconfig=${kubeconfig}`, ...args]);
    const pods = async () => (await kubectlJson("get", "pods", inNamespace, "--selector=app=minio")).items as any[];

    before(async () => {
        await kubectl("create", "namespace", elsewhere);
        await kubectl("create", "secret", "generic", "others", `--namespace=${elsewhere}`, "--from-literal=a=b");
        await kubectl("create", "namespace", namespace);
        await kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted");
        await kubectl(...roles);
        await writeKubeconfig(kubeconfig, namespace, "minio-cluster-deployer");
        project.environment.KUBECONFIG = kubeconfig;
        await project.init({
            createNamespace: false,
            replicas: 2,
            resources: { requests: { cpu: "10m", memory: "128Mi" }, limits: { cpu: "1", memory: "512Mi" } },
            networkPolicy: {},
        });
    });
    after(async () => {
        await project.remove();
        await execute("kubectl", ["delete", "namespace", elsewhere, "--ignore-not-found", "--wait", "--timeout=120s"]);
        rmSync(folder, { recursive: true, force: true });
    });

    it("makes a cluster, with a secret in the stack's configuration that stays one", async () => {
        await project.setSecret("environment", JSON.stringify({ MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_TEST: secretValue }));
        const text = await project.succeed("up", "--yes", "--skip-preview");
        const { rootPassword } = await project.outputs();
        const state = await project.succeed("stack", "export");
        for (const secret of [secretValue, rootPassword]) {
            assert.ok(!text.includes(secret), "a secret is in the output");
            assert.ok(!state.includes(secret), "a secret is in the state");
        }
        assert.equal((await pods()).length, 2);
    });

    it("changes the version of its servers, which the preview tells, and no secret", async () => {
        await project.configure({ image: oldMinio.image, partition: 1 });
        const preview = await project.succeed("preview", "--diff");
        assert.match(preview, /image changes \(.*\): minio-1 is updated, one at a time/);
        assert.ok(!preview.includes(secretValue), "a secret is in the preview");
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual(
            (await pods()).map(({ spec }) => spec.containers[0].image),
            [newMinio.image, oldMinio.image],
        );
    });

    it("is told by name which right it lacks, before any server is touched", async () => {
        const rules = (await kubectlJson("get", "role", "minio-cluster-rollout", inNamespace)).rules.filter(
            ({ resources }: any) => !/^pods\/(proxy|portforward|log)$/.test(resources[0]),
        );
        await kubectl(
            "patch",
            "role",
            "minio-cluster-rollout",
            inNamespace,
            "--type=merge",
            "--patch",
            JSON.stringify({ rules }),
        );
        const before = (await pods()).map(({ metadata }) => metadata.uid);
        await project.configure({ image: newMinio.image });
        const { code, text } = await project.execute("up", "--yes", "--skip-preview");
        await kubectl(...roles);
        assert.notEqual(code, 0);
        assert.match(
            text,
            /lacks rights in the namespace e2e-rbac: get pods\/log, get pods\/proxy, or get .*portforward\. Give .*docs\/rbac\.yaml/,
        );
        assert.deepEqual(
            (await pods()).map(({ metadata }) => metadata.uid),
            before,
        );
        await project.configure({ image: oldMinio.image });
    });

    it("makes a bucket and a key with the same rights", async () => {
        const declared = { buckets: [{ name: "photos" }], accesses: [{ name: "web", bucket: "photos" }] };
        await project.configure(declared);
        assert.match(await project.succeed("up", "--yes"), /bucket 'photos' is made/);
        await kubectl("get", "secret", "minio-web", inNamespace);
    });

    it("lets another stack make and remove a bucket and a key with the Role for it", async () => {
        const access = new Project(`${namespace}-access`, "tests/e2e/programs/access.ts");
        const shop = { name: "shop", bucket: "shop", namespace: elsewhere };
        await kubectl("apply", inNamespace, `--filename=${join(checkout, "docs/rbac-access.yaml")}`);
        const account = `--serviceaccount=${namespace}:minio-cluster-access`;
        const verbs = "--verb=get,list,watch,create,patch,delete";
        await kubectl("create", "role", "access", verbs, "--resource=secrets", `--namespace=${elsewhere}`);
        await kubectl("create", "rolebinding", "access", "--role=access", account, `--namespace=${elsewhere}`);
        access.environment.KUBECONFIG = join(folder, "access");
        await writeKubeconfig(access.environment.KUBECONFIG, namespace, "minio-cluster-access");
        try {
            await access.init({ cluster: namespace, declared: { buckets: [{ name: "shop" }], accesses: [shop] } });
            const text = await access.succeed("up", "--yes", "--skip-preview");
            assert.match(text, /key 'shop-1' is made/);
            assert.doesNotMatch(text, /forbidden|a right is missing/);
            await access.succeed("preview", "--expect-no-changes");
            const gone = await access.succeed("destroy", "--run-program", "--yes", "--skip-preview");
            assert.match(gone, /user 'shop' is removed/);
        } finally {
            await access.remove();
        }
    });

    it("takes a set of snapshots with the Role for it, and is told before what it lacks", async () => {
        await project.configure({ snapshots: { className: "csi-hostpath-snapclass", sets: ["one"] } });
        const { code, text } = await project.execute("up", "--yes", "--skip-preview");
        assert.notEqual(code, 0);
        assert.match(text, /a right is missing: volumesnapshots.* is forbidden/);
        const role = [inNamespace, `--filename=${join(checkout, "docs/rbac-snapshots.yaml")}`];
        await kubectl("apply", ...role);
        await project.succeed("up", "--yes", "--skip-preview");
        const { items } = await kubectlJson("get", "volumesnapshots", inNamespace);
        assert.deepEqual(
            items.map(({ status }: any) => status.readyToUse),
            [true, true],
        );
        await project.configure({ snapshots: { className: "csi-hostpath-snapclass", sets: [] } });
        await project.succeed("up", "--yes", "--skip-preview");
        await kubectl("delete", ...role);
    });

    for (const args of [
        ["get", "secrets", `--namespace=${elsewhere}`],
        ["delete", "statefulset", "minio", `--namespace=${elsewhere}`],
        ["get", "pods", "--all-namespaces"],
        ["get", "nodes"],
        [
            "create",
            "clusterrolebinding",
            "mine",
            "--clusterrole=cluster-admin",
            "--serviceaccount=e2e-rbac:minio-cluster-deployer",
        ],
        [
            "create",
            "rolebinding",
            "mine",
            "--clusterrole=admin",
            "--serviceaccount=e2e-rbac:minio-cluster-deployer",
            inNamespace,
        ],
        ["create", "token", "default", inNamespace],
        ["exec", "minio-0", inNamespace, "--container=minio", "--", "true"],
        ["run", "mine", "--image=pause", inNamespace],
        ["delete", "pvc", "data-minio-0", inNamespace],
    ]) {
        it(`is refused: kubectl ${args.slice(0, 3).join(" ")}`, async () => {
            const { code, text } = await asDeployer(...args);
            assert.notEqual(code, 0);
            assert.match(text, /Forbidden|forbidden/);
        });
    }

    it("runs servers that a break-in into one would leave without rights on the node or on Kubernetes", async () => {
        const inServer = (script: string) =>
            kubectl("exec", "minio-0", inNamespace, "--container=minio", "--", "sh", "-c", script);
        const status = await inServer("cat /proc/self/status");
        assert.match(status, /^Uid:\s+1000\s+1000\s+1000\s+1000$/m);
        assert.match(status, /^Cap(Eff|Bnd):\s+0+$/m);
        assert.match(status, /^NoNewPrivs:\s+1$/m);
        assert.match(status, /^Seccomp:\s+2$/m);
        assert.match(await inServer("ls /var/run/secrets/kubernetes.io 2>&1 || true"), /No such file/);
        assert.match(await inServer("(: > /usr/bin/mine) 2>&1 || true"), /Read-only file system/);
    });

    it("finds no secret in the servers' logs", async () => {
        const { rootPassword } = await project.outputs();
        const logs = await kubectl("logs", inNamespace, "--selector=app=minio", "--all-containers", "--tail=-1");
        assert.match(logs, /MinIO Object Storage Server/);
        for (const secret of [rootPassword, secretValue]) {
            assert.ok(!logs.includes(secret));
        }
    });

    it("destroys the cluster, and the claims stay", async () => {
        await project.succeed("destroy", "--yes", "--skip-preview");
        const { items } = await kubectlJson("get", "pvc", inNamespace);
        assert.equal(items.length, 2);
    });
});
