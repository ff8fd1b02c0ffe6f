import assert from "node:assert/strict";
import { imageWarnings } from "../../components/spec/imageWarnings";
import { defaultImage } from "../../components/spec/spec";

const digest = `@sha256:${"0".repeat(64)}`;
const [shortDefault] = defaultImage.split("@");

describe("the warnings of an image", () => {
    it("are none for the default, for a mirror of it, and for one of which nothing is known", () => {
        for (const image of [
            defaultImage,
            "registry.example.org/mirror/silo:RELEASE.2026-09-16T00-00-00Z",
            "quay.io/minio/aistor/minio:RELEASE.2026-04-11T03-20-12Z",
            `cgr.dev/chainguard/minio${digest}`,
        ]) {
            assert.deepEqual(imageWarnings({ image }), []);
        }
    });

    it("name the worst flaw, what it does, how many more there are, and the way out, in one text", () => {
        const image = "registry.example.org/minio/minio:RELEASE.2025-09-07T16-13-09Z";
        assert.deepEqual(imageWarnings({ image }), [
            "image: MinIO RELEASE.2025-09-07T16-13-09Z has CVE-2026-41145: whoever knows an access key, which every presigned URL " +
                "shows, can write objects without its secret key. Known flaws besides: 14. " +
                `The default, ${shortDefault}, has the fixes: leave image out (the list: docs/security.md)`,
        ]);
    });

    it("do not say of an image that others built that nobody has mended it", () => {
        const [warning] = imageWarnings({ image: "alpine/minio:RELEASE.2025-10-15T17-29-55Z" });
        assert.match(warning, /can write objects without its secret key, unless its builder has mended that\. Known/);
    });

    it("tell of the registries that no longer give the official image, and the way out", () => {
        const wayOut = `leave image out for the default, ${shortDefault}, or name a mirror of yours`;
        for (const image of [
            "minio/minio",
            "docker.io/minio/minio",
            "index.docker.io/minio/minio",
            "quay.io/minio/minio",
        ]) {
            const [warning, ...others] = imageWarnings({ image: `${image}${digest}` });
            assert.match(
                warning,
                /^image: (docker|quay)\.io\/minio\/minio (is gone|refuses pulls without a login) since 2026-09/,
            );
            assert.ok(warning.endsWith(wayOut), warning);
            assert.deepEqual(others, []);
        }
    });

    it("leave those alone who pull from there with a login", () => {
        const imagePullSecrets = [{ name: "quay" }];
        assert.deepEqual(imageWarnings({ image: `quay.io/minio/minio${digest}`, imagePullSecrets }), []);
        assert.equal(imageWarnings({ image: `minio/minio${digest}`, imagePullSecrets }).length, 1);
    });
});
