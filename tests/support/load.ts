/** Constant load of PUT and GET on the client Service, with the outcome and time of every request. */
import { createHash, randomBytes } from "node:crypto";
import { Agent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { GetObjectCommand, PutObjectCommand, S3Client, type S3ServiceException } from "@aws-sdk/client-s3";
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
    /** Where the endpoint is https: the trusted authorities as PEM, and the name that the certificate is to have. */
    tls?: { ca: string; servername: string };
}

/**
 * An S3 client with keep-alive connections of its own.
 *
 * @param maxAttempts 3 is the SDK's own default, 1 is without retries
 * @param timeoutMs how long an attempt may wait for its answer
 */
export function client(
    { endpoint, rootUser, rootPassword, tls }: Target,
    { maxAttempts = 3, sockets = 1, timeoutMs = 30_000 } = {},
): S3Client {
    return new S3Client({
        endpoint,
        region: "us-east-1",
        forcePathStyle: true,
        maxAttempts,
        credentials: { accessKeyId: rootUser, secretAccessKey: rootPassword },
        requestHandler: new NodeHttpHandler({
            connectionTimeout: 2_000,
            requestTimeout: timeoutMs,
            throwOnRequestTimeout: true,
            httpAgent: new Agent({ keepAlive: true, maxSockets: sockets }),
            httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets: sockets, ...tls }),
        }),
    });
}

const digest = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

export interface LoadOptions {
    /** Default: 2. */
    writers?: number;
    /** Default: 2. */
    readers?: number;
    /** Of the objects' names, to tell those of several loads on one bucket apart. Default: none. */
    prefix?: string;
    /** Size of an object. Default: 64 KiB. */
    bytes?: number;
    /** Default: 3, the SDK's own. */
    maxAttempts?: number;
    /** How long an attempt may wait for its answer. Default: 30 s. */
    timeoutMs?: number;
    /** Pause of a worker between two requests. Default: 50. */
    pauseMs?: number;
}

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
        private readonly options: LoadOptions = {},
    ) {
        const { writers = 2, readers = 2 } = options;
        this.workers = [
            ...Array.from({ length: writers }, (_, worker) => this.write(worker)),
            ...Array.from({ length: readers }, () => this.read()),
        ];
    }

    get seconds(): number {
        return (Date.now() - this.began) / 1000;
    }

    private async write(worker: number): Promise<void> {
        const s3 = client(this.target, this.options);
        for (let i = 0; !this.stopped; i++) {
            const Key = `${this.options.prefix ?? ""}load-${worker}-${i}`;
            const Body = randomBytes(this.options.bytes ?? 64 << 10);
            await this.attempt("put", async () => {
                await s3.send(new PutObjectCommand({ Bucket: this.bucket, Key, Body }));
                this.acknowledged.set(Key, digest(Body));
            });
        }
        s3.destroy();
    }

    private async read(): Promise<void> {
        const s3 = client(this.target, this.options);
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
            const { name, message, code, $metadata } = thrown as Error &
                Partial<S3ServiceException> & { code?: string };
            // By its id (X-Amz-Id-2), which server answered.
            const by = $metadata?.extendedRequestId ? ` (by ${$metadata.extendedRequestId.slice(0, 6)})` : "";
            error = `${code ?? name}: ${message}${by}`;
        }
        this.outcomes.push({ kind, start, end: Date.now() - this.began, error });
        await pause(this.options.pauseMs ?? 50);
    }

    /** Ends the load when its requests have been answered. */
    async stop(): Promise<void> {
        this.stopped = true;
        await Promise.all(this.workers);
    }

    /**
     * The acknowledged objects that are not there, or not whole.
     *
     * @param count looks at the first ones only, in the order of their acknowledgement
     */
    async lost(target = this.target, count = this.acknowledged.size): Promise<string[]> {
        const s3 = client(target, { maxAttempts: 5, sockets: 8 });
        const lost: string[] = [];
        const entries = [...this.acknowledged].slice(0, count).values();
        const check = async () => {
            for (const [Key, expected] of entries) {
                const found = await s3
                    .send(new GetObjectCommand({ Bucket: this.bucket, Key }))
                    .then(async ({ Body }) => digest((await Body?.transformToByteArray()) ?? new Uint8Array()))
                    .catch((error: Error) => error.message);
                if (found !== expected) {
                    lost.push(`${Key}: ${found}`);
                }
            }
        };
        await Promise.all(Array.from({ length: 8 }, check));
        s3.destroy();
        return lost;
    }
}

/** Waits until the load has so many writes acknowledged. */
export async function untilAcknowledged(load: ConstantLoad, count: number): Promise<void> {
    const deadline = Date.now() + 120_000;
    while (load.acknowledged.size < count) {
        if (Date.now() > deadline) {
            const failures = load.outcomes.filter(({ error }) => error).slice(-3);
            throw new Error(
                `only ${load.acknowledged.size} writes in 2 minutes: ${failures.map(({ error }) => error)}`,
            );
        }
        await pause(100);
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
