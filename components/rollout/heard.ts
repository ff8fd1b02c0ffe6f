/**
 * What servers have said of themselves, for as long as it cannot have changed, and who is asked next. Pure.
 *
 * A server that has found its peers serves until its process ends (nothing in MinIO takes `setObjectLayer` back). So
 * what it said counts for the run of its container. Of one that is not ready, it is asked now and then how far it has
 * come; and before anything follows for others from what it said, it is asked anew: see `heard` in plan.ts.
 */
import type { V1Pod } from "@kubernetes/client-node";
import type { Answer } from "../kubernetes/client";
import { serverName, serverStatus } from "../server/podTemplate";
import type { ServerState } from "./plan";

/** What a server has said last, in one run of its container. */
export interface Heard {
    /** Of which run. */
    run: string;
    /** When, in any growing count. */
    turn: number;
    /** It serves requests; else it waits for its peers, or is silent. */
    serves: boolean;
    waits: boolean;
    /** Of one that waits: its peers use its drives. */
    known: boolean;
    /** What each way to it said when nothing answered; empty where it answered. */
    silence: string;
}

/** What is to be asked of a server next. */
export interface Question {
    pod: V1Pod;
    /** Whether it serves or waits; or whether its peers know it, which its log tells. */
    about: "life" | "peers";
}

/** How far a server has come, by Kubernetes and by what it has said. */
export function standingOf(
    pod: V1Pod | undefined,
    said: Heard | undefined,
    asked: boolean,
): Pick<ServerState, "answers" | "initialised" | "heard" | "silence"> {
    if (!pod || !canBeAsked(pod)) {
        return { answers: false, initialised: false, heard: true };
    }
    const ready = isReady(pod);
    if (ready && provesThatItServes(pod)) {
        return { answers: true, initialised: true, heard: true };
    }
    const heard = said?.run === runOf(pod) ? said : undefined;
    if (heard === undefined) {
        return { answers: ready, initialised: ready, heard: false };
    }
    const { serves, waits, known, silence } = heard;
    return {
        // Of a server that has just started, peers do not use the drives yet; it becomes ready when they do.
        answers: serves ? ready || hasSettled(pod) : waits && (known || hasSettled(pod)),
        initialised: serves,
        heard: asked || (serves && ready),
        silence,
    };
}

/** Whom to ask of those that something may be new of, the most urgent first. */
export function questionsOf(pods: V1Pod[], said: (pod: V1Pod) => Heard | undefined, turn: number): Question[] {
    const open: (Question & { urgent: boolean; before: number })[] = [];
    for (const pod of pods.filter(canBeAsked)) {
        const ready = isReady(pod);
        const heard = said(pod);
        if (ready && (provesThatItServes(pod) || heard === undefined || heard.serves)) {
            continue;
        }
        const isKnown = heard?.waits && (heard.known || hasSettled(pod));
        if (!ready && isKnown) {
            continue; // It becomes ready.
        }
        const about = heard?.waits && !isKnown ? "peers" : "life";
        open.push({ pod, about, urgent: !ready && !heard?.serves, before: heard?.turn ?? 0 });
    }
    // One that never comes keeps those that have answered from being asked three times of four.
    const isTurnOfOthers = turn % 4 === 0;
    return open.sort((a, b) => rank(a, isTurnOfOthers) - rank(b, isTurnOfOthers) || a.before - b.before);
}

function rank({ urgent }: { urgent: boolean }, isTurnOfOthers: boolean): number {
    return urgent === isTurnOfOthers ? 1 : 0;
}

/** How often the process of a pod's server has ended and was started again. */
export function restartsOf(pod: V1Pod | undefined): number {
    return serverStatus(pod)?.restartCount ?? 0;
}

/** Which run of its server's container a pod is in. */
export function runOf(pod: V1Pod): string {
    const status = serverStatus(pod);
    return `${pod.metadata?.uid} ${status?.restartCount ?? 0} ${status?.containerID ?? ""}`;
}

/** Whether there may be a process that answers. A pod is Pending as long as any of its containers has never run. */
function canBeAsked(pod: V1Pod): boolean {
    const { metadata, status } = pod;
    const hasStarted = status?.phase !== "Pending" || serverStatus(pod)?.state?.running !== undefined;
    return metadata?.deletionTimestamp === undefined && status?.podIP !== undefined && hasStarted;
}

export function isReady({ status }: V1Pod): boolean {
    return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

/**
 * Whether only a server that serves becomes ready: one that waits for its peers refuses `cluster` and `cluster/read`,
 * and says yes to `ready` (`cmd/healthcheck-handler.go`). The start-up probe of probes.ts proves nothing in an image
 * without curl.
 */
function provesThatItServes({ spec }: V1Pod): boolean {
    const probe = spec?.containers?.find(({ name }) => name === serverName)?.readinessProbe;
    return /^\/minio\/health\/cluster(\/read)?$/.test(probe?.httpGet?.path ?? "");
}

/** Whether a server says of itself that it does not serve yet. */
export function waitsForPeers({ headers }: Answer): boolean {
    return headers["x-minio-server-status"] === "offline";
}

/** After so long, peers have looked up the new address of a server, even where the cluster's DNS keeps it for 30 s. */
const settledSeconds = 40;

export function hasSettled(pod: V1Pod | undefined): boolean {
    const started = serverStatus(pod)?.state?.running?.startedAt;
    return started !== undefined && Date.now() - new Date(started).getTime() > settledSeconds * 1000;
}
