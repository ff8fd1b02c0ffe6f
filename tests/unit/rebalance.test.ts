import assert from "node:assert/strict";
import { move, type Seen, statusOf, told, whatIsLeft } from "../../components/update/rebalance";

describe("how far objects have moved between pools", () => {
    const status = { isRunning: false, hasFailed: false, used: [0.5, 0.487], objects: 12, bytes: 3 * 2 ** 30 };

    it("is told with how full each pool is", () => {
        assert.equal(
            told({ ...status, isRunning: true }),
            "MinIO moved 12 objects (3.0 GiB) between pools, and goes on; used are pool 0 50 %, pool 1 49 %",
        );
        assert.match(told(status), /, and has ended; used are/);
        assert.match(told(undefined), /has not moved any object/);
    });

    it("says what to do where it could not go on", () => {
        assert.match(told({ ...status, hasFailed: true }), /could not move all: .* mc admin rebalance stop ALIAS/);
    });
});

describe("moving objects between pools", () => {
    const ended = { isRunning: false, hasFailed: false, used: [0.5, 0.5], objects: 1, bytes: 1 };
    const moving = async (seen: Pick<Seen, "status" | "pools">, pools: string, follows = false) => {
        const did: string[] = [];
        const admin = { startRebalance: async () => void did.push("start"), rebalance: async () => ended };
        const keep = async (kept: string) => void did.push(kept);
        await move({ ...seen, admin, keep }, pools, follows, () => {});
        return did;
    };

    it("begins, and is not begun a second time for the same pools by a run that only looks how far it is", async () => {
        assert.deepEqual(await moving({}, "a b"), ["start", "a b"]);
        assert.deepEqual(await moving({ status: ended, pools: "a b" }, "a b", true), []);
        assert.deepEqual(await moving({ status: ended, pools: "a b" }, "a b"), ["start", "a b"]);
    });

    it("begins for a pool that was added while objects moved, as soon as MinIO has ended that", async () => {
        const running = { ...ended, isRunning: true };
        assert.deepEqual(await moving({ status: running, pools: "a b" }, "a b c"), []);
        assert.match(whatIsLeft({ status: running, pools: "a b" }, "a b c") ?? "", /and goes on/);
        assert.match(whatIsLeft({ status: ended, pools: "a b" }, "a b c") ?? "", /^MinIO moves objects to the emptier/);
        assert.deepEqual(await moving({ status: ended, pools: "a b" }, "a b c", true), ["start", "a b c"]);
        assert.equal(whatIsLeft({ status: ended, pools: "a b c" }, "a b c"), undefined);
    });

    it("begins for fewer pools, though MinIO cannot tell of a rebalance with a pool that has left since", async () => {
        const failing = async () => {
            throw new Error("MinIO answers GET /minio/admin/v3/rebalance/status with 500: InternalError: try again");
        };
        const admin = { rebalance: failing };
        const status = await statusOf(admin, "a\nb\nc", "a\nb");
        assert.equal(status, undefined);
        assert.match(whatIsLeft({ status, pools: "a\nb\nc" }, "a\nb") ?? "", /^MinIO moves objects to the emptier/);
        assert.deepEqual(await moving({ status, pools: "a\nb\nc" }, "a\nb", true), ["start", "a\nb"]);
        assert.deepEqual(await statusOf({ rebalance: async () => ended }, "a\nb", "a\nb"), ended);
        assert.deepEqual(await statusOf({ rebalance: async () => ended }, "a\nb", "a\nb\nc"), ended);
        await assert.rejects(statusOf(admin, undefined, "a\nb"), /500: InternalError.*mc admin rebalance start ALIAS/);
        const away = async () => Promise.reject(new Error("no server answers"));
        await assert.rejects(statusOf({ rebalance: away }, undefined, "a"), /^Error: no server answers$/);
    });

    it("says what to do where the last one has failed, as MinIO begins no other", async () => {
        const failed = { ...ended, hasFailed: true };
        await assert.rejects(
            moving({ status: failed, pools: "a b" }, "a b c"),
            /^Error: rebalance: .*mc admin rebalance stop/,
        );
    });
});
