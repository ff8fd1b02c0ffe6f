import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../components/kubernetes/connect";
import { clusterId, kubeconfig as embedded } from "../../devcluster/paths";
import { ConnectProxy } from "../support/connectProxy";
import { isLong, itInLongForm } from "../support/longForm";
import { OtherCluster, writeContexts } from "../support/otherCluster";
import { checkout, execute, kubectl, kubectlJson, Project } from "../support/project";
import { digest } from "../support/s3";
import { stepByStep } from "../support/stepByStep";

/**
 * Two Kubernetes clusters, both with a `minio` in a namespace of the same name. The kubeconfig's current context is at
 * the one that the stacks do not mean.
 */
describe("the right Kubernetes cluster", () => {
    stepByStep();
    const namespace = "e2e-right-cluster";
    const other = new OtherCluster();
    const folder = mkdtempSync(join(tmpdir(), "right-cluster-"));
    const contexts = join(folder, "kubeconfig");
    const project = new Project(namespace);
    project.environment.KUBECONFIG = contexts;
    const kinds = ["get", "statefulset,service,secret,pod,pvc,configmap,volumesnapshot", `--namespace=${namespace}`];
    const there = () => other.kubectl(...kinds, "--output=jsonpath={range .items[*]}{.kind} {.metadata}{'\\n'}{end}");
    const values = () =>
        kubectl(
            "get",
            "pods",
            `--namespace=${namespace}`,
            "--output=jsonpath={.items[*].spec.containers[0].env[*].value}",
        );
    const className = "csi-hostpath-snapclass";
    /** What the stack has from the second up on, beside its variables. */
    const own = {
        partition: 2,
        storageSize: "2Gi",
        snapshots: { className, sets: ["one"] },
        restoreFrom: undefined,
        credentialsRevision: undefined,
    };
    /** What a restart, a growth, a set, a restore or a password would change in the stack's own cluster. */
    const data = async () => {
        const all = ["get", "pod,pvc,volumesnapshot,secret", `--namespace=${namespace}`];
        const { items } = await kubectlJson(...all);
        return items
            .map(({ kind, metadata, spec, data }: any) => [
                kind,
                metadata.name,
                metadata.uid,
                spec?.resources?.requests?.storage ?? digest(Buffer.from(JSON.stringify(data ?? {}))),
            ])
            .sort();
    };
    const up = ["up", "--yes", "--skip-preview"];
    let atFirst: string;

    before(async () => {
        await other.start();
        writeContexts(contexts, { other: other.kubeconfig, embedded });
        await project.init();
        await project.succeed("config", "set", "kubernetes:context", "other");
        await project.succeed("up", "--yes", "--skip-preview");
        await project.succeed("stack", "rm", "--force", "--yes", "--preserve-config");
        await project.succeed("stack", "init", "test");
        // Without servers, nothing there changes by itself. A hold, a growth or a restore would be seen.
        const inNamespace = `--namespace=${namespace}`;
        await other.kubectl("scale", "statefulset/minio", "--replicas=0", inNamespace);
        await other.kubectl("wait", "--for=delete", "pod", "--selector=app=minio", "--timeout=120s", inNamespace);
        atFirst = await there();
        assert.match(atFirst, /StatefulSet/);
        await project.succeed("config", "set", "kubernetes:context", "embedded");
    });
    after(async () => {
        await project.remove();
        await other.stop();
        rmSync(folder, { recursive: true });
    });

    it("is refused for a first up where rollout.context names another, naming both, and makes no server", async () => {
        await project.configure({ rollout: { context: "other" } });
        const { code, text } = await project.execute(...up);
        assert.notEqual(code, 0);
        assert.match(text, /leads to another Kubernetes cluster than Pulumi's provider/);
        assert.equal(await kubectl("get", "statefulset,pod,pvc", `--namespace=${namespace}`, "--output=name"), "");
        assert.equal(await there(), atFirst);
        await project.configure({ rollout: undefined });
    });

    it("is the one of kubernetes:context, for a first up", async () => {
        await project.succeed("up", "--yes", "--skip-preview");
        assert.equal((await project.outputs()).ready, true);
        assert.equal(await there(), atFirst);
    });

    it("is it for a change, a growth and a set of snapshots too", async () => {
        await project.configure({
            environment: { MINIO_REGION: "eu-test-7" },
            ...own,
        });
        await project.succeed("up", "--yes", "--skip-preview");
        assert.equal((await values()).split(" ").filter((value) => value === "eu-test-7").length, 2);
        assert.equal(await there(), atFirst);
    });

    it("is refused in the preview where rollout.context names another, naming both, and changes nothing", async () => {
        await project.configure({ environment: { MINIO_REGION: "eu-test-8" }, rollout: { context: "other" } });
        for (const command of [["preview"], up]) {
            const from = Date.now();
            const run = project.start(...command);
            await run.says(/leads to another Kubernetes cluster than Pulumi's provider/);
            const seconds = (Date.now() - from) / 1000;
            const { code, text } = await run.ended;
            assert.notEqual(code, 0);
            // Nothing is waited for. How long it takes is told, and hangs on what else the machine does.
            console.log(`      pulumi ${command[0]} refused after ${seconds.toFixed(1)} s`);
            assert.ok(seconds < 60, `${seconds} s; rollout.timeoutSeconds is 600`);
            assert.match(text, /in https:\/\/\S+ \(context embedded, by kubernetes:context\)/);
            assert.match(
                text,
                /leads to https:\/\/\S+ \(context other, by rollout.context\), and finds one with the uid/,
            );
        }
        assert.ok(!(await values()).includes("eu-test-8"));
        assert.equal(await there(), atFirst);
    });

    const others = [
        ["only grows drives", { storageSize: "3Gi" }],
        ["only takes a set of snapshots", { snapshots: { className, sets: ["one", "two"] } }],
        ["restores in place", { restoreFrom: { set: "one", confirm: "replace the data of minio" } }],
        ["makes a new root password", { partition: 0, credentialsRevision: 2 }],
    ] as const;
    for (const [what, changes] of others.filter((_, index) => isLong || index === 2)) {
        it(`is refused as well where an up ${what}, which changes neither cluster`, async () => {
            const before = await data();
            await project.configure({ environment: { MINIO_REGION: "eu-test-7" }, ...changes });
            for (const command of [["preview"], up]) {
                const { code, text } = await project.execute(...command);
                assert.notEqual(code, 0);
                assert.match(text, /leads to another Kubernetes cluster than Pulumi's provider/);
            }
            assert.deepEqual(await data(), before);
            assert.equal(await there(), atFirst);
            await project.configure(own);
        });
    }

    itInLongForm("has the servers restarted once the context is right", async () => {
        await project.configure({ environment: { MINIO_REGION: "eu-test-8" }, rollout: { timeoutSeconds: 120 } });
        await project.succeed("up", "--yes", "--skip-preview");
        assert.equal((await values()).split(" ").filter((value) => value === "eu-test-8").length, 2);
        assert.equal(await there(), atFirst);
    });

    it("is the one in which a MinioAccess of another stack makes its bucket", async () => {
        const access = new Project(`${namespace}-access`, "tests/e2e/programs/access.ts");
        access.environment.KUBECONFIG = contexts;
        try {
            await access.init({ cluster: namespace, declared: { buckets: [{ name: "data" }] } });
            await access.succeed("config", "set", "kubernetes:context", "embedded");
            assert.match(await access.succeed("preview"), /bucket 'data' is made/);
            assert.match(await access.succeed(...up), /bucket 'data' is made/);
            await access.succeed("config", "set", "kubernetes:context", "other");
            for (const command of [["preview"], up]) {
                const { code, text } = await access.execute(...command);
                assert.notEqual(code, 0);
                assert.match(text, /its buckets and users in another Kubernetes cluster, .* \(context embedded, /);
            }
            await access.succeed("config", "set", "kubernetes:context", "embedded");
            await access.succeed("destroy", "--run-program", "--yes", "--skip-preview");
        } finally {
            await access.remove();
        }
        assert.equal(await there(), atFirst);
    });
});

describe("a provider that is inherited, and whose kubeconfig is a secret of the same program", () => {
    stepByStep();
    const project = new Project("e2e-given-provider", "tests/e2e/programs/givenProvider.ts");
    // Nothing but the provider leads to the cluster.
    project.environment.KUBECONFIG = "/nonexistent";
    before(async () => {
        await project.init({ kubeconfig: embedded, context: clusterId, region: "eu-test-1" });
    });
    after(() => project.remove());

    it("is not known in the first preview, which says what it could not check", async () => {
        const text = await project.succeed("preview");
        assert.match(
            text,
            /not checked: whether the Kubernetes cluster has what the arguments name, as it is not known in this run/,
        );
    });

    it("is where the servers start, and makes no output a secret but the password", async () => {
        await project.succeed("up", "--yes", "--skip-preview");
        const shown = await project.succeed("stack", "output", "--json");
        const { endpoint, minioNamespace, topology, ready, rootPassword } = JSON.parse(shown);
        assert.equal(endpoint, "http://minio.e2e-given-provider.svc.cluster.local:9000");
        assert.deepEqual([minioNamespace, topology.servers, ready], [project.namespace, 4, true]);
        assert.equal(rootPassword, "[secret]");
    });

    itInLongForm("is where a change is previewed and rolled out", async () => {
        await project.configure({ region: "eu-test-2" });
        assert.match(await project.succeed("preview"), /MINIO_REGION/);
        // It has nothing but the stack's state either, where the kubeconfig is a secret.
        const command = [join(checkout, "command/main.ts"), "status", "--stack", "test"];
        const options = { cwd: project.folder, env: project.environment };
        const { code, text } = await execute(join(checkout, "node_modules/.bin/tsx"), command, options);
        assert.equal(code, 1, text);
        assert.match(text, /^minio in the namespace e2e-given-provider: something needs care/m);
        assert.match(text, /^differs: update StatefulSet minio: spec\.template\.spec\.containers/m);
        await project.succeed("up", "--yes", "--skip-preview");
    });

    itInLongForm("is enough for mode Native too", async () => {
        await project.configure({ mode: "Native" });
        await project.succeed("up", "--yes", "--skip-preview");
    });

    it("is reached through the proxy of HTTPS_PROXY, by requests and by port-forwards", async () => {
        const proxy = new ConnectProxy();
        const env = { HTTPS_PROXY: process.env.HTTPS_PROXY, NO_PROXY: process.env.NO_PROXY };
        Object.assign(process.env, { HTTPS_PROXY: await proxy.start(), NO_PROXY: "" });
        try {
            const kubernetes = await connect({ kubeconfig: embedded, by: "a test" });
            const server = new URL(kubernetes.where.split(" ")[0]).host;
            assert.ok(await kubernetes.statefulSet(project.namespace, "minio"));
            assert.deepEqual([...new Set(proxy.targets)], [server]);
            const before = proxy.targets.length;
            const request = { method: "GET", path: "/minio/health/live", headers: {} };
            const { status } = await kubernetes.send(project.namespace, "minio-0", "http", request);
            assert.equal(status, 200);
            assert.ok(proxy.targets.length > before, "the port-forward went past the proxy");
        } finally {
            for (const [name, value] of Object.entries(env)) {
                if (value === undefined) {
                    delete process.env[name];
                } else {
                    process.env[name] = value;
                }
            }
            await proxy.stop();
        }
    });
});
