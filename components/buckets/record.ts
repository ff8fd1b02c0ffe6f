/**
 * What was made here, or taken over: a ConfigMap beside the cluster. Only that is ever changed or removed. It is
 * written before something is made, so that the next run knows what an interrupted one has left; and it stays when the
 * stack is destroyed, as the drives do. Each program has one of its own, and touches nothing that is in another's.
 */
import type { AnyObject, Kubernetes } from "../kubernetes/client";
import { isForbidden } from "../kubernetes/errors";
import { configMapKind } from "../kubernetes/kinds";
import type { Cluster } from "../spec/cluster";
import { labelsOf, ownerAnnotation } from "../spec/labels";
import { type Declarer, declaredName, ownerOf } from "../spec/names";
import type { Setting } from "./settings";

export interface Recorded {
    buckets: Record<string, RecordedBucket>;
    policies: Record<string, RecordedPolicy>;
    accesses: Record<string, RecordedAccess>;
}

export interface RecordedBucket {
    /** What of it is set here. */
    settings: Setting[];
    /** Whether it stays when it is not declared any more. */
    retain: boolean;
}

export interface RecordedPolicy {
    /** Digests of a document and of what MinIO tells after it was sent, where it tells it in other words. */
    told?: [document: string, answer: string];
}

export interface RecordedAccess {
    /** By access key. One that MinIO ends has the time, by RFC 3339. */
    keys: Record<string, { until?: string }>;
}

/** What there is of a name. Every object of JavaScript has a `constructor`, which may be a bucket's name. */
export function entryOf<T>(all: Record<string, T>, name: string): T | undefined {
    return Object.hasOwn(all, name) ? all[name] : undefined;
}

export const nothingRecorded = (): Recorded => ({ buckets: {}, policies: {}, accesses: {} });

export function isEmpty(record: Recorded): boolean {
    return Object.values(record).every((made) => Object.keys(made).length === 0);
}

type ConfigMap = AnyObject & { data?: Record<string, string> };

const dataKey = "made.json";

/** @throws Error where it is there, and cannot be read */
function parsedRecord(text: string | undefined): { recorded: Recorded; isHeld: boolean } {
    const {
        buckets = {},
        policies = {},
        accesses = {},
        isHeld = false,
    }: Partial<Recorded & { isHeld: boolean }> = text === undefined ? {} : JSON.parse(text);
    return { recorded: { buckets, policies, accesses }, isHeld };
}

/** The records of all programs that declare something of a cluster. */
export interface Records {
    own: Recorded;
    /** Whether a stack has it, and not only buckets of it have stayed. Versions before did not say so. */
    isHeld: boolean;
    others: OthersRecord[];
}

export interface OthersRecord {
    /** In words. */
    whose: string;
    recorded: Recorded;
}

/** Who declares, in words. */
export function declarerInWords({ cluster }: Cluster["names"], owner: string | undefined): string {
    const [, stack, name] = /^(.*)\/([^/]*)$/.exec(owner ?? "") ?? [];
    return name === undefined ? `the MinioCluster '${cluster}'` : `the MinioAccess '${name}' of the stack ${stack}`;
}

export async function readRecords(
    kubernetes: Pick<Kubernetes, "list" | "read">,
    cluster: Cluster,
    declarer?: Declarer,
): Promise<Records> {
    const { names } = cluster;
    const beside = await recordsBeside(kubernetes, cluster, declarer);
    const records: Records = { own: nothingRecorded(), isHeld: false, others: [] };
    for (const { metadata, data } of beside) {
        const owner = metadata.annotations?.[ownerAnnotation];
        if (owner === undefined && metadata.name !== declaredName(names)) {
            continue;
        }
        const { recorded, isHeld } = parsed(metadata.name, data?.[dataKey]);
        if (owner === (declarer && ownerOf(declarer))) {
            Object.assign(records, { own: recorded, isHeld });
        } else {
            records.others.push({ whose: declarerInWords(names, owner), recorded });
        }
    }
    return records;
}

/** A cluster's own program may have the rights of before there were others: then it sees only its own record. */
async function recordsBeside(
    kubernetes: Pick<Kubernetes, "list" | "read">,
    cluster: Cluster,
    declarer: Declarer | undefined,
): Promise<ConfigMap[]> {
    try {
        return await kubernetes.list<ConfigMap>(configMapKind, cluster.spec.namespace, cluster.names.selector);
    } catch (error) {
        if (declarer || !isForbidden(error)) {
            throw error;
        }
        const own = await kubernetes.read<ConfigMap>(referenceOf(cluster, declarer));
        return own ? [own] : [];
    }
}

function parsed(name: string, text: string | undefined): ReturnType<typeof parsedRecord> {
    try {
        return parsedRecord(text);
    } catch {
        throw new Error(
            `the ConfigMap ${name} does not have what it was written with, so it is not known what was made here. ` +
                "Put its content back; or delete it, and set adopt where what is there shall be taken over",
        );
    }
}

function referenceOf({ names, spec }: Cluster, declarer: Declarer | undefined) {
    return { ...configMapKind, metadata: { name: declaredName(names, declarer), namespace: spec.namespace } };
}

/** @param isHeld false where the stack of a declarer leaves it behind. The cluster's own program always has its record */
export async function writeRecord(
    kubernetes: Pick<Kubernetes, "create" | "patch">,
    cluster: Cluster,
    record: Recorded,
    declarer?: Declarer,
    isHeld = true,
): Promise<void> {
    const reference = referenceOf(cluster, declarer);
    const data = { [dataKey]: JSON.stringify({ ...record, ...(declarer && { isHeld }) }) };
    const { names, spec } = cluster;
    const annotations = declarer && { [ownerAnnotation]: ownerOf(declarer) };
    const metadata = { ...reference.metadata, labels: labelsOf(names, spec), ...(annotations && { annotations }) };
    await kubernetes.create({ ...reference, metadata, data } as AnyObject);
    await kubernetes.patch(reference, { data });
}

/** Where nothing is left that was made here. */
export function removeRecord(
    kubernetes: Pick<Kubernetes, "remove">,
    cluster: Cluster,
    declarer: Declarer,
): Promise<void> {
    return kubernetes.remove(referenceOf(cluster, declarer));
}
