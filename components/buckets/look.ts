/** What MinIO has of what is declared and recorded. It is asked of one server, by a few requests at the same time. */
import { forSeveral } from "../basics/several";
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
    const { kubernetes, namespace, scheme, credentials } = cluster;
    const servers = await serversOf(cluster);
    const ready = servers.find((server) => isReady(server) && !server.metadata?.deletionTimestamp);
    if (ready === undefined) {
        throw new Error("no server is ready that could be asked");
    }
    const forward: KeptForward = kubernetes.keepForward(namespace, ready.metadata?.name ?? "", scheme);
    try {
        const root = { accessKey: credentials.rootUser, secretKey: credentials.rootPassword, region };
        return await use(new Minio(forward, root));
    } finally {
        forward.close();
    }
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
        // With versioning declared as on, nothing depends on it, and a request for each bucket is saved.
        const mayTakeVersions = bucket?.versioning !== true && looked("versioning");
        if (bucket?.objectLocking !== undefined || leaves || mayTakeVersions) {
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
