/**
 * What was made here, or taken over: a ConfigMap beside the cluster. Only that is ever changed or removed. It is
 * written before something is made, so that the next run knows what an interrupted one has left; and it stays when the
 * stack is destroyed, as the drives do.
 */
import type { AnyObject, Kubernetes } from "../kubernetes/client";
import { configMapKind } from "../kubernetes/kinds";
import type { Cluster } from "../spec/cluster";
import { labelsOf } from "../spec/labels";
import { declaredName } from "../spec/names";
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

type ConfigMap = AnyObject & { data?: Record<string, string> };

const dataKey = "made.json";

/** @throws Error where it is there, and cannot be read */
function parsedRecord(text: string | undefined): Recorded {
    const {
        buckets = {},
        policies = {},
        accesses = {},
    }: Partial<Recorded> = text === undefined ? {} : JSON.parse(text);
    return { buckets, policies, accesses };
}

function referenceOf({ names, spec }: Cluster) {
    return { ...configMapKind, metadata: { name: declaredName(names), namespace: spec.namespace } };
}

export async function readRecord(kubernetes: Pick<Kubernetes, "read">, cluster: Cluster): Promise<Recorded> {
    const reference = referenceOf(cluster);
    const found = await kubernetes.read<ConfigMap>(reference);
    try {
        return parsedRecord(found?.data?.[dataKey]);
    } catch {
        throw new Error(
            `the ConfigMap ${reference.metadata.name} does not have what it was written with, so it is not known what was made here. ` +
                "Put its content back; or delete it, and set adopt where what is there shall be taken over",
        );
    }
}

export async function writeRecord(
    kubernetes: Pick<Kubernetes, "create" | "patch">,
    cluster: Cluster,
    record: Recorded,
): Promise<void> {
    const reference = referenceOf(cluster);
    const data = { [dataKey]: JSON.stringify(record) };
    const { names, spec } = cluster;
    const metadata = { ...reference.metadata, labels: labelsOf(names, spec) };
    await kubernetes.create({ ...reference, metadata, data } as AnyObject);
    await kubernetes.patch(reference, { data });
}
