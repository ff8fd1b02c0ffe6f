/**
 * Whether an object stays that clients read while another one writes it for the first time, with one pool and with two:
 * `npx tsx tests/bench/readWhileWritten.ts`, OBJECTS=400. With real servers as processes of this machine.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import { minio } from "../../devcluster/toolchain/components";
import { buildComponents } from "../../devcluster/toolchain/install";
import { type MinioServer, minioServers } from "../../devcluster/toolchain/versions";
import { MinioProcesses } from "../support/minioProcesses";
import { get, makeBucket, put } from "../support/s3";

const objects = Number(process.env.OBJECTS || 400);
const bucket = "bucket";
const lanes = 3;
const readers = 3;

/** What is missing after so long is lost, in seconds. */
const patience = 2.5;

async function isThere(s3: S3Client, key: string): Promise<boolean> {
    return get(s3, bucket, key).then(
        () => true,
        (error: Error) => {
            if (error.name === "NoSuchKey") {
                return false;
            }
            throw error;
        },
    );
}

async function measure(version: MinioServer, pools: number): Promise<void> {
    const shape = { servers: 4, drivesPerServer: 1 };
    const servers = await MinioProcesses.of(
        Array.from({ length: pools }, () => shape),
        version,
    );
    try {
        await servers.startSettled();
        const clients = servers.servers.map((server) => servers.s3(server));
        const clientOf = (number: number) => clients[number % clients.length];
        await makeBucket(clients[0], bucket);
        const lost: string[] = [];
        const lane = async (number: number) => {
            for (let i = 0; i < objects / lanes; i++) {
                const key = `${number}-${i}`;
                let isWritten = false;
                const read = async (reader: number) => {
                    while (!isWritten) {
                        await isThere(clientOf(number + i + reader), key);
                    }
                };
                const reading = Array.from({ length: readers }, (_, reader) => read(reader + 1));
                await sleep(5);
                await put(clientOf(number + i), bucket, key, Buffer.alloc(1024));
                isWritten = true;
                await Promise.all(reading);
                if (!(await isThere(clientOf(number), key))) {
                    await sleep(patience * 1000);
                    if (!(await isThere(clientOf(number + 1), key))) {
                        lost.push(key);
                    }
                }
            }
        };
        await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
        const all = lanes * Math.ceil(objects / lanes);
        console.log(`${version.release}, ${pools} pools: ${lost.length} of ${all} acknowledged objects are lost`);
    } finally {
        await servers.remove();
    }
}

async function main(): Promise<void> {
    await buildComponents([minio]);
    for (const version of minioServers) {
        for (const pools of [1, 2]) {
            await measure(version, pools);
        }
    }
}

main().finally(() => process.exit());
