import type { V1ControllerRevision, V1Pod, V1StatefulSet } from "@kubernetes/client-node";
import { type ChangeClass, changeOf, versionOf } from "../change/change";
import type { Kubernetes } from "../kubernetes/client";
import { KubernetesError } from "../kubernetes/errors";
import { imageProblem } from "../server/imageProblem";
import { type PodTemplate, serverName } from "../server/podTemplate";
import { clusterHealth } from "./consent";
import { type ClusterState, type PoolState, type ServerState, targetRevision } from "./plan";
import type { WantedCluster, WantedPool } from "./wanted";

/**
 * How a cluster is, by what Kubernetes says and the servers themselves; as if every server might stop, which is asked
 * only in time.
 */
export async function observe(kubernetes: Kubernetes, wanted: WantedCluster): Promise<ClusterState> {
    const pools = await Promise.all(wanted.pools.map((pool) => observePool(kubernetes, wanted, pool)));
    const ready = pools
        .flatMap(({ servers }) => servers)
        .find((server) => server.ready && server.initialised && !server.terminating);
    const answer = ready && (await kubernetes.ask(wanted.namespace, ready.name, wanted.scheme, clusterHealth));
    return { pools, bootQuorum: wanted.bootQuorum, healthy: answer?.status === 200 };
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
            const { spec } = await poolOf(kubernetes, namespace, name);
            if (spec?.replicas !== replicas) {
                throw new Error(
                    `the StatefulSet ${name} has ${spec?.replicas} servers, and the program wants ${replicas}: somebody scaled it. Run ` +
                        `kubectl scale statefulset ${name} --namespace=${namespace} --replicas=${replicas}, and pulumi up again`,
                );
            }
        } catch (error) {
            if (!(error instanceof KubernetesError && error.code === 403)) {
                throw error;
            }
        }
    }
}

async function poolOf(kubernetes: Kubernetes, namespace: string, name: string): Promise<V1StatefulSet> {
    const statefulSet = await kubernetes.statefulSet(namespace, name);
    if (!statefulSet) {
        throw new Error(
            `the StatefulSet ${name} in the namespace ${namespace} is gone, though Pulumi's state has it. Its drives' claims stay. Run ` +
                "pulumi up --refresh: it makes the StatefulSet again",
        );
    }
    return statefulSet;
}

async function observePool(kubernetes: Kubernetes, wanted: WantedCluster, pool: WantedPool): Promise<PoolState> {
    const { namespace } = wanted;
    const [statefulSet, pods] = await Promise.all([
        poolOf(kubernetes, namespace, pool.name),
        kubernetes.pods(namespace, pool.selector),
    ]);
    const status = statefulSet.status;
    const state: PoolState = {
        name: pool.name,
        observed: (status?.observedGeneration ?? 0) >= (statefulSet.metadata?.generation ?? 0),
        partition: statefulSet.spec?.updateStrategy?.rollingUpdate?.partition ?? 0,
        wantedPartition: pool.partition,
        currentRevision: status?.currentRevision ?? "",
        updateRevision: status?.updateRevision ?? "",
        updateChange: "none",
        ordered: statefulSet.spec?.podManagementPolicy === "OrderedReady",
        replicas: statefulSet.spec?.replicas ?? 1,
        erasureSets: pool.erasureSets,
        serversThatMayFail: pool.serversThatMayFail,
        servers: [],
    };
    const revisionOf = (pod: V1Pod) => pod.metadata?.labels?.["controller-revision-hash"];
    const isOutdated = (pod: V1Pod, ordinal: number) => revisionOf(pod) !== targetRevision(state, ordinal);
    const byOrdinal = podsByOrdinal(pool, pods);
    // What a revision contains matters only while there is something to restart.
    const isMoving =
        state.currentRevision !== state.updateRevision ||
        byOrdinal.some((pod, ordinal) => pod && isOutdated(pod, ordinal));
    const templates = isMoving
        ? templatesOf(await kubernetes.controllerRevisions(namespace, pool.selector))
        : new Map<string, PodTemplate>();
    state.updateChange = changeBetween(templates, state.currentRevision, state.updateRevision);
    state.servers = await Promise.all(
        byOrdinal.map(async (pod, ordinal) => {
            const change = pod
                ? changeBetween(templates, revisionOf(pod), targetRevision(state, ordinal))
                : ("none" as const);
            return observeServer(kubernetes, wanted, `${pool.name}-${ordinal}`, ordinal, pod, change);
        }),
    );
    return state;
}

async function observeServer(
    kubernetes: Kubernetes,
    { namespace, scheme }: WantedCluster,
    name: string,
    ordinal: number,
    pod: V1Pod | undefined,
    change: ChangeClass,
): Promise<ServerState> {
    let silence: string | undefined;
    const silent = (said: string) => {
        silence = said;
    };
    const live = pod?.status?.podIP
        ? await kubernetes.ask(namespace, name, scheme, "/minio/health/live", { silent })
        : undefined;
    const initialised = live?.status === 200 && live.headers["x-minio-server-status"] !== "offline";
    const waits = live?.status === 200 && !initialised;
    const ready = pod?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
    return {
        name,
        ordinal,
        uid: pod?.metadata?.uid,
        terminating: pod?.metadata?.deletionTimestamp !== undefined,
        lost: isLost(pod),
        revision: pod?.metadata?.labels?.["controller-revision-hash"],
        version: pod?.spec && versionOf(pod as PodTemplate),
        ready,
        silence: live ? "" : silence,
        // Of a server that has just started, peers do not use the drives yet; it becomes ready when they do.
        answers: initialised
            ? ready || hasSettled(pod)
            : waits && (hasSettled(pod) || (await isKnownToPeers(kubernetes, namespace, name))),
        initialised,
        steady: true,
        longUp: hasSettled(pod),
        mayStop: true,
        change,
        imageProblem: pod && imageProblem(pod),
    };
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

/** After so long, peers have looked up the new address of a server, even where the cluster's DNS keeps it for 30 s. */
const settledSeconds = 40;

function hasSettled(pod: V1Pod | undefined): boolean {
    const started = pod?.status?.containerStatuses?.find(({ name }) => name === serverName)?.state?.running?.startedAt;
    return started !== undefined && Date.now() - new Date(started).getTime() > settledSeconds * 1000;
}

/**
 * Whether the peers of a server that waits for them use its drives again. MinIO counts them as offline as long as it waits; but
 * it says which peers it has found to be different, over the same connections by which they reach its drives.
 */
async function isKnownToPeers(kubernetes: Kubernetes, namespace: string, name: string): Promise<boolean> {
    const log = await kubernetes.logTail(namespace, name, serverName, 2);
    return log.includes("mismatching configuration") && !log.includes("unreachable");
}

/** As many as the program wants: somebody may have scaled the StatefulSet. */
function podsByOrdinal({ name, replicas }: WantedPool, pods: V1Pod[]): (V1Pod | undefined)[] {
    const byName = new Map(pods.map((pod) => [pod.metadata?.name, pod]));
    return Array.from({ length: replicas }, (_, ordinal) => byName.get(`${name}-${ordinal}`));
}

function templatesOf(revisions: V1ControllerRevision[]): Map<string, PodTemplate> {
    return new Map(
        revisions.map(({ metadata, data }) => [
            metadata?.name ?? "",
            (data as { spec: { template: PodTemplate } }).spec.template,
        ]),
    );
}

/** The class of the change from one revision to another; the safest guess where Kubernetes has forgotten one. */
function changeBetween(templates: Map<string, PodTemplate>, from: string | undefined, to: string): ChangeClass {
    const [before, after] = [templates.get(from ?? ""), templates.get(to)];
    if (from === to) {
        return "none";
    }
    // A template may differ in what MinIO does not see at all; the pod is then still to be restarted.
    const change = before && after ? changeOf(before, after).class : "coupled";
    return change === "none" ? "rolling" : change;
}
