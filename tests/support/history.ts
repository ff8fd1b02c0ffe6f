/** What concurrent clients do on a few objects, each request recorded, to be decided by tests/support/linearizability.ts. */
import { writeFileSync } from "node:fs";
import {
    DeleteObjectCommand,
    GetObjectCommand,
    PutObjectCommand,
    type S3Client,
    type S3ServiceException,
} from "@aws-sdk/client-s3";

/** One request, as the caller saw it: a line of a history's file. */
export interface Operation {
    key: string;
    client: number;
    kind: "put" | "get" | "delete";
    /** What a put writes, which no other writes, or what a get finds; null where it finds no object, and of a delete. */
    value: string | null;
    /** When it was sent and answered, in microseconds since the clients began. */
    start: number;
    end: number;
    /** It failed or was not answered: a put or delete may have happened, and may happen at any time later. */
    unknown?: boolean;
    /** Which server answered, by its id (`X-Amz-Id-2`). */
    server?: string;
    error?: string;
}

export interface HistoryOptions {
    /** Default: 16. */
    clients?: number;
    /** Objects. Default: 8. */
    keys?: number;
    /** Of the objects' names. Those of one history must be new in the bucket, as objects are taken to be absent at first. */
    prefix: string;
    /** Whether each object is written and deleted by one client only, and read by all. Default: false. */
    oneWriter?: boolean;
    /** Size of an object, about. Default: 1 KiB. */
    bytes?: number;
    /** Longest pause of a client between two requests. Default: 80. */
    pauseMs?: number;
}

/** Requests after which a client makes a connection anew, so that each meets every server. */
const requestsOfConnection = 20;

/** Clients that write, read and delete the same few objects at the same time, until stopped: a third, a half and a sixth of requests. */
export class RecordedClients {
    readonly operations: Operation[] = [];
    private readonly began = process.hrtime.bigint();
    private readonly workers: Promise<void>[];
    private stopped = false;
    private ended?: Promise<Operation[]>;

    /**
     * @param connect makes a client that sends each request once: a second attempt would be a second request, of which the history
     *     knows nothing
     */
    constructor(
        private readonly connect: () => S3Client,
        private readonly bucket: string,
        private readonly options: HistoryOptions,
    ) {
        const { clients = 16 } = options;
        this.workers = Array.from({ length: clients }, (_, client) => this.work(client));
    }

    private async work(client: number): Promise<void> {
        const { keys = 8, prefix, oneWriter = false, pauseMs = 80 } = this.options;
        let s3 = this.connect();
        for (let i = 1; !this.stopped; i++) {
            if (i % requestsOfConnection === 0) {
                s3.destroy();
                s3 = this.connect();
            }
            const kind = oneWriter && client >= keys ? "get" : kindOf(Math.random());
            const key = `${prefix}${oneWriter && kind !== "get" ? client : Math.floor(Math.random() * keys)}`;
            this.operations.push(await this.request(s3, { key, client, kind, value: `${client}-${i}` }));
            await new Promise((resolve) => setTimeout(resolve, Math.random() * pauseMs));
        }
        s3.destroy();
    }

    private async request(
        s3: S3Client,
        asked: Pick<Operation, "key" | "client" | "kind"> & { value: string },
    ): Promise<Operation> {
        const { key: Key, kind, value } = asked;
        const at = { Bucket: this.bucket, Key };
        const start = this.microseconds();
        try {
            if (kind === "get") {
                const { Body, $metadata } = await s3.send(new GetObjectCommand(at));
                const found = ((await Body?.transformToString()) ?? "").trimEnd();
                return this.answered(asked, start, found, $metadata.extendedRequestId);
            }
            const { $metadata } =
                kind === "put"
                    ? await s3.send(new PutObjectCommand({ ...at, Body: value.padEnd(this.options.bytes ?? 1024) }))
                    : await s3.send(new DeleteObjectCommand(at));
            return this.answered(asked, start, kind === "put" ? value : null, $metadata.extendedRequestId);
        } catch (thrown) {
            const { name, message, code, $metadata } = thrown as Partial<S3ServiceException> & { code?: string };
            const server = $metadata?.extendedRequestId;
            if (kind === "get" && name === "NoSuchKey") {
                return this.answered(asked, start, null, server);
            }
            const error = `${code ?? name}: ${message}`;
            return { ...this.answered(asked, start, kind === "put" ? value : null, server), unknown: true, error };
        }
    }

    private answered(
        { key, client, kind }: Pick<Operation, "key" | "client" | "kind">,
        start: number,
        value: string | null,
        server: string | undefined,
    ): Operation {
        return { key, client, kind, value, start, end: this.microseconds(), server: server?.slice(0, 6) };
    }

    private microseconds(): number {
        return Number((process.hrtime.bigint() - this.began) / 1000n);
    }

    /** Ends the clients when their requests have been answered. One more reads what each object is then. */
    stop(): Promise<Operation[]> {
        this.stopped = true;
        this.ended ??= this.end();
        return this.ended;
    }

    private async end(): Promise<Operation[]> {
        await Promise.all(this.workers);
        const s3 = this.connect();
        const client = this.workers.length;
        for (const key of new Set(this.operations.map((operation) => operation.key))) {
            this.operations.push(await this.request(s3, { key, client, kind: "get", value: "" }));
        }
        s3.destroy();
        return this.operations;
    }
}

function kindOf(share: number): Operation["kind"] {
    return share < 1 / 2 ? "get" : share < 5 / 6 ? "put" : "delete";
}

/** A history as text: one request a line, as JSON. */
export function linesOf(operations: Operation[]): string {
    return operations.map((operation) => `${JSON.stringify(operation)}\n`).join("");
}

export function save(file: string, operations: Operation[]): void {
    writeFileSync(file, linesOf(operations));
}
