import assert from "node:assert/strict";
import { quorumDifference, toldQuorums } from "../../components/live/quorums";
import { type Topology, topologyOf } from "../../components/minio/topology";
import { clusterOf } from "../../components/spec/cluster";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";

describe("the quorums that MinIO tells", () => {
    const of = (servers: number[], parity?: number) =>
        topologyOf(
            servers.map((count) => ({ servers: count, drivesPerServer: 1, driveBytes: 1 })),
            parity,
        ) as Topology;

    it("are the same as those that are counted with, or both are named with the way out", () => {
        assert.equal(quorumDifference({ write: 4, read: 3 }, of([6])), undefined);
        const difference = quorumDifference({ write: 5, read: 5 }, of([6])) ?? "";
        assert.match(
            difference,
            /write quorum is 5 and its read quorum 5.* count with 4 and 3, by a parity of 3 in sets of 6/,
        );
        assert.match(difference, /MINIO_STORAGE_CLASS_STANDARD to EC:1/);
        assert.equal(quorumDifference({ write: 5, read: 5 }, of([6], 1)), undefined);
    });

    it("are the largest of all pools, as its health endpoints tell them", () => {
        assert.equal(quorumDifference({ write: 4, read: 4 }, of([4, 6])), undefined);
        assert.ok(quorumDifference({ write: 3, read: 2 }, of([4, 6])));
    });

    it("are no parity that could be set where sets of another size are told", () => {
        assert.doesNotMatch(quorumDifference({ write: 2, read: 1 }, of([8])) ?? "", /to EC:/);
        assert.match(quorumDifference({ write: 2, read: 1 }, of([8])) ?? "", /config reset/);
    });

    type Headers = Record<string, string>;
    const asked = async (
        headersOf: (pod: string, path: string) => Headers | undefined,
        others: KnownArgs = {},
        patience = 0,
    ) => {
        const pods: string[] = [];
        const ask = async (_: string, pod: string, __: string, path: string) => {
            pods.push(pod);
            const headers = headersOf(pod, path);
            return headers && { status: 503, headers, body: "" };
        };
        const cluster = clusterOf("minio", withDefaults({ expansionPools: [{}], ...others }));
        return { told: await toldQuorums({ ask }, cluster, patience), pods };
    };
    const header = (path: string, write = "3", read = "2"): Headers =>
        path.endsWith("/read") ? { "x-minio-read-quorum": read } : { "x-minio-write-quorum": write };

    it("are those of a server that runs what the program wants", async () => {
        const { told, pods } = await asked((_, path) => header(path), { partition: 3 });
        assert.deepEqual([told, pods], [{ quorums: { write: 3, read: 2 } }, ["minio-3", "minio-3"]]);
        const back = await asked((_, path) => header(path), { partition: 4 });
        assert.match(JSON.stringify(back.told), /partition keeps all of them back/);
        assert.deepEqual(back.pods, []);
    });

    it("are another server's where the first does not answer, or has not read its configuration", async () => {
        const { told, pods } = await asked(
            (pod, path) =>
                ({
                    "minio-3": undefined,
                    "minio-2": { ...header(path, "9", "9"), "x-minio-storage-class-defaults": "true" },
                })[pod] ?? (pod === "minio-3" ? undefined : header(path)),
            {},
            5_000,
        );
        assert.deepEqual([told, pods.at(-1)], [{ quorums: { write: 3, read: 2 } }, "minio-1"]);
    });

    it("are not known where nobody tells them, as by a MinIO without these headers", async () => {
        assert.match(JSON.stringify((await asked(() => ({}))).told), /minio-3 does not tell its quorums/);
    });
});
