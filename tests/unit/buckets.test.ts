import assert from "node:assert/strict";
import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { bring, foresee, wantedText } from "../../components/buckets/buckets";
import { carryOut } from "../../components/buckets/carryOut";
import {
    type Declared,
    type Difference,
    difference,
    type Live,
    phasesOf,
    type Step,
} from "../../components/buckets/difference";
import { anonymousPolicy, canonical, ownPolicy } from "../../components/buckets/documents";
import { look } from "../../components/buckets/look";
import type { Minio } from "../../components/buckets/minio";
import { nothingRecorded, type Recorded } from "../../components/buckets/record";
import { textOf, wantedSettings } from "../../components/buckets/settings";
import { leavesOf } from "../../components/buckets/xml";
import type { Kubernetes } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";
import { sealed, unsealed } from "../../components/live/sealed";
import { bucketNameProblem, policyDocumentProblems } from "../../components/minio/bucketRules";
import type { LifecycleRule } from "../../components/spec/args";
import { clusterOf } from "../../components/spec/cluster";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";
import { problemsOf, removingWords } from "../../components/spec/validation";

const now = new Date("2026-11-27T12:00:00Z");
const readerDocument = ownPolicy("data");
const nothing: Declared = { buckets: [], policies: [], accesses: [] };
const empty: Live = { buckets: {}, policies: {}, users: {}, keys: {}, keyOwners: {}, policyHolders: {} };

/** What MinIO would have after some steps. Whatever no step names stays as it is. */
function done(live: Live, steps: Step[], declared: Declared): Live {
    const after: Live = structuredClone(live);
    for (const step of steps) {
        switch (step.kind) {
            case "makeBucket":
                assert.ok(!after.buckets[step.bucket]);
                after.buckets[step.bucket] = { settings: {}, objectLocking: step.objectLocking, hasObjects: false };
                break;
            case "setBucket": {
                const bucket = declared.buckets.find(({ name }) => name === step.bucket);
                const wanted = bucket && wantedSettings(bucket)[step.setting];
                const found = after.buckets[step.bucket];
                assert.ok(found, "it sets something of a bucket that is not there");
                found.settings[step.setting] = wanted?.text ?? "";
                break;
            }
            case "removeBucket":
                assert.ok(step.withObjects || !after.buckets[step.bucket]?.hasObjects);
                delete after.buckets[step.bucket];
                break;
            case "setPolicy":
                after.policies[step.policy] = step.document;
                break;
            case "removePolicy":
                assert.ok(!Object.values(after.users).some(({ policies }) => policies.includes(step.policy)));
                delete after.policies[step.policy];
                break;
            case "makeUser":
                after.users[step.user] = { policies: [], isEnabled: true };
                break;
            case "enableUser":
                (after.users[step.user] as any).isEnabled = true;
                break;
            case "setUserPolicies":
                assert.ok(step.policies.every((name) => name === "readwrite" || after.policies[name] !== undefined));
                (after.users[step.user] as any).policies = step.policies;
                break;
            case "removeUser":
                delete after.users[step.user];
                for (const key of Object.keys(after.keys).filter((one) => one.startsWith(`${step.user}-`))) {
                    delete after.keys[key];
                    delete after.keyOwners[key];
                }
                break;
            case "makeKey":
                assert.ok(step.replaces || after.keys[step.key] === undefined, "MinIO refuses a key that is there");
                after.keys[step.key] = "valid";
                after.keyOwners[step.key] = step.user;
                break;
            case "endKey":
                if (step.seconds === undefined) {
                    delete after.keys[step.key];
                    delete after.keyOwners[step.key];
                }
                break;
        }
    }
    return after;
}

const names = ["alpha", "beta", "gamma"];
const bucket = fc.record(
    {
        name: fc.constantFrom(...names),
        versioning: fc.boolean(),
        quota: fc.constantFrom("1Gi", "2Gi"),
        lifecycle: fc.constantFrom<LifecycleRule[]>([], [{ expirationDays: 3 }]),
        anonymousAccess: fc.constantFrom("None" as const, "Download" as const, "Public" as const),
        tags: fc.constantFrom<Record<string, string>>({}, { a: "b" }),
        retain: fc.boolean(),
        adopt: fc.boolean(),
    },
    { requiredKeys: ["name"] },
);
const policy = fc.record({
    name: fc.constantFrom("one", "two"),
    document: fc.constantFrom(readerDocument, ownPolicy("other")),
});
const access = fc.record(
    {
        name: fc.constantFrom("app", "web"),
        bucket: fc.constantFrom(...names),
        policies: fc.constant<string[]>(["readwrite"]),
        revision: fc.integer({ min: 1, max: 3 }),
        overlapSeconds: fc.constantFrom(0, 1000),
    },
    { requiredKeys: ["name", "bucket"] },
);
const unique = { selector: ({ name }: { name: string }) => name };
const declarations: fc.Arbitrary<Declared> = fc.record({
    buckets: fc.uniqueArray(bucket, unique),
    policies: fc.uniqueArray(policy, unique),
    accesses: fc.uniqueArray(access, unique),
});

function settle(declared: Declared, recorded: Recorded, live: Live): { found: Difference; live: Live } {
    const found = difference(declared, recorded, live, now);
    return { found, live: found.refusals.length > 0 ? live : done(live, phasesOf(found.steps).flat(), declared) };
}

describe("the difference between what is declared and what MinIO has", () => {
    it("is nothing when its steps are done, whatever was declared before", () => {
        fc.assert(
            fc.property(fc.array(declarations, { minLength: 1, maxLength: 4 }), (all) => {
                let [recorded, live]: [Recorded, Live] = [nothingRecorded(), empty];
                for (const declared of all) {
                    const settled = settle(declared, recorded, live);
                    if (settled.found.refusals.length > 0) {
                        return; // A bucket that was left behind is foreign.
                    }
                    [recorded, live] = [settled.found.after, settled.live];
                    const again = difference(declared, recorded, live, now);
                    assert.deepEqual(again.steps, []);
                    assert.deepEqual(again.after, recorded);
                    // What was left behind, and is taken over again, keeps what nobody gives.
                    const isRetained = all.some(({ buckets }) => buckets.some(({ retain }) => retain));
                    for (const one of isRetained ? [] : declared.buckets) {
                        const wanted = Object.entries(wantedSettings(one)).map(([name, { text }]) => [name, text]);
                        const set = Object.entries(live.buckets[one.name]?.settings ?? {});
                        const isSet = ([, text]: string[]) => text !== "";
                        assert.deepEqual(set.filter(isSet).sort(), wanted.filter(isSet).sort());
                    }
                    for (const one of declared.accesses) {
                        assert.deepEqual(live.users[one.name]?.policies, one.policies ?? [one.name]);
                    }
                }
            }),
            { numRuns: 300 },
        );
    });

    it("converges from wherever a run was cut off, also to something else", () => {
        fc.assert(
            fc.property(
                declarations,
                declarations,
                declarations,
                fc.double({ min: 0, max: 1, noNaN: true }),
                (first, second, third, cut) => {
                    const begun = settle(first, nothingRecorded(), empty);
                    const way = difference(second, begun.found.after, begun.live, now);
                    if (way.refusals.length > 0) {
                        return;
                    }
                    const steps = phasesOf(way.steps).flat();
                    const live = done(begun.live, steps.slice(0, Math.floor(cut * steps.length)), second);
                    for (const wanted of [second, third]) {
                        const settled = settle(wanted, way.before, live);
                        if (settled.found.refusals.length > 0) {
                            continue;
                        }
                        assert.deepEqual(difference(wanted, settled.found.after, settled.live, now).steps, []);
                        // What was made and is not wanted is not left behind.
                        const left = Object.keys(settled.live.buckets).filter(
                            (name) => !wanted.buckets.some((one) => one.name === name),
                        );
                        assert.ok(left.every((name) => way.before.buckets[name]?.retain));
                        assert.deepEqual(
                            Object.keys(settled.live.users).sort(),
                            wanted.accesses.map(({ name }) => name).sort(),
                        );
                    }
                },
            ),
            { numRuns: 300 },
        );
    });

    it("never touches what was not made here", () => {
        const others: Live = {
            buckets: { alpha: { settings: { quota: "7" }, hasObjects: false }, delta: { settings: {} } },
            policies: { one: "{}", foreign: "{}" },
            users: { app: { policies: ["foreign"], isEnabled: false } },
            keys: {},
            keyOwners: {},
            policyHolders: {},
        };
        fc.assert(
            fc.property(declarations, declarations, (first, second) => {
                let [recorded, live]: [Recorded, Live] = [nothingRecorded(), others];
                for (const all of [first, second]) {
                    const declared = { ...all, buckets: all.buckets.map((one) => ({ ...one, adopt: false })) };
                    const settled = settle(declared, recorded, live);
                    [recorded, live] =
                        settled.found.refusals.length === 0 ? [settled.found.after, settled.live] : [recorded, live];
                    const named = [...declared.buckets, ...declared.policies, ...declared.accesses];
                    const isForeign = named.some(({ name }) => ["alpha", "one", "app"].includes(name));
                    assert.ok(!isForeign || settled.found.refusals.length > 0);
                    const seen = ({ buckets: { alpha, delta }, policies: { one, foreign }, users: { app } }: Live) => [
                        alpha,
                        delta,
                        one,
                        foreign,
                        app,
                    ];
                    assert.deepEqual(seen(live), seen(others));
                }
            }),
            { numRuns: 300 },
        );
    });

    it("never loses an object, unless that is said in words", () => {
        const filled = fc.uniqueArray(fc.constantFrom(...names));
        const onlyBuckets = fc.uniqueArray(bucket, unique);
        fc.assert(
            fc.property(onlyBuckets, onlyBuckets, filled, (first, second, used) => {
                const begun = settle({ ...nothing, buckets: first }, nothingRecorded(), empty);
                const live = structuredClone(begun.live);
                const full = used.filter((name) => live.buckets[name]);
                for (const name of full) {
                    (live.buckets[name] as any).hasObjects = true;
                }
                const after = settle({ ...nothing, buckets: second }, begun.found.after, live);
                assert.ok(full.every((name) => after.live.buckets[name]?.hasObjects));
                const mustRefuse = full.some(
                    (name) =>
                        !second.some((one) => one.name === name) && !first.find((one) => one.name === name)?.retain,
                );
                assert.equal(after.found.refusals.length > 0, mustRefuse);
            }),
            { numRuns: 300 },
        );
    });

    it("names every refusal at once, with what to do", () => {
        const recorded = { ...nothingRecorded(), buckets: { old: { settings: [], retain: false } } };
        const live: Live = {
            buckets: {
                old: { settings: {}, hasObjects: true },
                there: { settings: {} },
                locked: { settings: {}, objectLocking: false },
            },
            policies: { mine: "{}" },
            users: { app: { policies: [], isEnabled: true } },
            keys: {},
            keyOwners: {},
            policyHolders: {},
        };
        const declared: Declared = {
            buckets: [{ name: "there" }, { name: "locked", objectLocking: true, adopt: true }],
            policies: [{ name: "mine", document: readerDocument }],
            accesses: [
                { name: "app", policies: ["readonly"] },
                { name: "web", policies: ["redonly"] },
            ],
        };
        const { refusals } = difference(declared, recorded, live, now);
        const expected = [
            /'there' is there already.*set adopt/,
            /'locked' was made without object locking.*set objectLocking to false/,
            /'old' is not declared any more, and has objects.*confirmRemoval: 'remove old and its objects'/,
            /policies: 'mine' is there already/,
            /the user 'app' is there already/,
            /'web' has policies that are neither declared nor in MinIO: redonly/,
        ];
        assert.equal(refusals.length, expected.length, refusals.join("\n"));
        for (const [index, pattern] of expected.entries()) {
            assert.match(refusals[index] ?? "", pattern);
        }
    });

    it("refuses what was not made here by names that every object of JavaScript has, too", () => {
        const live: Live = {
            ...empty,
            buckets: { constructor: { settings: {} } },
            policies: { valueOf: "{}" },
            users: { toString: { policies: [], isEnabled: true } },
        };
        const declared: Declared = {
            buckets: [{ name: "constructor", versioning: true }],
            policies: [{ name: "valueOf", document: readerDocument }],
            accesses: [{ name: "toString", policies: ["readonly"] }],
        };
        assert.equal(difference(declared, nothingRecorded(), live, now).refusals.length, 3);
        const { refusals, steps, after } = difference(declared, nothingRecorded(), empty, now);
        assert.deepEqual(refusals, []);
        assert.deepEqual(
            steps.map(({ words }) => words),
            [
                "bucket 'constructor' is made",
                "bucket 'constructor': versioning",
                "policy 'valueOf' is made",
                "user 'toString' is made",
                "user 'toString' has the policies readonly",
                "key 'toString-1' is made",
            ],
        );
        assert.deepEqual(
            difference(nothing, after, live, now).steps.map(({ kind }) => kind),
            ["removeUser", "removePolicy", "removeBucket"],
        );
    });

    it("refuses to remove a policy that somebody else has, and says who", () => {
        const recorded = { ...nothingRecorded(), policies: { reader: {} }, accesses: { app: { keys: {} } } };
        const users = { app: { policies: ["reader"], isEnabled: true } };
        const live: Live = { ...empty, policies: { reader: readerDocument }, users };
        const held = { ...live, policyHolders: { reader: ["app", "alice", "staff"] } };
        assert.match(
            difference(nothing, recorded, held, now).refusals.join(),
            /^policies: 'reader' is not declared any more, and alice, staff still has it: take it/,
        );
        const own = difference(nothing, recorded, { ...live, policyHolders: { reader: ["app"] } }, now);
        assert.deepEqual([own.refusals, own.steps.map(({ kind }) => kind)], [[], ["removeUser", "removePolicy"]]);
    });

    it("never asks a bucket with object locking to suspend its versions", () => {
        const recorded = {
            ...nothingRecorded(),
            buckets: { data: { settings: ["versioning" as const], retain: false } },
        };
        const stepsFor = (bucket: Partial<Declared["buckets"][number]>, objectLocking: boolean) => {
            const buckets = { data: { settings: { versioning: "Enabled" }, objectLocking } };
            const declared = { ...nothing, buckets: [{ name: "data", ...bucket }] };
            const { steps, refusals } = difference(declared, recorded, { ...empty, buckets }, now);
            return [...refusals, ...steps.map(({ words }) => words)];
        };
        assert.deepEqual(stepsFor({ objectLocking: true }, true), []);
        assert.deepEqual(stepsFor({}, true), []);
        assert.deepEqual(stepsFor({}, false), ["bucket 'data': no new versions"]);
        assert.match(
            stepsFor({ versioning: false }, true).join(),
            /^buckets: 'data' has object locking.*leave versioning out/,
        );
    });

    it("removes a bucket with its objects only with the words for it", () => {
        const recorded = { ...nothingRecorded(), buckets: { old: { settings: [], retain: false } } };
        const live = { ...empty, buckets: { old: { settings: {}, hasObjects: true, objectLocking: false } } };
        const buckets = [{ name: "old", confirmRemoval: removingWords("old") }];
        const { steps, after } = difference({ ...nothing, buckets }, recorded, live, now);
        assert.deepEqual(
            steps.map(({ words }) => words),
            ["bucket 'old' is removed with all its objects, as confirmRemoval says"],
        );
        assert.deepEqual(after.buckets, {});
        const locked = { ...empty, buckets: { old: { settings: {}, hasObjects: true, objectLocking: true } } };
        assert.match(
            difference({ ...nothing, buckets }, recorded, locked, now).refusals[0] ?? "",
            /has object locking/,
        );
        assert.match(
            difference({ ...nothing, buckets }, nothingRecorded(), live, now).refusals[0] ?? "",
            /was not made here/,
        );
    });

    it("tells of a bucket that is not there, and is not made for the same words", () => {
        const buckets = [{ name: "new", confirmRemoval: removingWords("new") }];
        const { steps, notes } = difference({ ...nothing, buckets }, nothingRecorded(), empty, now);
        assert.deepEqual(steps, []);
        assert.match(notes.join(), /^bucket 'new' is not there, and confirmRemoval keeps it from being made: take it/);
    });

    it("keeps the former key for a while, and forgets it when MinIO has ended it", () => {
        const accesses = [{ name: "app", bucket: "data", policies: ["readwrite"], revision: 2, overlapSeconds: 1000 }];
        const recorded = { ...nothingRecorded(), accesses: { app: { keys: { "app-1": {} } } } };
        const users = { app: { policies: ["readwrite"], isEnabled: true } };
        const live: Live = { ...empty, users, keyOwners: { "app-1": "app" } };
        const { steps, after } = difference({ ...nothing, accesses }, recorded, live, now);
        assert.deepEqual(steps, [
            { kind: "makeKey", user: "app", key: "app-2", replaces: false, words: "key 'app-2' is made" },
            {
                kind: "endKey",
                user: "app",
                key: "app-1",
                seconds: 1000,
                words: "key 'app-1' stays valid for 1000 s",
            },
        ]);
        const valid: Live = { ...live, keys: { "app-2": "valid" } };
        assert.deepEqual(difference({ ...nothing, accesses }, after, valid, now).steps, []);
        const later = difference({ ...nothing, accesses }, after, valid, new Date("2026-11-27T13:00:00Z"));
        assert.deepEqual([later.steps, later.after.accesses], [[], { app: { keys: { "app-2": {} } } }]);
        const other = difference(
            { ...nothing, accesses },
            after,
            { ...live, keys: { "app-2": "other" }, keyOwners: { "app-2": "app" } },
            now,
        );
        assert.deepEqual(
            other.steps.map(({ words }) => words),
            ["key 'app-2' is made again"],
        );
    });

    it("ends a former key sooner where that is declared later, and never later", () => {
        const users = { app: { policies: ["readwrite"], isEnabled: true } };
        const keys = { "app-2": {}, "app-1": { until: "2026-11-28T12:00:00.000Z" } };
        const recorded = { ...nothingRecorded(), accesses: { app: { keys } } };
        const live: Live = { ...empty, users, keys: { "app-2": "valid" }, keyOwners: { "app-1": "app" } };
        const stepsWith = (overlapSeconds: number | undefined, at = now) => {
            const accesses = [{ name: "app", policies: ["readwrite"], revision: 2, overlapSeconds }];
            return difference({ ...nothing, accesses }, recorded, live, at).steps.map(({ words }) => words);
        };
        assert.deepEqual(stepsWith(0), ["key 'app-1' is ended"]);
        assert.deepEqual(stepsWith(1000), ["key 'app-1' stays valid for 1000 s"]);
        assert.deepEqual(stepsWith(undefined), []);
        assert.deepEqual(stepsWith(200_000), []);
        assert.deepEqual(stepsWith(0, new Date("2026-11-28T12:00:00Z")), []);
    });

    it("refuses a key that another user has, and replaces one of its own user", () => {
        const accesses = [{ name: "app", bucket: "data", policies: ["readwrite"], adopt: true }];
        const users = { app: { policies: ["readwrite"], isEnabled: true } };
        const interrupted = { ...nothingRecorded(), accesses: { app: { keys: { "app-1": {} } } } };
        for (const state of ["other", "absent"] as const) {
            const taken: Live = { ...empty, users, keys: { "app-1": state }, keyOwners: { "app-1": "else" } };
            for (const recorded of [nothingRecorded(), interrupted]) {
                const { refusals, steps } = difference({ ...nothing, accesses }, recorded, taken, now);
                assert.match(refusals.join(), /the key 'app-1' of 'app' is there already, and belongs to 'else'/);
                assert.deepEqual(
                    steps.filter(({ kind }) => kind === "makeKey"),
                    [],
                );
            }
            const own = { ...taken, keyOwners: { "app-1": "app" } };
            const { steps } = difference({ ...nothing, accesses }, nothingRecorded(), own, now);
            assert.deepEqual(steps.at(-1), {
                kind: "makeKey",
                user: "app",
                key: "app-1",
                replaces: true,
                words: "key 'app-1' is made again",
            });
        }
    });

    it("never ends a former key that another user has", () => {
        const accesses = [{ name: "app", bucket: "data", policies: ["readwrite"], revision: 2, overlapSeconds: 0 }];
        const recorded = { ...nothingRecorded(), accesses: { app: { keys: { "app-1": {} } } } };
        const users = { app: { policies: ["readwrite"], isEnabled: true } };
        const live: Live = { ...empty, users, keyOwners: { "app-1": "else" } };
        const { steps, after } = difference({ ...nothing, accesses }, recorded, live, now);
        assert.deepEqual(
            steps.map(({ words }) => words),
            ["key 'app-2' is made"],
        );
        assert.deepEqual(after.accesses, { app: { keys: { "app-2": {} } } });
    });

    it("takes a document for the same when MinIO tells it in other words, and it was sent that", () => {
        const told = '{"Version":"2012-10-17","Statement":[]}';
        const policies = [{ name: "mine", document: readerDocument }];
        const live = { ...empty, policies: { mine: told } };
        const changed = difference(
            { ...nothing, policies },
            { ...nothingRecorded(), policies: { mine: {} } },
            live,
            now,
        );
        assert.deepEqual(
            changed.steps.map(({ words }) => words),
            ["policy 'mine' is changed"],
        );
    });
});

describe("a look at buckets", () => {
    const there = ["on", "off", "locked", "left"];
    const declared: Declared = {
        ...nothing,
        buckets: [
            { name: "on", versioning: true },
            { name: "off", versioning: false },
            { name: "locked", objectLocking: true },
            { name: "left" },
        ],
    };
    const recorded: Recorded = {
        ...nothingRecorded(),
        buckets: Object.fromEntries(there.map((name) => [name, { settings: ["versioning"], retain: false }])),
    };

    it("asks for locking only where something depends on it", async () => {
        const asked: string[] = [];
        const minio = {
            buckets: async () => there,
            setting: async (name: string) => {
                asked.push(`${name} versioning`);
                return "Enabled";
            },
            objectLocking: async (name: string) => {
                asked.push(`${name} locking`);
                return true;
            },
        } as unknown as Minio;
        await look(minio, { ...declared, buckets: declared.buckets }, recorded, {});
        assert.deepEqual(asked.sort(), [
            "left locking",
            "left versioning",
            "locked locking",
            "locked versioning",
            "off locking",
            "off versioning",
            "on versioning",
        ]);
    });

    it("needs none of it where versioning is declared as on", () => {
        const differences = [undefined, true, false].map((objectLocking) => {
            const on = { settings: { versioning: "" }, objectLocking };
            const wanted = { ...nothing, buckets: declared.buckets.slice(0, 1) };
            return difference(wanted, recorded, { ...empty, buckets: { on } }, now);
        });
        assert.equal(differences[0].steps.length, 1);
        assert.deepEqual(differences[1], differences[0]);
        assert.deepEqual(differences[2], differences[0]);
    });
});

describe("the steps", () => {
    /** Carries out what is declared, by a MinIO that notes its calls and may refuse one. */
    async function carried(declared: Declared, refused?: string, recorded = nothingRecorded(), live = empty) {
        const calls: string[] = [];
        const ends: string[] = [];
        const call = (name: string) => async (first: string, second: unknown, third: unknown) => {
            if (name === "endKey") {
                ends.push(String(third));
            }
            const text = [name, first, ...(name === "set" ? [second] : [])].join(" ");
            calls.push(text);
            if (text === refused) {
                throw new Error("MinIO answers PUT with 400: NoSo");
            }
        };
        const minio = new Proxy({} as Minio, {
            get: (_, name) => (name === "policies" ? async () => ({ one: readerDocument }) : call(String(name))),
        });
        const found = difference(declared, recorded, live, now);
        const write = async (record: Recorded) => {
            calls.push(`record ${[...Object.keys(record.buckets), ...Object.keys(record.policies)].join(" ")}`);
        };
        const error = await carryOut(found, recorded, { minio, secretKeys: {}, write, say: () => {} }).then(
            () => undefined,
            ({ message }: Error) => message,
        );
        return { calls, error, ends, after: found.after };
    }
    const declared: Declared = {
        ...nothing,
        buckets: [{ name: "data", versioning: true, tags: { a: "b" } }, { name: "more" }],
        policies: [{ name: "one", document: readerDocument }],
    };

    it("are recorded before the first, and those of a bucket come one after another", async () => {
        const { calls, error } = await carried(declared);
        assert.equal(error, undefined);
        assert.deepEqual(calls, [
            "record data more one",
            "makeBucket data",
            "makeBucket more",
            "set data versioning",
            "set data tags",
            "setPolicy one",
        ]);
    });

    it("end with the first that fails, which is named with its reason", async () => {
        const { calls, error } = await carried(declared, "set data versioning");
        assert.deepEqual(calls.slice(-1), ["set data versioning"]);
        assert.match(error ?? "", /^bucket 'data': versioning: it failed: .*NoSo.*Run the same again/);
    });

    it("tell MinIO of a key's end by the time at which they do, and record that", async () => {
        const accesses = [{ name: "app", policies: ["readwrite"], revision: 2, overlapSeconds: 1000 }];
        const recorded = { ...nothingRecorded(), accesses: { app: { keys: { "app-1": {} } } } };
        const users = { app: { policies: ["readwrite"], isEnabled: true } };
        const live: Live = { ...empty, users, keys: { "app-2": "valid" }, keyOwners: { "app-1": "app" } };
        const earliest = Date.now() + 1_000_000;
        const { ends, after } = await carried({ ...nothing, accesses }, undefined, recorded, live);
        assert.equal(ends.length, 1);
        assert.ok(new Date(ends[0] ?? 0).getTime() >= earliest);
        assert.deepEqual(after.accesses.app, { keys: { "app-2": {}, "app-1": { until: ends[0] } } });
    });

    it("are none where nothing is to be done, and nothing is written then", async () => {
        assert.deepEqual((await carried(nothing)).calls, []);
    });
});

describe("documents and settings of S3", () => {
    it("are the same in any order, and with lists of one", () => {
        const one = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["b","a"],"Resource":"c"}]}';
        const other =
            '{"Statement":[{"Action":["a","b"],"Effect":"Allow","Resource":["c"],"Sid":""}],"Version":"2012-10-17"}';
        assert.equal(canonical(one), canonical(other));
        assert.notEqual(canonical(one), canonical(one.replace('"b"', '"d"')));
        assert.notEqual(canonical(one), canonical(one.replace("Allow", "Deny")));
        assert.equal(anonymousPolicy("data", "None"), undefined);
    });

    it("are read as MinIO tells them", () => {
        const told =
            '<?xml version="1.0" encoding="UTF-8"?>\n<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
            "<Rule><ID>rule-1</ID><Status>Enabled</Status><Filter><Prefix>a&amp;b</Prefix></Filter><Expiration><Days>3</Days>" +
            "</Expiration></Rule><ExpiryUpdatedAt>2026-11-27T12:00:00Z</ExpiryUpdatedAt></LifecycleConfiguration>";
        const { lifecycle } = wantedSettings({ name: "data", lifecycle: [{ prefix: "a&b", expirationDays: 3 }] });
        assert.equal(textOf.lifecycle(told), lifecycle?.text);
        assert.deepEqual(leavesOf("<a><b/><b>1</b><b>&lt;2</b></a>"), [
            { path: "/a/b", text: "1" },
            { path: "/a/b1", text: "<2" },
        ]);
    });

    it("say again what they were told", () => {
        const text = fc.string({ maxLength: 20 }).filter((one) => one.trim() === one);
        fc.assert(
            fc.property(
                fc.dictionary(
                    text.filter((key) => key !== ""),
                    text,
                ),
                (tags) => {
                    const { tags: wanted } = wantedSettings({ name: "data", tags });
                    const expected = Object.entries(tags).map((pair) => JSON.stringify(pair));
                    assert.deepEqual(wanted?.text.split("\n").filter(Boolean), expected.sort());
                },
            ),
        );
    });
});

describe("bodies of the admin API", () => {
    it("are sealed as MinIO opens them", async () => {
        for (const length of [0, 10, 1 << 14, (1 << 14) + 1, 50_000]) {
            const text = "x".repeat(length);
            const bytes = await sealed("s3cret-key", text);
            const [salt, method, nonce] = [bytes.subarray(0, 32), bytes[32], bytes.subarray(33, 41)];
            assert.equal(method, 2);
            const key = pbkdf2Sync("s3cret-key", salt, 8192, 32, "sha256");
            assert.equal(opened(key, nonce, bytes.subarray(41)), text);
            assert.equal(await unsealed("s3cret-key", bytes), text);
        }
        await assert.rejects(sealed("s3cret-key", "text").then((bytes) => unsealed("another", bytes)));
    });
});

/** `DecryptReader` of `github.com/secure-io/sio-go`, step by step. */
function opened(key: Buffer, nonce: Buffer, data: Buffer): string {
    const { createCipheriv } = require("node:crypto") as typeof import("node:crypto");
    const iv = (sequence: number) => {
        const counter = Buffer.alloc(4);
        counter.writeUInt32LE(sequence);
        return Buffer.concat([nonce, counter]);
    };
    const first = createCipheriv("aes-256-gcm", key, iv(0));
    first.final();
    const tag = first.getAuthTag();
    const parts: string[] = [];
    const size = (1 << 14) + 16;
    for (let [start, sequence] = [0, 1]; start < data.length; start += size, sequence++) {
        const fragment = data.subarray(start, start + size);
        const isLast = start + size >= data.length;
        const decipher = createDecipheriv("aes-256-gcm", key, iv(sequence));
        decipher.setAAD(Buffer.concat([Buffer.from([isLast ? 0x80 : 0]), tag]));
        decipher.setAuthTag(fragment.subarray(-16));
        parts.push(`${decipher.update(fragment.subarray(0, -16))}${decipher.final()}`);
    }
    return parts.join("");
}

describe("names and documents of buckets, policies and accesses", () => {
    const ldapVariable = "MINIO_IDENTITY_LDAP_SERVER_ADDR";
    const refused: [string, KnownArgs][] = [
        ["buckets[0].name", { buckets: [{ name: "No" }] }],
        ["buckets[0].name", { buckets: [{ name: "minio" }] }],
        ["buckets[1].name", { buckets: [{ name: "data" }, { name: "data" }] }],
        ["buckets", { buckets: "data" as never }],
        ["buckets[0]", { buckets: ["data" as never] }],
        ["buckets[0].quota", { buckets: [{ name: "data", quota: "much" }] }],
        ["buckets[0].quota", { buckets: [{ name: "data", quota: "500m" }] }],
        ["buckets[0].versioning", { buckets: [{ name: "data", versioning: false, objectLocking: true }] }],
        ["buckets[0].lifecycle[0]", { buckets: [{ name: "data", lifecycle: [{}] }] }],
        ["buckets[0].lifecycle[0].expirationDays", { buckets: [{ name: "data", lifecycle: [{ expirationDays: 0 }] }] }],
        ["buckets[0].anonymousAccess", { buckets: [{ name: "data", anonymousAccess: "All" as never }] }],
        ["buckets[0].tags.a!", { buckets: [{ name: "data", tags: { "a!": "b" } }] }],
        ["buckets[0].confirmRemoval", { buckets: [{ name: "data", confirmRemoval: "yes" }] }],
        ["buckets[0].versionning", { buckets: [{ name: "data", versionning: true } as never] }],
        ["policies[0].name", { policies: [{ name: "a,b", document: readerDocument }] }],
        ["policies[0].name", { policies: [{ name: "__proto__", document: readerDocument }] }],
        ["policies[0].name", { policies: [{ name: "readwrite", document: readerDocument }] }],
        ["policies[0].document", { policies: [{ name: "mine", document: "{" }] }],
        [
            "accesses",
            { accesses: [{ name: "app", bucket: "data" }], environment: { [ldapVariable]: "ldap.example.org:636" } },
        ],
        [
            "accesses",
            {
                accesses: [{ name: "app", bucket: "data" }],
                environmentFrom: { [ldapVariable]: { secretKeyRef: { name: "ldap", key: "address" } } },
            },
        ],
        ["accesses[0].name", { accesses: [{ name: "me", bucket: "data" }] }],
        ["accesses[0].name", { accesses: [{ name: "admin", bucket: "data" }] }],
        ["accesses[1].name", { accesses: ["app", "app-2"].map((name) => ({ name, bucket: "data" })) }],
        ["accesses[0]", { accesses: [{ name: "app" }] }],
        ["accesses[0].name", { accesses: [{ name: "readwrite", bucket: "data" }] }],
        ["accesses[0].policies", { accesses: [{ name: "app", policies: [] }] }],
        ["accesses[0].revision", { accesses: [{ name: "app", bucket: "data", revision: 0 }] }],
        ["accesses[0].overlapSeconds", { accesses: [{ name: "app", bucket: "data", overlapSeconds: 999 }] }],
        ["accesses[0].overlapSeconds", { accesses: [{ name: "app", bucket: "data", overlapSeconds: 31_536_000 }] }],
        ["accesses[0].secretName", { accesses: [{ name: "App", bucket: "data" }] }],
        ["accesses[0].secretName", { accesses: [{ name: "secret", bucket: "data" }] }],
        ["accesses[0].secretName", { accesses: [{ name: "settings", bucket: "data" }] }],
        ["accesses[0].secretName", { accesses: [{ name: "tls", bucket: "data" }] }],
        ["accesses[0].secretName", { accesses: [{ name: "metrics-token", bucket: "data" }] }],
        [
            "accesses[0].secretName",
            { existingSecretName: "mine", accesses: [{ name: "app", bucket: "data", secretName: "mine" }] },
        ],
        [
            "accesses[1].secretName",
            { accesses: ["app", "web"].map((name) => ({ name, bucket: "data", secretName: "one" })) },
        ],
        ["accesses[0].namespace", { accesses: [{ name: "app", bucket: "data", namespace: "No One" }] }],
        [
            "accesses[0].name",
            { accesses: [{ name: "app", bucket: "data" }], policies: [{ name: "app", document: readerDocument }] },
        ],
    ];
    for (const [field, args] of refused) {
        it(`refuse ${field} of ${JSON.stringify(args).slice(0, 80)}`, () => {
            assert.deepEqual(
                problemsOf("minio", args).map((problem) => problem.field),
                [field],
            );
        });
    }

    it("are sound where MinIO takes them", () => {
        const args: KnownArgs = {
            buckets: [{ name: "my.data-1", quota: "1.5Gi", tags: { "a b": "" }, lifecycle: [] }],
            policies: [{ name: "mine", document: readerDocument }],
            accesses: [{ name: "app", policies: ["mine", "readonly"], namespace: "web", overlapSeconds: 0 }],
        };
        assert.deepEqual(problemsOf("minio", args), []);
        assert.equal(withDefaults(args).buckets?.length, 1);
        assert.match(wantedText({ ...nothing, buckets: [{ name: "data" }] }), /^bucket \{"name":"data"\}$/);
    });

    it("say everything that is wrong with a document", () => {
        const document = JSON.stringify({
            Version: "2008-10-17",
            Statements: [],
            Statement: [
                { Effect: "allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::a/*", Principal: "*" },
                { Effect: "Allow", Action: "GetObject", NotAction: ["s3:*"], Resource: "bucket" },
                { Effect: "Allow", Action: ["admin:ServerInfo"] },
                { Effect: "Allow", Action: ["s3:ListBucket"] },
            ],
        });
        assert.deepEqual(
            policyDocumentProblems(document).map((one) => one.split(": ")[0]),
            [
                "Statements",
                "Version",
                "Statement[0].Principal",
                "Statement[0].Effect",
                "Statement[1]",
                "Statement[1].Action",
                "Statement[1].Resource",
                "Statement[3]",
            ],
        );
    });

    it("never fail at strange values", () => {
        fc.assert(
            fc.property(fc.anything(), fc.anything(), (one, other) => {
                const args = { buckets: one, policies: [one, { name: other, document: other }], accesses: [other] };
                assert.ok(Array.isArray(problemsOf("minio", args as never)));
                assert.ok(policyDocumentProblems(JSON.stringify(one) ?? "").length >= 0);
                assert.ok(["string", "undefined"].includes(typeof bucketNameProblem(other)));
            }),
        );
    });
});

describe("what a preview says of buckets, policies and accesses", () => {
    const document = JSON.stringify({ Version: "2012-10-17", Statement: [] });
    const args: KnownArgs = {
        buckets: [{ name: "logs", quota: "2Gi" }, { name: "new" }],
        policies: [{ name: "logs-reader", document: readerDocument }],
        accesses: [],
    };
    const made: Recorded = {
        buckets: { logs: { settings: ["quota"], retain: false } },
        policies: { "logs-reader": {} },
        accesses: { viewer: { keys: { "viewer-1": {} } } },
    };
    const answers: Record<string, string> = {
        "/": "<ListAllMyBucketsResult><Buckets><Bucket><Name>logs</Name></Bucket></Buckets></ListAllMyBucketsResult>",
        "/minio/admin/v3/get-bucket-quota": JSON.stringify({ quota: 2 ** 30 }),
        "/minio/admin/v3/list-canned-policies": JSON.stringify({ "logs-reader": JSON.parse(document) }),
        "/minio/admin/v3/user-info": JSON.stringify({ status: "enabled", policyName: "logs-reader" }),
    };
    const server = {
        metadata: { name: "minio-0", ownerReferences: [{ kind: "StatefulSet", name: "minio", controller: true }] },
        status: { conditions: [{ type: "Ready", status: "True" }] },
    };
    const recordOf = (record: Recorded) => ({
        metadata: { name: "minio-declared" },
        data: { "made.json": JSON.stringify(record) },
    });
    const kubernetes = {
        list: async () => [recordOf(made)],
        pods: async () => [server],
        keepForward: () => ({
            send: async ({ path }: { path: string }) => ({
                status: 200,
                headers: {},
                body: answers[path.split("?")[0]] ?? assert.fail(path),
            }),
            close() {},
        }),
    };
    const fails = (error: Error) => async () => {
        throw error;
    };
    const foreseen = async (changes: object = {}, act?: () => Promise<never>, hibernate = false) => {
        const connection = {
            writesFiles: async () => false,
            act: act ?? (async () => ({ ...kubernetes, ...changes })),
        };
        const credentials = { rootUser: pulumi.output("admin"), rootPassword: pulumi.secret("correct-horse") };
        const said: string[] = [];
        const cluster = clusterOf("minio", withDefaults({ ...args, hibernate }));
        await foresee({ connection, credentials } as never, cluster, {}, (text) => void said.push(text));
        return said;
    };
    const unchecked = (why: string) => [
        `not checked in this preview what MinIO has of 2 buckets, 1 policies and 0 accesses: ${why}`,
    ];

    it("is each step in words, as docs/buckets.md shows it", async () => {
        const page = readFileSync(join(__dirname, "../../docs/buckets.md"), "utf8");
        const sample = page.split("<!-- sample preview -->\n\n```text\n")[1]?.split("\n```")[0];
        assert.deepEqual(await foreseen(), [sample]);
    });

    it("is why nothing is known, where the Kubernetes API is down", async () => {
        const down = new KubernetesError("connect ECONNREFUSED 10.0.0.1:6443", true);
        assert.deepEqual(await foreseen({}, fails(down)), unchecked(down.message));
        assert.deepEqual(await foreseen({ pods: fails(down) }), unchecked(down.message));
    });

    it("is why nothing is known, where no server is ready", async () => {
        const starts = { ...server, status: { conditions: [{ type: "Ready", status: "False" }] } };
        for (const pods of [[], [starts], [{ ...server, metadata: { ...server.metadata, deletionTimestamp: now } }]]) {
            assert.deepEqual(
                await foreseen({ pods: async () => pods }),
                unchecked("no server is ready that could be asked"),
            );
        }
        assert.match((await foreseen({}, undefined, true)).join(), /not checked .*: no server runs: buckets, policies/);
    });

    it("is which right is missing, where there is none to a port-forward", async () => {
        const right =
            'a right is missing: pods "minio-0" is forbidden: User "x" cannot create resource "pods/portforward"';
        let closed = 0;
        const forward = { send: fails(new KubernetesError(right, false, 403)), close: () => void closed++ };
        assert.deepEqual(await foreseen({ keepForward: () => forward }), unchecked(right));
        assert.equal(closed, 1);
    });
});

describe("an access that is declared while no server runs", () => {
    it("of another stack is refused, as the program that starts the servers does not know it", async () => {
        const kubernetes = { read: async () => undefined } as unknown as Kubernetes;
        const accesses = [{ name: "web", bucket: "data" }];
        const cluster = clusterOf("minio", withDefaults({ hibernate: true, accesses }));
        const declarer = { name: "shop", component: "shop", organization: "acme", project: "shop", stack: "prod" };
        await assert.rejects(
            bring({ credentials: {} as never, declarer }, kubernetes, cluster, {}, undefined as never),
            /no server runs, so nothing can be made, changed or removed there: .* run this again/,
        );
    });

    it("does not get the Secret of somebody else, though nothing else is looked at", async () => {
        const kubernetes = { read: async () => ({ metadata: { name: "minio-web" } }) } as unknown as Kubernetes;
        const accesses = [{ name: "web", bucket: "data" }];
        const cluster = clusterOf("minio", withDefaults({ hibernate: true, accesses }));
        await assert.rejects(
            bring({ credentials: {} as never }, kubernetes, cluster, {}, undefined as never),
            /accesses\[0\]\.secretName: the Secret 'minio-web' in the namespace default is there already/,
        );
    });
});
