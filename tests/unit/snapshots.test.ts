import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { snapshotKind } from "../../components/kubernetes/kinds";
import { type LiveCluster, serversOf } from "../../components/live/liveCluster";
import { type ClaimOrigin, claimObject, type Present } from "../../components/snapshots/claims";
import { requestsUnderWay } from "../../components/snapshots/freeze";
import { groupObject, withMembers } from "../../components/snapshots/groupSnapshot";
import { otherSet, planRestore, restoreOf } from "../../components/snapshots/restore";
import { type RotatingSet, retention } from "../../components/snapshots/retention";
import {
    membersOf,
    mismatch,
    missingMembers,
    newSetId,
    parseRecord,
    parseSnapshotName,
    poolsOfClaims,
    type RecordedPool,
    recordObject,
    recordsIn,
    type SetRecord,
    setLabels,
    snapshotObject,
    unrecorded,
} from "../../components/snapshots/snapshotSet";
import { endUnlessKnown, newRecord, whyLater } from "../../components/snapshots/snapshots";
import { clusterOf } from "../../components/spec/cluster";
import { namesOf } from "../../components/spec/names";
import { withDefaults } from "../../components/spec/spec";
import { pod as podOf } from "../support/fakeDrives";

const pool = (changes: Partial<RecordedPool> = {}): RecordedPool => ({
    replicas: 4,
    drivesPerServer: 1,
    storageSize: "1Gi",
    ...changes,
});
const record: SetRecord = {
    set: "monday",
    cluster: "minio",
    takenAt: "2026-01-02T03:04:05.000Z",
    consistency: "Frozen",
    className: "fast",
    image: "minio:1",
    pools: [pool({ replicas: 2, drivesPerServer: 2 }), pool({ replicas: 2 })],
};

describe("a set of snapshots", () => {
    it("has one of each drive of every pool, by the names that the StatefulSets give the claims", () => {
        assert.deepEqual(
            membersOf(record).map(({ claim }) => claim),
            [
                "data0-minio-0",
                "data1-minio-0",
                "data0-minio-1",
                "data1-minio-1",
                "data-minio-pool-1-0",
                "data-minio-pool-1-1",
            ],
        );
        assert.equal(membersOf(record)[0].snapshot, "monday-data0-minio-0");
    });

    it("of a group has the names that Kubernetes gave the snapshots", () => {
        const snapshots = { "data0-minio-0": "snapshot-0a" };
        const [first, second] = membersOf({ ...record, snapshots });
        assert.equal(first.snapshot, "snapshot-0a");
        assert.equal(second.snapshot, "monday-data1-minio-0");
        const group = { ...record, group: "groupsnapshot.storage.k8s.io/v1" };
        const { spec, apiVersion } = groupObject(group, "a", { team: "storage" }, { app: "minio" });
        assert.equal(apiVersion, group.group);
        assert.deepEqual(spec, {
            volumeGroupSnapshotClassName: "fast",
            source: { selector: { matchLabels: { app: "minio" } } },
        });
    });

    it("of a group is only of the claims that are labelled for it, not of a removed pool's", () => {
        const group = { ...record, id: "s1", group: "groupsnapshot.storage.k8s.io/v1" };
        const { spec } = groupObject(group, "a", {}, { app: "minio" });
        assert.deepEqual(spec.source.selector.matchLabels, { app: "minio", "minio-cluster/snapshot-set-id": "s1" });
    });

    it("has its own id on everything that belongs to it, and in the names that the storage system keeps", () => {
        const own = { ...record, id: "s1" };
        assert.equal(membersOf(own)[0].snapshot, "monday-data0-minio-0-s1");
        assert.equal(setLabels(namesOf("minio"), {}, own)["minio-cluster/snapshot-set-id"], "s1");
        assert.equal(setLabels(namesOf("minio"), {}, record)["minio-cluster/snapshot-set-id"], undefined);
        assert.notEqual(newSetId(), newSetId());
    });

    it("of a group is whole when each drive has a snapshot, whatever else the labels match", () => {
        const of = (claim: string) => ({
            ...snapshotKind,
            metadata: { name: `snapshot-${claim}` },
            spec: { source: { persistentVolumeClaimName: claim } },
        });
        const members = [...membersOf(record).map(({ claim }) => of(claim)), of("data-minio-pool-7-0")];
        assert.deepEqual(withMembers(record, members), members.slice(0, -1));
        assert.deepEqual(withMembers(record, members.slice(1))[0], undefined);
    });

    it("is made of snapshots that Pulumi takes over as they are", () => {
        const [member] = membersOf(record);
        const { metadata, spec } = snapshotObject(record, member, "a", { team: "storage" });
        assert.deepEqual(spec, {
            volumeSnapshotClassName: "fast",
            source: { persistentVolumeClaimName: "data0-minio-0" },
        });
        assert.deepEqual(metadata.labels, { team: "storage" });
    });

    it("reads its record back as it was written, and takes nothing else for one", () => {
        assert.deepEqual(parseRecord(recordObject(record, "a", {})), record);
        assert.equal(parseRecord(undefined), undefined);
        const other = { ...recordObject(record, "a", {}), data: { "set.json": "{" } };
        assert.equal(parseRecord(other), undefined);
    });

    it("tells which of its snapshots are gone, or about to go", () => {
        const there = membersOf(record).map(({ snapshot }) => ({ metadata: { name: snapshot } }));
        const object = (metadata: { name: string; deletionTimestamp?: Date }) => ({
            apiVersion: "snapshot.storage.k8s.io/v1",
            kind: "VolumeSnapshot",
            metadata,
        });
        const present = there.map(({ metadata }) => object(metadata));
        assert.deepEqual(missingMembers(record, present), []);
        assert.deepEqual(missingMembers(record, present.slice(1)), ["monday-data0-minio-0"]);
        const going = object({ name: "monday-data1-minio-1", deletionTimestamp: new Date() });
        assert.deepEqual(missingMembers(record, [...present.filter((_, i) => i !== 3), going]), [going.metadata.name]);
    });

    it("is known by the names of its snapshots when its record is lost, whatever other sets there are", () => {
        const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,6}[a-z0-9]$/);
        const pools = fc.array(
            fc.record({ replicas: fc.integer({ min: 2, max: 12 }), drivesPerServer: fc.integer({ min: 1, max: 4 }) }),
            { minLength: 1, maxLength: 3 },
        );
        fc.assert(
            fc.property(name, name, name, pools, fc.boolean(), (set, otherSet, cluster, some, hasId) => {
                fc.pre(set !== otherSet);
                const taken = some.map((one) => pool({ ...one, storageSize: "1073741824" }));
                const id = hasId ? newSetId() : undefined;
                const own = membersOf({ set, id, cluster, pools: taken });
                const others = membersOf({ set: otherSet, id: newSetId(), cluster, pools: taken });
                const parsed = [...own, ...others].map(({ snapshot }) => parseSnapshotName(snapshot, set, cluster));
                assert.deepEqual(parsed, [...own.map(({ claim }) => ({ claim, id })), ...others.map(() => undefined)]);
                const sizes = new Map(own.map(({ claim }) => [claim, 2 ** 30]));
                assert.deepEqual(
                    poolsOfClaims(cluster, sizes),
                    taken.map(({ replicas, drivesPerServer, storageSize }) => ({
                        replicas,
                        drivesPerServer,
                        storageSize,
                    })),
                );
                sizes.delete(own[0].claim);
                assert.equal(poolsOfClaims(cluster, sizes), undefined);
            }),
        );
    });

    it("fits only a cluster with its drives in the same folder of the volumes, where it tells its own", () => {
        const take = (driveSubPath?: string) => newRecord(clusterOf("minio", withDefaults({ driveSubPath })), "monday");
        const pools = [pool({ storageSize: "10Gi" })];
        for (const [set, cluster, expected] of [
            ["data", "data", undefined],
            [undefined, undefined, undefined],
            ["data", undefined, /in the folder 'data' of .* has them in no folder: .*Set driveSubPath to 'data'$/],
            [undefined, "data", /in no folder of .* in the folder 'data': .*Remove driveSubPath$/],
        ] as const) {
            assert.match(mismatch(take(set), pools, cluster) ?? "", expected ?? /^$/);
        }
        assert.equal(mismatch({ set: "monday", pools }, pools, "data"), undefined); // Of an earlier version.
    });

    it("fits only a cluster of the same servers and drives, of the same size or larger", () => {
        const set = { set: "monday", pools: [pool()] };
        assert.equal(mismatch(set, [pool()]), undefined);
        assert.equal(mismatch(set, [pool({ storageSize: "2Gi", storageClassName: "other" })]), undefined);
        assert.match(
            mismatch(set, [pool({ replicas: 8 })]) ?? "",
            /taken of 4 servers × 1 drive, and this cluster has 8 servers × 1 drive/,
        );
        assert.match(
            mismatch(set, [pool({ drivesPerServer: 2 })]) ?? "",
            /4 servers × 1 drive, and .* 4 servers × 2 drives/,
        );
        assert.match(
            mismatch(set, [pool(), pool()]) ?? "",
            /this cluster has 4 servers × 1 drive, then 4 servers × 1 drive/,
        );
        const large = { ...set, pools: [pool({ storageSize: "2Gi" })] };
        assert.match(mismatch(large, [pool()]) ?? "", /taken of drives of 2Gi, and those of this cluster have 1Gi/);
    });
});

describe("sets that a schedule takes", () => {
    const taken = (day: number, ...gone: string[]): RotatingSet => ({
        record: { set: `nightly-${day}`, takenAt: new Date(Date.UTC(2026, 0, day)).toISOString() },
        gone,
    });
    const names = (sets: RotatingSet[]) => sets.map(({ record: { set } }) => set);
    const left = (sets: RotatingSet[], keep?: number) => {
        const { stay, go, goNext } = retention(sets, keep);
        return { stay: names(stay), go: names(go), goNext: names(goNext) };
    };

    it("stay as long as there are not more of them that are newer, and all without a limit", () => {
        const sets = [taken(2), taken(4), taken(1), taken(3)];
        assert.deepEqual(left(sets, 3), {
            stay: ["nightly-4", "nightly-3", "nightly-2"],
            go: ["nightly-1"],
            goNext: ["nightly-2"],
        });
        assert.deepEqual(left(sets), {
            stay: ["nightly-4", "nightly-3", "nightly-2", "nightly-1"],
            go: [],
            goNext: [],
        });
        assert.deepEqual(left(sets, 9).go, []);
        assert.deepEqual(left([], 1), { stay: [], go: [], goNext: [] });
    });

    it("do not count, and do not go early, where they cannot be restored", () => {
        const sets = [taken(5), taken(4, "a snapshot"), taken(3), taken(2, "a snapshot"), taken(1)];
        assert.deepEqual(left(sets, 2), {
            stay: ["nightly-5", "nightly-4", "nightly-3"],
            go: ["nightly-2", "nightly-1"],
            goNext: ["nightly-4", "nightly-3"],
        });
        const damaged = [1, 2, 3].map((day) => taken(day, "a snapshot"));
        assert.deepEqual(left(damaged, 1).go, []);
    });

    it("count the one that this run takes as the newest, whatever the clock said that another one has", () => {
        assert.deepEqual(left([{ ...taken(1), isNew: true }, taken(9)], 1), {
            stay: ["nightly-1"],
            go: ["nightly-9"],
            goNext: ["nightly-1"],
        });
    });

    it("never lose the newest whole one, nor keep fewer whole ones than there should be, and go in turn", () => {
        const one = fc.record({ isWhole: fc.boolean() });
        fc.assert(
            fc.property(fc.array(one, { maxLength: 12 }), fc.integer({ min: 1, max: 6 }), (given, keep) => {
                const sets = given.map(({ isWhole }, index) => taken(index + 1, ...(isWhole ? [] : ["a snapshot"])));
                const whole = (some: RotatingSet[]) => some.filter(({ gone }) => gone.length === 0);
                const { stay, go, goNext } = retention(sets, keep);
                assert.deepEqual(names([...stay, ...go]).sort(), names(sets).sort());
                assert.equal(whole(stay).length, Math.min(keep, whole(sets).length));
                // What the next run deletes is what this one leaves without protection.
                const next = retention([...stay, taken(99)], keep);
                assert.deepEqual(names(next.go), names(goNext));
            }),
        );
    });
});

describe("sets of a cluster that is not known on up, as a resource before it failed", () => {
    it("are not left to be deleted: the program ends", async () => {
        await endUnlessKnown(pulumi.output("known"));
        await endUnlessKnown(pulumi.output(Promise.reject(new Error("it failed"))));
        await assert.rejects(
            endUnlessKnown(pulumi.output(pulumi.unknown)),
            /^Error: snapshots: .* delete them all: run a whole/,
        );
    });
});

describe("the records of sets", () => {
    const labelled = (kind: object, name: string, labels: Record<string, string>) =>
        ({ ...kind, metadata: { name, labels } }) as never;
    const labels = { app: "minio", "minio-cluster/snapshot-set": "monday" };
    const object = recordObject(record, "a", labels) as never;

    it("are those with the label, of this cluster, that can be read", () => {
        const none = labelled({ data: { "set.json": "{" } }, "other", labels);
        const unlabelled = recordObject(record, "a", { app: "minio" }) as never;
        assert.deepEqual(recordsIn([object, none, unlabelled], "minio"), [record]);
        assert.deepEqual(recordsIn([object], "copy"), []);
    });

    it("are missed where snapshots are there without theirs, single ones and those of a group", () => {
        const of = (name: string, set: string, more: Record<string, string>) =>
            labelled(snapshotKind, name, { "minio-cluster/snapshot-set": set, ...more });
        const present = [
            of("a", "monday", { app: "minio" }),
            of("b", "tuesday", { app: "minio" }),
            of("c", "tuesday", { "minio-cluster/snapshots-of": "minio" }),
            of("d", "tuesday", { app: "copy" }),
            labelled(snapshotKind, "e", { app: "minio" }),
        ];
        assert.deepEqual([...unrecorded(present, [record], "minio")], [["tuesday", ["b", "c"]]]);
    });
});

describe("a restore", () => {
    const clusterBy = (confirm?: string) => {
        const restoreFrom = { set: "monday", cluster: "minio", namespace: "a", confirm };
        return clusterOf("copy", withDefaults({ namespace: "b", replicas: 2, restoreFrom }));
    };
    const restored = restoreOf(clusterBy());
    const { source, drives } = restored;
    const all = (from: string | undefined, more: Partial<ClaimOrigin> = {}) =>
        new Map(drives.map(({ claim }): [string, ClaimOrigin] => [claim, { source: from, ...more }]));
    const one = (from: string | undefined) => new Map([["data-copy-0", { source: from }]]);
    const confirm = "replace the data of copy";
    const plan = (present: Partial<Present>, confirm?: string) =>
        planRestore(
            { source, drives, cluster: clusterBy(confirm) },
            { statefulSet: false, claims: new Map(), ...present },
        );

    it("makes the claims of a new cluster, as the StatefulSet would, from the snapshots of the old one", () => {
        const { metadata, spec } = claimObject(restored, drives[1], "monday-data-minio-1", "s1");
        assert.equal(drives[1].source, "data-minio-1");
        assert.deepEqual(metadata, {
            name: "data-copy-1",
            namespace: "b",
            labels: { app: "copy", pool: "copy" },
            annotations: {
                "minio-cluster/restored-from": "a/minio/monday",
                "minio-cluster/restored-set": "s1",
            },
        });
        assert.equal(spec.dataSource.name, "monday-data-minio-1");
        assert.deepEqual(spec.resources, { requests: { storage: "10Gi" } });
        const claims = { persistentVolumeClaimAnnotations: { keep: "yes" }, volumeAttributesClassName: "gold" };
        const args = { namespace: "b", replicas: 2, ...claims };
        const more = { ...restored, cluster: clusterOf("copy", withDefaults(args)) };
        const object = claimObject(more, drives[1], "monday-data-minio-1", "s1");
        assert.deepEqual(
            [object.metadata.annotations, object.spec.volumeAttributesClassName],
            [{ ...metadata.annotations, keep: "yes" }, "gold"],
        );
    });

    it("makes all claims where there are none, and the missing ones where it was cut off", () => {
        assert.deepEqual(plan({}), { kind: "create", claims: ["data-copy-0", "data-copy-1"] });
        assert.deepEqual(plan({ claims: one(source) }), { kind: "create", claims: ["data-copy-1"] });
    });

    it("is done once, and leaves a lost drive of a running cluster to MinIO", () => {
        assert.deepEqual(plan({ statefulSet: true, claims: all(source) }), { kind: "none" });
        assert.deepEqual(plan({ statefulSet: true, claims: one(source) }), { kind: "none" });
    });

    it("that has ended is over, whichever drives were lost and healed since, and with its StatefulSets too", () => {
        const healed = all(undefined, { ended: source });
        const asks = source;
        for (const statefulSet of [true, false]) {
            for (const claims of [healed, new Map([...healed].slice(1)), new Map([...healed, ...one(undefined)])]) {
                assert.deepEqual(plan({ statefulSet, asks, claims }), { kind: "none" });
                assert.deepEqual(plan({ statefulSet, asks, claims }, confirm), { kind: "none" });
            }
        }
        assert.equal(plan({ claims: all(undefined, { ended: "a/minio/tuesday" }) }).kind, "refuse");
    });

    it("that has ended is not taken for a second one, which the program asks for after it asked for none", () => {
        for (const asks of [undefined, "a/minio/tuesday"]) {
            const again = plan({ statefulSet: true, asks, claims: all(source, { ended: source }) }, confirm);
            assert.match(again.kind === "refuse" ? again.reason : again.kind, /kubectl annotate pvc --namespace b /);
        }
    });

    it("replaces data that is there only when that is confirmed", () => {
        for (const statefulSet of [true, false]) {
            const refused = plan({ statefulSet, claims: all(undefined) });
            assert.equal(refused.kind, "refuse");
            assert.match(
                refused.kind === "refuse" ? refused.reason : "",
                /data of its own \(data-copy-0, data-copy-1\)/,
            );
        }
        assert.equal(plan({ statefulSet: true, claims: all("a/minio/tuesday") }).kind, "refuse");
        const nothing = null as unknown as string; // As a stack's configuration in YAML may have it.
        assert.equal(plan({ statefulSet: true, claims: all(undefined) }, nothing).kind, "refuse");
        assert.deepEqual(plan({ statefulSet: true, claims: all(undefined) }, confirm), { kind: "replace" });
    });

    it("goes on when it was cut off in place, whatever claims there are at that moment", () => {
        const begun = { source };
        assert.deepEqual(plan({ statefulSet: true, begun }), { kind: "replace" });
        assert.deepEqual(plan({ statefulSet: true, begun, claims: all(source) }), { kind: "replace" });
    });

    it("does not go on with another set than it was begun with", () => {
        const begun = { source: "a/minio/tuesday" };
        const refused = plan({ statefulSet: true, begun, claims: all(undefined) }, confirm);
        assert.match(refused.kind === "refuse" ? refused.reason : "", /from a\/minio\/tuesday was begun and not ended/);
        const found = { id: "s2", takenAt: "2026-01-02T03:04:05.000Z" };
        const present = { statefulSet: false, claims: new Map([["data-copy-0", { source, set: "s1" }]]) };
        assert.match(
            otherSet({ source, cluster: clusterBy() }, present, found) ?? "",
            /with the set that has the id s1, and .* has the id s2 by now .*kubectl delete pvc --namespace b data-copy-0/,
        );
        assert.match(
            otherSet(
                { source, cluster: clusterBy() },
                { ...present, claims: new Map(), begun: { source, set: "s1" } },
                found,
            ) ?? "",
            /two points in time. Go back/,
        );
        assert.equal(
            otherSet({ source, cluster: clusterBy() }, { ...present, claims: all(source, { set: "s2" }) }, found),
            undefined,
        );
        assert.equal(otherSet({ source, cluster: clusterBy() }, { ...present, claims: all(source) }, found), undefined);
    });
});

describe("the servers that are frozen", () => {
    const ofStatefulSet = (name: string, pool?: string) => ({
        metadata: {
            name: `${name}-0`,
            labels: { app: "minio", ...(pool && { pool }) },
            ownerReferences: [{ kind: "StatefulSet", name, controller: true }],
        },
    });
    const live = (...pods: object[]) =>
        ({
            kubernetes: { pods: async () => pods },
            namespace: "a",
            selector: { app: "minio" },
            pools: [{ name: "minio", replicas: 1 }],
        }) as unknown as LiveCluster;

    it("are the pods of the pools, and not a Job's or another StatefulSet's with the same label", async () => {
        const job = { metadata: { name: "job", ownerReferences: [{ kind: "Job", controller: true }] } };
        const bare = { metadata: { name: "bare" } };
        const tool = ofStatefulSet("a-tool");
        const servers = await serversOf(live(tool, job, podOf("minio-0"), bare));
        assert.deepEqual(
            servers.map(({ metadata }) => metadata?.name),
            ["minio-0"],
        );
    });

    it("are all that write, so no set is taken before those of a pool that leaves are gone", async () => {
        const leaving = live(podOf("minio-0"), ofStatefulSet("minio-pool-1", "minio-pool-1"));
        for (const [hibernates, why] of [
            [false, "minio-pool-1-0 of a pool that leaves is still there"],
            [true, "servers have just been stopped"],
        ] as const) {
            assert.equal(await whyLater(leaving, hibernates, false), why);
        }
        assert.equal(await whyLater(live(podOf("minio-0"), ofStatefulSet("a-tool")), false, false), undefined);
        assert.equal(await whyLater(live(), true, false), undefined);
        assert.equal(await whyLater(live(), true, true), "servers have just been stopped");
    });
});

describe("the requests that a server works on", () => {
    it("are what is missing of its limit", () => {
        assert.equal(requestsUnderWay({ "x-ratelimit-limit": "150", "x-ratelimit-remaining": "147" }), 3);
    });

    it("are not known of a MinIO that does not tell", () => assert.equal(requestsUnderWay({}), undefined));
});
