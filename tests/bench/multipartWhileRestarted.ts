/**
 * What becomes of multipart uploads that run over restarts of servers, one after another as in a rollout: `npx tsx
 * tests/bench/multipartWhileRestarted.ts`, UPLOADS=40 of each kind, ONLY=4x1 or another shape. With real servers as
 * processes of this machine. Prints a table for each version and shape.
 */
import { randomBytes } from "node:crypto";
import {
    CompleteMultipartUploadCommand,
    CreateMultipartUploadCommand,
    type S3Client,
    UploadPartCommand,
} from "@aws-sdk/client-s3";
import { sleep } from "../../devcluster/shell";
import { minio } from "../../devcluster/toolchain/components";
import { buildComponents } from "../../devcluster/toolchain/install";
import { type MinioServer, minioServers } from "../../devcluster/toolchain/versions";
import { MinioProcesses } from "../support/minioProcesses";
import { get, makeBucket } from "../support/s3";
import { until } from "../support/until";

const uploads = Number(process.env.UPLOADS || 40);
const bucket = "bucket";

/** Every part but an upload's last one has S3's least size. */
const [largePart, lastPart] = [randomBytes(5 * 1024 * 1024), randomBytes(64 * 1024)];

/** How long a server is back before all others use it again, in seconds: see `startSettled`. */
const settling = 20;

/** How long it is away before they certainly do not ask it any more, in seconds. */
const noticing = 2;

/** In this order: nobody is away, one server is, nobody is, another one is. */
type Moment = "at rest" | "absence 1" | "between" | "absence 2";

interface Kind {
    begun: Moment;
    parts: Moment[];
    completed: Moment;
}

const kinds: Kind[] = [
    { begun: "at rest", parts: ["absence 1"], completed: "absence 2" },
    { begun: "at rest", parts: ["at rest", "absence 1"], completed: "absence 2" },
    { begun: "at rest", parts: ["at rest", "absence 1", "absence 1"], completed: "absence 2" },
    { begun: "absence 1", parts: ["absence 1"], completed: "absence 2" },
    { begun: "absence 1", parts: ["absence 1"], completed: "absence 1" },
    { begun: "at rest", parts: ["at rest"], completed: "absence 2" },
    { begun: "at rest", parts: ["absence 1"], completed: "between" },
];

/** Which servers are away: the first and the second time, and when all objects are read. */
interface Absences {
    first: number;
    second: number;
    reading: number;
}

interface Run {
    servers: number;
    drivesPerServer: number;
    absences: Absences;
}

const shapeOf = ({ servers, drivesPerServer }: Run) => `${servers}x${drivesPerServer}`;

const runs: Run[] = [
    { servers: 4, drivesPerServer: 1, absences: { first: 3, second: 2, reading: 1 } },
    { servers: 4, drivesPerServer: 1, absences: { first: 1, second: 0, reading: 3 } },
    { servers: 4, drivesPerServer: 4, absences: { first: 3, second: 2, reading: 1 } },
    { servers: 5, drivesPerServer: 1, absences: { first: 1, second: 0, reading: 4 } },
];

class Upload {
    private id?: string;
    private readonly etags: (string | undefined)[] = [];
    /** How each attempt to complete it ended: `ok`, or the error's name. */
    readonly outcomes: string[] = [];

    constructor(
        readonly kind: Kind,
        readonly key: string,
    ) {}

    get isComplete(): boolean {
        return this.outcomes.at(-1) === "ok";
    }

    async work(s3: S3Client, moment: Moment): Promise<void> {
        const upload = { Bucket: bucket, Key: this.key };
        if (this.kind.begun === moment) {
            this.id = (await s3.send(new CreateMultipartUploadCommand(upload))).UploadId;
        }
        for (const [index, when] of this.kind.parts.entries()) {
            if (when === moment) {
                const part = { ...upload, UploadId: this.id, PartNumber: index + 1, Body: this.bodyOf(index) };
                this.etags[index] = (await s3.send(new UploadPartCommand(part))).ETag;
            }
        }
        if (this.kind.completed === moment) {
            await this.complete(s3);
        }
    }

    async complete(s3: S3Client): Promise<void> {
        const Parts = this.etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
        const upload = { Bucket: bucket, Key: this.key, UploadId: this.id, MultipartUpload: { Parts } };
        this.outcomes.push(await outcomeOf(s3.send(new CompleteMultipartUploadCommand(upload))));
    }

    async read(s3: S3Client): Promise<string> {
        const whole = Buffer.concat(this.kind.parts.map((_, index) => this.bodyOf(index)));
        return outcomeOf(
            get(s3, bucket, this.key).then((body) => {
                if (!body.equals(whole)) {
                    throw Object.assign(new Error(this.key), { name: "other bytes" });
                }
            }),
        );
    }

    /** On how many drives its last part lies. */
    drives(servers: MinioProcesses): number {
        return servers.drivesWithPart(bucket, this.key, this.kind.parts.length);
    }

    private bodyOf(index: number): Buffer {
        return index === this.kind.parts.length - 1 ? lastPart : largePart;
    }
}

async function outcomeOf(answer: Promise<unknown>): Promise<string> {
    return answer.then(
        () => "ok",
        ({ name, message }: Error) => (name === "Error" ? message : name),
    );
}

/** Such as `36 ok, 4 InvalidPart`. */
function counted(outcomes: string[]): string {
    const names = [...new Set(outcomes)].sort((a, b) => Number(b === "ok") - Number(a === "ok"));
    return names.map((name) => `${outcomes.filter((outcome) => outcome === name).length} ${name}`).join(", ") || "–";
}

/** Such as `2`, or `2 to 3`. */
function range(numbers: number[]): string {
    const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
    return numbers.length === 0 ? "–" : least === most ? `${least}` : `${least} to ${most}`;
}

async function measure(version: MinioServer, run: Run): Promise<void> {
    const { drivesPerServer, absences } = run;
    const servers = await MinioProcesses.of([run], version);
    const all = kinds.flatMap((kind, number) =>
        Array.from({ length: uploads }, (_, i) => new Upload(kind, `${number}-${i}`)),
    );
    const othersOf = (away?: number) => servers.servers.filter((server) => server !== away);

    /** One upload after another, each with one of the servers that are there. */
    const each = async (which: Upload[], work: (upload: Upload, s3: S3Client) => Promise<void>, away?: number) => {
        const clients = othersOf(away).map((server) => servers.s3(server));
        for (const [index, upload] of which.entries()) {
            await work(upload, clients[index % clients.length]);
        }
    };
    const drives = { immediately: new Map<Upload, number>(), later: new Map<Upload, number>() };
    const during = (moment: Moment, away?: number) =>
        each(
            all,
            async (upload, s3) => {
                await upload.work(s3, moment);
                if (upload.kind.completed === moment && upload.isComplete) {
                    drives.immediately.set(upload, upload.drives(servers));
                }
            },
            away,
        );

    const read = async (which: Upload[], away?: number) => {
        const outcomes = new Map<Upload, string>();
        await each(which, async (upload, s3) => void outcomes.set(upload, await upload.read(s3)), away);
        return outcomes;
    };

    const untilOffline = async (which: number[], drives: number) => {
        for (const server of which) {
            const isSo = async () => (await servers.info(server)).backend.offlineDisks === drives;
            await until(`server ${server} misses ${drives} drives`, isSo, { milliseconds: 500 });
        }
    };

    /** Takes a server away, until the others know it, and brings it back, until they use it again. */
    const without = async (away: number, work: () => Promise<void>) => {
        await servers.kill(away);
        await untilOffline(othersOf(away), drivesPerServer);
        await sleep(noticing * 1000);
        await work();
        servers.start(away);
        await servers.untilHealth(away, "cluster", 200);
        await untilOffline(servers.servers, 0);
        await sleep(settling * 1000);
    };

    try {
        await servers.startSettled();
        await makeBucket(servers.s3(0), bucket);
        await during("at rest");
        await without(absences.first, () => during("absence 1", absences.first));
        await during("between");
        await without(absences.second, () => during("absence 2", absences.second));
        for (const upload of drives.immediately.keys()) {
            drives.later.set(upload, upload.drives(servers));
        }
        await each(
            all.filter(({ isComplete }) => !isComplete),
            (upload, s3) => upload.complete(s3),
        );
        const complete = all.filter(({ isComplete }) => isComplete);
        let readWithout = new Map<Upload, string>();
        await without(absences.reading, async () => {
            readWithout = await read(complete, absences.reading);
        });
        const readWithAll = await read(complete);
        await sleep(settling * 1000);
        const readLater = await read(complete.filter((upload) => readWithAll.get(upload) !== "ok"));

        const { first, second, reading } = absences;
        const title = `${version.release}, ${run.servers} servers of ${drivesPerServer} drives`;
        console.log(`\n${title}: absence 1 is of server ${first}, absence 2 of server ${second}\n`);
        const heads = [
            "begun",
            "parts",
            "completed",
            "CompleteMultipartUpload",
            "the failed ones again, with all servers",
            "drives with the last part: immediately, later",
            `read without server ${reading}`,
            "read with all",
            "the failed ones later",
        ];
        console.log(`| ${heads.join(" | ")} |`);
        console.log(`|${"---|".repeat(heads.length)}`);
        for (const kind of kinds) {
            const its = all.filter((upload) => upload.kind === kind);
            const again = its.flatMap(({ outcomes }) => outcomes.slice(1));
            const valuesOf = <T>(values: Map<Upload, T>) => its.flatMap((upload) => values.get(upload) ?? []);
            const cells = [
                kind.begun,
                kind.parts.join(", "),
                kind.completed,
                counted(its.map(({ outcomes }) => outcomes[0])),
                counted(again),
                `${range(valuesOf(drives.immediately))}, ${range(valuesOf(drives.later))}`,
                counted(valuesOf(readWithout)),
                counted(valuesOf(readWithAll)),
                counted(valuesOf(readLater)),
            ];
            console.log(`| ${cells.join(" | ")} |`);
        }
    } finally {
        await servers.remove();
    }
}

async function main(): Promise<void> {
    await buildComponents([minio]);
    for (const run of runs.filter((run) => !process.env.ONLY || process.env.ONLY === shapeOf(run))) {
        for (const version of minioServers) {
            await measure(version, run);
        }
    }
}

main().finally(() => process.exit());
