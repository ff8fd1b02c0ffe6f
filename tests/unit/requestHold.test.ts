import assert from "node:assert/strict";
import type { Kubernetes, PodRequest } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";
import type { ClusterState, ServerState } from "../../components/rollout/plan";
import { RequestHold } from "../../components/update/requestHold";

const names = ["minio-0", "minio-1", "minio-2", "minio-3"];

/** Four servers, of which minio-3 is away at first: it is of another version, and waits for one more. */
class FakeServers {
    readonly did: string[] = [];
    /** Of minio-3: which pod there is, and how far it is. */
    pod: { uid: string; ending?: boolean; pulled?: boolean; answers?: boolean; serves?: boolean } | undefined = {
        uid: "old",
        ending: true,
    };
    /** Whether the peers of minio-3 reach its drives. */
    isKnown = false;
    /** A server of the new version that waits for minio-3. */
    waiting?: string;
    /** Whether one that waits is ready: Kubernetes is told so by `readiness: Server`. */
    isReadyWhileWaiting = false;
    /** Whether another drive of minio-3 is broken. */
    hasBrokenDrive = false;
    /** How often the Kubernetes API fails to answer from now on, of what it is asked for pods or events. */
    unanswered = 0;
    /** Whether somebody has frozen the cluster by hand. */
    frozenByHand = false;
    private frozen = false;

    hold(warn: (text: string) => void = assert.fail, lasts = ["minio-3"]): RequestHold {
        const live = {
            kubernetes: this.kubernetes(),
            namespace: "a",
            statefulSet: "minio",
            selector: { app: "minio" },
            pools: [{ name: "minio", replicas: 4 }],
            scheme: "http",
            credentials: { rootUser: "admin", rootPassword: "password" },
        };
        return new RequestHold(live, lasts, { say: () => {}, warn });
    }

    /** As the rollout sees it. */
    state(ready = 3): ClusterState {
        const servers = names.map((name, ordinal) => {
            const isLast = ordinal === 3;
            const uid = isLast ? this.pod?.uid : name;
            const terminating = isLast && this.pod?.ending === true;
            const version = isLast || name === this.waiting ? "new" : "old";
            const answers = !isLast || this.pod?.answers === true;
            const initialised = isLast ? this.pod?.serves === true : name !== this.waiting;
            const isReady = name === this.waiting ? this.isReadyWhileWaiting : ordinal < ready;
            return { name, uid, terminating, ready: isReady, version, answers, initialised };
        });
        return { pools: [{ servers }], bootQuorum: 2 } as unknown as ClusterState;
    }

    private kubernetes(): Kubernetes {
        const podOf = (name: string) => {
            const uid = name === "minio-3" ? this.pod?.uid : name;
            return {
                metadata: {
                    name,
                    uid,
                    ownerReferences: [{ kind: "StatefulSet", name: "minio", controller: true }],
                    ...(name === "minio-3" && this.pod?.ending && { deletionTimestamp: new Date() }),
                },
                spec: { nodeName: "n1" },
                status: { conditions: [{ type: "Ready", status: name === "minio-3" ? "False" : "True" }] },
            };
        };
        const isThere = (name: string) => name !== "minio-3" || this.pod !== undefined;
        const answers = () => {
            if (this.unanswered > 0) {
                this.unanswered--;
                throw new KubernetesError("connect ECONNREFUSED", true);
            }
        };
        return {
            pods: async () => {
                answers();
                return names.filter(isThere).map(podOf);
            },
            patch: async (_: unknown, { metadata }: { metadata: { annotations: object } }) => {
                this.did.push(`notes ${Object.values(metadata.annotations)}`);
            },
            events: async (_: string, fields: Record<string, string>) => {
                answers();
                const isSo = fields.reason === "Pulled" && fields["involvedObject.name"] === "minio-3";
                const of = { fieldPath: "spec.containers{minio}" };
                const before = { involvedObject: { ...of, uid: "old" } };
                const now = this.pod?.pulled ? [{ involvedObject: { ...of, uid: this.pod.uid } }] : [];
                return isSo ? [before, ...now] : [];
            },
            ask: async (_: string, pod: string, __: string, path: string) => {
                const answers =
                    pod === "minio-3" ? this.pod?.answers : path !== "/" || !(this.frozen || this.frozenByHand);
                const waits = pod === "minio-3" || pod === this.waiting ? !this.pod?.serves : false;
                const headers = waits ? { "x-minio-server-status": "offline" } : {};
                return answers ? { status: 200, headers, body: "" } : undefined;
            },
            logTail: async () => (this.isKnown ? "Following servers have mismatching configuration" : "unreachable"),
            send: async (_: string, pod: string, __: string, { path }: PodRequest) => {
                if (path.endsWith("/storageinfo")) {
                    const drive = { pool_index: 0, set_index: 0, state: this.isKnown ? "ok" : "offline" };
                    const endpoint = "http://minio-3.minio-headless:9000/data";
                    const broken = this.hasBrokenDrive ? [{ ...drive, endpoint: `${endpoint}1`, state: "faulty" }] : [];
                    const Disks = [{ ...drive, endpoint }, ...broken];
                    const Backend = { StandardSCData: [2], StandardSCParity: 2 };
                    return { status: 200, headers: {}, body: JSON.stringify({ Disks, Backend }) };
                }
                const action = path.includes("action=freeze") ? "freeze" : "unfreeze";
                this.frozen = action === "freeze";
                this.did.push(`${action} by ${pod}`);
                // A peer that is away cannot be told.
                const results = [{ host: "minio-3.minio-headless.a.svc.cluster.local:9000", err: "disconnected" }];
                return { status: 200, headers: {}, body: action === "freeze" ? JSON.stringify({ results }) : "" };
            },
            execute: async (_: string, __: string, ___: string, [, , script = ""]: string[]) => {
                this.did.push(/umask/.test(script) ? "arm" : "disarm");
                return "1";
            },
        } as unknown as Kubernetes;
    }
}

/** As before the pod of minio-3 was there. */
function withoutLast(state: ClusterState): ClusterState {
    const away = (one: ServerState) => (one.name === "minio-3" ? { ...one, uid: undefined } : one);
    return { ...state, pools: state.pools.map((pool) => ({ ...pool, servers: pool.servers.map(away) })) };
}

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("requests that wait while the server with the last drive comes back", () => {
    const holds: RequestHold[] = [];
    const begun = (hold: RequestHold) => {
        holds.push(hold);
        return hold;
    };
    // One that a failed test leaves would look for ever.
    afterEach(() => Promise.all(holds.splice(0).map((hold) => hold.end())));

    it("wait from when its image is there until its peers have connected to it, and a dead program cannot hold them", async () => {
        const servers = new FakeServers();
        const hold = begun(servers.hold());
        hold.look(servers.state());
        await later(400);
        servers.pod = { uid: "new" };
        hold.look(servers.state());
        await later(400);
        assert.deepEqual(servers.did, ["arm", "arm", "arm"]);
        assert.equal(hold.isHeld, false);
        servers.pod = { uid: "new", pulled: true };
        await later(400);
        const held = ["freeze by minio-0", "freeze by minio-1", "notes the return of minio-3"];
        assert.deepEqual(servers.did.slice(3).sort(), held);
        assert.equal(hold.isHeld, true);
        servers.pod = { uid: "new", pulled: true, answers: true };
        await later(400);
        assert.equal(hold.isHeld, true, "its peers do not reach its drives yet");
        servers.isKnown = true;
        await later(600);
        assert.equal(hold.isHeld, false);
        assert.deepEqual(servers.did.slice(6), ["unfreeze by minio-0", "notes ", "disarm", "disarm", "disarm"]);
        hold.look(servers.state());
        await hold.end();
        assert.equal(servers.did.length, 11, "the same return is waited for one time");
    }).timeout(20_000);

    it("wait until those serve that were enough with this one, whichever drive it has", async () => {
        const servers = new FakeServers();
        servers.waiting = "minio-2";
        const hold = begun(servers.hold(assert.fail, []));
        hold.look(servers.state());
        servers.isKnown = true;
        servers.pod = { uid: "new" };
        hold.look(servers.state());
        servers.pod = { uid: "new", pulled: true, answers: true };
        hold.look(servers.state());
        await later(1_000);
        assert.equal(hold.isHeld, true, "they do not serve yet");
        servers.pod = { ...servers.pod, serves: true };
        await later(600);
        assert.equal(hold.isHeld, false);
        await hold.end();
    }).timeout(20_000);

    it("do not wait for another server, as all its peers keep the last drive", async () => {
        const servers = new FakeServers();
        const hold = begun(servers.hold(assert.fail, ["minio-0"]));
        hold.look(servers.state());
        await later(300);
        await hold.end();
        assert.deepEqual(servers.did, []);
    });

    it("do not wait where too few others serve: as all do that restart together", async () => {
        const servers = new FakeServers();
        const hold = begun(servers.hold());
        hold.look(servers.state(1));
        await later(300);
        await hold.end();
        assert.deepEqual(servers.did, []);
    });

    it("wait in a cluster of three, too, where one that serves and one that waits take writes", async () => {
        const servers = new FakeServers();
        servers.waiting = "minio-2";
        const hold = begun(servers.hold(assert.fail, []));
        hold.look(servers.state(1));
        await later(300);
        await hold.end();
        assert.deepEqual(servers.did, ["arm", "disarm"]);
    });

    it("are held by servers that serve, and not by those that are ready while they wait for peers", async () => {
        const servers = new FakeServers();
        Object.assign(servers, { waiting: "minio-2", isReadyWhileWaiting: true });
        const hold = begun(servers.hold());
        hold.look(servers.state());
        await later(300);
        await hold.end();
        assert.deepEqual(servers.did, ["arm", "arm", "disarm", "disarm"]);
    });

    it("wait all the same, and go on, where the Kubernetes API does not answer for a moment", async () => {
        const servers = new FakeServers();
        const hold = begun(servers.hold());
        hold.look(servers.state());
        await later(300);
        servers.unanswered = 2;
        servers.pod = { uid: "new", pulled: true };
        await later(600);
        assert.equal(hold.isHeld, true);
        Object.assign(servers, { isKnown: true, unanswered: 1 });
        servers.pod = { uid: "new", pulled: true, answers: true };
        await later(1_500);
        assert.equal(hold.isHeld, false);
        assert.deepEqual(servers.did.slice(6), ["unfreeze by minio-0", "notes ", "disarm", "disarm", "disarm"]);
    }).timeout(20_000);

    it("do not wait for a broken drive beside one that is reached", async () => {
        const servers = new FakeServers();
        Object.assign(servers, { isKnown: true, hasBrokenDrive: true });
        servers.pod = { uid: "new", pulled: true, answers: true, serves: true };
        const hold = begun(servers.hold());
        hold.look(withoutLast(servers.state()));
        await later(1_500);
        assert.equal(hold.isHeld, false);
        assert.ok(servers.did.includes("notes "), servers.did.join());
    });

    it("wait for 20 s at most for a server that does not start", async () => {
        const servers = new FakeServers();
        const hold = begun(servers.hold());
        servers.pod = { uid: "new", pulled: true };
        hold.look(withoutLast(servers.state()));
        await later(600);
        assert.equal(hold.isHeld, true);
        const { now } = performance;
        try {
            performance.now = () => now.call(performance) + 20_000;
            await later(600);
        } finally {
            performance.now = now;
        }
        assert.equal(hold.isHeld, false);
    });

    it("go on at once when the rollout ends, such as by an error", async () => {
        const servers = new FakeServers();
        const hold = begun(servers.hold());
        hold.look(servers.state());
        await later(300);
        await hold.end();
        assert.deepEqual(servers.did, ["arm", "arm", "arm", "disarm", "disarm", "disarm"]);
    });

    it("stay as they are, and are told of, where somebody has frozen the cluster by hand", async () => {
        const servers = new FakeServers();
        servers.frozenByHand = true;
        const warnings: string[] = [];
        const hold = begun(servers.hold((text) => warnings.push(text)));
        hold.look(servers.state());
        await later(300);
        await hold.end();
        assert.match(
            warnings.join(),
            /^requests did not wait as they should while minio-3 came back: minio-0, minio-1, minio-2 answer no S3 call/,
        );
        assert.deepEqual(servers.did, []);
    });
});
