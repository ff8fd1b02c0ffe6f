import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderOf } from "../../devcluster/toolchain/component";
import { companions } from "../../devcluster/toolchain/components";
import { newMinio } from "../../devcluster/toolchain/versions";
import { itInLongForm } from "../support/longForm";
import { execute, kubectl, kubectlJson, succeed } from "../support/project";

describe("the hostpath CSI driver", () => {
    itInLongForm("passes the public conformance suite for CSI drivers", async () => {
        const folder = mkdtempSync(join(tmpdir(), "csi-sanity-"));
        const socket = `unix://${folder}/csi.sock`;
        const driver = spawn(
            join(folderOf(companions), "hostpath-csi"),
            [`--endpoint=${socket}`, "--node-id=n1", `--data-dir=${folder}/data`],
            {
                stdio: "ignore",
            },
        );
        try {
            const { text } = await execute(join(folderOf(companions), "csi-sanity"), [
                `-csi.endpoint=${socket}`,
                `-csi.mountdir=${folder}/mount`,
                `-csi.stagingdir=${folder}/staging`,
                "-ginkgo.no-color",
            ]);
            assert.match(text, /SUCCESS!/, text.slice(-3000));
            const ran = Number(/Ran (\d+) of \d+ Specs/.exec(text)?.[1]);
            assert.ok(ran >= 70, `only ${ran} specs ran`);
        } finally {
            driver.kill("SIGTERM");
            await new Promise((resolve) => driver.once("exit", resolve));
            rmSync(folder, { recursive: true, force: true });
        }
    });
});

/** Through Kubernetes itself: provisioner, snapshotter, resizer and kubelet. */
describe("storage of the embedded cluster", () => {
    const namespace = "e2e-storage";
    const inNamespace = `--namespace=${namespace}`;
    const sh = (pod: string, command: string) => kubectl("exec", pod, inNamespace, "--", "sh", "-c", command);
    const sizeOf = async (pod: string) =>
        Number((await sh(pod, "df --output=size --block-size=1 /data")).split("\n")[1]);

    before(() => kubectl("create", "namespace", namespace));
    after(() => execute("kubectl", ["delete", "namespace", namespace, "--wait", "--timeout=120s"]));

    it("mounts a claim with a capacity of its own", async () => {
        await apply(claim("first"), pod("first"));
        await ready("first");
        await sh("first", "echo kept > /data/file");
        const size = await sizeOf("first");
        assert.ok(size > 0.9 * 2 ** 30 && size <= 2 ** 30, `${size} bytes`);
    });

    it("restores a snapshot as it was when it was taken", async () => {
        await apply({
            apiVersion: "snapshot.storage.k8s.io/v1",
            kind: "VolumeSnapshot",
            metadata: { name: "first", namespace },
            spec: { volumeSnapshotClassName: "csi-hostpath-snapclass", source: { persistentVolumeClaimName: "first" } },
        });
        await kubectl(
            "wait",
            "--for=jsonpath={.status.readyToUse}=true",
            "volumesnapshot/first",
            inNamespace,
            "--timeout=60s",
        );
        await sh("first", "echo changed > /data/file");
        const dataSource = { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "first" };
        await apply(claim("second", { dataSource }), pod("second"));
        await ready("second");
        assert.equal(await sh("second", "cat /data/file"), "kept\n");
        assert.equal(await sh("first", "cat /data/file"), "changed\n");
    });

    it("grows a mounted claim in place", async () => {
        await kubectl(
            "patch",
            "pvc",
            "first",
            inNamespace,
            "--patch",
            JSON.stringify({ spec: { resources: { requests: { storage: "2Gi" } } } }),
        );
        await kubectl(
            "wait",
            "--for=jsonpath={.status.capacity.storage}=2Gi",
            "pvc/first",
            inNamespace,
            "--timeout=120s",
        );
        const size = await sizeOf("first");
        assert.ok(size > 1.9 * 2 ** 30, `${size} bytes`);
        const { items } = await kubectlJson("get", "pods", inNamespace);
        assert.ok(items.every((item: any) => item.status.containerStatuses[0].restartCount === 0));
    });

    const ready = (name: string) =>
        kubectl("wait", "--for=condition=Ready", `pod/${name}`, inNamespace, "--timeout=120s");

    async function apply(...objects: object[]): Promise<void> {
        const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
        await succeed("bash", ["-c", 'kubectl apply --filename=- <<< "$1"', "apply", list]);
    }

    function claim(name: string, spec: object = {}): object {
        const resources = { requests: { storage: "1Gi" } };
        return {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: { name, namespace },
            spec: { accessModes: ["ReadWriteOnce"], storageClassName: "csi-hostpath-sc", resources, ...spec },
        };
    }

    function pod(name: string): object {
        return {
            apiVersion: "v1",
            kind: "Pod",
            metadata: { name, namespace },
            spec: {
                terminationGracePeriodSeconds: 0,
                containers: [
                    {
                        name: "shell",
                        image: newMinio.image,
                        command: ["sleep", "3600"],
                        volumeMounts: [{ name: "data", mountPath: "/data" }],
                    },
                ],
                volumes: [{ name: "data", persistentVolumeClaim: { claimName: name } }],
            },
        };
    }
});
