import assert from "node:assert/strict";
import type { V1Pod } from "@kubernetes/client-node";
import type { Kubernetes } from "../../components/kubernetes/client";
import { type Heard, questionsOf, runOf, standingOf } from "../../components/rollout/heard";
import { Observer } from "../../components/rollout/observe";
import type { ClusterState, ServerState } from "../../components/rollout/plan";
import type { WantedCluster } from "../../components/rollout/wanted";
import { serverName } from "../../components/server/podTemplate";
import { zoneLabel } from "../../components/spec/labels";

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const pod = (ready: boolean, { name = "minio-0", path = "ready", restarts = 0 } = {}): V1Pod => ({
    metadata: { name, uid: "1" },
    spec: {
        containers: [{ name: serverName, readinessProbe: { httpGet: { path: `/minio/health/${path}`, port: 1 } } }],
    },
    status: {
        podIP: "10.0.0.1",
        phase: "Running",
        conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
        containerStatuses: [{ name: serverName, restartCount: restarts, image: "", imageID: "", ready }],
    },
});
/** Its server runs, and a sidecar's image cannot be pulled. */
const withStuckSidecar = (): V1Pod => {
    const { status, ...one } = pod(false);
    const containerStatuses = (status?.containerStatuses ?? []).map((server) => ({
        ...server,
        state: { running: { startedAt: minutesAgo(1) } },
    }));
    return { ...one, status: { ...status, phase: "Pending", containerStatuses } };
};
const said = (some: Partial<Heard>, of = pod(true)): Heard => ({
    run: runOf(of),
    turn: 1,
    serves: false,
    waits: false,
    known: false,
    silence: "",
    ...some,
});
const serves = said({ serves: true });
const waits = said({ waits: true });
const silent = said({ silence: "no answer" });

describe("what is known of a server without asking it", () => {
    const standing = (of: V1Pod, heard?: Heard) => {
        const { answers, initialised, heard: isHeard } = standingOf(of, heard, false);
        return [answers, initialised, isHeard];
    };

    it("is that it serves, where only such a one becomes ready; else this is expected, and nothing follows from it", () => {
        assert.deepEqual(standing(pod(true, { path: "cluster/read" })), [true, true, true]);
        assert.deepEqual(standing(pod(true)), [true, true, false]);
        assert.deepEqual(standing(pod(false)), [false, false, false]);
    });

    it("is that it serves as long as this run of its container is ready, when it has said so", () => {
        assert.deepEqual(standing(pod(true), serves), [true, true, true]);
        assert.deepEqual(standing(pod(false), serves), [false, true, false]);
        assert.deepEqual(standing(pod(true, { restarts: 1 }), serves), [true, true, false]);
    });

    it("is no more than it said, though Kubernetes takes one for ready that waits for its peers", () => {
        assert.deepEqual(standing(pod(true), waits), [false, false, false]);
        assert.deepEqual(standing(pod(true), { ...waits, known: true }), [true, false, false]);
        assert.deepEqual(standing(pod(true), silent), [false, false, false]);
    });

    it("is that it does nothing for others, where it ends or has not started", () => {
        assert.deepEqual(standing({ ...pod(true), metadata: { deletionTimestamp: new Date() } }), [false, false, true]);
        assert.deepEqual(standing({ ...pod(true), status: { phase: "Pending", podIP: "10.0.0.1" } }), [
            false,
            false,
            true,
        ]);
    });

    it("is what it says where a sidecar cannot start, though its pod is Pending then", () => {
        const stuck = withStuckSidecar();
        assert.deepEqual(standing(stuck), [false, false, false]);
        assert.deepEqual(standing(stuck, said({ serves: true }, stuck)), [true, true, false]);
        assert.deepEqual(standing(stuck, said({ waits: true }, stuck)), [true, false, false]);
    });
});

describe("who is asked next", () => {
    const names = (pods: [V1Pod, Heard | undefined][], turn = 1) =>
        questionsOf(
            pods.map(([one]) => one),
            (one) => pods.find(([other]) => other === one)?.[1],
            turn,
        ).map(({ pod: { metadata }, about }) => `${metadata?.name} ${about}`);

    it("is none that is ready and may serve, and none that waits and is known, as it becomes ready", () => {
        const known = { ...waits, known: true };
        assert.deepEqual(
            names([
                [pod(true), undefined],
                [pod(true), serves],
                [pod(false), known],
            ]),
            [],
        );
    });

    it("is the one that was asked longest ago, for its life, and then whether its peers know it", () => {
        const [late, new_] = [pod(false, { name: "late" }), pod(false, { name: "new" })];
        assert.deepEqual(
            names([
                [late, { ...silent, turn: 5 }],
                [new_, undefined],
            ]),
            ["new life", "late life"],
        );
        assert.deepEqual(names([[late, waits]]), ["late peers"]);
        assert.deepEqual(names([[withStuckSidecar(), undefined]]), ["minio-0 life"]);
    });

    it("is now and then one that is ready and waits, though another one never answers", () => {
        const pods: [V1Pod, Heard][] = [
            [pod(false, { name: "dead" }), { ...silent, turn: 0 }],
            [pod(true, { name: "waiting" }), { ...waits, known: true, turn: 9 }],
        ];
        assert.deepEqual(
            [1, 2, 3, 4].map((turn) => names(pods, turn)[0]),
            ["dead life", "dead life", "dead life", "waiting life"],
        );
    });
});

describe("what a pod tells of its server", () => {
    /** As it is seen at the last of several looks. */
    async function seen(...looks: V1Pod[]): Promise<ServerState> {
        const pool = { name: "minio", replicas: 1, selector: {}, partition: 0 };
        const wanted = { namespace: "a", scheme: "http", pools: [pool] } as unknown as WantedCluster;
        const statefulSet = async () => ({ status: { currentRevision: "r", updateRevision: "r" } });
        const revisions = { controllerRevisions: async () => [], ask: async () => undefined };
        const pods = async () => [looks.shift()];
        const observer = new Observer({ statefulSet, pods, ...revisions } as unknown as Kubernetes, wanted);
        let state = await observer.look();
        while (looks.length > 0) {
            state = await observer.look();
        }
        return state.pools[0].servers[0];
    }
    const placed = (one: V1Pod, labels: Record<string, string>, spec: object = {}): V1Pod => ({
        ...one,
        metadata: { ...one.metadata, labels },
        spec: { containers: [], nodeName: "n1", ...one.spec, ...spec },
    });
    const inZone = (zone: string) => ({ [zoneLabel]: zone });

    it("is its zone, by its label, or by what it is bound to; and it is remembered until another is told", async () => {
        const unplaced = pod(false);
        assert.equal((await seen(placed(pod(true), {}))).zone, undefined);
        assert.equal((await seen(placed(pod(true), inZone("a")))).zone, "a");
        assert.equal((await seen(placed(unplaced, {}, { nodeSelector: inZone("b") }))).zone, "b");
        assert.equal((await seen(placed(pod(true), inZone("a")), unplaced)).zone, "a");
        assert.equal((await seen(placed(pod(true), inZone("a")), unplaced, placed(pod(true), inZone("c")))).zone, "c");
    });

    it("is that it fails, when it does not come up for two minutes, by its kubelet, or no node takes it", async () => {
        const failing = async (falseFor: Record<string, number>, startedAgo?: number) => {
            const one = placed(pod(false, { restarts: 5 }), {});
            const [server] = one.status?.containerStatuses ?? [];
            const state = startedAgo === undefined ? {} : { running: { startedAt: minutesAgo(startedAgo) } };
            const conditions = Object.entries(falseFor).map(([type, minutes]) => ({
                type,
                status: "False",
                lastTransitionTime: minutesAgo(minutes),
            }));
            const status = { ...one.status, conditions, containerStatuses: [{ ...server, state }] };
            return (await seen({ ...one, status })).failing;
        };
        assert.equal(await failing({ Ready: 3, ContainersReady: 3 }), true);
        assert.equal(await failing({ Ready: 3, ContainersReady: 3 }, 0), true);
        assert.equal(await failing({ Ready: 3, ContainersReady: 3 }, 60), true);
        assert.equal(await failing({ Ready: 1, ContainersReady: 1 }), false);
        assert.equal(await failing({ PodScheduled: 3 }), true);
        assert.equal(await failing({ PodScheduled: 1 }), false);
        // Its node is gone, as far as is known: nobody says that it ended.
        assert.equal(await failing({ Ready: 3 }, 60), false);
        assert.equal((await seen(placed(pod(true), {}))).failing, false);
    });
});

describe("what happened while many servers were asked", () => {
    /** Whether it keeps a server from being restarted: before and afterwards, of one with the uid 1. */
    async function loses(before: Partial<ServerState>, ...now: V1Pod[]): Promise<boolean> {
        const server = { name: "minio-0", uid: "1", ready: true, terminating: false, ...before } as ServerState;
        const pool = { name: "minio", replicas: 1, selector: {} };
        const wanted = { namespace: "a", pools: [pool] } as unknown as WantedCluster;
        const observer = new Observer({ pods: async () => now } as unknown as Kubernetes, wanted);
        return observer.hasLost({ pools: [{ servers: [server] }] } as unknown as ClusterState);
    }
    const ends = { ...pod(true), metadata: { ...pod(true).metadata, deletionTimestamp: new Date() } };
    const another = { ...pod(true), metadata: { name: "minio-0", uid: "2" } };

    it("counts where a server ends, is gone, is another one or is no longer ready", async () => {
        for (const now of [[ends], [], [another], [pod(false)]]) {
            assert.equal(await loses({}, ...now), true);
        }
        assert.equal(await loses({ ready: false }, ends), true);
        assert.equal(await loses({ ready: false }, pod(false, { restarts: 1 })), true);
    });

    it("does not where one comes further, as others of a large cluster always do", async () => {
        assert.equal(await loses({}, pod(true)), false);
        assert.equal(await loses({ ready: false }, pod(true)), false);
        assert.equal(await loses({ ready: false }, pod(false)), false);
        assert.equal(await loses({ crashed: true }, pod(true, { restarts: 1 })), false);
        assert.equal(await loses({ uid: undefined }, another), false);
        assert.equal(await loses({ terminating: true }), false);
        assert.equal(await loses({ terminating: true }, another), false);
    });
});
