import assert from "node:assert/strict";
import { snapshotClass } from "../../../devcluster/cluster/storage";
import { kubectl, kubectlJson, Project } from "../../support/project";
import { targetOf } from "../../support/s3";
import { deleteContents } from "../../support/snapshotContents";
import { until } from "../../support/until";
import { unreadable } from "../../support/wholeness";
import type { Fault } from "../fault";
import { bucket, type LoadedCluster, resources, storageSize } from "../loadedCluster";
import { killProgram } from "./program";

const set = "fault";

export const snapshotKilled: Fault = {
    title: "the Pulumi program is killed (SIGKILL) while requests are frozen for a set of snapshots",
    serversAway: 0,
    expected:
        "the servers thaw by themselves within `snapshots.freezeTimeoutSeconds` (5 s); the next `up` takes the set",
    async strike(cluster) {
        const { project, inNamespace } = cluster;
        await configureSet(cluster, [set]);
        const up = cluster.startUp();
        const frozen = async () => (await annotations(cluster))["minio-cluster/frozen-for"] === set;
        await until("the cluster is frozen", frozen, { seconds: 60, milliseconds: 20 });
        await killProgram(up);
        await cluster.goesOn();
        const text = await project.succeed("up", "--yes", "--skip-preview");
        assert.match(text, /requests were frozen for the set 'fault' by a program that was cut off: thawed/);
        const { items } = await kubectlJson("get", "volumesnapshots", inNamespace);
        assert.equal(items.filter(({ status }: any) => status.readyToUse).length, cluster.topology.drives);
        await configureSet(cluster, []);
        return "requests waited and went on; the next `up` deleted what there was of the set, and took it";
    },
};

export const restoreKilled: Fault = {
    title: "the Pulumi program is killed (SIGKILL) while it restores a set into a new cluster",
    serversAway: 0,
    expected: "the next `up` makes the claims that are missing; the cluster that the set is of notices nothing",
    async strike(cluster) {
        const { project, inNamespace } = cluster;
        await configureSet(cluster, [set]);
        await project.succeed("up", "--yes", "--skip-preview");
        const copy = new Project(project.namespace);
        const claims = async () => (await kubectlJson("get", "pvc", inNamespace, "--selector=app=copy")).items.length;
        try {
            const restoreFrom = { set, cluster: "minio" };
            await copy.init({ createNamespace: false, name: "copy", resources, storageSize, restoreFrom });
            const up = copy.start("up", "--yes", "--skip-preview");
            await until("a claim is restored", async () => (await claims()) > 0, { seconds: 60, milliseconds: 20 });
            await killProgram(up);
            await cluster.goesOn();
            await copy.succeed("up", "--yes", "--skip-preview");
            assert.equal(await claims(), cluster.topology.drives);
            assert.deepEqual(await unreadable(await targetOf(copy), bucket), []);
        } finally {
            await copy.removeStack();
            await kubectl("delete", "pvc", "--selector=app=copy", inNamespace, "--timeout=120s");
        }
        await configureSet(cluster, []);
        await project.succeed("up", "--yes", "--skip-preview");
        await deleteContents(project.namespace);
        return "the next `up` made the missing claims; every object of the copy can be read";
    },
};

function configureSet({ project }: LoadedCluster, sets: string[]): Promise<void> {
    return project.configure({ snapshots: { className: snapshotClass, sets, freezeTimeoutSeconds: 5 } });
}

async function annotations({ inNamespace }: LoadedCluster): Promise<Record<string, string>> {
    return (await kubectlJson("get", "statefulset", "minio", inNamespace)).metadata.annotations ?? {};
}
