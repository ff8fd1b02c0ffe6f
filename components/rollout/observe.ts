import type { V1ControllerRevision, V1Pod, V1StatefulSet } from "@kubernetes/client-node";
import { type ChangeClass, changeOf } from "../change";
import type { Kubernetes } from "../kubernetes";
import { type PodTemplate, serverName } from "../podTemplate";
import { imageProblem } from "./imageProblem";
import { type ClusterState, type PoolState, type ServerState, targetRevision } from "./plan";

/** A pool as the program wants it. */
export interface WantedPool {
    /** The StatefulSet. */
    name: string;
    /** Labels of its pods and claims. */
    selector: Record<string, string>;
    partition: number;
    /** Servers of the pool that may be gone, and its objects can still be written. */
    serversThatMayFail: number;
    /** Size of each drive, as a Kubernetes quantity. */
    storageSize: string;
}

/** A cluster as the program wants it. */
export interface WantedCluster {
    namespace: string;
    /** How the servers are spoken to: `http` or `https`. */
    scheme: string;
    pools: WantedPool[];
    bootQuorum: number;
}

/** How a cluster is, by what Kubernetes says and the servers themselves. */
export async function observe(kubernetes: Kubernetes, wanted: WantedCluster): Promise<ClusterState> {
    const pools = await Promise.all(wanted.pools.map((pool) => observePool(kubernetes, wanted, pool)));
    const servers = pools.flatMap((pool) => pool.servers);
    const isRunning = ({ initialised, terminating }: ServerState) => initialised && !terminating;
    const running = servers.filter(isRunning);
    const ask = (name: string, path: string) => kubernetes.ask(wanted.namespace, name, wanted.scheme, path);
    const agree = async (asked: ServerState[], path: string) =>
        (await Promise.all(asked.map(({ name }) => ask(name, path)))).every((answer) => answer?.status === 200);
    if (servers.some(({ change }) => change !== "none")) {
        for (const pool of pools) {
            // Each by its own view, as one may not reach a restarted server yet that another does. A server that is asked leaves
            // out its own share of the drives, which is as large as that of any server of its pool.
            const others = running.filter((server) => !pool.servers.includes(server));
            const mayStop =
                (await agree(pool.servers.filter(isRunning), `${clusterHealth}?maintenance=true`)) &&
                (await agree(others, clusterHealth));
            for (const server of pool.servers) {
                server.mayStop = mayStop;
            }
        }
    }
    const ready = running.find((server) => server.ready);
    return {
        pools,
        bootQuorum: wanted.bootQuorum,
        healthy: ready !== undefined && (await ask(ready.name, clusterHealth))?.status === 200,
    };
}

const clusterHealth = "/minio/health/cluster";

async function observePool(kubernetes: Kubernetes, wanted: WantedCluster, pool: WantedPool): Promise<PoolState> {
    const { namespace } = wanted;
    const [statefulSet, pods] = await Promise.all([
        kubernetes.statefulSet(namespace, pool.name),
        kubernetes.pods(namespace, pool.selector),
    ]);
    if (!statefulSet) {
        throw new Error(`the StatefulSet ${pool.name} in the namespace ${namespace} is gone; run pulumi up again`);
    }
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
        serversThatMayFail: pool.serversThatMayFail,
        servers: [],
    };
    const revisionOf = (pod: V1Pod) => pod.metadata?.labels?.["controller-revision-hash"];
    const isOutdated = (pod: V1Pod, ordinal: number) => revisionOf(pod) !== targetRevision(state, ordinal);
    const byOrdinal = podsByOrdinal(statefulSet, pods);
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
        revision: pod?.metadata?.labels?.["controller-revision-hash"],
        ready,
        silence: live ? "" : silence,
        // Of a server that has just started, peers do not use the drives yet; it becomes ready when they do.
        answers: initialised
            ? ready || hasSettled(pod)
            : waits && (hasSettled(pod) || (await isKnownToPeers(kubernetes, namespace, name))),
        initialised,
        mayStop: false,
        change,
        imageProblem: pod && imageProblem(pod),
    };
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

function podsByOrdinal(statefulSet: V1StatefulSet, pods: V1Pod[]): (V1Pod | undefined)[] {
    const name = statefulSet.metadata?.name;
    const byName = new Map(pods.map((pod) => [pod.metadata?.name, pod]));
    return Array.from({ length: statefulSet.spec?.replicas ?? 0 }, (_, ordinal) => byName.get(`${name}-${ordinal}`));
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
