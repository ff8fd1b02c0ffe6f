/** Servers, claims, volumes and snapshots as Kubernetes has them, as far as a restore goes. */
import type { AnyObject, Kubernetes, ObjectReference } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";

interface Volume {
    data: string;
    policy: string;
    labels: Record<string, string | null>;
    claim: string;
}

/** The program's process is gone: no request gets through any more. */
export class Killed extends Error {
    constructor() {
        super("killed");
    }
}

export class FakeDrives {
    readonly statefulSet = {
        metadata: { name: "minio", annotations: {} as Record<string, string | null> },
        spec: { replicas: 2, persistentVolumeClaimRetentionPolicy: { whenScaled: "Retain" } },
    };
    /** A destroy removes it, and leaves the claims. */
    hasStatefulSet = true;
    readonly claims = new Map<string, AnyObject & { spec: { volumeName: string } }>();
    readonly volumes = new Map<string, Volume>();
    readonly objects = new Map<string, AnyObject>();
    otherPods: object[] = [];
    /** Servers that do not end. */
    stuck: string[] = [];
    refusedRights: string[] = [];
    contents: object[] = [];
    snapshots: object[] = [];
    writes = 0;
    /** What becomes of the next requests: `lost` is done, and its answer is lost; none: all are answered. */
    faults: ("answered" | "conflict" | "busy" | "away" | "lost" | "killed")[] = [];
    /** What every state of the cluster is to be. */
    always = () => {};
    private uids = 0;

    constructor() {
        for (const server of [0, 1]) {
            this.bind(`data-minio-${server}`, "own", {});
        }
    }

    get servers(): number {
        return this.hasStatefulSet ? this.statefulSet.spec.replicas : 0;
    }

    /** What the drives have, in the order of the servers. */
    get data(): (string | undefined)[] {
        return [0, 1].map((server) => {
            const claim = this.claims.get(`data-minio-${server}`);
            return claim && this.volumes.get(claim.spec.volumeName)?.data;
        });
    }

    get kubernetes(): Kubernetes {
        const get = <T>(work: () => T) => this.request(work, false);
        const change = <T>(work: () => T) => this.request(work, true);
        return {
            where: "a test",
            statefulSet: (_: string, name: string) =>
                get(() => (name === "minio" && this.hasStatefulSet ? structuredClone(this.statefulSet) : undefined)),
            pods: () =>
                get(() => [
                    ...Array.from({ length: this.servers }, (_, server) => pod(`minio-${server}`)),
                    ...this.stuck.slice(this.servers).map((name) => pod(name)),
                    ...this.otherPods,
                ]),
            claims: () => get(() => structuredClone([...this.claims.values()])),
            read: ({ kind, metadata: { name } }: ObjectReference) =>
                get(() =>
                    structuredClone(
                        kind === "PersistentVolumeClaim" ? this.claims.get(name) : this.objects.get(`${kind} ${name}`),
                    ),
                ),
            list: ({ kind }: { kind: string }) =>
                get(() => {
                    const lists: Record<string, object[]> = {
                        PersistentVolumeClaim: [...this.claims.values()],
                        VolumeSnapshotContent: this.contents,
                        VolumeSnapshot: this.snapshots,
                    };
                    return structuredClone(lists[kind] ?? []);
                }),
            patch: (reference: ObjectReference, fields: object) => change(() => this.patch(reference, fields)),
            create: (object: AnyObject) => change(() => this.create(object)),
            remove: ({ metadata: { name, uid } }: AnyObject) =>
                change(() => {
                    if (this.claims.get(name)?.metadata.uid === uid) {
                        this.deleteClaim(name);
                    }
                }),
            may: (namespace: string | undefined, { verb, resource }: { verb: string; resource: string }) =>
                get(() => !this.refusedRights.includes(`${verb} ${resource}${namespace ? ` in ${namespace}` : ""}`)),
        } as unknown as Kubernetes;
    }

    private async request<T>(work: () => T, isChange: boolean): Promise<T> {
        const fault = this.faults[0] === "killed" ? "killed" : this.faults.shift();
        if (fault === "killed") {
            throw new Killed();
        }
        const failures = { conflict: 409, busy: 429, away: undefined };
        if (fault !== undefined && fault in failures) {
            throw new KubernetesError(fault, true, failures[fault as keyof typeof failures]);
        }
        this.writes += isChange ? 1 : 0;
        const result = work();
        this.always();
        if (fault === "lost") {
            throw new KubernetesError("no answer in time", true);
        }
        return result;
    }

    private patch({ kind, metadata: { name } }: ObjectReference, fields: any): void {
        const { metadata = {}, spec = {} } = fields;
        if (kind === "StatefulSet") {
            if (!this.hasStatefulSet) {
                throw new KubernetesError(`statefulsets.apps "${name}" not found`, false, 404);
            }
            merge(this.statefulSet.metadata.annotations, metadata.annotations);
            this.statefulSet.spec.replicas = spec.replicas ?? this.servers;
            if (
                this.servers === 0 &&
                this.statefulSet.spec.persistentVolumeClaimRetentionPolicy.whenScaled === "Delete"
            ) {
                [...this.claims.keys()].map((claim) => this.deleteClaim(claim));
            }
        } else if (kind === "PersistentVolume") {
            const volume = this.volumes.get(name);
            if (!volume) {
                throw new KubernetesError(`persistentvolumes "${name}" not found`, false, 404);
            }
            volume.policy = spec.persistentVolumeReclaimPolicy ?? volume.policy;
            Object.assign(volume.labels, metadata.labels);
        } else {
            merge(this.claims.get(name)?.metadata.annotations ?? {}, metadata.annotations);
        }
    }

    /** As Kubernetes, which keeps what is there: the connection takes a 409 for success. */
    private create(object: any): void {
        const { kind, metadata, spec } = object;
        if (kind !== "PersistentVolumeClaim") {
            const key = `${kind} ${metadata.name}`;
            this.objects.set(key, this.objects.get(key) ?? object);
        } else if (!this.claims.has(metadata.name)) {
            this.bind(metadata.name, this.dataOf(spec.dataSource.name), metadata.annotations);
        }
    }

    /** What a snapshot has: its own name, or the handle that it was brought with. */
    private dataOf(snapshot: string): string {
        const brought = this.objects.get(`VolumeSnapshot ${snapshot}`) as any;
        const content =
            brought && this.objects.get(`VolumeSnapshotContent ${brought.spec.source.volumeSnapshotContentName}`);
        return (content as any)?.spec.source.snapshotHandle ?? snapshot;
    }

    private bind(name: string, data: string, annotations: Record<string, string>): void {
        const uid = String(++this.uids);
        const metadata = { name, namespace: "a", uid, annotations: { ...annotations } };
        this.claims.set(name, {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata,
            spec: { volumeName: `pv-${uid}` },
        });
        this.volumes.set(`pv-${uid}`, { data, policy: "Delete", labels: {}, claim: name });
    }

    private deleteClaim(name: string): void {
        const volume = this.claims.get(name)?.spec.volumeName ?? "";
        this.claims.delete(name);
        if (this.volumes.get(volume)?.policy === "Delete") {
            this.volumes.delete(volume);
        }
    }
}

/** As a merge patch does. */
function merge(annotations: Record<string, string | null>, changes: Record<string, string | null> = {}): void {
    Object.assign(annotations, changes);
    for (const [key, value] of Object.entries(annotations)) {
        value === null && delete annotations[key];
    }
}

/** A server's pod. */
export function pod(name: string, metadata: object = {}) {
    return {
        metadata: {
            name,
            labels: { app: "minio", pool: "minio" },
            ownerReferences: [{ kind: "StatefulSet", name: "minio", controller: true }],
            ...metadata,
        },
        spec: { volumes: [{ persistentVolumeClaim: { claimName: `data-${name}` } }] },
    };
}
