import assert from "node:assert/strict";
import { killNode, nodeNamed, reviveNode } from "../../../devcluster/cluster/faults";
import { holdService, releaseService } from "../../../devcluster/cluster/services";
import { execute, kubectl, kubectlJson } from "../../support/project";
import { until } from "../../support/until";
import type { Fault } from "../fault";

export const nodeLost: Fault = {
    title: "a node loses its power (kubelet, runtime and all containers), and comes back when Kubernetes has noticed",
    serversAway: 1,
    silent: true,
    async strike(cluster) {
        const node = nodeNamed((await cluster.pod(2)).spec.nodeName);
        killNode(node);
        try {
            await kubectl("wait", "--for=condition=Ready=Unknown", `node/${node.name}`, "--timeout=120s");
            await cluster.goesOn();
        } finally {
            reviveNode(node);
        }
        await cluster.untilReady(150);
        return "its server starts again on it, with its drive";
    },
};

/** What Kubernetes says of a node is then wrong: its server works, and no client is sent to it. */
export const kubeletGone: Fault = {
    title: "the kubelet of a node ends, and comes back when Kubernetes takes the node for lost",
    serversAway: 0,
    expected: "the server gets no requests of clients meanwhile, and works for its peers",
    async strike(cluster) {
        const present = async () => [(await cluster.pod(2)).metadata.uid, await cluster.restarts(2)];
        const before = await present();
        const node = (await cluster.pod(2)).spec.nodeName;
        const another = `/api/v1/namespaces/${cluster.project.namespace}/pods/http:minio-0:9000`;
        holdService(`kubelet-${node}`);
        try {
            await kubectl("wait", "--for=condition=Ready=Unknown", `node/${node}`, "--timeout=120s");
            await cluster.untilNotReady(2);
            await cluster.goesOn();
            // Without minio-2 it would refuse: then no further server could be missed.
            await kubectl("get", "--raw", `${another}/proxy/minio/health/cluster?maintenance=true`);
        } finally {
            releaseService(`kubelet-${node}`);
        }
        await cluster.untilReady();
        assert.deepEqual(await present(), before, "its server was restarted");
        return "its server works for its peers, and is ready again without a restart";
    },
};

/** With local storage, a drive goes with its node. */
export const nodeGone: Fault = {
    title: "a node is lost for good, with the drive of its server",
    serversAway: 1,
    silent: true,
    expected: "a new drive is healed by MinIO",
    manualStep: "`kubectl delete node/NODE pvc/data-minio-2`, which says that they will not come back",
    async strike(cluster) {
        const node = nodeNamed((await cluster.pod(2)).spec.nodeName);
        const { metadata } = await kubectlJson("get", "pvc", "data-minio-2", cluster.inNamespace);
        killNode(node);
        try {
            await kubectl("wait", "--for=condition=Ready=Unknown", `node/${node.name}`, "--timeout=120s");
            await cluster.goesOn();
            await kubectl("delete", `node/${node.name}`, "pvc/data-minio-2", cluster.inNamespace, "--wait=false");
            await cluster.project.succeed("up", "--yes", "--skip-preview");
            const claim = await kubectlJson("get", "pvc", "data-minio-2", cluster.inNamespace);
            assert.notEqual(claim.metadata.uid, metadata.uid, "it has its old drive");
            await cluster.untilWhole(240);
        } finally {
            reviveNode(node); // For the faults that follow.
        }
        // Its kubelet makes the object anew.
        await until(
            `${node.name} is ready`,
            async () =>
                (await execute("kubectl", ["wait", "--for=condition=Ready", `node/${node.name}`, "--timeout=1s"]))
                    .code === 0,
            { seconds: 90 },
        );
        return "its server starts on another node with a new drive, which is healed";
    },
};

const drain = (node: string) =>
    kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=150s");

export const drainedInRollout: Fault = {
    title: "a node is drained in the middle of a rollout",
    serversAway: 1,
    expected: "rollout and drain wait for each other",
    async strike(cluster) {
        const node = (await cluster.pod(0)).spec.nodeName;
        const fewest = cluster.watchReady();
        await cluster.configureRestart();
        const up = cluster.startUp();
        await up.says(/lets minio-3 restart|restarts minio-3/);
        try {
            await drain(node);
            const { code, text } = await up.ended;
            assert.equal(code, 0, text);
            await cluster.untilReady();
        } finally {
            await execute("kubectl", ["uncordon", node]);
        }
        return `never fewer than ${await fewest()} of ${cluster.topology.servers} servers ready; both ended well`;
    },
};

export const nodesDrained: Fault = {
    title: "two nodes are drained at the same time",
    serversAway: 1,
    expected: "the budget lets one server leave after another",
    async strike(cluster) {
        const nodes = await Promise.all([0, 3].map(async (ordinal) => (await cluster.pod(ordinal)).spec.nodeName));
        assert.notEqual(nodes[0], nodes[1], "the servers are not spread");
        const fewest = cluster.watchReady();
        try {
            await Promise.all(nodes.map(drain));
            await cluster.untilReady();
        } finally {
            await Promise.all(nodes.map((node) => execute("kubectl", ["uncordon", node])));
        }
        const least = await fewest();
        return `never fewer than ${least} of ${cluster.topology.servers} servers ready; both nodes were emptied`;
    },
};
