import assert from "node:assert/strict";
import type { AskOptions, Kubernetes, PodRequest } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";
import type { LiveCluster } from "../../components/live/liveCluster";
import { thawIfLeftFrozen, whileFrozen, withSwitches } from "../../components/snapshots/freeze";

/** Two servers that freeze as MinIO's do: each counts how often it was frozen. */
class FakeServers {
    /** How often each must still be thawed. */
    frozen = 0;
    readonly annotations: Record<string, string> = {};
    /** How many requests each works on, look by look. */
    underWay: (number | undefined)[] = [];
    looks = 0;
    /** The uid of each pod that is there. */
    pods: Record<string, string> = { "minio-0": "a", "minio-1": "b" };
    /** Whether the container of minio-1 is still to start. */
    isStarting = false;
    /** How often minio-1 has restarted in its pod. */
    restarts = 0;
    /** Commands that ran in the containers: a switch is armed, drives are flushed, a switch is disarmed. */
    readonly commands: string[] = [];
    /** How many looks do not reach minio-1, once the cluster was thawed. */
    unreached = 0;
    thaws = 0;
    /** What a switch was told of the request that thaws. */
    config = "";
    /** What the servers' clock says. */
    date?: string;

    live(): LiveCluster {
        return {
            kubernetes: this.kubernetes(),
            namespace: "a",
            statefulSet: "minio",
            selector: { app: "minio" },
            pools: [{ name: "minio", replicas: 2 }],
            scheme: "http",
            credentials: { rootUser: "admin", rootPassword: "password" },
        };
    }

    private kubernetes(): Kubernetes {
        const ownerReferences = [{ kind: "StatefulSet", name: "minio", controller: true }];
        const statusOf = (name: string) => ({
            conditions: [{ type: "Ready", status: "True" }],
            containerStatuses: [
                {
                    name: "minio",
                    restartCount: name === "minio-1" ? this.restarts : 0,
                    state: name === "minio-1" && this.isStarting ? { waiting: {} } : { running: {} },
                },
            ],
        });
        return {
            statefulSet: async () => ({ metadata: { annotations: { ...this.annotations } } }),
            pods: async () =>
                Object.entries(this.pods).map(([name, uid]) => ({
                    metadata: { name, uid, ownerReferences },
                    status: statusOf(name),
                })),
            patch: async (_: unknown, { metadata }: { metadata: { annotations: Record<string, string | null> } }) => {
                for (const [name, value] of Object.entries(metadata.annotations)) {
                    if (value === null) {
                        delete this.annotations[name];
                    } else {
                        this.annotations[name] = value;
                    }
                }
            },
            ask: async (_: string, pod: string, __: string, path: string, options: AskOptions = {}) => {
                if (options.headers) {
                    const working = this.underWay[Math.min(this.looks, this.underWay.length - 1)];
                    this.looks += pod === "minio-1" ? 1 : 0;
                    const limits = { "x-ratelimit-limit": "10", "x-ratelimit-remaining": String(10 - (working ?? 0)) };
                    return { status: 403, headers: working === undefined ? {} : limits, body: "" };
                }
                if (options.milliseconds) {
                    return new Promise(() => {}); // It is held until the thaw.
                }
                if (pod === "minio-1" && this.thaws > 0 && this.unreached > 0) {
                    this.unreached -= path === "/" ? 1 : 0;
                    return undefined;
                }
                return path === "/" && this.frozen > 0
                    ? undefined
                    : { status: 200, headers: { date: this.date }, body: "" };
            },
            send: async (_: string, __: string, ___: string, { path }: PodRequest) => {
                this.thaws += path.includes("action=freeze") ? 0 : 1;
                this.frozen = Math.max(0, this.frozen + (path.includes("action=freeze") ? 1 : -1));
                return { status: 200, headers: {}, body: "" };
            },
            execute: async (_: string, __: string, ___: string, [, , script = "", , , config]: string[]) => {
                this.config = config ?? this.config;
                this.commands.push(/umask/.test(script) ? "arm" : /sync/.test(script) ? "flush" : "disarm");
                return "1";
            },
        } as unknown as Kubernetes;
    }
}

describe("a cluster that is frozen", () => {
    const frozenFor = "minio-cluster/frozen-for";
    const freeze = (servers: FakeServers, seconds: number, work: () => Promise<void> = async () => {}) =>
        whileFrozen(servers.live(), "monday", seconds, work, () => {});

    it("thaws by its switch whatever this program's clock says", async () => {
        const servers = new FakeServers();
        servers.date = "Fri, 27 Nov 2020 12:00:00 GMT";
        await freeze(servers, 600);
        assert.match(servers.config, /x-amz-date: 20201127T120500Z/i);
    });

    it("is not frozen any more once a signal ends the program, whose switches are off", async () => {
        const servers = new FakeServers();
        const live = servers.live();
        const decides = () => {}; // A listener that ends the process itself, or does not.
        process.on("SIGHUP", decides);
        const work = withSwitches(live, await live.kubernetes.pods("a", {}), 10, async (freeze) => {
            process.emit("SIGHUP");
            await new Promise((resolve) => setTimeout(resolve, 100));
            await freeze("monday");
        });
        await assert.rejects(work, { message: "the program ends" });
        process.off("SIGHUP", decides);
        assert.deepEqual([servers.frozen, servers.annotations], [0, {}]);
    });

    it("is thawed where the Kubernetes API does not answer for a moment, and says so where it stays away", async () => {
        for (const away of [1, 1_000]) {
            const servers = new FakeServers();
            const live = servers.live();
            const { pods } = live.kubernetes;
            let unanswered = 0;
            live.kubernetes.pods = async (...args) => {
                if (unanswered-- > 0) {
                    throw new KubernetesError("connect ECONNREFUSED", true);
                }
                return pods(...args);
            };
            const work = withSwitches(live, await pods("a", {}), 1, async (freeze) => {
                await freeze("monday");
                unanswered = away;
            });
            if (away === 1) {
                await work;
                assert.deepEqual([servers.frozen, servers.annotations], [0, {}]);
            } else {
                await assert.rejects(work, /^Error: requests wait still, until the servers thaw after 1 s: .*ECONNREF/);
                assert.deepEqual(servers.commands, ["arm", "arm"]);
            }
        }
    }).timeout(10_000);

    it("is worked on when two looks in a row find no request under way, and is thawed after", async () => {
        const servers = new FakeServers();
        servers.underWay = [2, 0, 1, 0, 0];
        let during: unknown[] = [];
        await freeze(servers, 10, async () => {
            during = [servers.frozen, servers.annotations[frozenFor], servers.looks];
        });
        assert.deepEqual(during, [1, "monday", 5]);
        assert.deepEqual([servers.frozen, servers.annotations], [0, {}]);
        assert.deepEqual(servers.commands, ["arm", "arm", "flush", "flush", "disarm", "disarm"]);
    });

    it("is thawed, and the work not begun, when requests do not end in half of the time", async () => {
        const servers = new FakeServers();
        servers.underWay = [3];
        let begun = false;
        await assert.rejects(
            freeze(servers, 0.4, async () => {
                begun = true;
            }),
            { message: /did not end in time \(minio-0: 3, minio-1: 3\)/ },
        );
        assert.deepEqual([begun, servers.frozen, servers.annotations], [false, 0, {}]);
    });

    it("waits a fixed time where MinIO does not tell how many requests are under way", async () => {
        const servers = new FakeServers();
        servers.underWay = [undefined];
        const { draining } = await freeze(servers, 10);
        assert.ok(draining >= 1_900, String(draining));
    }).timeout(10_000);

    it("is not frozen where a server is not there, which would take requests when it comes", async () => {
        const servers = new FakeServers();
        servers.pods = { "minio-0": "a" };
        await assert.rejects(freeze(servers, 10), { message: "all servers must be ready, and minio-1 is not" });
        assert.deepEqual(servers.commands, []);
    });

    it("is thawed until each server is reached that was frozen, and has not restarted", async () => {
        const servers = new FakeServers();
        servers.unreached = 3;
        await freeze(servers, 10);
        assert.deepEqual([servers.unreached, servers.thaws], [0, 4]);
        assert.equal(servers.annotations[frozenFor], undefined);
        const ways: ((servers: FakeServers) => void)[] = [
            ({ pods }) => Object.assign(pods, { "minio-1": "c" }),
            (one) => one.restarts++,
        ];
        for (const restart of ways) {
            const restarted = new FakeServers();
            restarted.unreached = 3;
            const work = async () => restart(restarted);
            await assert.rejects(freeze(restarted, 10, work), /minio-1 restarted or was thawed meanwhile/);
            assert.equal(restarted.thaws, 1);
        }
    });

    it("was not frozen where a server is another one at the end", async () => {
        const servers = new FakeServers();
        const work = async () => {
            servers.pods["minio-1"] = "c";
        };
        await assert.rejects(freeze(servers, 10, work), {
            message: "minio-1 restarted or was thawed meanwhile, and took requests",
        });
        assert.deepEqual([servers.frozen, servers.annotations], [0, {}]);
    });

    it("is thawed as often as it was frozen, where a program left it so", async () => {
        const servers = new FakeServers();
        servers.frozen = 3;
        servers.annotations[frozenFor] = "monday";
        assert.deepEqual(await thawIfLeftFrozen(servers.live()), { note: "monday", unreached: [] });
        assert.deepEqual([servers.frozen, servers.annotations], [0, {}]);
        assert.equal(await thawIfLeftFrozen(servers.live()), undefined);
    });

    it("is still told of as long as a server is not reached, where a program left it so", async () => {
        const servers = new FakeServers();
        servers.frozen = 1;
        servers.annotations[frozenFor] = "monday";
        servers.unreached = 2;
        assert.deepEqual(await thawIfLeftFrozen(servers.live()), { note: "monday", unreached: ["minio-1"] });
        assert.equal(servers.annotations[frozenFor], "monday");
        assert.deepEqual(await thawIfLeftFrozen(servers.live()), { note: "monday", unreached: [] });
        assert.deepEqual(servers.annotations, {});
        Object.assign(servers, { frozen: 1, unreached: 2, isStarting: true });
        servers.annotations[frozenFor] = "monday";
        assert.deepEqual(await thawIfLeftFrozen(servers.live()), { note: "monday", unreached: [] });
    });
});
