import assert from "node:assert/strict";
import type { AnyObject, Kubernetes } from "../../components/kubernetes/client";
import type { Snapshotted, TakeOptions } from "../../components/snapshots/method";
import type { SetRecord } from "../../components/snapshots/snapshotSet";
import { takeSet } from "../../components/snapshots/takeSet";
import { setIdLabel } from "../../components/spec/labels";

const recordOfMonday: SetRecord = {
    set: "monday",
    cluster: "minio",
    takenAt: "2026-01-02T03:04:05.000Z",
    consistency: "CrashConsistent",
    className: "no-such-class",
    image: "minio:1",
    pools: [{ replicas: 2, drivesPerServer: 1, storageSize: "1Gi" }],
};

/** A namespace in which a snapshot controller says this of each snapshot as soon as it is made. */
class FakeCluster {
    readonly objects = new Map<string, AnyObject>();
    asked = 0;

    constructor(
        readonly statusOf: (name: string, asked: number) => Snapshotted["status"],
        readonly refusesDeletion = false,
        /** The set that an earlier program began to take. */
        readonly begun?: string,
        readonly servers: string[] = [],
    ) {}

    kubernetes(): Kubernetes {
        return {
            statefulSet: async () => ({
                metadata: { annotations: this.begun ? { "minio-cluster/taking-set": this.begun } : {} },
            }),
            pods: async () =>
                this.servers.map((name) => ({
                    metadata: { name, ownerReferences: [{ kind: "StatefulSet", name: "minio", controller: true }] },
                })),
            patch: async () => {},
            read: async ({ metadata }: AnyObject) => this.objects.get(metadata.name),
            create: async (object: AnyObject) => {
                this.objects.set(object.metadata.name, { ...object, metadata: { ...object.metadata, uid: "1" } });
            },
            knows: async () => true,
            list: async (wanted: AnyObject, _namespace: string, labels: Record<string, string>) => {
                this.asked++;
                const set = labels["minio-cluster/snapshot-set"];
                const id = labels[setIdLabel];
                return [...this.objects.values()]
                    .filter(({ kind, metadata }) => kind === wanted.kind && `${metadata.name}-`.includes(`${set}-`))
                    .filter(({ metadata }) => id === undefined || metadata.labels?.[setIdLabel] === id)
                    .map((object) => ({ ...object, status: this.statusOf(object.metadata.name, this.asked) }));
            },
            remove: async ({ metadata }: AnyObject) => {
                if (this.refusesDeletion) {
                    throw new Error("a finalizer stays");
                }
                this.objects.delete(metadata.name);
            },
        } as unknown as Kubernetes;
    }

    take(changes: Partial<TakeOptions> = {}): Promise<unknown> {
        return takeSet({
            cluster: {
                kubernetes: this.kubernetes(),
                namespace: "a",
                statefulSet: "minio",
                selector: { app: "minio" },
                pools: [{ name: "minio", replicas: 2 }],
                scheme: "http",
                credentials: { rootUser: "admin", rootPassword: "not shown" },
            },
            record: recordOfMonday,
            labels: {},
            freezeTimeoutSeconds: 20,
            readyTimeoutSeconds: 20,
            say: () => {},
            warn: () => {},
            ...changes,
        });
    }
}

const missing = 'failed to get input parameters to create snapshot: volumesnapshotclass "no-such-class" not found';
const failed = (name: string): Snapshotted["status"] =>
    name === "monday-data-minio-1" ? { error: { message: `${missing}\n\u001b[2J` } } : undefined;
const cut = { creationTime: "2026-01-02T03:04:05Z", readyToUse: true };

describe("taking a set", () => {
    it("is given up as soon as the snapshot controller says why a snapshot cannot be made, and leaves nothing", async () => {
        const cluster = new FakeCluster(failed);
        const from = performance.now();
        await assert.rejects(cluster.take(), ({ message }: Error) => {
            assert.match(
                message,
                /the snapshots cannot be made: monday-data-minio-1: failed to get .*no-such-class" not found/,
            );
            assert.ok(message.includes("\\u{1b}") && !message.includes("\u001b"));
            return true;
        });
        assert.ok(performance.now() - from < 2_000, "it waited though the error stood there");
        assert.equal(cluster.objects.size, 0);
    });

    it("goes on where two controllers wrote at the same time, and one tries again", async () => {
        const conflict = {
            error: { message: "Operation cannot be fulfilled: the object has been modified; try again" },
        };
        const cluster = new FakeCluster((_, asked) => (asked < 5 ? conflict : cut));
        await cluster.take();
    });

    it("waits for a snapshot that is cut and fails to be uploaded at first, as nobody waits then", async () => {
        const late = { creationTime: cut.creationTime, readyToUse: false, error: { message: "the upload failed" } };
        const cluster = new FakeCluster((_, asked) => (asked < 8 ? late : cut));
        await cluster.take();
    });

    it("removes what is left of another set that was interrupted, as a schedule never takes that one again", async () => {
        const left = { apiVersion: "v1", kind: "VolumeSnapshot", metadata: { name: "sunday-data-minio-0" } };
        for (const isWhole of [false, true]) {
            const cluster = new FakeCluster(() => cut, false, "sunday");
            cluster.objects.set(left.metadata.name, left);
            const record = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "minio-snapshots-sunday" } };
            if (isWhole) {
                cluster.objects.set(record.metadata.name, record);
            }
            await cluster.take();
            assert.equal(cluster.objects.has(left.metadata.name), isWhole);
        }
    });

    it("removes what was interrupted by the other method, too", async () => {
        const cluster = new FakeCluster(() => cut, false, "sunday");
        const metadata = { name: "group-sunday" };
        cluster.objects.set(metadata.name, { apiVersion: "v1", kind: "VolumeGroupSnapshot", metadata });
        await cluster.take();
        assert.equal(cluster.objects.has(metadata.name), false);
    });

    it("asks no server of a cluster that hibernates: another StatefulSet may have its label", async () => {
        const record = { ...recordOfMonday, consistency: "Frozen" as const };
        await new FakeCluster(() => cut, false, undefined, ["tool-0"]).take({ record, stopped: true });
    });

    /** A program that was ended and lives on: another takes the same set meanwhile, and deletes what this one has made. */
    const outlived = (recordOf: Partial<SetRecord>, status: Snapshotted["status"], afterLooks: number) => {
        const other = {
            apiVersion: "v1",
            kind: recordOf.group ? "VolumeGroupSnapshot" : "VolumeSnapshot",
            metadata: {
                name: recordOf.group ? "minio-snapshots-monday" : "monday-data-minio-0-sb",
                labels: { [setIdLabel]: "sb" },
            },
        };
        let looks = 0;
        const cluster: FakeCluster = new FakeCluster(() => {
            if (++looks === afterLooks) {
                cluster.objects.clear();
                cluster.objects.set(other.metadata.name, other);
            }
            return status;
        });
        const record = { ...recordOfMonday, ...recordOf, id: "sa" };
        const taken = cluster.take({ record, labels: { [setIdLabel]: "sa" }, freezeTimeoutSeconds: 0.3 });
        return { cluster, taken, other };
    };

    it("removes nothing of the set of this name that another program takes meanwhile", async () => {
        for (const record of [{}, { group: "v1" }]) {
            const { cluster, taken, other } = outlived(record, {}, 1);
            await assert.rejects(taken, /not cut in time/);
            assert.deepEqual([...cluster.objects.values()], [other]);
        }
    });

    it("is not recorded where what was cut is gone", async () => {
        const { cluster, taken } = outlived({}, cut, 4); // Two of each snapshot.
        await assert.rejects(taken, /somebody deleted monday-data-minio-0-sa, monday-data-minio-1-sa meanwhile/);
        assert.deepEqual([...cluster.objects.keys()], ["monday-data-minio-0-sb"]);
    });

    it("tells the cause even where what was made cannot be deleted", async () => {
        await assert.rejects(
            new FakeCluster(failed, true).take(),
            /no-such-class" not found.*stays: a finalizer stays/s,
        );
    });
});
