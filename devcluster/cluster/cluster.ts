import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../lock";
import { clusterDir, clusterName, kubeconfig, pulumiBackend } from "../paths";
import { say, waitFor } from "../shell";
import { keyOf } from "../toolchain/component";
import { images, kube, networkPolicies } from "../toolchain/components";
import { nodesOf } from "./addresses";
import { startControlPlane } from "./controlPlane";
import { startDns, waitForDns } from "./dns";
import { tryKubectl } from "./kubectl";
import { startNetworkPolicies } from "./networkPolicies";
import { startNode, waitForNode } from "./node";
import { makeControlPlaneCertificates, writeKubeconfig } from "./pki";
import { removeLeftovers, requireFreeRanges, sandboxPid, startSandbox, stopSandbox } from "./sandbox";
import { startStorage, waitForStorage } from "./storage";

/** Written when the start is complete: what runs, so that another call knows whether it is what it wants. */
const stampFile = join(clusterDir, "started");

/**
 * Starts the embedded Kubernetes, or does nothing when it runs already as asked for. What an interrupted start, or a run
 * that was cut off, left behind is removed first: the cluster, its volumes and its Pulumi state then begin anew.
 *
 * @returns whether it was started by this call
 */
export function startCluster(nodeCount: number): Promise<boolean> {
    return exclusively(() => start(nodeCount));
}

/** Stops the cluster and removes all of it. Does nothing when there is none. */
export function stopCluster(): Promise<void> {
    return exclusively(stop);
}

/** Two starts at once, or a start and a stop, would take each other's sandbox for a leftover. */
function exclusively<T>(work: () => Promise<T>): Promise<T> {
    return withLock(`${clusterDir}.lock`, `the cluster '${clusterName}'`, work);
}

/**
 * Whether the running cluster answers within a minute: a busy machine may keep it from that for a while, and starting it anew loses
 * all that is in it (tried, at a load average of 30).
 */
function answers(): Promise<boolean> {
    return waitFor("the API server", () => tryKubectl("get", "--raw=/readyz"), { seconds: 60, every: 1000 }).then(
        () => true,
        () => false,
    );
}

async function start(nodeCount: number): Promise<boolean> {
    const stamp = JSON.stringify({
        nodes: nodeCount,
        kube: keyOf(kube),
        images: keyOf(images),
        policies: keyOf(networkPolicies),
    });
    if (sandboxPid() && existsSync(stampFile)) {
        if (readFileSync(stampFile, "utf8") === stamp && (await answers())) {
            say(`the cluster is running (${nodeCount === 1 ? "one node" : `${nodeCount} nodes`})`);
            return false;
        }
        say("the running cluster is not the one asked for, or does not answer: starting it anew");
    } else if (existsSync(clusterDir)) {
        say("removing what an interrupted run left behind");
    }
    await stop();
    requireFreeRanges();

    const nodes = nodesOf(nodeCount);
    say("starting the sandbox: namespaces, network, storage pool");
    mkdirSync(pulumiBackend, { recursive: true });
    await startSandbox();
    makeControlPlaneCertificates();
    writeKubeconfig(kubeconfig, "admin");
    say("starting the control plane");
    const controlPlane = startControlPlane();
    await Promise.all([controlPlane, ...nodes.map(startNode)]);
    say("starting storage and DNS");
    startNetworkPolicies();
    startDns();
    await startStorage(nodes);
    say(`waiting for ${nodes.map((node) => node.name).join(", ")}, storage and DNS`);
    for (const node of nodes) {
        await waitForNode(node);
        await waitForStorage(node);
    }
    await waitForDns();
    writeFileSync(stampFile, stamp);
    say(`the cluster is ready (kubeconfig: ${kubeconfig})`);
    return true;
}

async function stop(): Promise<void> {
    await stopSandbox();
    await removeLeftovers();
}
