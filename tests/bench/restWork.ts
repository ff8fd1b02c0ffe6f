/** What clients ask of a cluster in `make bench-rest`: objects of three sizes, written and read, and lists. */
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { put } from "../support/s3";

export const bucket = "rest";

export interface Work {
    title: string;
    /** Of one request, for a throughput in bytes; 0 counts requests. */
    bytes: number;
    request(s3: S3Client, count: number): Promise<void>;
}

const mib = 1 << 20;

/** Objects of each size. There is no more of them at the end, as writes overwrite. */
const sizes = [
    { name: "4 KiB", bytes: 4 << 10, objects: 1000 },
    { name: "1 MiB", bytes: mib, objects: 64 },
    { name: "64 MiB", bytes: 64 * mib, objects: 4 },
].map((size) => ({ ...size, body: Buffer.alloc(size.bytes, "minio") }));

/** Reads and writes have objects of their own, so that both clusters' reads find the same. */
const keyOf = (kind: "read" | "written", { name, objects }: (typeof sizes)[number], count: number) =>
    `${kind}/${name.replace(" ", "")}/${count % objects}`;

/** Writes all objects that are read, some at the same time. */
export async function prepare(s3: S3Client): Promise<void> {
    for (const size of sizes) {
        for (let i = 0; i < size.objects; i += 4) {
            const keys = Array.from({ length: 4 }, (_, j) => keyOf("read", size, i + j));
            await Promise.all(keys.map((key) => put(s3, bucket, key, size.body)));
        }
    }
}

export const works: Work[] = [
    ...sizes.flatMap((size) => [
        {
            title: `PUT ${size.name}`,
            bytes: size.bytes,
            request: (s3: S3Client, count: number) => put(s3, bucket, keyOf("written", size, count), size.body),
        },
        {
            title: `GET ${size.name}`,
            bytes: size.bytes,
            request: (s3: S3Client, count: number) => read(s3, keyOf("read", size, count), size.bytes),
        },
    ]),
    { title: "LIST 1000 objects", bytes: 0, request: (s3) => list(s3) },
];

async function read(s3: S3Client, Key: string, bytes: number): Promise<void> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    let got = 0;
    for await (const chunk of Body as AsyncIterable<Uint8Array>) {
        got += chunk.length;
    }
    if (got !== bytes) {
        throw new Error(`${Key} has ${got} bytes instead of ${bytes}`);
    }
}

async function list(s3: S3Client): Promise<void> {
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: "read/4KiB/" }));
    if (KeyCount !== 1000) {
        throw new Error(`${KeyCount} objects are listed instead of 1000`);
    }
}

export interface Slice {
    requests: number;
    /** From the first request to the last answer. */
    seconds: number;
    /** Of each request. */
    milliseconds: number[];
}

/** Does a work for some time, by so many workers, each with one request after another. A request that fails ends the benchmark. */
export async function doFor(work: Work, s3: S3Client, workers: number, seconds: number): Promise<Slice> {
    const milliseconds: number[] = [];
    const began = performance.now();
    let count = 0;
    const worker = async () => {
        do {
            const start = performance.now();
            await work.request(s3, count++);
            milliseconds.push(performance.now() - start);
        } while (performance.now() - began < seconds * 1000);
    };
    await Promise.all(Array.from({ length: workers }, worker));
    return { requests: milliseconds.length, seconds: (performance.now() - began) / 1000, milliseconds };
}
