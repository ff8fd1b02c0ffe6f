/** Looks at a cluster with whatever rights there are, and changes nothing. */
import type { V1Pod, V1StatefulSet } from "@kubernetes/client-node";
import { messageOf } from "../basics/messageOf";
import { atTheSameTime, forSeveral } from "../basics/several";
import type { AnyObject, Kubernetes } from "../kubernetes/client";
import { isForbidden } from "../kubernetes/errors";
import { configMapKind, snapshotKind } from "../kubernetes/kinds";
import { type MinioAdmin, minioAdmin } from "../live/admin";
import { frozenServers } from "../live/frozen";
import { clusterHealth, patientMilliseconds } from "../rollout/consent";
import { Observer } from "../rollout/observe";
import type { ClusterState } from "../rollout/plan";
import { missingMembers, recordsIn } from "../snapshots/snapshotSet";
import { frozenAnnotation, labelsOfAll, restoringAnnotation, takingAnnotation } from "../spec/labels";
import { certificateIn } from "./certificate";
import { clustersIn, type FoundCluster, type SecretKey } from "./found";
import type { Observed, TakenSet, Unread } from "./observed";
import { serversIn } from "./servers";

/** Which cluster is meant; what is left out may be any, as long as there is one only. */
export interface Wish {
    namespace?: string;
    name?: string;
    /** Of its first StatefulSet, by the state of a stack. */
    uid?: string;
}

type Data = AnyObject & { data?: Record<string, string> };
type Node = AnyObject & { status?: { conditions?: { type: string; status: string }[] } };

/** @throws Error that says why it cannot be looked at, or that several are meant */
export async function look(kubernetes: Kubernetes, wish: Wish): Promise<Observed> {
    const found = chosen(clustersIn(await statefulSetsOf(kubernetes, wish)), wish, kubernetes.where);
    const { namespace, name, wanted, annotations } = found;
    const unread: Unread[] = [];
    const reading = readingInto(unread);
    const observer = new Observer(kubernetes, wanted);
    const [state, canAsk] = await Promise.all([observer.look(), mayAsk(kubernetes, namespace, unread)]);
    const pods = observer.pods;
    const ready = readyOf(state);
    const [lostNodes, health, frozen, minio, certificate, sets] = await Promise.all([
        reading("the nodes of servers that are not ready", "get nodes in the whole Kubernetes cluster", false, () =>
            lostNodesOf(kubernetes, state, pods),
        ),
        canAsk ? healthOf(kubernetes, found, ready, unread) : undefined,
        canAsk ? frozenOf(kubernetes, found, pods, ready) : undefined,
        reading("drives, room and pools", `get secrets (${found.rootPassword?.name})`, true, () =>
            askMinio(kubernetes, found, ready),
        ),
        reading("the certificate", `get secrets (${found.certificate})`, false, () => certificateOf(kubernetes, found)),
        reading("the sets of snapshots", "list configmaps", false, () => setsOf(kubernetes, found, reading)),
    ]);
    return {
        at: new Date().toISOString(),
        where: kubernetes.where,
        namespace,
        name,
        topology: found.topology,
        pools: state.pools,
        servers: serversIn(state.pools, pods, new Set(lostNodes)),
        health,
        frozen,
        frozenFor: annotations[frozenAnnotation],
        takingSet: annotations[takingAnnotation],
        restoring: annotations[restoringAnnotation],
        ...minio,
        tls: wanted.scheme === "https",
        certificate,
        sets,
        unread,
    };
}

type Reading = <T>(what: string, right: string, isVital: boolean, read: () => Promise<T>) => Promise<T | undefined>;

/** Reads what may be missing: why it is goes among what was not read. */
function readingInto(unread: Unread[]): Reading {
    return async (what, right, isVital, read) => {
        try {
            return await read();
        } catch (error) {
            unread.push(
                error instanceof MissingRight
                    ? { what, why: "a right is missing", right: error.message, isVital }
                    : isForbidden(error)
                      ? { what, why: "a right is missing", right, isVital }
                      : { what, why: messageOf(error), isVital },
            );
            return undefined;
        }
    };
}

/** Its message is the right. */
class MissingRight extends Error {}

async function statefulSetsOf(kubernetes: Kubernetes, { namespace }: Wish): Promise<V1StatefulSet[]> {
    if (namespace !== undefined) {
        return kubernetes.statefulSets(namespace, labelsOfAll);
    }
    const kind = { apiVersion: "apps/v1", kind: "StatefulSet" };
    try {
        return (await kubernetes.list<AnyObject>(kind, undefined, labelsOfAll)) as unknown as V1StatefulSet[];
    } catch (error) {
        if (isForbidden(error)) {
            throw new Error(
                "name the namespace with --namespace: the right is missing to list StatefulSets in all of them",
            );
        }
        throw error;
    }
}

/** Pure. */
function chosen(clusters: FoundCluster[], { namespace, name, uid }: Wish, where: string): FoundCluster {
    const [first, second] = clusters.filter((one) => name === undefined || one.name === name);
    const all = clusters.map((one) => `--namespace ${one.namespace} --name ${one.name}`).join(", or ");
    if (first === undefined) {
        const sought = name === undefined ? "no cluster of a MinioCluster" : `no MinioCluster ${name}`;
        throw new Error(
            `there is ${sought} in ${namespace === undefined ? "any namespace" : `the namespace ${namespace}`} ` +
                `of ${where}` +
                `${all && `; there is ${all}`}`,
        );
    }
    if (second !== undefined) {
        throw new Error(`there are several clusters, say which: ${all}`);
    }
    if (uid !== undefined && first.uid !== uid) {
        throw new Error(
            `the StatefulSet ${first.name} in the namespace ${first.namespace} of ${where} is not that of the ` +
                "stack: its uid is " +
                `${first.uid}, and in the stack's state it is ${uid}. Set KUBECONFIG or the current context to ` +
                "the Kubernetes " +
                "cluster of the stack's last pulumi up; if somebody deleted the StatefulSet, run pulumi up --refresh",
        );
    }
    return first;
}

/** Whether there is a right to ask a server anything. */
async function mayAsk(kubernetes: Kubernetes, namespace: string, unread: Unread[]): Promise<boolean> {
    const [proxy, forward] = await Promise.all([
        kubernetes.may(namespace, { verb: "get", group: "", resource: "pods/proxy" }),
        mayForward(kubernetes, namespace),
    ]);
    if (!proxy && !forward) {
        const right = "get pods/proxy, or get and create pods/portforward";
        unread.push({ what: "what the servers say of their health", why: "a right is missing", right, isVital: true });
    }
    return proxy || forward;
}

async function mayForward(kubernetes: Kubernetes, namespace: string): Promise<boolean> {
    const verbs = ["get", "create"] as const;
    const may = verbs.map((verb) => kubernetes.may(namespace, { verb, group: "", resource: "pods/portforward" }));
    return (await Promise.all(may)).every(Boolean);
}

function readyOf({ pools }: ClusterState): string[] {
    const servers = pools.flatMap((pool) => pool.servers);
    return servers.filter(({ ready, terminating }) => ready && !terminating).map(({ name }) => name);
}

/** Of the nodes of servers that are not ready, those that Kubernetes does not hear of. */
async function lostNodesOf(kubernetes: Kubernetes, state: ClusterState, pods: V1Pod[]): Promise<string[]> {
    const ready = new Set(readyOf(state));
    const away = pods.filter(({ metadata }) => !ready.has(metadata?.name ?? ""));
    const names = [...new Set(away.flatMap(({ spec }) => spec?.nodeName ?? []))];
    const lost: string[] = [];
    await forSeveral(names, atTheSameTime, async (name) => {
        const node = await kubernetes.read<Node>({ apiVersion: "v1", kind: "Node", metadata: { name } });
        const isHeard = node?.status?.conditions?.some(({ type, status }) => type === "Ready" && status !== "Unknown");
        if (!isHeard) {
            lost.push(name);
        }
    });
    return lost;
}

/** By the first server that answers: any of them asks all others. */
async function healthOf(
    kubernetes: Kubernetes,
    { namespace, wanted: { scheme } }: FoundCluster,
    ready: string[],
    unread: Unread[],
): Promise<Observed["health"]> {
    let silence = "no server is ready that could be asked";
    const silent = (said: string) => {
        silence = said;
    };
    for (const server of ready.slice(0, 2)) {
        const options = { milliseconds: patientMilliseconds, silent };
        const ask = (path: string) => kubernetes.ask(namespace, server, scheme, `${clusterHealth}${path}`, options);
        const [writes, reads] = await Promise.all([ask(""), ask("/read")]);
        if (writes && reads) {
            const [write, read] = [writes.headers["x-minio-write-quorum"], reads.headers["x-minio-read-quorum"]];
            // A server that has not read the stored configuration yet counts with the default.
            const isCertain = [writes, reads].every(
                ({ headers }) => headers["x-minio-storage-class-defaults"] !== "true",
            );
            const quorums =
                isCertain && write !== undefined && read !== undefined
                    ? { write: Number(write), read: Number(read) }
                    : undefined;
            return { writes: writes.status === 200, reads: reads.status === 200, quorums };
        }
    }
    unread.push({ what: "MinIO's own health", why: silence, isVital: true });
    return undefined;
}

/**
 * Of those that are ready: one that starts holds requests until it can serve them (`freezeServices` in
 * `cmd/server-main.go`).
 */
async function frozenOf(
    kubernetes: Kubernetes,
    { namespace, wanted: { scheme } }: FoundCluster,
    pods: V1Pod[],
    ready: string[],
): Promise<string[]> {
    const asked = pods.filter(({ metadata }) => ready.includes(metadata?.name ?? ""));
    const frozen = await frozenServers({ kubernetes, namespace, scheme }, asked);
    return frozen.map(({ metadata }) => metadata?.name ?? "");
}

/** What only an administrator may know. */
async function askMinio(
    kubernetes: Kubernetes,
    found: FoundCluster,
    ready: string[],
): Promise<Pick<Observed, "storage" | "poolStatuses">> {
    const { namespace, wanted } = found;
    const [rootUser, rootPassword, mayReach] = await Promise.all([
        secretValue(kubernetes, namespace, found.rootUser),
        secretValue(kubernetes, namespace, found.rootPassword),
        mayForward(kubernetes, namespace),
    ]);
    if (!mayReach) {
        throw new MissingRight("get and create pods/portforward");
    }
    const adminOf = (server: string): MinioAdmin =>
        minioAdmin((request) => kubernetes.send(namespace, server, wanted.scheme, request), { rootUser, rootPassword });
    let failure: unknown = new Error("no server is ready that could be asked");
    for (const server of ready.slice(0, 2)) {
        try {
            const admin = adminOf(server);
            const [storage, poolStatuses] = await Promise.all([admin.storageInDetail(), admin.pools()]);
            return { storage, poolStatuses };
        } catch (error) {
            failure = error;
        }
    }
    throw failure;
}

async function secretValue(kubernetes: Kubernetes, namespace: string, from: SecretKey | undefined): Promise<string> {
    const where = from && `the Secret ${from.name}`;
    const secret = from && (await kubernetes.read<Data>(secretReference(namespace, from.name)));
    const value = from && secret?.data?.[from.key];
    if (value === undefined) {
        throw new Error(`the root credentials are not where the StatefulSet says: ${where ?? "it names no Secret"}`);
    }
    return Buffer.from(value, "base64").toString();
}

async function certificateOf(
    kubernetes: Kubernetes,
    { namespace, certificate }: FoundCluster,
): Promise<Observed["certificate"]> {
    if (certificate === undefined) {
        return undefined;
    }
    const secret = await kubernetes.read<Data>(secretReference(namespace, certificate));
    return certificateIn(certificate, secret?.data?.["tls.crt"]);
}

function secretReference(namespace: string, name: string) {
    return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace } };
}

/** By their records, the newest first. */
async function setsOf(
    kubernetes: Kubernetes,
    { namespace, name }: FoundCluster,
    reading: Reading,
): Promise<TakenSet[]> {
    const records = recordsIn(await kubernetes.list(configMapKind, namespace, { app: name }), name);
    const present =
        records.length === 0
            ? []
            : await reading("whether the snapshots of the sets are there", "list volumesnapshots", false, () =>
                  kubernetes.list<AnyObject>(snapshotKind, namespace),
              );
    return records
        .map((record) => ({
            set: record.set,
            takenAt: record.takenAt,
            gone: present && missingMembers(record, present),
        }))
        .sort((one, other) => Date.parse(other.takenAt) - Date.parse(one.takenAt));
}
