/** Constant load of PUT and GET on the client Service, with the outcome and time of every request. */
import { createHash, randomBytes } from "node:crypto";
import { Agent } from "node:http";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/** One request, as the caller saw it. */
export interface Outcome {
    kind: "put" | "get";
    /** Milliseconds since the load began. */
    start: number;
    end: number;
    /** What went wrong; undefined when the answer was good. */
    error?: string;
}

export interface Target {
    endpoint: string;
    rootUser: string;
    rootPassword: string;
}

/** An S3 client with keep-alive connections of its own. */
export function client({ endpoint, rootUser, rootPassword }: Target, maxAttempts: number): S3Client {
    return new S3Client({
        endpoint,
        region: "us-east-1",
        forcePathStyle: true,
        maxAttempts,
        credentials: { accessKeyId: rootUser, secretAccessKey: rootPassword },
        requestHandler: new NodeHttpHandler({
            connectionTimeout: 2_000,
            requestTimeout: 30_000,
            httpAgent: new Agent({ keepAlive: true, maxSockets: 1 }),
        }),
    });
}

const digest = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

/** Writers and readers, each with one keep-alive connection, until stopped. */
export class ConstantLoad {
    readonly outcomes: Outcome[] = [];
    /** Objects whose write was acknowledged, with their digests. */
    readonly acknowledged = new Map<string, string>();
    private readonly began = Date.now();
    private readonly workers: Promise<void>[];
    private stopped = false;

    constructor(
        private readonly target: Target,
        private readonly bucket: string,
        private readonly options: {
            writers: number;
            readers: number;
            bytes: number;
            maxAttempts: number;
            pauseMs: number;
        },
    ) {
        const { writers, readers } = options;
        this.workers = [
            ...Array.from({ length: writers }, (_, worker) => this.write(worker)),
            ...Array.from({ length: readers }, () => this.read()),
        ];
    }

    get seconds(): number {
        return (Date.now() - this.began) / 1000;
    }

    private async write(worker: number): Promise<void> {
        const s3 = client(this.target, this.options.maxAttempts);
        for (let i = 0; !this.stopped; i++) {
            const Key = `load-${worker}-${i}`;
            const Body = randomBytes(this.options.bytes);
            await this.attempt("put", async () => {
                await s3.send(new PutObjectCommand({ Bucket: this.bucket, Key, Body }));
                this.acknowledged.set(Key, digest(Body));
            });
        }
        s3.destroy();
    }

    private async read(): Promise<void> {
        const s3 = client(this.target, this.options.maxAttempts);
        while (!this.stopped) {
            const keys = [...this.acknowledged.keys()];
            const Key = keys[Math.floor(Math.random() * keys.length)];
            if (Key === undefined) {
                await pause(20);
                continue;
            }
            await this.attempt("get", async () => {
                const { Body } = await s3.send(new GetObjectCommand({ Bucket: this.bucket, Key }));
                if (digest((await Body?.transformToByteArray()) ?? new Uint8Array()) !== this.acknowledged.get(Key)) {
                    throw new Error("reads back otherwise than written");
                }
            });
        }
        s3.destroy();
    }

    private async attempt(kind: "put" | "get", request: () => Promise<void>): Promise<void> {
        const start = Date.now() - this.began;
        let error: string | undefined;
        try {
            await request();
        } catch (thrown) {
            const { name, message, code } = thrown as Error & { code?: string };
            error = `${code ?? name}: ${message}`;
        }
        this.outcomes.push({ kind, start, end: Date.now() - this.began, error });
        await pause(this.options.pauseMs);
    }

    /** Ends the load when its requests have been answered. */
    async stop(): Promise<void> {
        this.stopped = true;
        await Promise.all(this.workers);
    }

    /** The acknowledged objects that are not there, or not whole. */
    async lost(): Promise<string[]> {
        const s3 = client(this.target, 5);
        const lost: string[] = [];
        for (const [Key, expected] of this.acknowledged) {
            const found = await s3
                .send(new GetObjectCommand({ Bucket: this.bucket, Key }))
                .then(async ({ Body }) => digest((await Body?.transformToByteArray()) ?? new Uint8Array()))
                .catch((error: Error) => error.message);
            if (found !== expected) {
                lost.push(`${Key}: ${found}`);
            }
        }
        s3.destroy();
        return lost;
    }
}

/** What a load says of a kind of request. */
export interface Summary {
    requests: number;
    failed: number;
    /** Longest time in which no request of this kind succeeded, in seconds. */
    longestGap: number;
    /** Milliseconds. */
    p50: number;
    p99: number;
}

export function summarize(outcomes: Outcome[], kind: "put" | "get"): Summary {
    const own = outcomes.filter((outcome) => outcome.kind === kind);
    const good = own.filter(({ error }) => !error);
    const ends = good.map(({ end }) => end).sort((a, b) => a - b);
    const times = good.map(({ start, end }) => end - start).sort((a, b) => a - b);
    const gaps = ends.slice(1).map((end, index) => end - ends[index]);
    const quantile = (q: number) => times[Math.min(times.length - 1, Math.floor(times.length * q))] ?? 0;
    return {
        requests: own.length,
        failed: own.length - good.length,
        longestGap: Math.max(0, ...gaps) / 1000,
        p50: quantile(0.5),
        p99: quantile(0.99),
    };
}

function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
