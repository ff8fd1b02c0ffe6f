import assert from "node:assert/strict";
import { namesOf } from "../../components/spec/names";
import { addressesProblem, renamingProblem } from "../../components/update/renaming";

describe("renamingProblem", () => {
    it("is none of a cluster that keeps its name, in whatever namespace", () => {
        assert.equal(renamingProblem("minio-headless", namesOf("minio")), undefined);
        assert.equal(renamingProblem("storage/minio-headless", namesOf("minio")), undefined);
    });

    it("names both names, and the way out", () => {
        const problem = renamingProblem("storage/my-minio-headless", namesOf("store")) ?? "";
        assert.match(
            problem,
            /^the cluster 'my-minio' cannot become 'store': .*empty drives. Keep the name 'my-minio'; or/,
        );
        assert.match(problem, /without the alias.*restoreFrom/);
    });
});

describe("addressesProblem", () => {
    const now = { ipFamilies: ["IPv6", "IPv4"] };

    it("is none where the first kind stays, or was never named", () => {
        for (const named of [["IPv6"], ["IPv6", "IPv4"]]) {
            assert.equal(addressesProblem(now, {}, { ipFamilies: named }), undefined);
            assert.equal(addressesProblem(now, { ipFamilies: ["IPv6"] }, { ipFamilies: named }), undefined);
        }
        assert.equal(addressesProblem(now, {}, {}), undefined);
        assert.equal(addressesProblem(undefined, {}, { ipFamilies: ["IPv6"] }), undefined);
    });

    it("names the argument, the kind that the Services have, and the way out", () => {
        const problem = addressesProblem(now, { ipFamilies: ["IPv6"] }, { ipFamilies: ["IPv4", "IPv6"] }) ?? "";
        assert.match(
            problem,
            /^ipFamilies: 'IPv4' is not allowed as the first one: the Services have IPv6 first, .*: begin with IPv6/,
        );
        assert.match(addressesProblem(now, {}, { ipFamilies: ["IPv4"] }) ?? "", /^ipFamilies: 'IPv4' is not/);
        const left = addressesProblem(now, { ipFamilies: ["IPv6"] }, {}) ?? "";
        assert.match(
            left,
            /^ipFamilies: to leave it out is not allowed: the Services have IPv6 first, .*: begin with IPv6/,
        );
    });
});
