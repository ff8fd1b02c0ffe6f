/** Whether a cluster that was restored has what it should, and nothing that cannot be read. */
import assert from "node:assert/strict";
import { DeleteObjectCommand, GetObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { ConstantLoad, client, type Target, untilAcknowledged } from "./load";
import { put } from "./s3";

/** Deletes objects one after another, until it is called. */
function deleteAll(s3: S3Client, keys: string[]): () => Promise<void> {
    let ended = false;
    const worker = (async () => {
        for (const Key of keys) {
            if (ended) {
                return;
            }
            await s3.send(new DeleteObjectCommand({ Bucket: "load", Key }));
            await new Promise((resolve) => setTimeout(resolve, 40));
        }
    })();
    return async () => {
        ended = true;
        await worker;
    };
}

/** Watches a load, and tells in the end how many writes were acknowledged when it stood still for the longest time. */
function longestStall({ acknowledged }: ConstantLoad): () => number {
    let [size, since, longest, at] = [acknowledged.size, Date.now(), 0, 0];
    const look = () => {
        if (acknowledged.size !== size) {
            [size, since] = [acknowledged.size, Date.now()];
        } else if (Date.now() - since > longest) {
            [longest, at] = [Date.now() - since, size];
        }
    };
    const timer = setInterval(look, 10);
    return () => {
        clearInterval(timer);
        return at;
    };
}

/** What went on while clients used the bucket `load`. */
export interface Used<T> {
    result: T;
    load: ConstantLoad;
    /** How many of the load's objects were acknowledged before the work began. */
    before: number;
    /** And when the load stood still for the longest time. */
    atStall: number;
}

/**
 * Does some work while clients write, read and delete, and none of them tries again.
 *
 * @param prefix of the objects' names
 * @param doomed how many objects there are to be deleted
 */
export async function whileUsed<T>(
    target: Target,
    prefix: string,
    work: () => Promise<T>,
    doomed = 200,
): Promise<Used<T>> {
    const s3 = client(target, { sockets: 16 });
    const keys = Array.from({ length: doomed }, (_, i) => `${prefix}doomed-${i}`);
    for (let i = 0; i < keys.length; i += 10) {
        await Promise.all(keys.slice(i, i + 10).map((key) => put(s3, "load", key, Buffer.from(key))));
    }
    const load = new ConstantLoad(target, "load", { prefix, maxAttempts: 1 });
    const churn = deleteAll(s3, keys);
    await untilAcknowledged(load, 20);
    const before = load.acknowledged.size;
    const stall = longestStall(load);
    const result = await work();
    const atStall = stall();
    await untilAcknowledged(load, load.acknowledged.size + 20);
    await load.stop();
    await churn();
    return { result, load, before, atStall };
}

/** The objects that are listed and cannot be read. */
export async function unreadable(target: Target, Bucket: string): Promise<string[]> {
    const s3 = client(target, { sockets: 8 });
    const keys: string[] = [];
    for await (const { Contents } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
        keys.push(...(Contents ?? []).map(({ Key }) => Key as string));
    }
    const bad: string[] = [];
    const left = [...keys];
    const read = async () => {
        for (let Key = left.pop(); Key !== undefined; Key = left.pop()) {
            try {
                const { Body, ContentLength } = await s3.send(new GetObjectCommand({ Bucket, Key }));
                const bytes = await Body?.transformToByteArray();
                assert.equal(bytes?.length, ContentLength);
            } catch (error) {
                bad.push(`${Key}: ${(error as Error).message}`);
            }
        }
    };
    await Promise.all(Array.from({ length: 8 }, read));
    s3.destroy();
    assert.ok(keys.length > 0, `nothing is listed in ${Bucket}`);
    return bad;
}
