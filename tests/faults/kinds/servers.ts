import { nodeNamed, squeezeMemory } from "../../../devcluster/cluster/faults";
import { until } from "../../support/until";
import type { Fault } from "../fault";

export const serverKilled: Fault = {
    title: "a server is killed (SIGKILL)",
    serversAway: 1,
    async strike(cluster) {
        await cluster.signalServer(1);
        await cluster.goesOn();
        await cluster.untilReady();
        return "kubelet starts it again; the others serve meanwhile";
    },
};

export const serversKilled: Fault = {
    title: "all servers are killed at the same time (SIGKILL)",
    serversAway: 4,
    async strike(cluster) {
        await Promise.all([0, 1, 2, 3].map((ordinal) => cluster.signalServer(ordinal)));
        await cluster.untilReady();
        return "kubelet starts them again, and they find each other";
    },
};

/** A process that hangs: its connections stay open, and nothing answers. */
export const serverFrozen: Fault = {
    title: "a server's process is frozen (SIGSTOP)",
    serversAway: 1,
    silent: true,
    expected: "it gets no requests, and kubelet starts it anew",
    async strike(cluster) {
        const before = await cluster.restarts(2);
        await cluster.signalServer(2, "SIGSTOP");
        await cluster.untilNotReady(2);
        await cluster.goesOn();
        const isNew = async () => (await cluster.restarts(2)) > before;
        await until("kubelet starts it anew", isNew, { seconds: 180 });
        await cluster.untilReady();
        return "its liveness probe fails, and kubelet starts it anew";
    },
};

export const serverEvicted: Fault = {
    title: "a node has too little memory, and its kubelet evicts the pods",
    serversAway: 1,
    async strike(cluster) {
        const { metadata, spec } = await cluster.pod(1);
        const mend = squeezeMemory(nodeNamed(spec.nodeName));
        try {
            // Another one is made where there is room.
            const isAnother = async () => (await cluster.pod(1).catch(() => undefined))?.metadata.uid !== metadata.uid;
            await until("minio-1 is evicted", isAnother, { seconds: 120 });
            await cluster.goesOn();
        } finally {
            mend();
        }
        await cluster.untilReady(150);
        return "the server starts again, with its drive";
    },
};
