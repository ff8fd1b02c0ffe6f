import { cutNetwork } from "../../../devcluster/cluster/faults";
import type { Fault } from "../fault";

export const networkCut: Fault = {
    title: "the network between a server and its peers is cut for a minute",
    serversAway: 1,
    silent: true,
    expected: "the server gets no requests meanwhile",
    async strike(cluster) {
        const [own, ...peers] = (await cluster.pods()).map(({ status }) => status.podIP).reverse();
        const mend = cutNetwork(own, peers);
        let notReady: boolean;
        try {
            notReady = await cluster.untilNotReady(3, 60).then(() => true);
            await cluster.goesOn();
        } finally {
            mend();
        }
        await cluster.untilReady();
        return notReady ? "it becomes unready, and ready again" : "it stays ready";
    },
};

export const packetsLost: Fault = {
    title: "a fifth of the packets between a server and its peers is lost for a minute",
    serversAway: 0,
    expected: "it is slower",
    async strike(cluster) {
        const [own, ...peers] = (await cluster.pods()).map(({ status }) => status.podIP).reverse();
        const mend = cutNetwork(own, peers, 0.2);
        try {
            await new Promise((resolve) => setTimeout(resolve, 50_000));
            await cluster.goesOn();
        } finally {
            mend();
        }
        await cluster.untilReady();
        return "requests go on, and take longer";
    },
};
