/** Goes back to a set in place: the servers stop, and their claims are made anew from the snapshots. */
import type { V1Pod, V1StatefulSet } from "@kubernetes/client-node";
import { messageOf } from "../basics/messageOf";
import { until } from "../basics/until";
import type { AnyObject, Kubernetes, ObjectReference } from "../kubernetes/client";
import { claimKind, statefulSetOf } from "../kubernetes/kinds";
import { annotate } from "../live/liveCluster";
import type { Cluster, ClusterPool } from "../spec/cluster";
import {
    replacedLabels,
    restoringAnnotation,
    restoringAnnotations,
    restoringSetAnnotation,
    restoringSinceAnnotation,
} from "../spec/labels";
import {
    type Begun,
    type ClaimOrigin,
    createClaim,
    isRestored,
    type Patience,
    type Present,
    type Restore,
    type RestoredDrive,
} from "./claims";
import type { FoundSet } from "./findSet";

const statefulSetKind = { apiVersion: "apps/v1", kind: "StatefulSet" };

interface Claim extends AnyObject {
    spec?: { volumeName?: string };
}

/** How long servers and claims may take to end, in milliseconds. */
const endMilliseconds = 180_000;

/** A pod that was to be gone so long ago does not end by itself, in milliseconds. */
const stuckMilliseconds = 30_000;

export interface ReplaceOptions {
    say: (text: string) => void;
    patience: Patience;
    /** Default: `endMilliseconds`. */
    endMilliseconds?: number;
}

/**
 * What would stop a restore in place midway, or lose what it promises to keep, as it can be seen before anything is
 * touched.
 */
export async function replacementProblems(kubernetes: Kubernetes, restored: Restore): Promise<string[]> {
    const { namespace } = restored.cluster.spec;
    const statefulSets = await Promise.all(poolNames(restored).map((name) => kubernetes.statefulSet(namespace, name)));
    return problemsOf(
        restored,
        statefulSets.filter((one) => one !== undefined),
        await kubernetes.pods(namespace, {}),
        Date.now(),
    );
}

/**
 * Pure.
 *
 * @param statefulSets those of the pools that are there, as they are now: what the program wants of them is not done
 *     yet
 * @param pods all of the namespace
 * @param now in milliseconds since 1970
 */
export function problemsOf(
    restored: Pick<Restore, "cluster" | "drives">,
    statefulSets: V1StatefulSet[],
    pods: V1Pod[],
    now: number,
): string[] {
    const { app } = restored.cluster.names.selector;
    const { namespace } = restored.cluster.spec;
    const own = poolNames(restored);
    const claims = new Set(restored.drives.map(({ claim }) => claim));
    const deleting = statefulSets.filter(
        ({ spec }) => spec?.persistentVolumeClaimRetentionPolicy?.whenScaled === "Delete",
    );
    const ofPods = pods.flatMap((pod) => {
        const name = pod.metadata?.name;
        const statefulSet = statefulSetOf(pod);
        if (statefulSet !== undefined && own.includes(statefulSet)) {
            const until = pod.metadata?.deletionTimestamp;
            return until && now - new Date(until).getTime() > stuckMilliseconds
                ? `the pod ${name} is deleted and does not end, so its drives could not be replaced; mostly its ` +
                      "node is lost. When the node " +
                      `is off for certain, run: kubectl delete pod ${name} --namespace ${namespace} --force`
                : [];
        }
        const { labels } = pod.metadata ?? {};
        if (statefulSet !== undefined && labels?.app === app && labels?.pool === statefulSet) {
            return `${name} is a server of the pool ${statefulSet}, which the program has no more: run pulumi up without restoreFrom first`;
        }
        const used = (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
        const drives = used.filter((claim) => claims.has(claim));
        return drives.length > 0
            ? `the pod ${name} uses ${drives.join(", ")}, which could not be replaced as long as the pod is ` +
                  "there: delete it first"
            : [];
    });
    return [
        ...deleting.map(
            ({ metadata }) =>
                `persistentVolumeClaimRetentionPolicy.whenScaled of the StatefulSet ${metadata?.name} is Delete, ` +
                "so Kubernetes would delete " +
                "the claims when the servers stop: set it to Retain, run pulumi up without restoreFrom, and " +
                "restore then",
        ),
        ...ofPods,
    ];
}

/**
 * Replaces the data of a cluster. Every step may be done twice, and an interrupted restore is continued by the next
 * one.
 *
 * @throws Error that says what has stopped it, and how to go on or back
 */
export async function replaceData(
    kubernetes: Kubernetes,
    restored: Restore,
    found: FoundSet,
    present: Present,
    options: ReplaceOptions,
): Promise<void> {
    const { say, patience } = options;
    const { cluster, source, drives } = restored;
    const { namespace } = cluster.spec;
    const since = sinceOf(present, source) ?? new Date().toISOString().replace(/\.\d+|[-:]/g, "");
    const wanted = cluster.pools.map(({ name, replicas }) => ({ reference: reference(name, namespace), replicas }));
    const there = await patience(() =>
        Promise.all(wanted.map(({ reference: { metadata } }) => kubernetes.statefulSet(namespace, metadata.name))),
    );
    // Claims that outlived their StatefulSets have no servers to stop.
    const pools = wanted.filter((_, pool) => there[pool]);
    const eachOwn = async (work: (claim: Claim) => Promise<void>) => {
        for (const { claim } of drives) {
            await patience(async () => {
                const there = await kubernetes.read<Claim>(claimReference(claim, namespace));
                if (there && !isRestored(there, restored, found)) {
                    await work(there);
                }
            });
        }
    };
    const mark = async (begun?: Begun) => {
        const annotations = {
            [restoringAnnotation]: begun?.source ?? null,
            [restoringSetAnnotation]: begun?.set ?? null,
            [restoringSinceAnnotation]: begun?.since ?? null,
        };
        const markClaims = () => eachOwn((claim) => kubernetes.patch(claim, { metadata: { annotations } }));
        const markStatefulSet = async () => {
            if (there[0]) {
                const statefulSet = cluster.names.cluster;
                await patience(() => annotate({ kubernetes, namespace, statefulSet }, annotations));
            }
        };
        // Where a StatefulSet is there, its note is the one that counts: it comes first, and goes last.
        for (const step of begun ? [markStatefulSet, markClaims] : [markClaims, markStatefulSet]) {
            await step();
        }
    };
    const scale = async (to: (replicas: number) => number) => {
        for (const { reference, replicas } of pools) {
            await patience(() => kubernetes.patch(reference, { spec: { replicas: to(replicas) } }));
        }
    };
    const start = async () => {
        await scale((replicas) => replicas);
        await mark();
    };

    const back = wayOn({ ...cluster, pools: cluster.pools.filter((_, pool) => there[pool]) }, since);

    // Before any server stops, as a claim that is deleted takes its volume with it.
    await eachOwn((claim) => keepVolume(kubernetes, claim));
    await mark({ source, set: found.id, since });
    try {
        say("stops all servers");
        await scale(() => 0);
        await patience(() => untilServersEnd(kubernetes, restored, options));
    } catch (error) {
        const message = messageOf(error);
        if (isUntouched(restored, present)) {
            await start().catch((second: Error) => {
                throw new Error(`${message}; and then: ${second.message}. ${back}`);
            });
            throw new Error(`${message}. Nothing was replaced, and the servers start again`);
        }
        throw new Error(`${message}. ${back}`);
    }
    try {
        for (const drive of drives) {
            await patience(() => replaceClaim(kubernetes, restored, found, drive, since, options));
        }
        await start();
    } catch (error) {
        throw new Error(`${messageOf(error)}. ${back}`);
    }
}

/** When the restore began that goes on now. One that has ended, or is of another set, has replaced other volumes. */
function sinceOf({ begun, claims }: Present, wanted: string): string | undefined {
    const isOfIt = ({ source, ended, since }: ClaimOrigin) => since && source === wanted && ended !== wanted;
    return begun?.since ?? [...claims.values()].find(isOfIt)?.since;
}

/** Whether the cluster may start again as it is: all of its claims are there, and none was made from the set. */
function isUntouched({ drives, source }: Restore, { claims }: Present): boolean {
    return drives.every(({ claim }) => claims.has(claim) && claims.get(claim)?.source !== source);
}

async function keepVolume(kubernetes: Kubernetes, { spec }: Claim, labels?: Record<string, string>): Promise<void> {
    if (spec?.volumeName) {
        await kubernetes.patch(
            { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: spec.volumeName } },
            { ...(labels && { metadata: { labels } }), spec: { persistentVolumeReclaimPolicy: "Retain" } },
        );
    }
}

async function untilServersEnd(kubernetes: Kubernetes, restored: Restore, options: ReplaceOptions): Promise<void> {
    const own = poolNames(restored);
    let left: V1Pod[] = [];
    await untilSo(
        () => `these servers do not end: ${left.map(({ metadata }) => metadata?.name).join(", ")}`,
        async () => {
            const pods = await kubernetes.pods(restored.cluster.spec.namespace, restored.cluster.names.selector);
            left = pods.filter((pod) => own.includes(statefulSetOf(pod) ?? ""));
            return left.length === 0;
        },
        options,
    );
}

async function replaceClaim(
    kubernetes: Kubernetes,
    restored: Restore,
    found: FoundSet,
    drive: RestoredDrive,
    since: string,
    options: ReplaceOptions,
): Promise<void> {
    const { namespace } = restored.cluster.spec;
    const name = claimReference(drive.claim, namespace);
    const claim = await kubernetes.read<Claim>(name);
    if (claim && !isRestored(claim, restored, found)) {
        const volume = claim.spec?.volumeName;
        const snapshot = found.drives.get(drive.source)?.snapshot;
        options.say(`${drive.claim}: keeps its volume ${volume}, and begins with ${snapshot}`);
        await keepVolume(kubernetes, claim, {
            [replacedLabels.namespace]: namespace,
            [replacedLabels.cluster]: restored.cluster.names.cluster,
            [replacedLabels.since]: since,
        });
        const { uid } = claim.metadata;
        await kubernetes.remove({ ...name, metadata: { ...name.metadata, uid } });
        await untilSo(
            () => `${drive.claim} is not deleted`,
            async () => {
                const there = await kubernetes.read(name);
                return there === undefined || there.metadata.uid !== uid;
            },
            options,
        );
    }
    await createClaim(kubernetes, restored, found, drive.claim, since);
}

/** What is said of a restore that has stopped while the servers are. */
function wayOn(cluster: Cluster, since: string): string {
    return (
        "All servers are stopped, and all replaced volumes are kept. Once that is mended, pulumi up goes on from " +
        "here. To go back to the " +
        "replaced volumes instead, run this, remove restoreFrom, and run pulumi up (see " +
        `docs/backup.md):\n${wayBack(cluster, since)}`
    );
}

/**
 * The commands that give a cluster the volumes back which a restore has replaced. Pure.
 *
 * @param cluster with the pools whose StatefulSets are there
 */
export function wayBack({ names, spec, pools }: Cluster, since: string): string {
    const { namespace } = spec;
    const { cluster } = names;
    const each = (count: (pool: ClusterPool) => number) =>
        pools.map(
            (pool) => `kubectl scale statefulset ${pool.name} --namespace ${namespace} --replicas ${count(pool)}`,
        );
    const replaced = [
        `${replacedLabels.namespace}=${namespace}`,
        `${replacedLabels.cluster}=${cluster}`,
        `${replacedLabels.since}=${since}`,
    ];
    const patch = {
        metadata: { labels: Object.fromEntries(Object.values(replacedLabels).map((label) => [label, null])) },
        spec: { claimRef: { uid: null, resourceVersion: null } },
    };
    const marks = restoringAnnotations.map((name) => `${name}-`);
    const end = `kubectl wait pod --for delete --namespace ${namespace} --selector app=${cluster},pool --timeout 180s`;
    return [
        ...each(() => 0),
        ...(pools.length > 0 ? [end] : []),
        `for volume in $(kubectl get pv --selector "${replaced.join(",")}" --output name); do`,
        `    claim=$(kubectl get "$volume" --output 'jsonpath={.spec.claimRef.name}')`,
        `    kubectl delete pvc "$claim" --namespace ${namespace} --ignore-not-found`,
        `    kubectl patch "$volume" --type merge --patch '${JSON.stringify(patch)}'`,
        "done",
        `kubectl annotate pvc --namespace ${namespace} --selector app=${cluster} ${marks.join(" ")}`,
        ...pools.flatMap(({ name }) =>
            name === cluster ? `kubectl annotate statefulset ${name} --namespace ${namespace} ${marks.join(" ")}` : [],
        ),
        ...each(({ replicas }) => replicas),
    ].join("\n");
}

function poolNames({ cluster }: Pick<Restore, "cluster">): string[] {
    return cluster.pools.map(({ name }) => name);
}

function reference(name: string, namespace: string): ObjectReference {
    return { ...statefulSetKind, metadata: { name, namespace } };
}

function claimReference(name: string, namespace: string): ObjectReference {
    return { ...claimKind, metadata: { name, namespace } };
}

function untilSo(
    complaint: () => string,
    isSo: () => Promise<boolean>,
    { endMilliseconds: most = endMilliseconds }: ReplaceOptions,
): Promise<true> {
    return until(async () => (await isSo()) || undefined, {
        deadline: performance.now() + most,
        milliseconds: 500,
        late: () => `${complaint()} in ${most / 1000} s`,
    });
}
