import assert from "node:assert/strict";
import { departingPools, departureProblems } from "../../components/change/decommission";
import type { Decommission, PoolStatus } from "../../components/live/admin";
import { podTemplate } from "../../components/server/podTemplate";
import { namesOf } from "../../components/spec/names";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";

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

    const status = (state?: Decommission["state"]): PoolStatus => {
        const counts = { objects: 7, objectsFailed: 2, bytes: 700, bytesFailed: 200, totalSize: 1000, freeSize: 400 };
        const decommission = state && { state, startTime: "2025-09-07T16:13:09Z", ...counts };
        return { id: 1, cmdline: second, decommission };
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
            assert.ok(problem.includes(`mc admin decommission start ALIAS '${second}'`));
        });
    }

    it("may leave once MinIO has moved its objects, or when it has left already", () => {
        assert.deepEqual(departureProblems([second], { pools: [status("complete")] }), []);
        assert.deepEqual(departureProblems([second], { pools: [{ id: 0, cmdline: "http://another" }] }), []);
        assert.deepEqual(departureProblems([], { pools: [] }), []);
    });

    it("is refused when MinIO cannot be asked, and why", () => {
        assert.match(
            departureProblems([second], { unknown: "no server answers" })[0],
            /would vanish, and no server answers\. Put it/,
        );
    });
});
