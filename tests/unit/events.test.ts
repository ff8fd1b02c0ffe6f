import assert from "node:assert/strict";
import type { CoreV1Event, V1Pod } from "@kubernetes/client-node";
import type { Kubernetes } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";
import { hindrances, Trouble } from "../../components/rollout/events";
import type { ClusterState, ServerState } from "../../components/rollout/plan";

const pool = {
    name: "minio",
    selector: {},
    partition: 0,
    replicas: 4,
    erasureSets: 1,
    serversThatMayFail: 1,
    restartsAtOnce: 1,
    storageSize: "1Gi",
};
const admin = async () => assert.fail("no drive is asked for");
const wanted = {
    namespace: "a",
    scheme: "http",
    bootQuorum: 1,
    pools: [pool, { ...pool, name: "minio-pool-1" }],
    admin,
};
const event = (kind: string, name: string, reason: string, message: string, more: Partial<CoreV1Event> = {}) =>
    ({ involvedObject: { kind, name, uid: "1" }, reason, message, metadata: {}, ...more }) as CoreV1Event;
const refused = (server: string, why: string, more: Partial<CoreV1Event> = {}) =>
    event(
        "StatefulSet",
        server.replace(/-\d+$/, ""),
        "FailedCreate",
        `create Pod ${server} in StatefulSet minio failed error: pods "${server}" is forbidden: ${why}`,
        more,
    );
const pod = (uid: string): V1Pod => ({
    metadata: { name: "minio-0", uid },
    spec: { containers: [], volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data-minio-0" } }] },
    status: { phase: "Pending" },
});
const textsOf = (events: CoreV1Event[], waiting: { server: string; pod?: V1Pod }[]) =>
    hindrances(events, wanted, waiting).map(({ server, text }) => `${server} ${text}`);

describe("why servers do not come up", () => {
    it("is the newest event that tells why Kubernetes makes no pod, of the server's own pool", () => {
        const events = [
            refused("minio-1", "exceeded quota", { lastTimestamp: new Date(1_000) }),
            refused("minio-1", "no PriorityClass with name a was found", { lastTimestamp: new Date(2_000) }),
            refused("minio-11", "of another server", { lastTimestamp: new Date(3_000) }),
            refused("minio-pool-1-1", "of another pool", { lastTimestamp: new Date(3_000) }),
        ];
        const [text, ...others] = textsOf(events, [{ server: "minio-1" }, { server: "minio-2" }]);
        assert.match(text, /^minio-1 FailedCreate: .* is forbidden: no PriorityClass with name a was found$/);
        assert.deepEqual(others, []);
        assert.match(textsOf(events, [{ server: "minio-pool-1-1" }])[0], /of another pool$/);
    });

    it("is what is said of the very pod, and of its drives' claims, and not of its probes", () => {
        const events = [
            event("Pod", "minio-0", "Unhealthy", "Readiness probe failed"),
            event(
                "Pod",
                "minio-0",
                "FailedMount",
                'MountVolume.SetUp failed: secret "t" not found\u001b[2J\n::debug::',
            ),
        ];
        assert.deepEqual(textsOf(events, [{ server: "minio-0", pod: pod("1") }]), [
            'minio-0 FailedMount: MountVolume.SetUp failed: secret "t" not found\\u{1b}[2J; ::debug::',
        ]);
        assert.deepEqual(textsOf(events, [{ server: "minio-0", pod: pod("of an earlier pod") }]), []);
        const claim = event(
            "PersistentVolumeClaim",
            "data-minio-0",
            "ProvisioningFailed",
            'storageclass "a" not found',
        );
        assert.deepEqual(textsOf([claim], [{ server: "minio-0", pod: pod("2") }]), [
            'minio-0 ProvisioningFailed: storageclass "a" not found',
        ]);
    });
});

describe("a rollout that waits", () => {
    const server = (name: string, ready: boolean) => ({ name, ready }) as ServerState;
    const state = { pools: [{ servers: [server("minio-0", false), server("minio-1", false)] }] } as ClusterState;
    const cluster = (events: () => CoreV1Event[]) => ({ events: async () => events() }) as unknown as Kubernetes;

    it("warns in seconds, of each reason once and of all servers together, and has it in its last error", async () => {
        const warnings: string[] = [];
        const events = [refused("minio-0", "exceeded quota: q"), refused("minio-1", "exceeded quota: q")];
        const trouble = new Trouble(
            cluster(() => events),
            wanted,
            (text) => warnings.push(text),
        );
        await trouble.look(state, [], 10_000);
        assert.deepEqual(warnings, [], "a pod that is just deleted is missing for a moment");
        for (let now = 10_500; now < 60_000; now += 500) {
            await trouble.look(state, [], now);
            assert.equal(warnings.length, now < 14_000 ? 0 : 1);
        }
        assert.match(warnings[0], /^servers do not come up: minio-0, minio-1: FailedCreate: .*exceeded quota: q$/);
        assert.match(trouble.lines()[0], /^Kubernetes says: minio-0, minio-1: FailedCreate: .*exceeded quota: q$/);
    });

    it("does not warn of what passes by itself, unless it stays", async () => {
        const warnings: string[] = [];
        const pending = event("Pod", "minio-0", "FailedScheduling", "pod has unbound immediate PersistentVolumeClaims");
        const kubernetes = { events: async () => [pending] } as unknown as Kubernetes;
        const trouble = new Trouble(kubernetes, wanted, (text) => warnings.push(text));
        for (const [now, expected] of [
            [10_000, 0],
            [25_000, 0],
            [31_000, 1],
        ]) {
            await trouble.look(state, [pod("1")], now);
            assert.equal(warnings.length, expected);
        }
    });

    it("goes on without the right to list events, and says so in its last error", async () => {
        let asked = 0;
        const trouble = new Trouble(
            cluster(() => {
                asked++;
                throw new KubernetesError("a right is missing", false, 403);
            }),
            wanted,
            () => assert.fail("it warns"),
        );
        await trouble.look(state, [], 10_000);
        await trouble.look(state, [], 20_000);
        assert.equal(asked, 1);
        assert.match(trouble.lines()[0], /right to list them: docs\/rbac.yaml/);
    });
});
