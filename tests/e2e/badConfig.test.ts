import assert from "node:assert/strict";
import { isLong } from "../support/longForm";
import { execute, Project } from "../support/project";

describe("bad configuration of a stack", () => {
    const project = new Project("e2e-bad-config");

    before(() => project.init());
    after(() => project.remove());

    const cases: [Record<string, unknown>, RegExp][] = [
        [{ replicas: 17 }, /replicas: 17 is not allowed.*use 14, 15, 16, 18/],
        [{ storageSize: "ten" }, /storageSize: 'ten' is not allowed: use a Kubernetes quantity, such as 10Gi/],
        [{ partition: -1 }, /partition: -1 is not allowed: use an integer from 0/],
        [{ replica: 8 }, /minio-cluster:replica: there is no such key/],
        [{ replicas: "four" }, /configuration key 'replicas' must be of type 'integer'/],
        [{ replicas: 17, storageSize: "ten", partition: -1 }, /replicas: 17.*storageSize: 'ten'.*partition: -1/s],
    ];
    for (const [change, expected] of isLong ? cases : cases.slice(3)) {
        it(`gives one clear error for ${JSON.stringify(change)}, and touches nothing`, async () => {
            await project.configure(change);
            const { code, text } = await project.execute("up", "--yes", "--skip-preview");
            await project.configure({ ...Object.fromEntries(Object.keys(change).map((key) => [key, undefined])) });
            assert.notEqual(code, 0, text);
            assert.match(text, expected);
            assert.doesNotMatch(text, /\n\s+at .*\.[jt]s:\d+/, "there is a stack trace");
            assert.notEqual((await execute("kubectl", ["get", "namespace", project.namespace])).code, 0);
        });
    }

    it("does not mind the numbers and flags that pulumi config set --path makes of text", async () => {
        await project.succeed("config", "set", "--path", "environment.MINIO_API_REQUESTS_MAX", "100");
        await project.succeed("config", "set", "--path", "clientService.annotations.internal", "true");
        const shown = await project.succeed("preview", "--json");
        assert.match(shown, /"name": "MINIO_API_REQUESTS_MAX",\s+"value": "100"/);
        assert.match(shown, /"internal": "true"/);
        await project.configure({ environment: undefined, clientService: undefined });
    });
});
