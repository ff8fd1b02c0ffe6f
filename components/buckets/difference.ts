/** What must be done so that MinIO has what is declared, and why it may not be done. Pure. */
import { digest } from "../basics/digest";
import { builtInPolicies } from "../minio/bucketRules";
import type { Access, Bucket } from "../spec/args";
import { accessKeyOf } from "../spec/names";
import { removingWords } from "../spec/validation";
import { canonical, ownPolicy } from "./documents";
import { entryOf, nothingRecorded, type OthersRecord, type Recorded } from "./record";
import { none, type Setting, type WantedSetting, wantedSettings } from "./settings";

/** What a program declares. */
export interface Declared {
    buckets: Bucket[];
    policies: { name: string; document: string; adopt?: boolean }[];
    accesses: Access[];
}

/** What MinIO has, as far as it was looked at: that is what is declared or recorded. */
export interface Live {
    buckets: Record<string, LiveBucket>;
    /** All policies, as documents. */
    policies: Record<string, string>;
    /** Who has a policy that leaves: users and groups. */
    policyHolders: Record<string, string[]>;
    users: Record<string, LiveUser>;
    /** Of the keys that are wanted. */
    keys: Record<string, KeyState>;
    /** The users of keys that there are: of those that are wanted and not valid, and of former ones that are to end. */
    keyOwners: Record<string, string>;
}

export interface LiveBucket {
    settings: Partial<Record<Setting, string>>;
    /** Where it was looked at. */
    objectLocking?: boolean;
    /** Where it was looked at: of one that leaves. */
    hasObjects?: boolean;
}

export interface LiveUser {
    policies: string[];
    isEnabled: boolean;
}

/** `other`: it has another secret key. `unknown`: its secret key is not known yet in a preview. */
export type KeyState = "valid" | "absent" | "other" | "unknown";

export type Step = { words: string } & (
    | { kind: "adopt" }
    | { kind: "makeBucket"; bucket: string; objectLocking: boolean }
    | { kind: "setBucket"; bucket: string; setting: Setting; body?: string }
    | { kind: "removeBucket"; bucket: string; withObjects: boolean }
    | { kind: "setPolicy"; policy: string; document: string }
    | { kind: "removePolicy"; policy: string }
    | { kind: "makeUser"; user: string }
    | { kind: "enableUser"; user: string }
    | { kind: "setUserPolicies"; user: string; policies: string[] }
    | { kind: "removeUser"; user: string }
    | { kind: "makeKey"; user: string; key: string; replaces: boolean }
    | { kind: "endKey"; user: string; key: string; seconds?: number }
);

export interface Difference {
    /** In the order in which they are done. */
    steps: Step[];
    /** Why nothing is done. */
    refusals: string[];
    /** What is told, and nothing is done for. */
    notes: string[];
    /** What is recorded before the steps: all that is or will be made here. */
    before: Recorded;
    /** And after them. */
    after: Recorded;
}

/** @param others what other programs have made: it is theirs, whatever the own record says of it */
export function difference(
    declared: Declared,
    recorded: Recorded,
    live: Live,
    now: Date,
    others: OthersRecord[] = [],
): Difference {
    const own = withoutOthers(recorded, others);
    const policyPart = policyDifference(declared, own, live, others);
    const bucketPart = bucketDifference(declared, own, live, others);
    const accessPart = accessDifference(declared, own, live, now, others);
    const parts = [bucketPart, policyPart, accessPart];
    const after = {
        buckets: bucketPart.buckets,
        policies: policyPart.policies,
        accesses: accessPart.accesses,
    };
    return {
        steps: orderOf(parts.flatMap(({ steps }) => steps)),
        refusals: parts.flatMap(({ refusals }) => refusals),
        notes: notesOf(declared, live),
        before: unionOf(recorded, after),
        after,
    };
}

function notesOf({ buckets }: Declared, live: Live): string[] {
    const gone = buckets.filter(({ name, confirmRemoval }) => confirmRemoval && !entryOf(live.buckets, name));
    return gone.map(
        ({ name }) =>
            `bucket '${name}' is not there, and confirmRemoval keeps it from being made: take it out of the list`,
    );
}

/** What must be done where a program leaves all of it. */
export interface Departure extends Difference {
    /** Buckets with objects. They stay, and the record still has them. */
    staying: string[];
}

export function departure(recorded: Recorded, live: Live, now: Date, others: OthersRecord[]): Departure {
    const own = withoutOthers(recorded, others);
    const isFull = (name: string) => entryOf(live.buckets, name)?.hasObjects === true;
    const full = Object.entries(own.buckets).filter(([name, { retain }]) => isFull(name) && !retain);
    const staying = Object.fromEntries(full);
    const leaving = Object.fromEntries(Object.entries(own.buckets).filter(([name]) => !Object.hasOwn(staying, name)));
    const nothing = { buckets: [], policies: [], accesses: [] };
    const found = difference(nothing, { ...own, buckets: leaving }, live, now);
    return { ...found, before: recorded, after: { ...found.after, buckets: staying }, staying: Object.keys(staying) };
}

type Kind = keyof Recorded;

const kinds: Kind[] = ["buckets", "policies", "accesses"];

/** Two programs that begin at the same time both record a name before they make it. Then neither touches it. */
function withoutOthers(recorded: Recorded, others: OthersRecord[]): Recorded {
    const ownOf = (kind: Kind) =>
        Object.fromEntries(Object.entries(recorded[kind]).filter(([name]) => !holderOf(others, kind, name)));
    return Object.fromEntries(kinds.map((kind) => [kind, ownOf(kind)])) as unknown as Recorded;
}

function holderOf(others: OthersRecord[], kind: Kind, name: string): string | undefined {
    return others.find(({ recorded }) => Object.hasOwn(recorded[kind], name))?.whose;
}

/**
 * What a user may do is there before the user is, and what is removed goes last: nobody has more than before in
 * between.
 */
const turn: Record<Step["kind"], number> = {
    adopt: 0,
    makeBucket: 1,
    setBucket: 2,
    setPolicy: 3,
    makeUser: 4,
    setUserPolicies: 5,
    enableUser: 6,
    makeKey: 7,
    endKey: 8,
    removeUser: 9,
    removePolicy: 10,
    removeBucket: 11,
};

function orderOf(steps: Step[]): Step[] {
    return [...steps].sort((one, other) => turn[one.kind] - turn[other.kind]);
}

/**
 * The steps by kind, in their order. Those of a kind do not depend on each other, but for the settings of one bucket.
 */
export function phasesOf(steps: Step[]): Step[][] {
    const phases = new Map<Step["kind"], Step[]>();
    for (const step of steps) {
        phases.set(step.kind, [...(phases.get(step.kind) ?? []), step]);
    }
    return [...phases.values()];
}

interface Part extends Recorded {
    steps: Step[];
    refusals: string[];
}

const emptyPart = (): Part => ({ steps: [], refusals: [], ...nothingRecorded() });

/** Why something of this name is left as it is; undefined where there is no reason. */
function foreign(what: string, holder: string | undefined, isFree: boolean): string | undefined {
    if (holder !== undefined) {
        return `${what} belongs to ${holder}: use another name, or take it out there first`;
    }
    return isFree
        ? undefined
        : `${what} is there already, and was not made here: set adopt to take it over, or use another name`;
}

const adopting = (what: string): Step => ({ kind: "adopt", words: `${what} is taken over` });

function bucketDifference({ buckets }: Declared, recorded: Recorded, live: Live, others: OthersRecord[]): Part {
    const part = emptyPart();
    const { steps, refusals } = part;
    const staying = buckets.filter(({ confirmRemoval }) => confirmRemoval === undefined);
    for (const bucket of staying) {
        const { name, objectLocking, adopt } = bucket;
        const [own, there] = [entryOf(recorded.buckets, name), entryOf(live.buckets, name)];
        const wanted = wantedSettings(bucket);
        part.buckets[name] = { settings: Object.keys(wanted) as Setting[], retain: bucket.retain ?? false };
        const isFree = !there || own !== undefined || adopt === true;
        const problem = foreign(`buckets: '${name}'`, holderOf(others, "buckets", name), isFree);
        if (problem) {
            refusals.push(problem);
            continue;
        }
        if (there && objectLocking !== undefined && objectLocking !== there.objectLocking) {
            refusals.push(
                `buckets: '${name}' was made ${there.objectLocking ? "with" : "without"} object locking, which never changes: set ` +
                    `objectLocking to ${there.objectLocking}, or use another name`,
            );
            continue;
        }
        if (there?.objectLocking && bucket.versioning === false) {
            refusals.push(
                `buckets: '${name}' has object locking, with which a bucket always has versions: leave versioning out`,
            );
            continue;
        }
        if (!there) {
            const kind = objectLocking ? " with object locking" : "";
            const words = own ? `is gone, and is made again${kind}` : `is made${kind}`;
            steps.push({
                kind: "makeBucket",
                bucket: name,
                objectLocking: objectLocking ?? false,
                words: `bucket '${name}' ${words}`,
            });
        } else if (!own) {
            steps.push(adopting(`bucket '${name}'`));
        }
        // MinIO never suspends the versions of a bucket with locking.
        const isLocked = objectLocking || there?.objectLocking;
        const left = (own?.settings ?? []).filter(
            (setting) => wanted[setting] === undefined && !(isLocked && setting === "versioning"),
        );
        const all: Partial<Record<Setting, WantedSetting>> = {
            ...Object.fromEntries(left.map((setting) => [setting, none(setting)])),
            ...wanted,
        };
        for (const [setting, { text, body, words }] of Object.entries(all) as [Setting, WantedSetting][]) {
            if (text !== (there?.settings[setting] ?? "")) {
                steps.push({ kind: "setBucket", bucket: name, setting, body, words: `bucket '${name}': ${words}` });
            }
        }
    }
    for (const [name, own] of Object.entries(recorded.buckets)) {
        const there = entryOf(live.buckets, name);
        if (staying.some((bucket) => bucket.name === name) || !there) {
            continue;
        }
        const isConfirmed = buckets.some((bucket) => bucket.name === name);
        if (isConfirmed && there.objectLocking && there.hasObjects) {
            refusals.push(
                `buckets: '${name}' has object locking, and MinIO removes no such bucket with objects: remove its objects yourself first`,
            );
        } else if (isConfirmed) {
            const words = `bucket '${name}' is removed with all its objects, as confirmRemoval says`;
            const withObjects = !there.objectLocking;
            steps.push({ kind: "removeBucket", bucket: name, withObjects, words });
        } else if (own.retain) {
            // It stays as it is, and is not known here any more.
        } else if (there.hasObjects) {
            refusals.push(
                `buckets: '${name}' is not declared any more, and has objects, so it is not removed. Put it back; to keep it without ` +
                    `declaring it, put it back with retain: true, run pulumi up, and take it away then; to lose its objects, put it back ` +
                    `with confirmRemoval: '${removingWords(name)}'`,
            );
        } else {
            const words = `bucket '${name}' is removed; it is empty`;
            steps.push({ kind: "removeBucket", bucket: name, withObjects: false, words });
        }
    }
    for (const { name, confirmRemoval } of buckets) {
        if (confirmRemoval !== undefined && entryOf(live.buckets, name) && !entryOf(recorded.buckets, name)) {
            refusals.push(`buckets: '${name}' was not made here, so it is not removed: take it out of the list`);
        }
    }
    return part;
}

function policyDifference(
    { policies, accesses }: Declared,
    recorded: Recorded,
    live: Live,
    others: OthersRecord[],
): Part {
    const part = emptyPart();
    const all = [...policies, ...accesses.filter((access) => access.policies === undefined).map(policyOf)];
    for (const { name, document, adopt } of all) {
        const [own, there] = [entryOf(recorded.policies, name), entryOf(live.policies, name)];
        part.policies[name] = own ?? {};
        const isFree = there === undefined || own !== undefined || adopt === true;
        const problem = foreign(`policies: '${name}'`, holderOf(others, "policies", name), isFree);
        if (problem) {
            part.refusals.push(problem);
            continue;
        }
        if (there !== undefined && !own) {
            part.steps.push(adopting(`policy '${name}'`));
        }
        if (there === undefined || !saysTheSame(document, there, own?.told)) {
            const words = there === undefined ? "is made" : "is changed";
            part.steps.push({ kind: "setPolicy", policy: name, document, words: `policy '${name}' ${words}` });
        }
    }
    for (const name of Object.keys(recorded.policies)) {
        if (!Object.hasOwn(part.policies, name) && Object.hasOwn(live.policies, name)) {
            // What is declared or recorded of users is set, or goes, before.
            const isOurs = (holder: string) =>
                Object.hasOwn(recorded.accesses, holder) || accesses.some((access) => access.name === holder);
            const holders = (entryOf(live.policyHolders, name) ?? []).filter((holder) => !isOurs(holder));
            if (holders.length > 0) {
                part.refusals.push(
                    `policies: '${name}' is not declared any more, and ${holders.join(", ")} still has it: take it from them by ` +
                        "'mc admin policy detach', or put it back",
                );
                continue;
            }
            part.steps.push({ kind: "removePolicy", policy: name, words: `policy '${name}' is removed` });
        }
    }
    return part;
}

/** The policy of an access that names none has the user's name. */
function policyOf({ name, bucket, adopt }: Access) {
    return { name, document: ownPolicy(bucket ?? ""), adopt };
}

export function digestOf(document: string): string {
    return digest(canonical(document));
}

/** MinIO tells some documents in other words than it was told them. */
export function saysTheSame(document: string, there: string, told: [string, string] | undefined): boolean {
    return (
        canonical(document) === canonical(there) ||
        (told !== undefined && told[0] === digestOf(document) && told[1] === digestOf(there))
    );
}

function accessDifference(
    { accesses, policies }: Declared,
    recorded: Recorded,
    live: Live,
    now: Date,
    others: OthersRecord[],
): Part {
    const part = emptyPart();
    const { steps, refusals } = part;
    const known = new Set([
        ...builtInPolicies,
        ...policies.map(({ name }) => name),
        ...Object.keys(live.policies).filter((name) => !Object.hasOwn(recorded.policies, name)),
    ]);
    for (const access of accesses) {
        const { name, adopt, revision, overlapSeconds = defaultOverlap } = access;
        const [own, there] = [entryOf(recorded.accesses, name), entryOf(live.users, name)];
        const wanted = access.policies ?? [name];
        const key = accessKeyOf(name, revision);
        const keys: Recorded["accesses"][string]["keys"] = { [key]: {} };
        part.accesses[name] = { keys };
        const isFree = !there || own !== undefined || adopt === true;
        const problem = foreign(`accesses: the user '${name}'`, holderOf(others, "accesses", name), isFree);
        if (problem) {
            refusals.push(problem);
            continue;
        }
        const owner = live.keyOwners[key];
        if (owner !== undefined && owner !== name) {
            refusals.push(
                `accesses: the key '${key}' of '${name}' is there already, and belongs to '${owner}': use another name, or another revision`,
            );
            continue;
        }
        const unknown = access.policies?.filter((policy) => !known.has(policy)) ?? [];
        if (unknown.length > 0) {
            refusals.push(
                `accesses: '${name}' has policies that are neither declared nor in MinIO: ${unknown.join(", ")}. Declare them, or correct ` +
                    "the names",
            );
            continue;
        }
        if (!there) {
            const words = `user '${name}' ${own ? "is gone, and is made again" : "is made"}`;
            steps.push({ kind: "makeUser", user: name, words });
        } else if (!own) {
            steps.push(adopting(`user '${name}'`));
        }
        if (!sameNames(there?.policies ?? [], wanted)) {
            const words = `user '${name}' has the policies ${wanted.join(", ")}`;
            steps.push({ kind: "setUserPolicies", user: name, policies: wanted, words });
        }
        if (there && !there.isEnabled) {
            steps.push({ kind: "enableUser", user: name, words: `user '${name}' was disabled, and is enabled` });
        }
        const state = there ? (live.keys[key] ?? "absent") : "absent";
        const ownKey = there ? own?.keys[key] : undefined;
        const isThere = state === "valid" || owner !== undefined;
        if (
            ownKey === undefined ? state !== "valid" : ownKey.until !== undefined || ["absent", "other"].includes(state)
        ) {
            const words = `key '${key}' is made${isThere || ownKey ? " again" : ""}`;
            steps.push({ kind: "makeKey", user: name, key, replaces: isThere, words });
        }
        for (const [former, { until }] of Object.entries(there ? (own?.keys ?? {}) : {})) {
            if (former === key || (until !== undefined && new Date(until) <= now)) {
                continue;
            }
            if (!mustEnd(until, overlapSeconds, now)) {
                keys[former] = { until };
            } else if (live.keyOwners[former] !== name) {
                // It is gone, or somebody else's.
            } else if (overlapSeconds === 0) {
                steps.push({ kind: "endKey", user: name, key: former, words: `key '${former}' is ended` });
            } else {
                // The time itself begins when MinIO is told.
                keys[former] = { until: endOf(overlapSeconds, now) };
                const words = `key '${former}' stays valid for ${overlapSeconds} s`;
                steps.push({ kind: "endKey", user: name, key: former, seconds: overlapSeconds, words });
            }
        }
    }
    for (const name of Object.keys(recorded.accesses)) {
        if (!Object.hasOwn(part.accesses, name) && entryOf(live.users, name)) {
            const words = `user '${name}' is removed, with its keys`;
            steps.push({ kind: "removeUser", user: name, words });
        }
    }
    return part;
}

const defaultOverlap = 86_400;

/**
 * Whether MinIO must be told when a former key ends: it was not, or the key shall end sooner. One that has ended is
 * forgotten.
 */
export function mustEnd(until: string | undefined, overlapSeconds = defaultOverlap, now: Date): boolean {
    return until === undefined || (new Date(until) > now && endOf(overlapSeconds, now) < new Date(until).toISOString());
}

/** When a key ends that is told so now, by RFC 3339. */
export function endOf(seconds: number, now: Date): string {
    return new Date(now.getTime() + seconds * 1000).toISOString();
}

function sameNames(one: string[], other: string[]): boolean {
    return [...one].sort().join() === [...new Set(other)].sort().join();
}

/** What either of two records has. */
function unionOf(one: Recorded, other: Recorded): Recorded {
    const buckets = { ...one.buckets };
    for (const [name, bucket] of Object.entries(other.buckets)) {
        const all = new Set([...(entryOf(buckets, name)?.settings ?? []), ...bucket.settings]);
        buckets[name] = { ...bucket, settings: [...all] };
    }
    const accesses = { ...one.accesses };
    for (const [name, access] of Object.entries(other.accesses)) {
        accesses[name] = { keys: { ...access.keys, ...entryOf(accesses, name)?.keys } };
    }
    return { buckets, policies: { ...one.policies, ...other.policies }, accesses };
}
