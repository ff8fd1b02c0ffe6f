/** Whether MinIO can miss a server, asked when it is about to be restarted. */
import { element } from "../basics/element";
import { atTheSameTime, forSeveral } from "../basics/several";
import type { Answer, Kubernetes } from "../kubernetes/client";
import type { StorageState } from "../live/admin";
import { waitsForPeers } from "./heard";
import type { PoolState, ServerState } from "./plan";
import { unreachedWithout, type View } from "./views";
import type { WantedCluster } from "./wanted";

export const clusterHealth = "/minio/health/cluster";
const maintenance = `${clusterHealth}?maintenance=true`;

/**
 * How long a server that did not answer in time gets when it is asked again: MinIO itself waits up to 10 s for a peer
 * that is silent (`cluster_deadline` in `internal/config/api/api.go`).
 */
export const patientMilliseconds = 13_000;

/** Told what a server's answer says of itself: whether it serves. */
type Note = (server: string, serves: boolean) => void;

/**
 * Asks whether servers may stop at the same time, and sets their `mayStop` and `unreached`. It remembers only who said
 * no last: as long as that one says so, no other needs to be asked.
 */
export class Consent {
    private against: Objection | undefined;

    constructor(
        private readonly kubernetes: Kubernetes,
        private readonly wanted: WantedCluster,
        private readonly note: Note = () => {},
    ) {}

    /** Whether what spoke against servers the last time still does, which is few questions; then it is set. */
    async isStillRefused(pools: PoolState[], names: string[]): Promise<boolean> {
        const against = this.against;
        this.against = undefined;
        const one = caseOf(pools, names);
        const said = against?.key === keyOf(one) ? await against.stands(one) : undefined;
        if (said === undefined) {
            return false;
        }
        said();
        this.against = against;
        return true;
    }

    async ask(pools: PoolState[], names: string[]): Promise<void> {
        const one = caseOf(pools, names);
        this.against = await this.askFor(one);
        const mayDiffer = one.waiting.length === 0 || hasNeighbours(one);
        if (one.stopping.length > 1 && mayDiffer && one.stopping.every(({ next }) => !next.mayStop)) {
            // What speaks against several need not speak against the first of them.
            this.against = both(keyOf(one), this.against, await this.askFor(firstOf(one)));
        }
    }

    /**
     * Each server is asked by its own view, as one may not reach a restarted server yet that another does. With
     * `maintenance=true` it leaves out its own share of the drives, which is as large as that of any server of its
     * pool. Pools have no erasure set in common: so each pool's servers agree to the end of theirs.
     *
     * While a server waits for its peers, all others leave out its drives, though these serve. Where they lie in the
     * only erasure set of their pool, they stand for those of the server that is to stop. Else, where the answer is no,
     * and where several of one pool are to stop, the drives are counted.
     *
     * A server that knows no users yet takes no requests of theirs, and tells nothing of the drives by its health. If
     * it has the wanted revision, it is waited for. If not, perhaps only its update mends it, as after a mistake in the
     * address of the identity provider. So the drives are counted for all such servers.
     *
     * Then each server must reach the drives of all others but the one that stops: see views.ts.
     */
    private async askFor(one: Case): Promise<Objection | undefined> {
        const { stopping, serving, waiting } = one;
        if (hasNeighbours(one)) {
            return (await this.askForUsers(one)) ?? this.askForFree(one, await this.countDrives(one, serving));
        }
        const [first, others] = [element(serving, 0), serving.slice(1)];
        const isStandIn = ({ pool }: Stopping) => pool.erasureSets === 1 && pool.servers.some(waits);
        const pathOf = (server: ServerState) => {
            const concerned = stopping.find(({ pool }) => pool.servers.includes(server));
            return concerned && !isStandIn(concerned) ? maintenance : clusterHealth;
        };
        const agreed = new Set<ServerState>();
        const withoutUsers = new Set<ServerState>();
        let refused: ServerState | undefined;
        const askOne = async (server: ServerState) => {
            const answer = await this.askPatiently(server, pathOf(server));
            if (answer?.status === 200) {
                agreed.add(server);
            } else if (answer && knowsNoUsers(answer)) {
                withoutUsers.add(server);
            } else {
                refused ??= server;
            }
        };
        const healing = stopping.some(isStandIn) && heals(await this.askPatiently(first, maintenance));
        if (!healing) {
            await askOne(first); // Where one refuses, most do, and one is enough.
            await forSeveral(others, atTheSameTime, askOne, () => refused !== undefined);
        }
        const isMended = stopping.every(({ next }) => withoutUsers.has(next));
        const missing = isMended ? undefined : [...withoutUsers].find(({ change }) => change === "none");
        if (missing) {
            return this.untilItKnowsUsers(one, missing);
        }
        const mayStop = !healing && refused === undefined;
        set(one, { mayStop });
        if (!mayStop && waiting.length === 0) {
            return refused && this.refusal(one, refused, pathOf(refused));
        }
        const uncounted = serving.filter((server) => healing || !agreed.has(server));
        const isAgreed = mayStop && uncounted.length === 0;
        return this.askForFree(one, isAgreed ? undefined : await this.countDrives(one, uncounted));
    }

    /** Drives tell nothing of users. All updated servers are told the same providers: so one of them is enough. */
    private async askForUsers(one: Case): Promise<Objection | undefined> {
        const updated = one.serving.find(({ change }) => change === "none");
        const answer = updated && (await this.askPatiently(updated, clusterHealth));
        return answer && knowsNoUsers(answer) ? this.untilItKnowsUsers(one, updated) : undefined;
    }

    private untilItKnowsUsers(one: Case, { name }: ServerState): Objection {
        const refuse = (some: Case) =>
            set(some, { mayStop: false, unknown: `${name} knows no users yet: it waits for its identity provider` });
        refuse(one);
        return {
            key: keyOf(one),
            stands: async (now) => {
                const answer = await this.askPatiently(servingOf(now, name), clusterHealth);
                return answer && knowsNoUsers(answer) ? () => refuse(now) : undefined;
            },
        };
    }

    /** Those that may stop, by their drives; then what each server reaches without these. */
    private async askForFree(one: Case, objection: Objection | undefined): Promise<Objection | undefined> {
        const free = one.stopping.filter(({ next }) => next.mayStop);
        if (free.length === 0) {
            return objection;
        }
        const names = new Set(free.map(({ next }) => next.name));
        const partOf = (some: Case): Case => ({
            ...some,
            stopping: some.stopping.filter(({ next }) => names.has(next.name)),
        });
        const views = await this.askForViews(partOf(one));
        return (
            views && {
                key: keyOf(one),
                stands: async (now) => {
                    const said = await views.stands(partOf(now));
                    return (
                        said &&
                        (() => {
                            set(now, { mayStop: false });
                            said();
                        })
                    );
                },
            }
        );
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
            server.initialised = !waitsForPeers(answer);
            this.note(server.name, server.initialised);
        }
        return answer;
    }

    /** A server has refused, or is silent. */
    private refusal(one: Case, { name, silence, initialised }: ServerState, path: string): Objection | undefined {
        const unknown = silence ? `${name} does not answer, though it was asked twice` : undefined;
        set(one, { unknown });
        if (!initialised) {
            return undefined; // It waits for its peers, which was not known: then the question is another one.
        }
        return {
            key: keyOf(one),
            stands: async (now) => {
                const answer = await this.askPatiently(servingOf(now, name), path);
                return answer?.status === 200
                    ? undefined
                    : () => set(now, { mayStop: false, unknown: answer ? undefined : unknown });
            },
        };
    }

    /** What each server reaches by itself. */
    private async askForViews(one: Case): Promise<Objection | undefined> {
        const views: View[] = [];
        await forSeveral(one.serving, atTheSameTime, async (server) => {
            views.push({ server, reached: await this.reachedBy(server) });
        });
        const unreached = one.stopping.map((stopping) => unreachedWithout(stopping.next, stopping.pool.servers, views));
        for (const [index, { next }] of one.stopping.entries()) {
            next.unreached = unreached[index]?.reason;
        }
        if (unreached.includes(undefined)) {
            return undefined;
        }
        const viewers = unreached.map((why) => why?.viewer.name);
        return {
            key: keyOf(one),
            stands: async (now) => {
                const anew = new Map<string, View["reached"]>();
                for (const name of new Set(viewers)) {
                    anew.set(name ?? "", await this.reachedBy(servingOf(now, name)));
                }
                const known = now.serving.map((server): View => {
                    const before = views.find((view) => view.server.name === server.name)?.reached;
                    return { server, reached: anew.get(server.name) ?? before ?? [] };
                });
                const still = now.stopping.map(({ next, pool }) => unreachedWithout(next, pool.servers, known));
                if (still.some((why, index) => why?.viewer.name !== viewers[index])) {
                    return undefined;
                }
                return () => {
                    set(now, { mayStop: true });
                    for (const [index, { next }] of now.stopping.entries()) {
                        next.unreached = still[index]?.reason;
                    }
                };
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
    private async countDrives(one: Case, asked: ServerState[]): Promise<Objection | undefined> {
        const [first, others] = [element(asked, 0), asked.slice(1)];
        let missable = one.stopping;
        let unknown: string | undefined;
        let against: string | undefined;
        const count = async (by: ServerState) => {
            const said = await this.countedBy(by, one);
            missable = missable.filter((stopping) => said.missable.includes(stopping));
            unknown ??= said.unknown;
            against ??= said.missable.length === 0 ? by.name : undefined;
        };
        await count(first);
        await forSeveral(others, atTheSameTime, count, () => missable.length === 0);
        set(one, { mayStop: false, unknown });
        set({ ...one, stopping: missable }, { mayStop: true, unknown: undefined });
        return against === undefined
            ? undefined
            : {
                  key: keyOf(one),
                  stands: async (now) => {
                      const said = await this.countedBy(servingOf(now, against), now);
                      return said.missable.length === 0
                          ? () => set(now, { mayStop: false, unknown: said.unknown })
                          : undefined;
                  },
              };
    }

    /** Which of those that are to stop can be missed together, the first ones first. */
    private async countedBy({ name }: ServerState, { stopping, waiting }: Case): Promise<Counted> {
        try {
            const storage = await (await this.wanted.admin(this.kubernetes, name)).storage();
            const others = new Set(waiting.map((server) => server.name));
            const missable: Stopping[] = [];
            for (const one of stopping) {
                const names = [...missable, one].map(({ next }) => next.name);
                if (canMiss(storage, new Set(names), others)) {
                    missable.push(one);
                }
            }
            return { missable };
        } catch (error) {
            const why = (error as Error).message;
            const unknown =
                waiting.length > 0
                    ? `servers wait for their peers, and the drives cannot be counted: ${why}`
                    : `the drives cannot be counted: ${why}`;
            return { missable: [], unknown };
        }
    }
}

interface Counted {
    missable: Stopping[];
    unknown?: string;
}

/** A server that is to stop. */
interface Stopping {
    next: ServerState;
    pool: PoolState;
}

/** Whom the question is about, and who is there to be asked. */
interface Case {
    /** Of each pool from the highest ordinal down. */
    stopping: Stopping[];
    /** Of all pools. */
    serving: ServerState[];
    waiting: ServerState[];
}

/** What spoke against servers the last time, so that none of them might stop. */
interface Objection {
    /** In which case; in another one it counts no more. */
    key: string;
    /** Asks again those who objected. Sets it when it is called, where it is still so. */
    stands(one: Case): Promise<(() => void) | undefined>;
}

/** Of several servers together, and of the first of them alone. */
function both(key: string, several: Objection | undefined, alone: Objection | undefined): Objection | undefined {
    return (
        several &&
        alone && {
            key,
            stands: async (now) => {
                const all = await several.stands(now);
                const first = all && (await alone.stands(firstOf(now)));
                return (
                    first &&
                    (() => {
                        all();
                        first();
                    })
                );
            },
        }
    );
}

function caseOf(pools: PoolState[], names: string[]): Case {
    const servers = pools.flatMap((pool) => pool.servers);
    const stopping = names.flatMap((name) =>
        pools.flatMap((pool) => pool.servers.filter((one) => one.name === name).map((next) => ({ next, pool }))),
    );
    return { stopping, serving: servers.filter(serves), waiting: servers.filter(waits) };
}

/** Whether several of one pool are to stop. */
function hasNeighbours({ stopping }: Case): boolean {
    return new Set(stopping.map(({ pool }) => pool)).size < stopping.length;
}

const firstOf = (one: Case): Case => ({ ...one, stopping: one.stopping.slice(0, 1) });

function servingOf({ serving }: Case, name: string | undefined): ServerState {
    return serving.find((server) => server.name === name) ?? element(serving, 0);
}

function set({ stopping }: Case, what: Pick<ServerState, "mayStop" | "unknown">): void {
    for (const { next } of stopping) {
        Object.assign(next, what);
    }
}

function keyOf({ stopping, serving, waiting }: Case): string {
    const idOf = ({ name, uid }: ServerState) => `${name} ${uid}`;
    const parts = [stopping.map(({ next }) => next), serving, waiting];
    return parts.map((servers) => servers.map(idOf).join()).join(" | ");
}

const serves = ({ initialised, terminating }: ServerState) => initialised && !terminating;
const waits = ({ answers, initialised, terminating }: ServerState) => answers && !initialised && !terminating;

/**
 * As long as it does not reach an identity provider that its variables name, it reads no users, and takes only root's
 * requests; it says so before it looks at any drive (`IAMSys.Init` in `cmd/iam.go`, `checkHealth` in
 * `cmd/healthcheck-handler.go`).
 */
const knowsNoUsers = ({ headers }: Answer) => headers["x-minio-server-status"] === "iam-offline";

/** Told with `maintenance=true` only, whatever the status. */
const heals = (answer: Answer | undefined) => answer === undefined || "x-minio-healing-drives" in answer.headers;

/**
 * Whether every erasure set can be written without some servers. Where several of one set are among them, all its other
 * drives must work. The drives of servers that wait for their peers serve, though MinIO counts them as offline; one
 * that heals lacks objects, and counts as none. Pure.
 */
export function canMiss({ drives, writeQuorums }: StorageState, stopping: Set<string>, waiting: Set<string>): boolean {
    const sets = new Map<string, { pool: number; serving: number; failed: number; stopping: Set<string> }>();
    for (const { pool, set, server: owner, works } of drives) {
        const found = sets.get(`${pool} ${set}`) ?? { pool, serving: 0, failed: 0, stopping: new Set() };
        sets.set(`${pool} ${set}`, found);
        if (stopping.has(owner)) {
            found.stopping.add(owner);
        } else if (works || waiting.has(owner)) {
            found.serving++;
        } else {
            found.failed++;
        }
    }
    return (
        drives.length > 0 &&
        [...sets.values()].every(
            ({ pool, serving, failed, stopping: { size } }) =>
                serving >= element(writeQuorums, pool) && (size < 2 || failed === 0),
        )
    );
}
