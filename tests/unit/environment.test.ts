import assert from "node:assert/strict";
import { environmentOf } from "../../components/server/environment";
import { namesOf } from "../../components/spec/names";
import { withDefaults } from "../../components/spec/spec";

describe("the servers' variables", () => {
    const of = (environment?: Record<string, string>) =>
        environmentOf(namesOf("minio"), withDefaults({ namespace: "storage", environment }));
    const peers = ".minio-headless.storage.svc.cluster.local";

    it("are those given, over the defaults", () => {
        assert.deepEqual(of(), { MINIO_DNS_CACHE_TTL: "1s" });
        assert.deepEqual(of({ MINIO_DNS_CACHE_TTL: "5s", TZ: "UTC" }), { MINIO_DNS_CACHE_TTL: "5s", TZ: "UTC" });
    });

    it("keep what servers tell each other from a proxy", () => {
        for (const name of ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"]) {
            assert.equal(of({ [name]: "http://proxy:3128" }).NO_PROXY, peers);
        }
    });

    it("keep one's own exceptions from it too, under the name that they have", () => {
        const proxy = { HTTPS_PROXY: "http://proxy:3128" };
        assert.equal(of({ ...proxy, NO_PROXY: "10.0.0.0/8,.svc" }).NO_PROXY, `10.0.0.0/8,.svc,${peers}`);
        const { no_proxy, NO_PROXY } = of({ ...proxy, no_proxy: "*" });
        assert.deepEqual([no_proxy, NO_PROXY], [`*,${peers}`, undefined]);
        assert.equal(of({ NO_PROXY: "a" }).NO_PROXY, "a", "there is no proxy");
    });
});
