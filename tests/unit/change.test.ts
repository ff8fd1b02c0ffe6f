import assert from "node:assert/strict";
import { element } from "../../components/basics/element";
import { valueDigest } from "../../components/basics/valueDigest";
import { changeOf, versionOf } from "../../components/change/change";
import {
    describeChange,
    describeSwitch,
    problemsOfChange,
    type Registered,
    settingsChange,
} from "../../components/change/review";
import { shapeOf } from "../../components/change/shape";
import { describeLostZone } from "../../components/change/zones";
import type { Topology } from "../../components/minio/topology";
import { podTemplate } from "../../components/server/podTemplate";
import type { Readiness } from "../../components/spec/args";
import { clusterOf } from "../../components/spec/cluster";
import { zoneLabel } from "../../components/spec/labels";
import { namesOf, poolSelector } from "../../components/spec/names";
import { isScriptVariable } from "../../components/spec/scriptVariables";
import { defaultImage, type KnownArgs, topologyOfSpec, withDefaults } from "../../components/spec/spec";

const templateOf = (args: KnownArgs) => podTemplate(namesOf("minio"), withDefaults(args), 0);

/**
 * From the arguments of before to those of after: what the preview says.
 *
 * @param staged whether an update stands that has not reached all servers
 */
function review(before: KnownArgs, after: KnownArgs, staged?: boolean) {
    const [old, wanted] = [before, after].map(
        (args): Registered => ({
            template: templateOf(args),
            partition: args.partition ?? 0,
            shape: shapeOf(withDefaults(args), 0),
            hibernates: args.hibernate,
            staged,
            mover: args.updateStrategy === "OnDelete" ? "OnDelete" : (args.rollout?.mode ?? "Guided"),
        }),
    );
    const change = changeOf(old.template, wanted.template);
    const topology = topologyOfSpec(withDefaults(after)) as Topology;
    const servers = after.replicas ?? 4;
    const { pools, freezesRequests } = clusterOf("minio", withDefaults(after));
    const reviewed = { pool: "minio", restartsAtOnce: element(pools, 0).restartsAtOnce, freezesRequests };
    return {
        change,
        problems: problemsOfChange(change, old, wanted, topology),
        line: describeChange(change, old, wanted, { ...reviewed, servers, topology, guided: true }),
    };
}

const image = "example.org/minio:RELEASE.2025-10-15T17-29-55Z";
/** The default, without its digest. */
const [shortDefault] = defaultImage.split("@");

describe("the version of a server", () => {
    it("is the same where servers help each other to start, whatever else differs", () => {
        const version = (args: KnownArgs) => versionOf(templateOf(args));
        const same = { resources: { limits: { memory: "4Gi" } }, environment: { TZ: "UTC" } };
        assert.equal(version(same), version({}));
        for (const other of [{ image }, { environment: { MINIO_REGION: "eu" } }, { credentialsRevision: 2 }]) {
            const { class: change } = changeOf(templateOf({}), templateOf(other));
            assert.equal(version(other) !== version({}), change !== "rolling" && change !== "none", change);
        }
    });
});

describe("a lost zone", () => {
    const line = (args: KnownArgs, pool = 0) => {
        const [names, spec] = [namesOf("minio"), withDefaults(args)];
        const { pools } = topologyOfSpec(spec) as Topology;
        return describeLostZone(podTemplate(names, spec, pool), pools[pool], poolSelector(names, pool));
    };
    const over = (some: Record<string, unknown>, replicas = 8) =>
        line({
            replicas,
            topologySpreadConstraints: [
                { maxSkew: 1, topologyKey: zoneLabel, whenUnsatisfiable: "DoNotSchedule", ...some },
            ],
        });

    it("stops what the quorums say, by how many zones there are, and is harmless in no number by default", () => {
        assert.equal(
            line({}),
            "a lost zone stops writes if there are fewer than 4 zones, and reads if there are fewer than 2 zones; " +
                "with more, too, where the servers are not spread evenly, which whenUnsatisfiable: " +
                "ScheduleAnyway allows",
        );
        assert.match(
            line({ replicas: 8 }),
            /^a lost zone stops writes if .* fewer than 3 zones, and reads .* than 2 z/,
        );
        assert.match(
            line({ replicas: 16 }),
            /^a lost zone stops writes if .* fewer than 4 zones, and reads .* than 4 z/,
        );
        assert.match(
            line({ replicas: 2 }),
            /^a lost zone stops writes in any case, and reads if .* fewer than 2 zones;/,
        );
        assert.equal(
            line({ replicas: 1, drivesPerServer: 4 }),
            "a lost zone stops writes in any case, and reads in any case",
        );
    });

    it("is harmless only where Kubernetes places no server otherwise", () => {
        assert.equal(
            over({ minDomains: 3 }),
            "a lost zone stops neither writes nor reads: at most 3 of 8 servers are in one",
        );
        const fewer =
            "a lost zone stops writes if there are fewer than 3 zones, and reads if there are fewer than 2 zones";
        assert.equal(over({ minDomains: 2 }), fewer);
        assert.equal(over({}), fewer);
        assert.match(over({ minDomains: 3, whenUnsatisfiable: "ScheduleAnyway" }), /ScheduleAnyway allows$/);
        assert.match(over({ minDomains: 3, maxSkew: 3 }), /^a lost zone stops writes if there are fewer than 6 zones/);
        assert.match(over({ minDomains: 3, maxSkew: 4 }), /^a lost zone stops writes in any case, and reads if/);
    });

    it("may take all servers where nothing spreads those of the pool", () => {
        const none = /^a lost zone may stop writes and reads: topologySpreadConstraints do not spread the 8 servers/;
        assert.match(line({ replicas: 8, topologySpreadConstraints: [] }), none);
        assert.match(over({ topologyKey: "kubernetes.io/hostname" }), none);
        assert.match(over({ labelSelector: { matchLabels: { app: "minio" } } }), none);
        // It counts those of each revision by themselves: a rollout may leave more in one zone.
        assert.match(over({ minDomains: 3, matchLabelKeys: ["controller-revision-hash"] }), none);
        assert.match(over({ minDomains: 3, matchLabelKeys: [] }), /stops neither writes nor reads/);
        const own = poolSelector(namesOf("minio"), 0);
        assert.match(over({ minDomains: 3, labelSelector: { matchLabels: own } }), /stops neither writes nor reads/);
    });

    it("takes a pool that nodeSelector puts into it", () => {
        const nodeSelector = { [zoneLabel]: "eu-1b" };
        const said = /^a lost zone eu-1b stops writes and reads: nodeSelector puts all 4 servers there$/;
        assert.match(line({ nodeSelector }), said);
        assert.match(line({ expansionPools: [{ nodeSelector }] }, 1), said);
        assert.match(line({ expansionPools: [{ nodeSelector }] }, 0), /fewer than 4 zones/);
    });
});

describe("a cluster that hibernates", () => {
    it("tells what stops and what stays, and what starts again", () => {
        assert.equal(
            review({}, { hibernate: true }).line,
            "minio hibernates: all 4 servers stop together, and requests fail until hibernate is false; the " +
                "claims of its drives stay, " +
                "with all objects",
        );
        assert.equal(
            review({ hibernate: true }, {}).line,
            "minio ends its hibernation: its 4 servers start together, and pulumi up waits until they are ready",
        );
        assert.equal(review({ hibernate: true }, { hibernate: true }).line, undefined);
        for (const staged of [true, undefined]) {
            assert.match(
                review({ image, partition: 2 }, { image, hibernate: true }, staged).line ?? "",
                /with all objects; partition 2 → 0: all servers start with a staged update, if one stands$/,
            );
        }
        assert.doesNotMatch(review({ partition: 2 }, { hibernate: true }, false).line ?? "", /partition/);
        const podManagementPolicy = "OrderedReady";
        const { line } = review({ podManagementPolicy, hibernate: true }, { podManagementPolicy });
        assert.match(line ?? "", /its 4 servers start one after another, and pulumi up waits/);
    });

    it("tells that a change counts when the servers start, whatever it would restart otherwise", () => {
        for (const [change, what] of [
            [{ image }, `image changes (${shortDefault} → ${image})`],
            [{ credentialsRevision: 2 }, "root credentials changes"],
        ] as const) {
            for (const before of [{}, { hibernate: true }]) {
                const { line, problems } = review(before, { ...change, hibernate: true });
                assert.ok(line?.includes(`${what}, which counts when the servers start`), line);
                assert.deepEqual(problems, []);
            }
            const { line } = review({ hibernate: true }, change);
            assert.ok(line?.endsWith(`until they are ready; ${what}`), line);
        }
    });

    it("starts with no staged update, as Kubernetes keeps no older revision of stopped servers", () => {
        const staged = review({ hibernate: true }, { environment: { TZ: "UTC" }, partition: 2 });
        assert.match(staged.problems.join(), /^partition: 2 is not allowed with a change of TZ while all servers are/);
        assert.deepEqual(review({ hibernate: true }, { partition: 2 }).problems, []);
    });

    it("still refuses what would lose the cluster", () => {
        const { problems } = review({ hibernate: true }, { hibernate: true, replicas: 8 });
        assert.match(problems.join(), /^replicas: 4 cannot become 8/);
    });

    it("begins no restore", () => {
        const { template, shape } = { template: templateOf({}), shape: shapeOf(withDefaults({}), 0) };
        const problemsOf = (source: string | undefined) =>
            problemsOfChange(
                { class: "none", fields: [] },
                { template, shape, partition: 0, restoreFrom: source },
                { template, shape, partition: 0, restoreFrom: "a/minio/monday", hibernates: true },
                topologyOfSpec(withDefaults({})) as Topology,
            );
        assert.match(problemsOf(undefined).join(), /^hibernate: true is not allowed while restoreFrom begins/);
        assert.deepEqual(problemsOf("a/minio/monday"), []);
    });
});

describe("another one who restarts the servers", () => {
    it("is told in the preview, and what it means", () => {
        assert.equal(describeSwitch("Guided", "Guided"), undefined);
        assert.match(describeSwitch("Native", "Guided") ?? "", /^rollout Native → Guided: .* restart, each when MinIO/);
        assert.match(describeSwitch("Guided", "OnDelete") ?? "", /^rollout Guided → OnDelete: nothing restarts/);
    });
});

describe("a change that all servers must have at the same time", () => {
    const changes: [KnownArgs, string][] = [
        [{ credentialsRevision: 2 }, "root credentials"],
        [{ tls: { secretName: "certs" } }, "TLS"],
        [{ expansionPools: [{}] }, "pools"],
    ];
    const native: KnownArgs = { rollout: { mode: "Native" } };
    const byHand: KnownArgs = { updateStrategy: "OnDelete" };

    it("is refused where Kubernetes would restart one server alone, and not with a switch to Guided", () => {
        for (const [change, what] of changes) {
            for (const before of [native, byHand, {}]) {
                const [problem, ...others] = review(before, { ...native, ...change }).problems;
                assert.match(
                    problem ?? "",
                    new RegExp(`^rollout.mode: Native is not allowed with a change of ${what}`),
                );
                assert.match(problem ?? "", /Set rollout\.mode to Guided, and back after the change$/);
                assert.deepEqual(others, []);
                assert.deepEqual(review(before, change).problems, []);
            }
            assert.deepEqual(review({ ...native, hibernate: true }, { ...native, ...change }).problems, []);
            assert.deepEqual(review(native, { ...native, ...change, hibernate: true }).problems, []);
        }
        assert.deepEqual(review(native, { ...native, image }).problems, []);
    });

    it("is told with the command where nothing restarts", () => {
        for (const [change, what] of changes) {
            const { line, problems } = review(byHand, { ...byHand, ...change, namespace: "default" });
            assert.deepEqual(problems, []);
            assert.ok(line?.startsWith(what), line);
            assert.match(
                line ?? "",
                /: nothing restarts, .* kubectl delete pod --namespace=default --selector=app=minio,pool; requests fail until/,
            );
            assert.doesNotMatch(line ?? "", /restart at once/);
        }
        assert.match(
            review(byHand, { ...byHand, image }).line ?? "",
            /: nothing restarts, and a server changes when somebody deletes its pod, the first 2 new ones begin to serve together/,
        );
    });
});

describe("the class of a change", () => {
    const classes: [string, KnownArgs, string, string[]][] = [
        ["nothing", {}, "none", []],
        ["another storage size", { storageSize: "20Gi" }, "none", []],
        ["another budget", { disruptionBudget: { maxUnavailable: 1 } }, "none", []],
        ["other resources", { resources: { limits: { memory: "4Gi" } } }, "rolling", ["resources"]],
        ["a label", { labels: { team: "storage" } }, "rolling", ["labels"]],
        ["a secret to pull with", { imagePullSecrets: [{ name: "registry" }] }, "rolling", ["imagePullSecrets"]],
        ["another time to pull", { imagePullPolicy: "Always" }, "rolling", ["imagePullPolicy"]],
        ["a node selector", { nodeSelector: { disk: "ssd" } }, "rolling", ["nodeSelector"]],
        ["a variable that MinIO does not know", { environment: { TZ: "UTC" } }, "rolling", ["TZ"]],
        [
            "a variable that servers do not compare",
            { environment: { MINIO_SERVER_DEBUG: "1" } },
            "rolling",
            ["MINIO_SERVER_DEBUG"],
        ],
        ["a variable that they do", { environment: { MINIO_REGION: "eu" } }, "coupled", ["MINIO_REGION"]],
        [
            "a variable from a Secret that servers compare",
            { environmentFrom: { MINIO_REGION: { secretKeyRef: { name: "a", key: "b" } } } },
            "coupled",
            ["MINIO_REGION"],
        ],
        [
            "a variable from a ConfigMap that MinIO does not know",
            { environmentFrom: { TZ: { configMapKeyRef: { name: "a", key: "b" } } } },
            "rolling",
            ["TZ"],
        ],
        ["another volume", { extraVolumes: [{ name: "kes", secret: { secretName: "a" } }] }, "rolling", ["volumes"]],
        ["another container", { extraContainers: [{ name: "proxy", image: "a" }] }, "rolling", ["container proxy"]],
        ["another argument, which servers do not compare", { extraArgs: ["--ftp=a://b"] }, "rolling", ["args"]],
        ["another attributes class", { volumeAttributesClassName: "gold" }, "none", []],
        ["an annotation of the claims", { persistentVolumeClaimAnnotations: { a: "b" } }, "none", []],
        ["another image", { image }, "coupled", ["image"]],
        ["another domain", { clusterDomain: "example.org" }, "coupled", ["args"]],
        [
            "another parity, by which the probes ask otherwise",
            { environment: { MINIO_STORAGE_CLASS_STANDARD: "EC:1" } },
            "coupled",
            ["MINIO_STORAGE_CLASS_STANDARD"],
        ],
        ["another readiness", { readiness: "Server" as Readiness }, "rolling", ["startupProbe", "readinessProbe"]],
        ["another port for clients", { clientService: { port: 443 } }, "rolling", ["clientService.port"]],
        ["new credentials", { credentialsRevision: 2 }, "together", ["root credentials"]],
        ["another root user", { rootUser: "root" }, "together", ["root credentials"]],
        ["another pool", { expansionPools: [{}] }, "together", ["pools"]],
    ];
    for (const [what, args, expected, fields] of classes) {
        it(`of ${what} is ${expected}`, () => {
            const change = changeOf(templateOf({}), templateOf(args));
            assert.equal(change.class, expected);
            assert.deepEqual(change.fields, fields);
            assert.equal(changeOf(templateOf(args), templateOf({})).class, expected, "the way back");
        });
    }

    it("of TLS is together", () => {
        const change = changeOf(templateOf({}), templateOf({ tls: { secretName: "certs" } }));
        assert.equal(change.class, "together");
        assert.deepEqual(change.fields, ["TLS", "volumes", "volumeMounts"]);
    });

    it("of the scripts, as of another version of the component, is rolling and told as such", () => {
        const before = structuredClone(templateOf({})) as any;
        const [server] = before.spec.containers;
        server.command[2] += "#";
        server.lifecycle.preStop.exec.command[2] += "#";
        server.startupProbe.exec.command[2] += "#";
        server.env = server.env.filter(({ name }: any) => !isScriptVariable(name));
        assert.deepEqual(changeOf(before, templateOf({})), { class: "rolling", fields: ["scripts"] });
        assert.deepEqual(changeOf(before, templateOf({ image })).fields, ["image", "scripts"]);
        server.readinessProbe.periodSeconds++;
        assert.deepEqual(changeOf(before, templateOf({})).fields, ["scripts", "readinessProbe"]);
    });

    it("of another container, which a transform adds, is rolling, and so is held until MinIO was asked", () => {
        const withContainer = (image: string) => {
            const template = structuredClone(templateOf({})) as any;
            template.spec.containers.push({ name: "sidecar", image });
            return template;
        };
        const [old, wanted] = [withContainer("proxy:1"), withContainer("proxy:2")];
        for (const [before, after] of [
            [templateOf({}), old],
            [old, wanted],
            [wanted, templateOf({})],
        ] as const) {
            assert.deepEqual(changeOf(before, after), { class: "rolling", fields: ["container sidecar"] });
        }
        assert.equal(versionOf(old), versionOf(wanted));
        assert.deepEqual(changeOf(old, structuredClone(old)).class, "none");
    });

    it("of a pod's field without an argument, which a transform sets, is rolling", () => {
        for (const [field, value] of Object.entries({
            initContainers: [{ name: "prepare", image: "busybox:1" }],
            runtimeClassName: "gvisor",
            schedulerName: "other",
            hostAliases: [{ ip: "192.0.2.1", hostnames: ["sso.example.org"] }],
        })) {
            const template = structuredClone(templateOf({})) as any;
            template.spec[field] = value;
            assert.deepEqual(changeOf(templateOf({}), template), { class: "rolling", fields: [field] });
        }
    });

    it("does not depend on the order of keys, or on what is empty", () => {
        const [template, same] = [
            templateOf({ labels: { a: "1", b: "2" } }),
            templateOf({ labels: { b: "2", a: "1" } }),
        ];
        assert.equal(
            changeOf(template, { ...same, metadata: { ...same.metadata, annotations: undefined } }).class,
            "together",
        );
        assert.equal(changeOf(template, same).class, "none");
    });
});

describe("the review of a change", () => {
    it("says what restarts, in which order, how many at a time, and what stays available", () => {
        assert.equal(
            review({}, { image }).line,
            `image changes (${shortDefault} → ${image}): minio-3 to minio-0 are updated in this order, one at a ` +
                "time, " +
                "the first 2 new ones begin to serve together, as a server starts only among 2 that are the same; " +
                "every object stays readable and writable, but multipart uploads that run meanwhile may fail",
        );
        assert.match(
            review({ replicas: 8 }, { replicas: 8, image }).line ?? "",
            /; every object stays readable and writable$/,
        );
    });

    it("says while which server comes back requests wait, where that is asked for and others take writes", () => {
        const rollout = { freezeRequests: true };
        const line = (args: KnownArgs) => review({ ...args, rollout }, { ...args, rollout, image }).line ?? "";
        const told = (servers: string) =>
            new RegExp(
                `; requests wait for some seconds while ${servers} back, and while new ones begin to serve together$`,
            );
        assert.match(line({}), told("minio-3 comes"));
        assert.match(line({ replicas: 32 }), told("minio-15 and minio-31 come"));
        assert.doesNotMatch(line({ partition: 4 }), /requests wait/);
        assert.doesNotMatch(line({ replicas: 2, drivesPerServer: 2 }), /requests wait/);
        const rolling = review({ rollout }, { rollout, labels: { a: "b" } }).line ?? "";
        assert.match(rolling, /; requests wait for some seconds while minio-3 comes back$/);
        assert.doesNotMatch(review({}, { image }).line ?? "", /requests wait/);
    });

    it("says how many servers of a pool restart at the same time, where it can miss two times as many", () => {
        const several = (args: object) => review(args, { image, ...args }).line ?? "";
        assert.match(
            several({ replicas: 16 }),
            /in this order, the first one alone and then up to 2 at the same time, in one zone where zones are known, while 8 of 16 servers take requests, the/,
        );
        const two = { replicas: 16, expansionPools: [{ replicas: 16 }] };
        assert.match(
            several(two),
            /up to 2 at the same time, beside those of other pools, in one zone .* while 16 of 32/,
        );
        const one = /in this order, one at a time, /;
        assert.match(several({ replicas: 16, podManagementPolicy: "OrderedReady" }), one);
        assert.match(several({ replicas: 16, disruptionBudget: { maxUnavailable: 1 } }), one);
        assert.match(several({ replicas: 16, disruptionBudget: { minAvailable: 15 } }), one);
        assert.match(several({ replicas: 8 }), one);
    });

    it("says how many servers of several pools restart at the same time, where each pool can miss one", () => {
        const [two, small] = [[{}], [{ replicas: 2, drivesPerServer: 2 }]];
        assert.match(
            review({ expansionPools: two }, { image, expansionPools: two }).line ?? "",
            /are updated in this order, one at a time and one of each other pool with it, in one zone where zones are known, while 4 of 8 servers take requests, the/,
        );
        assert.match(
            review({ expansionPools: small }, { image, expansionPools: small }).line ?? "",
            /one at a time, the/,
        );
    });

    it("says why the scripts change, which nobody has changed", () => {
        const change = { class: "rolling" as const, fields: ["scripts"] };
        const registered = { template: templateOf({}), partition: 0, shape: shapeOf(withDefaults({}), 0) };
        const topology = topologyOfSpec(withDefaults({})) as Topology;
        assert.equal(
            describeChange(change, registered, registered, {
                pool: "minio",
                servers: 4,
                freezesRequests: false,
                restartsAtOnce: 1,
                topology,
                guided: true,
            }),
            "scripts changes (this version of minio-cluster starts and ends servers by others): minio-3 to " +
                "minio-0 are updated in " +
                "this order, one at a time; every object stays readable and writable, but multipart uploads that " +
                "run meanwhile may fail",
        );
    });

    it("says that clients reach the old port no more, while the servers restart", () => {
        const line = review({}, { clientService: { port: 443 } }).line ?? "";
        assert.match(
            line,
            /^clientService.port changes \(clients reach the old port no more when the update begins; the Secrets of/,
        );
        assert.match(line, /; by the new port, every object stays readable and writable, but multipart uploads/);
    });

    it("says that the default image has changed, to those who have set none", () => {
        const { line } = review({ image }, {});
        assert.ok(line?.startsWith(`image changes (${image} → ${shortDefault}, the default): minio-3 to`), line);
    });

    it("tells images of one tag apart by their digests", () => {
        const [one, other] = ["a", "b"].map((digit) => `example.org/a:1@sha256:${digit.repeat(64)}`);
        assert.ok(review({ image: one }, { image: other }).line?.startsWith(`image changes (${one} → ${other}): `));
    });

    it("does not speak of servers that start together where one starts alone", () => {
        const line = review({ replicas: 2 }, { replicas: 2, image }).line;
        assert.match(
            line ?? "",
            /minio-1 to minio-0 are updated in this order, one at a time; every object stays readable/,
        );
    });

    it("says which servers a partition keeps back", () => {
        const { line, problems } = review({}, { image, partition: 2 });
        assert.match(line ?? "", /minio-3 to minio-2 are updated.*; minio-0 to minio-1 stay back/);
        assert.deepEqual(problems, []);
    });

    it("says which servers another partition moves, and which way", () => {
        const line = (before: number, after: number) => review({ partition: before }, { partition: after }).line;
        assert.equal(
            line(2, 1),
            "partition 2 → 1: minio-1 is updated too, if an update is under way; minio-0 stays back",
        );
        assert.equal(
            line(2, 0),
            "partition 2 → 0: minio-1 to minio-0 are updated too, in this order, if an update is under way",
        );
        assert.equal(
            line(2, 4),
            "partition 2 → 4: minio-3 to minio-2 go back to what the servers below have, if an update is under way; " +
                "minio-0 to minio-3 stay back",
        );
        assert.equal(line(2, 2), undefined);
    });

    it("says what another parity means for what is stored", () => {
        const withParity = (parity: string | undefined, others: KnownArgs = {}) => ({
            replicas: 8,
            environment: parity ? { MINIO_STORAGE_CLASS_STANDARD: parity } : {},
            ...others,
        });
        const line = (before: KnownArgs, after: KnownArgs) => review(before, after).line ?? "";
        const lowered = line(withParity(undefined), withParity("EC:2"));
        assert.match(lowered, /one at a time.*keeps its parity of 4, and new objects get 2$/);
        const raised = line(withParity("EC:2"), withParity(undefined));
        assert.match(raised, /keeps its parity of 2, and new objects get 4\. .*3 of a pool's servers may leave/);
        assert.match(raised, /bear the loss of 2: set disruptionBudget\.maxUnavailable to 2 until/);
        const dense = { replicas: 4, drivesPerServer: 4 };
        const unreadable = line(withParity("EC:2", dense), withParity("EC:4", dense));
        assert.match(
            unreadable,
            /bear the loss of 0: until they are written anew, they cannot be read while a server is/,
        );
        assert.doesNotMatch(line(withParity("EC:4"), withParity(undefined)), /parity/, "it is the default");
        assert.doesNotMatch(line(withParity("EC:2"), withParity("EC:2", { image })), /parity/);
    });

    it("says nothing where nothing restarts", () => {
        assert.equal(review({}, { storageSize: "20Gi" }).line, undefined);
    });

    it("says what the first further pool costs, and says it of no other change", () => {
        const [one, two] = [{ expansionPools: [{}] }, { expansionPools: [{}, {}] }];
        const told = /; with several pools MinIO may lose an object that one client reads while another writes it, /;
        assert.match(review({}, one).line ?? "", told);
        for (const [before, after] of [
            [one, two],
            [two, one],
            [one, {}],
            [{}, { credentialsRevision: 2 }],
        ]) {
            assert.match(review(before, after).line ?? "", /^(pools|root credentials)/);
            assert.doesNotMatch(review(before, after).line ?? "", told);
        }
    });

    it("refuses a partition that leaves fewer new servers than the boot quorum, with the way out", () => {
        const { problems } = review({}, { image, partition: 3 });
        assert.equal(problems.length, 1);
        assert.match(
            problems[0],
            /^partition: 3 is not allowed with a change of image.*Set partition to 2 or less, or to 4/,
        );
        assert.deepEqual(review({ replicas: 8 }, { replicas: 8, image, partition: 4 }).problems, []);
        assert.match(
            review({ replicas: 8 }, { replicas: 8, image, partition: 5 }).problems[0],
            /Set partition to 4 or less/,
        );
    });

    it("allows it for a change that servers do not compare, and on the way back from a staged update", () => {
        assert.deepEqual(review({}, { partition: 3, resources: { limits: { memory: "4Gi" } } }).problems, []);
        for (const staged of [true, undefined]) {
            assert.deepEqual(review({ image, partition: 2 }, { partition: 3 }, staged).problems, []);
        }
    });

    it("refuses it where a partition has stayed from an update that has reached all servers", () => {
        const { problems } = review({ partition: 3 }, { image, partition: 3 }, false);
        assert.match(problems.join(), /^partition: 3 is not allowed with a change of image: it leaves 1 new server, /);
    });

    it("refuses a partition with what must restart together", () => {
        assert.match(
            review({}, { credentialsRevision: 2, partition: 2 }).problems[0],
            /all restart together. Set partition to 0/,
        );
    });

    it("refuses other servers, drives, a smaller volume, another class, folder, namespace or order, each with the way out", () => {
        const after: KnownArgs = {
            replicas: 6,
            drivesPerServer: 2,
            storageSize: "5Gi",
            storageClassName: "fast",
            driveSubPath: "data",
            namespace: "other",
            podManagementPolicy: "OrderedReady",
        };
        const { problems } = review({}, after);
        assert.deepEqual(
            problems.map((problem) => problem.split(":")[0]),
            [
                ...["namespace", "podManagementPolicy", "replicas", "drivesPerServer", "storageSize"],
                ...["storageClassName", "driveSubPath"],
            ],
        );
        for (const problem of problems) {
            assert.match(problem, /cannot become .*Set it back to .*, or /);
        }
    });

    it("lets a volume grow", () => assert.deepEqual(review({}, { storageSize: "20Gi" }).problems, []));
});

describe("another value in a Secret or ConfigMap", () => {
    const secretKeyRef = { name: "oidc", key: "secret" };
    const names = ["MINIO_IDENTITY_OPENID_CLIENT_SECRET", "MINIO_CERT_PASSWD", "TZ"];
    const withValues = (digests: Record<string, string> | undefined) => {
        const environmentFrom = Object.fromEntries(names.map((name) => [name, { secretKeyRef }]));
        const spec = { ...withDefaults({ environmentFrom }), digests };
        const template = podTemplate(namesOf("minio"), spec, 0);
        return { template, partition: 0, shape: shapeOf(spec, 0) };
    };
    const seen = { MINIO_IDENTITY_OPENID_CLIENT_SECRET: "aa", MINIO_CERT_PASSWD: "bb", TZ: "cc" };
    const told = (after: Record<string, string>, before: Record<string, string> | undefined = seen) => {
        const [old, wanted] = [withValues(before), withValues(after)];
        const change = changeOf(old.template, wanted.template);
        const topology = topologyOfSpec(withDefaults({})) as Topology;
        return {
            change,
            line: describeChange(change, old, wanted, {
                pool: "minio",
                servers: 4,
                freezesRequests: false,
                restartsAtOnce: 1,
                topology,
                guided: true,
            }),
        };
    };

    it("is a change of the variable that has it", () => {
        assert.equal(told(seen).change.class, "none");
        const compared = told({ ...seen, MINIO_IDENTITY_OPENID_CLIENT_SECRET: "dd" });
        assert.deepEqual(compared.change, { class: "coupled", fields: ["MINIO_IDENTITY_OPENID_CLIENT_SECRET"] });
        assert.match(
            compared.line ?? "",
            /^MINIO_IDENTITY_OPENID_CLIENT_SECRET changes \(the Secret or ConfigMap has another value of MINIO_IDENTITY_OPENID_CLIENT_SECRET\): minio-3 to minio-0 are updated/,
        );
        for (const name of ["MINIO_CERT_PASSWD", "TZ"]) {
            assert.deepEqual(told({ ...seen, [name]: "dd" }).change, { class: "rolling", fields: [name] });
        }
    });

    it("counts among what servers compare when they start", () => {
        const version = (digests: Record<string, string>) => versionOf(withValues(digests).template);
        assert.notEqual(version({ ...seen, MINIO_IDENTITY_OPENID_CLIENT_SECRET: "dd" }), version(seen));
        assert.equal(version({ ...seen, TZ: "dd" }), version(seen));
    });

    it("is a change of the authorities that servers trust, which they read when they start", () => {
        const trusted = (digest: string) => {
            const spec = {
                ...withDefaults({ trustedAuthorities: [{ configMapKeyRef: { name: "ca", key: "ca.crt" } }] }),
                digests: { "trustedAuthorities[0]": digest },
            };
            return { template: podTemplate(namesOf("minio"), spec, 0), partition: 0, shape: shapeOf(spec, 0) };
        };
        const [old, wanted] = [trusted("aa"), trusted("bb")];
        assert.deepEqual(changeOf(old.template, wanted.template), {
            class: "rolling",
            fields: ["trustedAuthorities[0]"],
        });
        assert.equal(versionOf(old.template), versionOf(wanted.template), "old and new servers talk to each other");
        assert.equal(changeOf(templateOf({}), wanted.template).class, "rolling", "servers do not compare --certs-dir");
        const secure = { tls: { secretName: "certs" } };
        const more = { ...secure, trustedAuthorities: [{ configMapKeyRef: { name: "ca", key: "ca.crt" } }] };
        assert.deepEqual(changeOf(templateOf(secure), templateOf(more)), { class: "rolling", fields: ["volumes"] });
    });

    it("is told as not seen before where it was not", () => {
        assert.match(
            told(seen, {}).line ?? "",
            /\(the value of .*TZ in a Secret or ConfigMap was not looked at before\)/,
        );
    });
});

describe("a variable that is a secret", () => {
    const withSecrets = (digests: Record<string, string>, more: Partial<Registered> = {}): Registered => {
        const spec = { ...withDefaults({}), secretVariables: Object.keys(digests), digests };
        return { template: podTemplate(namesOf("minio"), spec, 0), partition: 0, shape: shapeOf(spec, 0), ...more };
    };
    const [token, both] = [{ TOKEN: "1" }, { TOKEN: "1", MINIO_OTHER: "2" }];
    const problems = (after: Registered) => {
        const before = withSecrets(both);
        const topology = topologyOfSpec(withDefaults({})) as Topology;
        return problemsOfChange(settingsChange(before.template, after.template), before, after, topology);
    };

    it("leaves its Secret as the last one only where no server stays back that reads it from there", () => {
        for (const others of [{}, { partition: 4 }, { mover: "OnDelete" as const }]) {
            assert.deepEqual(problems(withSecrets(token, others)), [], "it is kept in the Secret");
        }
        assert.deepEqual(problems(withSecrets({})), []);
        assert.deepEqual(
            [{ partition: 4 }, { mover: "OnDelete" as const }].map((more) => problems(withSecrets({}, more))),
            [
                ["partition: 4", "Set partition to 0"],
                ["updateStrategy: OnDelete", "Set updateStrategy to RollingUpdate"],
            ].map(([what, instead]) => [
                `${what} is not allowed while TOKEN, MINIO_OTHER leaves the component's Secret, which goes as ` +
                    "nothing is left in it: " +
                    `servers that are not updated read it from there, and could not start again. ${instead}`,
            ]),
        );
    });

    it("changes its Secret by another value, by coming and by leaving, and by nothing else", () => {
        const change = (before: Record<string, string>, after: Record<string, string>) =>
            settingsChange(withSecrets(before).template, withSecrets(after).template);
        assert.deepEqual(change(both, both), { class: "none", fields: [] });
        assert.deepEqual(change(both, token), { class: "coupled", fields: ["MINIO_OTHER"] });
        assert.deepEqual(change({}, token), { class: "rolling", fields: ["TOKEN"] });
        assert.deepEqual(change(both, { ...both, TOKEN: "3" }), { class: "rolling", fields: ["TOKEN"] });
        const image = podTemplate(namesOf("minio"), { ...withDefaults({}), image: "other" }, 0);
        assert.deepEqual(settingsChange(withSecrets({}).template, image), { class: "none", fields: [] });
    });
});

describe("the key of MinIO's encryption", () => {
    const key = "MINIO_KMS_SECRET_KEY";
    const plain = (value: string): KnownArgs => ({ environment: { [key]: value } });
    const registered = (args: KnownArgs, digests?: Record<string, string>): Registered => {
        const spec = { ...withDefaults(args), digests };
        return { template: podTemplate(namesOf("minio"), spec, 0), partition: 0, shape: shapeOf(spec, 0) };
    };
    const elsewhere = { environmentFrom: { [key]: { secretKeyRef: { name: "kms", key: "key" } } } };
    const problems = (before: Registered, after: Registered) =>
        problemsOfChange(
            changeOf(before.template, after.template),
            before,
            after,
            topologyOfSpec(withDefaults({})) as Topology,
        );
    const [one, other] = [registered(plain("k:b25l")), registered(plain("k:b3RoZXI="))];
    const sameInSecret = registered(elsewhere, { [key]: valueDigest("k:b25l\n", "default", key) });

    it("may come, and move to a Secret and back", () => {
        for (const [before, after] of [
            [registered({}), one],
            [one, one],
            [one, sameInSecret],
            [sameInSecret, one],
        ] as const) {
            assert.deepEqual(problems(before, after), []);
        }
    });

    it("can neither become another nor go, wherever it is, and is not shown", () => {
        const otherInSecret = registered(elsewhere, { [key]: valueDigest("k:b3RoZXI=", "default", key) });
        for (const [before, after] of [
            [one, other],
            [one, registered({})],
            [sameInSecret, otherInSecret],
            [sameInSecret, registered({})],
            [one, otherInSecret],
        ] as const) {
            const [problem = "", ...more] = problems(before, after);
            assert.match(
                problem,
                /^environment\.MINIO_KMS_SECRET_KEY: .*nobody could read the objects again.* Set it back/,
            );
            assert.deepEqual(more, []);
            assert.ok(!problem.includes("b25l"));
        }
    });

    it("is not judged where its value was not seen", () => {
        assert.deepEqual(problems(registered(elsewhere), sameInSecret), []);
        assert.deepEqual(problems(one, registered(elsewhere)), []);
    });
});
