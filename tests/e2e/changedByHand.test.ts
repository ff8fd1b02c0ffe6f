import assert from "node:assert/strict";
import { connect } from "../../components/kubernetes/connect";
import { minioAdmin } from "../../components/live/admin";
import { itInLongForm } from "../support/longForm";
import { kubectl, kubectlJson, Project } from "../support/project";
import { stepByStep } from "../support/stepByStep";
import { until } from "../support/until";

/**
 * What somebody did with kubectl, and another way of restarting servers: the next `up` neither overlooks it nor
 * restarts too many.
 */
describe("a cluster that somebody changes by hand", () => {
    stepByStep();
    const project = new Project("e2e-by-hand");
    const inNamespace = `--namespace=${project.namespace}`;
    const up = (...flags: string[]) => project.succeed("up", "--yes", "--skip-preview", ...flags);
    const pods = async (): Promise<any[]> =>
        (await kubectlJson("get", "pods", inNamespace, "--selector=app=minio")).items.sort((a: any, b: any) =>
            a.metadata.name < b.metadata.name ? -1 : 1,
        );
    const uids = async () => (await pods()).map(({ metadata }) => metadata.uid);
    const statefulSet = () => kubectlJson("get", "statefulset", "minio", inNamespace);
    const timeZones = async () =>
        (await pods()).map(({ spec }) => spec.containers[0].env.find(({ name }: any) => name === "TZ")?.value);
    const untilReady = () =>
        until("all servers are ready", async () => (await statefulSet()).status.readyReplicas === 4);

    before(async () => {
        await project.init({ rollout: { timeoutSeconds: 240 } });
        await up();
    });
    after(() => project.remove());

    it("gets its servers back that were scaled away", async () => {
        const before = await uids();
        await kubectl("scale", "statefulset", "minio", inNamespace, "--replicas=3");
        await until("the server is gone", async () => (await pods()).length === 3);
        assert.match(await up(), /minio: 3 servers -> 4, as the program wants; somebody scaled the StatefulSet/);
        assert.deepEqual((await uids()).slice(0, 3), before.slice(0, 3));
        assert.equal((await statefulSet()).status.readyReplicas, 4);
        await up("--expect-no-changes");
    });

    it("tells which drives work, by MinIO's own word", async () => {
        const { rootUser, rootPassword } = await project.outputs();
        const kubernetes = await connect({ by: "this test" });
        const send = kubernetes.send.bind(null, project.namespace, "minio-1", "http");
        const { drives, writeQuorums } = await minioAdmin(send, { rootUser, rootPassword }).storage();
        assert.deepEqual(writeQuorums, [3]);
        assert.deepEqual(
            drives.sort((a, b) => (a.server < b.server ? -1 : 1)),
            [0, 1, 2, 3].map((ordinal) => ({ server: `minio-${ordinal}`, pool: 0, set: 0, works: true })),
        );
    });

    it("refuses a new root password with a partition before the Secret has it", async () => {
        const secret = async () => (await kubectlJson("get", "secret", "minio-secret", inNamespace)).metadata;
        const { uid, resourceVersion } = await secret();
        await project.configure({ partition: 2, credentialsRevision: 2 });
        const { code, text } = await project.execute("up", "--yes", "--skip-preview");
        assert.notEqual(code, 0, text);
        assert.match(text, /partition: 2 is not allowed with a change of root credentials/);
        const now = await secret();
        assert.deepEqual([now.uid, now.resourceVersion], [uid, resourceVersion]);
        await project.configure({ credentialsRevision: undefined, partition: undefined });
        await up("--expect-no-changes");
    });

    itInLongForm(
        "refuses to go back to a root password whose number the servers have, and goes on to the next one",
        async () => {
            const secret = async () => (await kubectlJson("get", "secret", "minio-secret", inNamespace)).data;
            const before = await secret();
            // As an update leaves it that ends before it comes to the StatefulSet.
            const urns = await project.succeed("stack", "--show-urns");
            const targets = [/urn:\S+:RandomPassword::\S+/, /urn:\S+:Secret::minio-secret\b/].flatMap((urn) => [
                "--target",
                urn.exec(urns)?.[0] as string,
            ]);
            await project.configure({ credentialsRevision: 2 });
            await up(...targets);
            const left = await secret();
            assert.notDeepEqual(left, before);
            await project.configure({ credentialsRevision: undefined });
            for (const operation of [["preview"], ["up", "--yes", "--skip-preview"]]) {
                const { code, text } = await project.execute(...operation);
                assert.notEqual(code, 0, text);
                assert.match(
                    text,
                    /credentialsRevision: 1: servers that run, .* Take a number that no server has, such as 2/,
                );
            }
            assert.deepEqual(await secret(), left);
            await project.configure({ credentialsRevision: 2 });
            await up();
            assert.deepEqual(await secret(), left);
            await up("--expect-no-changes");
        },
    );

    it("says how to get a StatefulSet back that was deleted, which keeps its servers", async () => {
        const before = await uids();
        await kubectl("delete", "statefulset", "minio", inNamespace, "--cascade=orphan");
        const { code, text } = await project.execute("up", "--yes", "--skip-preview");
        assert.notEqual(code, 0);
        assert.match(text, /the StatefulSet minio in the namespace e2e-by-hand is gone, .* Run pulumi up --refresh/);
        await up("--refresh");
        assert.deepEqual(await uids(), before);
        await untilReady();
    });

    it("goes over to OnDelete, and restarts nothing", async () => {
        const before = await uids();
        await project.configure({ updateStrategy: "OnDelete", environment: { TZ: "UTC" } });
        assert.match(await project.succeed("preview"), /rollout Guided → OnDelete: nothing restarts/);
        await up();
        assert.deepEqual((await statefulSet()).spec.updateStrategy, { type: "OnDelete" });
        assert.deepEqual(await uids(), before);
    });

    it("goes back to the guided rollout with a change that waits, and evicts only whom the partition releases", async () => {
        const before = await uids();
        await project.configure({ updateStrategy: undefined, partition: 3 });
        assert.match(await project.succeed("preview"), /rollout OnDelete → Guided: .* each when MinIO can miss it/);
        const reasons = new Set<string>();
        const running = project.start("up", "--yes", "--skip-preview");
        while (running.process.exitCode === null) {
            for (const { status } of await pods()) {
                const target = status.conditions?.find(({ type }: any) => type === "DisruptionTarget");
                reasons.add(target?.reason);
            }
        }
        const { code, text } = await running.ended;
        assert.equal(code, 0, text);
        assert.match(text, /minio: partition 4 -> 3, lets minio-3 restart/);
        assert.deepEqual(await timeZones(), [undefined, undefined, undefined, "UTC"]);
        assert.deepEqual((await uids()).slice(0, 3), before.slice(0, 3));
        assert.ok(reasons.has("EvictionByEvictionAPI"), "it was not evicted");
    });

    itInLongForm(
        "goes over to Kubernetes' pace and back with a change that waits, and restarts none that the partition keeps",
        async () => {
            const before = await uids();
            await project.configure({
                rollout: { mode: "Native", timeoutSeconds: 240 },
                partition: 4,
                environment: { TZ: "CET" },
            });
            await up();
            assert.deepEqual(await uids(), before);
            await project.configure({ rollout: { timeoutSeconds: 240 } });
            const text = await up();
            assert.equal((await statefulSet()).spec.updateStrategy.rollingUpdate.partition, 4, text);
            assert.deepEqual((await uids()).slice(0, 3), before.slice(0, 3));
        },
    );

    itInLongForm("restarts a server past a budget that lets none go, and says so", async () => {
        const patch = '{"spec":{"minAvailable":4}}';
        await kubectl("patch", "poddisruptionbudget", "minio-pdb", inNamespace, "--type=merge", `--patch=${patch}`);
        await project.configure({ partition: 3, environment: { TZ: "CET" } });
        const text = await up();
        assert.match(text, /minio-3: its disruption budget does not let it restart now: .*minio-pdb/);
        assert.equal((await timeZones())[3], "CET");
    });

    itInLongForm("names a server whose node does not say that it ended, and how to go on", async () => {
        const finalizer = '{"metadata":{"finalizers":["example.org/a-node-that-is-gone"]}}';
        await kubectl("patch", "pod", "minio-0", inNamespace, "--type=merge", `--patch=${finalizer}`);
        await kubectl("delete", "pod", "minio-0", inNamespace, "--wait=false", "--grace-period=1");
        const { code, text } = await project.execute("up", "--yes", "--skip-preview");
        assert.notEqual(code, 0);
        assert.match(text, /nothing says that minio-0 ended, long after the time for it: the node is lost/);
        await kubectl(
            "patch",
            "pod",
            "minio-0",
            inNamespace,
            "--type=merge",
            '--patch={"metadata":{"finalizers":null}}',
        );
        await up();
        await untilReady();
    });
});
