import assert from "node:assert/strict";
import type { AnyObject, Kubernetes, ObjectReference } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";
import { seenValues } from "../../components/live/referencedValues";
import { clusterOf } from "../../components/spec/cluster";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const secret = (name: string, data: Record<string, string>) => ({
    kind: "Secret",
    metadata: { name },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
});
const inSecret = (name: string, key: string) => ({ secretKeyRef: { name, key } });

/** A Kubernetes cluster with these objects; of some kinds it answers with an error. */
function kubernetesWith(objects: object[], errors: Record<string, Error> = {}, annotation?: string) {
    const asked: string[] = [];
    const answer = <T>(kind: string, value: T) => {
        asked.push(kind);
        if (errors[kind]) {
            throw errors[kind];
        }
        return value;
    };
    const annotations = annotation === undefined ? {} : { "minio-cluster/values": annotation };
    const kubernetes = {
        read: async ({ kind, metadata }: ObjectReference) =>
            answer(
                kind,
                (objects as AnyObject[]).find((one) => one.kind === kind && one.metadata.name === metadata.name),
            ),
        statefulSet: async () => answer("StatefulSet", { spec: { template: { metadata: { annotations } } } }),
    } as unknown as Kubernetes;
    return { kubernetes, asked };
}

const forbidden = new KubernetesError("a right is missing", false, 403);

describe("what the servers read from Secrets and ConfigMaps", () => {
    const environmentFrom = {
        A: inSecret("one", "a"),
        B: inSecret("one", "b"),
        C: { configMapKeyRef: { name: "map", key: "c" } },
    };
    const see = (kubernetes: Kubernetes, args: KnownArgs = { environmentFrom }) =>
        seenValues(kubernetes, clusterOf("minio", withDefaults({ namespace: "storage", ...args })));
    const one = secret("one", { a: "s3cr3t", b: "s3cr3t" });
    const map = { kind: "ConfigMap", metadata: { name: "map" }, data: { c: "shown" } };

    it("has a digest by variable, which follows its value alone, and tells none of it", async () => {
        const { kubernetes, asked } = kubernetesWith([one, map]);
        const { digests, unchecked } = await see(kubernetes);
        assert.deepEqual(unchecked, []);
        assert.deepEqual(Object.keys(digests), ["A", "B", "C"]);
        for (const digest of Object.values(digests)) {
            assert.match(digest, /^[0-9a-f]{8}$/);
        }
        assert.notEqual(digests.A, digests.B, "it does not tell that two values are the same");
        assert.deepEqual(asked, ["Secret", "ConfigMap"], "each object is read one time");
        const again = secret("one", { a: "s3cr3t\n", b: "another", unread: "new" });
        const later = await see(kubernetesWith([again, map]).kubernetes);
        assert.equal(later.digests.A, digests.A, "MinIO leaves out the line break");
        assert.notEqual(later.digests.B, digests.B);
        assert.equal(later.digests.C, digests.C);
    });

    it("has bytes of a ConfigMap too", async () => {
        const binary = { kind: "ConfigMap", metadata: { name: "map" }, binaryData: { c: base64("shown") } };
        const [{ digests: text }, { digests: bytes }] = await Promise.all(
            [map, binary].map((object) => see(kubernetesWith([one, object]).kubernetes)),
        );
        assert.equal(bytes.C, text.C);
    });

    it("stays as the servers have it where it may not be read, which is said", async () => {
        const last = JSON.stringify({ A: "0123abcd", X: "is no longer read" });
        const { digests, unchecked } = await see(kubernetesWith([map], { Secret: forbidden }, last).kubernetes);
        assert.deepEqual(Object.keys(digests).sort(), ["A", "C"]);
        assert.equal(digests.A, "0123abcd");
        assert.deepEqual(unchecked, [
            "whether these have other values than before: A (the Secret 'one'), B (the Secret 'one'): a right to look is missing " +
                "(docs/rbac-checks.yaml)",
        ]);
        const nothing = await see(kubernetesWith([map], { Secret: forbidden, StatefulSet: forbidden }).kubernetes);
        assert.deepEqual(Object.keys(nothing.digests), ["C"]);
    });

    it("is not guessed where the Kubernetes API does not answer", async () => {
        const away = new KubernetesError("away", true);
        await assert.rejects(see(kubernetesWith([one, map], { ConfigMap: away }).kubernetes), /away/);
    });

    it("has no digest where it is not there: the preview says so", async () => {
        const { digests } = await see(kubernetesWith([secret("one", { a: "s3cr3t" })]).kubernetes);
        assert.deepEqual(Object.keys(digests), ["A"]);
        const last = JSON.stringify({ B: "0123abcd" });
        const gone = await see(kubernetesWith([secret("one", { a: "s3cr3t" }), map], {}, last).kubernetes);
        assert.equal(gone.digests.B, "0123abcd", "the servers have its value, and need no restart");
    });
});
