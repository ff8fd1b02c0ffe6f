/** What MinIO has of what is declared and recorded. It is asked of one server, by a few requests at the same time. */
import { atTheSameTime, forSeveral } from "../basics/several";
import { until } from "../basics/until";
import type { KeptForward } from "../kubernetes/client";
import { type LiveCluster, serversOf } from "../live/liveCluster";
import { isReady } from "../rollout/heard";
import { accessKeyOf } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";
import { type Declared, type Live, mustEnd } from "./difference";
import { Minio } from "./minio";
import { entryOf, type Recorded } from "./record";
import { type Setting, settings, wantedSettings } from "./settings";

/** Requests under way at the same time. */
export const parallel = 6;

/** The secret key of each access key that is known in this run. */
export type SecretKeys = Record<string, string | undefined>;

/** The region that MinIO wants requests to be signed for: `LookupSite` in `internal/config/config.go`. */
export function regionOf({ environment = {} }: Pick<MinioClusterSpec, "environment">): string {
    return environment.MINIO_REGION || environment.MINIO_SITE_REGION || "us-east-1";
}

/**
 * Does something with MinIO through a server that is ready.
 *
 * @throws Error where no server is
 */
export async function withMinio<T>(
    cluster: LiveCluster,
    region: string,
    use: (minio: Minio) => Promise<T>,
): Promise<T> {
    const [ready] = await readyServers(cluster);
    if (ready === undefined) {
        throw new Error("no server is ready that could be asked");
    }
    return through(ready, cluster, region, use);
}

/** The names of the servers that are ready. */
async function readyServers(cluster: LiveCluster): Promise<string[]> {
    const ready = (await serversOf(cluster)).filter((one) => isReady(one) && !one.metadata?.deletionTimestamp);
    return ready.map(({ metadata }) => metadata?.name ?? "");
}

async function through<T>(
    server: string,
    { kubernetes, namespace, scheme, credentials }: LiveCluster,
    region: string,
    use: (minio: Minio) => Promise<T>,
): Promise<T> {
    const forward: KeptForward = kubernetes.keepForward(namespace, server, scheme);
    try {
        const root = { accessKey: credentials.rootUser, secretKey: credentials.rootPassword, region };
        return await use(new Minio(forward, root));
    } finally {
        forward.close();
    }
}

/** So long a server may miss peers after the first start of a cluster: it looks for them after 15 s. */
const unseenMilliseconds = 30_000;

/**
 * Waits until every server finds a bucket that is new. In the first seconds of a cluster a server that misses its peers
 * says `NoSuchBucket`, which no SDK tries again; the Services lead to it all the same.
 *
 * @returns the servers that do not find it in time, or cannot be asked
 */
export async function serversWithout(bucket: string, cluster: LiveCluster, region: string): Promise<string[]> {
    const without: string[] = [];
    const patience = { deadline: performance.now() + unseenMilliseconds, milliseconds: 500, late: () => bucket };
    await forSeveral(await readyServers(cluster), atTheSameTime, async (server) => {
        const has = () => through(server, cluster, region, (minio) => minio.hasBucket(bucket)).catch(() => false);
        await until(async () => (await has()) || undefined, patience).catch(() => without.push(server));
    });
    return without;
}

export async function look(
    minio: Minio,
    declared: Declared,
    recorded: Recorded,
    secretKeys: SecretKeys,
): Promise<Live> {
    const live: Live = { buckets: {}, policies: {}, users: {}, keys: {}, keyOwners: {}, policyHolders: {} };
    const work: (() => Promise<void>)[] = [];
    const names = new Set([...declared.buckets.map(({ name }) => name), ...Object.keys(recorded.buckets)]);
    const there = names.size > 0 ? await minio.buckets() : [];
    for (const name of there.filter((one) => names.has(one))) {
        const bucket = declared.buckets.find((one) => one.name === name);
        const leaves = bucket === undefined || bucket.confirmRemoval !== undefined;
        const found: Live["buckets"][string] = { settings: {} };
        live.buckets[name] = found;
        const wanted = bucket ? wantedSettings(bucket) : {};
        const looked = (setting: Setting) =>
            wanted[setting] !== undefined || entryOf(recorded.buckets, name)?.settings.includes(setting);
        for (const setting of leaves ? [] : settings.filter(looked)) {
            work.push(async () => {
                found.settings[setting] = await minio.setting(name, setting);
            });
        }
        if (bucket?.objectLocking !== undefined || leaves || looked("versioning")) {
            work.push(async () => {
                found.objectLocking = await minio.objectLocking(name);
            });
        }
        if (leaves) {
            work.push(async () => {
                found.hasObjects = await minio.hasObjects(name);
            });
        }
    }
    const { policies, accesses } = declared;
    if (policies.length + accesses.length + Object.keys(recorded.policies).length > 0) {
        work.push(async () => {
            live.policies = await minio.policies();
            const staying = [...policies, ...accesses.filter((one) => one.policies === undefined)].map(
                ({ name }) => name,
            );
            for (const name of Object.keys(recorded.policies)) {
                if (!staying.includes(name) && Object.hasOwn(live.policies, name)) {
                    live.policyHolders[name] = await minio.policyHolders(name);
                }
            }
        });
    }
    const users = new Set([...accesses.map(({ name }) => name), ...Object.keys(recorded.accesses)]);
    for (const name of users) {
        work.push(async () => {
            const user = await minio.user(name);
            if (user) {
                live.users[name] = user;
            }
        });
    }
    const lookForOwner = async (key: string) => {
        const owner = await minio.keyOwner(key);
        if (owner !== undefined) {
            live.keyOwners[key] = owner;
        }
    };
    const now = new Date();
    for (const { name, revision, overlapSeconds } of accesses) {
        const key = accessKeyOf(name, revision);
        const secretKey = secretKeys[key];
        work.push(async () => {
            live.keys[key] = secretKey === undefined ? "unknown" : await minio.keyState(key, secretKey);
            // Nobody else knows the secret key of a valid one. An answer of whose it is costs time, and none is asked
            // for as a rule.
            if (live.keys[key] !== "valid") {
                await lookForOwner(key);
            }
        });
        for (const [former, { until }] of Object.entries(entryOf(recorded.accesses, name)?.keys ?? {})) {
            if (former !== key && mustEnd(until, overlapSeconds, now)) {
                work.push(() => lookForOwner(former));
            }
        }
    }
    await forSeveral(work, parallel, (one) => one());
    return live;
}
