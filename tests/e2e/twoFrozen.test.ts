import assert from "node:assert/strict";
import { snapshotClass } from "../../devcluster/cluster/storage";
import { describeInLongForm } from "../support/longForm";
import { kubectlJson, Project } from "../support/project";
import { neverCut, type Refusal } from "../support/refusals";
import { until } from "../support/until";

describeInLongForm("two clusters that freeze in one program", () => {
    const project = new Project("e2e-two-frozen", "tests/e2e/programs/two.ts");
    let uncut: Refusal | undefined;

    /** The set for which each is frozen. */
    async function frozenFor(): Promise<string[]> {
        const { items } = await kubectlJson("get", "statefulsets", "--namespace", project.namespace);
        return items.map(({ metadata }: any) => metadata.annotations["minio-cluster/frozen-for"]);
    }

    before(async () => {
        await project.init();
        await project.succeed("up", "--yes", "--skip-preview");
    });
    after(async () => {
        await uncut?.end();
        await project.remove();
    });

    it("both thaw when it is interrupted", async () => {
        uncut = await neverCut(project.namespace); // So that the freeze lasts for all of its time.
        const snapshots = { className: snapshotClass, sets: ["one"], freezeTimeoutSeconds: 300 };
        await project.configure({ snapshots });
        const up = project.start("up", "--yes", "--skip-preview");
        await until("both are frozen", async () => (await frozenFor()).join() === "one,one");
        up.process.kill("SIGINT"); // Pulumi passes it on, and kills the program some seconds later.
        const { code } = await up.ended;
        assert.notEqual(code, 0);
        assert.deepEqual(await frozenFor(), [undefined, undefined], up.text);
    });
});
