import assert from "node:assert/strict";
import type { V1StatefulSet } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { declaringCluster, seenCluster } from "../../components/access/seen";
import { bring, inOtherCluster, leave, refuseTaken } from "../../components/buckets/buckets";
import { departure, difference, type Live } from "../../components/buckets/difference";
import { regionOf } from "../../components/buckets/look";
import { nothingRecorded, type OthersRecord, type Recorded, readRecords } from "../../components/buckets/record";
import type { AnyObject, Kubernetes } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";
import { clusterMarks } from "../../components/live/clusterMarks";
import { refuseMove } from "../../components/pulumi/undo";
import { podTemplate } from "../../components/server/podTemplate";
import { clusterOf } from "../../components/spec/cluster";
import { accessLabel, labelsOf, shapeAnnotation } from "../../components/spec/labels";
import { type Declarer, declaredName, markOf, namesOf, ownerOf } from "../../components/spec/names";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";
import { accessProblemsOf } from "../../components/spec/validation";
import type { MinioAccessArgs } from "../../index";

const now = new Date("2026-11-27T12:00:00Z");
const shop: Declarer = { name: "shop", stack: "acme/shop/prod" };
const names = namesOf("minio");
const empty: Live = { buckets: {}, policies: {}, users: {}, keys: {}, keyOwners: {}, policyHolders: {} };
const recordOf = (buckets: string[], accesses: string[] = []): Recorded => ({
    ...nothingRecorded(),
    buckets: Object.fromEntries(buckets.map((name) => [name, { settings: [], retain: false }])),
    accesses: Object.fromEntries(accesses.map((name) => [name, { keys: { [`${name}-1`]: {} } }])),
});
const liveOf = (buckets: Record<string, boolean>, users: string[] = []): Live => ({
    ...empty,
    buckets: Object.fromEntries(
        Object.entries(buckets).map(([name, hasObjects]) => [name, { settings: {}, hasObjects }]),
    ),
    users: Object.fromEntries(users.map((name) => [name, { policies: [name], isEnabled: true }])),
});

/** What it registers, by mocks. */
async function registeredBy(name: string, args: MinioAccessArgs) {
    const registered: { type: string; name: string; inputs: any; id?: string }[] = [];
    await pulumi.runtime.setMocks({
        newResource({ type, name: resource, inputs, id }) {
            registered.push({ type, name: resource, inputs, id });
            const isKey = type === "random:index/randomPassword:RandomPassword";
            return { id: id || `${resource}-id`, state: isKey ? { ...inputs, result: "s3cret".repeat(7) } : inputs };
        },
        call: ({ inputs }) => inputs,
    });
    const { MinioAccess } = await import("../../index");
    const { ready, endpoint } = new MinioAccess(name, args);
    const value = await new Promise<string>((resolve) =>
        pulumi.all([ready, endpoint]).apply(([, known]) => resolve(known)),
    );
    return { registered, endpoint: value };
}

/** A cluster's first StatefulSet, as the component makes it. */
function statefulSetOf(args: KnownArgs): V1StatefulSet {
    const spec = withDefaults(args);
    return {
        metadata: {
            ...{ name: "minio", namespace: spec.namespace, labels: labelsOf(names, spec) },
            annotations: { [shapeAnnotation]: JSON.stringify({ replicas: 4, drivesPerServer: 1 }) },
        },
        spec: { replicas: args.hibernate ? 0 : 4, template: podTemplate(names, spec, 0) },
    } as unknown as V1StatefulSet;
}

describe("MinioAccess", () => {
    it("registers what it makes, and reads the cluster's headless Service, by which it proves which cluster it is", async () => {
        const { registered, endpoint } = await registeredBy("photos", {
            cluster: "minio",
            namespace: "storage",
            buckets: [{ name: "photos" }],
            accesses: [{ name: "web", bucket: "photos", namespace: "shop" }],
        });
        assert.deepEqual(registered.map(({ type, name }) => `${type} ${name}`).sort(), [
            "kubernetes:core/v1:Secret photos-access-shop/minio-web",
            "kubernetes:core/v1:Service photos-cluster",
            "minio-cluster:index:MinioAccess photos",
            "pulumi:index:Stash photos-declared",
            "pulumi:index:Stash photos-removal",
            "random:index/randomPassword:RandomPassword photos-access-web-key",
        ]);
        const service = registered.find(({ name }) => name === "photos-cluster");
        assert.equal(service?.id, "storage/minio-headless");
        assert.equal(endpoint, "http://minio.storage.svc.cluster.local:9000");
        const secret = registered.find(({ type }) => type.endsWith(":Secret"))?.inputs;
        assert.match(secret.metadata.labels[accessLabel], /^photos-/);
        const { input } = registered.find(({ name }) => name === "photos-removal")?.inputs ?? {};
        assert.match(input.place, /^storage\/minio by .*\/photos$/);
        assert.deepEqual(Object.keys(input).sort(), ["marks", "place", "where"]);
    });

    it("registers nothing where all lists are empty, so that the engine deletes what an earlier run has made", async () => {
        const { registered } = await registeredBy("photos", { cluster: "minio", buckets: [], accesses: [] });
        assert.deepEqual(
            registered.map(({ type }) => type.split(":").at(-1)),
            ["MinioAccess", "Service"],
        );
    });

    it("says all that is wrong at the same time", () => {
        const args = {
            cluster: "No Name",
            namespace: "a_b",
            bucket: [],
            buckets: [{ name: "x" }],
            accesses: [{ name: "web" }],
        };
        assert.deepEqual(
            accessProblemsOf("Shop", args as never).map(({ field }) => field),
            [
                ...["bucket", "name", "cluster", "namespace", "buckets[0].name"],
                ...["accesses[0]", "accesses[0].namespace", "accesses[0].secretName"],
            ],
        );
        assert.deepEqual(
            accessProblemsOf("shop", { cluster: "minio", accesses: [{ name: "web", bucket: "data" }] }),
            [],
        );
    });

    it("refuses what the cluster's root account and its own Secrets have, when it has seen them", () => {
        const accesses = [
            { name: "root", bucket: "data" },
            { name: "web", bucket: "data", secretName: "credentials" },
        ];
        const args = { cluster: "minio", accesses };
        assert.deepEqual(accessProblemsOf("shop", args), []);
        const seen = { rootUser: "root", existingSecretName: "credentials", environment: {} };
        const problems = accessProblemsOf("shop", args, [], seen).map(({ field }) => field);
        assert.deepEqual(problems, ["accesses[0].name", "accesses[1].secretName"]);
        const ldap = { ...seen, environment: { MINIO_IDENTITY_LDAP_SERVER_ADDR: "ldap.example.org" } };
        assert.ok(accessProblemsOf("shop", args, [], ldap).some(({ reason }) => reason.includes("with LDAP")));
    });

    it("never fails at strange arguments", () => {
        fc.assert(
            fc.property(fc.anything(), fc.anything(), fc.anything(), (name, one, other) => {
                for (const args of [one, { cluster: one, namespace: other, buckets: other, accesses: [one] }]) {
                    assert.ok(accessProblemsOf(name as string, args as never).length > 0);
                }
            }),
        );
    });

    describe("is undone where it was done", () => {
        const urn = "urn:pulumi:prod::shop::minio-cluster:index:MinioAccess$pulumi:index:Stash::shop-removal";
        const here = { where: "https://new (context b)", marks: ["the uid 7", "the certificate c7"] };
        const moved = (input: unknown, cluster: unknown = here) => {
            const known = cluster as pulumi.Output<typeof here>;
            const undo = { place: "storage/minio", moving: "do this", cluster: known, elsewhere: inOtherCluster };
            return refuseMove({ oldInputs: { input }, urn }, undo);
        };
        const madeWith = (...marks: string[]) => ({ place: "storage/minio", where: "https://old (context a)", marks });

        it("and cannot move to another MinIO, where its users would stay valid", async () => {
            for (const input of ["storage/other", { ...madeWith("the uid 7"), place: "storage/other" }]) {
                await assert.rejects(moved(input), /from storage\/other to storage\/minio: do this/);
            }
        });

        it("and cannot move to another Kubernetes cluster, which names both and the ways on", async () => {
            await assert.rejects(moved(madeWith("the uid 6", "the certificate c6")), ({ message }: Error) => {
                assert.match(
                    message,
                    /: https:\/\/old \(context a\), where .* has the uid 6 and the certificate c6\. /,
                );
                assert.match(
                    message,
                    /leads to https:\/\/new \(context b\), where .* has the uid 7 and the certificate c7/,
                );
                assert.ok(message.endsWith(`pulumi state delete '${urn}' --target-dependents`));
                return true;
            });
            const { where: _, ...without } = madeWith("the uid 6");
            await assert.rejects(moved(without), /valid: one where the namespace's ConfigMap .* has the uid 6\. /);
            const unknown = moved(madeWith("the uid 6"), { ...here, marks: [] });
            await assert.rejects(unknown, /^Error: it is not known whether .* kube-root-ca.crt is not there\./);
        });

        it("which is the same where its namespace was made anew, or its authority was renewed", async () => {
            await moved(madeWith("the uid 6", "the certificate c7"));
            await moved(madeWith("the uid 7", "the certificate c6"));
            await moved(madeWith("the uid 6", "the certificate c6", "the certificate c7"));
            await moved(madeWith("the uid 6", "the certificate c7"), {
                ...here,
                marks: [...here.marks, "the certificate c8"],
            });
        });

        it("which is another one where both have one authority in common, as that of a platform's Ingress", async () => {
            const shared = { ...here, marks: [...here.marks, "the certificate shared"] };
            const from = madeWith("the uid 6", "the certificate c6", "the certificate shared");
            await assert.rejects(moved(from, shared), /in another Kubernetes cluster/);
        });

        it("which a record of before, or a preview, does not know", async () => {
            await moved("storage/minio");
            await moved(madeWith());
            await moved(madeWith("the uid 6"), pulumi.output(pulumi.unknown));
        });
    });

    it("knows a Kubernetes cluster by what is in each of its namespaces, and needs no other right for it", async () => {
        const asked: unknown[] = [];
        const certificateOf = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
        const marksOf = (uid: string, authority: string) => {
            const found = { metadata: { name: "kube-root-ca.crt", uid }, data: { "ca.crt": authority } };
            const list = async (...args: unknown[]) => asked.push(args) && [found];
            return clusterMarks({ list } as unknown as Kubernetes, "storage");
        };
        const marks = await marksOf("7", certificateOf("AAAA\nBBBB"));
        assert.deepEqual(asked, [[{ apiVersion: "v1", kind: "ConfigMap" }, "storage", {}, "kube-root-ca.crt"]]);
        const [uid, certificate] = marks;
        assert.equal(uid, "the uid 7");
        assert.match(certificate ?? "", /^the certificate [0-9a-f]{16}$/);
        // While an authority is renewed, there are both.
        const both = await marksOf("8", certificateOf("CCCC") + certificateOf("AAAABBBB"));
        assert.deepEqual([both.length, both.includes(certificate ?? "")], [3, true]);
        assert.deepEqual(await clusterMarks({ list: async () => [] } as unknown as Kubernetes, "storage"), []);
    });
});

describe("a cluster of another stack", () => {
    const wish = { cluster: "minio", namespace: "storage", buckets: [{ name: "data" }] };
    const seen = (args: KnownArgs) => seenCluster([statefulSetOf({ namespace: "storage", ...args })], wish, "there");

    it("is known by what its servers are told", () => {
        const plain = seen({});
        assert.deepEqual(plain.rootPassword, { name: "minio-secret", key: "root-password" });
        const secured = seen({
            clusterDomain: "k8s.example.org",
            clientService: { port: 443 },
            tls: { secretName: "certs" },
            existingSecretName: "root",
            environment: { MINIO_REGION: "eu-1" },
            hibernate: true,
        });
        const { names, spec, scheme } = declaringCluster(wish, secured, shop);
        assert.equal(names.cluster, "minio");
        assert.deepEqual(
            [
                scheme,
                spec.clusterDomain,
                spec.clientService?.port,
                spec.tls?.secretName,
                regionOf(spec),
                spec.hibernate,
            ],
            ["https", "k8s.example.org", 443, "certs", "eu-1", true],
        );
        assert.deepEqual(secured.rootUser, { name: "root", key: "root-user" });
        assert.deepEqual(declaringCluster(wish, plain, shop).scheme, "http");
    });

    it("is refused where there is none of the name, with those that there are", () => {
        assert.throws(
            () => seenCluster([statefulSetOf({ namespace: "storage" })], { ...wish, cluster: "store" }, "there"),
            /no MinioCluster 'store' in the namespace storage of there; there is 'minio'/,
        );
        assert.throws(() => seenCluster([], wish, "there"), /no MinioCluster 'minio'/);
    });
});

describe("what several programs declare of a cluster", () => {
    const cluster = clusterOf("minio", withDefaults({ namespace: "storage" }));
    const configMap = (name: string, owner: string | undefined, made: object): AnyObject =>
        ({
            ...{ apiVersion: "v1", kind: "ConfigMap" },
            metadata: { name, annotations: owner === undefined ? {} : { "minio-cluster/declared-by": owner } },
            data: { "made.json": JSON.stringify(made) },
        }) as AnyObject;
    const all = [
        configMap("minio-snapshots-monday", undefined, { sets: true }),
        configMap(declaredName(names), undefined, recordOf(["logs"])),
        configMap(declaredName(names, shop), ownerOf(shop), recordOf(["photos"], ["web"])),
        configMap("minio-declared.x", "acme/other/dev/x", recordOf(["other"])),
    ];
    const kubernetes = (objects = all) => ({ list: async () => objects }) as unknown as Kubernetes;
    const others: OthersRecord[] = [{ whose: "the MinioCluster 'minio'", recorded: recordOf(["logs"], ["web"]) }];
    const declared = { buckets: [{ name: "logs" }], policies: [], accesses: [{ name: "web", policies: ["readonly"] }] };

    it("is told apart by whose record it is in", async () => {
        const own = await readRecords(kubernetes(), cluster);
        assert.deepEqual(Object.keys(own.own.buckets), ["logs"]);
        assert.deepEqual(
            own.others.map(({ whose, recorded }) => [whose, Object.keys(recorded.buckets)]),
            [
                ["the MinioAccess 'shop' of the stack acme/shop/prod", ["photos"]],
                ["the MinioAccess 'x' of the stack acme/other/dev", ["other"]],
            ],
        );
        const shops = await readRecords(kubernetes(), cluster, shop);
        assert.deepEqual(Object.keys(shops.own.accesses), ["web"]);
        assert.deepEqual(
            shops.others.map(({ whose }) => whose),
            ["the MinioCluster 'minio'", "the MinioAccess 'x' of the stack acme/other/dev"],
        );
        assert.notEqual(markOf(shop), markOf({ ...shop, stack: "acme/shop/dev" }));
        const none = { own: nothingRecorded(), isHeld: false, others: [] };
        assert.deepEqual(await readRecords(kubernetes([]), cluster, shop), none);
    });

    it("is known of the cluster's own program alone where it may not look for others, and of nobody else", async () => {
        const mayRead = {
            list: async () => Promise.reject(new KubernetesError("forbidden", false, 403)),
            read: async ({ metadata }: AnyObject) => all.find((one) => one.metadata.name === metadata.name),
        } as unknown as Kubernetes;
        const { own, others } = await readRecords(mayRead, cluster);
        assert.deepEqual([Object.keys(own.buckets), others], [["logs"], []]);
        await assert.rejects(readRecords(mayRead, cluster, shop), /forbidden/);
    });

    it("is not taken over by another stack of the same name, but what stayed of buckets is", async () => {
        await assert.rejects(
            refuseTaken(kubernetes(), cluster, shop),
            /\n {2}web: made by a stack of the same name, .* delete the ConfigMap minio-declared\.shop-\w+ in the namespace storage/,
        );
        const left = [configMap(declaredName(names, shop), ownerOf(shop), recordOf(["photos"]))];
        await refuseTaken(kubernetes(left), cluster, shop);
        await refuseTaken(kubernetes([]), cluster, shop);
        const held = [configMap(declaredName(names, shop), ownerOf(shop), { ...recordOf(["photos"]), isHeld: true })];
        await assert.rejects(
            refuseTaken(kubernetes(held), cluster, shop),
            /\n {2}photos: made by a stack of the same name/,
        );
    });

    it("is held by a stack, also of buckets alone, from its first run until it leaves them", async () => {
        const found = configMap(declaredName(names, shop), ownerOf(shop), recordOf(["photos"]));
        const answers: Record<string, string> = {
            "/": "<ListAllMyBucketsResult><Buckets><Bucket><Name>photos</Name></Bucket></Buckets></ListAllMyBucketsResult>",
            "/photos": "<ListVersionsResult><Version><Key>mine</Key></Version></ListVersionsResult>",
        };
        const server = {
            metadata: { name: "minio-0", ownerReferences: [{ kind: "StatefulSet", name: "minio", controller: true }] },
            status: { conditions: [{ type: "Ready", status: "True" }] },
        };
        const running = {
            list: async () => [found],
            pods: async () => [server],
            create: async () => {},
            patch: async (_: unknown, fields: object) => void Object.assign(found, fields),
            keepForward: () => ({
                send: async ({ path }: { path: string }) => {
                    const body = answers[path.split("?")[0] ?? ""] ?? assert.fail(path);
                    return { status: path.includes("object-lock") ? 404 : 200, headers: {}, body };
                },
                close() {},
            }),
        } as unknown as Kubernetes;
        const credentials = { rootUser: pulumi.output("admin"), rootPassword: pulumi.secret("correct-horse") };
        const resource = undefined as never;
        const declaring = clusterOf("minio", withDefaults({ namespace: "storage", buckets: [{ name: "photos" }] }));
        for (let round = 1; round <= 2; round++) {
            await refuseTaken(running, cluster, shop);
            await bring({ credentials, declarer: shop }, running, declaring, {}, resource);
            await assert.rejects(refuseTaken(running, cluster, shop), /photos: made by a stack of the same name/);
            await leave({ credentials }, running, cluster, shop, resource, true);
            await assert.rejects(refuseTaken(running, cluster, shop), /photos: made by a stack of the same name/);
            await leave({ credentials }, running, cluster, shop, resource, false);
        }
        assert.deepEqual((await readRecords(running, cluster, shop)).own, recordOf(["photos"]));
    });

    it("is refused where another program has it, even where it shall be taken over, and names both", async () => {
        const adopting = {
            ...declared,
            buckets: [{ name: "logs", adopt: true }],
            accesses: [{ name: "web", policies: ["readonly"], adopt: true }],
        };
        for (const one of [declared, adopting]) {
            const { refusals, steps } = difference(
                one,
                nothingRecorded(),
                liveOf({ logs: true }, ["web"]),
                now,
                others,
            );
            assert.deepEqual(refusals, [
                "buckets: 'logs' belongs to the MinioCluster 'minio': use another name, or take it out there first",
                "accesses: the user 'web' belongs to the MinioCluster 'minio': use another name, or take it out " +
                    "there first",
            ]);
            assert.deepEqual(steps, []);
        }
        const spec = withDefaults({ hibernate: true, accesses: [{ name: "web", bucket: "data" }] });
        const taken = { read: async () => ({ metadata: { name: "minio-web", labels: labelsOf(names, spec) } }) };
        const beside = clusterOf("minio", { ...spec, labels: { [accessLabel]: markOf(shop) } });
        const options = { credentials: {} as never, declarer: shop };
        await assert.rejects(
            bring(options, taken as never, beside, {}, undefined as never),
            /of the MinioAccess 'shop' of the stack acme\/shop\/prod is changed:\n.*Secret 'minio-web'/,
        );
    });

    it("is left alone where two programs have recorded it, and forgotten by the one that takes it out", () => {
        const both = recordOf(["logs", "mine"], ["web"]);
        const live = liveOf({ logs: false, mine: false }, ["web"]);
        assert.equal(difference(declared, both, live, now, others).refusals.length, 2);
        const nothing = { buckets: [], policies: [], accesses: [] };
        const left = difference(nothing, both, live, now, others);
        assert.deepEqual(
            left.steps.map(({ words }) => words),
            ["bucket 'mine' is removed; it is empty"],
        );
        assert.deepEqual([left.before, left.after], [both, nothingRecorded()]);
        assert.deepEqual(departure(both, live, now, others).steps, left.steps);
    });
});

describe("what leaves with a stack", () => {
    it("is every user and each empty bucket; those with objects stay, and are still known", () => {
        const bucketNames = ["a", "b", "c"];
        const arbitrary = fc.dictionary(fc.constantFrom(...bucketNames), fc.boolean());
        fc.assert(
            fc.property(
                arbitrary,
                fc.subarray(bucketNames),
                fc.subarray(["u", "v"]),
                fc.boolean(),
                (full, own, users, retain) => {
                    const recorded = recordOf(own, users);
                    for (const name of own) {
                        recorded.buckets[name] = { settings: ["tags"], retain };
                    }
                    const live = liveOf(full, ["u", "v"]);
                    const { steps, refusals, staying, after } = departure(recorded, live, now, []);
                    assert.deepEqual(refusals, []);
                    const removed = steps.flatMap((step) => (step.kind === "removeUser" ? [step.user] : []));
                    assert.deepEqual(removed.sort(), [...users].sort());
                    for (const step of steps) {
                        assert.ok(step.kind === "removeUser" || (step.kind === "removeBucket" && !step.withObjects));
                        assert.ok(
                            step.kind === "removeUser" || (own.includes(step.bucket) && full[step.bucket] === false),
                        );
                    }
                    assert.deepEqual(
                        staying,
                        own.filter((name) => full[name] === true && !retain),
                    );
                    assert.deepEqual(Object.keys(after.buckets), staying);
                    assert.deepEqual(after.accesses, {});
                },
            ),
        );
    });

    it("waits until a server runs, where something was made", async () => {
        const cluster = clusterOf("minio", withDefaults({ hibernate: true }));
        const made = {
            metadata: { name: "x", annotations: { "minio-cluster/declared-by": ownerOf(shop) } },
            data: { "made.json": JSON.stringify(recordOf([], ["web"])) },
        };
        const leaving = (found: object[]) => {
            const kubernetes = { list: async () => found } as unknown as Kubernetes;
            return leave({ credentials: {} as never }, kubernetes, cluster, shop, undefined as never, false);
        };
        await assert.rejects(leaving([made]), /no server runs, so no user can be removed/);
        await leaving([]);
    });
});
