import assert from "node:assert/strict";
import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { itInLongForm } from "../support/longForm";
import { execute, kubectl, kubectlJson, Project } from "../support/project";
import { stepByStep } from "../support/stepByStep";

const oldImage = oldMinio.image;
const newImage = newMinio.image;

/** A cluster behind a NetworkPolicy that holds: devcluster/cluster/networkPolicies.ts enforces it. */
describe("networkPolicy, where it is enforced", () => {
    stepByStep();
    const project = new Project("e2e-policy");
    const { namespace } = project;
    const [clients, monitoring] = [`${namespace}-clients`, `${namespace}-monitoring`];
    const named = (name: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } });
    const entrants = { clients: [named(clients)], scrapers: [named(monitoring)] };
    const servers = async () =>
        (await kubectlJson("get", "pods", `--namespace=${namespace}`, "--selector=app=minio")).items as any[];

    /** What curl says in a pod: the status, or 000 when it gets no connection. */
    const statusIn = async (from: string, url: string, pod = "probe") => {
        const curl = ["curl", "--silent", "--output", "/dev/null", "--max-time", "4", "--write-out", "%{http_code}"];
        const { text } = await execute("kubectl", ["exec", pod, `--namespace=${from}`, "--", ...curl, url]);
        return text.slice(0, 3);
    };
    const api = `http://minio.${namespace}:9000/minio/health/live`;
    const console = `http://minio-console.${namespace}:9001/`;
    const metrics = `http://minio.${namespace}:9000/minio/metrics/v3/cluster/health`;
    /** From each namespace, to the API and to the console. */
    const reached = async () =>
        Object.fromEntries(
            await Promise.all(
                [namespace, clients, monitoring].map(async (from) => [
                    from,
                    (await Promise.all([api, console].map((url) => statusIn(from, url)))).join(" "),
                ]),
            ),
        );

    /** By a server, the pods of other namespaces. */
    const reachedByServer = async () =>
        Object.fromEntries(
            await Promise.all(
                [clients, monitoring].map(async (of) => {
                    const { status } = await kubectlJson("get", "pod", "probe", `--namespace=${of}`);
                    return [of, await statusIn(namespace, `http://${status.podIP}:7000/minio/health/live`, "minio-0")];
                }),
            ),
        );
    const imagesOfServers = async () =>
        Object.fromEntries((await servers()).map(({ metadata, spec }) => [metadata.name, spec.containers[0].image]));

    before(async () => {
        for (const name of [namespace, clients, monitoring]) {
            await kubectl("create", "namespace", name);
            // A program that answers: none but MinIO is in the image.
            const command = ["--command", "--", "minio", "server", "/tmp/drive", "--address=:7000"];
            await kubectl("run", "probe", `--namespace=${name}`, `--image=${oldImage}`, "--grace-period=1", ...command);
        }
        for (const name of [namespace, clients, monitoring]) {
            await kubectl("wait", "pod/probe", `--namespace=${name}`, "--for=condition=Ready", "--timeout=60s");
        }
        await project.init({
            createNamespace: false,
            replicas: 4,
            resources: { requests: { cpu: "10m", memory: "128Mi" }, limits: { cpu: "1", memory: "512Mi" } },
            image: oldImage,
            networkPolicy: {},
            environment: { MINIO_PROMETHEUS_AUTH_TYPE: "public" },
        });
    });
    after(async () => {
        await project.remove();
        for (const name of [clients, monitoring]) {
            await execute("kubectl", ["delete", "namespace", name, "--ignore-not-found", "--timeout=120s"]);
        }
    });

    it("lets the peers form a cluster, and the rollout see it", async () => {
        await project.succeed("up", "--yes", "--skip-preview");
        assert.equal((await servers()).length, 4);
    });

    it("keeps the API server out, or this would not show that the rollout works without it", async () => {
        const proxy = `/api/v1/namespaces/${namespace}/pods/http:minio-0:9000/proxy/minio/health/live`;
        const { code, text } = await execute("kubectl", ["get", `--raw=${proxy}`, "--request-timeout=4s"]);
        assert.notEqual(code, 0, text);
        assert.match(text, /Client.Timeout|deadline|i\/o timeout/);
        // A pod that no policy is about is reached so.
        const coredns = (await kubectlJson("get", "pods", "--namespace=kube-system", "--selector=k8s-app=kube-dns"))
            .items;
        const free = `/api/v1/namespaces/kube-system/pods/http:${coredns[0].metadata.name}:8181/proxy/ready`;
        assert.match(await kubectl("get", `--raw=${free}`), /OK/);
    });

    it("lets the pods of the namespace in, and nobody else, when it names no clients", async () => {
        assert.deepEqual(await reached(), { [namespace]: "200 200", [clients]: "000 000", [monitoring]: "000 000" });
        assert.deepEqual(await reachedByServer(), { [clients]: "200", [monitoring]: "200" }, "without egress");
    });

    itInLongForm("lets a version change through, one server after another", async () => {
        await project.configure({ image: newImage, partition: 2 });
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual(await imagesOfServers(), {
            "minio-0": oldImage,
            "minio-1": oldImage,
            "minio-2": newImage,
            "minio-3": newImage,
        });
    });

    it("lets in the clients and scrapers that it names, scrapers to the metrics' port only, and nobody else", async () => {
        await project.configure({
            networkPolicy: entrants,
            buckets: [{ name: "data" }],
            accesses: [{ name: "app", bucket: "data", namespace: clients }],
        });
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual(await reached(), { [namespace]: "000 000", [clients]: "200 200", [monitoring]: "200 000" });
        assert.equal(await statusIn(monitoring, metrics), "200");
    });

    it("lets buckets and accesses be made by a machine that it keeps out, such as one of CI", async () => {
        const { spec } = await kubectlJson("get", "service", "minio", `--namespace=${namespace}`);
        const signal = AbortSignal.timeout(4_000);
        await assert.rejects(fetch(`http://${spec.clusterIP}:9000/minio/health/live`, { signal }), {
            name: "TimeoutError",
        });
        const { data } = await kubectlJson("get", "secret", "minio-app", `--namespace=${clients}`);
        const [key, secret] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map((name) =>
            Buffer.from(data[name], "base64").toString(),
        );
        const script =
            `export MC_HOST_s3=http://${key}:${secret}@minio.${namespace}:9000; ` +
            "echo kept | mc pipe --quiet s3/data/object > /dev/null; mc cat s3/data/object";
        const said = await kubectl("exec", "probe", `--namespace=${clients}`, "--", "sh", "-ec", script);
        assert.equal(said.trim(), "kept");
    });

    it("keeps servers from whom it does not name, and a rollout goes on", async () => {
        // In the short form, the whole change of the version is here.
        await project.configure({ networkPolicy: { ...entrants, egress: [] }, image: newImage, partition: 0 });
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual(
            await imagesOfServers(),
            Object.fromEntries([0, 1, 2, 3].map((ordinal) => [`minio-${ordinal}`, newImage])),
        );
        assert.deepEqual(await reachedByServer(), { [clients]: "000", [monitoring]: "000" });
        assert.equal(await statusIn(clients, api), "200");
    });

    it("lets servers reach whom it names, and a set of snapshots be taken", async () => {
        await project.configure({
            networkPolicy: { ...entrants, egress: [named(clients)] },
            snapshots: { className: "csi-hostpath-snapclass", sets: ["one"] },
        });
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual(await reachedByServer(), { [clients]: "200", [monitoring]: "000" });
        const { items } = await kubectlJson("get", "volumesnapshots", `--namespace=${namespace}`);
        assert.deepEqual(
            items.map(({ status }: any) => status.readyToUse),
            [true, true, true, true],
        );
    });
});
