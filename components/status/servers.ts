/** How each server is, by what Kubernetes says of its pod and it says itself. Pure. */
import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { printable } from "../basics/printable";
import { type PoolState, type ServerState, targetRevision } from "../rollout/plan";
import { serverName, serverStatus } from "../server/podTemplate";
import type { Server, ServerStanding } from "./observed";

/** What a container waits for as it has just been made; all else is a fault. */
const beginning = ["ContainerCreating", "PodInitializing"];

/** What a message of Kubernetes' may have at most. */
const longestWhy = 160;

/** @param lostNodes nodes that do not answer any more, by Kubernetes */
export function serversIn(pools: PoolState[], pods: V1Pod[], lostNodes: Set<string>): Server[] {
    const byName = new Map(pods.map((pod) => [pod.metadata?.name, pod]));
    return pools.flatMap((pool, index) =>
        pool.servers.map((state): Server => {
            const pod = state.uid === undefined ? undefined : byName.get(state.name);
            const status = serverStatus(pod);
            const since = status?.state?.running?.startedAt;
            return {
                name: state.name,
                pool: index,
                ...standingOf(state, pod, lostNodes),
                node: pod?.spec?.nodeName,
                zone: state.zone,
                image: pod?.spec?.containers.find(({ name }) => name === serverName)?.image,
                restarts: status?.restartCount ?? 0,
                since: since && new Date(since).toISOString(),
                outdated: state.uid !== undefined && state.revision !== targetRevision(pool, state.ordinal),
            };
        }),
    );
}

function standingOf(
    state: ServerState,
    pod: V1Pod | undefined,
    lostNodes: Set<string>,
): { standing: ServerStanding; why?: string } {
    if (pod === undefined) {
        return { standing: "missing" };
    }
    const { conditions = [], reason, message } = pod.status ?? {};
    if (state.lost || (!state.ready && lostNodes.has(pod.spec?.nodeName ?? ""))) {
        return { standing: "lost" };
    }
    if (state.terminating) {
        return { standing: "ending" };
    }
    if (state.ready) {
        return { standing: "ready" };
    }
    if (state.imageProblem) {
        return { standing: "failing", why: state.imageProblem };
    }
    const scheduled = conditions.find(({ type }) => type === "PodScheduled");
    if (scheduled?.status === "False") {
        return { standing: "unplaced", why: short(scheduled.message ?? scheduled.reason) };
    }
    const fault = faultOf(serverStatus(pod));
    if (fault !== undefined || pod.status?.phase === "Failed") {
        return { standing: "failing", why: short(fault || (message ?? reason)) };
    }
    if (state.answers && !state.initialised) {
        return { standing: "waiting" };
    }
    // Its pod is not ready either while another container does not run.
    const other = pod.status?.containerStatuses?.find((one) => faultOf(one) !== undefined);
    return { standing: "starting", why: short(other && `${other.name}: ${faultOf(other)}`) };
}

/** Why a container does not run; undefined where it runs, or has just been made. */
function faultOf(status: V1ContainerStatus | undefined): string | undefined {
    const { waiting, terminated } = status?.state ?? {};
    if (waiting && !beginning.includes(waiting.reason ?? "")) {
        return [waiting.reason, waiting.message].filter(Boolean).join(": ");
    }
    return terminated && (terminated.reason ?? "");
}

function short(text: string | undefined): string | undefined {
    const shown = text && printable(text);
    return shown && shown.length > longestWhy ? `${shown.slice(0, longestWhy)}…` : shown;
}
