/**
 * Freezes a cluster while its drives are snapshotted, and thaws it whatever happens.
 *
 * A frozen server holds every S3 call, reads too, in memory (`maxClients` in `cmd/handler-api.go`). MinIO itself sets
 * no bound to that, so each server gets one beforehand: a process in its container that thaws the cluster when the time
 * is over, whatever has become of this program. It lives in the same pod as what it thaws, and needs nobody outside.
 * And before a server ends, it is thawed: stop.sh looks for the file that the process has made.
 */

import type { V1Pod } from "@kubernetes/client-node";
import { withTaskBeforeEnd } from "../basics/beforeEnd";
import { element } from "../basics/element";
import { messageOf } from "../basics/messageOf";
import { sleep } from "../basics/sleep";
import { until } from "../basics/until";
import type { PodRequest } from "../kubernetes/client";
import { untilAnswered } from "../kubernetes/errors";
import { signed } from "../live/admin";
import { frozenServers } from "../live/frozen";
import { adminOf, annotate, type LiveCluster, serversOf } from "../live/liveCluster";
import { apiPort } from "../minio/ports";
import { isReady } from "../rollout/heard";
import { serverName } from "../server/podTemplate";
import { armScript, disarmScript, flushScript } from "../server/scripts";
import { frozenAnnotation } from "../spec/labels";

/** What went on, in milliseconds. */
export interface FreezeTimes {
    /** From the freeze to the thaw: so long a request may have waited. */
    frozen: number;
    /** Of that, until the requests that were under way had ended. */
    draining: number;
}

const pollMilliseconds = 50;

/**
 * How many requests a server works on: one with this header is answered at once, with their number (`maxClients` in
 * `cmd/handler-api.go`, `globalObjectPerfUserMetadata`).
 */
const passingHeaders = { "X-Amz-Meta-Minio-Object-Perf": "true" };

/** How long to wait for requests that are under way with a MinIO that does not tell how many there are, before 2024. */
const blindDrainMilliseconds = 2_000;

/**
 * Does some work while no S3 call is under way on any server, and what was acknowledged lies on the drives.
 *
 * @param timeoutSeconds after which the cluster is thawed by itself, and the work counts as failed
 * @param work is done in that time, or its result is not what it should be
 * @throws Error when the work fails, takes too long, or a server was restarted meanwhile; the cluster is thawed
 */
export async function whileFrozen(
    cluster: LiveCluster,
    set: string,
    timeoutSeconds: number,
    work: (deadline: number) => Promise<void>,
    warn: (text: string) => void,
): Promise<FreezeTimes> {
    const servers = await runningServers(cluster);
    const deadline = performance.now() + timeoutSeconds * 1000;
    let since = 0;
    let draining = 0;
    const thawedAt = await withSwitches(cluster, servers, timeoutSeconds, async (freeze) => {
        since = await freeze(set);
        const thawed = watch(cluster, servers, timeoutSeconds);
        await drain(cluster, servers, since + (timeoutSeconds * 1000) / 2);
        await flush(cluster, servers, warn);
        draining = performance.now() - since;
        await work(deadline);
        const replaced = await replacedSince(cluster, servers);
        if (performance.now() > deadline) {
            throw new Error(`it took longer than ${timeoutSeconds} s (snapshots.freezeTimeoutSeconds)`);
        }
        const took = [...new Set([...thawed, ...replaced])];
        if (took.length > 0) {
            throw new Error(`${took.join(", ")} restarted or was thawed meanwhile, and took requests`);
        }
    });
    return { frozen: thawedAt - since, draining };
}

/**
 * Does some work that freezes the cluster at its time. Before, each server gets what thaws the cluster when the time is
 * over; afterwards the cluster is thawed, whatever happens.
 *
 * @param servers those that run
 * @param work is given what freezes: with a note of what for, and a server that is away; it returns when it begins
 * @returns when the cluster was thawed, by `performance.now()`
 * @throws Error where somebody else has frozen it, or where it could not be thawed and does so by itself
 */
export async function withSwitches(
    cluster: LiveCluster,
    servers: V1Pod[],
    timeoutSeconds: number,
    work: (freeze: (note: string, away?: string) => Promise<number>) => Promise<unknown>,
): Promise<number> {
    await refuseFrozen(cluster, servers);
    const switches = await arm(cluster, servers, timeoutSeconds);
    let freezing: Promise<number> | undefined;
    let isOver = false;
    let thawedAt = 0;
    const freeze = async (note: string, away?: string) => {
        if (isOver) {
            throw new Error("the program ends"); // Nothing would thaw it any more.
        }
        freezing = freezeNow(cluster, servers, note, away);
        return freezing;
    };
    const release = async () => {
        isOver = true;
        if (freezing) {
            await Promise.allSettled([freezing]); // A server that was asked freezes itself at last.
            const thawing = async () => {
                thawedAt = await thaw(cluster, servers);
                await annotate(cluster, { [frozenAnnotation]: null });
            };
            // What follows expects a thawed cluster, such as the restart of the next server: so it waits for the API.
            await untilAnswered(thawing, timeoutSeconds, () => {}).catch((error) => {
                throw new Error(
                    `requests wait still, until the servers thaw after ${timeoutSeconds} s: ${messageOf(error)}`,
                );
            });
        }
        await disarm(cluster, switches);
    };
    await withTaskBeforeEnd(release, async () => {
        try {
            await work(freeze);
        } finally {
            await release();
        }
    });
    return thawedAt;
}

/** @returns when it began, by `performance.now()` */
async function freezeNow(cluster: LiveCluster, servers: V1Pod[], note: string, away?: string): Promise<number> {
    const since = performance.now();
    // The one that is asked waits up to 2 s for a peer that is away, before it freezes itself (`NotificationGroup.Go`
    // in `cmd/notification.go`): so another one is asked, too, which freezes it.
    const asked = servers.slice(0, away === undefined ? 1 : 2);
    const answers = await Promise.allSettled([
        annotate(cluster, { [frozenAnnotation]: note }),
        ...asked.map((server) => adminOf(cluster, nameOf(server)).freeze(away)),
    ]);
    const failed = answers.find((answer) => answer.status === "rejected");
    if (failed) {
        throw failed.reason;
    }
    return since;
}

/**
 * Thaws a cluster that an earlier program left frozen; it does nothing to one that somebody froze by hand.
 *
 * @returns undefined when nothing was left; else the note of what it was for, and the servers that were not reached:
 *     one whose node comes back may be frozen still, so the note of it stays
 */
export async function thawIfLeftFrozen(
    cluster: LiveCluster,
): Promise<{ note: string; unreached: string[] } | undefined> {
    const { kubernetes, namespace, statefulSet } = cluster;
    const note = (await kubernetes.statefulSet(namespace, statefulSet))?.metadata?.annotations?.[frozenAnnotation];
    if (note === undefined) {
        return undefined;
    }
    await thaw(cluster);
    // One that is still to start is not frozen.
    const servers = (await serversOf(cluster)).filter(isRunning);
    const unreached = await frozenServers(cluster, servers, servers.map(nameOf));
    if (unreached.length === 0) {
        await annotate(cluster, { [frozenAnnotation]: null });
    }
    return { note, unreached: unreached.map(nameOf) };
}

/**
 * Thaws, more than once where it must, as each server counts how often it was frozen.
 *
 * @param wereFrozen one of these that is not reached, and has not restarted, is frozen still: its node may come back
 * @returns when it was done, by `performance.now()`
 * @throws Error naming the servers that still do not answer
 */
async function thaw(cluster: LiveCluster, wereFrozen: V1Pod[] = []): Promise<number> {
    let thawedAt = 0;
    let frozen = await serversOf(cluster);
    const look = async () => {
        if (frozen.length > 0) {
            await unfreeze(cluster, frozen);
            thawedAt = performance.now();
            const now = await serversOf(cluster);
            const starts = new Set(wereFrozen.map(startOf));
            const suspects = now.filter((server) => starts.has(startOf(server)));
            frozen = await frozenServers(cluster, now, suspects.map(nameOf));
        }
        return frozen.length === 0 || undefined;
    };
    await until(look, {
        deadline: performance.now() + 30_000,
        milliseconds: pollMilliseconds,
        late: () => `servers are frozen still, or not reached: ${frozen.map(nameOf).join(", ")}`,
    });
    return thawedAt;
}

/** Through the first server that takes the call; it tells its peers. */
async function unfreeze(cluster: LiveCluster, servers: V1Pod[]): Promise<void> {
    for (const server of servers) {
        try {
            return await adminOf(cluster, nameOf(server)).unfreeze();
        } catch {
            await sleep(pollMilliseconds); // Whether all are thawed is asked afterwards.
        }
    }
}

async function runningServers(cluster: LiveCluster): Promise<V1Pod[]> {
    const pods = await serversOf(cluster);
    // One that is not there now would take requests when it comes, as it is not frozen.
    const ready = new Set(pods.filter(isReady).map(nameOf));
    const wanted = cluster.pools.flatMap(({ name, replicas }) =>
        Array.from({ length: replicas }, (_, ordinal) => `${name}-${ordinal}`),
    );
    const unready = [...new Set([...wanted, ...pods.map(nameOf)])].filter((name) => !ready.has(name));
    if (unready.length > 0) {
        throw new Error(
            `all servers must be ready, and ${unready.join(", ")} ${unready.length === 1 ? "is" : "are"} not`,
        );
    }
    return pods;
}

/** Which start of a server it is that runs. */
function startOf(pod: V1Pod): string {
    return `${pod.metadata?.uid} ${statusOf(pod)?.restartCount}`;
}

function isRunning(pod: V1Pod): boolean {
    return statusOf(pod)?.state?.running !== undefined;
}

function statusOf({ status }: V1Pod) {
    return status?.containerStatuses?.find(({ name }) => name === serverName);
}

/** The servers that are not those any more that were frozen: a server that starts is not frozen. */
async function replacedSince(cluster: LiveCluster, frozen: V1Pod[]): Promise<string[]> {
    const before = new Map(frozen.map((pod) => [nameOf(pod), startOf(pod)]));
    const now = new Map((await serversOf(cluster)).map((pod) => [nameOf(pod), startOf(pod)]));
    return [...new Set([...before.keys(), ...now.keys()])].filter((name) => before.get(name) !== now.get(name));
}

async function refuseFrozen(cluster: LiveCluster, servers: V1Pod[]): Promise<void> {
    const frozen = await frozenServers(cluster, servers);
    if (frozen.length > 0) {
        throw new Error(
            `${frozen.map(nameOf).join(", ")} answer no S3 call: somebody else has frozen the cluster ` +
                "(thaw it with mc admin service unfreeze), or it is overloaded",
        );
    }
}

/**
 * The servers that are frozen no more, one after another as they are noticed: a call that each holds is answered, or
 * its connection ends with a server that restarts.
 */
function watch({ kubernetes, namespace, scheme }: LiveCluster, servers: V1Pod[], seconds: number): string[] {
    const thawed: string[] = [];
    for (const server of servers) {
        const held = kubernetes.ask(namespace, nameOf(server), scheme, "/", { milliseconds: 2 * seconds * 1000 });
        held.catch(() => undefined).then(() => thawed.push(nameOf(server)));
    }
    return thawed;
}

/** Waits, on every server, for the requests that were under way when it froze. */
async function drain(
    { kubernetes, namespace, scheme }: LiveCluster,
    servers: V1Pod[],
    deadline: number,
): Promise<void> {
    let counts: (number | undefined)[] = [];
    let calm = 0;
    const countOf = async (server: V1Pod) => {
        const answer = await kubernetes.ask(namespace, nameOf(server), scheme, "/", { headers: passingHeaders });
        return answer ? requestsUnderWay(answer.headers) : Number.POSITIVE_INFINITY;
    };
    const look = async () => {
        counts = await Promise.all(servers.map(countOf));
        if (counts.includes(undefined)) {
            await sleep(blindDrainMilliseconds);
            return true;
        }
        // One that has passed the gate is counted a moment later.
        calm = counts.every((count) => count === 0) ? calm + 1 : 0;
        return calm === 2 || undefined;
    };
    const late = () => {
        const which = servers.map((server, index) => `${nameOf(server)}: ${counts[index]}`).join(", ");
        return `requests that had begun before, such as large uploads or downloads, did not end in time (${which})`;
    };
    await until(look, { deadline, milliseconds: pollMilliseconds, late });
}

/** Of a server's own limit for requests, how many it works on (`maxClients` in `cmd/handler-api.go`). */
export function requestsUnderWay(headers: Record<string, string | string[] | undefined>): number | undefined {
    const [limit, remaining] = ["x-ratelimit-limit", "x-ratelimit-remaining"].map((name) => headers[name]);
    return limit === undefined || remaining === undefined ? undefined : Number(limit) - Number(remaining);
}

/** What was acknowledged may still lie in the node's memory, which a snapshot of the volume does not see. */
export async function flush(
    { kubernetes, namespace }: LiveCluster,
    servers: V1Pod[],
    warn: (text: string) => void,
): Promise<void> {
    const outputs = await Promise.all(
        servers.map((server) => {
            const mounts = server.spec?.containers.find(({ name }) => name === serverName)?.volumeMounts ?? [];
            const drives = mounts.map(({ mountPath }) => mountPath).filter((path) => path.startsWith("/data"));
            return kubernetes.execute(namespace, nameOf(server), serverName, [
                "sh",
                "-c",
                flushScript,
                "flush",
                ...drives,
            ]);
        }),
    );
    if (outputs.some((output) => output.includes("missing"))) {
        warn("the image has no sync, so only a storage driver that flushes file systems itself sees the last writes");
    }
}

/** A process in a pod that thaws the cluster when its time is over. */
interface Switch {
    pod: string;
    process: string;
}

/**
 * A request that is sent twice, as a configuration file of curl: a cluster that two servers were asked to freeze counts
 * two. No value of a signed request has a quote or a line break.
 */
export function curlConfig(url: string, { method, headers }: PodRequest): string {
    const transfer = { url, output: "/dev/null" };
    const options = {
        request: method,
        "max-time": 3,
        noproxy: "*", // One among the pod's variables is meant for others.
    };
    return [
        "silent",
        "show-error",
        "fail",
        "fail-early",
        "insecure", // It is asked by another name than the certificate's, and does not leave the pod.
        ...[transfer, transfer, options].flatMap(Object.entries).map(([option, value]) => `${option} = "${value}"`),
        ...Object.entries(headers).map(([name, value]) => `header = "${name}: ${value}"`),
        "",
    ].join("\n");
}

async function arm(cluster: LiveCluster, servers: V1Pod[], seconds: number): Promise<Switch[]> {
    const { kubernetes, namespace, scheme, credentials } = cluster;
    const query = { action: "unfreeze", type: "2" };
    const unsigned = { method: "POST", path: "/minio/admin/v3/service", query };
    const request = await signed(unsigned, credentials, await halfway(cluster, element(servers, 0), seconds));
    const config = curlConfig(`${scheme}://127.0.0.1:${apiPort}${request.path}`, request);
    const command = ["sh", "-c", armScript, "arm", String(seconds), config];
    try {
        return await Promise.all(
            servers.map(async (server) => {
                const pod = nameOf(server);
                // With the server it ends, too; but one that starts again is not frozen.
                const process = await kubernetes.execute(namespace, pod, serverName, command);
                return { pod, process: process.trim() };
            }),
        );
    } catch (error) {
        throw new Error(
            `cannot make sure that the cluster thaws if this program dies, so it is not frozen: ${messageOf(error)} ` +
                "(the image needs sh and curl, and the program the right to create pods/exec)",
        );
    }
}

/**
 * The middle of the time in which a switch may thaw, by the servers' clock. A signature is good for 15 minutes before
 * and after its date, and this program's clock may be another.
 */
async function halfway({ kubernetes, namespace, scheme }: LiveCluster, server: V1Pod, seconds: number): Promise<Date> {
    const answer = await kubernetes.ask(namespace, nameOf(server), scheme, "/minio/health/live");
    const now = Date.parse(String(answer?.headers.date)) || Date.now();
    return new Date(now + (seconds * 1000) / 2);
}

/** One that is left, such as in a pod that ends, does nothing more: the next freeze arms another one in its place. */
async function disarm({ kubernetes, namespace }: LiveCluster, switches: Switch[]): Promise<void> {
    await Promise.allSettled(
        switches.map(({ pod, process }) =>
            kubernetes.execute(namespace, pod, serverName, ["sh", "-c", disarmScript, "disarm", process]),
        ),
    );
}

function nameOf({ metadata }: V1Pod): string {
    return metadata?.name ?? "";
}
