/**
 * Holds all requests in the moments of a rollout in which MinIO may undo an acknowledged DELETE, or not find an object
 * that is there: docs/reliability.md, "One order". Requests that wait are answered afterwards.
 *
 * Both are moments in which a write may miss the last drive of an erasure set, and no other drive. The server with that
 * drive comes back: for up to 2 s some of its peers reach it, and others do not yet. Or it begins to serve: then it
 * removes what was being written to its drives (`bgFormatErasureCleanupTmp` in `cmd/prepare-storage.go`).
 */
import type { CoreV1Event, V1Pod } from "@kubernetes/client-node";
import { messageOf } from "../basics/messageOf";
import { until } from "../basics/until";
import { KubernetesError } from "../kubernetes/errors";
import type { DriveInDetail } from "../live/admin";
import { adminOf, type LiveCluster, serversOf } from "../live/liveCluster";
import { fewestOthersToWrite } from "../minio/topology";
import { waitsForPeers } from "../rollout/heard";
import { isKnownToPeers } from "../rollout/observe";
import type { ClusterState, ServerState } from "../rollout/plan";
import type { Hold } from "../rollout/rollout";
import { serverName, serverStatus } from "../server/podTemplate";
import { withSwitches } from "../snapshots/freeze";

const pollMilliseconds = 100;

/** In which a frozen cluster thaws by itself if this program dies. It is longer than all that is waited for. */
const thawSeconds = 60;

/** So long one arming waits for the server to start. A longer pull of its image takes several. */
const armedMilliseconds = 15_000;

/** So long a server may take from its image until all its peers reach its drives. */
const backMilliseconds = 20_000;

/** So long servers that are enough to serve may take until they do. */
const serveMilliseconds = 15_000;

export class RequestHold implements Hold {
    isHeld = false;
    private isOver = false;
    private work?: Promise<void>;
    /** By the last look. */
    private state: ClusterState = { pools: [], bootQuorum: 1 };
    /** Servers that are away, and that it has begun to wait for. */
    private readonly begun = new Set<string>();

    /** @param lasts the pods of the servers with the last drive of a set */
    constructor(
        private readonly cluster: LiveCluster,
        private readonly lasts: string[],
        private readonly tell: Record<"say" | "warn", (text: string) => void>,
    ) {}

    look(state: ClusterState): void {
        this.state = state;
        const servers = serversIn(state);
        const canWrite =
            servers.some(isServing) &&
            servers.filter((one) => isServing(one) || isWaiting(one)).length >= fewestOthersToWrite;
        for (const server of servers) {
            const { name, uid, terminating } = server;
            if (!isAway(server)) {
                this.begun.delete(name);
            } else if (!this.begun.has(name) && !this.work && canWrite && this.concerns(name)) {
                this.begun.add(name);
                this.work = this.wait(name, terminating ? uid : undefined);
            }
        }
    }

    /** Whether the server has such a drive, or others that wait begin to serve when it is back. */
    private concerns(name: string): boolean {
        const { bootQuorum } = this.state;
        const waiting = serversIn(this.state).filter((one) => isWaiting(one));
        return this.lasts.includes(name) || (waiting.length > 0 && waiting.length + 1 >= bootQuorum);
    }

    async end(): Promise<void> {
        this.isOver = true;
        await this.work;
    }

    /** It never fails: what it prevents is rare, and an update goes on without. */
    private async wait(name: string, endingUid: string | undefined): Promise<void> {
        try {
            while (!this.isOver && !(await this.hold(name, endingUid))) {}
        } catch (error) {
            this.tell.warn(`requests did not wait as they should while ${name} came back: ${messageOf(error)}`);
        }
        this.isHeld = false;
        this.work = undefined;
    }

    /** @returns whether requests have waited; the server may not have started in the time */
    private async hold(name: string, endingUid: string | undefined): Promise<boolean> {
        const serving = new Set(
            serversIn(this.state)
                .filter(isServing)
                .map((one) => one.name),
        );
        const isOther = ({ metadata }: V1Pod) => metadata?.name !== name && serving.has(metadata?.name ?? "");
        const servers = (await serversOf(this.cluster)).filter((pod) => isOther(pod) && !isEnding(pod));
        await withSwitches(this.cluster, servers, thawSeconds, async (freeze) => {
            if (await this.sees(() => this.isStarting(name, endingUid), armedMilliseconds)) {
                this.isHeld = true;
                this.tell.say(`${name} comes back: all requests wait for some seconds`);
                await Promise.all([freeze(`the return of ${name}`, name), this.untilBack(name)]);
            }
        });
        return this.isHeld;
    }

    /** Whether its image is there, so that its process starts now; kubelet tells later that it runs. */
    private async isStarting(name: string, endingUid: string | undefined): Promise<boolean> {
        const { kubernetes, namespace } = this.cluster;
        const pod = (await serversOf(this.cluster)).find(({ metadata }) => metadata?.name === name);
        const uid = pod?.metadata?.uid;
        if (!pod?.spec?.nodeName || uid === endingUid || isEnding(pod)) {
            return false;
        }
        const isItsOwn = ({ involvedObject }: CoreV1Event) =>
            involvedObject.uid === uid && involvedObject.fieldPath === `spec.containers{${serverName}}`;
        const pulled = () => kubernetes.events(namespace, { "involvedObject.name": name, reason: "Pulled" });
        return serverStatus(pod)?.state?.running !== undefined || (await pulled()).some(isItsOwn);
    }

    /** Until each peer reaches its drives, and all serve that can; but not for long where it does not start at all. */
    private async untilBack(name: string): Promise<void> {
        if (!(await this.sees(() => this.isReached(name), backMilliseconds))) {
            return;
        }
        const servers = serversIn(this.state);
        const { version } = servers.find((one) => one.name === name) ?? {};
        const alike = servers.filter((one) => one.name === name || (one.version === version && one.answers));
        if (alike.length >= this.state.bootQuorum) {
            const standings = () => Promise.all(alike.map((one) => this.standing(one.name)));
            await this.sees(async () => (await standings()).every((one) => one === "serves"), serveMilliseconds);
        }
    }

    /** A peer reaches another's drives by the connection by which the two ask each other anything else. */
    private async isReached(name: string): Promise<boolean> {
        const { kubernetes, namespace } = this.cluster;
        const standing = await this.standing(name);
        if (standing !== "serves") {
            return standing === "waits" && isKnownToPeers(kubernetes, namespace, name);
        }
        const peers = serversIn(this.state).filter((one) => one.name !== name && one.ready && !isAway(one));
        return (await Promise.all(peers.map((peer) => this.reaches(peer.name, name)))).every((is) => is);
    }

    /** Whether a peer reaches a server's drives. One connection leads to all of them, also where one is broken. */
    private async reaches(peer: string, name: string): Promise<boolean> {
        try {
            const { drives }: { drives: DriveInDetail[] } = await adminOf(this.cluster, peer).storageInDetail();
            return drives.some(({ server, state }) => server === name && state === "ok");
        } catch {
            return false; // It was asked in a bad moment, and is asked again.
        }
    }

    private async standing(name: string): Promise<"silent" | "waits" | "serves"> {
        const { kubernetes, namespace, scheme } = this.cluster;
        const answer = await kubernetes.ask(namespace, name, scheme, "/minio/health/live");
        return answer === undefined ? "silent" : waitsForPeers(answer) ? "waits" : "serves";
    }

    /**
     * An API that does not answer for a moment is asked again.
     *
     * @returns false when the time is over, or the rollout
     */
    private async sees(look: () => Promise<boolean>, milliseconds: number): Promise<boolean> {
        const end = performance.now() + milliseconds;
        const seen = async () => {
            const is = await look().catch((error) => {
                if (error instanceof KubernetesError && error.isPassing) {
                    return false;
                }
                throw error;
            });
            return is || this.isOver || performance.now() > end ? { is } : undefined;
        };
        const patience = { deadline: Number.POSITIVE_INFINITY, milliseconds: pollMilliseconds, late: () => "" };
        return (await until(seen, patience)).is;
    }
}

function serversIn({ pools }: ClusterState): ServerState[] {
    return pools.flatMap(({ servers }) => servers);
}

function isServing(server: ServerState): boolean {
    return server.ready && server.initialised && !isAway(server);
}

/** Its peers use its drives. */
function isWaiting({ answers, initialised, terminating }: ServerState): boolean {
    return answers && !initialised && !terminating;
}

function isAway({ uid, terminating }: ServerState): boolean {
    return uid === undefined || terminating;
}

function isEnding({ metadata }: V1Pod): boolean {
    return metadata?.deletionTimestamp !== undefined;
}
