/** In which moments of a rollout its requests are counted. */
import { CountedCluster, type CountedServer, type CountedShape, type Poll, type ReadyBy } from "./countedCluster";

const poolName = (pool: number) => (pool === 0 ? "minio" : `minio-pool-${pool}`);

/** The servers in the order of restarts. */
const inOrder = ({ pools, servers }: CountedShape) =>
    Array.from({ length: pools * servers }, (_, index) => {
        const back = pools * servers - 1 - index;
        return `${poolName(Math.floor(back / servers))}-${back % servers}`;
    });

/** A server that was restarted does not answer yet. */
export function whileItWaits(shape: CountedShape, readyBy?: ReadyBy): Promise<Poll[]> {
    const [first] = inOrder(shape);
    return new CountedCluster(shape, { [first]: { revision: "new", ready: false } }, readyBy).roll(12);
}

/** As many as needed have the new version, and wait for their peers; the last one of these does not answer yet. */
export function whileHalfWait(shape: CountedShape): Promise<Poll[]> {
    const quorum = Math.floor((shape.pools * shape.servers - 1) / 2) + 1;
    const names = inOrder(shape).slice(0, quorum);
    const servers: Record<string, CountedServer> = {};
    for (const [index, name] of names.entries()) {
        servers[name] = { revision: "new", ready: false, waits: index < names.length - 1 };
    }
    return new CountedCluster(shape, servers).roll(12);
}

/** The first server is restarted: all are as before. */
export async function beforeTheFirst(shape: CountedShape, readyBy?: ReadyBy): Promise<Poll> {
    return (await new CountedCluster(shape, {}, readyBy).roll(40)).at(-1) as Poll;
}

/** The second one is restarted while the first waits for its peers. */
export async function beforeTheSecond(shape: CountedShape): Promise<Poll> {
    const [first] = inOrder(shape);
    const servers = { [first]: { revision: "new" as const, ready: false, waits: true } };
    return (await new CountedCluster(shape, servers).roll(40)).at(-1) as Poll;
}

/** Nothing is to be done. */
export function whereAllIsDone(shape: CountedShape, readyBy?: ReadyBy): Promise<Poll[]> {
    const servers = Object.fromEntries(inOrder(shape).map((name) => [name, { revision: "new" as const }]));
    return new CountedCluster(shape, servers, readyBy).roll(12);
}
