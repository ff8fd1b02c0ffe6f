import assert from "node:assert/strict";
import type { AnyObject, Kubernetes } from "../../components/kubernetes";
import { findSet } from "../../components/snapshots/findSet";
import {
    claimAnnotation,
    clusterLabel,
    recordObject,
    type SetRecord,
    setLabel,
} from "../../components/snapshots/snapshotSet";

const sought = { set: "monday", cluster: "minio", namespace: "a" };
const claims = ["data-minio-0", "data-minio-1"];
const record: SetRecord = {
    ...sought,
    takenAt: "2026-01-02T03:04:05.000Z",
    consistency: "Frozen",
    className: "fast",
    image: "minio:1",
    pools: [{ replicas: 2, drivesPerServer: 1, storageSize: "1Gi" }],
};
const groupRecord: SetRecord = {
    ...record,
    group: "groupsnapshot.storage.k8s.io/v1",
    snapshots: Object.fromEntries(claims.map((claim, index) => [claim, `snapshot-${index}`])),
};

/** What the storage system has, as it says it: with what was written on a snapshot of a group or not. */
function content(name: string, index: number, labelled = false): AnyObject {
    return {
        apiVersion: "snapshot.storage.k8s.io/v1",
        kind: "VolumeSnapshotContent",
        metadata: labelled
            ? {
                  name: `content-${index}`,
                  labels: { [setLabel]: "monday", [clusterLabel]: "minio" },
                  annotations: { [claimAnnotation]: claims[index] },
              }
            : { name: `content-${index}` },
        spec: { driver: "hostpath", volumeSnapshotRef: { name, namespace: "a" } },
        status: { snapshotHandle: `handle-${index}`, restoreSize: 1 << 30 },
    } as AnyObject;
}

function find(has: { record?: SetRecord; contents?: AnyObject[]; snapshots?: string[] }) {
    const kubernetes = {
        read: async () => has.record && recordObject(has.record, "a", {}),
        list: async ({ kind }: { kind: string }) =>
            kind === "VolumeSnapshotContent"
                ? (has.contents ?? [])
                : (has.snapshots ?? []).map((name) => ({ metadata: { name }, status: { readyToUse: true } })),
    };
    return findSet(kubernetes as unknown as Kubernetes, sought);
}

describe("a set that is sought", () => {
    const single = claims.map((claim) => `monday-${claim}`);
    const grouped = ["snapshot-0", "snapshot-1"];

    it("is found by its record, of single snapshots or of a group", async () => {
        for (const [known, names] of [
            [record, single],
            [groupRecord, grouped],
        ] as const) {
            const found = await find({
                record: known,
                contents: names.map((name, i) => content(name, i)),
                snapshots: [...names],
            });
            assert.equal(found.isPresent, true);
            assert.deepEqual([...found.drives.keys()], claims);
            assert.deepEqual(found.drives.get("data-minio-1"), {
                snapshot: names[1],
                driver: "hostpath",
                snapshotHandle: "handle-1",
            });
        }
    });

    it("is found when its namespace is lost, by the names of its snapshots or by what stands on those of a group", async () => {
        for (const contents of [
            single.map((name, i) => content(name, i)),
            grouped.map((name, i) => content(name, i, true)),
        ]) {
            const found = await find({ contents });
            assert.equal(found.isPresent, false);
            assert.deepEqual(found.pools, [{ ...record.pools[0], storageSize: String(1 << 30) }]);
            assert.equal(found.drives.get("data-minio-0")?.snapshotHandle, "handle-0");
        }
    });

    it("is refused when a part of it is missing", async () => {
        await assert.rejects(
            find({ record: groupRecord, contents: [content("snapshot-0", 0)], snapshots: ["snapshot-0"] }),
            {
                message: /is not whole: snapshot-1 cannot be used/,
            },
        );
        await assert.rejects(find({ contents: [content("snapshot-1", 1, true)] }), {
            message: /not all of its snapshots are left in the storage system \(monday-data-minio-1\)/,
        });
        await assert.rejects(find({ contents: grouped.map((name, i) => content(name, i)) }), { message: /none is/ });
    });
});
