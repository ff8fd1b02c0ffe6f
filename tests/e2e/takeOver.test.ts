import assert from "node:assert/strict";
import { snapshotClass } from "../../devcluster/cluster/storage";
import { isLong, itInLongForm } from "../support/longForm";
import { kubectl, kubectlJson, Project } from "../support/project";
import { stepByStep } from "../support/stepByStep";

/**
 * What is there before Pulumi makes it. Without server-side apply the Kubernetes provider has always refused to create it again;
 * since 4.29 it refuses with server-side apply too.
 */
for (const serverSideApply of isLong ? ["true", "false"] : ["false"]) {
    describe(`objects that are there already, with enableServerSideApply ${serverSideApply}`, () => {
        stepByStep();
        const project = new Project(`e2e-take-over-${serverSideApply}`);
        project.environment.PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY = serverSideApply;
        const inNamespace = `--namespace=${project.namespace}`;
        const objectsOf = async (set: string) => {
            const label = `--selector=minio-cluster/snapshot-set=${set}`;
            const { items } = await kubectlJson("get", "volumesnapshots,configmaps", inNamespace, label);
            return items.map(({ metadata }: any) => `${metadata.name} ${metadata.uid}`).sort();
        };
        let taken: string[];

        before(() => project.init({ replicas: 2 }));
        after(() => project.remove());

        it("are the snapshots of a set, which the program makes and Pulumi takes over", async () => {
            await project.configure({ snapshots: { className: snapshotClass, sets: ["one"] } });
            await project.succeed("up", "--yes", "--skip-preview");
            taken = await objectsOf("one");
            assert.equal(taken.length, 3, "two snapshots and their record");
        });

        itInLongForm("are no change and no drift afterwards", async () => {
            await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
            await project.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes");
            await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
            assert.deepEqual(await objectsOf("one"), taken);
        });

        it("are taken over by a stack that has lost them", async () => {
            const { deployment } = JSON.parse(await project.succeed("stack", "export"));
            // Pulumi forgets nothing that another resource depends on, and a set's record is the last of it.
            for (const { urn, type } of deployment.resources.reverse()) {
                if (type.endsWith(":VolumeSnapshot") || type.endsWith(":ConfigMap")) {
                    await project.succeed("state", "delete", "--yes", urn);
                }
            }
            await project.succeed("preview");
            await project.succeed("up", "--yes", "--skip-preview");
            await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
            assert.deepEqual(await objectsOf("one"), taken);
        });

        it("go with the name of their set", async () => {
            await project.configure({ snapshots: { className: snapshotClass, sets: [] } });
            await project.succeed("up", "--yes", "--skip-preview");
            assert.deepEqual(await objectsOf("one"), []);
        });

        itInLongForm("are the namespace that outlived its stack, and the claims in it", async () => {
            await project.succeed("destroy", "--yes");
            const { metadata } = await kubectlJson("get", "namespace", project.namespace);
            await project.succeed("preview");
            await project.succeed("up", "--yes", "--skip-preview");
            await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
            const { metadata: now } = await kubectlJson("get", "namespace", project.namespace);
            assert.equal(now.uid, metadata.uid);
            await project.succeed("destroy", "--yes");
            await kubectl("get", "namespace", project.namespace);
        });
    });
}
