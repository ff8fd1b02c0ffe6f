import assert from "node:assert/strict";
import { killNode, nodeNamed, reviveNode } from "../../devcluster/cluster/faults";
import { execute, kubectl, kubectlJson } from "../e2e/project";
import type { Fault } from "./fault";

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

export const nodesDrained: Fault = {
    title: "two nodes are drained at the same time",
    serversAway: 1,
    expected: "the budget lets one server leave after another",
    async strike(cluster) {
        const nodes = await Promise.all([0, 3].map(async (ordinal) => (await cluster.pod(ordinal)).spec.nodeName));
        assert.notEqual(nodes[0], nodes[1], "the servers are not spread");
        const drain = (node: string) =>
            kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=150s");
        let fewest = cluster.topology.servers;
        let isDrained = false;
        const watch = async () => {
            while (!isDrained) {
                const { status } = await kubectlJson("get", "pdb", "minio-pdb", cluster.inNamespace);
                fewest = Math.min(fewest, status.currentHealthy);
                await new Promise((resolve) => setTimeout(resolve, 300));
            }
        };
        const watched = watch();
        try {
            await Promise.all(nodes.map(drain));
            await cluster.untilReady();
        } finally {
            isDrained = true;
            await Promise.all(nodes.map((node) => execute("kubectl", ["uncordon", node])));
        }
        await watched;
        const least = cluster.topology.servers - cluster.topology.serversThatMayFailForWrites;
        assert.ok(fewest >= least, `only ${fewest} servers were ready`);
        return `never fewer than ${fewest} of ${cluster.topology.servers} servers ready; both nodes were emptied`;
    },
};
