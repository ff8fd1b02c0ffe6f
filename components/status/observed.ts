/** What was seen of a cluster, from which everything follows that is said of it. Pure. */
import type { DriveInDetail, PoolStatus } from "../live/admin";
import type { Quorums } from "../live/quorums";
import type { Topology } from "../minio/topology";
import type { PoolState } from "../rollout/plan";
import type { Program } from "./differences";

/** What could not be read. */
export interface Unread {
    /** In words, such as `the drives`. */
    what: string;
    /** In words too. */
    why: string;
    /** With which right it could, where that is why. */
    right?: string;
    /** Without it nobody can say that all is right. */
    isVital: boolean;
}

export type ServerStanding =
    | "ready"
    /** It is told to end, and is about to. */
    | "ending"
    /** Its pod is not there. */
    | "missing"
    /** Its node does not answer any more. */
    | "lost"
    /** No node takes its pod. */
    | "unplaced"
    /** Its container ends again and again, or cannot begin. */
    | "failing"
    /** It runs, and waits for servers that are the same as it. */
    | "waiting"
    /** It runs, or will soon. */
    | "starting";

export interface Server {
    name: string;
    /** From 0. */
    pool: number;
    standing: ServerStanding;
    /** Why it is not ready, in Kubernetes' words. */
    why?: string;
    node?: string;
    zone?: string;
    image?: string;
    /** How often its container was started again in its present pod. */
    restarts: number;
    /** When its container began, in RFC 3339. */
    since?: string;
    /** It has another revision than it should have. */
    outdated: boolean;
}

export interface Certificate {
    secret: string;
    /** RFC 3339; undefined where the Secret has no certificate that can be read. */
    from?: string;
    until?: string;
}

/** A set of snapshots. */
export interface TakenSet {
    set: string;
    /** RFC 3339. */
    takenAt: string;
    /** Names of its snapshots that are gone; undefined where they could not be looked at. */
    gone?: string[];
}

export interface Observed {
    /** When, in RFC 3339. */
    at: string;
    /** The Kubernetes cluster. */
    where: string;
    namespace: string;
    name: string;
    /** Undefined where MinIO would refuse such servers and drives. */
    topology?: Topology;
    pools: PoolState[];
    servers: Server[];
    /** By MinIO's health endpoints; undefined where no server answered. */
    health?: { writes: boolean; reads: boolean; quorums?: Quorums };
    /** Servers that are ready, and hold every S3 request; undefined where nobody could be asked. */
    frozen?: string[];
    /** What the component has noted that it does, and has not ended: a set of snapshots, or what is restored. */
    frozenFor?: string;
    takingSet?: string;
    restoring?: string;
    storage?: { drives: DriveInDetail[]; writeQuorums: number[] };
    poolStatuses?: PoolStatus[];
    /** Undefined without TLS, or where it could not be read: see `unread`. */
    certificate?: Certificate;
    tls: boolean;
    /** The newest first; undefined where they could not be read. */
    sets?: TakenSet[];
    /** Undefined where no stack was named. */
    program?: Program;
    unread: Unread[];
}
