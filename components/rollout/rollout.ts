import type { V1Pod } from "@kubernetes/client-node";
import { element } from "../basics/element";
import { printable } from "../basics/printable";
import type { Kubernetes } from "../kubernetes/client";
import { untilAnswered } from "../kubernetes/errors";
import { requireRights } from "../kubernetes/rights";
import { engineAnswers } from "../pulumi/engine";
import { imageWarning } from "../server/imageProblem";
import { serverName } from "../server/podTemplate";
import { Budget } from "./budget";
import { Consent } from "./consent";
import { growDrives, otherClaims, smallDrives, updateClaims } from "./drives";
import { Trouble } from "./events";
import { Progress, Reach, Steadiness } from "./noticed";
import { Observer, requirePools } from "./observe";
import { type Action, type ClusterState, leftBehind, plan, type Release, type Restart } from "./plan";
import type { WantedCluster } from "./wanted";

const pollMilliseconds = 500;

/** How long a look lets servers become ready by themselves. */
const passingMilliseconds = 10_000;

/**
 * Servers that restart together get so long to end, in seconds: draining would be in vain, as nobody is left to take
 * the requests, and what was acknowledged lies on the drives.
 */
const togetherGraceSeconds = 3;

/** Holds the requests of all clients while certain servers come back. */
export interface Hold {
    /** Whether requests wait at the moment: nothing is to be restarted. */
    readonly isHeld: boolean;
    /** Is shown each state, and begins with it. */
    look(state: ClusterState): void;
    /** Gives up, and lets requests go on. */
    end(): Promise<void>;
}

export interface RolloutOptions {
    /** Whether to restart servers; otherwise only drives grow, and the rest is left to Kubernetes. */
    guided: boolean;
    /** Longest time without any progress, in seconds. */
    timeoutSeconds: number;
    /** Tells a person what goes on now. */
    say: (text: string) => void;
    /** Tells a person what is not as it should be, and does not keep servers from serving. */
    warn: (text: string) => void;
    /** Undefined: no request waits. */
    hold?: Hold;
}

/**
 * Moves a cluster to where its StatefulSets say it should be, one safe step after another, and returns once it is there
 * and every object can be written. It keeps nothing in memory: after an interruption, the next call goes on, and so
 * does this one when the Kubernetes API was away for a while.
 *
 * @throws Error that names the rights that are missing, or the servers that are waited for, their state and last log
 *     lines
 */
export async function rollOut(
    kubernetes: Kubernetes,
    wanted: WantedCluster,
    { guided, timeoutSeconds, say, warn, hold }: RolloutOptions,
): Promise<void> {
    let said = "";
    let since = Date.now();
    const reach = new Reach();
    const steadiness = new Steadiness();
    const progress = new Progress();
    const budget = new Budget();
    const trouble = new Trouble(kubernetes, wanted, warn);
    const observer = new Observer(kubernetes, wanted);
    const consent = new Consent(kubernetes, wanted, (name, serves) => observer.note(name, serves));
    const tell = (text: string) => {
        if (text !== said) {
            said = text;
            say(text);
        }
    };
    const answered = <T>(work: () => Promise<T>) =>
        untilAnswered(work, timeoutSeconds, (text) => {
            tell(text);
            since = Date.now(); // Nothing could be seen to get on meanwhile.
            reach.reset();
        });
    await answered(() => requireRights(kubernetes, wanted.namespace, guided, hold !== undefined));
    await answered(() => growDrives(kubernetes, wanted, timeoutSeconds, tell));
    await answered(() => updateClaims(kubernetes, wanted, tell));
    if (!guided) {
        await answered(() => requirePools(kubernetes, wanted));
    }
    const step = async (): Promise<boolean> => {
        if (!(await engineAnswers())) {
            throw new Error("the update was ended from outside. Run pulumi up again: it goes on from here");
        }
        const from = Date.now();
        const state = await observer.look();
        steadiness.look(state);
        hold?.look(state);
        const decided = await decide(observer, consent, state, from);
        const action = hold?.isHeld ? held : decided;
        reach.check(state);
        if (action.kind === "done") {
            return true;
        }
        if (action.kind === "blocked") {
            throw new Error(action.reason);
        }
        let reason = action.reason;
        if (action.kind === "wait") {
            requireStartable(state, action.servers);
            await trouble.look(state, observer.pods);
        } else {
            reason = await act(kubernetes, wanted, action, state, budget);
        }
        tell(reason);
        if (progress.check(state)) {
            since = Date.now();
        } else if (Date.now() - since > timeoutSeconds * 1000) {
            const told = { ...action, reason };
            const message = await timeoutMessage(kubernetes, wanted, state, observer.pods, told, timeoutSeconds);
            throw new Error([message, ...trouble.lines()].join("\n"));
        }
        return false;
    };
    try {
        while (guided && !(await answered(step))) {
            await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
        }
    } finally {
        await hold?.end();
    }
    if (said !== "") {
        await warnOfImage(kubernetes, wanted, warn);
    }
}

const held: Action = {
    kind: "wait",
    reason: "holds requests until each server has found the one that comes back",
    servers: [],
};

/** Of servers that have the revision that they should: another image may mend the others. */
function requireStartable({ pools }: ClusterState, waited: string[]): void {
    const servers = pools.flatMap((pool) => pool.servers);
    const wrong = servers.find(
        ({ name, change, imageProblem }) => change === "none" && imageProblem && waited.includes(name),
    );
    if (wrong) {
        throw new Error(`${wrong.name}: ${wrong.imageProblem}`);
    }
}

/** Asks the log of the server that is updated before all others. */
async function warnOfImage(kubernetes: Kubernetes, { namespace, pools }: WantedCluster, warn: RolloutOptions["warn"]) {
    const { name, selector } = element(pools, 0);
    const pods = await kubernetes.pods(namespace, selector).catch(() => []);
    const first = pods.find(({ metadata }) => metadata?.name === `${name}-${pods.length - 1}`);
    const warning =
        first && imageWarning(first, await kubernetes.logHead(namespace, `${name}-${pods.length - 1}`, serverName));
    if (warning) {
        warn(warning);
    }
}

/**
 * What `rollOut` would have to do, in words; nothing where the cluster is where it should be. It changes nothing, and
 * lets a server that is just not ready become so.
 *
 * @throws Error when the cluster cannot be looked at
 */
export async function whatIsLeft(kubernetes: Kubernetes, wanted: WantedCluster, guided: boolean): Promise<string> {
    const claims = await claimsLeft(kubernetes, wanted);
    if (claims) {
        return claims;
    }
    if (!guided) {
        await requirePools(kubernetes, wanted);
    }
    const deadline = Date.now() + passingMilliseconds;
    const observer = new Observer(kubernetes, wanted);
    while (guided) {
        const from = Date.now();
        const action = await decide(observer, undefined, await observer.look(), from);
        if (action.kind === "done") {
            break;
        }
        if (action.kind !== "wait" || Date.now() > deadline) {
            return action.reason;
        }
        await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
    }
    return "";
}

/**
 * As `whatIsLeft` of a guided rollout, for a preview: one look at Kubernetes, and no server is asked anything. What it
 * finds, that finds too.
 *
 * @throws Error when the cluster cannot be looked at
 */
export async function glance(kubernetes: Kubernetes, wanted: WantedCluster): Promise<string | undefined> {
    return (
        (await claimsLeft(kubernetes, wanted)) ||
        leftBehind(await new Observer(kubernetes, wanted).glance()) ||
        undefined
    );
}

async function claimsLeft(kubernetes: Kubernetes, wanted: WantedCluster): Promise<string> {
    const small = await smallDrives(kubernetes, wanted);
    if (small.length > 0) {
        return `drives are to grow: ${small.map(({ metadata }) => metadata?.name).join(", ")}`;
    }
    const others = await otherClaims(kubernetes, wanted);
    return others.length > 0
        ? `claims are to change: ${others.map(({ claim }) => claim.metadata?.name).join(", ")}`
        : "";
}

/**
 * So long a look and what was asked may have taken, in milliseconds; after more, Kubernetes is asked whether the
 * servers are as they were.
 */
const freshMilliseconds = 2_000;
const lookAgain: Action = {
    kind: "wait",
    reason: "looks again, as a server ended or became unready while others were asked",
    servers: [],
};

/**
 * The next step. Servers and MinIO are asked only what it depends on.
 *
 * @param consent undefined: MinIO is not asked whether it can miss a server, and what would be done with its consent is
 *     told as blocked
 * @param from when the look began that has found the state: what it saw first is as old
 */
async function decide(
    observer: Observer,
    consent: Consent | undefined,
    state: ClusterState,
    from: number,
): Promise<Action> {
    for (let isFirst = true; ; ) {
        const step = plan(state);
        if (step.kind !== "ask") {
            const acts = ["restart", "setPartition", "several"].includes(step.kind);
            const isLate = acts && Date.now() - from > freshMilliseconds;
            return isLate && (await observer.hasLost(state)) ? lookAgain : step;
        }
        if (step.what === "servers") {
            await observer.askServers(state, step.servers);
        } else if (step.what === "health") {
            await observer.askHealth(state);
        } else if (consent === undefined) {
            return { kind: "blocked", reason: step.reason };
        } else if (isFirst && (await consent.isStillRefused(state.pools, step.servers))) {
            isFirst = false;
        } else if (step.unheard.length > 0) {
            isFirst = false;
            await observer.askServers(state, step.unheard);
        } else {
            isFirst = false;
            await consent.ask(state.pools, step.servers);
        }
    }
}

/** @returns what was done, or why not, for whoever watches */
async function act(
    kubernetes: Kubernetes,
    wanted: WantedCluster,
    action: Exclude<Action, { kind: "wait" | "blocked" | "done" }>,
    state: ClusterState,
    budget: Budget,
): Promise<string> {
    if (action.kind === "setReplicas") {
        await kubernetes.setReplicas(wanted.namespace, action.pool, action.replicas);
        return action.reason;
    }
    const done: string[] = [];
    for (const step of action.kind === "several" ? action.steps : [action]) {
        done.push(await release(kubernetes, wanted, step, state, budget));
    }
    return done.join("; ");
}

async function release(
    kubernetes: Kubernetes,
    { namespace }: WantedCluster,
    action: Release,
    state: ClusterState,
    budget: Budget,
): Promise<string> {
    const { servers, evicts } = action;
    const { gone, passed, hindrance } = evicts
        ? await evict(kubernetes, namespace, servers, state, budget)
        : { gone: [], passed: servers, hindrance: undefined };
    const going = [...gone, ...passed];
    if (action.kind === "setPartition" && (going.length > 0 || !hindrance)) {
        // After the eviction: its controller restarts what the partition releases, and asks no budget. While the pod
        // drains, it comes back at the revision that is wanted.
        await kubernetes.setPartition(namespace, action.pool, going.at(-1)?.ordinal ?? action.partition);
    }
    const grace = action.kind === "restart" && action.together ? togetherGraceSeconds : undefined;
    await Promise.all(passed.map(({ name, uid }) => kubernetes.deletePod(namespace, name, uid, grace)));
    if (hindrance instanceof Error) {
        throw hindrance;
    }
    if (hindrance === undefined) {
        return action.reason;
    }
    return [...going.map(({ name }) => `restarts ${name}`), hindrance].join("; ");
}

/**
 * Evicts one after another, until one is hindered by the budget or an error: those before it go. Those with which the
 * budget is passed are to be deleted.
 */
async function evict(
    kubernetes: Kubernetes,
    namespace: string,
    servers: Restart[],
    state: ClusterState,
    budget: Budget,
): Promise<{ gone: Restart[]; passed: Restart[]; hindrance?: string | Error }> {
    const gone: Restart[] = [];
    for (const server of servers) {
        const refusal = await budget.evict(kubernetes, namespace, server, state).catch((error: Error) => error);
        if (refusal === undefined) {
            return { gone, passed: [server] };
        }
        if (refusal instanceof Error) {
            return { gone, passed: [], hindrance: refusal };
        }
        if (refusal !== "") {
            const said = printable(refusal);
            const hindrance = `${server.name}: its disruption budget does not let it restart now: ${said}`;
            return { gone, passed: [], hindrance };
        }
        gone.push(server);
        for (const one of state.pools.flatMap((pool) => pool.servers).filter(({ uid }) => uid === server.uid)) {
            one.terminating = true; // So it is no wonder that the next one may not go.
        }
    }
    return { gone, passed: [] };
}

async function timeoutMessage(
    kubernetes: Kubernetes,
    wanted: WantedCluster,
    state: ClusterState,
    seen: V1Pod[],
    action: Exclude<Action, { kind: "done" }>,
    seconds: number,
): Promise<string> {
    const servers = state.pools.flatMap((pool) => pool.servers);
    const waited = action.kind === "wait" ? action.servers : [];
    const late = waited.length > 0 ? waited : servers.filter(({ ready }) => !ready).map(({ name }) => name);
    const reports = await Promise.all(
        late.slice(0, 3).map(async (name) => {
            const pod = seen.find(({ metadata }) => metadata?.name === name);
            const log = pod ? await kubernetes.logTail(wanted.namespace, name, serverName, 10) : "";
            const silence = servers.find((server) => server.name === name)?.silence;
            const asked = silence ? `; asked for its health ${silence}` : "";
            return `${name}: ${describePod(pod)}${asked}${log ? `; its log ends:\n${indent(log)}` : ""}`;
        }),
    );
    return [
        `no progress in ${seconds} s (rollout.timeoutSeconds): ${action.reason}`,
        ...reports,
        "The other servers were left as they are. Fix the cause, or set the change back, and run pulumi up again: it goes on from here",
    ].join("\n");
}

/** Why a pod is not ready, in Kubernetes' words. */
function describePod(pod: V1Pod | undefined): string {
    if (!pod) {
        return "the pod does not exist";
    }
    const scheduled = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
    const reasons = statuses
        .map(({ name, state, lastState }) => {
            const { waiting } = state ?? {};
            const ended = state?.terminated ?? lastState?.terminated;
            if (waiting?.reason && waiting.reason !== "PodInitializing") {
                const exit = ended ? ` (exit code ${ended.exitCode})` : "";
                return `${name} ${waiting.reason}${exit}${waiting.message ? `: ${printable(waiting.message)}` : ""}`;
            }
            return ended ? `${name} ended with exit code ${ended.exitCode}` : "";
        })
        .filter((reason) => reason !== "");
    return [
        pod.metadata?.deletionTimestamp ? "terminating" : pod.status?.phase,
        ...(scheduled ? [`${scheduled.reason}: ${printable(scheduled.message ?? "")}`] : []),
        ...reasons,
    ].join(", ");
}

/** What a server wrote may be anything: nothing in it can act on a terminal, or pass for a command to a CI system. */
function indent(text: string): string {
    return text
        .trimEnd()
        .split("\n")
        .map((line) => `    | ${printable(line)}`)
        .join("\n");
}
