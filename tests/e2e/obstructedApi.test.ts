import assert from "node:assert/strict";
import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { itInLongForm } from "../support/longForm";
import { ObstructedApi } from "../support/obstructedApi";
import { kubectlJson, Project } from "../support/project";
import { stepByStep } from "../support/stepByStep";

/** As with security groups that open only kubelet's port, a private control plane, or strict mTLS. */
describe("an API server that does not reach the pods", () => {
    stepByStep();
    const project = new Project("e2e-obstructed");
    const api = new ObstructedApi(["proxy"]);
    const uids = async () => {
        const pods = await kubectlJson("get", "pods", `--namespace=${project.namespace}`, "--selector=app=minio");
        const byName = (a: any, b: any) => a.metadata.name.localeCompare(b.metadata.name);
        return pods.items.sort(byName).map(({ metadata }: any) => metadata.uid) as string[];
    };

    before(async () => {
        project.environment.KUBECONFIG = await api.start();
        await project.init({
            image: oldMinio.image,
            resources: { requests: { cpu: "10m", memory: "128Mi" } },
        });
    });
    after(async () => {
        await project.remove();
        await api.stop();
    });

    it("is no hindrance to a first up", async () => {
        await project.succeed("up", "--yes", "--skip-preview");
        assert.ok(api.seen.portforward > 0);
    });

    it("is no hindrance to a change of the version, which restarts one server after another", async () => {
        const before = await uids();
        await project.configure({ image: newMinio.image, partition: 2 });
        await project.succeed("up", "--yes", "--skip-preview");
        const after = await uids();
        assert.deepEqual(
            after.map((uid) => before.includes(uid)),
            [true, true, false, false],
        );
    });

    it("is told of within seconds, with what was tried, where kubelet cannot be reached either", async () => {
        api.obstructed = ["proxy", "portforward"];
        const before = await uids();
        await project.configure({ environment: { MINIO_SCANNER_SPEED: "fast" } });
        const from = Date.now();
        const { code, text } = await project.execute("up", "--yes", "--skip-preview");
        assert.notEqual(code, 0);
        assert.match(text, /no server can be asked for its health, though .* ready: minio-0, .*\. Tried for minio-0: /);
        assert.match(text, /through the API server \(pods\/proxy\): error trying to reach service: .*i\/o timeout; /);
        assert.match(text, /through its kubelet \(pods\/portforward\): Unexpected server response: 503\./);
        assert.ok(Date.now() - from < 120_000, `${Date.now() - from} ms; rollout.timeoutSeconds is 600`);
        assert.deepEqual(await uids(), before);
    });

    itInLongForm("goes on from there once one of the ways is open", async () => {
        api.obstructed = ["proxy"];
        await project.succeed("up", "--yes", "--skip-preview");
    });
});
