import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import * as pulumi from "@pulumi/pulumi";
import { parseAllDocuments } from "yaml";
import type { AnyObject, KindReference, Kubernetes, ObjectReference } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";
import { type Connection, OtherClusterError } from "../../components/live/connection";
import { accessSecretChecks } from "../../components/preflight/accessSecrets";
import type { Wanted } from "../../components/preflight/check";
import { findings, refusal } from "../../components/preflight/preflight";
import { quotaChecks } from "../../components/preflight/quota";
import { certificateFindings, secretChecks } from "../../components/preflight/secrets";
import { snapshotClassChecks } from "../../components/preflight/snapshotClass";
import { storageChecks } from "../../components/preflight/storage";
import { wantedOf } from "../../components/preflight/wanted";
import { clusterOf } from "../../components/spec/cluster";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";

const wantedBy = (args: KnownArgs, more: Partial<Wanted> = {}): Wanted => ({
    cluster: clusterOf("minio", withDefaults({ namespace: "a", ...args })),
    isKnown: () => true,
    mayBeMade: () => false,
    ...more,
});

/** What all tests of this file have asked for: verbs and kinds. */
const asked = new Set<string>();

/** A Kubernetes cluster with these objects, some kinds of which may not be read. */
function cluster(objects: object[], forbidden: string[] = []): Kubernetes {
    const all = objects as AnyObject[];
    const of = (kind: string, verb = "list") => {
        asked.add(`${verb} ${kind.toLowerCase()}`);
        if (forbidden.includes(kind)) {
            throw new KubernetesError(`a right is missing: ${kind}`, false, 403);
        }
        return all.filter((one) => one.kind === kind);
    };
    return {
        claims: async () => of("PersistentVolumeClaim"),
        pods: async () => of("Pod"),
        list: async ({ kind }: KindReference) => of(kind),
        read: async ({ kind, metadata }: ObjectReference) =>
            of(kind, "get").find((one) => one.metadata.name === metadata.name),
        knows: async () => true,
    } as unknown as Kubernetes;
}

const storageClass = (name: string, more: object = {}, annotations = {}) => ({
    kind: "StorageClass",
    metadata: { name, annotations },
    provisioner: "csi.example.org",
    ...more,
});
const standard = storageClass(
    "standard",
    { allowVolumeExpansion: true },
    { "storageclass.kubernetes.io/is-default-class": "true" },
);
const claims = (storage: string, storageClassName: string, count = 4, pool = "minio") =>
    Array.from({ length: count }, (_, ordinal) => ({
        kind: "PersistentVolumeClaim",
        metadata: { name: `data-${pool}-${ordinal}`, labels: { pool } },
        spec: { storageClassName, resources: { requests: { storage } } },
    }));

const problemsIn = async (kubernetes: Kubernetes, wanted: Wanted) => {
    const tables = [storageChecks, quotaChecks, snapshotClassChecks, secretChecks];
    const { problems } = await findings(
        kubernetes,
        tables.flatMap((checks) => checks(wanted)),
    );
    return problems.map(({ field, reason }) => `${field}: ${reason}`);
};

describe("what is wrong with the cluster", () => {
    const find = async () => [{ field: "storageClassName", reason: "there is no StorageClass 'fast'" }];
    const told = (unproved: () => Promise<string | undefined>, found = find) =>
        refusal({ name: "minio", connection: { unproved } as Connection }, found);
    const other = () => Promise.reject(new OtherClusterError("leads to another Kubernetes cluster"));

    it("is of no concern where it is another one than the provider's, which is named", async () => {
        const asksNobody = () => assert.fail("it asked the other cluster");
        assert.equal(await told(other, asksNobody), "leads to another Kubernetes cluster");
    });

    it("is told where it is the right one, or nothing proves that", async () => {
        for (const unproved of [undefined, "the kubeconfig names no cluster"]) {
            assert.match(
                (await told(async () => unproved)) ?? "",
                /MinioCluster 'minio' asks for:\n {2}storageClassName: there is no StorageClass 'fast'$/,
            );
        }
        assert.equal(
            await told(
                async () => undefined,
                async () => [],
            ),
            undefined,
        );
    });
});

describe("what the drives need of the cluster", () => {
    it("is there", async () => {
        assert.deepEqual(await problemsIn(cluster([standard]), wantedBy({})), []);
        assert.deepEqual(await problemsIn(cluster([standard]), wantedBy({ storageClassName: "standard" })), []);
    });

    it("is a StorageClass that there is, for drives that are still to be made", async () => {
        const wanted = wantedBy({ storageClassName: "fsat", expansionPools: [{ storageClassName: "standard" }] });
        const [problem, ...others] = await problemsIn(cluster([standard]), wanted);
        assert.match(problem, /^storageClassName: there is no StorageClass 'fsat', .*: use one of standard$/);
        assert.deepEqual(others, []);
        assert.deepEqual(
            await problemsIn(cluster([standard, ...claims("10Gi", "fsat")]), wantedBy({ storageClassName: "fsat" })),
            [],
        );
        const volume = { kind: "PersistentVolume", metadata: { name: "by-hand" }, spec: { storageClassName: "fsat" } };
        assert.deepEqual(await problemsIn(cluster([standard, volume]), wantedBy({ storageClassName: "fsat" })), []);
    });

    it("is a default class where none is named", async () => {
        const [problem] = await problemsIn(cluster([storageClass("other")]), wantedBy({}));
        assert.match(
            problem,
            /^storageClassName: the Kubernetes cluster has no default StorageClass, .*: use one of other$/,
        );
        assert.deepEqual(await problemsIn(cluster([storageClass("other")]), wantedBy({ storageClassName: "" })), []);
    });

    it("is a class that can expand, for drives that are to grow", async () => {
        const fixed = [storageClass("fixed"), ...claims("1Gi", "fixed")];
        const args = { storageClassName: "fixed", storageSize: "2Gi" };
        const [problem, ...others] = await problemsIn(cluster(fixed), wantedBy(args));
        assert.match(
            problem,
            /^storageSize: 1Gi cannot become 2Gi: the StorageClass 'fixed' does not let volumes grow .* data-minio-3 are of it\. Set it back to 1Gi/,
        );
        assert.deepEqual(others, []);
        assert.deepEqual(await problemsIn(cluster(fixed), wantedBy({ ...args, storageSize: "1Gi" })), []);
        assert.deepEqual(
            await problemsIn(cluster([standard, ...claims("1Gi", "standard")]), wantedBy({ storageSize: "2Gi" })),
            [],
        );
        const second = [standard, ...claims("10Gi", "standard"), ...claims("1Gi", "gone", 4, "minio-pool-1")];
        const [ofSecond] = await problemsIn(cluster(second), wantedBy({ expansionPools: [{ storageSize: "2Gi" }] }));
        assert.match(ofSecond, /^expansionPools\[0\].storageSize: /);
    });

    it("is a VolumeAttributesClass that there is, of a kind that the cluster knows", async () => {
        const wanted = wantedBy({
            volumeAttributesClassName: "gold",
            expansionPools: [{}, { volumeAttributesClassName: "silver" }],
        });
        const gold = { kind: "VolumeAttributesClass", metadata: { name: "gold" } };
        const silver = { ...gold, metadata: { name: "silver" } };
        assert.deepEqual(await problemsIn(cluster([standard, gold, silver]), wanted), []);
        const missing = await problemsIn(cluster([standard]), wanted);
        assert.deepEqual(
            missing,
            [
                ["volumeAttributesClassName", "gold"],
                ["expansionPools[1].volumeAttributesClassName", "silver"],
            ].map(
                ([field, name]) =>
                    `${field}: there is no VolumeAttributesClass '${name}': make it first, or leave it out`,
            ),
        );
        const old = { ...cluster([standard]), knows: async () => false };
        const [unknown] = await problemsIn(old, wanted);
        assert.match(
            unknown,
            /^volumeAttributesClassName: the cluster does not know VolumeAttributesClass .* 1\.34 on/,
        );
    });
});

describe("the quotas and limits of a namespace", () => {
    const quota = (hard: object, used: object, spec: object = {}) => ({
        kind: "ResourceQuota",
        metadata: { name: "q" },
        spec,
        status: { hard, used },
    });
    const small = { resources: { requests: { cpu: "100m", memory: "1Gi" }, limits: { memory: "2Gi" } } };

    const refused: [RegExp, object[]][] = [
        [
            /^replicas: the ResourceQuota 'q' allows pods 2, of which 0 is used, and 4 more are needed/,
            [quota({ pods: "2" }, {})],
        ],
        [
            /^storageSize: .* requests.storage 35Gi, of which 0 is used, and 40Gi more/,
            [quota({ "requests.storage": "35Gi" }, {})],
        ],
        [
            /^replicas: .* persistentvolumeclaims 5/,
            [quota({ persistentvolumeclaims: "5" }, { persistentvolumeclaims: "2" })],
        ],
        [/^resources.limits.memory: .* 8Gi more/, [quota({ "limits.memory": "7Gi" }, {})]],
        [/^resources.requests.cpu: .*cpu 300m/, [quota({ cpu: "300m" }, {})]],
        [
            /^resources.limits.memory: '2Gi' is not allowed by the LimitRange 'l' of the namespace: use at most 128Mi/,
            [
                {
                    kind: "LimitRange",
                    metadata: { name: "l" },
                    spec: { limits: [{ type: "Container", max: { memory: "128Mi" } }] },
                },
            ],
        ],
        [
            /^storageSize: '10Gi' is not allowed by the LimitRange 'l' .* at most 512Mi/,
            [
                {
                    kind: "LimitRange",
                    metadata: { name: "l" },
                    spec: { limits: [{ type: "PersistentVolumeClaim", max: { storage: "512Mi" } }] },
                },
            ],
        ],
    ];
    for (const [expected, objects] of refused) {
        it(`are told at the argument: ${expected.source.slice(0, 60)}`, async () => {
            const [problem, ...others] = await problemsIn(cluster([standard, ...objects]), wantedBy(small));
            assert.match(problem, expected);
            assert.deepEqual(others, []);
        });
    }

    it("are for the containers beside the servers, too", async () => {
        const resources = { requests: { cpu: "200m" }, limits: { memory: "1Gi" } };
        const wanted = wantedBy({ ...small, extraContainers: [{ name: "proxy", image: "a", resources }] });
        const [cpu] = await problemsIn(cluster([standard, quota({ cpu: "1" }, {})]), wanted);
        assert.match(cpu, /1.2 more are needed/);
        const range = {
            kind: "LimitRange",
            metadata: { name: "l" },
            spec: { limits: [{ type: "Container", min: { cpu: "300m" } }] },
        };
        const limited = await problemsIn(cluster([standard, range]), wanted);
        assert.match(limited[1], /^extraContainers\[0\]\.resources\.requests\.cpu: '200m' .* use at least 300m/);
        // One that is not known yet counts for nothing.
        const secret = pulumi.secret({ name: "proxy", image: "a", resources });
        const args = { namespace: "a", ...small, extraContainers: [secret] };
        const partly = (await wantedOf("minio", args, undefined)) as Wanted;
        const [pods] = await problemsIn(cluster([standard, quota({ pods: "2" }, {})]), partly);
        assert.match(pods, /^replicas: .* 4 more are needed/);
    });

    it("leave room for what is there already, and for no more growth than they allow", async () => {
        const pods = [0, 1, 2, 3].map((ordinal) => ({
            kind: "Pod",
            metadata: { name: `minio-${ordinal}`, labels: { pool: "minio" } },
        }));
        const there = [standard, ...pods, ...claims("10Gi", "standard")];
        const full = quota(
            { pods: "4", "requests.storage": "40Gi", "standard.storageclass.storage.k8s.io/requests.storage": "44Gi" },
            { pods: "4", "requests.storage": "40Gi", "standard.storageclass.storage.k8s.io/requests.storage": "40Gi" },
        );
        assert.deepEqual(await problemsIn(cluster([...there, full]), wantedBy(small)), []);
        const grown = await problemsIn(cluster([...there, full]), wantedBy({ ...small, storageSize: "12Gi" }));
        assert.deepEqual(
            grown.map((one) => /allows (\S+) .* (\S+) more/.exec(one)?.slice(1).join(" ")),
            ["requests.storage 8Gi", "standard.storageclass.storage.k8s.io/requests.storage 8Gi"],
        );
        const another = wantedBy({
            ...small,
            expansionPools: [{ replicas: 4, resources: { requests: { cpu: "3" } }, storageSize: "1Gi" }],
        });
        const cpu = quota({ "requests.cpu": "8" }, { "requests.cpu": "1" });
        const [more] = await problemsIn(cluster([...there, cpu]), another);
        assert.match(more, /allows requests\.cpu 8, of which 1 is used, and 12 more are needed/);
        const asleep = wantedBy({ ...small, hibernate: true });
        assert.deepEqual(await problemsIn(cluster([standard, quota({ pods: "0" }, {})]), asleep), []);
        const scoped = quota({ pods: "1" }, {}, { scopes: ["Terminating"] });
        assert.deepEqual(await problemsIn(cluster([standard, scoped]), wantedBy(small)), []);
    });
});

describe("the class of new sets", () => {
    const snapshots = { className: "cut", sets: ["monday"] };
    const snapshotClass = (driver: string) => ({ kind: "VolumeSnapshotClass", metadata: { name: "cut" }, driver });

    it("is there, and of the drives' driver", async () => {
        const there = [standard, snapshotClass("csi.example.org")];
        assert.deepEqual(await problemsIn(cluster(there), wantedBy({ snapshots })), []);
        const [missing] = await problemsIn(cluster([standard]), wantedBy({ snapshots }));
        assert.match(
            missing,
            /^snapshots.className: there is no VolumeSnapshotClass 'cut': kubectl get volumesnapshotclass/,
        );
        const [other] = await problemsIn(
            cluster([standard, snapshotClass("csi.example.com")]),
            wantedBy({ snapshots }),
        );
        assert.match(
            other,
            /^snapshots.className: .*'cut' is of the driver csi.example.com, .* of csi.example.org \(StorageClass 'standard'\)/,
        );
    });

    it("is not needed for a set that is there", async () => {
        const record = { kind: "ConfigMap", metadata: { name: "minio-snapshots-monday" } };
        assert.deepEqual(await problemsIn(cluster([standard, record]), wantedBy({ snapshots })), []);
    });

    it("may be of the driver that took over from one of Kubernetes' own", async () => {
        const old = storageClass("gp2", { provisioner: "kubernetes.io/aws-ebs" });
        const there = [standard, old, snapshotClass("ebs.csi.aws.com")];
        assert.deepEqual(await problemsIn(cluster(there), wantedBy({ snapshots, storageClassName: "gp2" })), []);
    });
});

describe("a Secret or PriorityClass that an argument names", () => {
    it("is a problem where it is not there, unless the program may make it", async () => {
        const args = { priorityClassName: "high", tls: { secretName: "t" }, existingSecretName: "creds" };
        const problems = await problemsIn(cluster([standard]), wantedBy(args));
        assert.deepEqual(
            problems.map((one) => one.split(":")[0]),
            ["existingSecretName", "tls.secretName", "priorityClassName"],
        );
        const wanted = wantedBy(args, { mayBeMade: (field) => field === "tls.secretName" });
        const { unchecked, problems: left } = await findings(cluster([standard]), secretChecks(wanted));
        assert.deepEqual(unchecked, [
            "the Secret 't' in the namespace a (tls.secretName): it is not there yet, and this program may make it",
        ]);
        assert.equal(left.length, 2);
    });

    it("is one line where the right to look is missing, with all for which it is the same, and nothing is refused", async () => {
        const kubernetes = cluster([standard], ["Secret"]);
        const wanted = wantedBy({ tls: { secretName: "t" }, existingSecretName: "creds" });
        assert.deepEqual(await findings(kubernetes, secretChecks(wanted)), {
            problems: [],
            warnings: [],
            unchecked: [
                "the Secret 'creds' in the namespace a (existingSecretName), the Secret 't' in the namespace a (tls.secretName): " +
                    "a right to look is missing (docs/rbac-checks.yaml)",
            ],
        });
    });
});

describe("what variables are read from", () => {
    const secretKeyRef = (key: string) => ({ secretKeyRef: { name: "oidc", key } });
    const args = {
        environmentFrom: {
            A: secretKeyRef("a"),
            B: secretKeyRef("b"),
            C: { configMapKeyRef: { name: "settings", key: "c" } },
        },
    };
    const secret = { kind: "Secret", metadata: { name: "oidc" }, data: { a: "cw==" } };
    const map = { kind: "ConfigMap", metadata: { name: "settings" }, binaryData: { c: "cw==" } };

    it("is there, with the keys", async () => {
        assert.deepEqual(await problemsIn(cluster([standard]), wantedBy(args)), [
            "environmentFrom.A: there is no Secret 'oidc' in the namespace a: make it, with a, b, before the cluster",
            "environmentFrom.C: there is no ConfigMap 'settings' in the namespace a: make it, with c, before the cluster",
        ]);
        assert.deepEqual(await problemsIn(cluster([standard, secret, map]), wantedBy(args)), [
            "environmentFrom.B: the Secret 'oidc' has no key 'b', without which no server starts: add it, or name another",
        ]);
        const whole = { ...secret, data: { a: "cw==", b: "" } };
        assert.deepEqual(await problemsIn(cluster([standard, whole, map]), wantedBy(args)), []);
    });

    it("is told as not checked where the same program may change it", async () => {
        const wanted = wantedBy(args, { mayBeMade: (field) => field !== "environmentFrom.C" });
        const { problems, unchecked } = await findings(cluster([standard, secret, map]), secretChecks(wanted));
        assert.deepEqual(problems, []);
        assert.equal(unchecked.length, 1);
        assert.match(
            unchecked[0] ?? "",
            /^whether this program changes the Secret 'oidc' \(environmentFrom\.A, environmentFrom\.B\), which restarts servers: /,
        );
    });
});

describe("an authority that servers are to trust", () => {
    it("is a certificate, and no message shows what else it is", async () => {
        const map = { kind: "ConfigMap", metadata: { name: "ca" }, data: { "ca.crt": "s3cr3t" } };
        const args = { trustedAuthorities: [{ configMapKeyRef: { name: "ca", key: "ca.crt" } }] };
        assert.deepEqual(await problemsIn(cluster([standard, map]), wantedBy(args)), [
            "trustedAuthorities[0]: the key 'ca.crt' of the ConfigMap 'ca' is no certificate in PEM, and MinIO would not say so: put " +
                "the authority's there",
        ]);
        const sound = { ...map, data: { "ca.crt": rootCertificates[0] } };
        assert.deepEqual(await problemsIn(cluster([standard, sound]), wantedBy(args)), []);
    });

    it("is in PEM, as MinIO reads nothing else, and so is each one in the same key", async () => {
        const args = { trustedAuthorities: [{ secretKeyRef: { name: "ca", key: "ca.crt" } }] };
        const problems = (value: string | Buffer) => {
            const data = { "ca.crt": Buffer.from(value).toString("base64") };
            return problemsIn(cluster([standard, { kind: "Secret", metadata: { name: "ca" }, data }]), wantedBy(args));
        };
        const [first = "", second = ""] = rootCertificates;
        const cut = second.slice(0, second.length / 2);
        assert.deepEqual(await problems(`# two of them\n${first}\n${second}\n`), []);
        for (const value of [new X509Certificate(first).raw, `${first}\n${cut}`, `${cut}\n${first}`, ""]) {
            const [problem = "", ...others] = await problems(value);
            assert.match(problem, /^trustedAuthorities\[0\]: .* is no certificate in PEM/);
            assert.deepEqual(others, []);
        }
    });
});

describe("the Secret of an access", () => {
    const args = { accesses: [{ name: "web", bucket: "data", namespace: "shop" }] };
    const secret = (labels?: object) => ({ kind: "Secret", metadata: { name: "minio-web", labels } });
    const own = { app: "minio", "app.kubernetes.io/name": "minio", "app.kubernetes.io/instance": "minio" };
    const of = (namespace: string) => {
        const endpoint = `http://minio.${namespace}.svc.cluster.local:9000`;
        return { ...secret(own), data: { AWS_ENDPOINT_URL_S3: Buffer.from(endpoint).toString("base64") } };
    };
    const problemsWith = async (objects: object[], more: Partial<Wanted> = {}) =>
        (await findings(cluster(objects), accessSecretChecks(wantedBy(args, more)))).problems;

    it("is refused where somebody else has one of its name", async () => {
        const expected = {
            field: "accesses[0].secretName",
            reason:
                "the Secret 'minio-web' in the namespace shop is there already, and was not made for this cluster: use another " +
                "name, or delete it",
        };
        assert.deepEqual(await problemsWith([secret()]), [expected]);
        assert.deepEqual(await problemsWith([secret({ ...own, "app.kubernetes.io/instance": "other" })]), [expected]);
        assert.deepEqual(await problemsWith([of("staging")]), [expected], "a cluster of this name elsewhere");
    });

    it("is made where there is none, or one of this cluster", async () => {
        assert.deepEqual(await problemsWith([]), []);
        assert.deepEqual(await problemsWith([secret({ ...own, team: "web" })]), []);
        assert.deepEqual(await problemsWith([of("a")]), []);
        assert.deepEqual(await problemsWith([secret()], { isKnown: () => false }), []);
    });
});

describe("an existing Secret's contents", () => {
    it("are as MinIO wants them, and no message shows them", async () => {
        const data = (user: string, password: string) => ({
            "root-user": Buffer.from(user).toString("base64"),
            "root-password": Buffer.from(password).toString("base64"),
        });
        const problems = async (contents: object) => {
            const secret = { kind: "Secret", metadata: { name: "creds" }, data: contents };
            return problemsIn(cluster([standard, secret]), wantedBy({ existingSecretName: "creds" }));
        };
        assert.deepEqual(await problems(data("admin", "longenough1")), []);
        const short = await problems(data("ad", "sh0rt"));
        assert.equal(short.length, 2);
        assert.match(short[0], /^existingSecretName: the Secret 'creds': root-user: use at least 3 letters/);
        assert.match(short[1], /root-password: MinIO wants at least 8/);
        assert.ok(!short.join().includes("sh0rt"));
        const [broken] = await problems(data("admin", "longenough1\n"));
        assert.match(broken, /root-password: it has spaces or line breaks around it, .*--from-literal/);
        assert.match((await problems({}))[0], /root-user: there is no such key: add it/);
    });
});

describe("a certificate of the user's own", () => {
    const folder = mkdtempSync(join(tmpdir(), "minio-preflight-"));
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
    const all = [
        "*.minio-headless.a.svc.cluster.local",
        "minio.a.svc.cluster.local",
        "minio-console.a.svc.cluster.local",
    ];
    const encoded = (file: string) => readFileSync(join(folder, file)).toString("base64");
    let sound: Record<string, string>;

    const make = (name: string, hosts: string[]) => {
        writeFileSync(join(folder, "names"), `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(",")}`);
        openssl(
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=minio",
            "-keyout",
            `${name}.key`,
            "-out",
            "csr",
        );
        openssl(
            "x509",
            "-req",
            "-in",
            "csr",
            "-signkey",
            `${name}.key`,
            "-days",
            "90",
            "-extfile",
            "names",
            "-out",
            `${name}.crt`,
        );
        return {
            "tls.crt": encoded(`${name}.crt`),
            "tls.key": encoded(`${name}.key`),
            "ca.crt": encoded(`${name}.crt`),
        };
    };
    before(() => {
        sound = make("sound", all);
    });
    after(() => rmSync(folder, { recursive: true }));

    const found = (data: Record<string, string>, args: KnownArgs = {}, days = 0) => {
        const wanted = wantedBy({ tls: { secretName: "t" }, ...args });
        return certificateFindings(data, wanted.cluster, new Date(Date.now() + 1_000 + days * 86_400_000));
    };
    const reasons = (...args: Parameters<typeof found>) => found(...args).problems.map(({ reason }) => reason);

    it("is sound", () => {
        assert.deepEqual(found(sound), { problems: [], warnings: [] });
        assert.deepEqual(found(sound, { monitoring: {} }), { problems: [], warnings: [] });
    });

    it("has its parts, which belong together", () => {
        assert.match(reasons({})[0], /^the Secret 't': it has no tls.crt and no tls.key/);
        const garbage = Buffer.from("s3cr3t").toString("base64");
        const broken = reasons({ "tls.crt": garbage, "tls.key": garbage });
        assert.match(broken.join(), /tls.crt is no certificate in PEM.*tls.key is no private key/);
        assert.ok(!broken.join().includes("s3cr3t"));
        assert.match(
            reasons({ ...sound, "tls.key": make("other", all)["tls.key"] })[0],
            /tls.key does not belong to its tls.crt/,
        );
    });

    it("is valid now, and for a while", () => {
        assert.match(reasons(sound, {}, 91)[0], /its certificate has expired at 20/);
        assert.match(reasons(sound, {}, -2)[0], /its certificate is valid only from 20/);
        assert.deepEqual(reasons(sound, {}, 80), []);
        assert.match(found(sound, {}, 80).warnings?.[0] ?? "", /'t' expires at 20/);
    });

    it("is for the servers' names, or they would not talk to each other, and best for the Services'", () => {
        const own = make("own", ["s3.example.org"]);
        assert.match(
            reasons(own)[0],
            /not valid for the servers, such as minio-0\.minio-headless\.a\.svc.*made for \*\.minio-headless/,
        );
        const peers = found(make("peers", all.slice(0, 1)));
        assert.deepEqual(peers.problems, []);
        assert.match(peers.warnings?.[0] ?? "", /not valid for minio.a.svc.cluster.local, minio-console.a.svc/);
    });

    it("comes with its authority where Prometheus is to know the servers", () => {
        const { "ca.crt": _, ...without } = sound;
        assert.deepEqual(found(without).problems, []);
        const [{ field, reason }] = found(without, { monitoring: {} }).problems;
        assert.equal(field, "monitoring.serviceMonitor");
        assert.match(reason, /'t' \(tls.secretName\) has no ca.crt/);
        assert.deepEqual(found(without, { monitoring: { serviceMonitor: false } }).problems, []);
    });
});

describe("the rights in docs/rbac-checks.yaml", () => {
    it("are those that the checks ask for", () => {
        const text = readFileSync(join(__dirname, "../../docs/rbac-checks.yaml"), "utf8");
        const given = parseAllDocuments(text)
            .flatMap((one) => one.toJS().rules ?? [])
            .flatMap(({ resources, verbs }: any) =>
                resources.flatMap((resource: string) => verbs.map((verb: string) => `${verb} ${resource}`)),
            )
            .map((one: string) => one.replace(/classes$/, "class").replace(/([^s])s$/, "$1"));
        // Groups are asked for as single snapshots are.
        assert.deepEqual(given.filter((one: string) => !one.includes("group")).sort(), [...asked].sort());
    });
});

describe("what a program wants", () => {
    it("is known as far as it is, secrets are left alone, and what other resources tell may be made by them", async () => {
        const resource = { urn: "a" } as unknown as pulumi.Resource;
        const told = new (pulumi.Output as any)(
            [resource],
            Promise.resolve("t"),
            Promise.resolve(true),
            Promise.resolve(false),
            Promise.resolve(new Set([resource])),
        );
        const unknown = new (pulumi.Output as any)(
            [],
            Promise.resolve(undefined),
            Promise.resolve(false),
            Promise.resolve(false),
            Promise.resolve(new Set()),
        );
        const wanted = await wantedOf(
            "minio",
            {
                namespace: "a",
                tls: { secretName: told },
                storageClassName: unknown,
                priorityClassName: pulumi.secret("high"),
                storageSize: pulumi.output("2Gi"),
            },
            undefined,
        );
        assert.ok(wanted);
        assert.equal(wanted.cluster.spec.tls?.secretName, "t");
        assert.equal(wanted.cluster.spec.pools[0].storageSize, "2Gi");
        assert.deepEqual(
            ["tls.secretName", "storageClassName", "priorityClassName", "storageSize"].map(wanted.isKnown),
            [true, false, false, true],
        );
        assert.deepEqual(["tls.secretName", "existingSecretName"].map(wanted.mayBeMade), [true, false]);
        assert.equal(await wantedOf("minio", { namespace: unknown }, undefined), undefined);
    });

    it("may be made by what the component depends on, but for a namespace", async () => {
        const resource = (type: string) => ({ __pulumiType: type, urn: "a", __pulumiResource: true }) as never;
        const mayBeMade = async (dependsOn: never) =>
            (await wantedOf("minio", {}, dependsOn))?.mayBeMade("tls.secretName");
        assert.equal(await mayBeMade([resource("kubernetes:core/v1:Namespace")] as never), false);
        assert.equal(
            await mayBeMade([pulumi.output(Promise.resolve(resource("kubernetes:core/v1:Namespace")))] as never),
            false,
        );
        assert.equal(await mayBeMade([resource("kubernetes:helm.sh/v4:Chart")] as never), true);
        assert.equal(await mayBeMade([] as never), false);
    });
});
