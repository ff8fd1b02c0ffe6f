import assert from "node:assert/strict";
import { told } from "../../components/update/rebalance";

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
