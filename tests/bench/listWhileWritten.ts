/**
 * Whether a listing names each object that exists all the time, while clients overwrite and read them: `npx tsx
 * tests/bench/listWhileWritten.ts`, SECONDS=60. With real servers as processes of this machine.
 */
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { minio } from "../../devcluster/toolchain/components";
import { buildComponents } from "../../devcluster/toolchain/install";
import { type MinioServer, minioServers } from "../../devcluster/toolchain/versions";
import { MinioProcesses } from "../support/minioProcesses";
import { makeBucket, put } from "../support/s3";

const seconds = Number(process.env.SECONDS || 60);
const bucket = "bucket";
const keys = Array.from({ length: 40 }, (_, number) => `key-${String(number).padStart(2, "0")}`);
const [writers, listers] = [8, 4];

interface Listings {
    all: number;
    /** Those that left at least one object out. */
    incomplete: number;
    failed: number;
}

async function measure(version: MinioServer, pools: number, isWritten: boolean): Promise<Listings> {
    const servers = await MinioProcesses.of(
        Array.from({ length: pools }, () => ({ servers: 4, drivesPerServer: 1 })),
        version,
    );
    try {
        await servers.startSettled();
        const clients = servers.servers.map((server) => servers.s3(server));
        const clientOf = (number: number) => clients[number % clients.length];
        await makeBucket(clientOf(0), bucket);
        for (const key of keys) {
            await put(clientOf(0), bucket, key, Buffer.alloc(1024));
        }
        const until = Date.now() + seconds * 1000;
        const write = async (number: number) => {
            for (let i = 0; Date.now() < until; i++) {
                const key = keys[(number + i * writers) % keys.length];
                await put(clientOf(number + i), bucket, key, Buffer.alloc(1024)).catch(() => {});
            }
        };
        const listings: Listings = { all: 0, incomplete: 0, failed: 0 };
        const list = async (number: number) => {
            for (let i = 0; Date.now() < until; i++) {
                const command = new ListObjectsV2Command({ Bucket: bucket });
                const answer = await clientOf(number + i)
                    .send(command)
                    .catch(() => undefined);
                const named = new Set(answer?.Contents?.map(({ Key }) => Key));
                listings.all++;
                listings.failed += answer ? 0 : 1;
                listings.incomplete += answer && keys.some((key) => !named.has(key)) ? 1 : 0;
            }
        };
        await Promise.all([
            ...(isWritten ? Array.from({ length: writers }, (_, number) => write(number)) : []),
            ...Array.from({ length: listers }, (_, number) => list(number)),
        ]);
        return listings;
    } finally {
        await servers.remove();
    }
}

async function main(): Promise<void> {
    await buildComponents([minio]);
    for (const version of minioServers) {
        for (const [pools, isWritten] of [
            [1, false],
            [1, true],
            [2, true],
        ] as const) {
            const { all, incomplete, failed } = await measure(version, pools, isWritten);
            const what = `${version.release}, ${pools} pools, ${isWritten ? "objects are overwritten" : "nothing is written"}`;
            console.log(`${what}: ${incomplete} of ${all} listings left an object out, ${failed} failed`);
        }
    }
}

main().finally(() => process.exit());
