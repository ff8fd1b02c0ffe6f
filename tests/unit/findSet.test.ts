import assert from "node:assert/strict";
import type { AnyObject, Kubernetes } from "../../components/kubernetes/client";
import { findSet } from "../../components/snapshots/findSet";
import { recordObject, type SetRecord } from "../../components/snapshots/snapshotSet";
import { claimAnnotation, clusterLabel, setIdLabel, setLabel } from "../../components/spec/labels";

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
    driveSubPath: "data",
};

interface Left {
    labelled?: boolean;
    /** The contents of several sets have names of their own. */
    prefix?: string;
    id?: string;
    at?: string;
}

/** What the storage system has, as it says it: with what was written on a snapshot of a group or not. */
function content(name: string, index: number, { labelled, prefix = "", id, at }: Left = {}): AnyObject {
    const labels = {
        ...(labelled && { [setLabel]: "monday", [clusterLabel]: "minio" }),
        ...(id && { [setIdLabel]: id }),
    };
    return {
        apiVersion: "snapshot.storage.k8s.io/v1",
        kind: "VolumeSnapshotContent",
        metadata: {
            name: `${prefix}content-${index}`,
            labels,
            ...(labelled && { annotations: { [claimAnnotation]: claims[index] } }),
        },
        spec: { driver: "hostpath", volumeSnapshotRef: { name, namespace: "a", uid: `${prefix}uid-${index}` } },
        status: {
            snapshotHandle: `${prefix}handle-${index}`,
            restoreSize: 1 << 30,
            ...(at && { creationTime: Date.parse(at) * 1e6 }),
        },
    } as AnyObject;
}

interface Has {
    record?: SetRecord;
    contents?: AnyObject[];
    /** Snapshots by their names, with the content that each is bound to. */
    snapshots?: Record<string, string>;
}

function find(has: Has, id?: string) {
    const kubernetes = {
        read: async () => has.record && recordObject(has.record, "a", {}),
        list: async ({ kind }: { kind: string }) =>
            kind === "VolumeSnapshotContent"
                ? (has.contents ?? [])
                : Object.entries(has.snapshots ?? {}).map(([name, boundVolumeSnapshotContentName]) => ({
                      metadata: { name },
                      status: { readyToUse: true, boundVolumeSnapshotContentName },
                  })),
    };
    return findSet(kubernetes as unknown as Kubernetes, { ...sought, id });
}

const handles = ({ drives }: { drives: Map<string, { snapshotHandle?: string }> }) =>
    [...drives.values()].map(({ snapshotHandle }) => snapshotHandle);

describe("a set that is sought", () => {
    const single = claims.map((claim) => `monday-${claim}`);

    it("has nothing of a snapshot that the storage is deleting", async () => {
        const contents = single.map((name, i) => content(name, i));
        await find({ record, contents });
        Object.assign(contents[1].metadata, { deletionTimestamp: "2026-11-27T00:00:00Z" });
        await assert.rejects(find({ record, contents }), /is not whole|cannot be used/);
    });

    const grouped = ["snapshot-0", "snapshot-1"];

    it("is found by its record, of single snapshots or of a group", async () => {
        for (const [known, names] of [
            [record, single],
            [groupRecord, grouped],
        ] as const) {
            const found = await find({
                record: known,
                contents: names.map((name, i) => content(name, i)),
                snapshots: { [names[0]]: "content-0", [names[1]]: "content-1" },
            });
            assert.equal(found.isPresent, true);
            assert.equal(found.driveSubPath, known.driveSubPath);
            assert.deepEqual([...found.drives.keys()], claims);
            assert.deepEqual(found.drives.get("data-minio-1"), {
                snapshot: names[1],
                driver: "hostpath",
                snapshotHandle: "handle-1",
                restoreSize: 1 << 30,
            });
        }
    });

    it("is found when its namespace is lost, by the names of its snapshots or by what stands on those of a group", async () => {
        const withId = claims.map((claim) => `monday-${claim}-s1`);
        for (const [contents, id] of [
            [single.map((name, i) => content(name, i)), undefined],
            [withId.map((name, i) => content(name, i)), "s1"],
            [grouped.map((name, i) => content(name, i, { labelled: true })), undefined],
            [grouped.map((name, i) => content(name, i, { labelled: true, id: "s1" })), "s1"],
        ] as const) {
            const found = await find({ contents });
            assert.equal(found.isPresent, false);
            assert.deepEqual(found.pools, [{ ...record.pools[0], storageSize: String(1 << 30) }]);
            assert.equal(found.drives.get("data-minio-0")?.snapshotHandle, "handle-0");
            assert.equal(found.id, id ?? found.id);
        }
    });

    const [june, july] = ["2026-06-01T00:00:00.000Z", "2026-07-01T00:00:00.000Z"];
    const named = (prefix: string, at: string, id?: string) =>
        claims.map((claim, i) => content(`monday-${claim}${id ? `-${id}` : ""}`, i, { prefix, at }));

    it("of a name that was used again is the last one where its record is, whatever the earlier one left", async () => {
        for (const id of [undefined, "s7"]) {
            const names = claims.map((claim) => `monday-${claim}${id ? `-${id}` : ""}`);
            const [first, second] = [named("june-", june), named("july-", july, id)];
            const has: Has = {
                record: { ...record, id },
                snapshots: { [names[0]]: "july-content-0", [names[1]]: "july-content-1" },
            };
            // A list is ordered by random names.
            for (const contents of [
                [...first, ...second],
                [second[0], ...first, second[1]],
            ]) {
                assert.deepEqual(handles(await find({ ...has, contents })), ["july-handle-0", "july-handle-1"]);
            }
        }
    });

    it("of a name that was used again is refused when the namespace is lost, with both shown, and chosen by its id", async () => {
        const contents = [named("june-", june, "s6"), named("july-", july, "s7")].flat();
        await assert.rejects(find({ contents }), {
            message:
                /2 sets of that name: s6, taken at 2026-06-01\S* \(june-content-0, june-content-1\); s7, taken at 2026-07-01\S* \(july-content-0.*restoreFrom.id/,
        });
        assert.deepEqual(handles(await find({ contents }, "s6")), ["june-handle-0", "june-handle-1"]);
        const found = await find({ contents }, "s7");
        assert.deepEqual([handles(found), found.id], [["july-handle-0", "july-handle-1"], "s7"]);
        await assert.rejects(find({ contents }, "s8"), { message: /with the id s8 .*\(none is\)/ });
        const other = { record: { ...record, id: "s7" }, contents };
        assert.deepEqual(handles(await find(other, "s6")), ["june-handle-0", "june-handle-1"]);
    });

    it("that an earlier version took twice by one name is refused, with both shown, until the wanted ones are labelled", async () => {
        const [first, second] = [named("june-", june), named("july-", july)];
        await assert.rejects(find({ contents: [...first, ...second] }), {
            message:
                /data-minio-0 \(june-content-0, taken at 2026-06-01\S*; july-content-0, .*label volumesnapshotcontents NAMES minio-cluster\/snapshot-set-id=chosen; and set restoreFrom.id/,
        });
        await assert.rejects(find({ record, contents: [...first, ...second] }), { message: /not the only one/ });
        for (const { metadata } of first) {
            metadata.labels = { [setIdLabel]: "chosen" };
        }
        const found = await find({ contents: [...first, ...second] }, "chosen");
        assert.deepEqual(handles(found), ["june-handle-0", "june-handle-1"]);
    });

    it("of which one snapshot is left from an earlier set of that name is refused, as of two points in time", async () => {
        const contents = [named("june-", june)[0], named("july-", july)[1]];
        for (const known of [undefined, record]) {
            await assert.rejects(find({ record: known, contents }), {
                message:
                    /not of one point in time, .*data-minio-0 at 2026-06-01\S* \(june-content-0\), data-minio-1 at 2026-07/,
            });
        }
    });

    it("takes no snapshot of the same name for one of the set", async () => {
        const contents = named("june-", june);
        const found = await find({
            contents,
            snapshots: { "monday-data-minio-0": "other-0", "monday-data-minio-1": "other-1" },
        });
        assert.equal(found.isPresent, false);
        assert.deepEqual(handles(found), ["june-handle-0", "june-handle-1"]);
    });

    it("is refused when a part of it is missing", async () => {
        await assert.rejects(
            find({
                record: groupRecord,
                contents: [content("snapshot-0", 0)],
                snapshots: { "snapshot-0": "content-0" },
            }),
            {
                message: /is not whole: snapshot-1 cannot be used/,
            },
        );
        await assert.rejects(find({ contents: [content("snapshot-1", 1, { labelled: true })] }), {
            message: /not all of its snapshots are left in the storage system \(snapshot-1\)/,
        });
        await assert.rejects(find({ contents: grouped.map((name, i) => content(name, i)) }), { message: /none is/ });
    });
});
