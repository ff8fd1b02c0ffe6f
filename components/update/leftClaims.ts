/**
 * Claims of a cluster that was there before under the same name: a StatefulSet that is made takes them, fitting or not.
 */
import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../basics/messageOf";
import { parseQuantity } from "../basics/quantity";
import type { Shape } from "../change/shape";
import type { AnyObject, Kubernetes } from "../kubernetes/client";
import { unlessForbidden } from "../kubernetes/errors";
import type { Connection } from "../live/connection";
import { begunBy } from "../snapshots/claims";
import { halfRestored } from "../snapshots/restore";
import type { Cluster } from "../spec/cluster";
import { driveNames } from "../spec/names";

/** What the claims that are there mean for a pool that is to be made. */
export interface LeftClaims {
    /** Why MinIO would not start with them, or not have their data. */
    problems: string[];
    /** What is not as the program asks, and does no harm. */
    notes: string[];
}

/** @param claims all of the namespace */
export function leftClaims(pool: string, shape: Shape, claims: V1PersistentVolumeClaim[]): LeftClaims {
    const nameOf = ({ metadata }: V1PersistentVolumeClaim) => metadata?.name ?? "";
    const there = claims
        .map((claim) => ({ claim, parts: new RegExp(`^data\\d*-${pool}-(\\d+)$`).exec(nameOf(claim)) }))
        .filter(({ claim, parts }) => parts && !claim.metadata?.deletionTimestamp)
        .sort((one, other) => nameOf(one.claim).localeCompare(nameOf(other.claim), "en", { numeric: true }));
    if (there.length === 0) {
        return { problems: [], notes: [] };
    }
    const { replicas, drivesPerServer, storageSize, storageClassName } = shape;
    const wanted = Array.from({ length: replicas }, (_, ordinal) =>
        driveNames(drivesPerServer).map((drive) => `${drive}-${pool}-${ordinal}`),
    ).flat();
    const named = (which: V1PersistentVolumeClaim[]) => listOf(which.map(nameOf));
    const all = there.map(({ claim }) => claim);
    const others = all.filter((claim) => !wanted.includes(nameOf(claim)));
    const fitting = all.filter((claim) => wanted.includes(nameOf(claim)));
    const problems: string[] = [];
    const notes: string[] = [];
    if (others.length > 0) {
        const servers = 1 + Math.max(...there.map(({ parts }) => Number(parts?.[1])));
        const drives = Math.max(1, ...[...countByServer(there).values()]);
        problems.push(
            `claims of another cluster of this name are there, and do not fit ${replicas} servers of ` +
                `${drivesPerServer === 1 ? "a drive" : `${drivesPerServer} drives`} each: ${named(others)}. ` +
                "MinIO does not start with " +
                "drives of other sets, and what lies on drives that no server has is not there. To have their " +
                "data, set replicas to " +
                `${servers} and drivesPerServer to ${drives}; to begin anew, take another name or namespace, or ` +
                "delete them for good: " +
                `kubectl delete pvc --namespace=${shape.namespace} ${all.map(nameOf).join(" ")}`,
        );
    } else if (fitting.length < wanted.length) {
        notes.push(
            `claims of an earlier cluster are there, and ${wanted.length - fitting.length} of ${wanted.length} ` +
                "are not: " +
                `${named(fitting)} are taken as they are. Drives that were lost are healed; but if that cluster ` +
                "had fewer servers " +
                "or drives, MinIO does not start",
        );
    }
    const larger = fitting.filter(({ spec }) => bytes(spec?.resources?.requests?.storage) > bytes(storageSize));
    if (larger.length > 0) {
        notes.push(
            `they stay larger than storageSize, ${larger[0]?.spec?.resources?.requests?.storage}: ${named(larger)}`,
        );
    }
    const ofAnotherClass = fitting.filter(
        ({ spec }) => storageClassName !== undefined && spec?.storageClassName !== storageClassName,
    );
    if (ofAnotherClass.length > 0) {
        notes.push(
            `they stay in the class ${ofAnotherClass[0]?.spec?.storageClassName}, and storageClassName ` +
                `${storageClassName} is not used: ` +
                named(ofAnotherClass),
        );
    }
    return { problems, notes };
}

/**
 * Looks for such claims before a pool is made, in the preview already.
 *
 * @param cluster undefined where a preview does not know it yet
 * @throws Error naming those that do not fit
 */
export async function checkLeftClaims(
    connection: Connection,
    pool: string,
    shape: Shape,
    resource: pulumi.Resource,
    cluster?: Cluster,
): Promise<void> {
    if (await connection.writesFiles()) {
        return;
    }
    let claims: V1PersistentVolumeClaim[] | undefined;
    let half: string | undefined;
    let left: string[] = [];
    let where = "";
    let why = "the cluster is not known yet";
    try {
        const kubernetes = await connection.look();
        where = kubernetes?.where ?? "";
        claims = await kubernetes?.claims(shape.namespace, {});
        // Where the program still asks for a restore, that has ended.
        half =
            claims && cluster && !cluster.spec.restoreFrom
                ? halfRestored(cluster, claims as unknown as AnyObject[])
                : undefined;
        // This is a further pool of a cluster that is there, whose first StatefulSet would say that it goes on.
        const first = half && (await kubernetes?.statefulSet(shape.namespace, cluster?.names.cluster ?? ""));
        if (first && begunBy(first.metadata?.annotations) === undefined) {
            half = undefined;
        }
        left = kubernetes && cluster?.names.cluster === pool ? await leftPools(kubernetes, cluster) : [];
    } catch (error) {
        why = messageOf(error);
    }
    if (claims === undefined) {
        pulumi.log.info(`not checked whether claims of an earlier cluster are there: ${why}`, resource);
        return;
    }
    const { problems, notes } = leftClaims(pool, shape, claims);
    if (half) {
        problems.push(half);
    }
    problems.push(...left);
    if (problems.length > 0) {
        // In the preview of a new cluster, nothing proves that it is the provider's.
        throw new Error([...problems, `This was seen in ${where}`].join("\n"));
    }
    for (const note of notes) {
        pulumi.log.warn(note, resource);
    }
}

/**
 * Pools that are there and that the program leaves out while the first StatefulSet is gone, so that nobody has asked
 * MinIO to move their objects.
 */
async function leftPools(kubernetes: Kubernetes, { names, spec, pools }: Cluster): Promise<string[]> {
    const live = await unlessForbidden(() => kubernetes.statefulSets(spec.namespace, names.selector));
    const own = new Set(pools.map(({ name }) => name));
    const left = live === "forbidden" ? [] : live.flatMap(({ metadata }) => metadata?.name ?? []);
    return left
        .filter((name) => name.startsWith(`${names.cluster}-pool-`) && !own.has(name))
        .map(
            (name) =>
                `the StatefulSet ${name} is there, and its pool is not among expansionPools: its objects would be ` +
                "missing. Give the pool back; it may leave after decommission: true (docs/upgrades.md)",
        );
}

function countByServer(there: { parts: RegExpExecArray | null }[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { parts } of there) {
        const server = parts?.[1] ?? "";
        counts.set(server, (counts.get(server) ?? 0) + 1);
    }
    return counts;
}

const mostNamed = 8;

function listOf(names: string[]): string {
    const more = names.length - mostNamed;
    return more > 0 ? `${names.slice(0, mostNamed).join(", ")} and ${more} more` : names.join(", ");
}

function bytes(quantity: string | undefined): number {
    return parseQuantity(quantity ?? "0") ?? 0;
}
