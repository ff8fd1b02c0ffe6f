/** What the program wants of the servers. */
import type { Kubernetes } from "../kubernetes/client";
import type { MinioAdmin } from "../live/admin";

/** A pool as the program wants it. */
export interface WantedPool {
    /** The StatefulSet. */
    name: string;
    /** Labels of its pods and claims. */
    selector: Record<string, string>;
    partition: number;
    /** Its servers. */
    replicas: number;
    erasureSets: number;
    /** Servers of the pool that may be gone, and its objects can still be written. */
    serversThatMayFail: number;
    /** Servers that may restart at the same time, unless pods are made in order. */
    restartsAtOnce: number;
    /** Size of each drive, as a Kubernetes quantity. */
    storageSize: string;
    /** Of each drive's claim. */
    volumeAttributesClassName?: string;
    /** Those that each drive's claim has at least. */
    claimAnnotations?: Record<string, string>;
}

/** A cluster as the program wants it. */
export interface WantedCluster {
    namespace: string;
    /** How the servers are spoken to: `http` or `https`. */
    scheme: string;
    pools: WantedPool[];
    bootQuorum: number;
    /** To ask a server what only an administrator may. */
    admin(kubernetes: Kubernetes, server: string): Promise<Pick<MinioAdmin, "storage" | "reachedDrives">>;
}
