/** Claims that begin with what a set of snapshots has. The StatefulSets adopt them by their names. */
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { AnyObject, Kubernetes } from "../kubernetes/client";
import { KubernetesError, untilAnswered } from "../kubernetes/errors";
import { missingRestoreRights, restoreRights } from "../kubernetes/rights";
import type { Connection } from "../live/connection";
import { endedAnnotation, restoredAnnotation, restoredAtAnnotation, restoredSetAnnotation } from "../spec/labels";
import { type Names, poolSelector } from "../spec/names";
import { isGuided, type MinioClusterSpec, type PoolSpec } from "../spec/spec";
import { type FoundSet, type FoundSnapshot, findSet } from "./findSet";
import { begunBy, replaceData, replacementProblems } from "./replaceData";
import { claimKind, claimName, contentKind, type DrivePosition, drivesOf, mismatch, snapshotKind } from "./snapshotSet";

/** A drive to restore: where its claim gets its data from. */
export interface RestoredDrive {
    position: DrivePosition;
    claim: string;
    /** The claim of this drive in the cluster that the set was taken of. */
    source: string;
}

/** A restore, as far as it is decided by the arguments. */
export interface Restore {
    names: Names;
    spec: MinioClusterSpec;
    /** `<namespace>/<cluster>/<set>`, with the set's id where it is given, as in the claims' annotation. */
    source: string;
    sourceNamespace: string;
    drives: RestoredDrive[];
}

/** From where a claim has its data. */
export interface ClaimOrigin {
    /** As `Restore.source`; undefined for data of its own. */
    source?: string;
    /** Id of the set. An earlier version wrote none. */
    set?: string;
    /** Of which source a restore has ended. */
    ended?: string;
    /** When the restore in place began that made it. */
    since?: string;
}

/** A restore in place that was begun and not ended. */
export interface Begun {
    source: string;
    /** As of `ClaimOrigin`. */
    set?: string;
    since?: string;
}

/** What is there of a cluster before it is restored. */
export interface Present {
    /** Whether the StatefulSet of the first pool is there. */
    statefulSet: boolean;
    /** Of each drive's claim that is there. */
    claims: Map<string, ClaimOrigin>;
    begun?: Begun;
}

/** What is to be done: nothing, make claims that are missing, go back to the set in place, or refuse it. */
export type RestorePlan =
    | { kind: "none" }
    | { kind: "create"; claims: string[] }
    | { kind: "replace" }
    | { kind: "refuse"; reason: string };

/**
 * Decides what a restore has to do. Pure.
 *
 * A cluster that was restored and runs is never touched again: a claim that is missing there is a lost drive, which MinIO
 * heals from the others and better than from an old snapshot. That holds too where its StatefulSets were deleted and come back.
 */
export function planRestore(
    { source, drives, spec }: Pick<Restore, "source" | "drives"> & { spec: Pick<MinioClusterSpec, "restoreFrom"> },
    { statefulSet, claims, begun }: Present,
): RestorePlan {
    const foreign = drives.filter(({ claim }) => claims.has(claim) && claims.get(claim)?.source !== source);
    const missing = drives.filter(({ claim }) => !claims.has(claim));
    if (begun) {
        return begun.source === source ? { kind: "replace" } : { kind: "refuse", reason: unended(begun.source) };
    }
    const origins = [...claims.values()];
    // It has ended before: a drive that is there by now from elsewhere was lost and healed.
    if (
        origins.some(({ ended }) => ended === source) ||
        (statefulSet && origins.some((origin) => origin.source === source))
    ) {
        return { kind: "none" };
    }
    if (foreign.length > 0) {
        if (spec.restoreFrom?.confirm) {
            return { kind: "replace" };
        }
        const which = foreign.map(({ claim }) => claim).join(", ");
        return {
            kind: "refuse",
            reason:
                `the cluster has data of its own (${which}), which a restore replaces: everything stored since the set was ` +
                "taken would be lost. Remove restoreFrom to keep it, restore under another name or namespace, or set " +
                `restoreFrom.confirm (see docs/backup.md)`,
        };
    }
    return statefulSet || missing.length === 0
        ? { kind: "none" }
        : { kind: "create", claims: missing.map(({ claim }) => claim) };
}

/** Why what was begun cannot go on with this set; undefined when it can. Pure. */
export function otherSet(
    { source }: Pick<Restore, "source">,
    { claims, begun }: Present,
    { id, takenAt }: Pick<FoundSet, "id" | "takenAt">,
): string | undefined {
    const begunWith = (set: string | undefined) => set !== undefined && set !== id;
    const others = [...claims].filter(([, origin]) => origin.source === source && begunWith(origin.set));
    if (!begunWith(begun?.set) && others.length === 0) {
        return undefined;
    }
    const set = begun?.set ?? others[0][1].set;
    return (
        `the restore from ${source} was begun with the set that has the id ${set}, and the set of that name has the id ${id} by now ` +
        `(taken at ${takenAt}): drives of both would be two points in time. ` +
        (begun
            ? "Go back to the replaced volumes (docs/backup.md), and begin anew"
            : `Delete what was begun (kubectl delete pvc ${others.map(([claim]) => claim).join(" ")}), and begin anew`)
    );
}

/** What is said of a restore in place that was begun, where the program wants something else. */
function unended(source: string): string {
    return (
        `the restore from ${source} was begun and not ended: put restoreFrom back, and run pulumi up again; or go back to the ` +
        "replaced volumes (docs/backup.md)"
    );
}

/** `<namespace>/<cluster>/<set>` of the set to restore, as in the annotations of the StatefulSets and the claims. */
export function restoreSource(names: Names, spec: MinioClusterSpec): string | undefined {
    return spec.restoreFrom && restoreOf(names, spec).source;
}

/**
 * Restores the drives, which is called before a StatefulSet is made, or changed so that it asks for another set than before. A
 * preview finds the set, compares it with the cluster, and checks all that could stop a restore midway.
 *
 * @throws Error when the set cannot be restored, or would replace data and that is not confirmed
 */
export async function restoreDrives(
    connection: Connection,
    names: Names,
    spec: MinioClusterSpec,
    resource: pulumi.Resource,
): Promise<void> {
    if (await connection.writesFiles()) {
        throw new Error(
            "restoreFrom: the provider writes files (renderYamlToDirectory), and nothing is restored by them",
        );
    }
    const isPreview = pulumi.runtime.isDryRun();
    const say = (text: string) => pulumi.log.info(text, resource, undefined, !isPreview);
    const patience: Patience = isPreview
        ? (work) => work()
        : (work) => untilAnswered(work, spec.rollout.timeoutSeconds, say);
    const kubernetes = await (isPreview ? connection.look() : patience(connection.act));
    if (kubernetes === undefined) {
        pulumi.log.info("restoreFrom: not checked in this preview, as the kubeconfig is not known yet", resource);
        return;
    }
    try {
        await restore(kubernetes, names, spec, { say, patience, isPreview });
    } catch (error) {
        throw new Error(`restoreFrom: ${(error as Error).message}`);
    }
}

/** Does some work again when the Kubernetes API was away, too busy, or had a conflict meanwhile. */
export type Patience = <T>(work: () => Promise<T>) => Promise<T>;

export interface RestoreOptions {
    say: (text: string) => void;
    patience: Patience;
    isPreview: boolean;
}

export async function restore(
    kubernetes: Kubernetes,
    names: Names,
    spec: MinioClusterSpec,
    { say, patience, isPreview }: RestoreOptions,
): Promise<void> {
    const wanted = restoreOf(names, spec);
    const decided = await patience(() => decide(kubernetes, wanted));
    if (decided === undefined) {
        return;
    }
    const { plan, found, present } = decided;
    const count = plan.kind === "create" ? plan.claims.length : wanted.drives.length;
    const what = plan.kind === "create" ? "begin with" : "go back to, and all servers stop meanwhile for,";
    const [namespace, cluster, set] = wanted.source.split("/");
    say(
        `restoreFrom: ${count} drives ${what} the set '${set}' of ${cluster} in ${namespace}, taken at ${found.takenAt}`,
    );
    if (isPreview) {
        return;
    }
    if (plan.kind === "create") {
        for (const claim of plan.claims) {
            await patience(() => createClaim(kubernetes, wanted, found, claim));
        }
    } else {
        await replaceData(kubernetes, wanted, found, present, { say, patience });
    }
}

/**
 * @returns undefined when nothing is to be done
 * @throws Error with all that keeps it from being done
 */
async function decide(kubernetes: Kubernetes, wanted: Restore) {
    const { names, spec, sourceNamespace } = wanted;
    const present = await presentDrives(kubernetes, wanted);
    const plan = planRestore(wanted, present);
    if (plan.kind === "none") {
        return undefined;
    }
    const set = spec.restoreFrom?.set as string;
    const id = spec.restoreFrom?.id ?? undefined;
    const cluster = spec.restoreFrom?.cluster ?? names.cluster;
    const found = await findSet(kubernetes, { set, id, cluster, namespace: sourceNamespace });
    const problem = mismatch(found, spec.pools);
    if (problem) {
        throw new Error(problem);
    }
    if (plan.kind === "refuse") {
        throw new Error(plan.reason);
    }
    const inPlace = plan.kind === "replace";
    const problems = [
        otherSet(wanted, present, found) ?? [],
        await missingRestoreRights(kubernetes, spec.namespace, restoreRights(inPlace, !isHere(wanted, found))),
        inPlace ? await replacementProblems(kubernetes, wanted) : [],
    ].flat();
    if (problems.length > 0) {
        throw new Error(problems.join("\n"));
    }
    return { plan, found, present };
}

/**
 * For a cluster whose program asks for no restore: forgets which set its drives were made from, so that it can go back to
 * the same set later.
 *
 * @throws Error when a restore was begun and not ended
 */
export async function endRestore(
    kubernetes: Kubernetes,
    { names, spec }: Pick<Restore, "names" | "spec">,
): Promise<void> {
    const begun = begunBy(await kubernetes.statefulSet(spec.namespace, names.cluster));
    if (begun) {
        throw new Error(unended(begun.source));
    }
    const forgotten = {
        [restoredAnnotation]: null,
        [restoredSetAnnotation]: null,
        [restoredAtAnnotation]: null,
        [endedAnnotation]: null,
    };
    for (const { metadata } of await kubernetes.claims(spec.namespace, names.selector)) {
        if (Object.keys(metadata?.annotations ?? {}).some((key) => key in forgotten)) {
            await annotateClaim(kubernetes, spec.namespace, metadata?.name ?? "", forgotten);
        }
    }
}

/**
 * For a cluster that was restored and runs, and whose program still says so: the restore has ended. It is written on the claims, as they
 * outlive the StatefulSets; and on each of them, as any of them may be lost and healed.
 */
export async function markRestored(kubernetes: Kubernetes, names: Names, spec: MinioClusterSpec): Promise<void> {
    const { source, drives } = restoreOf(names, spec);
    const own = new Set(drives.map(({ claim }) => claim));
    for (const { metadata } of await kubernetes.claims(spec.namespace, names.selector)) {
        if (own.has(metadata?.name ?? "") && metadata?.annotations?.[endedAnnotation] !== source) {
            await annotateClaim(kubernetes, spec.namespace, metadata?.name ?? "", { [endedAnnotation]: source });
        }
    }
}

/**
 * Before a StatefulSet is changed by a program that asks for no restore, or for another one: its servers would start with what an
 * interrupted restore has made so far, drives of two points in time.
 *
 * @returns why not, where one was begun; undefined as a rule
 */
export async function unendedRestore(
    connection: Connection,
    names: Names,
    spec: MinioClusterSpec,
    source: string | undefined,
): Promise<string | undefined> {
    if (await connection.writesFiles()) {
        return undefined;
    }
    const look = async () => {
        const isPreview = pulumi.runtime.isDryRun();
        const kubernetes = await (isPreview ? connection.look() : connection.act());
        return begunBy(await kubernetes?.statefulSet(spec.namespace, names.cluster));
    };
    try {
        const begun = await (pulumi.runtime.isDryRun()
            ? look()
            : untilAnswered(look, spec.rollout.timeoutSeconds, (text) =>
                  pulumi.log.info(text, undefined, undefined, true),
              ));
        return begun && begun.source !== source ? unended(begun.source) : undefined;
    } catch (error) {
        // A preview goes on without a cluster, and rollout.mode Native without a kubeconfig, or without the right to get StatefulSets.
        const { code } = error as Partial<KubernetesError>;
        const isAway = error instanceof KubernetesError && code !== 403;
        if (pulumi.runtime.isDryRun() || code === 403 || (!isAway && !isGuided(spec))) {
            return undefined;
        }
        throw error;
    }
}

function annotateClaim(kubernetes: Kubernetes, namespace: string, name: string, annotations: object): Promise<void> {
    return kubernetes.patch({ ...claimKind, metadata: { name, namespace } }, { metadata: { annotations } });
}

export function restoreOf(names: Names, spec: MinioClusterSpec): Restore {
    const set = spec.restoreFrom?.set ?? "";
    const id = spec.restoreFrom?.id;
    const cluster = spec.restoreFrom?.cluster ?? names.cluster;
    const namespace = spec.restoreFrom?.namespace ?? spec.namespace;
    const drives = drivesOf(spec.pools).map((position) => ({
        position,
        claim: claimName(names.cluster, position),
        source: claimName(cluster, position),
    }));
    const source = [namespace, cluster, set, ...(id ? [id] : [])].join("/");
    return { names, spec, source, sourceNamespace: namespace, drives };
}

async function presentDrives(kubernetes: Kubernetes, { names, spec, drives }: Restore): Promise<Present> {
    const statefulSet = await kubernetes.statefulSet(spec.namespace, names.cluster);
    const claims = await kubernetes.list<AnyObject>(claimKind, spec.namespace);
    const own = new Set(drives.map(({ claim }) => claim));
    const present = claims.filter(({ metadata }) => own.has(metadata.name));
    return {
        statefulSet: statefulSet !== undefined,
        claims: new Map(present.map((claim) => [claim.metadata.name, originOfClaim(claim)])),
        begun: begunBy(statefulSet),
    };
}

function originOfClaim({ metadata: { annotations = {} } }: AnyObject): ClaimOrigin {
    return {
        source: annotations[restoredAnnotation],
        set: annotations[restoredSetAnnotation],
        ended: annotations[endedAnnotation],
        since: annotations[restoredAtAnnotation],
    };
}

/** Whether a claim has the data of the set already. */
export function isRestored(claim: AnyObject, { source }: Restore, { id }: FoundSet): boolean {
    const origin = originOfClaim(claim);
    return origin.source === source && (origin.set === undefined || origin.set === id);
}

/** Whether the claims can name the snapshots of the set as they are. */
function isHere({ sourceNamespace, spec }: Restore, { isPresent }: FoundSet): boolean {
    return isPresent && sourceNamespace === spec.namespace;
}

/**
 * Makes a claim from a snapshot of a set, which it brings into the namespace where it is not there.
 *
 * @param since when a restore in place began
 */
export async function createClaim(
    kubernetes: Kubernetes,
    restored: Restore,
    found: FoundSet,
    claim: string,
    since?: string,
): Promise<void> {
    const drive = restored.drives.find((one) => one.claim === claim) as RestoredDrive;
    const there = found.drives.get(drive.source) as FoundSnapshot;
    const snapshot = isHere(restored, found)
        ? there.snapshot
        : await bringSnapshot(kubernetes, restored.spec.namespace, there);
    await kubernetes.create(claimObject(restored, drive, snapshot, found.id, since));
}

/**
 * Makes a snapshot of the storage system known in a namespace. It is kept by the storage system when it is deleted here: it
 * belongs to the set. Its name tells what of the storage it is: an earlier restore may have left one of a set of the same name.
 */
async function bringSnapshot(
    kubernetes: Kubernetes,
    namespace: string,
    { snapshot, driver, snapshotHandle }: FoundSnapshot,
): Promise<string> {
    if (!snapshotHandle) {
        throw new Error(`the storage system has no snapshot ${snapshot}`);
    }
    const handle = createHash("sha256")
        .update(JSON.stringify([driver, snapshotHandle]))
        .digest("hex");
    const name = `restored-${snapshot}-${handle.slice(0, 10)}`;
    const contentName = `${namespace}-${name}`;
    await kubernetes.create({
        ...contentKind,
        metadata: { name: contentName },
        spec: {
            deletionPolicy: "Retain",
            driver,
            source: { snapshotHandle },
            volumeSnapshotRef: { name, namespace },
        },
    } as AnyObject);
    await kubernetes.create({
        ...snapshotKind,
        metadata: { name, namespace },
        spec: { source: { volumeSnapshotContentName: contentName } },
    } as AnyObject);
    return name;
}

/** The claim as the StatefulSet would make it, and with the data of a snapshot. */
export function claimObject(
    { names, spec, source }: Restore,
    { position, claim }: RestoredDrive,
    snapshot: string,
    set: string,
    since?: string,
) {
    const pool: PoolSpec = spec.pools[position.pool];
    return {
        ...claimKind,
        metadata: {
            name: claim,
            namespace: spec.namespace,
            labels: poolSelector(names, position.pool),
            annotations: {
                [restoredAnnotation]: source,
                [restoredSetAnnotation]: set,
                ...(since && { [restoredAtAnnotation]: since }),
            },
        },
        spec: {
            accessModes: ["ReadWriteOnce"],
            storageClassName: pool.storageClassName,
            resources: { requests: { storage: pool.storageSize } },
            dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: snapshotKind.kind, name: snapshot },
        },
    };
}
