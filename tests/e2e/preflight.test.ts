import assert from "node:assert/strict";
import { snapshotClass, storageClass } from "../../devcluster/cluster/storage";
import { ConstantLoad, untilAcknowledged } from "../support/load";
import { isLong, itInLongForm, refusingCommands } from "../support/longForm";
import { execute, kubectl, kubectlJson, Project } from "../support/project";
import { apply, Refusal } from "../support/refusals";
import { makeBucket, s3Of, targetOf } from "../support/s3";
import { stepByStep } from "../support/stepByStep";

/** What would fail is said before anything is touched; and what only Kubernetes knows, soon after. */
describe("what the Kubernetes cluster does not have, or refuses", () => {
    stepByStep();
    const project = new Project("e2e-preflight");
    const inNamespace = `--namespace=${project.namespace}`;
    const made = ["storageclass/e2e-fixed", "volumesnapshotclass/e2e-other-driver", "volumesnapshotclass/e2e-failing"];
    const generation = async () => (await kubectlJson("get", "statefulset", "minio", inNamespace)).metadata.generation;
    const sizes = async () => {
        const { items } = await kubectlJson("get", "pvc", inNamespace);
        return [...new Set(items.map(({ spec }: any) => spec.resources.requests.storage))];
    };
    const refusals: Refusal[] = [];
    let load: ConstantLoad | undefined;

    before(async () => {
        await project.init({ storageSize: "1Gi", rollout: { timeoutSeconds: 25 } });
        const { metadata, ...fixed } = await kubectlJson("get", "storageclass", storageClass);
        apply({ ...fixed, metadata: { name: "e2e-fixed" }, allowVolumeExpansion: false });
        const { driver } = await kubectlJson("get", "volumesnapshotclass", snapshotClass);
        const snapshots = {
            apiVersion: "snapshot.storage.k8s.io/v1",
            kind: "VolumeSnapshotClass",
            deletionPolicy: "Delete",
        };
        apply({ ...snapshots, metadata: { name: "e2e-other-driver" }, driver: "csi.example.org" });
        const parameters = {
            "csi.storage.k8s.io/snapshotter-secret-name": "not-there",
            "csi.storage.k8s.io/snapshotter-secret-namespace": project.namespace,
        };
        apply({ ...snapshots, metadata: { name: "e2e-failing" }, driver, parameters });
        await kubectl("create", "namespace", project.namespace);
        const secret = ["create", "secret", "generic", "creds", inNamespace];
        await kubectl(...secret, "--from-literal=root-user=ad", "--from-literal=root-password=sh0rt");
    });
    after(async () => {
        await load?.stop();
        for (const refusal of refusals) {
            await refusal.end();
        }
        await execute("kubectl", ["delete", "--ignore-not-found", ...made]);
        await execute("kubectl", ["delete", "volumeattributesclass", "e2e-gold", "--ignore-not-found", "--wait=false"]);
        await project.remove();
    });

    it("is named by the preview, all at once and each at its argument, and nothing of a Secret is shown", async () => {
        await kubectl("create", "quota", "q", "--hard=pods=2", inNamespace);
        await project.configure({
            storageClassName: "no-such-class",
            priorityClassName: "no-such-class",
            existingSecretName: "creds",
            tls: { secretName: "not-there" },
            snapshots: { className: "no-such-class", sets: ["one"] },
        });
        for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
            const { code, text } = await project.execute(...command);
            assert.notEqual(code, 0, text);
            if (command[0] === "preview") {
                assert.match(text, /does not have what MinioCluster 'minio' asks for:/);
                assert.match(
                    text,
                    /storageClassName: there is no StorageClass 'no-such-class', .*: use one of .*csi-hostpath-sc/,
                );
                assert.match(text, /priorityClassName: there is no PriorityClass 'no-such-class'/);
                assert.match(text, /tls.secretName: there is no Secret 'not-there' in the namespace e2e-preflight/);
                assert.match(text, /snapshots.className: there is no VolumeSnapshotClass 'no-such-class'/);
                assert.match(
                    text,
                    /replicas: the ResourceQuota 'q' allows pods 2, of which 0 is used, and 4 more are needed/,
                );
            }
            assert.match(text, /existingSecretName: the Secret .*: root-user: use at least 3 letters/);
            assert.match(text, /existingSecretName: the Secret .*: root-password: MinIO wants at least 8/);
            assert.ok(!text.includes("sh0rt"));
            assert.notEqual((await execute("kubectl", ["get", "statefulset", "minio", inNamespace])).code, 0);
        }
        await kubectl("delete", "quota", "q", inNamespace);
        const none = Object.fromEntries(
            ["priorityClassName", "existingSecretName", "tls", "snapshots"].map((key) => [key, undefined]),
        );
        await project.configure({ ...none, storageClassName: "e2e-fixed" });
        await project.succeed("up", "--yes", "--skip-preview");
    });

    itInLongForm(
        "keeps a growth back that the StorageClass does not allow, in the preview and without one",
        async () => {
            const before = await generation();
            await project.configure({ storageSize: "2Gi" });
            for (const command of refusingCommands) {
                const { code, text } = await project.execute(...command);
                assert.notEqual(code, 0, text);
                assert.match(
                    text,
                    /storageSize: 1Gi cannot become 2Gi: the StorageClass 'e2e-fixed' does not let volumes grow/,
                );
            }
            assert.equal(await generation(), before);
            await project.configure({ storageSize: "1Gi" });
            await project.succeed("up", "--yes", "--skip-preview");
        },
    );

    itInLongForm("can be a growth that is refused later, which is then taken back", async () => {
        // The class says yes now, so that only Kubernetes knows.
        await kubectl("patch", "storageclass", "e2e-fixed", "--patch", '{"allowVolumeExpansion":true}');
        const refusal = new Refusal(project.namespace, "growth", {
            group: "",
            resources: ["persistentvolumeclaims"],
            operation: "UPDATE",
            unless: "object.spec.resources.requests == oldObject.spec.resources.requests || object.metadata.name != 'data-minio-1'",
            message: "this drive is large enough",
        });
        refusals.push(refusal);
        const grow = ["patch", "pvc", "data-minio-1", inNamespace, "--dry-run=server", "--patch"];
        const patch = '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}';
        await refusal.begin(async () => (await execute("kubectl", [...grow, patch])).text.includes("large enough"));
        await project.configure({ storageSize: "2Gi" });
        const { code, text } = await project.execute("up", "--yes", "--skip-preview");
        assert.notEqual(code, 0, text);
        assert.match(
            text,
            /storageSize: data-minio-1 may not grow from 1Gi to 2Gi: .*this drive is large enough.*set storageSize back to 1Gi/s,
        );
        assert.doesNotMatch(text, /a right is missing/);
        assert.deepEqual(await sizes(), ["1Gi"]);
        await project.configure({ storageSize: "1Gi" });
        await project.succeed("preview");
        await project.succeed("up", "--yes", "--skip-preview");
        await refusal.end();
        await project.configure({ storageSize: "2Gi" });
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual(await sizes(), ["2Gi"]);
        await project.configure({ storageSize: "1Gi" });
        const shrunk = await project.execute("preview");
        assert.match(shrunk.text, /storageSize: 2Gi cannot become 1Gi: a volume cannot shrink/);
        await project.configure({ storageSize: "2Gi" });
    });

    itInLongForm(
        "is a VolumeAttributesClass; one that is there comes into the claims, as annotations do, and nothing restarts",
        async () => {
            const before = await kubectl("get", "pods", inNamespace, "--output=jsonpath={.items[*].metadata.uid}");
            const claims = async () =>
                (await kubectlJson("get", "pvc", inNamespace)).items.map(({ metadata, spec }: any) => [
                    metadata.annotations["example.org/keep"],
                    spec.volumeAttributesClassName,
                ]);
            await project.configure({ volumeAttributesClassName: "e2e-gold" });
            const { code, text } = await project.execute("preview");
            assert.notEqual(code, 0, text);
            // A Kubernetes before 1.34 has no such classes, and would drop the name silently.
            const hasKind = (await execute("kubectl", ["get", "volumeattributesclasses"])).code === 0;
            const reason = hasKind ? "there is no VolumeAttributesClass 'e2e-gold'" : "the cluster does not know";
            assert.match(text, new RegExp(`volumeAttributesClassName: ${reason}`));
            if (hasKind) {
                const { provisioner: driverName } = await kubectlJson("get", "storageclass", storageClass);
                const metadata = { name: "e2e-gold" };
                const kind = { apiVersion: "storage.k8s.io/v1", kind: "VolumeAttributesClass" };
                apply({ ...kind, metadata, driverName, parameters: { iops: "1" } });
            } else {
                await project.configure({ volumeAttributesClassName: undefined });
            }
            await project.configure({ persistentVolumeClaimAnnotations: { "example.org/keep": "a year" } });
            await project.succeed("up", "--yes", "--skip-preview");
            assert.deepEqual(await claims(), Array(4).fill(["a year", hasKind ? "e2e-gold" : undefined]));
            await kubectl("annotate", "pvc", "data-minio-2", inNamespace, "example.org/keep-");
            await project.succeed("up", "--yes", "--skip-preview");
            assert.deepEqual((await claims())[2][0], "a year");
            await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
            assert.equal(
                await kubectl("get", "pods", inNamespace, "--output=jsonpath={.items[*].metadata.uid}"),
                before,
            );
        },
    );

    it("is a snapshot class of another driver; nobody waits for one that does not work", async () => {
        await makeBucket(await s3Of(project), "load");
        load = new ConstantLoad(await targetOf(project), "load", { writers: 4, readers: 0, maxAttempts: 1 });
        await untilAcknowledged(load, 20);
        const classes = [
            ["no-such-class", /snapshots.className: there is no VolumeSnapshotClass 'no-such-class'/],
            [
                "e2e-other-driver",
                /snapshots.className: .*'e2e-other-driver' is of the driver csi.example.org, .* could not cut them/,
            ],
            [
                "e2e-failing",
                /'one' was not taken: the snapshots cannot be made: .*cannot get credentials for snapshot content/,
            ],
        ] as const;
        // The last one alone is seen only when requests wait already.
        for (const [className, expected] of isLong ? classes : classes.slice(-1)) {
            await project.configure({ snapshots: { className, sets: ["one"], freezeTimeoutSeconds: 60 } });
            const { code, text } = await project.execute("up", "--yes", "--skip-preview");
            assert.notEqual(code, 0, text);
            assert.match(text, expected);
        }
        await untilAcknowledged(load, load.acknowledged.size + 20);
        await load.stop();
        const slowest = Math.max(...load.outcomes.map(({ start, end }) => end - start));
        process.stderr.write(`      the slowest request took ${(slowest / 1000).toFixed(1)} s\n`);
        assert.ok(slowest < 20_000, `a request took ${slowest} ms`);
        assert.deepEqual(await load.lost(), []);
        await project.configure({ snapshots: undefined });
        await project.succeed("up", "--yes", "--skip-preview");
    });

    itInLongForm(
        "can be a pod that Kubernetes refuses to make, which is told while the rollout waits and in the error",
        async () => {
            const refusal = new Refusal(project.namespace, "pods", {
                group: "",
                resources: ["pods"],
                operation: "CREATE",
                message: "no pod is made on a Thursday",
            });
            refusals.push(refusal);
            const pod = ["run", "probe", "--image=none", inNamespace, "--dry-run=server"];
            await refusal.begin(async () => (await execute("kubectl", pod)).text.includes("Thursday"));
            await project.configure({ environment: { MINIO_REGION: "eu-test-9" }, partition: 2 });
            const up = project.start("up", "--yes", "--skip-preview");
            await up.says(/servers do not come up: minio-3: FailedCreate: .*no pod is made on a Thursday/);
            const { code, text } = await up.ended;
            assert.notEqual(code, 0, text);
            assert.match(text, /no progress in 25 s.*Kubernetes says: minio-3: FailedCreate: .*Thursday/s);
            const told = text.indexOf("servers do not come up");
            assert.ok(told < text.indexOf("no progress in 25 s"), `it was not told while the rollout waited:\n${text}`);
            await refusal.end();
            // Kubernetes tries again ever more rarely.
            await project.configure({ rollout: { timeoutSeconds: 180 } });
            await project.succeed("up", "--yes", "--skip-preview");
        },
    );
});
