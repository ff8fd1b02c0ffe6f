import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clusterDir, logDir } from "../paths";
import { attempt, run, runLogged, say, waitFor } from "../shell";
import { folderOf } from "../toolchain/component";
import { images, kube } from "../toolchain/components";
import { namesOf } from "../toolchain/image";
import { minioServers, pauseImage } from "../toolchain/versions";
import { addresses, hasIPv6, type Node } from "./addresses";
import { tryKubectl } from "./kubectl";
import { certificate, makeNodeCertificate, privateKey, writeKubeconfig } from "./pki";
import { cgroupRoot, makeControlGroup, sandboxPid } from "./sandbox";
import { logOf, startServices } from "./services";

export function nodeDir(node: Node): string {
    return join(clusterDir, node.name);
}

/** The container runtime's socket. */
function runtimeSocket(node: Node): string {
    return join(nodeDir(node), "containerd.sock");
}

/** Starts a node: a container runtime with the images, and a kubelet. */
export async function startNode(node: Node): Promise<void> {
    mkdirSync(join(nodeDir(node), "cni"), { recursive: true });
    mkdirSync(join(logDir, `pods-${node.name}`), { recursive: true });
    makeControlGroup(`${cgroupRoot}/${node.name}`);
    makeNodeCertificate(node);
    writeKubeconfig(join(nodeDir(node), "kubeconfig"), node.name);
    writeFileSync(join(nodeDir(node), "cni/10-pods.conflist"), JSON.stringify(podNetwork(node)));
    writeFileSync(join(nodeDir(node), "containerd.toml"), containerdConfig(node));
    writeFileSync(join(nodeDir(node), "kubelet.json"), JSON.stringify(kubeletConfig(node), undefined, 2));
    attempt("nsenter", [
        "--net",
        `--target=${sandboxPid()}`,
        "ip",
        "address",
        "add",
        `${node.address}/24`,
        "dev",
        "eth0",
    ]);

    const runtime = `containerd-${node.name}`;
    startServices([{ name: runtime, command: ["containerd", "--config", join(nodeDir(node), "containerd.toml")] }]);
    await waitFor(`${node.name}'s container runtime`, () => attempt("ctr", ["-a", runtimeSocket(node), "version"]), {
        log: logOf(runtime),
    });
    await importImages(node);
    startServices([
        {
            name: `kubelet-${node.name}`,
            command: [
                join(folderOf(kube), "kube"),
                "kubelet",
                `--kubeconfig=${join(nodeDir(node), "kubeconfig")}`,
                `--config=${join(nodeDir(node), "kubelet.json")}`,
                `--hostname-override=${node.name}`,
                `--node-ip=${node.address}`,
                `--root-dir=${join(nodeDir(node), "kubelet")}`,
            ],
        },
    ]);
}

export async function waitForNode(node: Node): Promise<void> {
    const ready = ["wait", "--for=condition=Ready", "--timeout=1s", `node/${node.name}`];
    await waitFor(`node ${node.name}`, () => tryKubectl(...ready), { log: logOf(`kubelet-${node.name}`) });
}

async function importImages(node: Node): Promise<void> {
    const archives = ["pause", "coredns", ...minioServers.map(({ program }) => program)];
    say(`  importing ${archives.length} images to ${node.name}`);
    for (const archive of archives) {
        await importImage(node, join(folderOf(images), `${archive}.tar`));
    }
    // No image is pulled, as the cluster reaches no registry: what is built here has the digests that stacks name.
    for (const { tagged, pinned } of minioServers.map(({ image }) => namesOf(image))) {
        run("ctr", [...ctrImages(node), "tag", "--force", tagged, pinned]);
    }
}

/** Gives a running node an image, from an archive that `writeImage` has made. */
export async function importImage(node: Node, archive: string): Promise<void> {
    await runLogged("ctr", [...ctrImages(node), "import", archive], logOf(`images-${node.name}`));
}

function ctrImages(node: Node): string[] {
    return ["-a", runtimeSocket(node), "-n", "k8s.io", "images"];
}

/** Pods are joined point to point: every packet is routed, so Services work without the kernel's bridge filter. */
function podNetwork(node: Node): object {
    return {
        cniVersion: "1.0.0",
        name: `pods-${node.name}`,
        plugins: [
            {
                type: "ptp",
                ipam: {
                    type: "host-local",
                    ranges: [[{ subnet: node.podRange }], ...(hasIPv6 ? [[{ subnet: node.podRangeV6 }]] : [])],
                    routes: [{ dst: "0.0.0.0/0" }, ...(hasIPv6 ? [{ dst: "::/0" }] : [])],
                },
            },
            { type: "portmap", capabilities: { portMappings: true } },
        ],
    };
}

function containerdConfig(node: Node): string {
    // restrict_oom_score_adj: without CAP_SYS_RESOURCE runc may not lower a score, and dies trying.
    return `version = 2
root = "${nodeDir(node)}/containerd/root"
state = "${nodeDir(node)}/containerd/state"
[grpc]
  address = "${runtimeSocket(node)}"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "${pauseImage}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${nodeDir(node)}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
`;
}

function kubeletConfig(node: Node): object {
    return {
        apiVersion: "kubelet.config.k8s.io/v1beta1",
        kind: "KubeletConfiguration",
        address: node.address,
        authentication: {
            anonymous: { enabled: false },
            webhook: { enabled: true },
            x509: { clientCAFile: certificate("ca") },
        },
        authorization: { mode: "Webhook" },
        cgroupDriver: "cgroupfs",
        // A second kubelet takes the first one's pods for orphans unless each has a root and a log folder of its own.
        cgroupRoot: `/${cgroupRoot}/${node.name}`,
        podLogsDir: join(logDir, `pods-${node.name}`),
        clusterDNS: [addresses.dnsService],
        clusterDomain: "cluster.local",
        containerRuntimeEndpoint: `unix://${runtimeSocket(node)}`,
        evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
        failCgroupV1: false,
        failSwapOn: false,
        healthzBindAddress: node.address,
        // Never: on a disk that is nearly full it would remove the images, which nothing here can pull again.
        imageGCHighThresholdPercent: 100,
        maxPods: 200,
        // Each node has its own address, so all may use the same ports.
        port: 10250,
        registryPullQPS: 0,
        resolvConf: "",
        serializeImagePulls: false,
        shutdownGracePeriod: "0s",
        syncFrequency: "10s",
        tlsCertFile: certificate(node.name),
        tlsPrivateKeyFile: privateKey(node.name),
    };
}
