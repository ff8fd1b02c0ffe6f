import assert from "node:assert/strict";
import { namesOf } from "../../components/spec/names";
import { renamingProblem } from "../../components/update/renaming";

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
