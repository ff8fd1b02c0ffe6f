/** Storage with snapshots: the hostpath CSI driver, and Kubernetes' own controllers that talk to it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { clusterDir, kubeconfig, volumesDir } from "../paths";
import { waitFor } from "../shell";
import { folderOf } from "../toolchain/component";
import { companions } from "../toolchain/components";
import type { Node } from "./addresses";
import { apply, kubectl, tryKubectl } from "./kubectl";
import { nodeDir } from "./node";
import { logOf, type Service, startServices } from "./services";

export const driverName = "hostpath.csi.devcluster.local";

/** The class names are those that MinIO's users know from the public hostpath driver. */
export const storageClass = "csi-hostpath-sc";
export const snapshotClass = "csi-hostpath-snapclass";
export const groupSnapshotClass = "csi-hostpath-groupsnapclass";

const controllerSocket = join(clusterDir, "csi-controller.sock");

export async function startStorage(nodes: Node[]): Promise<void> {
    kubectl(["apply", "--server-side", "-k", join(folderOf(companions), "snapshot-crds")]);
    startServices([driverController(), provisioner(), resizer(), snapshotter(), snapshotController()]);
    startServices(nodes.map(driverNode));
    const crds = ["volumesnapshotclasses.snapshot", "volumegroupsnapshotclasses.groupsnapshot"];
    const established = crds.map((crd) => `crd/${crd}.storage.k8s.io`);
    const wait = ["wait", "--for=condition=Established", "--timeout=1s", ...established];
    await waitFor("the snapshot CRDs", () => tryKubectl(...wait), { log: logOf("kube-apiserver") });
    apply([csiDriver, classOfStorage, classOfSnapshots, classOfGroupSnapshots]);
}

/** Waits until the node's kubelet has found the driver: before that, no volume can be mounted there. */
export async function waitForStorage(node: Node): Promise<void> {
    const registered = () =>
        kubectl(["get", "csinode", node.name, "-o=jsonpath={.spec.drivers[*].name}"]).includes(driverName);
    await waitFor(`the CSI driver on ${node.name}`, registered, { log: logOf(`csi-hostpath-${node.name}`) });
}

function program(name: string): string {
    return join(folderOf(companions), name);
}

function driverController(): Service {
    const flags = [`--endpoint=unix://${controllerSocket}`, `--driver-name=${driverName}`, `--data-dir=${volumesDir}`];
    return { name: "csi-hostpath-controller", command: [program("hostpath-csi"), "--node=false", ...flags] };
}

function driverNode(node: Node): Service {
    const kubelet = join(nodeDir(node), "kubelet");
    const pluginDir = join(kubelet, "plugins", driverName);
    mkdirSync(pluginDir, { recursive: true });
    mkdirSync(join(kubelet, "plugins_registry"), { recursive: true });
    return {
        name: `csi-hostpath-${node.name}`,
        command: [
            program("hostpath-csi"),
            "--controller=false",
            `--endpoint=unix://${pluginDir}/csi.sock`,
            `--driver-name=${driverName}`,
            `--data-dir=${volumesDir}`,
            `--node-id=${node.name}`,
            `--kubelet-registration-dir=${kubelet}/plugins_registry`,
        ],
    };
}

function controller(name: string, flags: string[]): Service {
    return { name, command: [program(name), `--kubeconfig=${kubeconfig}`, ...flags] };
}

const toDriver = [`--csi-address=${controllerSocket}`, "--timeout=60s"];

/** XFS is all that the driver makes: MinIO recommends it, and ext4 grows while mounted only with CAP_SYS_RESOURCE. */
function provisioner(): Service {
    return controller("csi-provisioner", [
        ...toDriver,
        "--default-fstype=xfs",
        "--extra-create-metadata",
        "--leader-election=false",
    ]);
}

function resizer(): Service {
    return controller("csi-resizer", [...toDriver, "--leader-election=false"]);
}

const ofSnapshots = [
    "--leader-election=false",
    "--feature-gates=CSIVolumeGroupSnapshot=true",
    // MinIO's requests wait until its snapshots are cut: by default these controllers make five requests in a second.
    ...["--kube-api-qps=100", "--kube-api-burst=200"],
];

function snapshotter(): Service {
    return controller("csi-snapshotter", [...toDriver, ...ofSnapshots]);
}

function snapshotController(): Service {
    return controller("snapshot-controller", ofSnapshots);
}

const csiDriver = {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSIDriver",
    metadata: { name: driverName },
    spec: { attachRequired: false, podInfoOnMount: false, fsGroupPolicy: "File", volumeLifecycleModes: ["Persistent"] },
};

const classOfStorage = {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: storageClass, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner: driverName,
    allowVolumeExpansion: true,
    reclaimPolicy: "Delete",
    volumeBindingMode: "WaitForFirstConsumer",
};

const classOfSnapshots = {
    apiVersion: "snapshot.storage.k8s.io/v1",
    kind: "VolumeSnapshotClass",
    metadata: { name: snapshotClass },
    driver: driverName,
    deletionPolicy: "Delete",
};

const classOfGroupSnapshots = {
    apiVersion: "groupsnapshot.storage.k8s.io/v1beta2",
    kind: "VolumeGroupSnapshotClass",
    metadata: { name: groupSnapshotClass },
    driver: driverName,
    deletionPolicy: "Delete",
};
