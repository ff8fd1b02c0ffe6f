/** Whether MinIO can miss a server, asked when it is about to be restarted. */
import { element } from "../basics/element";
import { forSeveral } from "../basics/several";
import type { Answer, Kubernetes } from "../kubernetes/client";
import type { StorageState } from "../live/admin";
import type { PoolState, ServerState } from "./plan";
import { unreachedWithout, type View } from "./views";
import type { WantedCluster } from "./wanted";

export const clusterHealth = "/minio/health/cluster";
const maintenance = `${clusterHealth}?maintenance=true`;

/** So many servers are asked at the same time at most: each asks all others. */
export const atTheSameTime = 16;

/**
 * How long a server that did not answer in time gets when it is asked again: MinIO itself waits up to 10 s for a peer that is silent
 * (`cluster_deadline` in `internal/config/api/api.go`).
 */
const patientMilliseconds = 13_000;

/** Told what a server's answer says of itself: whether it serves. */
type Note = (server: string, serves: boolean) => void;

/**
 * Asks whether a server may stop, and sets its `mayStop` and `unreached`. It remembers only who said no last: as long as that one says so,
 * no other needs to be asked.
 */
export class Consent {
    private against: Objection | undefined;

    constructor(
        private readonly kubernetes: Kubernetes,
        private readonly wanted: WantedCluster,
        private readonly note: Note = () => {},
    ) {}

    /** Whether what spoke against a server the last time still does, which is one question; then it is set. */
    async isStillRefused(pools: PoolState[], name: string): Promise<boolean> {
        const against = this.against;
        this.against = undefined;
        const found = caseOf(pools, name);
        const by = found?.serving.find((server) => server.name === against?.by);
        if (!found || !against || !by || against.key !== keyOf(found) || !(await against.isStillSo(found, by))) {
            return false;
        }
        this.against = against;
        return true;
    }

    /**
     * Each server is asked by its own view, as one may not reach a restarted server yet that another does. With
     * `maintenance=true` it leaves out its own share of the drives, which is as large as that of any server of its pool.
     *
     * While a server waits for its peers, all others leave out its drives, though these serve. Where they lie in the only
     * erasure set of their pool, they stand for those of the server that is to stop. Else, and where the answer is no, the
     * drives are counted.
     *
     * Then each server must reach the drives of all others but the one that stops: see views.ts.
     */
    async ask(pools: PoolState[], name: string): Promise<void> {
        const one = caseOf(pools, name);
        if (one === undefined) {
            return;
        }
        const { next, pool, serving, waiting } = one;
        const [first, others] = [element(serving, 0), serving.slice(1)];
        const isStandIn = pool.erasureSets === 1 && pool.servers.some(waits);
        const pathOf = (server: ServerState) =>
            pool.servers.includes(server) && !isStandIn ? maintenance : clusterHealth;
        const agreed = new Set<ServerState>();
        let refused: ServerState | undefined;
        const askOne = async (server: ServerState) => {
            if ((await this.askPatiently(server, pathOf(server)))?.status === 200) {
                agreed.add(server);
            } else {
                refused ??= server;
            }
        };
        const healing = isStandIn && heals(await this.askPatiently(first, maintenance));
        if (!healing) {
            await askOne(first); // Where one refuses, most do, and one is enough.
            await forSeveral(others, atTheSameTime, askOne, () => refused !== undefined);
        }
        next.mayStop = !healing && refused === undefined;
        if (!next.mayStop && waiting.length > 0) {
            await this.countDrives(
                one,
                serving.filter((server) => healing || !agreed.has(server)),
            );
        } else if (refused) {
            this.object(one, refused, pathOf(refused));
        }
        if (next.mayStop) {
            await this.askForViews(one);
        }
    }

    /** One late answer is no refusal: it is asked for again, with more patience. */
    private async askPatiently(server: ServerState, path: string): Promise<Answer | undefined> {
        const { namespace, scheme } = this.wanted;
        const silent = (said: string) => {
            server.silence = said;
        };
        const ask = (milliseconds?: number) =>
            this.kubernetes.ask(namespace, server.name, scheme, path, { milliseconds, silent });
        const answer = (await ask()) ?? (await ask(patientMilliseconds));
        if (answer) {
            server.silence = "";
            server.heard = true;
            server.initialised = answer.headers["x-minio-server-status"] !== "offline";
            this.note(server.name, server.initialised);
        }
        return answer;
    }

    /** A server has refused, or is silent. */
    private object(one: Case, by: ServerState, path: string): void {
        const unknown = by.silence ? `${by.name} does not answer, though it was asked twice` : undefined;
        one.next.unknown = unknown;
        if (!by.initialised) {
            return; // It waits for its peers, which was not known: then the question is another one.
        }
        this.against = {
            key: keyOf(one),
            by: by.name,
            isStillSo: async ({ next }, now) => {
                const answer = await this.askPatiently(now, path);
                Object.assign(
                    next,
                    answer?.status !== 200 && { mayStop: false, unknown: answer ? undefined : unknown },
                );
                return answer?.status !== 200;
            },
        };
    }

    /** What each server reaches by itself. */
    private async askForViews(one: Case): Promise<void> {
        const views: View[] = [];
        await forSeveral(one.serving, atTheSameTime, async (server) => {
            views.push({ server, reached: await this.reachedBy(server) });
        });
        const unreached = unreachedWithout(one.next, one.pool.servers, views);
        if (unreached === undefined) {
            return;
        }
        one.next.unreached = unreached.reason;
        this.against = {
            key: keyOf(one),
            by: unreached.viewer.name,
            isStillSo: async ({ next, pool, serving }, now) => {
                const reached = await this.reachedBy(now);
                const known = serving.map((server): View => {
                    const before = views.find((view) => view.server.name === server.name)?.reached;
                    return { server, reached: server === now ? reached : (before ?? []) };
                });
                const still = unreachedWithout(next, pool.servers, known);
                const isSame = still?.viewer === now;
                Object.assign(next, isSame && { mayStop: true, unreached: still.reason });
                return isSame;
            },
        };
    }

    private async reachedBy({ name }: ServerState): Promise<View["reached"]> {
        try {
            return await (await this.wanted.admin(this.kubernetes, name)).reachedDrives();
        } catch (error) {
            return (error as Error).message;
        }
    }

    /** By the drives, as each server counts them that has not agreed already. */
    private async countDrives(one: Case, asked: ServerState[]): Promise<void> {
        const [first, others] = [element(asked, 0), asked.slice(1)];
        let no: { by: ServerState; unknown?: string } | undefined;
        const count = async (by: ServerState) => {
            const said = await this.countedBy(by, one);
            no ??= said === true ? undefined : { by, unknown: said || undefined };
        };
        await count(first);
        await forSeveral(others, atTheSameTime, count, () => no !== undefined);
        Object.assign(one.next, { mayStop: no === undefined, unknown: no?.unknown });
        this.against = no && {
            key: keyOf(one),
            by: no.by.name,
            isStillSo: async (now, by) => {
                const said = await this.countedBy(by, now);
                Object.assign(now.next, said !== true && { mayStop: false, unknown: said || undefined });
                return said !== true;
            },
        };
    }

    /** @returns a text says why they cannot be counted */
    private async countedBy({ name }: ServerState, { next, waiting }: Case): Promise<boolean | string> {
        try {
            const storage = await (await this.wanted.admin(this.kubernetes, name)).storage();
            return canMiss(storage, next.name, new Set(waiting.map((server) => server.name)));
        } catch (error) {
            return `servers wait for their peers, and the drives cannot be counted: ${(error as Error).message}`;
        }
    }
}

/** Whom the question is about, and who is there to be asked. */
interface Case {
    next: ServerState;
    pool: PoolState;
    /** Of all pools. */
    serving: ServerState[];
    waiting: ServerState[];
}

/** What spoke against a server the last time. */
interface Objection {
    /** In which case; in another one it counts no more. */
    key: string;
    /** By which server. */
    by: string;
    /** Asks that server again, and sets it where it is still so. */
    isStillSo(one: Case, by: ServerState): Promise<boolean>;
}

function caseOf(pools: PoolState[], name: string): Case | undefined {
    const servers = pools.flatMap((pool) => pool.servers);
    const pool = pools.find((one) => one.servers.some((server) => server.name === name));
    const next = servers.find((server) => server.name === name);
    return pool && next && { next, pool, serving: servers.filter(serves), waiting: servers.filter(waits) };
}

function keyOf({ next, serving, waiting }: Case): string {
    const idOf = ({ name, uid }: ServerState) => `${name} ${uid}`;
    return [next, ...serving, "waiting", ...waiting].map((one) => (typeof one === "string" ? one : idOf(one))).join();
}

const serves = ({ initialised, terminating }: ServerState) => initialised && !terminating;
const waits = ({ answers, initialised, terminating }: ServerState) => answers && !initialised && !terminating;

/** Told with `maintenance=true` only, whatever the status. */
const heals = (answer: Answer | undefined) => answer === undefined || "x-minio-healing-drives" in answer.headers;

/**
 * Whether every erasure set can be written without a server. The drives of servers that wait for their peers serve,
 * though MinIO counts them as offline; one that heals lacks objects, and counts as none. Pure.
 */
export function canMiss({ drives, writeQuorums }: StorageState, server: string, waiting: Set<string>): boolean {
    const sets = new Map<string, { pool: number; serving: number }>();
    for (const { pool, set, server: owner, works } of drives) {
        const found = sets.get(`${pool} ${set}`) ?? { pool, serving: 0 };
        sets.set(`${pool} ${set}`, found);
        if (owner !== server && (works || waiting.has(owner))) {
            found.serving++;
        }
    }
    return drives.length > 0 && [...sets.values()].every(({ pool, serving }) => serving >= element(writeQuorums, pool));
}
