import assert from "node:assert/strict";
import {
    departingPools,
    departureOf,
    departureProblems,
    readdressProblems,
} from "../../components/change/decommission";
import type { Kubernetes } from "../../components/kubernetes/client";
import type { Decommission, PoolStatus } from "../../components/live/admin";
import { askServers } from "../../components/live/poolStatuses";
import { podTemplate } from "../../components/server/podTemplate";
import { namesOf } from "../../components/spec/names";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";
import { poolsBy } from "../../components/update/decommission";
import { pod } from "../support/fakeDrives";

const templateOf = (args: KnownArgs) => podTemplate(namesOf("minio"), withDefaults(args), 0);
const second = "http://minio-pool-1-{0...3}.minio-headless.default.svc.cluster.local:9000/data";
const third = second.replace("pool-1", "pool-2");

describe("a pool that leaves", () => {
    it("is the last one, whatever else changes", () => {
        const three = templateOf({ expansionPools: [{}, {}] });
        assert.deepEqual(departingPools(three, three), []);
        assert.deepEqual(departingPools(templateOf({}), three), []);
        assert.deepEqual(departingPools(three, templateOf({ expansionPools: [{}] })), [third]);
        assert.deepEqual(departingPools(three, templateOf({ tls: { secretName: "own" } })), [second, third]);
    });

    const first = (freeSize: number): PoolStatus => ({ id: 0, cmdline: "http://first", totalSize: 9000, freeSize });
    const status = (state?: Decommission["state"]): PoolStatus => {
        const counts = { objects: 7, objectsFailed: 2, bytes: 700, bytesFailed: 200 };
        const decommission = state && { state, startTime: "2025-09-07T16:13:09Z", ...counts };
        return { id: 1, cmdline: second, totalSize: 1000, freeSize: 400, decommission };
    };
    for (const [state, expected] of [
        [undefined, /vanish, and MinIO was not asked to move them\. Put it back/],
        ["running", /vanish, and MinIO is still moving them \(7 are moved\)\. Put it back/],
        ["failed", /vanish, and MinIO could not move 2 of them\. Put it back/],
        ["canceled", /vanish, and moving them was cancelled\. Put it back/],
    ] as [Decommission["state"] | undefined, RegExp][]) {
        it(`is refused when its decommission is ${state}, with what to do`, () => {
            const [problem, ...others] = departureProblems([second], { pools: [status(state)] });
            assert.deepEqual(others, []);
            assert.match(problem, expected);
            assert.ok(problem.startsWith(`expansionPools: the pool ${second} cannot leave`));
            assert.match(problem, /with decommission: true, and run pulumi up/);
        });
    }

    it("may leave once MinIO has moved its objects, or when it has left already", () => {
        assert.deepEqual(departureProblems([second], { pools: [status("complete")] }), []);
        assert.deepEqual(departureProblems([second], { pools: [first(0)] }), []);
        assert.deepEqual(departureProblems([], { pools: [] }), []);
    });

    for (const [what, cmdline] of [
        ["another domain", second.replace("cluster.local", "wrong.example")],
        ["another scheme", second.replace("http:", "https:")],
    ] as const) {
        it(`is refused where the servers know it by ${what} than Pulumi's state, and its objects are not moved`, () => {
            assert.match(
                departureProblems([cmdline], { pools: [first(0), status()] }).join(),
                /would vanish, and MinIO was not asked to move them\. Put it back/,
            );
            assert.deepEqual(departureProblems([cmdline], { pools: [first(0), status("complete")] }), []);
        });
    }

    it("is told of by the server that knows the most pools, and by any where none answers better", async () => {
        const listed = [{ id: 0, cmdline: "http://minio-{0...3}/data" }];
        const answers: Record<string, unknown[] | undefined> = {
            "minio-0": listed,
            "minio-1": [...listed, { id: 1, cmdline: second }],
            "minio-2": undefined,
        };
        const kubernetes = {
            pods: async () => Object.keys(answers).map((name) => ({ ...pod(name), status: { phase: "Running" } })),
            send: async (_: string, server: string) =>
                answers[server] ? { status: 200, body: JSON.stringify(answers[server]) } : { status: 503, body: "" },
        } as unknown as Kubernetes;
        const credentials = { rootUser: "admin", rootPassword: "not shown" };
        const pools = [{ name: "minio", replicas: 3 }];
        const cluster = { kubernetes, namespace: "a", statefulSet: "minio", selector: {}, pools, scheme: "http" };
        const live = { ...cluster, credentials };
        const idsOf = async () => {
            const statuses = await askServers(live);
            return "pools" in statuses ? statuses.pools.map(({ id }) => id) : statuses.unknown;
        };
        assert.deepEqual(await idsOf(), [0, 1]);
        answers["minio-1"] = undefined;
        assert.deepEqual(await idsOf(), [0]);
        answers["minio-0"] = undefined;
        assert.match(String(await idsOf()), /^MinIO cannot be asked: .*503/);
    });

    it("is refused when MinIO cannot be asked, and why", () => {
        assert.match(
            departureProblems([second], { unknown: "no server answers" })[0],
            /would vanish, and no server answers\. Put it/,
        );
    });

    for (const [field, changes] of [
        ["tls", { tls: { secretName: "own" } }],
        ["clusterDomain", { clusterDomain: "other.example" }],
    ] as [string, KnownArgs][]) {
        it(`keeps its address while it is decommissioned: a change of ${field} is refused, and what to do`, () => {
            const two = templateOf({ expansionPools: [{}] });
            const changed = templateOf({ expansionPools: [{}], ...changes });
            const [problem = "", ...others] = readdressProblems(two, changed, [1]);
            assert.deepEqual(others, []);
            assert.ok(problem.startsWith(`${field}: a change is not allowed while a pool has decommission: true`));
            assert.match(
                problem,
                /\(expansionPools\[0\]\): .* Let the pool leave first; where MinIO was not asked yet/,
            );
            assert.deepEqual(readdressProblems(two, changed, []), []);
            assert.deepEqual(readdressProblems(two, templateOf({ expansionPools: [{}, {}] }), [1]), []);
            assert.deepEqual(readdressProblems(two, templateOf({ ...changes }), [1]), [], "it has left");
        });
    }

    for (const [state, starts, told] of [
        [undefined, true, /^\S+: MinIO moves 600 B from it to the other pools, which have room for 700 B$/],
        ["running", false, /^\S+: 7 objects \(700 B\) are moved, 2 could not be; MinIO goes on$/],
        ["complete", false, /: all its objects are moved: take the pool out of expansionPools, and run pulumi up$/],
        ["failed", true, /^\S+: 7 objects \(700 B\) are moved, and 2 could not be; .* Once more: MinIO moves 600 B/],
        ["canceled", true, /^\S+: somebody cancelled it\. Once more: MinIO moves 600 B/],
    ] as [Decommission["state"] | undefined, boolean, RegExp][]) {
        it(`${starts ? "is begun" : "is not begun"} where it is ${state}, and how far it is is told`, () => {
            const departure = departureOf([second], [first(700), status(state)]);
            assert.equal(departure.start, starts ? second : undefined);
            assert.match(departure.lines.join("\n"), told);
            assert.deepEqual(departure.problems, []);
            assert.equal(departure.isLeft, state !== "complete");
        });
    }

    it("begins with the last one, and with the one before when that is complete", () => {
        const last = (state?: Decommission["state"]) => ({ ...status(state), id: 2, cmdline: third });
        const startOf = (state?: Decommission["state"], before?: Decommission["state"]) =>
            departureOf([second, third], [first(2000), status(before), last(state)]).start;
        assert.equal(startOf(), third);
        assert.equal(startOf("running"), undefined);
        assert.equal(startOf(undefined, "running"), undefined);
        assert.equal(startOf("complete"), second);
        assert.equal(startOf("failed"), third);
        assert.equal(startOf("complete", "complete"), undefined);
        const { lines } = departureOf([second, third], [first(2000), status(), last()]);
        assert.match(lines[1] ?? "", /pool-1-\S+: MinIO moves its objects after those of another pool$/);
    });

    it("is begun with a warning where the pools that stay seem full: drives may share a file system with others", () => {
        const full = departureOf([second], [first(599), status()]);
        assert.equal(full.start, second);
        assert.deepEqual(full.problems, []);
        assert.match(
            full.warnings.join(),
            /^the other pools have room for 599 B, and 600 B of \S+pool-1\S+ are used: MinIO may not/,
        );
        assert.deepEqual(departureOf([second], [first(600), status()]).warnings, []);
    });

    it("is not begun where MinIO does not know it", () => {
        const unknown = departureOf([second], [first(700)]);
        assert.equal(unknown.start, undefined);
        assert.match(unknown.problems.join(), /^MinIO has no pool \S+pool-1\S+, but http:\/\/first$/);
        assert.ok(unknown.isLeft);
    });

    it("has nothing moved into a pool that leaves too, nor into one that is decommissioned", () => {
        const gone: PoolStatus = { ...status("complete"), id: 2, cmdline: third, freeSize: 900 };
        assert.match(departureOf([second], [first(599), status(), gone]).warnings.join(), /have room for 599 B/);
    });

    it("is told of by another server where its first one is away", async () => {
        const asked: string[] = [];
        const kubernetes = {
            pods: async () => [{ ...pod("minio-1"), status: { phase: "Running" } }],
            send: async (_: string, server: string) => {
                asked.push(server);
                return server === "minio-1" ? { status: 200, body: "[]" } : { status: 503, body: "" };
            },
        } as unknown as Kubernetes;
        const credentials = { rootUser: "admin", rootPassword: "not shown" };
        const live = {
            kubernetes,
            namespace: "a",
            statefulSet: "minio",
            selector: {},
            pools: [{ name: "minio", replicas: 4 }],
            scheme: "http",
            credentials,
        };
        assert.deepEqual(await poolsBy(live, "minio-pool-1-0"), []);
        assert.deepEqual(asked, ["minio-pool-1-0", "minio-1"]);
        await assert.rejects(
            poolsBy({ ...live, kubernetes: { ...kubernetes, pods: async () => [] } as never }, "minio-0"),
            /503/,
        );
    });
});
