/** Whether MinIO can miss a server, asked when one is about to be restarted. */
import type { Answer, Kubernetes } from "../kubernetes/client";
import type { StorageState } from "../live/admin";
import type { PoolState, ServerState } from "./plan";
import { unreachedWithout, type View } from "./views";
import type { WantedCluster } from "./wanted";

export const clusterHealth = "/minio/health/cluster";

/**
 * Sets `mayStop` and `unreached` of every server that serves.
 *
 * Each server is asked by its own view, as one may not reach a restarted server yet that another does. With
 * `maintenance=true` it leaves out its own share of the drives, which is as large as that of any server of its pool.
 *
 * While a server waits for its peers, all others leave out its drives, though these serve. Where they lie in the only
 * erasure set of their pool, they stand for those of the server that is to stop. Else, and where the answer is no, the
 * drives are counted.
 *
 * Then each server must reach the drives of all others but the one that stops: see views.ts.
 */
export async function askConsent(kubernetes: Kubernetes, wanted: WantedCluster, pools: PoolState[]): Promise<void> {
    const serving = pools.flatMap(({ servers }) => servers).filter(serves);
    const waiting = pools.flatMap(({ servers }) => servers).filter(waits);
    const ask = once((name: string, path: string) => kubernetes.ask(wanted.namespace, name, wanted.scheme, path));
    const answersOf = (servers: ServerState[], path: string) => Promise.all(servers.map(({ name }) => ask(name, path)));
    const agree = async (servers: ServerState[], path: string) =>
        (await answersOf(servers, path)).every((answer) => answer?.status === 200);
    // Where no server may be missed, none is asked.
    const moving = pools.filter(
        ({ servers, serversThatMayFail }) => serversThatMayFail > 0 && servers.some(({ change }) => change !== "none"),
    );
    for (const pool of moving) {
        const own = pool.servers.filter(serves);
        const isStandIn = pool.erasureSets === 1 && pool.servers.some(waits);
        const others = serving.filter((server) => !own.includes(server));
        const mayStop =
            (await agree(own, isStandIn ? clusterHealth : maintenance)) &&
            (await agree(others, clusterHealth)) &&
            !(isStandIn && (await answersOf(serving.slice(0, 1), maintenance)).some(heals));
        for (const server of own) {
            server.mayStop = mayStop;
        }
    }
    const asked = moving.flatMap(({ servers }) => servers).filter((server) => serves(server) && !server.mayStop);
    if (waiting.length > 0 && asked.length > 0) {
        const stoppable = await whoMayStop(kubernetes, wanted, { asked, serving, waiting });
        for (const server of asked) {
            server.mayStop = typeof stoppable !== "string" && stoppable.includes(server);
            server.unknown = typeof stoppable === "string" ? stoppable : undefined;
        }
    }
    const willing = moving.filter(({ servers }) => servers.some((server) => serves(server) && server.mayStop));
    if (willing.length > 0) {
        const views = await viewsOf(kubernetes, wanted, serving);
        for (const { servers } of willing) {
            for (const server of servers.filter(serves)) {
                server.unreached = unreachedWithout(server, servers, views);
            }
        }
    }
}

/** What each server reaches by itself. */
async function viewsOf(kubernetes: Kubernetes, wanted: WantedCluster, serving: ServerState[]): Promise<View[]> {
    return Promise.all(
        serving.map(async (server): Promise<View> => {
            try {
                return { server, reached: await (await wanted.admin(kubernetes, server.name)).reachedDrives() };
            } catch (error) {
                return { server, reached: (error as Error).message };
            }
        }),
    );
}

/**
 * By the drives, as every server that serves counts them.
 *
 * @returns a string says why they cannot be counted
 */
async function whoMayStop(
    kubernetes: Kubernetes,
    wanted: WantedCluster,
    { asked, serving, waiting }: Record<"asked" | "serving" | "waiting", ServerState[]>,
): Promise<ServerState[] | string> {
    const names = new Set(waiting.map(({ name }) => name));
    let stoppable = asked;
    for (const { name } of serving) {
        try {
            const storage = await (await wanted.admin(kubernetes, name)).storage();
            stoppable = stoppable.filter((server) => canMiss(storage, server.name, names));
        } catch (error) {
            return `servers wait for their peers, and the drives cannot be counted: ${(error as Error).message}`;
        }
        if (stoppable.length === 0) {
            break;
        }
    }
    return stoppable;
}

const maintenance = `${clusterHealth}?maintenance=true`;

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
    return drives.length > 0 && [...sets.values()].every(({ pool, serving }) => serving >= writeQuorums[pool]);
}

/** Each question is asked once. */
function once(ask: (name: string, path: string) => Promise<Answer | undefined>) {
    const asked = new Map<string, Promise<Answer | undefined>>();
    return (name: string, path: string) => {
        const key = `${name}${path}`;
        const answer = asked.get(key) ?? ask(name, path);
        asked.set(key, answer);
        return answer;
    };
}
