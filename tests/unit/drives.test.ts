import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { reshapingProblems, type Shape, shrinks } from "../../components/change/shape";
import type { Kubernetes } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";
import { growDrives, largestRequest, otherClaims, updateClaims } from "../../components/rollout/drives";

const claim = (name: string, storage: string, capacity = storage) => ({
    metadata: { name },
    spec: { resources: { requests: { storage } } },
    status: { phase: "Bound", capacity: { storage: capacity } },
});
const pool = {
    name: "minio",
    selector: {},
    partition: 0,
    replicas: 4,
    erasureSets: 1,
    serversThatMayFail: 1,
    restartsAtOnce: 1,
    storageSize: "2Gi",
};
const admin = async () => assert.fail("no drive is asked for");
const wanted = { namespace: "a", scheme: "http", bootQuorum: 1, pools: [pool], admin };
const fixed =
    'persistentvolumeclaims "data-minio-1" is forbidden: only dynamically provisioned pvc can be resized and the storageclass ' +
    "that provisions the pvc must support resize";

/** Four claims, of which the API refuses to grow some, by this. */
function cluster(refuses: (name: string, tries: boolean) => boolean) {
    const sizes = new Map([0, 1, 2, 3].map((ordinal) => [`data-minio-${ordinal}`, "1Gi"]));
    const kubernetes = {
        claims: async () => [...sizes].map(([name, storage]) => claim(name, storage)),
        async growClaim(_: string, name: string, storage: string, tries = false) {
            if (refuses(name, tries)) {
                throw new KubernetesError(fixed, false, 403);
            }
            if (!tries) {
                sizes.set(name, storage);
            }
        },
    } as unknown as Kubernetes;
    return { kubernetes, sizes };
}

describe("drives", () => {
    it("grow, all of them", async () => {
        const { kubernetes, sizes } = cluster(() => false);
        await growDrives(kubernetes, wanted, 5, () => {});
        assert.deepEqual([...new Set(sizes.values())], ["2Gi"]);
    });

    it("stay as they are, all of them, where one may not grow; the error says why, and that it can be set back", async () => {
        const { kubernetes, sizes } = cluster((name) => name === "data-minio-1");
        await assert.rejects(
            growDrives(kubernetes, wanted, 5, () => {}),
            {
                message:
                    `storageSize: data-minio-1 may not grow from 1Gi to 2Gi: ${fixed}; no drive has grown: set storageSize back to 1Gi, ` +
                    "or let the StorageClass or quota allow it",
            },
        );
        assert.deepEqual([...new Set(sizes.values())], ["1Gi"]);
    });

    it("stay as they are in every pool, where one of another pool may not grow", async () => {
        const { kubernetes, sizes } = cluster((name) => name.startsWith("data-minio-pool-1"));
        sizes.set("data-minio-pool-1-0", "1Gi");
        const claims = await kubernetes.claims("a", {});
        const of = ({ pool }: Record<string, string>) =>
            claims.filter(({ metadata }) => metadata?.name?.startsWith("data-minio-pool-1") === (pool === "1"));
        const pools = ["0", "1"].map((index) => ({ ...pool, selector: { pool: index } }));
        await assert.rejects(
            growDrives({ ...kubernetes, claims: async (_, labels) => of(labels) }, { ...wanted, pools }, 5, () => {}),
            /data-minio-pool-1-0 may not grow .*; no drive has grown: set storageSize back to 1Gi, /,
        );
        assert.deepEqual([...new Set(sizes.values())], ["1Gi"]);
    });

    it("that have grown in another pool are named, where one turns out not to be allowed to", async () => {
        const { kubernetes } = cluster((name, tries) => name === "data-minio-1" && !tries);
        const claims = await kubernetes.claims("a", {});
        const of = ({ pool }: Record<string, string>) =>
            claims.filter(({ metadata }) => (metadata?.name === "data-minio-0") === (pool === "0"));
        const pools = ["0", "1"].map((index) => ({ ...pool, selector: { pool: index } }));
        await assert.rejects(
            growDrives({ ...kubernetes, claims: async (_, labels) => of(labels) }, { ...wanted, pools }, 5, () => {}),
            /data-minio-1 may not grow .*these have grown already, and cannot shrink: data-minio-0\./,
        );
    });

    it("get the annotations and the attributes class that are wanted in their claims, where they have others", async () => {
        const claims: any[] = [
            { a: "1", own: "stays" },
            { a: "1", b: "2" },
        ].map((annotations, ordinal) => ({
            metadata: { name: `data-minio-${ordinal}`, annotations },
            spec: { volumeAttributesClassName: "gold" },
            status: { phase: "Bound" },
        }));
        const kubernetes = {
            claims: async () => claims,
            async patch({ metadata: { name } }: any, { metadata, spec }: any) {
                const found = claims.find((one) => one.metadata.name === name);
                const changed = { ...found.spec, ...JSON.parse(JSON.stringify(spec)) };
                // As `ValidatePersistentVolumeClaimUpdate` in Kubernetes, and a policy of the cluster.
                if (found.status.phase !== "Bound" && !isDeepStrictEqual(changed, found.spec)) {
                    throw new KubernetesError("spec is immutable", false, 422);
                }
                if (changed.volumeAttributesClassName === "lead" || metadata.annotations?.b === "no") {
                    throw new KubernetesError("our policy forbids it", false, 403);
                }
                Object.assign(found.metadata.annotations, metadata.annotations);
                found.spec = changed;
            },
        } as unknown as Kubernetes;
        const said: string[] = [];
        const update = async (claimAnnotations?: Record<string, string>, volumeAttributesClassName?: string) => {
            const pools = [{ ...pool, claimAnnotations, volumeAttributesClassName }];
            said.length = 0;
            await updateClaims(kubernetes, { ...wanted, pools }, (text) => said.push(text.slice(0, 12)));
            assert.deepEqual(await otherClaims(kubernetes, { ...wanted, pools }), []);
            return said;
        };
        assert.deepEqual(await update(), []);
        assert.deepEqual(await update({ b: "2" }), ["data-minio-0"]);
        assert.deepEqual(await update({ b: "2" }, "silver"), ["data-minio-0", "data-minio-1"]);
        assert.deepEqual(await update({ b: "2" }, "silver"), []);
        assert.deepEqual(claims[0], {
            metadata: { name: "data-minio-0", annotations: { a: "1", own: "stays", b: "2" } },
            spec: { volumeAttributesClassName: "silver" },
            status: { phase: "Bound" },
        });
        // Kubernetes changes no spec of a claim that is not bound: it gets the class when it is.
        claims[1].status.phase = "Pending";
        assert.deepEqual(await update({ b: "3" }, "gold"), ["data-minio-0", "data-minio-1"]);
        assert.deepEqual(await update({ b: "3" }, "gold"), []);
        assert.deepEqual(claims[1].metadata.annotations, { a: "1", b: "3" });
        claims[1].status.phase = "Bound";
        assert.deepEqual(await update({ b: "3" }, "gold"), ["data-minio-1"]);
        await assert.rejects(update({ b: "3" }, "lead"), {
            message:
                "volumeAttributesClassName: data-minio-0 may not have lead: our policy forbids it; " +
                "set it back, or have the Kubernetes cluster allow it",
        });
        await assert.rejects(
            update({ b: "no" }),
            /^Error: persistentVolumeClaimAnnotations: data-minio-0 may not have b=no: our policy forbids it; set/,
        );
    });

    it("may have another attributes class, and never none again", () => {
        const shape = (volumeAttributesClassName?: string): Shape => ({
            namespace: "a",
            podManagementPolicy: "Parallel",
            replicas: 4,
            drivesPerServer: 1,
            storageSize: "1Gi",
            volumeAttributesClassName,
        });
        assert.deepEqual(reshapingProblems(shape(), shape("gold")), []);
        assert.deepEqual(reshapingProblems(shape("gold"), shape("silver")), []);
        assert.match(
            reshapingProblems(shape("gold"), shape())[0],
            /^volumeAttributesClassName: gold cannot become the default: .* Set it back to gold, or name another class$/,
        );
    });

    it("that have grown already are named, where others turn out not to be allowed to", async () => {
        const { kubernetes } = cluster((name, tries) => name === "data-minio-2" && !tries);
        await assert.rejects(
            growDrives(kubernetes, wanted, 5, () => {}),
            /data-minio-2 may not grow .*these have grown already, and cannot shrink: data-minio-0, data-minio-1\./,
        );
    });

    it("may be wanted smaller again as long as none of them asks for more, whatever the last program wanted", () => {
        const shape = (storageSize: string): Shape => ({
            namespace: "a",
            podManagementPolicy: "Parallel",
            replicas: 4,
            drivesPerServer: 1,
            storageSize,
        });
        const claims = (...sizes: string[]) => sizes.map((size) => claim("data-minio-0", size));
        assert.ok(shrinks(shape("2Gi"), shape("1Gi")) && !shrinks(shape("1Gi"), shape("1024Mi")));
        const problems = (size: string | undefined) => reshapingProblems(shape(size ?? "2Gi"), shape("1Gi"));
        assert.deepEqual(problems(largestRequest(claims("1Gi", "1024Mi"))), []);
        assert.match(problems(largestRequest(claims("1Gi", "2Gi", "1Gi")))[0], /^storageSize: 2Gi cannot become 1Gi/);
        assert.equal(largestRequest([]), undefined);
    });
});
