/** Claims that begin with what a set of snapshots has. The StatefulSets adopt them by their names. */
import * as pulumi from "@pulumi/pulumi";
import type { MinioClusterSpec, PoolSpec } from "../defaults";
import { endProgram } from "../endProgram";
import { hasEngine } from "../engine";
import { type AnyObject, connect, type Kubernetes } from "../kubernetes";
import { type Names, poolSelector } from "../names";
import { underWay } from "../underWay";
import { type FoundSet, type FoundSnapshot, findSet } from "./findSet";
import { replaceData, restoringAnnotation } from "./replaceData";
import { claimKind, claimName, contentKind, type DrivePosition, drivesOf, mismatch, snapshotKind } from "./snapshotSet";

/** Annotation of a claim that was made from a set: which one. */
export const restoredAnnotation = "minio-cluster/restored-from";

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
    /** `<namespace>/<cluster>/<set>`, as in the claims' annotation. */
    source: string;
    sourceNamespace: string;
    drives: RestoredDrive[];
}

/** What is there of a cluster before it is restored. */
export interface Present {
    /** Whether the StatefulSet of the first pool is there. */
    statefulSet: boolean;
    /** Of each drive's claim that is there, which set it was made from. */
    claims: Map<string, string | undefined>;
    /** Whether an earlier program has begun to go back to this set in place, and not ended it. */
    interrupted: boolean;
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
 * heals from the others and better than from an old snapshot.
 */
export function planRestore(
    { source, drives, spec }: Pick<Restore, "source" | "drives"> & { spec: Pick<MinioClusterSpec, "restoreFrom"> },
    { statefulSet, claims, interrupted }: Present,
): RestorePlan {
    const foreign = drives.filter(({ claim }) => claims.has(claim) && claims.get(claim) !== source);
    const missing = drives.filter(({ claim }) => !claims.has(claim));
    if (interrupted) {
        return { kind: "replace" };
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

/**
 * Restores the drives before the StatefulSets are made. A preview finds the set and compares it with the cluster already.
 *
 * @param before what must be there first: it tells, on `up`, that the namespace is
 * @returns true once the claims are there
 */
export function restoreDrives(
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    before: pulumi.Resource[],
    resource: pulumi.Resource,
): pulumi.Output<boolean> {
    if (!hasEngine()) {
        return pulumi.output(true);
    }
    const made = pulumi.all(before.map((one) => (one as pulumi.CustomResource).id));
    // In a preview, what is new has no id yet.
    const awaited = pulumi.runtime.isDryRun() ? spec : pulumi.all([spec, made]).apply(([known]) => known);
    return awaited.apply(async (known) => {
        try {
            await underWay(restore(names, known as MinioClusterSpec, resource));
        } catch (error) {
            return endProgram(`restoreFrom: ${(error as Error).message}`);
        }
        return true;
    });
}

async function restore(names: Names, spec: MinioClusterSpec, resource: pulumi.Resource): Promise<void> {
    const kubernetes = await connect(spec.rollout.kubeconfig);
    const say = (text: string) => pulumi.log.info(text, resource, undefined, !pulumi.runtime.isDryRun());
    const wanted = restoreOf(names, spec);
    const present = await presentDrives(kubernetes, wanted);
    const plan = planRestore(wanted, present);
    if (plan.kind === "none") {
        return;
    }
    const set = spec.restoreFrom?.set as string;
    const cluster = spec.restoreFrom?.cluster ?? names.cluster;
    const found = await findSet(kubernetes, { set, cluster, namespace: wanted.sourceNamespace });
    const problem = mismatch(found, spec.pools);
    if (problem) {
        throw new Error(problem);
    }
    if (plan.kind === "refuse") {
        throw new Error(plan.reason);
    }
    const count = plan.kind === "create" ? plan.claims.length : wanted.drives.length;
    const what = plan.kind === "create" ? "begin with" : "go back to, and all servers stop meanwhile for,";
    say(`restoreFrom: ${count} drives ${what} the set '${set}' of ${cluster} in ${wanted.sourceNamespace}`);
    if (pulumi.runtime.isDryRun()) {
        return;
    }
    if (plan.kind === "create") {
        await createClaims(kubernetes, wanted, found, plan.claims);
    } else {
        await replaceData(kubernetes, wanted, found, say);
    }
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
    const statefulSet = await kubernetes.statefulSet(spec.namespace, names.cluster);
    const source = statefulSet?.metadata?.annotations?.[restoringAnnotation];
    if (source !== undefined) {
        throw new Error(
            `the restore from ${source} was begun and not ended: put restoreFrom back, and run pulumi up again`,
        );
    }
    for (const claim of await kubernetes.claims(spec.namespace, names.selector)) {
        if (claim.metadata?.annotations?.[restoredAnnotation]) {
            const reference = {
                ...claimKind,
                metadata: { name: claim.metadata.name ?? "", namespace: spec.namespace },
            };
            await kubernetes.patch(reference, { metadata: { annotations: { [restoredAnnotation]: null } } });
        }
    }
}

export function restoreOf(names: Names, spec: MinioClusterSpec): Restore {
    const set = spec.restoreFrom?.set ?? "";
    const cluster = spec.restoreFrom?.cluster ?? names.cluster;
    const namespace = spec.restoreFrom?.namespace ?? spec.namespace;
    const drives = drivesOf(spec.pools).map((position) => ({
        position,
        claim: claimName(names.cluster, position),
        source: claimName(cluster, position),
    }));
    return { names, spec, source: `${namespace}/${cluster}/${set}`, sourceNamespace: namespace, drives };
}

async function presentDrives(kubernetes: Kubernetes, { names, spec, source, drives }: Restore): Promise<Present> {
    const statefulSet = await kubernetes.statefulSet(spec.namespace, names.cluster);
    const claims = await kubernetes.list<AnyObject>(claimKind, spec.namespace);
    const own = new Set(drives.map(({ claim }) => claim));
    return {
        statefulSet: statefulSet !== undefined,
        interrupted: statefulSet?.metadata?.annotations?.[restoringAnnotation] === source,
        claims: new Map(
            claims
                .filter(({ metadata }) => own.has(metadata.name))
                .map(({ metadata }) => [metadata.name, metadata.annotations?.[restoredAnnotation]]),
        ),
    };
}

/** Makes claims from the snapshots of a set, which it brings into the namespace where they are not there. */
export async function createClaims(
    kubernetes: Kubernetes,
    restored: Restore,
    found: FoundSet,
    claims: string[],
): Promise<void> {
    const wanted = restored.drives.filter(({ claim }) => claims.includes(claim));
    const { namespace } = restored.spec;
    for (const drive of wanted) {
        const isHere = found.isPresent && restored.sourceNamespace === namespace;
        const there = found.drives.get(drive.source) as FoundSnapshot;
        const snapshot = isHere ? there.snapshot : await bringSnapshot(kubernetes, namespace, there);
        await kubernetes.create(claimObject(restored, drive, snapshot));
    }
}

/**
 * Makes a snapshot of the storage system known in a namespace. It is kept by the storage system when it is deleted here: it
 * belongs to the set.
 */
async function bringSnapshot(
    kubernetes: Kubernetes,
    namespace: string,
    { snapshot, driver, snapshotHandle }: FoundSnapshot,
): Promise<string> {
    if (!snapshotHandle) {
        throw new Error(`the storage system has no snapshot ${snapshot}`);
    }
    const name = `restored-${snapshot}`;
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
export function claimObject({ names, spec, source }: Restore, { position, claim }: RestoredDrive, snapshot: string) {
    const pool: PoolSpec = spec.pools[position.pool];
    return {
        ...claimKind,
        metadata: {
            name: claim,
            namespace: spec.namespace,
            labels: poolSelector(names, position.pool),
            annotations: { [restoredAnnotation]: source },
        },
        spec: {
            accessModes: ["ReadWriteOnce"],
            storageClassName: pool.storageClassName,
            resources: { requests: { storage: pool.storageSize } },
            dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: snapshotKind.kind, name: snapshot },
        },
    };
}
