/** One way, from an empty namespace to its numbers. */
import { loadavg } from "node:os";
import { say, sleep, waitFor } from "../../devcluster/shell";
import { waitForWriteQuorum } from "../../devcluster/writeQuorum";
import { RecordedClients } from "../support/history";
import { complaints, decide } from "../support/linearizability";
import { ConstantLoad, client, type Outcome, type Target, untilAcknowledged } from "../support/load";
import { makeBucket, put } from "../support/s3";
import { makeNamespace, removeNamespace } from "./namespaces";
import type { Deployment, Way } from "./ways";

/** Time under load before the change and after it, in seconds. */
const quiet = 5;
const after = 10;

/** Longest wait for answers when the load ends, in seconds. */
const longestAnswer = 150;

/** Wait for objects that were acknowledged and are not there, in seconds. */
const settle = 30;

/** Both kinds of clients run at once, so that they meet the same servers. */
const clients = [
    { name: "retries", title: "SDK's retries", maxAttempts: 3 },
    { name: "single", title: "no retry", maxAttempts: 1 },
];

/** What the clients of one kind saw. */
export interface Lane {
    name: string;
    title: string;
    outcomes: Outcome[];
    /** Acknowledged objects that are not there, or not whole, each with what was found instead. */
    lost: string[];
    /** How many were not there at first, and were there later. */
    late: number;
}

/** A change under way. Seconds since the load began. */
export interface Span {
    title: string;
    from: number;
    to: number;
    /** Why it did not get done. */
    failed?: string;
}

export interface Measured {
    way: Way;
    run: number;
    /** How long the load ran. Requests that were under way at its end were waited for. */
    seconds: number;
    /** The machine's load average (1 minute) when the load began. */
    loadAverage: number;
    lanes: Lane[];
    changes: Span[];
    /** What is not linearizable of what concurrent clients saw of a few objects. */
    complaints: string[];
    /** Whether every request got an answer or an error at last; those that did not are in no number. */
    answered: boolean;
}

/** Namespaces and deployments that are there now, to be removed when the benchmark is cut off. */
const present = new Map<string, Deployment>();

export async function measure(way: Way, run: number): Promise<Measured> {
    const namespace = `bench-${way.name}`;
    await makeNamespace(namespace);
    const deployment = way.prepare(namespace);
    present.set(namespace, deployment);
    try {
        say(`${way.title}: deploying`);
        const target = await deployment.deploy();
        await untilWritable(target);
        return await underLoad(way, run, deployment, target);
    } finally {
        await remove(namespace);
    }
}

/** Removes all that is there. */
export async function removeAll(): Promise<void> {
    await Promise.all([...present.keys()].map(remove));
}

async function remove(namespace: string): Promise<void> {
    const deployment = present.get(namespace);
    present.delete(namespace);
    if (deployment) {
        say(`removing ${namespace}`);
        await deployment.remove();
        await removeNamespace(namespace);
    }
}

/** Makes the buckets, and waits until objects can be written ten times in a row. */
async function untilWritable(target: Target): Promise<void> {
    await waitForWriteQuorum(target.endpoint);
    const s3 = client(target, { maxAttempts: 1 });
    const attempt = async (request: Promise<void>) =>
        request.then(
            () => true,
            (error: Error) => error.name === "BucketAlreadyOwnedByYou",
        );
    for (const { name } of clients) {
        let written = 0;
        await waitFor(`writes to the bucket ${name}`, async () => {
            const good =
                written > 0
                    ? await attempt(put(s3, name, "first", Buffer.alloc(64 << 10)))
                    : await attempt(makeBucket(s3, name));
            written = good ? written + 1 : 0;
            return written > 10;
        });
    }
    s3.destroy();
}

async function underLoad(way: Way, run: number, deployment: Deployment, target: Target): Promise<Measured> {
    const loadAverage = loadavg()[0];
    const loads = clients.map(({ name, maxAttempts }) => new ConstantLoad(target, name, { maxAttempts }));
    const recorded = new RecordedClients(() => client(target, { maxAttempts: 1 }), clients[0].name, {
        prefix: "recorded-",
        clients: 8,
        keys: 4,
        pauseMs: 400,
    });
    const progress = setInterval(() => say(`${way.title}: ${loads.map(progressOf).join("; ")}`), 10_000);
    const changes: Span[] = [];
    try {
        await Promise.all(loads.map((load) => untilAcknowledged(load, 10)));
        await sleep(quiet * 1000);
        for (const { title, apply } of deployment.changes) {
            say(`${way.title}: ${title} begins`);
            const from = loads[0].seconds;
            const failed = await apply().then(
                () => undefined,
                (error: Error) => error.message,
            );
            const to = loads[0].seconds;
            changes.push({ title, from, to, failed });
            say(`${way.title}: ${title} ${failed ? `failed: ${failed}` : `took ${(to - from).toFixed(1)} s`}`);
        }
        await sleep(after * 1000);
    } finally {
        clearInterval(progress);
    }
    const { seconds } = loads[0];
    say(`${way.title}: ${loads.map(progressOf).join("; ")}; waiting for the last answers`);
    const answered = await Promise.race([
        Promise.all([...loads, recorded].map((load) => load.stop())).then(() => true),
        sleep(longestAnswer * 1000).then(() => false),
    ]);
    const found = complaints(await decide([...recorded.operations]));
    const lanes: Lane[] = [];
    for (const [i, { name, title }] of clients.entries()) {
        lanes.push({ name, title, outcomes: [...loads[i].outcomes], ...(await verified(loads[i], target)) });
    }
    return { way, run, seconds, loadAverage, lanes, changes, complaints: found, answered };
}

/**
 * Looks for every acknowledged object. What is missing is looked for again, as a server that restarted finds some objects only
 * when it has looked for its peers' drives, every 15 s; what is missing then is lost.
 */
async function verified(load: ConstantLoad, { endpoint }: Target): Promise<Pick<Lane, "lost" | "late">> {
    say(`verifying ${load.acknowledged.size} acknowledged objects`);
    await waitForWriteQuorum(endpoint).catch((error: Error) => say(error.message));
    const missing = await load.lost();
    if (missing.length === 0) {
        return { lost: [], late: 0 };
    }
    say(`${missing.length} are not there; looking again in ${settle} s`);
    await sleep(settle * 1000);
    const lost = await load.lost();
    return { lost, late: Math.max(0, missing.length - lost.length) };
}

function progressOf(load: ConstantLoad, index: number): string {
    const failed = load.outcomes.filter(({ error }) => error).length;
    return `${clients[index].title}: ${failed} of ${load.outcomes.length} failed`;
}
