/**
 * MinIO's admin API, as far as the component needs it. Paths, parameters and answers are those of
 * `cmd/admin-router.go`, `cmd/admin-handlers.go` and `cmd/admin-handlers-pools.go` of RELEASE.2025-09-07.
 */

import { element } from "../basics/element";
import { printable } from "../basics/printable";
import type { Answer, PodRequest } from "../kubernetes/client";
import { type ReachedDrive, reachedDrives } from "./reachedDrives";

export interface RootCredentials {
    rootUser: string;
    rootPassword: string;
}

/** A pool of servers as MinIO tells it. */
export interface PoolStatus {
    /** From 0, in the order of the servers' arguments. */
    id: number;
    /** The pool's argument, such as `http://minio-{0...3}.minio-headless.default.svc.cluster.local:9000/data`. */
    cmdline: string;
    /** Bytes of objects that the pool has room for, and how many of them are free. */
    totalSize: number;
    freeSize: number;
    /** Whether and how far the pool's objects were moved to the others; undefined when that was never begun. */
    decommission?: Decommission;
}

/**
 * How far a decommission is. The counts are up to date only at the first server of that pool, which does the work; how
 * it has ended is told to all (`ReloadPoolMeta` in `cmd/erasure-server-pool-decom.go`).
 */
export interface Decommission {
    state: "running" | "complete" | "failed" | "canceled";
    /** RFC 3339. MinIO forgets it when the decommission fails or is cancelled: then it is the year 1. */
    startTime: string;
    objects: number;
    objectsFailed: number;
    bytes: number;
    bytesFailed: number;
}

/** How far MinIO is with moving objects to the emptier pools. */
export interface Rebalance {
    isRunning: boolean;
    /** Of pools that it has moved objects out of, whether it could not go on. */
    hasFailed: boolean;
    /** How full each pool is, from 0 to 1. */
    used: number[];
    /** Moved since it began. */
    objects: number;
    bytes: number;
}

/** All drives of a cluster, by what each server says of its own, and the quorum of each pool. */
export interface StorageState {
    drives: Drive[];
    /** Drives of an erasure set that must serve for an object to be written, by pool. */
    writeQuorums: number[];
}

export interface Drive {
    /** The name of the server's pod. */
    server: string;
    /** From 0. */
    pool: number;
    /** Erasure set of the pool, from 0. */
    set: number;
    /** It serves, and has all that was written: none that heals. */
    works: boolean;
}

/** A drive with what a person wants to know of it. */
export interface DriveInDetail extends Drive {
    /** Where its server has it, such as `/data1`. */
    path: string;
    /** In MinIO's words: `ok`, `offline`, `faulty`, `unformatted` and others. */
    state: string;
    /** It is filled again with what the others have. */
    healing: boolean;
    /** Bytes of its file system; 0 where it is not known, as of a drive that is offline. */
    total: number;
    free: number;
}

/** What an administrator may ask of a cluster, through one of its servers. */
export interface MinioAdmin {
    /**
     * From now on every S3 call to any server waits, reads too, until the cluster is thawed; requests that are under
     * way go on. It is counted by each server in memory: frozen twice, it must be thawed twice, and a restarted server
     * is thawed.
     *
     * @param away the pod of a server that need not be told
     * @throws MinioAdminError naming the servers that could not be told; the others are frozen then
     */
    freeze(away?: string): Promise<void>;
    /**
     * Ends one `freeze`; it does nothing to servers that are not frozen.
     *
     * @throws MinioAdminError naming the servers that could not be told
     */
    unfreeze(): Promise<void>;
    /** All pools, with their decommission. */
    pools(): Promise<PoolStatus[]>;
    /**
     * From now on MinIO moves all objects of a pool to the others, and writes none into it. It returns when that is begun.
     *
     * @param pool its `cmdline`
     * @throws MinioAdminError where MinIO refuses it, such as while another pool is decommissioned
     */
    decommission(pool: string): Promise<void>;
    /**
     * From now on MinIO moves objects to the emptier pools, until all are as full. It returns when that is begun.
     *
     * @throws MinioAdminError where MinIO refuses it, such as while a pool is decommissioned
     */
    startRebalance(): Promise<void>;
    /** Undefined where none was ever begun. */
    rebalance(): Promise<Rebalance | undefined>;
    /** All drives. Those of a server that waits for its peers are told as offline. */
    storage(): Promise<StorageState>;
    /** As `storage`, with what a person wants to know of each drive. */
    storageInDetail(): Promise<StorageState & { drives: DriveInDetail[] }>;
    /** The drives that this server reaches at the moment, its own ones too: see reachedDrives.ts. */
    reachedDrives(): Promise<ReachedDrive[]>;
}

/** MinIO has refused a call, or could not do it on all servers. Its message has no secrets. */
export class MinioAdminError extends Error {}

/** Sends a request to a server, and passes its Authorization header on. */
export type Send = (request: PodRequest) => Promise<Answer>;

export function minioAdmin(send: Send, credentials: RootCredentials): MinioAdmin {
    const answerTo = async (method: string, path: string, query: Record<string, string> = {}): Promise<Answer> => {
        const request = await signed({ method, path: `/minio/admin/v3${path}`, query }, credentials);
        const answer = await send(request);
        if (answer.status !== 200) {
            const said = `${answer.status}: ${reasonOf(answer.body)}`;
            throw new MinioAdminError(`MinIO answers ${method} ${request.path} with ${said}`);
        }
        return answer;
    };
    const call = async (method: string, path: string, query?: Record<string, string>) =>
        (await answerTo(method, path, query)).body;
    const service = async (action: "freeze" | "unfreeze", away?: string) => {
        // Type 2 tells of each peer; servers of 2023 ignore it and answer with nothing.
        const body = await call("POST", "/service", { action, type: "2" });
        const { results = [] }: { results?: { host: string; err?: string }[] } = body === "" ? {} : JSON.parse(body);
        const failed = results.filter(({ host, err }) => err && !(away && host.startsWith(`${away}.`)));
        if (failed.length > 0) {
            const reasons = failed.map(({ host, err }) => printable(`${host}: ${err}`.slice(0, 500)));
            throw new MinioAdminError(`MinIO could not ${action} ${reasons.join(", ")}`);
        }
    };
    const storageInfo = async (): Promise<StorageInfo> => JSON.parse(await call("GET", "/storageinfo"));
    return {
        freeze: (away) => service("freeze", away),
        unfreeze: () => service("unfreeze"),
        pools: async () => (JSON.parse(await call("GET", "/pools/list")) as ListedPool[]).map(poolStatus),
        decommission: async (pool) => {
            await call("POST", "/pools/decommission", { pool });
        },
        startRebalance: async () => {
            await call("POST", "/rebalance/start");
        },
        async rebalance() {
            try {
                return rebalanceOf(JSON.parse(await call("GET", "/rebalance/status")));
            } catch (error) {
                if ((error as Error).message.includes("XMinioAdminRebalanceNotStarted")) {
                    return undefined;
                }
                throw error;
            }
        },
        async storage() {
            const { writeQuorums, drives } = storageState(await storageInfo());
            return {
                writeQuorums,
                drives: drives.map(({ server, pool, set, works }) => ({ server, pool, set, works })),
            };
        },
        storageInDetail: async () => storageState(await storageInfo()),
        async reachedDrives() {
            const { bytes } = await answerTo("GET", "/inspect-data", { volume: ".minio.sys", file: "format.json" });
            return reachedDrives(bytes ?? Buffer.alloc(0));
        },
    };
}

/** A request without its signature. */
export interface UnsignedRequest {
    method: string;
    path: string;
    query?: Record<string, string>;
    headers?: Record<string, string>;
    body?: string | Buffer;
}

/** Who signs. */
export interface Signer {
    accessKey: string;
    secretKey: string;
    /** Default: the one that MinIO takes where it is set to none. */
    region?: string;
}

/** Of the request, where nothing else is said. MinIO compares it with nothing but the signature. */
const defaultHost = "localhost:9000";

/** As `signedBy`, by the root account. */
export function signed(
    request: UnsignedRequest,
    { rootUser, rootPassword }: RootCredentials,
    signingDate?: Date,
): Promise<PodRequest> {
    return signedBy(request, { accessKey: rootUser, secretKey: rootPassword }, signingDate);
}

/**
 * A request with AWS's signature (version 4), which MinIO wants of S3 and admin calls. It is good for 15 minutes
 * (`globalMaxSkewTime`), and for any server of the cluster.
 *
 * The library is loaded only here.
 */
export async function signedBy(
    { method, path, query = {}, headers, body }: UnsignedRequest,
    { accessKey, secretKey, region = "us-east-1" }: Signer,
    signingDate = new Date(),
): Promise<PodRequest> {
    const [{ SignatureV4 }, { Hash }] = await Promise.all([
        import("@smithy/signature-v4"),
        import("@smithy/core/serde"),
    ]);
    const signer = new SignatureV4({
        service: "s3",
        region,
        credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
        sha256: Hash.bind(null, "sha256"),
        uriEscapePath: false,
    });
    const host = headers?.host ?? defaultHost;
    const request = await signer.sign(
        { method, protocol: "http:", hostname: host, path, query, headers: { host, ...headers }, body },
        { signingDate },
    );
    const search = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join("="));
    return {
        method,
        path: [path, ...(search.length > 0 ? [search.join("&")] : [])].join("?"),
        headers: request.headers,
        ...(body !== undefined && { body }),
    };
}

/** A pool in the answer to `/pools/list`: `PoolStatus` in `cmd/erasure-server-pool-decom.go`. */
interface ListedPool {
    id: number;
    cmdline: string;
    decommissionInfo?: {
        startTime: string;
        totalSize: number;
        currentSize: number;
        complete: boolean;
        failed: boolean;
        canceled: boolean;
        objectsDecommissioned: number;
        objectsDecommissionedFailed: number;
        bytesDecommissioned: number;
        bytesDecommissionedFailed: number;
    };
}

function poolStatus({ id, cmdline, decommissionInfo: info }: ListedPool): PoolStatus {
    const pool = { id, cmdline, totalSize: info?.totalSize ?? 0, freeSize: info?.currentSize ?? 0 };
    const ended = info?.complete ? "complete" : info?.failed ? "failed" : info?.canceled ? "canceled" : undefined;
    // Go's zero time: the entry is there for the sizes only. One that failed or was cancelled has lost its time.
    if (!info || (!ended && info.startTime.startsWith("0001-"))) {
        return pool;
    }
    const state = ended ?? "running";
    return {
        ...pool,
        decommission: {
            state,
            startTime: info.startTime,
            objects: info.objectsDecommissioned,
            objectsFailed: info.objectsDecommissionedFailed,
            bytes: info.bytesDecommissioned,
            bytesFailed: info.bytesDecommissionedFailed,
        },
    };
}

/** The answer to `/rebalance/status`: `rebalanceAdminStatus` in `cmd/rebalance-admin.go`. */
interface ToldRebalance {
    /** Go's zero time, where nobody stopped it. */
    stoppedAt: string;
    pools: { status: string; used: number; progress: { objects: number; bytes: number } }[];
}

function rebalanceOf({ stoppedAt, pools }: ToldRebalance): Rebalance {
    const isStopped = !stoppedAt.startsWith("0001-");
    const sum = (of: "objects" | "bytes") => pools.reduce((all, { progress }) => all + progress[of], 0);
    return {
        isRunning: !isStopped && pools.some(({ status }) => status === "Started"),
        hasFailed: !isStopped && pools.some(({ status }) => status === "Failed"),
        used: pools.map(({ used }) => used),
        objects: sum("objects"),
        bytes: sum("bytes"),
    };
}

/** The answer to `/storageinfo`: `StorageInfo` in madmin-go's `info-commands.go`. */
interface StorageInfo {
    Disks: {
        endpoint: string;
        state: string;
        healing?: boolean;
        totalspace?: number;
        availspace?: number;
        pool_index: number;
        set_index: number;
    }[];
    Backend: { StandardSCData: number[]; StandardSCParity: number; StandardSCParities?: number[] };
}

/** With the write quorum of `Health` in `cmd/erasure-server-pool.go`. */
function storageState({ Disks, Backend }: StorageInfo): StorageState & { drives: DriveInDetail[] } {
    const { StandardSCData: data, StandardSCParity, StandardSCParities } = Backend;
    return {
        writeQuorums: data.map((drives, pool) =>
            drives === (StandardSCParities?.[pool] ?? StandardSCParity) ? drives + 1 : drives,
        ),
        drives: Disks.map(({ endpoint, state, healing = false, totalspace = 0, availspace = 0, ...indexes }) => ({
            server: element(new URL(endpoint).hostname.split("."), 0),
            pool: indexes.pool_index,
            set: indexes.set_index,
            works: state === "ok" && !healing,
            path: new URL(endpoint).pathname,
            state,
            healing,
            total: totalspace,
            free: availspace,
        })),
    };
}

/** MinIO's own words for why it refuses; its admin API answers in JSON, and S3's part in XML. */
export function reasonOf(body: string): string {
    const [, code, message] =
        /"Code":"([^"]*)","Message":"([^"]*)"/.exec(body) ??
        /<Code>([^<]*)<\/Code><Message>([^<]*)<\/Message>/.exec(body) ??
        [];
    return printable(code ? `${code}: ${message}`.slice(0, 500) : body.slice(0, 200)) || "no reason is given";
}
