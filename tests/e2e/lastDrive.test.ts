import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { MinioProcesses } from "../support/minioProcesses";
import { get, makeBucket, put } from "../support/s3";
import { until } from "../support/until";

const bucket = "bucket";
const [older, newer] = ["older", "newer"].map((text) => Buffer.from(text));

/**
 * MinIO's fault behind what docs/reliability.md says of an acknowledged DELETE that is undone. Two clients write an
 * object at the same time: the one with the older time (`modTime` in `putObject`, taken before the lock) has the lock
 * last, and its server does not reach a drive that the other one's reaches, as happens when a server has just come
 * back. That drive then has a newer time than all others.
 *
 * When this fails, MinIO is mended, or has the fault with another drive: say so in docs/reliability.md.
 */
for (const version of [oldMinio, newMinio]) {
    describe(`an object that one drive has with a newer time than all others, ${version.release}`, () => {
        let servers: MinioProcesses;

        before(async () => {
            servers = await MinioProcesses.of([{ servers: 4, drivesPerServer: 1 }], version);
            await servers.startSettled();
            await makeBucket(servers.s3(0), bucket);
        });
        after(() => servers.remove());

        /** The state after the race, as the drives have it. */
        async function write(key: string, odd: number): Promise<void> {
            const s3 = servers.s3(0);
            await put(s3, bucket, key, older);
            const others = servers.servers.filter((server) => server !== odd);
            const before = others.map((server) => readFileSync(servers.metadataFile(server, bucket, key)));
            await put(s3, bucket, key, newer);
            for (const [index, server] of others.entries()) {
                writeFileSync(servers.metadataFile(server, bucket, key), before[index]);
            }
        }

        const deletes = (key: string) => servers.s3(0).send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
        const reads = async (key: string) => (await get(servers.s3(0), bucket, key)).toString();

        for (const odd of [0, 1, 2]) {
            it(`is deleted, when it is drive ${odd} of 4`, async () => {
                await write(`odd-${odd}`, odd);
                assert.equal(await reads(`odd-${odd}`), "older");
                await deletes(`odd-${odd}`);
                await assert.rejects(reads(`odd-${odd}`), { name: "NoSuchKey" });
            });
        }

        it("is read after its DELETE was acknowledged, when it is the last drive", async () => {
            await write("odd-3", 3);
            await deletes("odd-3");
            assert.equal(await reads("odd-3"), "older");
        });

        it("is not read, when a server is gone beside", async () => {
            await write("gone", 3);
            assert.equal(await reads("gone"), "older");
            await servers.kill(2);
            // A server that does not know yet that the other one is gone reads it still.
            const isMissing = () =>
                reads("gone").then(
                    () => false,
                    (error: Error) => error.name === "NoSuchKey",
                );
            await until("it is not found", isMissing, { seconds: 20 });
        });
    });
}
