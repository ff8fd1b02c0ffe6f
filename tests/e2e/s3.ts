import { createHash, randomBytes } from "node:crypto";
import { Agent } from "node:http";
import {
    CreateBucketCommand,
    GetObjectCommand,
    HeadBucketCommand,
    PutObjectCommand,
    S3Client,
} from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { waitForWriteQuorum } from "../../devcluster/writeQuorum";
import { kubectlJson, type Project } from "./project";

/** An S3 client of AWS's own making, through the client Service, from outside the cluster. */
export async function s3Of(project: Project, { attempts = 3 } = {}): Promise<S3Client> {
    const { serviceName, rootUser, rootPassword } = await project.outputs();
    const service = await kubectlJson("get", "service", serviceName, `--namespace=${project.namespace}`);
    const endpoint = `http://${service.spec.clusterIP}:9000`;
    await waitForWriteQuorum(endpoint);
    return new S3Client({
        endpoint,
        region: "us-east-1",
        forcePathStyle: true,
        maxAttempts: attempts,
        credentials: { accessKeyId: rootUser, secretAccessKey: rootPassword },
        requestHandler: new NodeHttpHandler({
            connectionTimeout: 2_000,
            requestTimeout: 30_000,
            httpAgent: new Agent({ keepAlive: true, maxSockets: 16 }),
        }),
    });
}

export async function makeBucket(s3: S3Client, Bucket: string): Promise<void> {
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new HeadBucketCommand({ Bucket }));
}

export async function put(s3: S3Client, Bucket: string, Key: string, Body: Buffer): Promise<void> {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
}

export async function get(s3: S3Client, Bucket: string, Key: string): Promise<Buffer> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

export const digest = (data: Buffer) => createHash("sha256").update(data).digest("hex");

/** Constant load: workers that each write an object and read it back, again and again, until stopped. */
export class Load {
    /** Objects whose write was acknowledged, with their digests. */
    readonly acknowledged = new Map<string, string>();
    readonly failures: string[] = [];
    private stopped = false;
    private readonly workers: Promise<void>[];

    constructor(
        private readonly s3: S3Client,
        private readonly bucket: string,
        workers: number,
        /** Bound of the requests that one worker sends. */
        private readonly most = 5000,
    ) {
        this.workers = Array.from({ length: workers }, (_, worker) => this.work(worker));
    }

    private async work(worker: number): Promise<void> {
        for (let i = 0; i < this.most && !this.stopped; i++) {
            const key = `load-${worker}-${i}`;
            const data = randomBytes(64 << 10);
            try {
                await put(this.s3, this.bucket, key, data);
                this.acknowledged.set(key, digest(data));
                if (digest(await get(this.s3, this.bucket, key)) !== digest(data)) {
                    this.failures.push(`${key}: reads back otherwise than written`);
                }
            } catch (error) {
                this.failures.push(`${key}: ${(error as Error).name}: ${(error as Error).message}`);
            }
        }
    }

    /** Ends the load when its requests have been answered. */
    async stop(): Promise<void> {
        this.stopped = true;
        await Promise.all(this.workers);
    }

    /** The acknowledged objects that are not there, or not whole. */
    async lost(): Promise<string[]> {
        const lost: string[] = [];
        for (const [key, expected] of this.acknowledged) {
            const found = await get(this.s3, this.bucket, key).then(digest, (error: Error) => error.message);
            if (found !== expected) {
                lost.push(`${key}: ${found}`);
            }
        }
        return lost;
    }
}
