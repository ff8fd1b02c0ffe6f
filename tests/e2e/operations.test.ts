import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListBucketsCommand, type S3Client } from "@aws-sdk/client-s3";
import { parse } from "yaml";
import { kubeconfig } from "../../devcluster/paths";
import { isLong, itInLongForm } from "../support/longForm";
import { execute, kubectl, kubectlJson, Project, succeed } from "../support/project";
import { s3Of } from "../support/s3";
import { stepByStep } from "../support/stepByStep";

/** Operations of Pulumi that run the program, and are no `up` of the cluster. */
describe("a program that runs without an up of its cluster", () => {
    stepByStep();
    const project = new Project("e2e-operations");
    const inNamespace = `--namespace=${project.namespace}`;
    const className = "csi-hostpath-snapclass";
    const sizes = async () =>
        (await kubectlJson("get", "pvc", inNamespace)).items.map(({ spec }: any) => spec.resources.requests.storage);
    /** All that a rollout, a growth, a set, a restore, a hibernation or the end of a bucket would change. */
    const state = async () => {
        const { items: pods } = await kubectlJson("get", "pods", inNamespace);
        const { spec, metadata } = await kubectlJson("get", "statefulset", "minio", inNamespace);
        const { items: claims } = await kubectlJson("get", "pvc", inNamespace);
        return {
            claims: claims.map((claim: any) => [claim.metadata.name, claim.metadata.uid, claim.metadata.annotations]),
            replicas: spec.replicas,
            buckets: (await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name),
            pods: pods.map((pod: any) => [pod.metadata.name, pod.metadata.uid]).sort(),
            sizes: await sizes(),
            snapshots: await kubectl("get", "volumesnapshots", inNamespace, "--output=name"),
            strategy: spec.updateStrategy,
            generation: metadata.generation,
        };
    };
    let s3: S3Client;
    let atFirst: Awaited<ReturnType<typeof state>>;
    const made = {
        environment: {},
        storageSize: "1Gi",
        snapshots: { className, sets: ["first"] },
        buckets: [{ name: "data" }],
        restoreFrom: undefined,
        hibernate: false,
    };
    const changed = {
        environment: { MINIO_REGION: "eu-test-9" },
        storageSize: "2Gi",
        snapshots: { className, sets: ["first", "one"] },
        buckets: [],
    };

    const restoreFrom = { set: "first", confirm: "replace the data of minio" };

    before(async () => {
        await project.init(made);
        await project.succeed("up", "--yes", "--skip-preview");
        s3 = await s3Of(project);
        atFirst = await state();
        assert.deepEqual(atFirst.buckets, ["data"]);
    });
    after(() => project.remove());

    const untouched: [string, object][] = [
        ["restarts, grows, restores in place, takes a set, and removes a bucket", { ...changed, restoreFrom }],
        ["hibernates", { hibernate: true }],
    ];
    for (const [what, changes] of isLong ? untouched : untouched.slice(0, 1)) {
        it(`changes nothing in a refresh with --run-program and in an up of another target, where it ${what}`, async () => {
            await project.configure({ ...made, ...changes });
            await project.succeed("refresh", "--run-program", "--yes", "--skip-preview");
            assert.deepEqual(await state(), atFirst);
            const urns = await project.succeed("stack", "--show-urns");
            const urn = /urn:\S+kubernetes:core\/v1:Namespace::\S+/.exec(urns)?.[0];
            await project.succeed("up", "--yes", "--skip-preview", "--target", urn as string);
            assert.deepEqual(await state(), atFirst);
        });
    }

    itInLongForm("goes on with no rollout that an earlier up has left, until the next up", async () => {
        const hold = { spec: { updateStrategy: { rollingUpdate: { partition: 4 } } } };
        const template = { spec: { template: { metadata: { annotations: { left: "behind" } } } } };
        await project.configure(made);
        for (const change of [hold, template]) {
            await kubectl(
                "patch",
                "statefulset",
                "minio",
                inNamespace,
                "--type=merge",
                `--patch=${JSON.stringify(change)}`,
            );
        }
        const left = await state();
        const urn = /urn:\S+kubernetes:core\/v1:Namespace::\S+/.exec(
            await project.succeed("stack", "--show-urns"),
        )?.[0];
        await project.succeed("up", "--yes", "--skip-preview", "--target", urn as string);
        assert.deepEqual(await state(), left);
        const { code, text } = await project.execute("preview", "--expect-no-changes");
        assert.notEqual(code, 0, text);
        assert.match(
            text,
            /pulumi up also does what an earlier one has left, .*: minio-3, minio-2, minio-1, minio-0 restart, each when/,
        );
        assert.deepEqual(await state(), left);
        await project.succeed("up", "--yes", "--skip-preview");
        await project.succeed("preview", "--expect-no-changes");
        const { pods, strategy } = await state();
        assert.notDeepEqual(pods, left.pods);
        assert.equal(strategy.rollingUpdate?.partition ?? 0, 0);
    });

    it("grows and takes nothing in a destroy with --run-program", async () => {
        await project.configure({ ...made, ...changed, environment: {} });
        await project.succeed("destroy", "--run-program", "--yes");
        assert.deepEqual(await sizes(), ["1Gi", "1Gi", "1Gi", "1Gi"]);
        const snapshots = await kubectl("get", "volumesnapshots", inNamespace, "--output=name");
        assert.doesNotMatch(snapshots, /\/one-/);
    });
});

describe("a provider that writes files", () => {
    const project = new Project("e2e-rendered", "tests/e2e/programs/rendered.ts");
    const folder = mkdtempSync(join(tmpdir(), "rendered-"));
    const home = mkdtempSync(join(tmpdir(), "home-"));
    // A provider that writes files takes no kubeconfig. What else would lead to a cluster is there.
    mkdirSync(join(home, ".kube"));
    copyFileSync(kubeconfig, join(home, ".kube/config"));
    project.environment.HOME = home;
    delete project.environment.KUBECONFIG;
    after(async () => {
        await project.remove();
        rmSync(folder, { recursive: true, force: true });
        rmSync(home, { recursive: true, force: true });
    });

    it("gets the cluster's objects, and no Kubernetes cluster is asked", async () => {
        await project.init({ folder, region: "eu-test-1" });
        await project.succeed("up", "--yes", "--skip-preview");
        rmSync(join(home, ".kube"), { recursive: true });
        await project.configure({ region: "eu-test-2" });
        await project.succeed("up", "--yes", "--skip-preview");
        const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
            name.endsWith(".yaml"),
        );
        const statefulSet = files.find((name) => name.includes("statefulset")) as string;
        assert.match(readFileSync(join(folder, statefulSet), "utf8"), /eu-test-2/);
        const { code } = await execute("kubectl", ["get", "namespace", project.namespace]);
        assert.notEqual(code, 0, "the cluster was touched");
    });

    it("gets a LoadBalancer with a class and an address that an API server takes", async () => {
        const file = readdirSync(folder, { recursive: true, encoding: "utf8" }).find((name) =>
            /service-.*minio\.yaml$/.test(name),
        ) as string;
        const service = parse(readFileSync(join(folder, file), "utf8"));
        service.metadata.namespace = "default"; // The one that it is for is not there.
        const create = 'kubectl create --dry-run=server --output=json --filename=- <<< "$1"';
        const taken = JSON.parse(await succeed("bash", ["-c", create, "create", JSON.stringify(service)]));
        const { type, loadBalancerClass, loadBalancerIP, loadBalancerSourceRanges } = taken.spec;
        assert.deepEqual(
            [type, loadBalancerClass, loadBalancerIP, loadBalancerSourceRanges],
            ["LoadBalancer", "example.org/balancer", "192.0.2.10", ["198.51.100.0/24"]],
        );
    });
});
