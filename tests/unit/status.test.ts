import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { V1Pod, V1StatefulSet } from "@kubernetes/client-node";
import { parseAllDocuments } from "yaml";
import { statusOptions, WrongOptions } from "../../command/statusOptions";
import { size } from "../../components/basics/quantity";
import type { AnyObject, Kubernetes, Right } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";
import type { DriveInDetail } from "../../components/live/admin";
import { topologyOf } from "../../components/minio/topology";
import type { PoolState, ServerState } from "../../components/rollout/plan";
import { podTemplate } from "../../components/server/podTemplate";
import { namesOf } from "../../components/spec/names";
import { withDefaults } from "../../components/spec/spec";
import { programOf } from "../../components/status/differences";
import { clustersIn } from "../../components/status/found";
import { judge, verdictOf } from "../../components/status/judge";
import { look } from "../../components/status/look";
import type { Observed, Server } from "../../components/status/observed";
import { quorumsLeft } from "../../components/status/quorumsLeft";
import { exitCodeOf, report } from "../../components/status/report";
import { ageOf, screen } from "../../components/status/screen";
import { serversIn } from "../../components/status/servers";
import { clusterInStack } from "../../components/status/stackState";

const at = "2026-11-27T02:00:00.000Z";
const days = (number: number) => new Date(Date.parse(at) + number * 86_400_000).toISOString();
const names = [0, 1, 2, 3].map((ordinal) => `minio-${ordinal}`);
const gibibyte = 2 ** 30;

const server = (name: string, changes: Partial<Server> = {}): Server => ({
    name,
    pool: 0,
    standing: "ready",
    node: "n1",
    image: "docker.io/pgsty/silo:RELEASE.2026-09-16T00-00-00Z@sha256:6351",
    restarts: 0,
    outdated: false,
    ...changes,
});

const drive = (name: string, changes: Partial<DriveInDetail> = {}): DriveInDetail => ({
    server: name,
    pool: 0,
    set: 0,
    works: true,
    path: "/data",
    state: "ok",
    healing: false,
    total: 10 * gibibyte,
    free: 9 * gibibyte,
    ...changes,
});

const pool = (changes: Partial<PoolState> = {}): PoolState => ({
    name: "minio",
    observed: true,
    partition: 0,
    wantedPartition: 0,
    currentRevision: "a",
    updateRevision: "a",
    updateChange: "none",
    replicas: 4,
    ordered: false,
    erasureSets: 1,
    serversThatMayFail: 1,
    restartsAtOnce: 1,
    servers: names.map((name, ordinal) => ({ name, ordinal, uid: name, revision: "a" }) as ServerState),
    ...changes,
});

const healthy: Observed = {
    at,
    where: "https://127.0.0.1:6443 (context dev, by the kubeconfig)",
    namespace: "storage",
    name: "minio",
    topology: topologyOf([{ servers: 4, drivesPerServer: 1, driveBytes: 0 }]),
    pools: [pool()],
    servers: names.map((name) => server(name)),
    health: { writes: true, reads: true, quorums: { write: 3, read: 2 } },
    frozen: [],
    storage: { drives: names.map((name) => drive(name)), writeQuorums: [3] },
    poolStatuses: [{ id: 0, cmdline: "http://minio-{0...3}/data", totalSize: 0, freeSize: 0 }],
    tls: true,
    certificate: { secret: "minio-tls", from: days(-10), until: days(80) },
    sets: [{ set: "nightly-3", takenAt: new Date(Date.parse(at) - 5 * 3_600_000).toISOString(), gone: [] }],
    unread: [],
};

/** Of servers by their numbers, what is changed. */
const serversWith = (changes: Record<number, Partial<Server>>) =>
    names.map((name, index) => server(name, changes[index]));
const drivesWith = (changes: Record<number, Partial<DriveInDetail>>) => ({
    drives: names.map((name, index) => drive(name, changes[index])),
    writeQuorums: [3],
});

function of(changes: Partial<Observed>) {
    const observed = { ...healthy, ...changes };
    const findings = judge(observed);
    const verdict = verdictOf(observed, findings);
    const text = screen(observed, findings, verdict);
    return { findings, verdict, text, code: exitCodeOf(verdict), json: report(observed, findings, verdict) as any };
}

const whats = (changes: Partial<Observed>) => of(changes).findings.map(({ severity, what }) => `${severity}: ${what}`);

describe("the zones of a cluster", () => {
    const linesOf = (zones: (string | undefined)[], changes: Partial<Observed> = {}) =>
        of({ servers: names.map((name, index) => server(name, { zone: zones[index] })), ...changes })
            .text.split("\n")
            .filter((line) => line.startsWith("zone "))
            .map((line) => line.replace(/^zone +/, ""));

    it("are shown with what fails without each, and not where none is known", () => {
        const apart = (zone: string) => `${zone}, 1 server: may be lost`;
        assert.deepEqual(linesOf(["a", "b", "c", "d"]), ["a", "b", "c", "d"].map(apart));
        assert.deepEqual(linesOf(["a", "a", "b", "b"]), [
            "a, 2 servers: without it writes fail",
            "b, 2 servers: without it writes fail",
        ]);
        assert.deepEqual(linesOf(["a", "a", "a", undefined]), [
            "a, 3 servers: without it writes and reads fail",
            "not known, 1 server: may be lost",
        ]);
        assert.deepEqual(linesOf([]), []);
    });

    it("count with the drives that work now, or the servers that are ready", () => {
        const storage = drivesWith({ 0: { works: false, state: "faulty" } });
        assert.deepEqual(linesOf(["a", "b", "b", "b"], { storage }), [
            "a, 1 server: may be lost",
            "b, 3 servers: without it writes and reads fail",
        ]);
        assert.match(linesOf(["a", "b", "c", "d"], { storage })[1], /^b, 1 server: without it writes fail$/);
        assert.match(
            linesOf(["a", "a", "b", "b"], { storage: undefined })[0],
            /^a, 2 servers: without it writes fail$/,
        );
    });
});

describe("the status of a cluster that hibernates", () => {
    const missing = names.map((name) => server(name, { standing: "missing" }));
    const asleep: Partial<Observed> = {
        pools: [pool({ replicas: 0 })],
        servers: missing,
        health: undefined,
        frozen: undefined,
        storage: undefined,
        poolStatuses: undefined,
    };

    it("says so one time, instead of what each server lacks", () => {
        assert.deepEqual(whats(asleep), [
            "down: the cluster hibernates: all servers are stopped, and the claims of their drives stay",
        ]);
        const ending = { ...asleep, servers: [server("minio-0", { standing: "ending" }), ...missing.slice(1)] };
        assert.match(whats(ending).join(), /; minio-0 is still there$/);
    });

    it("does not say so while a restore has stopped the servers", () => {
        assert.ok(
            !whats({ ...asleep, restoring: "a/minio/monday" })
                .join()
                .includes("hibernates"),
        );
    });
});

describe("the status of a healthy cluster", () => {
    const { findings, text, code, json } = of({});

    it("has no finding, and ends with 0", () => {
        assert.deepEqual(findings, []);
        assert.equal(code, 0);
    });

    it("fits on a screen, one fact a line", () => {
        assert.equal(
            text,
            `minio in the namespace storage: all is right
servers      4 of 4 ready
version      docker.io/pgsty/silo:RELEASE.2026-09-16T00-00-00Z
requests     reads yes, writes yes, by MinIO's own health
drives       4 of 4 online, 0 healing
write quorum 3 of 4 drives, 4 work: any server may fail
read quorum  2 of 4 drives, 4 work: any 2 servers may fail
room         18 GiB free of 20 GiB for objects, 10 % used
certificate  ends ${days(80)}, in 80 days
snapshots    last set nightly-3, taken 5 hours ago
rollout      none under way
Kubernetes   https://127.0.0.1:6443 (context dev, by the kubeconfig)
`,
        );
    });

    it("is the same for machines", () => {
        assert.equal(json.verdict, "right");
        assert.deepEqual(json.quorumsLeft.writes, { quorum: 3, working: 4, size: 4, drives: 1, servers: 1 });
        assert.deepEqual(json.capacity, { usable: 20 * gibibyte, free: 18 * gibibyte });
        assert.deepEqual(json.rollout.underWay, false);
    });
});

describe("what is not right with a cluster", () => {
    it("is a lost drive, with the claim to look at, and what may still fail", () => {
        const lost = of({ storage: drivesWith({ 2: { state: "faulty", works: false, total: 0, free: 0 } }) });
        assert.equal(lost.findings.length, 1);
        assert.equal(lost.findings[0].what, "the drive /data of minio-2 does not work: MinIO says faulty");
        assert.match(lost.findings[0].do, /kubectl describe pvc data-minio-2 --namespace=storage/);
        assert.match(lost.text, /^write quorum 3 of 4 drives, 3 work: no server may fail$/m);
        assert.equal(lost.code, 1);
    });

    it("is a drive that heals, which counts as gone", () => {
        const healing = { storage: drivesWith({ 1: { healing: true, works: false } }) };
        assert.deepEqual(whats(healing), [
            "care: the drive /data of minio-1 heals: MinIO fills it with what the others have",
        ]);
        assert.match(of(healing).text, /^drives {7}4 of 4 online, 1 healing$/m);
        assert.equal(quorumsLeft({ ...healthy, ...healing })?.writes.servers, 0);
    });

    it("is too few drives that have all objects, though MinIO's health says yes", () => {
        const heals = { healing: true, works: false };
        const three = of({ storage: drivesWith({ 1: heals, 2: heals, 3: heals }) });
        const [first, ...others] = three.findings;
        assert.deepEqual(
            [first.severity, first.what],
            [
                "down",
                "1 of 4 drives of an erasure set has all objects, and reading needs 2: reads fail of objects " +
                    "that are not healed yet",
            ],
        );
        assert.match(first.do, /^replace no other drive and restart no server/);
        assert.equal(others.length, 3);
        assert.match(three.text, /REQUESTS FAIL OR WAIT/);
        const two = whats({ storage: drivesWith({ 2: heals, 3: heals }) });
        assert.equal(
            two[0],
            "care: 2 of 4 drives of an erasure set have all objects, and writing needs 3: writes rest on drives " +
                "that heal",
        );
        const off = { state: "offline", works: false };
        const noWrites = whats({
            health: { writes: false, reads: true },
            storage: drivesWith({ 0: off, 1: off, 2: heals }),
        });
        assert.deepEqual(
            noWrites.slice(0, 2).map((what) => what.split(":", 2)),
            [
                ["down", " objects cannot be written"],
                ["down", " 1 of 4 drives of an erasure set has all objects, and reading needs 2"],
            ],
        );
        const none = whats({
            health: { writes: false, reads: false },
            storage: drivesWith({ 0: off, 1: off, 2: off }),
        });
        assert.equal(none.filter((what) => what.startsWith("down")).length, 1);
    });

    it("is no drive too few because its server waits for its peers: it serves", () => {
        const away = { state: "offline", works: false };
        const waiting: Partial<Server> = { standing: "waiting" };
        const found = whats({
            servers: serversWith({ 2: waiting, 3: waiting }),
            storage: drivesWith({ 1: { healing: true, works: false }, 2: away, 3: away }),
        });
        assert.deepEqual(
            found.filter((what) => what.includes("have all") || what.startsWith("down")),
            [],
        );
    });

    it("is a lost node, said one time, and not for its drive again", () => {
        const lost = of({
            servers: serversWith({ 3: { standing: "lost", node: "n4" } }),
            storage: drivesWith({ 3: { state: "offline", works: false, total: 0, free: 0 } }),
        });
        assert.deepEqual(
            lost.findings.map(({ what }) => what),
            ["minio-3 (node n4) is on a node that does not answer"],
        );
        assert.match(lost.findings[0].do, /make sure that it is off, and run kubectl delete node n4/);
        assert.match(lost.text, /^servers {6}3 of 4 ready: minio-3 lost$/m);
    });

    it("is a quorum that is lost, before all else", () => {
        const found = whats({
            health: { writes: false, reads: true },
            servers: serversWith({ 2: { standing: "missing" }, 3: { standing: "failing", why: "CrashLoopBackOff" } }),
        });
        assert.match(found[0], /^down: objects cannot be written: the write quorum is lost$/);
        assert.deepEqual(found.slice(1), [
            "care: minio-2 (node n1) has no pod",
            "care: minio-3 (node n1) does not run: CrashLoopBackOff",
        ]);
        assert.match(whats({ health: { writes: false, reads: false } })[0], /neither written nor read/);
    });

    it("is a quorum that the servers tell, where MinIO says nothing", () => {
        const servers = serversWith(Object.fromEntries([1, 2, 3].map((index) => [index, { standing: "starting" }])));
        const found = of({ health: undefined, storage: undefined, servers });
        assert.match(found.findings[0].what, /neither written nor read/);
        assert.match(found.text, /^read quorum {2}2 of 4 drives, 1 work, by the servers that are ready: LOST$/m);
    });

    it("is a quorum that MinIO counts otherwise", () => {
        const [finding] = of({ health: { writes: true, reads: true, quorums: { write: 3, read: 3 } } }).findings;
        assert.match(finding.what, /^MinIO's write quorum is 3 and its read quorum 3/);
        assert.match(finding.do, /Set environment\.MINIO_STORAGE_CLASS_STANDARD to EC:1/);
    });

    it("is worst where the fewest servers may fail, whatever number of drives that is", () => {
        const topology = topologyOf(
            [
                { servers: 4, drivesPerServer: 4, driveBytes: 0 },
                { servers: 8, drivesPerServer: 1, driveBytes: 0 },
            ],
            4,
        );
        const drives = (pool: number, count: number, lost: number) =>
            Array.from({ length: count }, (_, index) => drive(`minio-${index}`, { pool, works: index >= lost }));
        const linesOf = (lost: [number, number]) => {
            const storage = { drives: [...drives(0, 16, lost[0]), ...drives(1, 8, lost[1])], writeQuorums: [12, 5] };
            return of({ topology, storage }).text.match(/(?<=^(write|read) quorum +)\d.*$/gm);
        };
        assert.deepEqual(linesOf([0, 0]), [
            "12 of 16 drives, 16 work: any server may fail",
            "12 of 16 drives, 16 work: any server may fail",
        ]);
        // Of the second pool only one drive may fail.
        assert.equal(linesOf([2, 2])?.[0], "12 of 16 drives, 14 work: no server may fail, and 1 drive");
        assert.equal(linesOf([3, 4])?.[0], "5 of 8 drives, 4 work: LOST");
    });

    it("is a rollout that has not come to its end", () => {
        const outdated = { outdated: true };
        const half = of({ servers: serversWith({ 0: outdated, 1: outdated }), pools: [pool({ partition: 2 })] });
        assert.deepEqual(
            half.findings.map(({ what, do: todo }) => [what, todo]),
            [
                [
                    "a rollout is not at its end: 2 of 4 servers have what they should have, minio-0, minio-1 not yet",
                    "let a pulumi up that runs end; if none runs, run pulumi up, which continues it",
                ],
            ],
        );
        assert.equal(half.json.rollout.underWay, true);
        assert.deepEqual(whats({ pools: [pool({ partition: 4 })] }), [
            "care: a rollout is not at its end: the partition of minio is still 4",
        ]);
    });

    it("is not a staged upgrade, which is wanted, and shown", () => {
        const staged = of({ pools: [pool({ partition: 2, wantedPartition: 2, updateRevision: "b" })] });
        assert.equal(staged.code, 0);
        assert.match(staged.text, /^rollout {6}staged: partition 2 of minio keeps the others back$/m);
    });

    it("is requests that are frozen, for a set or by somebody", () => {
        const bySet = of({ frozen: names, frozenFor: "monday" });
        assert.match(bySet.findings[0].what, /^all servers hold every S3 request.* frozen for the set 'monday'$/);
        assert.match(bySet.findings[0].do, /^wait: the servers thaw alone/);
        assert.match(bySet.text, /REQUESTS FAIL OR WAIT/);
        const [byHand] = of({ frozen: ["minio-1"] }).findings;
        assert.match(byHand.what, /^minio-1 hold .*somebody has frozen the cluster/);
        assert.match(byHand.do, /^mc admin service unfreeze ALIAS/);
        assert.match(whats({ frozenFor: "monday" })[0], /^care: the note is left/);
    });

    it("is a certificate that has expired, is about to, is not valid yet, or is none", () => {
        const certificate = (from: number, until: number) =>
            whats({ certificate: { secret: "own", from: days(from), until: days(until) } });
        assert.deepEqual(certificate(-90, -1), [`down: the certificate has expired at ${days(-1)}: clients refuse it`]);
        assert.deepEqual(certificate(-80, 3.5), [`care: the certificate expires in 3 days, at ${days(3.5)}`]);
        assert.match(certificate(1, 90)[0], /^down: the certificate is valid only from/);
        assert.deepEqual(certificate(-1, 15), []);
        assert.match(whats({ certificate: { secret: "own" } })[0], /no certificate that can be read/);
    });

    it("is room that is nearly used up, and a drive that is full", () => {
        const free = (share: number) => drive("", { free: share * 10 * gibibyte }).free;
        assert.deepEqual(whats({ storage: drivesWith({ 0: { free: free(0.08) } }) }), [
            "care: 92 % of the room is used",
        ]);
        assert.deepEqual(whats({ storage: drivesWith({ 0: { free: free(0.11) } }) }), []);
        assert.deepEqual(whats({ storage: drivesWith({ 0: { free: free(0.005) } }) }), [
            "down: the drive /data of minio-0: full, and MinIO takes no write without room on it",
        ]);
    });

    it("is a StatefulSet that somebody has scaled", () => {
        const [finding] = of({ pools: [pool({ replicas: 3 })] }).findings;
        assert.equal(finding.what, "the StatefulSet minio is scaled to 3 servers, and MinIO knows 4");
        assert.match(finding.do, /^kubectl scale statefulset minio --namespace=storage --replicas=4/);
    });

    it("is a decommission that failed or is complete; one that runs is shown", () => {
        const decommission = (state: "running" | "complete" | "failed") => ({
            poolStatuses: [
                {
                    id: 1,
                    cmdline: "",
                    totalSize: 0,
                    freeSize: 0,
                    decommission: {
                        state,
                        startTime: at,
                        objects: 12,
                        objectsFailed: 0,
                        bytes: 5 * gibibyte,
                        bytesFailed: 0,
                    },
                },
            ],
        });
        assert.deepEqual(whats(decommission("running")), []);
        assert.match(
            of(decommission("running")).text,
            /^decommission pool 1 running: 12 objects moved \(5\.0 GiB\), 0 failed$/m,
        );
        assert.deepEqual(whats(decommission("failed")), ["care: the decommission of pool 1 has ended as failed"]);
        assert.match(of(decommission("complete")).findings[0].do, /out of expansionPools/);
    });

    it("is a set that is damaged, or was interrupted, and a restore", () => {
        assert.match(
            whats({ sets: [{ set: "a", takenAt: at, gone: ["a-data-minio-0"] }] })[0],
            /^care: the set a cannot be/,
        );
        assert.match(whats({ takingSet: "b" })[0], /^care: the set b is being taken/);
        assert.match(whats({ restoring: "storage/minio/a" })[0], /^down: a restore from storage\/minio\/a/);
    });
});

describe("the age of the newest set", () => {
    const told = (changes: Partial<Observed>, hours?: number) =>
        judge({ ...healthy, ...changes }, hours).map(({ what }) => what);
    const taken = (set: string, hours: number, gone?: string[]) => ({
        set,
        takenAt: new Date(Date.parse(at) - hours * 3_600_000).toISOString(),
        gone,
    });

    it("is a finding only where it is asked for, and too high", () => {
        assert.deepEqual(told({}), []);
        assert.deepEqual(told({}, 5), []);
        assert.deepEqual(told({ sets: [taken("a", 30.5)] }, 26), [
            "the newest set that can be restored, a, is 30 hours old, and 26 are allowed",
        ]);
        assert.deepEqual(told({ sets: [] }), []);
        assert.match(told({ sets: [] }, 26)[0], /^there is no set of snapshots that can be restored/);
        assert.deepEqual(told({ sets: undefined }, 26), ["nobody knows how old the newest set of snapshots is"]);
    });

    it("is that of one that can be restored", () => {
        const sets = [taken("b", 2, ["b-data-minio-0"]), taken("a", 30, [])];
        assert.match(
            told({ sets }, 26).join(),
            /the set b cannot be restored.*the newest set that can be restored, a,/s,
        );
        assert.deepEqual(told({ sets: [taken("a", 3)] }, 26), []);
    });
});

describe("what could not be read", () => {
    const unread = (isVital: boolean) => [
        { what: "the drives", why: "a right is missing", right: "get secrets (minio-secret)", isVital },
    ];

    it("ends with 2 where without it nobody can say that all is right", () => {
        const { code, text } = of({ storage: undefined, unread: unread(true) });
        assert.equal(code, 2);
        assert.match(text, /: nothing wrong is seen, but not all could be read, see below$/m);
        assert.match(
            text,
            /^not read: the drives: a right is missing; it takes the right to get secrets \(minio-secret\)$/m,
        );
    });

    it("is no failure where it is a trifle, and never hides a finding", () => {
        assert.equal(of({ unread: unread(false) }).code, 0);
        assert.equal(of({ unread: unread(true), frozen: names }).code, 1);
    });
});

const ofStack = "urn:pulumi:prod::shop";
const component = `${ofStack}::minio-cluster:index:MinioCluster::minio`;
const child = (type: string, name: string) => `${ofStack}::minio-cluster:index:MinioCluster$${type}::${name}`;
const step = (op: string, urn: string, parent: string, paths: string[] = []) => ({
    op,
    urn,
    detailedDiff: Object.fromEntries(paths.map((path) => [path, { kind: "update" }])),
    newState: { parent },
});
const scaled = step("update", child("kubernetes:apps/v1:StatefulSet", "minio"), component, ["spec.replicas"]);
const memory = step("update", scaled.urn, component, ["spec.template.spec.containers[0].resources.limits.memory"]);
const noted = step("update", child("pulumi:index:Stash", "minio-rollout"), component, ["input"]);
const kept = step("same", child("kubernetes:core/v1:Service", "minio"), component);
const said =
    "resources changes: minio-3 to minio-0 are updated in this order, one at a time; every object stays readable";
const says = { severity: "info", urn: component, message: `${said} and writable\n` };
const preview = (...steps: object[]) => JSON.stringify({ steps, diagnostics: [says] });

describe("the differences between the program of a stack and a cluster", () => {
    const programIn = (...args: [code: number, output: string, errors?: string]) =>
        programOf("prod", component, args[0], args[1], args[2] ?? "");

    it("are a line per resource of the cluster, and need care", () => {
        const replaced = child("kubernetes:core/v1:Secret", "minio-secret");
        const paths = ["a", "b", "c", "d", "e"].map((key) => `data.${key}`);
        const { text, findings, code, json } = of({
            program: programIn(
                0,
                preview(
                    kept,
                    step("refresh", scaled.urn, component),
                    {
                        ...scaled,
                        detailedDiff: { ...scaled.detailedDiff, 'metadata.annotations["minio-cluster/x"]': {} },
                    },
                    step("create-replacement", replaced, component),
                    step("replace", replaced, component, paths),
                    step("delete-replaced", replaced, component),
                    step("update", `${ofStack}::aws:s3:Bucket::other`, `${ofStack}::pulumi:pulumi:Stack::shop-prod`),
                ),
            ),
        });
        assert.deepEqual(text.match(/^differs: .*$/gm), [
            "differs: replace Secret minio-secret: data.a, data.b, data.c, data.d and 1 more",
            "differs: update StatefulSet minio: spec.replicas",
        ]);
        assert.match(text, /^program {6}2 resources of the stack prod differ, see below$/m);
        assert.match(
            text,
            /^preview: resources changes: minio-3 to minio-0 are .* every object stays readable and writable$/m,
        );
        assert.deepEqual(
            findings.map(({ what }) => what),
            ["the program of the stack prod and the cluster differ in 2 resources"],
        );
        assert.equal(code, 1);
        assert.equal(json.program.differences.length, 2);
    });

    it("are found for what the program does not have any more, below a parent too", () => {
        const inner = { ...step("delete", child("pulumi:index:Stash", "inner"), kept.urn), newState: undefined };
        const { differences } = programIn(0, preview(kept, { ...inner, oldState: { parent: kept.urn } }));
        assert.deepEqual(differences, [{ does: "delete", resource: "Stash inner", properties: [] }]);
    });

    it("are none where nothing changes", () => {
        const { text, findings, code } = of({ program: programIn(0, preview(kept)) });
        assert.deepEqual(findings, []);
        assert.match(text, /^program {6}as the cluster is, by a preview of the stack prod$/m);
        assert.ok(!text.includes("resources changes"));
        assert.equal(code, 0);
    });

    it("are not looked at where the preview fails, and nobody says that all is right", () => {
        const failed = (code: number, output: string, errors = "") => {
            const shown = of({ program: programIn(code, output, errors) });
            assert.equal(shown.code, 2, shown.text);
            assert.equal(shown.json.program.differences, undefined);
            assert.match(shown.text, /^program {6}not looked at, see below$/m);
            return /^not looked at: differences between program and cluster: (.*)$/m.exec(shown.text)?.[1];
        };
        assert.equal(
            failed(255, "", "error: passphrase must be set\nwith PULUMI_CONFIG_PASSPHRASE\n"),
            "pulumi preview ended with 255: passphrase must be set with PULUMI_CONFIG_PASSPHRASE",
        );
        const diagnostics = [
            { severity: "info#err", message: "a trace" },
            { severity: "error", message: "preview failed" },
            {
                severity: "error",
                urn: component,
                message: "\u001b[31merror: replicas: 3\u001b[0m is not allowed\n  at x",
            },
        ];
        assert.equal(
            failed(1, JSON.stringify({ steps: [kept], diagnostics })),
            "pulumi preview ended with 1: replicas: 3 is not allowed at x",
        );
        assert.equal(
            failed(1, JSON.stringify({ diagnostics: diagnostics.slice(0, 1) })),
            "pulumi preview ended with 1: a trace",
        );
        assert.equal(failed(0, "no JSON"), "pulumi preview ended with 0");
    });
});

describe("a difference that Kubernetes refuses to undo", () => {
    it("is shown with who made it, and ends the look at others", () => {
        const conflict =
            "error: Preview failed: 1 error occurred:\n\t* the Kubernetes API server reported that " +
            '"storage/minio" failed to fully ' +
            "initialize or become live: Server-Side Apply field conflict detected. See https://example.org for " +
            "help.\nThe resource " +
            'managed by field manager "pulumi" had an apply conflict: Apply failed with 1 conflict: conflict ' +
            'with "kubectl" using ' +
            "apps/v1: .spec.replicas\n\n\n";
        const diagnostics = [
            { severity: "error", urn: scaled.urn, message: conflict },
            { severity: "error", message: "error: preview failed" },
        ];
        const output = JSON.stringify({ steps: [kept, scaled], diagnostics });
        const { text, code, findings } = of({ program: programOf("prod", component, 1, output, "") });
        assert.match(text, /^program {6}at least 1 resource of the stack prod differs, see below$/m);
        assert.match(text, /^differs: update StatefulSet minio: spec\.replicas$/m);
        assert.match(
            text,
            /^not looked at: other differences between program and cluster: pulumi preview ended with 1: StatefulSet minio: Apply failed with 1 conflict: conflict with "kubectl" using apps\/v1: \.spec\.replicas$/m,
        );
        assert.match(findings[0].what, /differ in at least 1 resource$/);
        assert.equal(code, 1);
    });
});

describe("the cluster of a stack", () => {
    const sealed = (more: object) => ({
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        ...more,
    });
    const provider = `${ofStack}::pulumi:providers:kubernetes::given`;
    const stateOf = (inputs: object, ...clusters: string[]) => ({
        deployment: {
            resources: [
                { urn: provider, type: "pulumi:providers:kubernetes", id: "1", inputs: { ...inputs } },
                {
                    urn: provider,
                    type: "pulumi:providers:kubernetes",
                    id: "old",
                    inputs: { context: "gone" },
                    delete: true,
                },
                ...clusters.flatMap((name) => {
                    const urn = `${ofStack}::minio-cluster:index:MinioCluster::${name}`;
                    const service = { type: "kubernetes:core/v1:Service", parent: urn, provider: `${provider}::1` };
                    return [
                        { urn, type: "minio-cluster:index:MinioCluster" },
                        { ...service, urn: "a", id: `storage/${name}` },
                        { ...service, urn: "b", id: `storage/${name}-headless` },
                        {
                            ...{ ...service, type: "kubernetes:apps/v1:StatefulSet", urn: "c" },
                            ...{ id: `storage/${name}`, outputs: { metadata: { uid: `uid-of-${name}` } } },
                        },
                    ];
                }),
            ],
        },
    });
    const found = (inputs: object, ...clusters: string[]) =>
        clusterInStack("prod", stateOf(inputs, ...clusters), undefined);

    it("is where its provider made the first Service", () => {
        const { urn, ...others } = found({ context: "blue", version: "4.25.0" }, "minio");
        assert.equal(urn, component);
        assert.deepEqual(others, {
            name: "minio",
            namespace: "storage",
            uid: "uid-of-minio",
            kubeconfig: undefined,
            context: "blue",
            cluster: undefined,
            isSealed: false,
        });
    });

    it("needs the secrets of the state only where its provider's kubeconfig is one", () => {
        const closed = found({ kubeconfig: sealed({ ciphertext: "v1:abc" }) }, "minio");
        assert.deepEqual([closed.kubeconfig, closed.isSealed], [undefined, true]);
        const open = found({ kubeconfig: sealed({ plaintext: '"~/.kube/own"' }) }, "minio");
        assert.deepEqual([open.kubeconfig, open.isSealed], ["~/.kube/own", false]);
        assert.equal(found({ kubeconfig: sealed({ plaintext: '""' }) }, "minio").isSealed, true);
    });

    it("is named where the stack has several, and where it has none", () => {
        assert.throws(() => found({}, "one", "two"), /several MinioClusters, say which: --name one, or --name two/);
        assert.equal(clusterInStack("prod", stateOf({}, "one", "two"), "two").name, "two");
        assert.throws(() => clusterInStack("prod", stateOf({}, "one"), "two"), /no MinioCluster two; it has one/);
        assert.throws(() => found({}), /the stack prod has no MinioCluster: run pulumi up first/);
        assert.throws(() => clusterInStack("prod", { deployment: null }, undefined), /no MinioCluster: run pulumi up/);
        const early = stateOf({}, "minio");
        early.deployment.resources.splice(3);
        assert.throws(() => clusterInStack("prod", early, undefined), /has made nothing yet: run pulumi up first/);
    });

    it("is none where the provider writes files", () => {
        assert.throws(() => found({ renderYamlToDirectory: "out" }, "minio"), /writes files, and has no Kubernetes/);
    });
});

describe("the options of minio-cluster status", () => {
    const problems = (...args: string[]) => {
        try {
            statusOptions(args);
            return [];
        } catch (error) {
            assert.ok(error instanceof WrongOptions);
            return error.problems;
        }
    };

    it("are read in either form", () => {
        const { stack, name, setHours, json } = statusOptions([
            "--stack=s",
            "--name",
            "minio",
            "--newest-set",
            "26",
            "--json",
        ]);
        assert.deepEqual([stack, name, setHours, json], ["s", "minio", 26, true]);
        assert.deepEqual(Object.values(statusOptions([])).filter(Boolean), []);
    });

    it("are refused with everything that is wrong at the same time", () => {
        assert.deepEqual(
            problems(
                "--stack",
                "s",
                "--namespace",
                "n",
                "--context=c",
                "--newest-set=soon",
                "--foo",
                "bar",
                "more",
                "--json=no",
            ),
            [
                "--foo: there is no such option: see minio-cluster status --help",
                "'more' is not understood: options begin with --",
                "--json takes no value",
                "--newest-set: 'soon' is not allowed: use a number of hours, such as 26",
                "--namespace is not allowed with --stack, which says it: leave one of them out",
                "--context is not allowed with --stack, which says it: leave one of them out",
            ],
        );
        assert.deepEqual(problems("--stack=", "--name", "--json"), [
            "--stack: a value is missing",
            "--name: a value is missing",
        ]);
    });
});

describe("docs/status.md", () => {
    const page = readFileSync(join(__dirname, "../../docs/status.md"), "utf8");
    const shown: Record<string, Partial<Observed>> = {
        healthy: {},
        drive: { storage: drivesWith({ 2: { state: "faulty", works: false, total: 0, free: 0 } }) },
        frozen: { frozen: names, frozenFor: "nightly-4" },
        stack: { program: programOf("prod", component, 0, preview(memory, noted, kept), "") },
    };
    for (const [name, changes] of Object.entries(shown)) {
        it(`shows what the command says: ${name}`, () => {
            const sample = page.split(`<!-- sample ${name} -->\n\n\`\`\`\n`)[1]?.split("```")[0];
            const options = name === "stack" ? " --stack prod" : "";
            assert.equal(sample, `$ npx minio-cluster status${options}\n${of(changes).text}`);
        });
    }
});

describe("docs/rbac-status.yaml", () => {
    const page = readFileSync(join(__dirname, "../../docs/rbac-status.yaml"), "utf8");
    const rules = parseAllDocuments(page).flatMap((one) => one.toJS().rules ?? []);

    it("lets nobody change anything in Kubernetes", () => {
        const verbs = rules.flatMap(({ resources, verbs }: any) => verbs.map((verb: string) => `${verb} ${resources}`));
        assert.deepEqual(
            verbs.filter((one: string) => !/^(get|list) /.test(one)),
            ["create pods/portforward"],
        );
    });
});

describe("the words of the status", () => {
    it("have sizes and ages that a person reads", () => {
        assert.deepEqual([0, 1023, 1024, 9.96 * gibibyte, 18 * gibibyte, 5e15].map(size), [
            "0 B",
            "1023 B",
            "1.0 KiB",
            "10 GiB",
            "18 GiB",
            "4.4 PiB",
        ]);
        const ago = (minutes: number) => ageOf(new Date(Date.parse(at) - minutes * 60_000).toISOString(), at);
        assert.deepEqual([1, 119, 120, 47 * 60, 48 * 60].map(ago), [
            "1 minute",
            "119 minutes",
            "2 hours",
            "47 hours",
            "2 days",
        ]);
    });

    it("show nothing of Kubernetes' texts that acts on a terminal", () => {
        const servers = serversWith({ 0: { standing: "unplaced", why: "\u001b[2J\n::add-path::/tmp" } });
        const { text } = of({ servers });
        assert.ok(!text.includes("\u001b"));
        assert.ok(!text.split("\n").some((line) => line.startsWith("::")));
    });
});

/** A cluster as the component makes it: its StatefulSet and pods. */
function objectsOf(name: string, args: Parameters<typeof withDefaults>[0] = {}) {
    const spec = withDefaults({ namespace: "storage", ...args });
    const [{ replicas, drivesPerServer, storageSize }] = spec.pools;
    const template = JSON.parse(JSON.stringify(podTemplate(namesOf(name), spec, 0)));
    const statefulSet = {
        metadata: {
            name,
            namespace: "storage",
            generation: 1,
            labels: { app: name, "app.kubernetes.io/name": "minio" },
            annotations: {
                "minio-cluster/shape": JSON.stringify({ replicas, drivesPerServer, storageSize }),
                "minio-cluster/partition": String(spec.partition),
            },
        },
        spec: { replicas, template, updateStrategy: { rollingUpdate: { partition: 0 } } },
        status: { observedGeneration: 1, currentRevision: "a", updateRevision: "a" },
    } as unknown as V1StatefulSet;
    const pods = Array.from({ length: replicas }, (_, ordinal) => ({
        metadata: {
            name: `${name}-${ordinal}`,
            namespace: "storage",
            uid: `u${ordinal}`,
            labels: { ...template.metadata.labels, "controller-revision-hash": "a" },
        },
        spec: { ...template.spec, nodeName: `n${ordinal}` },
        status: {
            phase: "Running",
            podIP: "10.0.0.1",
            conditions: [{ type: "Ready", status: "True" }],
            containerStatuses: [{ name: "minio", restartCount: 0, state: { running: { startedAt: at } } }],
        },
    })) as unknown as V1Pod[];
    return { statefulSet, pods };
}

describe("a cluster is found by its objects", () => {
    it("with its Secret, its certificate, its scheme and its parity", () => {
        const { statefulSet } = objectsOf("minio", {
            replicas: 4,
            drivesPerServer: 2,
            partition: 9,
            tls: { secretName: "own" },
            environment: { MINIO_STORAGE_CLASS_STANDARD: "EC:2" },
        });
        const [found] = clustersIn([statefulSet]);
        assert.equal(found.wanted.scheme, "https");
        assert.equal(found.certificate, "own");
        assert.deepEqual(found.rootPassword, { name: "minio-secret", key: "root-password" });
        assert.deepEqual([found.topology?.pools[0].erasureSetSize, found.topology?.pools[0].parity], [8, 2]);
        assert.equal(found.wanted.pools[0].partition, 4);
    });

    it("and other StatefulSets are none", () => {
        const { statefulSet } = objectsOf("minio");
        const foreign = structuredClone(statefulSet);
        foreign.metadata = { ...foreign.metadata, name: "other", annotations: {} };
        assert.deepEqual(
            clustersIn([foreign, statefulSet]).map(({ name }) => name),
            ["minio"],
        );
    });
});

describe("how a server is", () => {
    const standing = (change: (pod: any) => void, state: Partial<ServerState> = {}, lostNodes: string[] = []) => {
        const { pods } = objectsOf("minio");
        change(pods[0]);
        const servers = [{ name: "minio-0", ordinal: 0, uid: "u0", revision: "a", ...state } as ServerState];
        return serversIn([pool({ servers })], pods, new Set(lostNodes))[0];
    };
    const waiting = (reason: string, message?: string) => (pod: any) => {
        pod.status.containerStatuses[0].state = { waiting: { reason, message } };
    };

    it("follows from its pod, its node and itself", () => {
        const nothing = () => {};
        assert.equal(standing(nothing, { ready: true }).standing, "ready");
        assert.equal(standing(nothing, { ready: true, terminating: true }).standing, "ending");
        assert.equal(standing(nothing, { uid: undefined }).standing, "missing");
        assert.equal(standing(nothing, { lost: true, terminating: true }).standing, "lost");
        assert.equal(standing(nothing, {}, ["n0"]).standing, "lost");
        assert.equal(standing(nothing, { answers: true, initialised: false }).standing, "waiting");
        assert.equal(standing(nothing).standing, "starting");
        assert.equal(standing(waiting("ContainerCreating")).standing, "starting");
        const unplaced = standing((pod) => {
            pod.status.conditions = [{ type: "PodScheduled", status: "False", message: "0/3 nodes are available" }];
        });
        assert.deepEqual([unplaced.standing, unplaced.why], ["unplaced", "0/3 nodes are available"]);
        const failing = standing(waiting("ImagePullBackOff", "no such image"));
        assert.deepEqual([failing.standing, failing.why], ["failing", "ImagePullBackOff: no such image"]);
        const stuck = standing((pod) => {
            const state = { waiting: { reason: "ImagePullBackOff", message: "no such image" } };
            pod.status.containerStatuses.unshift({ name: "a-sidecar", state });
        });
        assert.deepEqual([stuck.standing, stuck.why], ["starting", "a-sidecar: ImagePullBackOff: no such image"]);
    });
});

/** Kubernetes as somebody sees it who has these rights. */
class Seen {
    readonly done: string[] = [];

    constructor(
        private readonly objects: { statefulSets: V1StatefulSet[]; pods: V1Pod[]; others?: AnyObject[] },
        private readonly lacks: RegExp = /^$/,
    ) {}

    private need(right: string): void {
        this.done.push(right);
        if (this.lacks.test(right)) {
            throw new KubernetesError(`a right is missing: ${right} is forbidden`, false, 403);
        }
    }

    kubernetes(): Kubernetes {
        const answer = (path: string) => ({
            status: path === "/" ? 403 : 200,
            headers: { "x-minio-write-quorum": "3", "x-minio-read-quorum": "2" },
            body: "",
        });
        return {
            where: "https://kubernetes",
            may: async (_: string, { verb, resource }: Right) => !this.lacks.test(`${verb} ${resource}`),
            statefulSet: async (_: string, name: string) => {
                this.need("get statefulsets");
                return this.objects.statefulSets.find(({ metadata }) => metadata?.name === name);
            },
            statefulSets: async () => {
                this.need("list statefulsets");
                return this.objects.statefulSets;
            },
            pods: async () => {
                this.need("list pods");
                return this.objects.pods;
            },
            list: async ({ kind }: { kind: string }, namespace?: string) => {
                this.need(`list ${kind}${namespace === undefined ? " in all" : ""}`);
                return kind === "StatefulSet"
                    ? this.objects.statefulSets
                    : (this.objects.others ?? []).filter((one) => one.kind === kind);
            },
            read: async ({ kind, metadata }: AnyObject) => {
                this.need(`get ${kind}`);
                return (this.objects.others ?? []).find(
                    (one) => one.kind === kind && one.metadata.name === metadata.name,
                );
            },
            ask: async (_: string, pod: string, __: string, path: string) => {
                this.done.push(`ask ${pod} ${path}`);
                return answer(path);
            },
            send: async (_: string, __: string, ___: string, { path }: { path: string }) => {
                const Disks = names.map((name) => ({
                    endpoint: `http://${name}.minio-headless.storage.svc.cluster.local:9000/data`,
                    state: "ok",
                    totalspace: 100,
                    availspace: 90,
                    pool_index: 0,
                    set_index: 0,
                }));
                const Backend = { StandardSCData: [2], StandardSCParity: 2 };
                const body = path.includes("storageinfo") ? { Disks, Backend } : [{ id: 0, cmdline: "" }];
                return { status: 200, headers: {}, body: JSON.stringify(body) };
            },
        } as unknown as Kubernetes;
    }
}

describe("looking at a cluster", () => {
    const { statefulSet, pods } = objectsOf("minio");
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const secret = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "minio-secret", namespace: "storage" },
        data: { "root-user": base64("admin"), "root-password": base64("correct-horse-battery") },
    };
    const record = (set: string, takenAt: string) => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: `minio-snapshots-${set}`, labels: { "minio-cluster/snapshot-set": set } },
        data: {
            "set.json": JSON.stringify({
                set,
                cluster: "minio",
                takenAt,
                pools: [{ replicas: 1, drivesPerServer: 1 }],
            }),
        },
    });
    const present = { apiVersion: "v1", kind: "VolumeSnapshot", metadata: { name: "new-data-minio-0" } };
    const objects = {
        statefulSets: [statefulSet],
        pods,
        others: [secret, record("old", days(-2)), record("new", days(-1)), present] as AnyObject[],
    };

    it("sees all with all rights, and tells no secret", async () => {
        const observed = await look(new Seen(objects).kubernetes(), {});
        assert.deepEqual(observed.unread, []);
        assert.deepEqual(observed.sets, [
            { set: "new", takenAt: days(-1), gone: [] },
            { set: "old", takenAt: days(-2), gone: ["old-data-minio-0"] },
        ]);
        const findings = judge(observed);
        assert.deepEqual(
            findings.map(({ what }) => what),
            ["the set old cannot be restored: old-data-minio-0 is gone"],
        );
        const said = JSON.stringify(report(observed, findings, "care"));
        assert.ok(!said.includes("correct-horse-battery") && !said.includes(base64("correct-horse-battery")));
        assert.equal(observed.storage?.drives.length, 4);
    });

    it("names each right that it lacks, and shows the rest", async () => {
        const seen = new Seen(objects, /^(get Secret|list ConfigMap|(get|create) pods\/(proxy|portforward))$/);
        const observed = await look(seen.kubernetes(), { namespace: "storage" });
        assert.deepEqual(observed.unread.map(({ what, right, isVital }) => [what, right, isVital]).sort(), [
            ["drives, room and pools", "get secrets (minio-secret)", true],
            ["the sets of snapshots", "list configmaps", false],
            ["what the servers say of their health", "get pods/proxy, or get and create pods/portforward", true],
        ]);
        assert.ok(!seen.done.some((one) => one.startsWith("ask")));
        assert.equal(verdictOf(observed, judge(observed)), "unknown");
        assert.equal(quorumsLeft(observed)?.writes.servers, 1);
    });

    it("says that the port-forward is missing where only that is", async () => {
        const { unread } = await look(new Seen(objects, /^(get|create) pods\/portforward$/).kubernetes(), {});
        assert.deepEqual(
            unread.map(({ right }) => right),
            ["get and create pods/portforward"],
        );
    });

    it("wants a namespace where it may not look at all of them", async () => {
        const kubernetes = new Seen(objects, /^list StatefulSet in all$/).kubernetes();
        await assert.rejects(look(kubernetes, {}), /name the namespace with --namespace/);
        assert.equal((await look(kubernetes, { namespace: "storage" })).name, "minio");
    });

    it("says which clusters there are where none or several are meant", async () => {
        const other = objectsOf("other").statefulSet;
        const kubernetes = new Seen({ ...objects, statefulSets: [statefulSet, other] }).kubernetes();
        await assert.rejects(
            look(kubernetes, {}),
            /several clusters, say which: --namespace storage --name minio, or --namespace storage --name other/,
        );
        await assert.rejects(
            look(kubernetes, { name: "third" }),
            /no MinioCluster third .* there is --namespace storage/,
        );
        assert.equal((await look(kubernetes, { name: "minio" })).name, "minio");
    });

    it("is not that of another Kubernetes cluster, by the uid in the stack's state", async () => {
        const there = structuredClone(statefulSet);
        there.metadata = { ...there.metadata, uid: "1" };
        const kubernetes = new Seen({ ...objects, statefulSets: [there] }).kubernetes();
        await assert.rejects(
            look(kubernetes, { name: "minio", uid: "2" }),
            /the StatefulSet minio in the namespace storage of .* is not that of the stack: its uid is 1, .* state it is 2\. Set/,
        );
        assert.equal((await look(kubernetes, { name: "minio", uid: "1" })).name, "minio");
    });

    it("takes no server for frozen that only starts, and every one that holds requests", async () => {
        const starting = structuredClone(objects);
        starting.pods[1].status = { ...starting.pods[1].status, conditions: [{ type: "Ready", status: "False" }] };
        const frozenOnes = async (held: string[]) => {
            const kubernetes = new Seen(starting).kubernetes();
            const { ask } = kubernetes;
            kubernetes.ask = async (...args) => (args[3] === "/" && held.includes(args[1]) ? undefined : ask(...args));
            return (await look(kubernetes, {})).frozen;
        };
        assert.deepEqual(await frozenOnes(["minio-1"]), []);
        assert.deepEqual(await frozenOnes(["minio-1", "minio-2"]), ["minio-2"]);
    });

    it("reads nodes only of servers that are not ready", async () => {
        const away = structuredClone(objects);
        away.pods[1].status = { ...away.pods[1].status, conditions: [{ type: "Ready", status: "False" }] };
        const node = { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } };
        const unknown = { ...node, status: { conditions: [{ type: "Ready", status: "Unknown" }] } } as AnyObject;
        const { servers } = await look(new Seen({ ...away, others: [...objects.others, unknown] }).kubernetes(), {});
        assert.deepEqual(
            servers.map(({ standing }) => standing),
            ["ready", "lost", "ready", "ready"],
        );
        const seen = new Seen(objects);
        await look(seen.kubernetes(), {});
        assert.ok(!seen.done.includes("get Node"));
    });
});
