/** Restores a set of snapshots: decides what is to be done, and makes the claims that are missing. */
import * as pulumi from "@pulumi/pulumi";
import { element } from "../basics/element";
import { messageOf } from "../basics/messageOf";
import { parseQuantity } from "../basics/quantity";
import { until } from "../basics/until";
import type { AnyObject, Kubernetes } from "../kubernetes/client";
import { KubernetesError, untilAnswered } from "../kubernetes/errors";
import { claimKind } from "../kubernetes/kinds";
import { missingRestoreRights, restoreRights } from "../kubernetes/rights";
import type { Connection } from "../live/connection";
import type { Cluster } from "../spec/cluster";
import {
    endedAnnotation,
    restoreAnnotation,
    restoredAnnotations,
    restoredAtAnnotation,
    restoringAnnotations,
} from "../spec/labels";
import { claimName, drivesOf, restoreSource } from "../spec/names";
import {
    type Begun,
    begunBy,
    type ClaimOrigin,
    createClaim,
    isHere,
    originOfClaim,
    type Patience,
    type Present,
    type Restore,
} from "./claims";
import { type FoundSet, findSet } from "./findSet";
import { replaceData, replacementProblems } from "./replaceData";
import { mismatch } from "./snapshotSet";

/** How long claims that are being deleted may take until they are gone. */
const goneMilliseconds = 60_000;

/** What is to be done: nothing, make claims that are missing, go back to the set in place, or refuse it. */
export type RestorePlan =
    | { kind: "none" }
    | { kind: "create"; claims: string[] }
    | { kind: "replace" }
    | { kind: "refuse"; reason: string };

/**
 * Decides what a restore has to do. Pure.
 *
 * A cluster that was restored and runs is never touched again: a claim that is missing there is a lost drive, which
 * MinIO heals from the others and better than from an old snapshot. That holds too where its StatefulSets were deleted
 * and come back.
 */
export function planRestore(
    { source, drives, cluster }: Pick<Restore, "source" | "drives" | "cluster">,
    { statefulSet, asks, claims, begun }: Present,
): RestorePlan {
    const foreign = drives.filter(({ claim }) => claims.has(claim) && claims.get(claim)?.source !== source);
    const missing = drives.filter(({ claim }) => !claims.has(claim));
    if (begun) {
        return begun.source === source ? { kind: "replace" } : { kind: "refuse", reason: unended(begun.source) };
    }
    const origins = [...claims.values()];
    const hasEnded = origins.some(({ ended }) => ended === source);
    if (hasEnded && statefulSet && asks !== source) {
        return { kind: "refuse", reason: unforgotten(cluster) };
    }
    // It has ended before: a drive that is there by now from elsewhere was lost and healed.
    if (hasEnded || (statefulSet && origins.some((origin) => origin.source === source))) {
        return { kind: "none" };
    }
    if (foreign.length > 0) {
        if (cluster.spec.restoreFrom?.confirm) {
            return { kind: "replace" };
        }
        const which = foreign.map(({ claim }) => claim).join(", ");
        return {
            kind: "refuse",
            reason:
                `the cluster has data of its own (${which}), which a restore replaces: everything stored since ` +
                "the set was " +
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
    { source, cluster }: Pick<Restore, "source" | "cluster">,
    { claims, begun }: Present,
    { id, takenAt }: Pick<FoundSet, "id" | "takenAt">,
): string | undefined {
    const begunWith = (set: string | undefined) => set !== undefined && set !== id;
    const others = [...claims].filter(([, origin]) => origin.source === source && begunWith(origin.set));
    if (!begunWith(begun?.set) && others.length === 0) {
        return undefined;
    }
    const set = begun?.set ?? others[0]?.[1].set;
    return (
        `the restore from ${source} was begun with the set that has the id ${set}, and the set of that name has ` +
        `the id ${id} by now ` +
        `(taken at ${takenAt}): drives of both would be two points in time. ` +
        (begun
            ? "Go back to the replaced volumes (docs/backup.md), and begin anew"
            : `Delete what was begun, and begin anew: ${deleting(
                  cluster.spec.namespace,
                  others.map(([claim]) => claim),
              )}`)
    );
}

/** What is said of a restore in place that was begun, where the program wants something else. */
function unended(source: string): string {
    return (
        `the restore from ${source} was begun and not ended: put restoreFrom back, and run pulumi up again; or ` +
        "go back to the " +
        "replaced volumes (docs/backup.md)"
    );
}

/**
 * What is said where the program has asked for no restore meanwhile, and the claims were not told: `endRestore` was cut
 * off, or had no right to. Whether a second restore is wanted is then not known, and the first one is forgotten by
 * hand.
 */
function unforgotten({ names, spec }: Cluster): string {
    return (
        "the cluster was restored from this set before, and its claims still say so. To keep the data that it " +
        "has, remove restoreFrom. To " +
        `go back to the set again, run this, and then pulumi up: ${forgetting(names.cluster, spec.namespace)}`
    );
}

/**
 * Restores the drives, which is called before a StatefulSet is made, or changed so that it asks for another set than
 * before. A preview finds the set, compares it with the cluster, and checks all that could stop a restore midway.
 *
 * @returns whether there is anything to restore; a restore that has ended never acts again
 * @throws Error when the set cannot be restored, or would replace data and that is not confirmed
 */
export async function restoreDrives(
    connection: Connection,
    cluster: Cluster,
    resource: pulumi.Resource,
): Promise<boolean> {
    if (await connection.writesFiles()) {
        throw new Error(
            "restoreFrom: the provider writes files (renderYamlToDirectory), and nothing is restored by them",
        );
    }
    const isPreview = pulumi.runtime.isDryRun();
    const say = (text: string) => pulumi.log.info(text, resource, undefined, !isPreview);
    const patience: Patience = isPreview
        ? (work) => work()
        : (work) => untilAnswered(work, cluster.timeoutSeconds, say);
    const kubernetes = await (isPreview ? connection.look() : patience(connection.act));
    if (kubernetes === undefined) {
        pulumi.log.info("restoreFrom: not checked in this preview, as the kubeconfig is not known yet", resource);
        return true;
    }
    try {
        return await restore(kubernetes, cluster, { say, patience, isPreview });
    } catch (error) {
        throw new Error(`restoreFrom: ${messageOf(error)}`);
    }
}

export interface RestoreOptions {
    say: (text: string) => void;
    patience: Patience;
    isPreview: boolean;
}

export async function restore(
    kubernetes: Kubernetes,
    cluster: Cluster,
    { say, patience, isPreview }: RestoreOptions,
): Promise<boolean> {
    const { names, spec } = cluster;
    const wanted = restoreOf(cluster);
    const isThere = () => kubernetes.statefulSet(spec.namespace, names.cluster).then((one) => one !== undefined);
    if (!isPreview && !(await patience(isThere))) {
        await untilNoneGoes(wanted, () => patience(() => kubernetes.list<AnyObject>(claimKind, spec.namespace)));
    }
    const decided = await patience(() => decide(kubernetes, wanted));
    if (decided === undefined) {
        return false;
    }
    const { plan, found, present } = decided;
    const count = plan.kind === "create" ? plan.claims.length : wanted.drives.length;
    const what = plan.kind === "create" ? "begin with" : "go back to, and all servers stop meanwhile for,";
    const [namespace, from, set] = wanted.source.split("/");
    say(`restoreFrom: ${count} drives ${what} the set '${set}' of ${from} in ${namespace}, taken at ${found.takenAt}`);
    const isCopy = namespace !== spec.namespace || from !== names.cluster;
    if (isCopy && spec.networkPolicy?.egress === undefined) {
        say(
            "restoreFrom: tiers, bucket replication and notification targets come with the set. Where the first " +
                "cluster lives, a copy that " +
                "reaches its tiers may delete objects there that the first one needs: networkPolicy.egress: [] " +
                "prevents it (docs/backup.md)",
        );
    }
    if (isPreview) {
        return true;
    }
    if (plan.kind === "create") {
        for (const claim of plan.claims) {
            await patience(() => createClaim(kubernetes, wanted, found, claim));
        }
    } else {
        await replaceData(kubernetes, wanted, found, present, { say, patience });
    }
    return true;
}

/**
 * A claim that is being deleted is neither there nor gone, as after a destroy with `whenDeleted: Delete`. A server that
 * runs keeps its own from going: where there are servers, the restore stops them first, and waits then.
 */
async function untilNoneGoes({ drives }: Restore, claimsOf: () => Promise<AnyObject[]>): Promise<void> {
    const own = new Set(drives.map(({ claim }) => claim));
    let going: string[] = [];
    await until(
        async () => {
            const claims = (await claimsOf()).filter(({ metadata }) => own.has(metadata.name));
            going = claims.filter(({ metadata }) => metadata.deletionTimestamp).map(({ metadata }) => metadata.name);
            return going.length === 0 || undefined;
        },
        {
            deadline: performance.now() + goneMilliseconds,
            milliseconds: 500,
            late: () =>
                `${going.join(", ")} ${going.length === 1 ? "is" : "are"} being deleted, and not gone in ` +
                `${goneMilliseconds / 1000} s: ` +
                "see what still uses them (kubectl describe pvc), and run pulumi up again",
        },
    );
}

/**
 * @returns undefined when nothing is to be done
 * @throws Error with all that keeps it from being done
 */
async function decide(kubernetes: Kubernetes, wanted: Restore) {
    const { sourceNamespace } = wanted;
    const { names, spec } = wanted.cluster;
    const present = await presentDrives(kubernetes, wanted);
    const plan = planRestore(wanted, present);
    if (plan.kind === "none") {
        return undefined;
    }
    const set = spec.restoreFrom?.set as string;
    const id = spec.restoreFrom?.id ?? undefined;
    const cluster = spec.restoreFrom?.cluster ?? names.cluster;
    const found = await findSet(kubernetes, { set, id, cluster, namespace: sourceNamespace });
    const problem = mismatch(found, spec.pools, spec.driveSubPath) ?? tooSmall(wanted, found);
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

/** A volume may have become larger than its set's record says, and the storage makes no smaller one of its snapshot. */
function tooSmall({ drives, cluster }: Restore, found: FoundSet): string | undefined {
    for (const { position, source } of drives) {
        const { storageSize } = element(cluster.spec.pools, position.pool);
        const { snapshot, restoreSize = 0 } = found.drives.get(source) ?? {};
        if ((parseQuantity(storageSize) ?? 0) < restoreSize) {
            return (
                `the snapshot ${snapshot} needs a volume of ${restoreSize} bytes, and drives of this cluster ` +
                `have ${storageSize}: give ` +
                "them at least the size of the snapshot"
            );
        }
    }
    return undefined;
}

/**
 * For a cluster whose program asks for no restore: forgets which set its drives were made from, so that it can go back
 * to the same set later.
 *
 * @throws Error when a restore was begun and not ended
 */
export async function endRestore(kubernetes: Kubernetes, cluster: Cluster): Promise<void> {
    try {
        await forgetRestore(kubernetes, cluster);
    } catch (error) {
        // Where Kubernetes moves the rollout on, its user may have no right to. A second restore says what to do then.
        if (cluster.guided || (error as Partial<KubernetesError>).code !== 403) {
            throw error;
        }
    }
}

async function forgetRestore(kubernetes: Kubernetes, { names, spec }: Cluster): Promise<void> {
    const begun = begunBy((await kubernetes.statefulSet(spec.namespace, names.cluster))?.metadata?.annotations);
    if (begun) {
        throw new Error(unended(begun.source));
    }
    const forgotten = Object.fromEntries([...restoredAnnotations, ...restoringAnnotations].map((mark) => [mark, null]));
    for (const { metadata } of await kubernetes.claims(spec.namespace, names.selector)) {
        if (Object.keys(metadata?.annotations ?? {}).some((key) => key in forgotten)) {
            await annotateClaim(kubernetes, spec.namespace, metadata?.name ?? "", forgotten);
        }
    }
}

/**
 * For a cluster that was restored and runs, and whose program still says so: the restore has ended. It is written on
 * the claims, as they outlive the StatefulSets; and on each of them, as any of them may be lost and healed.
 *
 * @returns whether it was a restore in place, and has ended just now
 */
export async function markRestored(kubernetes: Kubernetes, cluster: Cluster): Promise<boolean> {
    const { names, spec } = cluster;
    const { source, drives } = restoreOf(cluster);
    const own = new Set(drives.map(({ claim }) => claim));
    let hasReplaced = false;
    for (const { metadata } of await kubernetes.claims(spec.namespace, names.selector)) {
        if (own.has(metadata?.name ?? "") && metadata?.annotations?.[endedAnnotation] !== source) {
            hasReplaced ||= metadata?.annotations?.[restoredAtAnnotation] !== undefined;
            await annotateClaim(kubernetes, spec.namespace, metadata?.name ?? "", { [endedAnnotation]: source });
        }
    }
    return hasReplaced;
}

/**
 * Before a StatefulSet is changed by a program that asks for no restore, or for another one: its servers would start
 * with what an interrupted restore has made so far, drives of two points in time.
 *
 * @returns why not, where one was begun; undefined as a rule
 */
export async function unendedRestore(
    connection: Connection,
    { names, spec, guided, timeoutSeconds }: Cluster,
    source: string | undefined,
): Promise<string | undefined> {
    const look = async () => {
        const isPreview = pulumi.runtime.isDryRun();
        const kubernetes = await (isPreview ? connection.look() : connection.act());
        return begunBy((await kubernetes?.statefulSet(spec.namespace, names.cluster))?.metadata?.annotations);
    };
    try {
        const begun = await (pulumi.runtime.isDryRun()
            ? look()
            : untilAnswered(look, timeoutSeconds, (text) => pulumi.log.info(text, undefined, undefined, true)));
        return begun && begun.source !== source ? unended(begun.source) : undefined;
    } catch (error) {
        // A preview goes on without a cluster, and rollout.mode Native without a kubeconfig, or without the right to
        // get StatefulSets.
        const { code } = error as Partial<KubernetesError>;
        const isAway = error instanceof KubernetesError && code !== 403;
        if (pulumi.runtime.isDryRun() || code === 403 || (!isAway && !guided)) {
            return undefined;
        }
        throw error;
    }
}

/**
 * Why servers that are made must not begin with the claims that are there, for a program that asks for no restore: some
 * were made from a set, and the others were not, or are still to be. Pure.
 *
 * @param claims all of the namespace
 */
export function halfRestored({ names, spec }: Cluster, claims: AnyObject[]): string | undefined {
    const own = drivesOf(spec.pools).map((position) => claimName(names.cluster, position));
    const staying = claims.filter(({ metadata }) => !metadata.deletionTimestamp);
    const there = new Map(staying.map((claim) => [claim.metadata.name, originOfClaim(claim)]));
    const origins = own.map((claim) => there.get(claim));
    const noted = notedOn(origins);
    if (noted) {
        return unended(noted.source);
    }
    const begun = partOf(origins);
    if (begun === undefined) {
        return undefined;
    }
    const made = own.filter((claim) => there.get(claim)?.source === begun.source);
    const back = begun.since
        ? "or go back to the replaced volumes (docs/backup.md)"
        : `or, if no server has run with them, begin anew: ${deleting(spec.namespace, made)}`;
    return (
        `some drives (${made.join(", ")}) were made from the set ${begun.source}, and the others were not: servers ` +
        `would begin with two points in time. Put restoreFrom back, and run pulumi up again; ${back}. If that ` +
        "restore has ended, and a lost drive was healed since, run this: " +
        forgetting(names.cluster, spec.namespace)
    );
}

/**
 * A restore in place that the claims tell of: those that it is still to replace, or the last of them is missing. Pure.
 *
 * @param origins of all drives
 */
function begunAmong(origins: (ClaimOrigin | undefined)[]): Begun | undefined {
    const { source, set, since } = partOf(origins) ?? {};
    return notedOn(origins) ?? (source !== undefined && since !== undefined ? { source, set, since } : undefined);
}

function notedOn(origins: (ClaimOrigin | undefined)[]): Begun | undefined {
    return origins.find((origin) => origin?.begun)?.begun;
}

/** What some drives were made from and others were not, by a restore that has not ended. */
function partOf(origins: (ClaimOrigin | undefined)[]): ClaimOrigin | undefined {
    const begun = origins.find((origin) => origin?.source !== undefined && origin.ended !== origin.source);
    const isWhole = origins.every((origin) => origin?.source === begun?.source && origin?.set === begun?.set);
    return isWhole ? undefined : begun;
}

const deleting = (namespace: string, claims: string[]) =>
    `kubectl delete pvc --namespace ${namespace} ${claims.join(" ")}`;

function forgetting(cluster: string, namespace: string): string {
    return (
        `kubectl annotate pvc --namespace ${namespace} --selector app=${cluster} ` +
        restoredAnnotations.map((mark) => `${mark}-`).join(" ")
    );
}

function annotateClaim(kubernetes: Kubernetes, namespace: string, name: string, annotations: object): Promise<void> {
    return kubernetes.patch({ ...claimKind, metadata: { name, namespace } }, { metadata: { annotations } });
}

export function restoreOf(cluster: Cluster): Restore {
    const { names, spec } = cluster;
    const from = spec.restoreFrom?.cluster ?? names.cluster;
    const namespace = spec.restoreFrom?.namespace ?? spec.namespace;
    const drives = drivesOf(spec.pools).map((position) => ({
        position,
        claim: claimName(names.cluster, position),
        source: claimName(from, position),
    }));
    return { cluster, source: restoreSource(names, spec) ?? "", sourceNamespace: namespace, drives };
}

async function presentDrives(kubernetes: Kubernetes, { cluster, drives }: Restore): Promise<Present> {
    const { names, spec } = cluster;
    const statefulSet = await kubernetes.statefulSet(spec.namespace, names.cluster);
    const claims = await kubernetes.list<AnyObject>(claimKind, spec.namespace);
    const own = new Set(drives.map(({ claim }) => claim));
    const isPresent = ({ metadata }: AnyObject) =>
        own.has(metadata.name) && (statefulSet !== undefined || !metadata.deletionTimestamp);
    const there = new Map(claims.filter(isPresent).map((claim) => [claim.metadata.name, originOfClaim(claim)]));
    return {
        statefulSet: statefulSet !== undefined,
        asks: statefulSet?.metadata?.annotations?.[restoreAnnotation],
        claims: there,
        begun: statefulSet
            ? begunBy(statefulSet.metadata?.annotations)
            : begunAmong(drives.map(({ claim }) => there.get(claim))),
    };
}
