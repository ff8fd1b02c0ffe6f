import assert from "node:assert/strict";
import type { Answer, AskOptions, Kubernetes } from "../../components/kubernetes/client";
import type { MinioAdmin, StorageState } from "../../components/live/admin";
import type { ReachedDrive } from "../../components/live/reachedDrives";
import { Budget } from "../../components/rollout/budget";
import { Consent, canMiss } from "../../components/rollout/consent";
import { Progress, Steadiness } from "../../components/rollout/noticed";
import type { ClusterState, PoolState, ServerState } from "../../components/rollout/plan";
import { glance, rollOut, whatIsLeft } from "../../components/rollout/rollout";
import type { WantedCluster } from "../../components/rollout/wanted";
import { credentialsAnnotation } from "../../components/spec/labels";

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * A cluster of one pool whose pods become ready as soon as Kubernetes makes them, at the only revision that there is.
 */
class FakeCluster {
    /** Of the StatefulSet; undefined: it was deleted. */
    replicas: number | undefined;
    readonly did: string[] = [];
    partition = 0;
    /** Whether a server is ready when it is looked at. */
    ready = (_ordinal: number) => true;
    revision = (_ordinal: number) => "new";
    /** Whether a server should have ended two minutes ago. */
    lost = (_ordinal: number) => false;
    refusal = () => "";

    constructor(
        private readonly servers: number,
        readonly wanted: WantedCluster = wantedCluster(servers),
    ) {
        this.replicas = servers;
    }

    rollOut(options: { timeoutSeconds?: number; guided?: boolean; say?: (text: string) => void } = {}): Promise<void> {
        const defaults = { guided: true, timeoutSeconds: 60, say: () => {}, warn: () => {} };
        return rollOut(this.kubernetes, this.wanted, { ...defaults, ...options });
    }

    readonly kubernetes = {
        may: async () => true,
        claims: async () => [],
        controllerRevisions: async () => [],
        logTail: async () => "",
        logHead: async () => "",
        ask: async () => ({ status: 200, headers: {}, body: "" }),
        statefulSet: async () =>
            this.replicas === undefined
                ? undefined
                : {
                      metadata: { name: "minio", generation: 1 },
                      spec: {
                          replicas: this.replicas,
                          updateStrategy: { rollingUpdate: { partition: this.partition } },
                      },
                      status: {
                          observedGeneration: 1,
                          currentRevision: this.partition > 0 ? "old" : "new",
                          updateRevision: "new",
                      },
                  },
        pods: async () =>
            Array.from({ length: this.replicas ?? this.servers }, (_, ordinal) => ({
                metadata: {
                    name: `minio-${ordinal}`,
                    uid: `uid-${ordinal}`,
                    labels: { "controller-revision-hash": this.revision(ordinal) },
                    ...(this.lost(ordinal) && { deletionTimestamp: new Date(Date.now() - 120_000) }),
                },
                status: {
                    podIP: "10.0.0.1",
                    conditions: [{ type: "Ready", status: this.ready(ordinal) ? "True" : "False" }],
                },
            })),
        setReplicas: async (_: string, __: string, replicas: number) => {
            this.replicas = replicas;
            this.did.push(`${replicas} servers`);
        },
        evictPod: async (_: string, name: string) => {
            const refusal = this.refusal();
            this.did.push(refusal ? `${name} refused` : `${name} evicted`);
            if (!refusal && this.partition === 0) {
                this.revision = () => "new";
            }
            return refusal;
        },
    } as unknown as Kubernetes;
}

type Admin = Pick<MinioAdmin, "storage" | "reachedDrives">;

/** Each server reaches all drives, where nothing else is said. */
function wantedCluster(servers: number, some: Partial<Admin> = {}): WantedCluster {
    const reachedDrives = async () => Array.from({ length: servers }, (_, ordinal) => driveOf(ordinal));
    const pool = {
        name: "minio",
        selector: {},
        partition: 0,
        serversThatMayFail: 1,
        restartsAtOnce: 1,
        storageSize: "1Gi",
    };
    return {
        namespace: "a",
        scheme: "http",
        bootQuorum: Math.floor((servers - 1) / 2) + 1,
        pools: [{ ...pool, replicas: servers, erasureSets: 1 }],
        admin: async () => ({ storage: async () => assert.fail(), reachedDrives, ...some }),
    };
}

const driveOf = (ordinal: number) => ({ host: `minio-${ordinal}.minio-headless:9000`, path: "/data" });

describe("a rollout of a cluster that somebody changed by hand", () => {
    for (const scaled of [6, 0, 10]) {
        it(`sets 8 servers again where somebody has scaled to ${scaled}, and is not done before`, async () => {
            const cluster = new FakeCluster(8);
            cluster.replicas = scaled;
            assert.match(
                await whatIsLeft(cluster.kubernetes, cluster.wanted, true),
                new RegExp(`^minio: ${scaled} servers -> 8, as the program wants`),
            );
            assert.deepEqual(cluster.did, [], "a look changed something");
            await cluster.rollOut();
            assert.deepEqual(cluster.did, ["8 servers"]);
            assert.equal(await whatIsLeft(cluster.kubernetes, cluster.wanted, true), "");
        });
    }

    it("says so where Kubernetes restarts the servers, and how to set them again", async () => {
        const cluster = new FakeCluster(8);
        cluster.replicas = 6;
        const expected = /has 6 servers, and the program wants 8: .*kubectl scale statefulset minio .*--replicas=8/;
        await assert.rejects(cluster.rollOut({ guided: false }), expected);
        await assert.rejects(whatIsLeft(cluster.kubernetes, cluster.wanted, false), expected);
    });

    for (const guided of [true, false]) {
        it(`says how to make a StatefulSet again that is gone (${guided ? "Guided" : "Native"})`, async () => {
            const cluster = new FakeCluster(4);
            cluster.replicas = undefined;
            await assert.rejects(cluster.rollOut({ guided }), /is gone, though .* Run pulumi up --refresh: it makes/);
        });
    }
});

describe("what an interrupted rollout has left, in a preview", () => {
    const changed = { spec: { containers: [{ name: "minio", image: "b" }] } };
    const of = (annotations: object, image: string) => ({
        metadata: { annotations },
        spec: { containers: [{ name: "minio", image }] },
    });
    /** Servers 0 and 1 have the revision of before. */
    const leaving = (before: object, after: object) => {
        const cluster = new FakeCluster(4);
        cluster.revision = (ordinal) => (ordinal < 2 ? "old" : "new");
        Object.assign(cluster.kubernetes, {
            ask: async () => assert.fail("a server was asked"),
            controllerRevisions: async () =>
                Object.entries({ old: before, new: after }).map(([name, template]) => ({
                    metadata: { name },
                    data: { spec: { template } },
                })),
        });
        return cluster;
    };

    it("is who restarts, and no server is asked", async () => {
        const { kubernetes, wanted } = leaving(of({}, "a"), changed);
        assert.equal(await glance(kubernetes, wanted), "minio-1, minio-0 restart, each when MinIO can miss it");
    });

    it("is that they restart together", async () => {
        const passwords = ["admin/1", "admin/2"].map((value) => of({ [credentialsAnnotation]: value }, "a"));
        const { kubernetes, wanted } = leaving(passwords[0] as object, passwords[1] as object);
        assert.match((await glance(kubernetes, wanted)) ?? "", /^minio-1, minio-0 restart together, as old and new/);
    });

    it("is a number of servers that somebody has changed", async () => {
        const { kubernetes, wanted } = Object.assign(new FakeCluster(4), { replicas: 6 });
        assert.match((await glance(kubernetes, wanted)) ?? "", /^minio: 6 servers -> 4, as the program wants/);
    });

    it("is nothing where the partition holds servers back, nor where one is not ready or missing", async () => {
        const cluster = leaving(of({}, "a"), changed);
        const statefulSet = cluster.kubernetes.statefulSet;
        cluster.kubernetes.statefulSet = async (...args) => {
            const live = await statefulSet(...args);
            return live && { ...live, status: { ...live.status, replicas: 4, currentRevision: "old" } };
        };
        cluster.wanted.pools[0].partition = 2;
        cluster.ready = () => false;
        assert.equal(await glance(cluster.kubernetes, cluster.wanted), undefined);
        const healthy = new FakeCluster(4);
        const pods = healthy.kubernetes.pods;
        healthy.kubernetes.pods = async (...args) => (await pods(...args)).slice(1);
        assert.equal(await glance(healthy.kubernetes, healthy.wanted), undefined);
    });
});

describe("a rollout while a node is lost", () => {
    it("updates the others, and ends with an error that names the server", async () => {
        const cluster = new FakeCluster(8);
        cluster.wanted.pools[0].serversThatMayFail = 3;
        const old = new Set([6]);
        cluster.revision = (ordinal) => (old.has(ordinal) ? "old" : "new");
        cluster.lost = (ordinal) => ordinal === 7;
        cluster.ready = (ordinal) => ordinal !== 7;
        await assert.rejects(cluster.rollOut(), /^Error: nothing says that minio-7 ended, .*: the node is lost/);
        assert.deepEqual(cluster.did, ["minio-6 evicted"]);
    });
});

describe("the time-out of a rollout", () => {
    it("is not stretched by a server that comes and goes", async () => {
        const cluster = new FakeCluster(4);
        let looks = 0;
        cluster.ready = (ordinal) => ordinal !== 3 || looks++ % 2 === 0;
        cluster.kubernetes.ask = async (_, name) =>
            name === "minio-3" ? undefined : { status: 200, headers: {}, body: "" };
        const from = Date.now();
        await assert.rejects(cluster.rollOut({ timeoutSeconds: 1.5 }), /no progress in 1.5 s .*minio-3/);
        assert.ok(Date.now() - from < 5_000);
    });

    it("begins anew when a server comes further than it ever did, and not when it falls back and comes again", () => {
        const progress = new Progress();
        const seen = (some: Partial<ServerState>) => progress.check(stateOf({ uid: "1", revision: "new", ...some }));
        assert.equal(seen({}), true);
        assert.equal(seen({ answers: true }), true);
        assert.equal(seen({ answers: true, ready: true }), true);
        for (let times = 0; times < 3; times++) {
            assert.equal(seen({}), false);
            assert.equal(seen({ uid: "2", answers: true, ready: true }), false);
        }
        assert.equal(seen({ terminating: true }), true);
        assert.equal(seen({ revision: "newer" }), true);
    });
});

describe("an updated server", () => {
    it("is steady once it has been ready for a while without a break, or was ready at the first look", async () => {
        const steadiness = new Steadiness(30);
        const look = (some: Partial<ServerState>) => {
            const state = stateOf({ uid: "1", ready: true, ...some });
            steadiness.look(state);
            return state.pools[0].servers[0].steady;
        };
        assert.equal(look({}), true);
        assert.equal(look({ ready: false }), false);
        assert.equal(look({}), false);
        await later(40);
        assert.equal(look({}), true);
        assert.equal(look({ ready: false }), false);
        assert.equal(look({}), false, "it had been ready before a break");
        await later(40);
        assert.equal(look({ uid: "2" }), false, "another pod");
    });
});

describe("the disruption budget of a rollout", () => {
    it("is waited for, and the rollout goes on when it allows", async () => {
        const cluster = new FakeCluster(4);
        cluster.revision = (ordinal) => (ordinal === 3 ? "old" : "new");
        let asked = 0;
        cluster.refusal = () => (asked++ < 2 ? "The disruption budget minio-pdb needs 3 healthy pods and has 3" : "");
        const said: string[] = [];
        await cluster.rollOut({ say: (text) => said.push(text) });
        assert.deepEqual(cluster.did, ["minio-3 refused", "minio-3 refused", "minio-3 evicted"]);
        assert.match(said[0], /^minio-3: its disruption budget does not let it restart now: .* needs 3 healthy pods/);
    });

    it("lets only some of several go, to which the partition is lowered, and is not passed for the next one", async () => {
        const cluster = new FakeCluster(8);
        cluster.wanted.pools[0].serversThatMayFail = 4;
        cluster.wanted.pools[0].restartsAtOnce = 2;
        const drives = Array.from({ length: 8 }, (_, pod) => ({
            server: `minio-${pod}`,
            pool: 0,
            set: 0,
            works: true,
        }));
        cluster.wanted.admin = async () => ({
            storage: async () => ({ writeQuorums: [5], drives }),
            reachedDrives: async () => drives.map((_, ordinal) => driveOf(ordinal)),
        });
        let updated = 1;
        cluster.partition = 7;
        cluster.revision = (ordinal) => (ordinal < 8 - updated ? "old" : "new");
        const { kubernetes } = cluster;
        kubernetes.setPartition = async (_, __, partition) => {
            cluster.did.push(`partition ${partition}`);
            updated = 8;
            cluster.partition = 0;
        };
        cluster.refusal = () => (cluster.did.length < 1 ? "" : "needs 7 healthy pods");
        const said: string[] = [];
        await cluster.rollOut({ say: (text) => said.push(text) });
        assert.deepEqual(cluster.did, ["minio-6 evicted", "minio-5 refused", "partition 6"]);
        assert.match(said[0], /^restarts minio-6; minio-5: its disruption budget does not let it restart now: needs 7/);
    });

    it("ends the rollout by its time-out while another server is on a lost node", async () => {
        const cluster = new FakeCluster(8);
        cluster.wanted.pools[0].serversThatMayFail = 3;
        cluster.revision = (ordinal) => (ordinal === 7 ? "old" : "new");
        cluster.lost = (ordinal) => ordinal === 0;
        cluster.ready = (ordinal) => ordinal !== 0;
        cluster.refusal = () => "no";
        await assert.rejects(
            cluster.rollOut({ timeoutSeconds: 1 }),
            /no progress in 1 s .*minio-7: its disruption budget does not let it restart now: no/,
        );
    });

    it("is passed when it says no for long though every server is ready: it would stop every rollout", async () => {
        const budget = new Budget(30);
        const kubernetes = { evictPod: async () => "no" } as unknown as Kubernetes;
        const evict = (some: Partial<ServerState>) =>
            budget.evict(kubernetes, "a", { pool: "minio", name: "minio-0", ordinal: 0, uid: "1" }, stateOf(some));
        assert.equal(await evict({ ready: true }), "no");
        await later(40);
        assert.equal(await evict({ ready: false }), "no");
        assert.equal(await evict({ ready: true }), "no", "it counts from when all were ready");
        await later(40);
        assert.equal(await evict({ ready: true }), undefined);
    });
});

describe("a look that took long", () => {
    it("lets no server go when another one has gone since its list of pods", async () => {
        const cluster = new FakeCluster(4);
        cluster.revision = (ordinal) => (ordinal === 3 ? "old" : "new");
        let isAway = false;
        cluster.ready = (ordinal) => ordinal !== 0 || !isAway;
        const { kubernetes } = cluster;
        const { statefulSet } = kubernetes;
        kubernetes.statefulSet = async (...args) => {
            kubernetes.statefulSet = statefulSet;
            await later(2_100);
            isAway = true;
            setTimeout(() => {
                isAway = false;
            }, 1_000);
            return statefulSet(...args);
        };
        kubernetes.setPartition = async () => {};
        const wasAway: boolean[] = [];
        cluster.refusal = () => {
            wasAway.push(isAway);
            return "";
        };
        await cluster.rollOut();
        assert.deepEqual([cluster.did, wasAway], [["minio-3 evicted"], [false]]);
    });
});

describe("MinIO's consent", () => {
    const waiting = { initialised: false, ready: false };
    const all200 = { status: 200, headers: {} };

    /** What servers may stop, of a pool in which some wait; and what was asked. */
    async function consentOf(
        pool: { servers: number; waiting: number[]; erasureSets?: number },
        answers: Partial<Record<"cluster" | "maintenance", { status: number; headers: Record<string, string> }>>,
        storage?: StorageState | Error,
    ) {
        const asked: string[] = [];
        const servers = Array.from({ length: pool.servers }, (_, ordinal) =>
            serverOf(ordinal, { change: "coupled", ...(pool.waiting.includes(ordinal) && waiting) }),
        );
        const state = { ...poolOf(servers), erasureSets: pool.erasureSets ?? 1 };
        const kubernetes = {
            async ask(_: string, name: string, __: string, path: string): Promise<Answer> {
                asked.push(name);
                return { body: "", ...all200, ...answers[path.includes("maintenance") ? "maintenance" : "cluster"] };
            },
        } as unknown as Kubernetes;
        const wanted = wantedCluster(pool.servers, {
            async storage() {
                asked.push("drives");
                if (storage instanceof Error || storage === undefined) {
                    throw storage ?? new Error("not expected");
                }
                return storage;
            },
        });
        const serving = servers.filter(({ initialised }) => initialised);
        for (const { name } of serving) {
            await new Consent(kubernetes, wanted).ask([state], [name]);
        }
        return { asked, mayStop: serving.every(({ mayStop }) => mayStop), unknown: serving[0].unknown };
    }

    /** Of one erasure set with a drive of each server. */
    const drives = (servers: number, writeQuorum: number, without: number[]): StorageState => ({
        writeQuorums: [writeQuorum],
        drives: Array.from({ length: servers }, (_, ordinal) => ({
            server: `minio-${ordinal}`,
            pool: 0,
            set: 0,
            works: !without.includes(ordinal),
        })),
    });
    const refused = { status: 412, headers: {} };

    it("is what every server says where none waits", async () => {
        assert.equal((await consentOf({ servers: 4, waiting: [] }, {})).mayStop, true);
        const no = await consentOf({ servers: 4, waiting: [] }, { maintenance: refused });
        assert.equal(no.mayStop, false);
        assert.ok(!no.asked.includes("drives"));
    });

    it("is what they say without the waiting one, whose drive stands for that of the one that stops", async () => {
        const four = { servers: 4, waiting: [3] };
        const yes = await consentOf(four, { maintenance: refused });
        assert.deepEqual([yes.mayStop, yes.asked.includes("drives")], [true, false]);
    });

    it("is refused while one waits and another's drive has failed: two of four would be left", async () => {
        const four = { servers: 4, waiting: [3] };
        const bad = { maintenance: refused, cluster: { status: 503, headers: {} } };
        assert.equal((await consentOf(four, bad, drives(4, 3, [3, 0]))).mayStop, false);
    });

    it("is refused while one waits and another's drive heals", async () => {
        const four = { servers: 4, waiting: [3] };
        const heals = { maintenance: { status: 412, headers: { "x-minio-healing-drives": "1" } } };
        assert.equal((await consentOf(four, heals, drives(4, 3, [3, 0]))).mayStop, false);
    });

    it("is not given while another server does not reach a drive, though MinIO says yes", async () => {
        const servers = Array.from({ length: 4 }, (_, ordinal) => serverOf(ordinal, { change: "rolling" }));
        const views = new Map(servers.map(({ name }) => [name, [0, 1, 2, 3].map(driveOf)]));
        views.set("minio-0", [0, 1, 2].map(driveOf));
        const wanted = {
            ...wantedCluster(4),
            admin: async (_: Kubernetes, name: string) => ({
                storage: async () => assert.fail(),
                reachedDrives: async () => views.get(name) as ReachedDrive[],
            }),
        };
        const kubernetes = { ask: async () => ({ body: "", ...all200 }) } as unknown as Kubernetes;
        for (const { name } of servers) {
            await new Consent(kubernetes, wanted).ask([poolOf(servers)], [name]);
        }
        const late = "minio-0 does not reach /data of minio-3 yet";
        assert.deepEqual(
            servers.map(({ mayStop, unreached }) => [mayStop, unreached]),
            // Without minio-0 nobody misses anything, and without minio-3 its drive is not missed.
            [undefined, late, late, undefined].map((unreached) => [true, unreached]),
        );
    });

    /** Asks whether minio-3 of four may stop, of servers that answer as given; and again, as the next polls do. */
    function poll(answer: (name: string, patient: boolean) => number | undefined, reached?: () => number[]) {
        const asked: string[] = [];
        const kubernetes = {
            async ask(_: string, name: string, __: string, ___: string, { milliseconds, silent }: AskOptions = {}) {
                asked.push(name);
                const status = answer(name, milliseconds !== undefined);
                return status ? { status, headers: {}, body: "" } : silent?.("proxy: no answer in time");
            },
        } as unknown as Kubernetes;
        const viewed: string[] = [];
        const wanted = {
            ...wantedCluster(4),
            admin: async (_: Kubernetes, name: string) => ({
                storage: async () => assert.fail(),
                reachedDrives: async () => {
                    viewed.push(name);
                    return (name === "minio-0" && reached ? reached() : [0, 1, 2, 3]).map(driveOf);
                },
            }),
        };
        const consent = new Consent(kubernetes, wanted);
        return async (some: Partial<ServerState> = {}) => {
            const servers = [0, 1, 2, 3].map((ordinal) => serverOf(ordinal, { change: "rolling", ...some }));
            asked.length = 0;
            viewed.length = 0;
            if (!(await consent.isStillRefused([poolOf(servers)], ["minio-3"]))) {
                await consent.ask([poolOf(servers)], ["minio-3"]);
            }
            const { mayStop, unknown, unreached, silence } = servers[3];
            return { mayStop, unknown, unreached, silence, asked: [...asked], viewed: [...viewed] };
        };
    }

    it("is not refused by one late answer, which is asked for again with more patience", async () => {
        const { mayStop, asked } = await poll((name, patient) => (name === "minio-1" && !patient ? undefined : 200))();
        assert.deepEqual([mayStop, asked.sort()], [true, ["minio-0", "minio-1", "minio-1", "minio-2", "minio-3"]]);
    });

    it("is refused by the second silence in a row, which is told as such", async () => {
        const { mayStop, unknown } = await poll((name) => (name === "minio-1" ? undefined : 200))();
        assert.deepEqual([mayStop, unknown], [false, "minio-1 does not answer, though it was asked twice"]);
    });

    describe("where servers know no users, as they do not reach the identity provider that they are told", () => {
        const withoutUsers = { status: 503, headers: { "x-minio-server-status": "iam-offline" } };

        /** Of four, each with a drive. */
        async function consentTo(
            next: string[],
            without: string[],
            { failed = [], updated = [] as string[] }: any = {},
        ) {
            const servers = [0, 1, 2, 3].map((ordinal) =>
                serverOf(ordinal, { change: updated.includes(`minio-${ordinal}`) ? "none" : "coupled" }),
            );
            const ask = async (_: string, name: string) => ({
                body: "",
                ...(without.includes(name) ? withoutUsers : all200),
            });
            const counted: string[] = [];
            const wanted = {
                ...wantedCluster(4),
                admin: async (_: Kubernetes, name: string) => ({
                    storage: async () => {
                        counted.push(name);
                        return drives(4, 2, failed);
                    },
                    reachedDrives: async () => [0, 1, 2, 3].map(driveOf),
                }),
            };
            const consent = new Consent({ ask } as unknown as Kubernetes, wanted);
            await consent.ask([poolOf(servers)], next);
            const { mayStop, unknown } = servers.find(({ name }) => name === next[0]) as ServerState;
            const again = await consent.isStillRefused([poolOf(servers)], next);
            return { mayStop, unknown, counted, again };
        }
        const waits = "minio-3 knows no users yet: it waits for its identity provider";

        it("lets such a server be mended, by the drives: its health tells nothing of these", async () => {
            const without = ["minio-2", "minio-3"];
            const { mayStop, counted } = await consentTo(["minio-3"], without);
            assert.deepEqual([mayStop, counted], [true, without]);
            assert.equal((await consentTo(["minio-3"], without, { failed: [0, 1] })).mayStop, false);
        });

        it("lets others go before such a server that is not updated yet, as only its own turn mends it", async () => {
            const { mayStop, counted } = await consentTo(["minio-3"], ["minio-1"]);
            assert.deepEqual([mayStop, counted], [true, ["minio-1"]]);
            assert.equal((await consentTo(["minio-3"], ["minio-1"], { failed: [0, 1] })).mayStop, false);
        });

        it("keeps others from stopping, and says what it waits for", async () => {
            const expected = { mayStop: false, unknown: waits, counted: [], again: true };
            const updated = ["minio-3"];
            assert.deepEqual(await consentTo(["minio-1"], ["minio-3"], { updated }), expected);
            assert.deepEqual(await consentTo(["minio-2", "minio-1"], ["minio-3"], { updated }), expected);
            const { mayStop, counted } = await consentTo(["minio-2", "minio-1"], [], { updated });
            assert.deepEqual([mayStop, counted], [true, ["minio-0", "minio-1", "minio-2", "minio-3"]]);
        });
    });

    it("is asked only of the one that refused, until that one agrees", async () => {
        let status = 412;
        const next = poll((name) => (name === "minio-2" ? status : 200));
        assert.equal((await next()).mayStop, false);
        const again = await next();
        assert.deepEqual([again.mayStop, again.asked], [false, ["minio-2"]]);
        assert.equal((await next({ uid: "another" })).asked.length > 1, true, "of other servers it says nothing");
        status = 200;
        const last = await next({ uid: "another" });
        assert.deepEqual([last.mayStop, last.asked.length, last.viewed.length], [true, 5, 4]);
    });

    it("is asked only of the one that did not reach a drive, until it does", async () => {
        let reached = [0, 1, 3];
        const next = poll(
            () => 200,
            () => reached,
        );
        assert.equal((await next()).unreached, "minio-0 does not reach /data of minio-2 yet");
        const again = await next();
        assert.deepEqual(
            [again.unreached, again.asked, again.viewed],
            ["minio-0 does not reach /data of minio-2 yet", [], ["minio-0"]],
        );
        reached = [0, 1, 2];
        const last = await next();
        assert.deepEqual(
            [last.mayStop, last.unreached, last.asked.length, last.viewed.length],
            [true, undefined, 4, 5],
        );
    });

    describe("to one server of each of two pools", () => {
        const named = (server: ServerState) => ({ ...server, name: server.name.replace("minio", "minio-pool-1") });
        /** Who may stop, and what was asked in two polls. */
        async function twoPolls(answer: (name: string, path: string) => number, reached = (_: string) => true) {
            const asked: string[] = [];
            const kubernetes = {
                async ask(_: string, name: string, __: string, path: string): Promise<Answer> {
                    asked.push(name);
                    return { status: answer(name, path), headers: {}, body: "" };
                },
            } as unknown as Kubernetes;
            const ordinals = [0, 1, 2, 3];
            const drives = ordinals.flatMap((ordinal) => [
                driveOf(ordinal),
                { ...driveOf(ordinal), host: driveOf(ordinal).host.replace("minio-", "minio-pool-1-") },
            ]);
            const wanted = {
                ...wantedCluster(4),
                admin: async (_: Kubernetes, name: string) => ({
                    storage: async () => assert.fail(),
                    reachedDrives: async () => {
                        asked.push(`view of ${name}`);
                        return drives.filter(({ host }) => reached(`${name} ${host.split(".")[0]}`));
                    },
                }),
            };
            const consent = new Consent(kubernetes, wanted);
            const names = ["minio-pool-1-3", "minio-3"];
            const polls = [];
            for (let poll = 0; poll < 2; poll++) {
                const servers = ordinals.map((ordinal) => serverOf(ordinal, { change: "rolling" }));
                const pools = [poolOf(servers), { ...poolOf(servers.map(named)), name: "minio-pool-1" }];
                asked.length = 0;
                if (!(await consent.isStillRefused(pools, names))) {
                    await consent.ask(pools, names);
                }
                const stopping = pools.map((pool) => pool.servers[3]).reverse();
                polls.push({
                    may: stopping.filter(({ mayStop, unreached }) => mayStop && !unreached).map(({ name }) => name),
                    asked: [...asked],
                });
            }
            return polls;
        }
        const isOfFirst = (name: string) => !name.includes("pool-1");

        it("is one question to each server, and what it reaches", async () => {
            const [{ may, asked }] = await twoPolls((_, path) => (path.includes("maintenance") ? 200 : 500));
            assert.deepEqual(may, ["minio-pool-1-3", "minio-3"]);
            assert.equal(asked.length, 16);
        });

        it("is given to the first of them alone, where the other pool cannot miss one", async () => {
            const no = (name: string, path: string) => (isOfFirst(name) && path.includes("maintenance") ? 412 : 200);
            assert.deepEqual((await twoPolls(no))[0].may, ["minio-pool-1-3"]);
        });

        it("is refused to both where the first cannot go, and then asked of those who refused", async () => {
            const polls = await twoPolls((_, path) => (path.includes("maintenance") ? 412 : 200));
            assert.deepEqual(
                polls.map(({ may }) => may),
                [[], []],
            );
            assert.ok(polls[1].asked.length <= 2, polls[1].asked.join());
        });

        it("is given to the one whose pool's drives are reached by all, and else asked of those who do not reach them", async () => {
            const [one] = await twoPolls(
                () => 200,
                (who) => who !== "minio-1 minio-pool-1-0",
            );
            assert.deepEqual(one.may, ["minio-3"]);
            const none = await twoPolls(
                () => 200,
                (who) => who !== "minio-1 minio-pool-1-0" && who !== "minio-0 minio-1",
            );
            assert.deepEqual(
                none.map(({ may }) => may),
                [[], []],
            );
            assert.deepEqual(none[1].asked, ["view of minio-1", "view of minio-0"]);
        });
    });

    describe("to one server of each of two pools while another one waits", () => {
        /**
         * Who may stop, by what each server counts of whose drives heal; and who was asked for its drives, in two
         * polls.
         */
        async function twoPolls(healing: (by: string) => string[], reached = (_: string) => true) {
            const names = ["minio", "minio-pool-1"].map((pool) => [0, 1, 2, 3].map((ordinal) => `${pool}-${ordinal}`));
            const heals = { status: 412, headers: { "x-minio-healing-drives": "1" } };
            const kubernetes = { ask: async () => ({ ...heals, body: "" }) } as unknown as Kubernetes;
            const isWaiting = (name: string) => name === "minio-2";
            let counted: string[] = [];
            const wanted = {
                ...wantedCluster(4),
                admin: async (_: Kubernetes, by: string) => ({
                    storage: async () => {
                        counted.push(by);
                        const drives = names.flatMap((servers, pool) =>
                            servers.map((server) => {
                                const works = !isWaiting(server) && !healing(by).includes(server);
                                return { server, pool, set: 0, works };
                            }),
                        );
                        return { writeQuorums: [3, 3], drives };
                    },
                    reachedDrives: async () =>
                        names
                            .flat()
                            .filter((name) => reached(`${by} ${name}`))
                            .map((name) => ({ host: `${name}.minio-headless:9000`, path: "/data" })),
                }),
            };
            const consent = new Consent(kubernetes, wanted);
            const stopping = ["minio-pool-1-3", "minio-3"];
            const polls = [];
            for (let poll = 0; poll < 2; poll++) {
                counted = [];
                const pools = names.map((servers) =>
                    poolOf(
                        servers.map((name, ordinal) =>
                            serverOf(ordinal, { name, change: "coupled", ...(isWaiting(name) && waiting) }),
                        ),
                    ),
                );
                if (!(await consent.isStillRefused(pools, stopping))) {
                    await consent.ask(pools, stopping);
                }
                const asked = pools.flatMap(({ servers }) => servers).filter(({ name }) => stopping.includes(name));
                const may = asked.filter(({ mayStop, unreached }) => mayStop && !unreached).map(({ name }) => name);
                polls.push({ may, counted });
            }
            return polls;
        }

        it("is given to the one whose pool can miss it while a drive of the other pool heals", async () => {
            for (const [heals, free] of [
                ["minio-pool-1-0", "minio-3"],
                ["minio-0", "minio-pool-1-3"],
            ]) {
                const polls = await twoPolls(() => [heals]);
                assert.deepEqual(
                    polls.map(({ may }) => may),
                    [[free], [free]],
                );
                assert.equal(polls[0].counted.length, 7, "every server that serves must agree");
            }
        });

        it("is given to none that any server counts as needed, nor remembered where two servers refuse one each", async () => {
            const polls = await twoPolls((by) => (by === "minio-1" ? ["minio-0"] : ["minio-pool-1-0"]));
            assert.deepEqual(
                polls.map(({ may }) => may),
                [[], []],
            );
            assert.ok(polls[1].counted.length > 1, polls[1].counted.join());
        });

        it("is refused to both by one server, which alone is asked then", async () => {
            const polls = await twoPolls(() => ["minio-0", "minio-pool-1-0"]);
            assert.deepEqual(
                polls.map(({ may, counted }) => [may, counted]),
                [
                    [[], ["minio-0"]],
                    [[], ["minio-0"]],
                ],
            );
        });

        it("is not given to one that is needed where the other's drive is not reached", async () => {
            const polls = await twoPolls(
                () => ["minio-pool-1-0"],
                (who) => who !== "minio-0 minio-1",
            );
            assert.deepEqual(
                polls.map(({ may }) => may),
                [[], []],
            );
        });
    });

    it("is by the count of drives where so many wait that the others alone have no quorum", async () => {
        const bad = { maintenance: refused, cluster: { status: 503, headers: {} } };
        const sixteen = { servers: 16, waiting: [15, 14, 13, 12, 11] };
        assert.equal((await consentOf(sixteen, bad, drives(16, 12, sixteen.waiting))).mayStop, true);
        assert.equal((await consentOf(sixteen, bad, drives(16, 12, [...sixteen.waiting, 0, 1, 2]))).mayStop, true);
        // The one that stops, and four more: one of those with a failed drive itself may.
        const servers = drives(16, 12, [...sixteen.waiting, 0, 1, 2, 3]);
        assert.equal((await consentOf(sixteen, bad, servers)).mayStop, false);
        assert.equal(
            canMiss(servers, new Set(["minio-0"]), new Set(sixteen.waiting.map((ordinal) => `minio-${ordinal}`))),
            true,
        );
    });

    it("is by the count of drives where a waiting one may lie in another erasure set", async () => {
        const two = { servers: 8, waiting: [7], erasureSets: 2 };
        const storage: StorageState = { writeQuorums: [3], drives: drives(8, 3, [7, 0]).drives };
        storage.drives.forEach((drive, ordinal) => {
            drive.set = ordinal < 4 ? 0 : 1;
        });
        const { mayStop } = await consentOf(two, { maintenance: refused }, storage);
        assert.equal(mayStop, false);
        assert.equal(canMiss(storage, new Set(["minio-1"]), new Set(["minio-7"])), false);
        assert.equal(canMiss(storage, new Set(["minio-6"]), new Set(["minio-7"])), true);
    });

    it("is by the count of drives to several of one pool, of which all others must work", async () => {
        const asked: string[] = [];
        const may = async (servers: number, quorum: number, failed: number[], stopping: number[], fails?: boolean) => {
            const kubernetes = {
                ask: async (_: string, name: string) => {
                    asked.push(name);
                    return { status: 200, headers: {}, body: "" };
                },
            } as unknown as Kubernetes;
            const storage = async () => (fails ? assert.fail("no way") : drives(servers, quorum, failed));
            const wanted = wantedCluster(servers, { storage });
            const outdated = (ordinal: number) => serverOf(ordinal, { change: "rolling" });
            const pool = poolOf(Array.from({ length: servers }, (_, ordinal) => outdated(ordinal)));
            asked.length = 0;
            await new Consent(kubernetes, wanted).ask(
                [pool],
                stopping.map((ordinal) => `minio-${ordinal}`),
            );
            return pool.servers.filter(({ mayStop }) => mayStop).map(({ ordinal }) => ordinal);
        };
        assert.deepEqual(await may(8, 5, [], [6, 5]), [5, 6]);
        assert.deepEqual(asked, [], "no health is asked where the drives are counted");
        assert.deepEqual(await may(8, 5, [], [6, 5, 4, 3]), [4, 5, 6]);
        assert.deepEqual(await may(8, 5, [0], [6, 5]), [6]);
        assert.deepEqual(await may(8, 5, [0, 1], [6, 5]), [6]);
        assert.deepEqual(await may(8, 5, [0, 1, 2], [6, 5]), [6], "as one alone is asked for, in the end");
        // Where the drives cannot be counted, the first one is asked for as one alone is.
        assert.deepEqual(await may(8, 5, [], [6, 5], true), [6]);
        assert.equal(asked.length, 8);
    });

    it("is not known, and why, where the drives cannot be counted", async () => {
        const bad = { maintenance: refused, cluster: { status: 503, headers: {} } };
        const { mayStop, unknown } = await consentOf({ servers: 4, waiting: [3] }, bad, new Error("no port-forward"));
        assert.equal(mayStop, false);
        assert.equal(unknown, "servers wait for their peers, and the drives cannot be counted: no port-forward");
    });
});

function serverOf(ordinal: number, some: Partial<ServerState> = {}): ServerState {
    return {
        name: `minio-${ordinal}`,
        ordinal,
        uid: `uid-${ordinal}`,
        terminating: false,
        lost: false,
        revision: "old",
        ready: true,
        answers: true,
        initialised: true,
        steady: false,
        longUp: true,
        heard: true,
        change: "none",
        ...some,
    };
}

function poolOf(servers: ServerState[]): PoolState {
    return {
        name: "minio",
        observed: true,
        partition: 0,
        wantedPartition: 0,
        currentRevision: "old",
        updateRevision: "new",
        updateChange: "none",
        ordered: false,
        replicas: servers.length,
        erasureSets: 1,
        serversThatMayFail: 1,
        restartsAtOnce: 1,
        servers,
    };
}

function stateOf(some: Partial<ServerState>): ClusterState {
    const one = { answers: false, initialised: false, ready: false, ...some };
    return { pools: [poolOf([serverOf(0, one)])], bootQuorum: 1, healthy: true };
}
