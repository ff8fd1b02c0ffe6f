import assert from "node:assert/strict";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { groupSnapshotClass } from "../../devcluster/cluster/storage";
import { type ConstantLoad, client } from "../support/load";
import { isLong, itInLongForm } from "../support/longForm";
import { execute, kubectl, kubectlJson, Project } from "../support/project";
import { Refusal } from "../support/refusals";
import { makeBucket, put, s3Of, targetOf } from "../support/s3";
import { deleteContents } from "../support/snapshotContents";
import { stepByStep } from "../support/stepByStep";
import { until } from "../support/until";
import { unreadable, whileUsed } from "../support/wholeness";

/** Sets that the storage cuts as one, of a cluster of two pools, and restores into a namespace beside it and in place. */
describe("sets of group snapshots", () => {
    stepByStep();
    const project = new Project("e2e-groups");
    const inNamespace = `--namespace=${project.namespace}`;
    const groupClassName = groupSnapshotClass;
    const retaining = `${groupClassName}-retain`;
    const pools = { replicas: 2, expansionPools: [{ replicas: 2 }] };
    const claims = ["data-minio-0", "data-minio-1", "data-minio-pool-1-0", "data-minio-pool-1-1"];
    let load: ConstantLoad;
    /** How many of the load's objects were acknowledged before the freeze. */
    let frozenAt = 0;

    const annotation = async (name: string) =>
        (await kubectlJson("get", "statefulset", "minio", inNamespace)).metadata.annotations?.[name];
    const snapshotsOf = async (set: string) =>
        (await kubectlJson("get", "volumesnapshots", inNamespace, `--selector=minio-cluster/snapshot-set=${set}`))
            .items;
    const idOf = async (set: string) =>
        JSON.parse((await kubectlJson("get", "configmap", `minio-snapshots-${set}`, inNamespace)).data["set.json"]).id;

    before(async () => {
        await kubectl("delete", "volumegroupsnapshotclass", retaining, "--ignore-not-found");
        await project.init(pools);
        await project.succeed("up", "--yes", "--skip-preview");
        await makeBucket(await s3Of(project), "load");
    });
    after(async () => {
        await project.remove();
        await deleteContents(project.namespace);
        await execute("kubectl", ["delete", "volumegroupsnapshotclass", retaining, "--ignore-not-found"]);
    });

    /** Runs `up` while clients write, read and delete, and none of them tries again. */
    async function upUnderLoad(prefix: string): Promise<{ text: string; load: ConstantLoad; before: number }> {
        const up = () => project.succeed("up", "--yes", "--skip-preview");
        const { result: text, load, before, atStall } = await whileUsed(await targetOf(project), prefix, up);
        assert.deepEqual(
            load.outcomes.filter(({ error }) => error).map(({ error }) => error),
            [],
        );
        return { text, load, before: text.includes("requests waited") ? atStall : before };
    }

    /** Whether a copy, in a namespace that is there already, has what it should. */
    async function restoresInto(namespace: string, set: string, load: ConstantLoad, before: number): Promise<void> {
        await kubectl("create", "namespace", namespace);
        const copy = new Project(namespace);
        try {
            const restoreFrom = { set, cluster: "minio", namespace: project.namespace };
            await copy.init({ createNamespace: false, name: "copy", ...pools, restoreFrom });
            await copy.succeed("up", "--yes", "--skip-preview");
            const target = await targetOf(copy);
            assert.deepEqual(await load.lost(target, before), []);
            assert.deepEqual(await unreadable(target, "load"), []);
        } finally {
            await copy.remove();
            await deleteContents(namespace);
        }
    }

    it("are taken of all pools at one instant, under load and without a failed request", async () => {
        await project.configure({ snapshots: { groupClassName, sets: ["monday"] } });
        assert.match(await project.succeed("preview"), /'monday' is taken once the cluster is ready; all requests/);
        let text: string;
        ({ text, load, before: frozenAt } = await upUnderLoad("monday-"));
        assert.match(text, /4 drives at one point in time; requests waited up to [\d.]+ s/);
        const snapshots = await snapshotsOf("monday");
        const of = (snapshot: any) => snapshot.spec.source.persistentVolumeClaimName;
        assert.deepEqual(snapshots.map(of).sort(), claims);
        const { items } = await kubectlJson("get", "volumegroupsnapshots", inNamespace);
        assert.deepEqual(
            items.map(({ metadata }: any) => metadata.name),
            ["minio-snapshots-monday"],
        );
    });

    itInLongForm("are not taken again, and are no drift", async () => {
        await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
        await project.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    });

    itInLongForm(
        "restore into another namespace what was acknowledged before, and nothing that cannot be read",
        async () => {
            await restoresInto("e2e-groups-copy", "monday", load, frozenAt);
        },
    );

    it("have, without a freeze, what was acknowledged before", async () => {
        const sets = ["monday", "crash"];
        await project.configure({ snapshots: { groupClassName, sets, consistency: "CrashConsistent" } });
        const crash = await upUnderLoad("crash-");
        assert.doesNotMatch(crash.text, /requests waited/);
        if (isLong) {
            await restoresInto("e2e-groups-crash", "crash", crash.load, crash.before);
        }
    });

    itInLongForm("say, where a restore in place has failed midway, how to go back, in commands that run", async () => {
        await put(await s3Of(project), "load", "before-the-failure", Buffer.from("kept"));
        // Not a quota: the update would be refused for it before anything is touched.
        const noClaims = new Refusal(project.namespace, "no-claims", {
            group: "",
            resources: ["persistentvolumeclaims"],
            operation: "CREATE",
            message: "no claim is made here",
        });
        const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "probe" } };
        const resources = { requests: { storage: "1Gi" } };
        const probe = JSON.stringify({ ...claim, spec: { accessModes: ["ReadWriteOnce"], resources } });
        await noClaims.begin(async () => {
            const { text } = await project.shellCode(
                `kubectl create ${inNamespace} --dry-run=server --filename=- <<< '${probe}'`,
            );
            return text.includes("no claim is made here");
        });
        await project.configure({ restoreFrom: { set: "monday", confirm: "replace the data of minio" } });
        const { code, text } = await project.execute("up", "--yes", "--skip-preview");
        await noClaims.end();
        assert.notEqual(code, 0);
        assert.match(text, /no claim is made here.* All servers are stopped, and all replaced volumes are kept/s);
        const { items } = await kubectlJson("get", "pvc", inNamespace);
        assert.ok(items.length < claims.length, "nothing was replaced");
        await project.configure({ restoreFrom: undefined, labels: { team: "storage" } });
        const refused = await project.execute("up", "--yes", "--skip-preview");
        assert.notEqual(refused.code, 0);
        assert.match(refused.text, /was begun and not ended: put restoreFrom back/);
        const [commands] = /^ *kubectl scale statefulset[\s\S]*?minio-pool-1 .*--replicas 2$/m.exec(text) ?? [];
        assert.ok(commands, text);
        await project.shell(commands);
        await project.succeed("up", "--yes", "--skip-preview");
        const target = await targetOf(project);
        await client(target).send(new GetObjectCommand({ Bucket: "load", Key: "before-the-failure" }));
        assert.deepEqual(await load.lost(target), []);
        assert.deepEqual(await unreadable(target, "load"), []);
    });

    it("go back in place in spite of a program that is killed midway, and of lost StatefulSets", async () => {
        await put(await s3Of(project), "load", "after-the-set", Buffer.from("later"));
        const restoreFrom = { set: "monday", confirm: "replace the data of minio" };
        await project.configure({ restoreFrom });
        const up = project.start("up", "--yes", "--skip-preview");
        const restored = async () => {
            const { items } = await kubectlJson("get", "pvc", inNamespace);
            return items.filter(({ metadata }: any) => metadata.annotations?.["minio-cluster/restored-from"]).length;
        };
        await up.says(/data-minio-1: keeps its volume/); // The one before is restored.
        await up.killTree();
        assert.notEqual(await annotation("minio-cluster/restoring"), undefined);
        const midway = await restored();
        assert.ok(midway > 0 && midway < claims.length, `it was killed with ${midway} claims restored`);
        await project.succeed("cancel", "--yes");
        // As a destroy does. The claims alone know of it then.
        await kubectl("delete", "statefulset", "minio", "minio-pool-1", inNamespace);
        await project.configure({ restoreFrom: undefined });
        const refused = await project.execute("preview", "--refresh");
        await project.configure({ restoreFrom });
        assert.notEqual(refused.code, 0, refused.text);
        assert.match(refused.text, /was begun and not ended: put restoreFrom back/);
        await project.succeed("up", "--refresh", "--yes", "--skip-preview");
        assert.equal(await restored(), claims.length);
        assert.equal(await annotation("minio-cluster/restoring"), undefined);
        const target = await targetOf(project);
        assert.deepEqual(await load.lost(target, frozenAt), []);
        assert.deepEqual(await unreadable(target, "load"), []);
        await assert.rejects(client(target).send(new GetObjectCommand({ Bucket: "load", Key: "after-the-set" })));
        await project.configure({ restoreFrom: undefined });
        await project.succeed("up", "--yes", "--skip-preview");
    });

    it("are deleted with all their snapshots when their name is removed", async () => {
        await project.configure({ snapshots: { groupClassName, sets: ["monday"] } });
        await project.succeed("up", "--yes", "--skip-preview");
        await until(
            "Kubernetes deletes the snapshots after their group",
            async () => (await snapshotsOf("crash")).length === 0,
        );
        assert.equal((await snapshotsOf("monday")).length, claims.length);
    });

    itInLongForm(
        "survive the loss of their namespace, and are told apart from an earlier set of the same name",
        async () => {
            const { apiVersion, kind, driver } = await kubectlJson("get", "volumegroupsnapshotclass", groupClassName);
            const keeping = { apiVersion, kind, metadata: { name: retaining }, driver, deletionPolicy: "Retain" };
            await project.shell(`kubectl create --filename - <<< '${JSON.stringify(keeping)}'`);
            const s3 = await s3Of(project);
            await project.configure({ snapshots: { groupClassName: retaining, sets: ["tuesday"] } });
            await project.succeed("up", "--yes", "--skip-preview");
            const first = await idOf("tuesday");
            await project.configure({ snapshots: { groupClassName: retaining, sets: [] } });
            await project.succeed("up", "--yes", "--skip-preview");
            await put(s3, "load", "last", Buffer.from("last"));
            await project.configure({ snapshots: { groupClassName: retaining, sets: ["tuesday"] } });
            await project.succeed("up", "--yes", "--skip-preview");
            const second = await idOf("tuesday");
            await kubectl("delete", "namespace", project.namespace, "--wait", "--timeout=120s");
            await project.succeed("refresh", "--yes");
            await project.configure({ snapshots: undefined, restoreFrom: { set: "tuesday" } });
            const { code, text } = await project.execute("up", "--yes", "--skip-preview");
            assert.notEqual(code, 0);
            assert.match(text, /the storage system has snapshots of 2 sets of that name: /);
            for (const id of [first, second]) {
                assert.ok(text.includes(`${id}, taken at `), `${id} is not shown`);
            }
            await project.configure({ restoreFrom: { set: "tuesday", id: second } });
            await project.succeed("up", "--yes", "--skip-preview");
            const target = await targetOf(project);
            assert.deepEqual(await unreadable(target, "load"), []);
            assert.deepEqual(await load.lost(target, frozenAt), []);
            await client(target).send(new GetObjectCommand({ Bucket: "load", Key: "last" }));
        },
    );
});
