/**
 * How a cluster is, by what Kubernetes says and the servers themselves. A look costs the same however many servers
 * there are: one list of pods, one of StatefulSets, and as many questions to servers as there are pools. What else must
 * be known is asked when a step follows from it.
 */
import type { V1Pod, V1StatefulSet } from "@kubernetes/client-node";
import { element } from "../basics/element";
import { atTheSameTime, forSeveral } from "../basics/several";
import { versionOf } from "../change/change";
import type { Kubernetes } from "../kubernetes/client";
import { isForbidden } from "../kubernetes/errors";
import { imageProblem } from "../server/imageProblem";
import { type PodTemplate, serverName, zoneOf } from "../server/podTemplate";
import { clusterHealth } from "./consent";
import {
    type Heard,
    hasSettled,
    isReady,
    type Question,
    questionsOf,
    restartsOf,
    runOf,
    standingOf,
    waitsForPeers,
} from "./heard";
import { type ClusterState, type PoolState, type ServerState, targetRevision } from "./plan";
import { Revisions } from "./revisions";
import type { WantedCluster, WantedPool } from "./wanted";

/** Looks at a cluster again and again. It remembers only what cannot have changed, and what saves it from asking. */
export class Observer {
    /** Of all servers, by the last look. */
    pods: V1Pod[] = [];
    private readonly said = new Map<string, Heard>();
    private readonly revisions = new Revisions();
    private mayList = true;
    private turn = 0;
    /** A pod that is not placed yet does not tell where its server was, which its drives mostly bind to a zone. */
    private readonly zones = new Map<string, string>();
    /** Servers that did not say how the cluster is when they were asked. */
    private readonly mute = new Set<string>();

    constructor(
        private readonly kubernetes: Kubernetes,
        private readonly wanted: Omit<WantedCluster, "admin">,
    ) {}

    /**
     * As far as it can be known without asking MinIO whether it can miss a server, and whether objects can be written.
     */
    async look(): Promise<ClusterState> {
        const statefulSets = await this.read();
        const questions = questionsOf(this.pods, (pod) => this.heardOf(pod), this.turn);
        // The first look finds out how far each has come that is not ready.
        const asked = this.turn === 1 ? questions : questions.slice(0, this.wanted.pools.length);
        await forSeveral(asked, atTheSameTime, (question) => this.ask(question));
        return this.stateOf(statefulSets, new Set(asked.map(({ pod }) => nameOf(pod))));
    }

    /** By what Kubernetes says, and no server is asked anything. */
    async glance(): Promise<ClusterState> {
        return this.stateOf(await this.read(), new Set());
    }

    private async read(): Promise<V1StatefulSet[]> {
        const [statefulSets, pods] = await Promise.all([this.statefulSets(), this.listPods()]);
        this.pods = pods;
        this.turn++;
        return statefulSets;
    }

    private async stateOf(statefulSets: V1StatefulSet[], asked: Set<string>): Promise<ClusterState> {
        const { pools, bootQuorum } = this.wanted;
        const states = pools.map((pool, index) => poolState(pool, element(statefulSets, index)));
        await this.learnRevisions(states, pools);
        for (const [index, state] of states.entries()) {
            this.describe(state, element(pools, index), asked);
        }
        return { pools: states, bootQuorum };
    }

    /** Asks servers what they say now, and sets it. */
    async askServers({ pools }: ClusterState, names: string[]): Promise<void> {
        const servers = new Map(pools.flatMap((pool) => pool.servers).map((server) => [server.name, server]));
        const pods = this.pods.filter((pod) => names.includes(nameOf(pod)));
        await forSeveral(pods, atTheSameTime, async (pod) => {
            await this.ask({ pod, about: "life" });
            const { waits, known } = this.heardOf(pod) ?? {};
            if (waits && !known && !hasSettled(pod)) {
                await this.ask({ pod, about: "peers" });
            }
            Object.assign(servers.get(nameOf(pod)) ?? {}, standingOf(pod, this.heardOf(pod), true));
        });
    }

    /**
     * Asks one server whether objects can be written, and sets it; at the next time another one, if that one is silent.
     */
    async askHealth(state: ClusterState): Promise<void> {
        const ready = state.pools.flatMap(({ servers }) => servers).filter((one) => one.ready && !one.terminating);
        const server = ready.find(({ name }) => !this.mute.has(name)) ?? ready[0];
        if (server === undefined) {
            state.healthy = false;
            return;
        }
        if (ready.every(({ name }) => this.mute.has(name))) {
            this.mute.clear();
        }
        const { namespace, scheme } = this.wanted;
        server.silence = "";
        const silent = (said: string) => {
            server.silence = said;
            this.mute.add(server.name);
        };
        const answer = await this.kubernetes.ask(namespace, server.name, scheme, clusterHealth, { silent });
        state.healthy = answer?.status === 200;
    }

    /**
     * Whether a server is another one, ends, or is no longer ready, since a state was looked at. That one comes further
     * speaks against nothing.
     */
    async hasLost({ pools }: ClusterState): Promise<boolean> {
        const before = pools.flatMap((pool) => pool.servers).filter(({ uid, terminating }) => uid && !terminating);
        const now = new Map((await this.listPods()).map((pod) => [nameOf(pod), pod]));
        return before.some(({ name, uid, ready, crashed }) => {
            const pod = now.get(name);
            const isAnother = pod?.metadata?.uid !== uid || (!crashed && restartsOf(pod) > 0);
            return isAnother || isTerminating(pod as V1Pod) || (ready && !isReady(pod as V1Pod));
        });
    }

    /** Notes what a server's answer about the cluster says of itself. */
    note(name: string, serves: boolean): void {
        const pod = this.pods.find((one) => nameOf(one) === name);
        if (pod) {
            const { known = false } = this.heardOf(pod) ?? {};
            this.remember(pod, { serves, waits: !serves, known, silence: "" });
        }
    }

    /** By name, where there is one only; else in one list. */
    private async statefulSets(): Promise<V1StatefulSet[]> {
        const { namespace, pools } = this.wanted;
        const listed = pools.length > 1 && this.mayList ? await this.listStatefulSets() : [];
        return Promise.all(
            pools.map(
                async ({ name }) =>
                    listed.find(({ metadata }) => metadata?.name === name) ??
                    statefulSetOf(this.kubernetes, namespace, name),
            ),
        );
    }

    private async listStatefulSets(): Promise<V1StatefulSet[]> {
        try {
            return await this.kubernetes.statefulSets(this.wanted.namespace, commonLabels(this.wanted.pools));
        } catch (error) {
            if (!isForbidden(error)) {
                throw error;
            }
            this.mayList = false; // By a Role that was made before they were listed, each may be read.
            return [];
        }
    }

    private async listPods(): Promise<V1Pod[]> {
        const { namespace, pools } = this.wanted;
        const pods = await this.kubernetes.pods(namespace, commonLabels(pools));
        return pools.flatMap((pool) => pods.filter((pod) => isOf(pod, pool)));
    }

    private async learnRevisions(states: PoolState[], pools: WantedPool[]): Promise<void> {
        const moving = states.flatMap((state, index) => {
            const { currentRevision, updateRevision } = state;
            const pods = byOrdinal(element(pools, index), this.pods);
            const isMoving =
                currentRevision !== updateRevision ||
                pods.some((pod, ordinal) => pod && revisionOf(pod) !== targetRevision(state, ordinal));
            return isMoving ? [currentRevision, updateRevision, ...pods.map((pod) => pod && revisionOf(pod))] : [];
        });
        await this.revisions.learn(moving, () =>
            this.kubernetes.controllerRevisions(this.wanted.namespace, commonLabels(pools)),
        );
    }

    private describe(state: PoolState, pool: WantedPool, asked: Set<string>): void {
        const { currentRevision, updateRevision } = state;
        state.updateChange = this.revisions.changeBetween(currentRevision, updateRevision);
        state.servers = byOrdinal(pool, this.pods).map((pod, ordinal): ServerState => {
            const name = `${pool.name}-${ordinal}`;
            const revision = pod && revisionOf(pod);
            const zone = (pod && zoneOf(pod)) ?? this.zones.get(name);
            if (zone !== undefined) {
                this.zones.set(name, zone);
            }
            return {
                name,
                ordinal,
                uid: pod?.metadata?.uid,
                terminating: pod !== undefined && isTerminating(pod),
                lost: isLost(pod),
                failing: isFailing(pod),
                zone,
                revision,
                version: pod?.spec && versionOf(pod as PodTemplate),
                ready: pod !== undefined && isReady(pod),
                ...standingOf(pod, pod && this.heardOf(pod), asked.has(name)),
                steady: true,
                longUp: hasSettled(pod),
                change: pod ? this.revisions.changeBetween(revision, targetRevision(state, ordinal)) : "none",
                imageProblem: pod && imageProblem(pod),
                crashed: restartsOf(pod) > 0,
            };
        });
    }

    private async ask({ pod, about }: Question): Promise<void> {
        const { namespace, scheme } = this.wanted;
        const name = nameOf(pod);
        if (about === "peers") {
            const before = this.heardOf(pod) as Heard;
            this.remember(pod, { ...before, known: await isKnownToPeers(this.kubernetes, namespace, name) });
            return;
        }
        let silence = "";
        const silent = (said: string) => {
            silence = said;
        };
        const live = await this.kubernetes.ask(namespace, name, scheme, "/minio/health/live", { silent });
        const isUp = live?.status === 200;
        const serves = isUp && !waitsForPeers(live);
        const waits = isUp && !serves;
        const known = waits && (this.heardOf(pod)?.known ?? false);
        this.remember(pod, { serves, waits, known, silence: live ? "" : silence });
    }

    private heardOf(pod: V1Pod): Heard | undefined {
        const heard = this.said.get(nameOf(pod));
        return heard?.run === runOf(pod) ? heard : undefined;
    }

    private remember(pod: V1Pod, heard: Omit<Heard, "run" | "turn">): void {
        this.said.set(nameOf(pod), { ...heard, run: runOf(pod), turn: this.turn });
    }
}

/**
 * Where Kubernetes restarts the servers, only whether there is anything to restart.
 *
 * @throws Error when a StatefulSet is gone, or has another number of servers than the program wants; not when it may
 * not be looked at
 */
export async function requirePools(kubernetes: Kubernetes, { namespace, pools }: WantedCluster): Promise<void> {
    for (const { name, replicas } of pools) {
        try {
            const { spec } = await statefulSetOf(kubernetes, namespace, name);
            if (spec?.replicas !== replicas) {
                throw new Error(
                    `the StatefulSet ${name} has ${spec?.replicas} servers, and the program wants ${replicas}: somebody scaled it. Run ` +
                        `kubectl scale statefulset ${name} --namespace=${namespace} --replicas=${replicas}, and pulumi up again`,
                );
            }
        } catch (error) {
            if (!isForbidden(error)) {
                throw error;
            }
        }
    }
}

async function statefulSetOf(kubernetes: Kubernetes, namespace: string, name: string): Promise<V1StatefulSet> {
    const statefulSet = await kubernetes.statefulSet(namespace, name);
    if (!statefulSet) {
        throw new Error(
            `the StatefulSet ${name} in the namespace ${namespace} is gone, though Pulumi's state has it. Its drives' claims stay. Run ` +
                "pulumi up --refresh: it makes the StatefulSet again",
        );
    }
    return statefulSet;
}

/** Without its servers, and what the difference of its revisions is. */
function poolState(pool: WantedPool, { metadata, spec, status }: V1StatefulSet): PoolState {
    return {
        name: pool.name,
        observed: (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0),
        partition: spec?.updateStrategy?.rollingUpdate?.partition ?? 0,
        wantedPartition: pool.partition,
        currentRevision: status?.currentRevision ?? "",
        updateRevision: status?.updateRevision ?? "",
        updateChange: "none",
        ordered: spec?.podManagementPolicy === "OrderedReady",
        replicas: spec?.replicas ?? 1,
        erasureSets: pool.erasureSets,
        serversThatMayFail: pool.serversThatMayFail,
        restartsAtOnce: pool.restartsAtOnce,
        servers: [],
    };
}

/** Those that the objects of all pools have: of several pools, the cluster's. */
function commonLabels(pools: WantedPool[]): Record<string, string> {
    const [first, others] = [element(pools, 0), pools.slice(1)];
    const isCommon = ([key, value]: [string, string]) => others.every(({ selector }) => selector[key] === value);
    return Object.fromEntries(Object.entries(first.selector).filter(isCommon));
}

/** As many as the program wants: somebody may have scaled the StatefulSet. */
function byOrdinal({ name, replicas }: WantedPool, pods: V1Pod[]): (V1Pod | undefined)[] {
    const byName = new Map(pods.map((pod) => [nameOf(pod), pod]));
    return Array.from({ length: replicas }, (_, ordinal) => byName.get(`${name}-${ordinal}`));
}

function isOf(pod: V1Pod, { name, replicas, selector }: WantedPool): boolean {
    const ordinal = nameOf(pod).startsWith(`${name}-`) ? nameOf(pod).slice(name.length + 1) : "";
    const labels = Object.entries(selector);
    return (
        /^\d+$/.test(ordinal) &&
        Number(ordinal) < replicas &&
        labels.every(([key, value]) => pod.metadata?.labels?.[key] === value)
    );
}

function nameOf({ metadata }: V1Pod): string {
    return metadata?.name ?? "";
}

function revisionOf({ metadata }: V1Pod): string | undefined {
    return metadata?.labels?.["controller-revision-hash"];
}

function isTerminating({ metadata }: V1Pod): boolean {
    return metadata?.deletionTimestamp !== undefined;
}

/**
 * So long after the time that it was given to end, a pod is believed to be on a lost node; clocks may differ by less.
 */
const lostSeconds = 60;

/**
 * Whether a kubelet that lives would have said long ago that the pod ended: `deletionTimestamp` has the time for it
 * already.
 */
function isLost(pod: V1Pod | undefined): boolean {
    const end = pod?.metadata?.deletionTimestamp;
    return end !== undefined && Date.now() - new Date(end).getTime() > lostSeconds * 1000;
}

/** A server that starts is ready long before. */
const failingSeconds = 120;

/**
 * Whether a server does not come up, by its kubelet, or has no node that takes it. Where a node is gone, its pods are
 * no longer `Ready` either; but nothing else than the kubelet sets `ContainersReady`.
 */
function isFailing(pod: V1Pod | undefined): boolean {
    const isLong = (since?: Date) => since && Date.now() - new Date(since).getTime() > failingSeconds * 1000;
    const failed = (pod?.status?.conditions ?? []).some(
        ({ type, status, lastTransitionTime }) =>
            ["ContainersReady", "PodScheduled"].includes(type) && status === "False" && isLong(lastTransitionTime),
    );
    return pod !== undefined && !isTerminating(pod) && failed;
}

/**
 * Whether the peers of a server that waits for them use its drives again. MinIO counts them as offline as long as it
 * waits; but it says which peers it has found to be different, over the same connections by which they reach its
 * drives.
 */
export async function isKnownToPeers(kubernetes: Kubernetes, namespace: string, name: string): Promise<boolean> {
    const log = await kubernetes.logTail(namespace, name, serverName, 2, true);
    return log.includes("mismatching configuration") && !log.includes("unreachable");
}
