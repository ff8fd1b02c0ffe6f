import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
    closeSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    openSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { S3Client } from "@aws-sdk/client-s3";
import { tail } from "../../devcluster/shell";
import { folderOf } from "../../devcluster/toolchain/component";
import { minio, serverProgram } from "../../devcluster/toolchain/components";
import type { MinioServer } from "../../devcluster/toolchain/versions";
import { freePorts } from "./freePorts";
import { succeed } from "./project";
import { until } from "./until";

const credentials = { accessKeyId: "root", secretAccessKey: "topology-test" };
/** The SHA-256 of no bytes. */
const emptyBody = createHash("sha256").digest("hex");
const program = (name: string) => join(folderOf(minio), name);

type Endpoint = "cluster" | "cluster?maintenance=true" | "cluster/read" | "live";

/** What a server says at one of its health endpoints. */
export interface Health {
    /** HTTP status; undefined when nothing listens. */
    status?: number;
    /** `offline` while the server waits to start. */
    serverStatus?: string;
    writeQuorum?: number;
    readQuorum?: number;
}

/**
 * Real MinIO servers as processes of this machine, without Kubernetes: each with its own drives in its own folder and
 * its own port on loopback.
 */
export class MinioProcesses {
    private readonly folder = mkdtempSync(join(tmpdir(), "minio-topology-"));
    private readonly processes: (ChildProcess | undefined)[] = [];
    private readonly killAll = () => {
        for (const running of this.processes) {
            running?.kill("SIGKILL");
        }
    };

    private constructor(
        private readonly pools: { servers: number; drivesPerServer: number }[],
        private readonly firstPort: number,
        private readonly version: MinioServer,
        private readonly environment: Record<string, string>,
    ) {
        process.on("exit", this.killAll);
    }

    /** Prepares the servers of the given pools, and starts none of them. */
    static async of(
        pools: { servers: number; drivesPerServer: number }[],
        version: MinioServer,
        environment: Record<string, string> = {},
    ): Promise<MinioProcesses> {
        const ports = await freePorts(pools.reduce((sum, { servers }) => sum + servers, 0));
        return new MinioProcesses(pools, ports, version, environment);
    }

    /** The numbers of a pool's servers. */
    serversOf(pool: number): number[] {
        const before = this.pools.slice(0, pool).reduce((sum, { servers }) => sum + servers, 0);
        return Array.from({ length: this.pools[pool].servers }, (_, i) => before + i);
    }

    get servers(): number[] {
        return this.pools.flatMap((_, pool) => this.serversOf(pool));
    }

    address(server: number): string {
        return `127.0.0.1:${this.firstPort + server}`;
    }

    /**
     * Starts one server, of another version than the others if one is given.
     *
     * On loopback, every address of whatever server is a server's own to MinIO, and all would have to be one server. In
     * Kubernetes it waits for addresses that are not loopback, but believes the variable that tells its own one; hence
     * these two variables. `/proc/self/cwd` makes of the drives' one path as many folders as there are servers.
     */
    start(server: number, { release } = this.version): void {
        const folder = join(this.folder, String(server));
        mkdirSync(folder, { recursive: true });
        const log = openSync(join(folder, "log"), "w");
        const running = spawn(
            program(serverProgram(release)),
            ["server", `--address=${this.address(server)}`, ...this.patterns()],
            {
                cwd: folder,
                stdio: ["ignore", log, log],
                env: {
                    PATH: process.env.PATH,
                    HOME: this.folder,
                    KUBERNETES_SERVICE_HOST: "127.0.0.1",
                    _MINIO_SERVER_LOCAL: this.address(server),
                    // Allows drives on the device of `/`.
                    MINIO_CI_CD: "1",
                    MINIO_BROWSER: "off",
                    MINIO_UPDATE: "off",
                    MINIO_PROMETHEUS_AUTH_TYPE: "public",
                    MINIO_ROOT_USER: credentials.accessKeyId,
                    MINIO_ROOT_PASSWORD: credentials.secretAccessKey,
                    ...this.environment,
                },
            },
        );
        closeSync(log);
        this.processes[server] = running;
    }

    get rootCredentials() {
        return { rootUser: credentials.accessKeyId, rootPassword: credentials.secretAccessKey };
    }

    /** Takes the drive of a server with one away while it runs. */
    breakDrive(server: number): void {
        const drive = join(this.folder, String(server), driveFolders(1)[0]);
        rmSync(drive, { recursive: true });
        writeFileSync(drive, "");
    }

    /**
     * One pattern for each pool, as components/server/serverArguments.ts writes them: the servers, then the drives if
     * several.
     */
    private patterns(): string[] {
        return this.pools.map(({ drivesPerServer }, pool) => {
            const ports = this.serversOf(pool).map((server) => this.firstPort + server);
            const drives = drivesPerServer === 1 ? "data" : `data{0...${drivesPerServer - 1}}`;
            return `http://127.0.0.1:{${ports[0]}...${ports[ports.length - 1]}}/proc/self/cwd/${drives}`;
        });
    }

    /** Starts all servers and waits until each of them has write quorum and every drive. */
    async startAll(): Promise<void> {
        for (const server of this.servers) {
            this.start(server);
        }
        for (const server of this.servers) {
            await this.untilHealth(server, "cluster", 200);
        }
    }

    /**
     * As `startAll`, and until each uses every drive: the health endpoints do not tell which it missed at its start,
     * and looks for after 15 s.
     */
    async startSettled(): Promise<void> {
        await this.startAll();
        await sleep(17_000);
    }

    /** Ends a server at once, as a power failure does. */
    async kill(server: number): Promise<void> {
        const running = this.processes[server];
        if (running && this.isRunning(server)) {
            const ended = new Promise((resolve) => running.once("exit", resolve));
            running.kill("SIGKILL");
            await ended;
        }
        this.processes[server] = undefined;
    }

    /** Waits until a server ends by itself, and returns what it printed. */
    async untilRefused(server: number): Promise<string> {
        const running = this.processes[server];
        const why = () => this.logs();
        await until("the server refuses", () => running?.exitCode != null, { seconds: 30, why });
        return this.log(server);
    }

    pid(server: number): number | undefined {
        return this.processes[server]?.pid;
    }

    isRunning(server: number): boolean {
        const running = this.processes[server];
        return running !== undefined && running.exitCode === null && running.signalCode === null;
    }

    /** The locks that a server and those that it reaches have given. */
    async locks(server: number): Promise<{ resource: string; type: "READ" | "WRITE"; owner: string }[]> {
        const { accessKeyId, secretAccessKey } = credentials;
        const url = `http://${this.address(server)}/minio/admin/v3/top/locks?count=0&stale=true`;
        const signed = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--header", `x-amz-content-sha256: ${emptyBody}`];
        const user = ["--user", `${accessKeyId}:${secretAccessKey}`];
        return JSON.parse(await succeed("curl", ["--silent", "--fail", ...signed, ...user, url]));
    }

    log(server: number): string {
        const log = join(this.folder, String(server), "log");
        return existsSync(log) ? readFileSync(log, "utf8") : "";
    }

    async health(server: number, endpoint: Endpoint): Promise<Health> {
        const answer = await fetch(`http://${this.address(server)}/minio/health/${endpoint}`).catch(() => undefined);
        const number = (header: string) => Number(answer?.headers.get(header) ?? Number.NaN);
        return {
            status: answer?.status,
            serverStatus: answer?.headers.get("x-minio-server-status") ?? undefined,
            writeQuorum: number("x-minio-write-quorum"),
            readQuorum: number("x-minio-read-quorum"),
        };
    }

    untilHealth(server: number, endpoint: Endpoint, status: number): Promise<void> {
        const isSo = async () => (await this.health(server, endpoint)).status === status;
        return until(`server ${server} answers ${status} at ${endpoint}`, isSo, { why: () => this.logs() });
    }

    /** What `mc admin info` of a server tells. */
    async info(server: number): Promise<any> {
        const { accessKeyId, secretAccessKey } = credentials;
        const text = await succeed(program("mc"), ["admin", "info", "--json", "topology"], {
            env: {
                ...process.env,
                MC_CONFIG_DIR: join(this.folder, "mc"),
                MC_HOST_topology: `http://${accessKeyId}:${secretAccessKey}@${this.address(server)}`,
            },
        });
        return JSON.parse(text).info;
    }

    /**
     * Where each drive of `mc admin info` is: its pool, its erasure set there, its server by ordinal, and its number.
     */
    placesOf(drives: any[]): { pool: number; set: number; server: number; drive: number }[] {
        return drives.map(({ endpoint, pool_index: pool, set_index: set }) => {
            const [, port, number] = /:(\d+)\/.*data(\d*)$/.exec(endpoint) as RegExpExecArray;
            const server = this.serversOf(pool).indexOf(Number(port) - this.firstPort);
            return { pool, set, server, drive: Number(number) };
        });
    }

    /** The value of a metric of the whole cluster. */
    async metric(server: number, name: string): Promise<number> {
        const text = await (await fetch(`http://${this.address(server)}/minio/v2/metrics/cluster`)).text();
        return Number(new RegExp(`^${name}(?:{.*})? (.*)$`, "m").exec(text)?.[1]);
    }

    /** Where a server of one drive keeps an object: its versions and, of a small one, its data. */
    metadataFile(server: number, bucket: string, key: string): string {
        return join(this.folder, String(server), "data", bucket, key, "xl.meta");
    }

    /** The folders of all drives of all servers. */
    private get drives(): string[] {
        return this.pools.flatMap(({ drivesPerServer }, pool) =>
            this.serversOf(pool).flatMap((server) =>
                driveFolders(drivesPerServer).map((drive) => join(this.folder, String(server), drive)),
            ),
        );
    }

    /** On how many drives of all servers an object lies. */
    drivesWith(bucket: string, key: string): number {
        return this.drives.filter((drive) => existsSync(join(drive, bucket, key, "xl.meta"))).length;
    }

    /** On how many drives of all servers a part of a completed upload lies. */
    drivesWithPart(bucket: string, key: string, part: number): number {
        return this.drives
            .map((drive) => join(drive, bucket, key))
            .filter((object) => existsSync(object))
            .filter((object) => readdirSync(object).some((data) => existsSync(join(object, data, `part.${part}`))))
            .length;
    }

    /** A client of one server, which tries once. */
    s3(server: number): S3Client {
        return new S3Client({
            endpoint: `http://${this.address(server)}`,
            region: "us-east-1",
            forcePathStyle: true,
            maxAttempts: 1,
            credentials,
        });
    }

    /** Ends all servers and removes everything. */
    async remove(): Promise<void> {
        await Promise.all(this.processes.map((_, server) => this.kill(server)));
        process.off("exit", this.killAll);
        rmSync(this.folder, { recursive: true, force: true });
    }

    /** The last lines of every server's log. */
    logs(): string {
        const endOf = (server: number) =>
            tail(join(this.folder, String(server), "log"), 8).replace(/^(.{200}).*/gm, "$1…");
        return this.servers.map((server) => `--- server ${server}\n${endOf(server)}`).join("\n");
    }
}

/** The folders of a server's drives, as its pattern expands to them. */
function driveFolders(drivesPerServer: number): string[] {
    return drivesPerServer === 1 ? ["data"] : Array.from({ length: drivesPerServer }, (_, drive) => `data${drive}`);
}
