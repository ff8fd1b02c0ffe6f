/**
 * A cluster of any size that answers at once, and counts what a rollout asks of Kubernetes and of MinIO in each of its
 * polls.
 */
import type { V1Pod } from "@kubernetes/client-node";
import type { Answer, Kubernetes } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";
import { bootQuorumOf, restartsAtOnce, topologyOf } from "../../components/minio/topology";
import { rollOut } from "../../components/rollout/rollout";
import type { WantedCluster } from "../../components/rollout/wanted";
import { serverName } from "../../components/server/podTemplate";

/** How many requests a poll took. */
export interface Poll {
    /** To the API server, of all kinds, and so through it to servers; without `views`. */
    requests: number;
    /** Of these, those that a server answers only after it has asked all others. */
    fannedOut: number;
    /** Which drives a server reaches, asked of each that serves before another one may end. */
    views: number;
    /** Whether it was the one that restarts a server. */
    restarts: boolean;
}

export interface CountedShape {
    pools: number;
    /** Of each pool. */
    servers: number;
}

/** A server whose revision is `new` is updated already. */
export interface CountedServer {
    revision?: "old" | "new";
    ready?: boolean;
    /** Of one that is not ready: it waits for its peers; else it is silent. */
    waits?: boolean;
}

/** By what a server becomes ready: the second way proves that it serves. */
export type ReadyBy = "ready" | "cluster/read";

class Enough extends Error {}

export class CountedCluster {
    readonly polls: Poll[] = [];
    private readonly poolNames: string[];
    private readonly wanted: WantedCluster;

    /** @param servers all that are not old and ready, by name */
    constructor(
        private readonly shape: CountedShape,
        private readonly servers: Record<string, CountedServer>,
        private readonly readyBy: ReadyBy = "ready",
        /** Whether the StatefulSets may be listed, and not only read. */
        private readonly mayList = true,
    ) {
        this.poolNames = Array.from({ length: shape.pools }, (_, i) => (i === 0 ? "minio" : `minio-pool-${i}`));
        const each = { servers: shape.servers, drivesPerServer: 1, driveBytes: 1 };
        const topology = topologyOf(this.poolNames.map(() => each));
        if (!topology) {
            throw new Error("no such cluster");
        }
        this.wanted = {
            namespace: "a",
            scheme: "http",
            bootQuorum: bootQuorumOf(topology.servers),
            pools: this.poolNames.map((name, index) => ({
                name,
                selector: { app: "minio", pool: name },
                partition: 0,
                replicas: shape.servers,
                erasureSets: topology.pools[index].erasureSets,
                serversThatMayFail: topology.pools[index].serversThatMayFailForWrites,
                restartsAtOnce: restartsAtOnce(topology.pools[index]),
                storageSize: "1Gi",
            })),
            admin: async () => ({
                storage: async () => {
                    this.count(true);
                    return {
                        drives: this.names.map((server) => ({ server, pool: 0, set: 0, works: true })),
                        writeQuorums: [1],
                    };
                },
                reachedDrives: async () => {
                    this.now.views++;
                    return this.names.map((name) => ({ host: `${name}.minio-headless:9000`, path: "/data" }));
                },
            }),
        };
    }

    get names(): string[] {
        return this.poolNames.flatMap((name) => Array.from({ length: this.shape.servers }, (_, i) => `${name}-${i}`));
    }

    /** What each poll takes, until a server is restarted or the cluster is as it should be; so many polls at most. */
    async roll(most: number): Promise<Poll[]> {
        const { setTimeout: real } = globalThis;
        // A rollout pauses between two polls, and nowhere else here.
        globalThis.setTimeout = ((work: () => void, _: number, ...args: []) => {
            if (this.polls.length >= most) {
                throw new Enough();
            }
            this.begin();
            return real(work, 0, ...args);
        }) as typeof setTimeout;
        this.begin();
        try {
            const options = { guided: true, timeoutSeconds: 600, say: () => {}, warn: () => {} };
            await rollOut(this.kubernetes, this.wanted, options);
        } catch (error) {
            if (!(error instanceof Enough)) {
                throw error;
            }
        } finally {
            globalThis.setTimeout = real;
        }
        return this.polls;
    }

    private begin(): void {
        this.polls.push({ requests: 0, fannedOut: 0, views: 0, restarts: false });
    }

    private get now(): Poll {
        return this.polls[this.polls.length - 1];
    }

    private count(fansOut = false): void {
        this.now.requests++;
        this.now.fannedOut += Number(fansOut);
    }

    private stateOf(name: string): Required<CountedServer> {
        return { revision: "old", ready: true, waits: false, ...this.servers[name] };
    }

    private isHeld(pool: string): boolean {
        return this.namesOf(pool).some((name) => this.stateOf(name).revision === "old");
    }

    private namesOf(pool: string): string[] {
        return Array.from({ length: this.shape.servers }, (_, ordinal) => `${pool}-${ordinal}`);
    }

    private statefulSet(name: string) {
        const isHeld = this.isHeld(name);
        const updated = this.namesOf(name).filter((server) => this.stateOf(server).revision === "new").length;
        const partition = isHeld ? this.shape.servers - updated : 0;
        const revision = (version: string) => `${name}-${version}`;
        return {
            metadata: { name, generation: 1 },
            spec: { replicas: this.shape.servers, updateStrategy: { rollingUpdate: { partition } } },
            status: {
                observedGeneration: 1,
                currentRevision: revision(isHeld ? "old" : "new"),
                updateRevision: revision("new"),
            },
        };
    }

    private pod(pool: string, name: string): V1Pod {
        const { revision, ready } = this.stateOf(name);
        const readinessProbe = { httpGet: { path: `/minio/health/${this.readyBy}`, port: "api" } };
        return {
            metadata: {
                name,
                uid: `uid-${name}`,
                labels: { app: "minio", pool, "controller-revision-hash": `${pool}-${revision}` },
            },
            spec: { containers: [{ name: serverName, image: `minio:${revision}`, readinessProbe }] },
            status: {
                phase: "Running",
                podIP: "10.0.0.1",
                conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
                containerStatuses: [
                    {
                        name: serverName,
                        image: "",
                        imageID: "",
                        ready,
                        restartCount: 0,
                        state: { running: { startedAt: new Date(Date.now() - 10_000) } },
                    },
                ],
            },
        };
    }

    private readonly kubernetes = {
        may: async () => true,
        claims: async () => [],
        statefulSet: async (_: string, name: string) => {
            this.count();
            return this.statefulSet(name);
        },
        statefulSets: async () => {
            this.count();
            if (!this.mayList) {
                throw new KubernetesError("a right is missing", false, 403);
            }
            return this.poolNames.map((name) => this.statefulSet(name));
        },
        pods: async (_: string, labels: Record<string, string>) => {
            this.count();
            const pools = labels.pool ? [labels.pool] : this.poolNames;
            return pools.flatMap((pool) => this.namesOf(pool).map((name) => this.pod(pool, name)));
        },
        controllerRevisions: async (_: string, labels: Record<string, string>) => {
            this.count();
            const pools = labels.pool ? [labels.pool] : this.poolNames;
            return pools.flatMap((pool) =>
                ["old", "new"].map((revision) => ({
                    metadata: { name: `${pool}-${revision}` },
                    data: {
                        spec: {
                            template: { spec: { containers: [{ name: serverName, image: `minio:${revision}` }] } },
                        },
                    },
                })),
            );
        },
        logTail: async () => {
            this.count();
            return "Following servers have mismatching configuration";
        },
        logHead: async () => {
            this.count();
            return "";
        },
        events: async () => {
            this.count();
            return [];
        },
        ask: async (_: string, name: string, __: string, path: string): Promise<Answer | undefined> => {
            this.count(path.includes("/cluster"));
            const { ready, waits } = this.stateOf(name);
            if (!ready && !waits) {
                return undefined;
            }
            const headers = ready ? {} : { "x-minio-server-status": "offline" };
            return { status: ready || path.endsWith("live") ? 200 : 503, headers, body: "" };
        },
        evictPod: async () => this.restarted(),
        deletePod: async () => this.restarted(),
        setPartition: async () => this.restarted(),
    } as unknown as Kubernetes;

    private async restarted(): Promise<never> {
        this.count();
        this.now.restarts = true;
        throw new Enough();
    }
}
