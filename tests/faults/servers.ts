import type { Fault } from "./fault";

export const serverKilled: Fault = {
    title: "a server is killed (SIGKILL)",
    serversAway: 1,
    async strike(cluster) {
        await cluster.killServer(1);
        await cluster.goesOn();
        await cluster.untilReady();
        return "kubelet starts it again; the others serve meanwhile";
    },
};
