import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { KubernetesError, untilAnswered } from "../../components/kubernetes/errors";
import type { Patience, Present } from "../../components/snapshots/claims";
import { problemsOf, replaceData, wayBack } from "../../components/snapshots/replaceData";
import { endRestore, halfRestored, markRestored, restore, restoreOf } from "../../components/snapshots/restore";
import { recordObject, type SetRecord } from "../../components/snapshots/snapshotSet";
import { clusterOf } from "../../components/spec/cluster";
import { type KnownArgs, type MinioClusterSpec, withDefaults } from "../../components/spec/spec";
import { type ArrivalOptions, arrive } from "../../components/update/arrival";
import { FakeDrives, Killed, pod } from "../support/fakeDrives";

const confirm = "replace the data of minio";
const clusterBy = (restoreFrom: MinioClusterSpec["restoreFrom"] = { set: "monday", confirm }) =>
    clusterOf("minio", withDefaults({ namespace: "a", replicas: 2, restoreFrom }));
const own = ["own", "own"];
const monday = ["monday-data-minio-0", "monday-data-minio-1"];

/** A cluster with data of its own, and a set of snapshots of it. */
function cluster(): FakeDrives {
    const drives = new FakeDrives();
    drives.contents = monday.map((name, i) => contentOf(name, `handle-${i}`));
    drives.snapshots = monday.map((name) => ({
        metadata: { name },
        status: { readyToUse: true, boundVolumeSnapshotContentName: `content-${name}` },
    }));
    return drives;
}

function contentOf(name: string, snapshotHandle: string, namespace = "a") {
    return {
        metadata: { name: `content-${name}` },
        spec: { driver: "hostpath", volumeSnapshotRef: { name, namespace } },
        status: { snapshotHandle, restoreSize: 1 },
    };
}

/** Tries again at once. */
const patience: Patience = async (work) => {
    for (;;) {
        try {
            return await work();
        } catch (error) {
            if (!(error instanceof KubernetesError && error.isPassing)) {
                throw error;
            }
        }
    }
};
const go = (drives: FakeDrives, wanted = clusterBy(), how = patience, isPreview = false) =>
    restore(drives.kubernetes, wanted, { say: () => {}, patience: how, isPreview });

describe("a restore in place", () => {
    it("keeps every volume before a server stops, and starts the servers with the set", async () => {
        const drives = cluster();
        let policies: string[] = [];
        drives.always = () => {
            if (drives.servers === 0 && policies.length === 0) {
                policies = [...drives.volumes.values()].map(({ policy }) => policy);
            }
        };
        await go(drives);
        assert.deepEqual(policies, ["Retain", "Retain"]);
        assert.deepEqual(drives.data, monday);
        assert.equal(drives.servers, 2);
        assert.deepEqual(drives.statefulSet.metadata.annotations, {});
        const kept = [...drives.volumes.values()].filter(({ policy }) => policy === "Retain");
        assert.deepEqual(
            kept.map(({ data, labels }) => [data, labels["minio-cluster/replaced-of"]]),
            [
                ["own", "minio"],
                ["own", "minio"],
            ],
        );
        assert.match(kept[0].labels["minio-cluster/replaced-at"] ?? "", /^\d{8}T\d{6}Z$/);
    });

    it("is refused before anything is touched where the live StatefulSet deletes claims, whatever the program says", async () => {
        const drives = cluster();
        drives.statefulSet.spec.persistentVolumeClaimRetentionPolicy.whenScaled = "Delete";
        assert.equal(clusterBy().spec.persistentVolumeClaimRetentionPolicy.whenScaled, "Retain");
        for (const isPreview of [true, false]) {
            await assert.rejects(go(drives, clusterBy(), patience, isPreview), {
                message: /whenScaled of the StatefulSet minio is Delete, .* set it to Retain/,
            });
        }
        assert.deepEqual([drives.writes, drives.data], [0, own]);
    });

    it("names every right that is missing and every other problem at once, before anything is touched", async () => {
        const drives = cluster();
        drives.refusedRights = ["patch persistentvolumes", "delete persistentvolumeclaims in a"];
        drives.otherPods = [{ metadata: { name: "copy" }, spec: pod("minio-1").spec }];
        await assert.rejects(go(drives, clusterBy(), patience, true), {
            message:
                /the namespace a: delete persistentvolumeclaims .*the whole Kubernetes cluster: patch persistentvolumes .*the pod copy uses data-minio-1/s,
        });
        assert.equal(drives.writes, 0);
    });

    const restored = restoreOf(clusterBy());

    it("knows the pods that would keep it from ending from those that do not", () => {
        const now = Date.parse("2026-01-01T00:10:00Z");
        const problems = (...pods: object[]) => problemsOf(restored, [], pods as any[], now);
        const job = { metadata: { name: "job", labels: { app: "minio" } }, spec: { volumes: [] } };
        const ending = pod("minio-0", { deletionTimestamp: "2026-01-01T00:09:50Z" });
        assert.deepEqual(problems(pod("minio-0"), pod("minio-1"), job, ending), []);
        const [stuck] = problems(pod("minio-0", { deletionTimestamp: "2026-01-01T00:09:00Z" }));
        assert.match(stuck, /minio-0 is deleted and does not end, .*kubectl delete pod minio-0 --namespace a --force/);
        const labels = { app: "minio", pool: "minio-pool-1" };
        const ownerReferences = [{ kind: "StatefulSet", name: "minio-pool-1", controller: true }];
        const [departing] = problems(pod("minio-pool-1-0", { labels, ownerReferences }));
        assert.match(departing, /minio-pool-1-0 is a server of the pool minio-pool-1, which the program has no more/);
    });

    it("starts the servers again when they do not all end, as nothing is replaced yet", async () => {
        const drives = cluster();
        drives.stuck = ["minio-0", "minio-1"];
        const present: Present = {
            statefulSet: true,
            claims: new Map([...drives.claims.keys()].map((claim) => [claim, {}])),
        };
        const run = (there: Present) =>
            replaceData(drives.kubernetes, restored, foundSet, there, { say: () => {}, patience, endMilliseconds: 1 });
        await assert.rejects(run(present), {
            message:
                /servers do not end: minio-0, minio-1 in 0.001 s. Nothing was replaced, and the servers start again/,
        });
        assert.deepEqual([drives.servers, drives.data, drives.statefulSet.metadata.annotations], [2, own, {}]);
        // Where some are replaced, they would start with two points in time.
        present.claims.delete("data-minio-0");
        await assert.rejects(run(present), { message: /All servers are stopped, .*kubectl scale statefulset minio/s });
        assert.equal(drives.servers, 0);
    });

    const foundSet = {
        set: "monday",
        id: "s1",
        takenAt: "",
        pools: [{ replicas: 2, drivesPerServer: 1, storageSize: "1Gi" }],
        drives: new Map(monday.map((snapshot, i) => [`data-minio-${i}`, { snapshot }])),
        isPresent: true,
    };

    /** A cluster that never runs with drives of two points in time, and loses no volume. */
    function watched(): FakeDrives {
        const drives = cluster();
        const volumes = [...drives.volumes.keys()];
        const { annotations } = drives.statefulSet.metadata;
        drives.always = () => {
            const isMixed =
                new Set(drives.data.map((data) => data === "own")).size > 1 || drives.data.includes(undefined);
            const isTold = annotations["minio-cluster/restoring"] !== undefined;
            assert.ok(drives.servers === 0 || !isMixed, "servers run with drives of two points in time");
            assert.ok(drives.servers > 0 || isTold, "nothing tells why servers are stopped");
            const isKept = volumes.every((volume) => drives.volumes.has(volume));
            assert.ok(isKept, "a volume is lost");
        };
        return drives;
    }

    /** One program that meets faults, and is killed at last. */
    async function live(drives: FakeDrives, faults: FakeDrives["faults"]): Promise<boolean> {
        drives.faults = [...faults, "killed"];
        try {
            await go(drives);
            return true;
        } catch (error) {
            assert.ok(
                error instanceof Killed || /^killed(; and then: killed)?\. /.test((error as Error).message),
                error as Error,
            );
            return false;
        }
    }

    async function ends(drives: FakeDrives): Promise<void> {
        drives.faults = [];
        await go(drives);
        assert.deepEqual([drives.data, drives.servers], [monday, 2]);
        assert.deepEqual(drives.statefulSet.metadata.annotations, {});
    }

    it("is continued wherever it is killed, and survives a failure of any request", async () => {
        let requests = 0;
        let midway = 0;
        for (let hasEnded = false; !hasEnded; requests++) {
            for (const fault of ["conflict", "busy", "away", "lost"] as const) {
                const drives = watched();
                drives.faults = [...Array(requests).fill("answered"), fault];
                await go(drives);
                await ends(drives);
            }
            const drives = watched();
            hasEnded = await live(drives, Array(requests).fill("answered"));
            midway += drives.data.includes(monday[0]) && drives.data.includes("own") ? 1 : 0;
            await ends(drives);
        }
        assert.ok(requests > 30 && midway > 2, `${requests} requests, ${midway} of them between two drives`);
    });

    it("goes through whatever requests fail, in several programs that are killed", async function () {
        this.timeout(60_000);
        // Each look must be whole: it is done again when one of its requests fails.
        const fault = fc.oneof(
            { weight: 24, arbitrary: fc.constant("answered" as const) },
            { weight: 1, arbitrary: fc.constantFrom("conflict", "busy", "away", "lost" as const) },
        );
        const lives = fc.array(fc.array(fault, { maxLength: 80, size: "max" }), { maxLength: 4 });
        const property = fc.asyncProperty(lives, async (programs) => {
            const drives = watched();
            for (const faults of programs) {
                await live(drives, faults);
            }
            await ends(drives);
        });
        await fc.assert(property, { numRuns: 200 });
    });

    it("waits with the patience of the rollout", async () => {
        const drives = cluster();
        drives.faults = ["busy", "answered", "away"];
        let told = 0;
        await go(drives, clusterBy(), (work) => untilAnswered(work, 60, () => told++));
        assert.deepEqual([drives.data, told], [monday, 2]);
    });

    it("that has ended never acts again, though all drives are replaced one after another and the StatefulSets come back", async () => {
        const drives = cluster();
        await go(drives);
        drives.statefulSet.metadata.annotations["minio-cluster/restore-from"] = restored.source;
        await markRestored(drives.kubernetes, clusterBy());
        for (const claim of [...drives.claims.values()]) {
            claim.metadata.annotations = {}; // Deleted, made again by the StatefulSet, and healed;
            await markRestored(drives.kubernetes, clusterBy()); // and the next `pulumi up`.
            const { writes } = drives;
            await go(drives);
            assert.equal(drives.writes, writes);
        }
    });

    it("is told of when it has ended, as the users and keys of the set are valid again, and not a second time", async () => {
        const drives = cluster();
        await go(drives);
        const mark = () => markRestored(drives.kubernetes, clusterBy());
        assert.deepEqual([await mark(), await mark()], [true, false]);
        const [claim] = drives.claims.values();
        claim.metadata.annotations = {}; // Lost and healed.
        assert.equal(await mark(), false);
        for (const { metadata } of drives.claims.values()) {
            metadata.annotations = { "minio-cluster/restored-from": restored.source }; // Of a new cluster.
        }
        assert.equal(await mark(), false);
    });

    it("is forgotten when the program asks for none, also where all servers stop or Kubernetes moves the rollout on", async () => {
        for (const args of [{ hibernate: true }, { rollout: { mode: "Native" as const } }]) {
            const drives = cluster();
            await go(drives);
            await markRestored(drives.kubernetes, clusterBy());
            drives.statefulSet.spec.replicas = 0;
            const resolved = pulumi.output(clusterOf("minio", withDefaults({ namespace: "a", replicas: 2, ...args })));
            const options = { cluster: { resolved }, connection: { act: async () => drives.kubernetes } };
            // What Native does next needs more than there is here.
            await arrive(options as unknown as ArrivalOptions, undefined as never).catch(() => undefined);
            await go(drives); // The same set again.
            assert.deepEqual([drives.data, drives.volumes.size], [monday, 6]);
        }
    });

    it("is forgotten by the claims, too, where a StatefulSet was made by hand that says nothing of it", async () => {
        const drives = cluster();
        for (const { metadata } of drives.claims.values()) {
            metadata.annotations = { "minio-cluster/restoring": "a/minio/monday", kept: "yes" };
        }
        await endRestore(drives.kubernetes, clusterOf("minio", withDefaults({ namespace: "a", replicas: 2 })));
        const left = [...drives.claims.values()].map(({ metadata }) => Object.keys(metadata.annotations ?? {}));
        assert.deepEqual(left, [["kept"], ["kept"]]);
    });

    it("needs no right to be forgotten where Kubernetes moves the rollout on", async () => {
        const refuse = async () => {
            throw new KubernetesError("forbidden", false, 403);
        };
        const kubernetes = { ...cluster().kubernetes, statefulSet: refuse };
        const by = (mode: "Native" | "Guided") =>
            clusterOf("minio", withDefaults({ namespace: "a", rollout: { mode } }));
        await endRestore(kubernetes, by("Native"));
        await assert.rejects(endRestore(kubernetes, by("Guided")), /forbidden/);
    });

    it("has a time of its own where it follows another one, which ended and was not forgotten", async () => {
        const drives = cluster();
        await go(drives);
        await markRestored(drives.kubernetes, clusterBy());
        const times = () => [...drives.volumes.values()].map(({ labels }) => labels["minio-cluster/replaced-at"]);
        const first = times().find(Boolean);
        for (const volume of drives.volumes.values()) {
            if (volume.labels["minio-cluster/replaced-at"]) {
                volume.labels["minio-cluster/replaced-at"] = "first";
            }
        }
        for (const claim of drives.claims.values()) {
            assert.equal(claim.metadata.annotations?.["minio-cluster/restored-at"], first);
            Object.assign(claim.metadata.annotations ?? {}, { "minio-cluster/restored-at": "first" });
        }
        const tuesday = monday.map((name) => name.replace("monday", "tuesday"));
        drives.contents = tuesday.map((name, i) => contentOf(name, `later-${i}`));
        drives.snapshots = [];
        await go(drives, clusterBy({ set: "tuesday", confirm }));
        assert.equal(times().filter((time) => time === "first").length, 2);
        assert.equal(new Set(times().filter(Boolean)).size, 2);
    });

    it("is told by the claims where the StatefulSet is destroyed, before or after: it goes on, as one, and nothing else begins", async () => {
        const since = ["minio-cluster/restoring-since", "minio-cluster/restored-at", "minio-cluster/replaced-at"];
        const sets = ["monday", "tuesday", "sunday"].flatMap((set) =>
            monday.map((name) => name.replace("monday", set)),
        );
        const restoredBefore = (hasStatefulSet: boolean) => {
            const drives = cluster();
            drives.hasStatefulSet = hasStatefulSet;
            drives.contents = sets.map((name, i) => contentOf(name, `handle-${i}`));
            drives.snapshots = [];
            const origin = {
                "minio-cluster/restored-from": "a/minio/sunday",
                "minio-cluster/restore-ended": "a/minio/sunday",
            };
            for (const { metadata } of drives.claims.values()) {
                metadata.annotations = { ...origin };
            }
            return drives;
        };
        let midway = 0;
        const interrupted = async (hasStatefulSet: boolean, requests: number) => {
            const drives = restoredBefore(hasStatefulSet);
            const hasEnded = await live(drives, Array(requests).fill("answered"));
            drives.faults = [];
            drives.hasStatefulSet = false;
            // As if it had begun yesterday.
            const metadata = [...drives.claims.values()].map(({ metadata }) => metadata.annotations ?? {});
            for (const told of [...metadata, ...[...drives.volumes.values()].map(({ labels }) => labels)]) {
                for (const key of since.filter((key) => key in told)) {
                    (told as Record<string, string>)[key] = "yesterday";
                }
            }
            const isBegun = drives.data.some((data) => data !== "own");
            if (isBegun && drives.data.join() !== "handle-0,handle-1") {
                midway++;
                const claims = [...drives.claims.values()];
                assert.match(halfRestored(clusterBy(), claims) ?? "", /a\/minio\/monday.* put restoreFrom back/i);
                for (const set of ["sunday", "tuesday"]) {
                    await assert.rejects(go(drives, clusterBy({ set, confirm })), {
                        message: /a\/minio\/monday was begun and not ended/,
                    });
                }
            }
            await go(drives);
            assert.deepEqual(drives.data, ["handle-0", "handle-1"]);
            const times = [...drives.volumes.values()].flatMap(
                ({ labels }) => labels["minio-cluster/replaced-at"] ?? [],
            );
            assert.equal(times.length, 2);
            assert.equal(new Set(times).size, 1);
            const left = [...drives.claims.values()].flatMap(({ metadata }) => Object.keys(metadata.annotations ?? {}));
            assert.ok(!left.some((key) => key.startsWith("minio-cluster/restoring")), left.join());
            return hasEnded;
        };
        for (const hasStatefulSet of [true, false]) {
            let requests = 0;
            while (!(await interrupted(hasStatefulSet, requests))) {
                requests++;
            }
            assert.ok(requests > 20, String(requests));
        }
        assert.ok(midway > 8, String(midway));
    });

    it("waits for a claim that is being deleted where no server has it, and stops the server where one has", async () => {
        const drives = cluster();
        const claim = drives.claims.get("data-minio-0");
        Object.assign(claim?.metadata ?? {}, { deletionTimestamp: "2026-11-27T00:00:00Z" });
        await go(drives);
        assert.deepEqual(drives.data, monday);
        const gone = cluster();
        gone.hasStatefulSet = false;
        const going = gone.claims.get("data-minio-0");
        Object.assign(going?.metadata ?? {}, { deletionTimestamp: "2026-11-27T00:00:00Z" });
        setTimeout(() => gone.claims.clear(), 100);
        await go(gone, clusterBy({ set: "monday" }));
        assert.deepEqual(gone.data, monday);
    });

    it("says where a claim is somebody else's that was made meanwhile", async () => {
        const drives = cluster();
        const { kubernetes } = drives;
        const create: typeof kubernetes.create = async (object) => {
            if (object.metadata.name === "data-minio-1") {
                await kubernetes.create({ ...object, metadata: { ...object.metadata, annotations: {} } });
            }
            await kubernetes.create(object);
        };
        const how = { say: () => {}, patience, isPreview: false };
        await assert.rejects(restore({ ...kubernetes, create }, clusterBy(), how), {
            message: /the claim data-minio-1 was made by somebody else, or is being deleted.* All servers are stopped/s,
        });
    });

    it("is refused where a snapshot needs a larger drive than the cluster has", async () => {
        const drives = cluster();
        Object.assign((drives.contents[1] as any).status, { restoreSize: 11 * 2 ** 30 });
        const pools = [{ replicas: 2, drivesPerServer: 1, storageSize: "10Gi" }];
        const record = { set: "monday", cluster: "minio", namespace: "a", takenAt: "", pools } as unknown as SetRecord;
        const { metadata, ...others } = recordObject(record, "a", {});
        drives.objects.set(`ConfigMap ${metadata.name}`, { ...others, metadata });
        await assert.rejects(go(drives, clusterBy(), patience, true), {
            message:
                /monday-data-minio-1 needs a volume of 11811160064 bytes, and drives of this cluster have 10Gi: give/,
        });
    });

    it("that some drives only are made of lets no servers be made which want none", () => {
        const claimOf = (server: number, source?: string, ended?: string) => ({
            ...{ apiVersion: "v1", kind: "PersistentVolumeClaim" },
            metadata: {
                name: `data-minio-${server}`,
                annotations: { "minio-cluster/restored-from": source, "minio-cluster/restore-ended": ended },
            },
        });
        const half = (...claims: object[]) => halfRestored(clusterBy(), claims as any[]);
        const { source } = restored;
        assert.match(
            half(claimOf(0, source), claimOf(1)) ?? "",
            /some drives \(data-minio-0\) were made from the set a\/minio\/monday, and the others were not: .*Put restoreFrom back.*kubectl annotate/,
        );
        assert.ok(half(claimOf(0, source)));
        assert.ok(half(claimOf(0, source), claimOf(1, "a/minio/tuesday", "a/minio/tuesday")));
        assert.match(
            half(claimOf(0, source)) ?? "",
            /if no server has run .*: kubectl delete pvc --namespace a data-minio-0\./,
        );
        const inPlace = claimOf(0, source);
        Object.assign(inPlace.metadata.annotations, { "minio-cluster/restored-at": "now" });
        assert.match(half(inPlace, claimOf(1)) ?? "", /or go back to the replaced volumes/);
        const going = claimOf(0, source);
        Object.assign(going.metadata, { deletionTimestamp: "now" });
        assert.equal(half(going, claimOf(1)), undefined);
        for (const fine of [
            [],
            [claimOf(0), claimOf(1)],
            [claimOf(0, source), claimOf(1, source)],
            [claimOf(0, source, source), claimOf(1)],
        ]) {
            assert.equal(half(...fine), undefined);
        }
    });

    it("has a way back that the guide shows as it is", () => {
        const guide = readFileSync(join(__dirname, "../../docs/backup.md"), "utf8");
        const wanted = clusterOf("minio", withDefaults({ namespace: "$NAMESPACE" }));
        assert.ok(guide.includes(`\n${wayBack(wanted, "$RESTORED_AT")}\npulumi up --yes\n`));
        const claimsOnly = wayBack({ ...wanted, pools: [] }, "t1");
        assert.match(claimsOnly, /^for volume in .*\n(.*\n)*done\nkubectl annotate pvc [^\n]*$/);
    });
});

describe("a restore from another namespace", () => {
    it("says what the copy of a cluster that lives may reach, unless its egress is closed", async () => {
        for (const [cluster, networkPolicy, isSaid] of [
            ["minio", undefined, true],
            ["minio", { clients: [] }, true],
            ["minio", { egress: [] }, false],
            ["copy", undefined, false], // The set is its own.
        ] as const) {
            const restoreFrom = { set: "monday", cluster };
            const args = { namespace: "a", replicas: 2, restoreFrom, networkPolicy } as KnownArgs;
            const drives = new FakeDrives();
            const names = monday.map((name) => name.replace("minio", cluster));
            drives.contents = names.map((name, i) => contentOf(name, `handle-${i}`));
            const said: string[] = [];
            const how = { say: (text: string) => said.push(text), patience, isPreview: true };
            await restore(drives.kubernetes, clusterOf("copy", withDefaults(args)), how);
            assert.equal(/tiers, bucket replication/.test(said.join()), isSaid, said.join());
        }
    });

    it("uses nothing that an earlier restore of a set of the same name has left", async () => {
        const drives = cluster();
        const spec = clusterBy({ set: "monday", namespace: "b", confirm });
        for (const month of ["june", "july"]) {
            drives.contents = monday.map((name, i) => contentOf(name, `${month}-${i}`, "b"));
            drives.snapshots = [];
            drives.claims.delete("data-minio-0");
            for (const { metadata } of drives.claims.values()) {
                metadata.annotations = {};
            }
            await go(drives, spec);
            assert.deepEqual(drives.data, [`${month}-0`, `${month}-1`]);
        }
        assert.equal(drives.objects.size, 8);
    });

    it("brings a snapshot again whose first content is bound to one that was deleted", async () => {
        const drives = cluster();
        drives.contents = monday.map((name, i) => contentOf(name, `handle-${i}`, "b"));
        drives.snapshots = [];
        const spec = clusterBy({ set: "monday", namespace: "b", confirm });
        await go(drives, spec);
        for (const [key, object] of [...drives.objects]) {
            if (key.startsWith("VolumeSnapshot ")) {
                drives.objects.delete(key);
            } else {
                (object as any).spec.volumeSnapshotRef.uid = "1234567890";
            }
        }
        drives.claims.delete("data-minio-0");
        for (const { metadata } of drives.claims.values()) {
            metadata.annotations = {};
        }
        await go(drives, spec);
        assert.deepEqual(drives.data, ["handle-0", "handle-1"]);
        const contents = [...drives.objects.keys()].filter((key) => key.startsWith("VolumeSnapshotContent "));
        assert.deepEqual([contents.length, contents.filter((key) => key.endsWith("-12345678")).length], [4, 2]);
    });
});
