import assert from "node:assert/strict";
import { newMinio } from "../../devcluster/toolchain/versions";
import { isLong, itInLongForm, refusingCommands } from "../support/longForm";
import { execute, kubectl, kubectlJson, Project, succeed } from "../support/project";
import { stepByStep } from "../support/stepByStep";

/** What Pulumi's own options mean for a cluster. Each test goes on from where the one before left it. */
describe("a cluster's resource options", () => {
    stepByStep();
    const project = new Project("e2e-options", "tests/e2e/programs/options.ts");
    const inNamespace = `--namespace=${project.namespace}`;
    const urns = async () => {
        const { deployment } = JSON.parse(await project.succeed("stack", "export"));
        return deployment.resources.map(({ urn }: { urn: string }) => urn).sort();
    };

    const expansionPools = [{ replicas: 2, storageSize: "1Gi" }];
    /** How long each pod's other container sleeps. */
    const sidecars = async () => {
        const { items } = await kubectlJson("get", "pods", inNamespace, "--selector=app=minio");
        const containers = items.map(({ spec }: any) => spec.containers.find(({ name }: any) => name === "sidecar"));
        return containers.map((container: any) => container?.command.join(" ").match(/sleep (\d+)/)?.[1]);
    };
    const sleeps = isLong ? ["100000", "200000"] : ["100000"];
    const dashboardOnly = { serviceMonitor: false, rules: false };

    before(() => project.init({ image: newMinio.image, protect: true }));
    after(async () => {
        await execute("kubectl", ["delete", "job", "use", inNamespace, "--ignore-not-found"]);
        await project.remove();
    });

    it("dependsOn waits until the cluster serves", async () => {
        await project.succeed("up", "--yes", "--skip-preview");
        const { status } = await kubectlJson("get", "job", "use", inNamespace);
        assert.equal(status.succeeded, 1);
    });

    itInLongForm("dependsOn holds nothing up in a preview", async () => {
        await project.succeed("preview", "--expect-no-changes");
    });

    it("protect lets the root password be rotated", async () => {
        const before = await project.outputs();
        await project.configure({ args: { credentialsRevision: 2 } });
        await project.succeed("preview");
        await project.succeed("up", "--yes", "--skip-preview");
        assert.notEqual((await project.outputs()).rootPassword, before.rootPassword);
    });

    itInLongForm("protect lets the cluster grow while it is watched, and forget what only watches", async () => {
        await project.configure({ args: { credentialsRevision: 2, monitoring: dashboardOnly, networkPolicy: {} } });
        await project.succeed("up", "--yes", "--skip-preview");
        await project.configure({ args: { credentialsRevision: 2, monitoring: dashboardOnly, expansionPools } });
        await project.succeed("preview");
        await project.succeed("up", "--yes", "--skip-preview");
        assert.equal((await project.outputs()).topology.servers, 4);
    });

    it("protect keeps the StatefulSets and the addresses", async () => {
        const { code, text } = await project.execute("destroy", "--yes");
        assert.notEqual(code, 0);
        assert.match(text, /minio.* cannot be deleted|cannot be deleted/);
        const { items } = await kubectlJson("get", "statefulset,service,secret", inNamespace);
        const names = items.map(({ kind, metadata }: any) => `${kind} ${metadata.name}`);
        for (const name of ["StatefulSet minio", "Service minio", "Service minio-headless", "Secret minio-secret"]) {
            assert.ok(names.includes(name), `${name} is gone`);
        }
    });

    for (const command of refusingCommands) {
        itInLongForm(`an alias gives no new name in ${command.join(" ")}: it would be an empty cluster`, async () => {
            const before = [await urns(), await project.outputs()];
            await project.configure({ name: "store", alias: "minio", protect: false });
            const { code, text } = await project.execute(...command);
            await project.configure({ name: undefined, alias: undefined, protect: true });
            assert.notEqual(code, 0, text);
            assert.match(text, /the cluster 'minio' cannot become 'store': .*Keep the name 'minio'/);
            const { items } = await kubectlJson("get", "statefulset,service,secret,pdb", inNamespace);
            assert.deepEqual(
                items.filter(({ metadata }: any) => metadata.name.startsWith("store")),
                [],
            );
            await project.succeed("up", "--yes", "--skip-preview");
            assert.deepEqual([await urns(), await project.outputs()], before);
        });
    }

    for (const seconds of sleeps) {
        it(`a container that a transform adds comes and changes in the guided rollout: sleep ${seconds}`, async () => {
            await project.configure({ sidecar: seconds });
            const preview = await project.succeed("preview");
            assert.match(
                preview,
                /container sidecar changes: minio-1 to minio-0 are updated in this order, one at a time/,
            );
            await project.succeed("up", "--yes", "--skip-preview");
            assert.deepEqual([...new Set(await sidecars())], [seconds]);
        });
    }

    itInLongForm("such a container survives the rollout of another change", async () => {
        const args = { credentialsRevision: 2, monitoring: dashboardOnly, expansionPools, labels: { team: "storage" } };
        await project.configure({ args });
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual([...new Set(await sidecars())], sleeps.slice(-1));
        await project.succeed("preview", "--expect-no-changes");
    });

    itInLongForm(
        "a transform that takes the component's annotations away is refused: nothing would tell what changes",
        async () => {
            await project.configure({ replaceAnnotations: true });
            for (const command of refusingCommands) {
                const { code, text } = await project.execute(...command);
                assert.notEqual(code, 0, text);
                assert.match(
                    text,
                    /the annotation minio-cluster\/shape or the pod template is missing\. If a transform/,
                );
            }
            await project.configure({ replaceAnnotations: undefined });
            await project.succeed("preview", "--expect-no-changes");
        },
    );

    itInLongForm("an annotation that somebody took away is asked for in a command, and comes back by it", async () => {
        await kubectl("annotate", "statefulset", "minio", inNamespace, "minio-cluster/shape-");
        await project.succeed("refresh", "--yes", "--skip-preview");
        const { code, text } = await project.execute("up", "--yes", "--skip-preview");
        assert.notEqual(code, 0, text);
        const [command] = text.match(/kubectl annotate .*'minio-cluster\/shape=.*'/) ?? [];
        await succeed("bash", ["-c", command ?? "false"]);
        await project.succeed("up", "--yes", "--skip-preview");
        await project.succeed("preview", "--expect-no-changes");
    });

    it("an alias of the name that it has is none of that", async () => {
        await project.configure({ alias: "minio" });
        await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
    });
});
