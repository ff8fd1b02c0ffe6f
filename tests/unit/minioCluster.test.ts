import assert from "node:assert/strict";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { isKnown } from "../../components/pulumi/outputs";
import { ImagePullPolicy, type IpFamily } from "../../components/spec/args";
import type { MinioClusterArgs } from "../../index";

interface Registered {
    type: string;
    name: string;
    inputs: any;
}

/** What a MinioCluster registers with the engine, by mocks: fast, beside the tests on the real engine. */
async function registeredBy(
    name: string,
    args: MinioClusterArgs,
    isPreview = false,
    opts?: pulumi.ComponentResourceOptions,
) {
    const registered: Registered[] = [];
    const mocks: pulumi.runtime.Mocks = {
        newResource({ type, name: resource, inputs }) {
            registered.push({ type, name: resource, inputs });
            const state =
                type === "random:index/randomPassword:RandomPassword"
                    ? { ...inputs, result: "s3cret".repeat(6) }
                    : inputs;
            return { id: `${resource}-id`, state };
        },
        call: ({ inputs }) => inputs,
    };
    await pulumi.runtime.setMocks(mocks, "project", "stack", isPreview);
    const { MinioCluster } = await import("../../index");
    const cluster = new MinioCluster(name, args, opts);
    await known(cluster.ready);
    await pulumi.runtime.setMocks(mocks); // What comes next is no preview.
    return { cluster, registered, inputsOf: (type: string, name: string) => find(registered, type, name) };
}

function find(registered: Registered[], type: string, name: string) {
    const found = registered.find((resource) => resource.type.endsWith(`:${type}`) && resource.name === name);
    assert.ok(found, `there is no ${type} '${name}' among ${registered.map((r) => `${r.type} ${r.name}`).join(", ")}`);
    return found.inputs;
}

/** An Output's value; an assertion inside an `apply` might never run. */
function known<T>(output: pulumi.Output<T>): Promise<pulumi.Unwrap<T>> {
    return new Promise((resolve) => output.apply((value) => resolve(value as pulumi.Unwrap<T>)));
}

describe("MinioCluster", () => {
    it("registers these objects under these names", async () => {
        const { registered } = await registeredBy("minio", {});
        assert.deepEqual(registered.map(({ type, name }) => `${type} ${name}`).sort(), [
            "kubernetes:apps/v1:StatefulSet minio",
            "kubernetes:core/v1:Secret minio-secret",
            "kubernetes:core/v1:Service minio",
            "kubernetes:core/v1:Service minio-console",
            "kubernetes:core/v1:Service minio-headless",
            "kubernetes:policy/v1:PodDisruptionBudget minio-pdb",
            "minio-cluster:index:MinioCluster minio",
            "pulumi:index:Stash minio-rollout",
            "random:index/randomPassword:RandomPassword minio-secret-password",
        ]);
    });

    it("registers for an argument that is null what it registers without it", async () => {
        const registeredWith = async (args: object) =>
            (await registeredBy("minio", args as MinioClusterArgs)).registered.map(
                ({ type, name }) => `${type} ${name}`,
            );
        const hosts = { apiHost: "s3.example.org" };
        const route = { ...hosts, gatewayName: "public" };
        assert.deepEqual(
            await registeredWith({
                ingress: { ...hosts, consoleHost: null },
                httpRoute: { ...route, consoleHost: null },
                monitoring: null,
                expansionPools: null,
            }),
            await registeredWith({ ingress: hosts, httpRoute: route }),
        );
    });

    it("names the resource of an access's Secret by where it is, so that another user of the same Secret deletes none", async () => {
        const namesWith = async (args: object) =>
            (await registeredBy("minio", args)).registered
                .map(({ name }) => name)
                .filter((name) => /access-.*\//.test(name));
        const access = { bucket: "data", secretName: "shared" };
        for (const name of ["web", "site"]) {
            const args = { namespace: "storage", accesses: [{ ...access, name }] };
            assert.deepEqual(await namesWith(args), ["minio-access-storage/shared"]);
        }
        const accesses = [{ ...access, name: "web" }];
        assert.deepEqual(await namesWith({ accesses }), ["minio-access-default/shared"]);
        const inShop = accesses.map((one) => ({ ...one, namespace: "shop" }));
        assert.deepEqual(await namesWith({ accesses: inShop }), ["minio-access-shop/shared"]);
    });

    it("registers a key and a Secret for each access, and the work that makes users, and nothing where none is declared", async () => {
        const access = { name: "app", bucket: "data", namespace: pulumi.output("web"), revision: 2 };
        const environment = { MINIO_REGION: "eu-1" };
        const { registered, inputsOf } = await registeredBy("minio", { accesses: [access], environment });
        const { registered: others } = await registeredBy("minio", {});
        const names = new Set(others.map(({ name }) => name));
        assert.deepEqual(
            registered.map(({ name }) => name).filter((name) => !names.has(name)),
            ["minio-access-app-key", "minio-buckets", "minio-access-minio-app"],
        );
        const { metadata, stringData } = inputsOf("Secret", "minio-access-minio-app");
        assert.deepEqual([metadata.namespace, metadata.name], ["web", "minio-app"]);
        assert.deepEqual(stringData.value, {
            AWS_ENDPOINT_URL_S3: "http://minio.default.svc.cluster.local:9000",
            AWS_REGION: "eu-1",
            AWS_ACCESS_KEY_ID: "app-2",
            AWS_SECRET_ACCESS_KEY: "s3cret".repeat(6),
            BUCKET: "data",
        });
        assert.match(inputsOf("Stash", "minio-buckets").input.wanted, /^access \{"name":"app"/);
    });

    it("wants the names of buckets and accesses plain, at any depth", async () => {
        const name = pulumi.output("app");
        await assert.rejects(
            registeredBy("minio", { accesses: [{ name, bucket: "data" }] as never }),
            /accesses\[0\]\.name: an Output is not allowed/,
        );
    });

    it("starts the servers with MinIO's arguments, by namespace and domain", async () => {
        const { inputsOf } = await registeredBy("minio", { namespace: "storage", clusterDomain: "example.org" });
        const { spec } = inputsOf("StatefulSet", "minio");
        assert.deepEqual(spec.template.spec.containers[0].args, [
            "server",
            "--address=:9000",
            "--console-address=:9001",
            "http://minio-{0...3}.minio-headless.storage.svc.example.org:9000/data",
        ]);
        assert.equal(spec.serviceName, "minio-headless");
        assert.equal(spec.volumeClaimTemplates[0].metadata.name, "data");
        assert.deepEqual(spec.updateStrategy, { type: "RollingUpdate" }, "the guided rollout sets the partition");
    });

    it("gives each of several drives a claim template and a mount", async () => {
        const { inputsOf } = await registeredBy("minio", { drivesPerServer: 2 });
        const { spec } = inputsOf("StatefulSet", "minio");
        const names = spec.volumeClaimTemplates.map(
            (template: k8s.core.v1.PersistentVolumeClaim) => template.metadata.name,
        );
        assert.deepEqual(names, ["data0", "data1"]);
        assert.ok(spec.template.spec.containers[0].args.at(-1).endsWith("/data{0...1}"));
    });

    it("mounts a folder of each volume where its drive is there, and else the whole volume", async () => {
        const mountsOf = async (args: MinioClusterArgs) => {
            const { inputsOf } = await registeredBy("minio", args);
            const [{ volumeMounts }] = inputsOf("StatefulSet", "minio").spec.template.spec.containers;
            return volumeMounts.filter(({ name }: { name: string }) => name.startsWith("data"));
        };
        assert.deepEqual(await mountsOf({}), [{ name: "data", mountPath: "/data" }]);
        assert.deepEqual(
            await mountsOf({ drivesPerServer: 2, driveSubPath: pulumi.output("minio/data") }),
            [0, 1].map((drive) => ({ name: `data${drive}`, mountPath: `/data${drive}`, subPath: "minio/data" })),
        );
    });

    it("pulls the image of every container with the given secrets", async () => {
        const { inputsOf } = await registeredBy("minio", { imagePullSecrets: [{ name: pulumi.output("registry") }] });
        assert.deepEqual(inputsOf("StatefulSet", "minio").spec.template.spec.imagePullSecrets, [{ name: "registry" }]);
    });

    it("pulls the image when it is told to, and else leaves that to Kubernetes", async () => {
        const containersOf = async (args: MinioClusterArgs) =>
            (await registeredBy("minio", args)).inputsOf("StatefulSet", "minio").spec.template.spec.containers;
        for (const container of await containersOf({ imagePullPolicy: pulumi.output(ImagePullPolicy.Never) })) {
            assert.equal(container.imagePullPolicy, "Never");
        }
        for (const container of await containersOf({})) {
            assert.ok(!("imagePullPolicy" in container), "a new field is a change for every user");
        }
    });

    it("takes the image from any registry, by tag and digest", async () => {
        const image = `registry.example.org:5000/mirror/silo:RELEASE.2026-09-16T00-00-00Z@sha256:${"0a".repeat(32)}`;
        const { inputsOf } = await registeredBy("minio", { image });
        assert.equal(inputsOf("StatefulSet", "minio").spec.template.spec.containers[0].image, image);
    });

    it("places the servers of every pool as is asked for", async () => {
        const term = { labelSelector: { matchLabels: { app: "noisy" } }, topologyKey: "kubernetes.io/hostname" };
        const spread = { maxSkew: 1, topologyKey: "example.org/rack", whenUnsatisfiable: "DoNotSchedule" };
        const asked = {
            nodeSelector: { disk: "nvme" },
            tolerations: [{ key: "storage", operator: "Exists" }],
            affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
            priorityClassName: "storage",
        };
        const { inputsOf } = await registeredBy("minio", {
            ...asked,
            topologySpreadConstraints: [spread],
            expansionPools: [{}],
        });
        for (const pool of ["minio", "minio-pool-1"]) {
            const { nodeSelector, tolerations, affinity, priorityClassName, topologySpreadConstraints } = inputsOf(
                "StatefulSet",
                pool,
            ).spec.template.spec;
            assert.deepEqual({ nodeSelector, tolerations, affinity, priorityClassName }, asked);
            assert.deepEqual(topologySpreadConstraints, [
                { ...spread, labelSelector: { matchLabels: { app: "minio", pool } } },
            ]);
        }
    });

    it("gives labels to every object and pod, and annotations to the pods", async () => {
        const { registered, inputsOf } = await registeredBy("minio", {
            labels: { team: "storage" },
            annotations: { note: "kept" },
            networkPolicy: {},
            ingress: { apiHost: "s3.example.org" },
            monitoring: {},
        });
        const objects = registered.filter(({ type }) => type.startsWith("kubernetes:"));
        assert.ok(objects.length > 10);
        for (const { type, name, inputs } of objects) {
            assert.equal(inputs.metadata.labels.team, "storage", `${type} ${name}`);
        }
        const { metadata } = inputsOf("StatefulSet", "minio").spec.template;
        assert.deepEqual([metadata.labels.team, metadata.annotations.note], ["storage", "kept"]);
    });

    it("has every object changed by a transform that the program gives, whatever is asked for", async () => {
        const seen: string[] = [];
        // The kind that the SDK carries out: the engine does the other kind, by the same parents.
        const transformation: pulumi.ResourceTransformation = ({ type, name, props, opts }) => {
            seen.push(`${type} ${name}`);
            const { metadata } = props;
            const labelled = pulumi.output(metadata).apply((one) => ({ ...one, labels: { ...one?.labels, by: "it" } }));
            return type.startsWith("kubernetes:") ? { props: { ...props, metadata: labelled }, opts } : undefined;
        };
        const { registered } = await registeredBy(
            "minio",
            {
                environment: { MINIO_CALLHOME_A: pulumi.secret("hidden") },
                expansionPools: [{}],
                networkPolicy: {},
                ingress: { apiHost: "s3.example.org", consoleHost: "console.example.org" },
                httpRoute: { gatewayName: "public", apiHost: "s3.example.org", consoleHost: "console.example.org" },
                tls: { issuer: { name: "ca" } },
                monitoring: {},
                buckets: [{ name: "data" }],
                accesses: [{ name: "app", bucket: "data" }],
                snapshots: { className: "fast", sets: ["one"], take: "nightly" },
            },
            false,
            { transformations: [transformation] },
        );
        const all = registered.map(({ type, name }) => `${type} ${name}`);
        assert.deepEqual(seen.sort(), all.sort());
        const objects = registered.filter(({ type }) => type.startsWith("kubernetes:"));
        assert.ok(objects.length > 15, all.join(", "));
        for (const { type, name, inputs } of objects) {
            assert.equal(inputs.metadata.labels.by, "it", `${type} ${name}`);
        }
    });

    it("gives servers what is in Secrets and ConfigMaps by reference, and in no other object", async () => {
        const environmentFrom = {
            MINIO_IDENTITY_OPENID_CLIENT_SECRET: { secretKeyRef: { name: pulumi.output("oidc"), key: "secret" } },
            MINIO_DNS_CACHE_TTL: { configMapKeyRef: { name: "settings", key: "ttl" } },
            HTTPS_PROXY: { secretKeyRef: { name: "proxy", key: "url" } },
        };
        const { inputsOf, registered } = await registeredBy("minio", { environmentFrom });
        const { env } = inputsOf("StatefulSet", "minio").spec.template.spec.containers[0];
        const of = (variable: string) => env.filter(({ name }: any) => name === variable);
        assert.deepEqual(
            Object.keys(environmentFrom).flatMap(of),
            [
                ["MINIO_IDENTITY_OPENID_CLIENT_SECRET", { secretKeyRef: { name: "oidc", key: "secret" } }],
                ["MINIO_DNS_CACHE_TTL", environmentFrom.MINIO_DNS_CACHE_TTL],
                ["HTTPS_PROXY", environmentFrom.HTTPS_PROXY],
            ].map(([name, valueFrom]) => ({ name, valueFrom })),
        );
        assert.equal(of("NO_PROXY")[0].value, ".minio-headless.default.svc.cluster.local");
        assert.ok(!registered.some(({ name }) => name === "minio-settings"));
    });

    it("mounts the authorities that servers trust beside the certificate, or without one", async () => {
        const trustedAuthorities = [
            { configMapKeyRef: { name: "corporate", key: "root.pem" } },
            { secretKeyRef: { name: "next", key: "ca.crt" } },
        ];
        const files = [
            { configMap: { name: "corporate", items: [{ key: "root.pem", path: "CAs/trusted-0.crt" }] } },
            { secret: { name: "next", items: [{ key: "ca.crt", path: "CAs/trusted-1.crt" }] } },
        ];
        for (const [more, sources] of [
            [{}, files],
            [{ tls: { secretName: "certs" } }, files],
        ] as const) {
            const { inputsOf } = await registeredBy("minio", { ...more, trustedAuthorities });
            const { volumes, containers } = inputsOf("StatefulSet", "minio").spec.template.spec;
            const { projected } = volumes.find(({ name }: any) => name === "certs");
            assert.deepEqual(projected.sources.slice(-2), sources);
            assert.equal(projected.sources.length, "tls" in more ? 4 : 2);
            assert.ok(containers[0].args.includes("--certs-dir=/certs"));
            assert.ok(containers[0].volumeMounts.some(({ mountPath }: any) => mountPath === "/certs"));
        }
    });

    it("keeps a variable that is a secret in a Secret, and out of the pods and of all that is no secret", async () => {
        const environment = {
            MINIO_REGION: pulumi.output("eu"),
            MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_TEST: pulumi.secret("t0ken"),
            MINIO_PROMETHEUS_AUTH_TYPE: "public",
        };
        const { inputsOf } = await registeredBy("minio", { environment, monitoring: {} });
        const { template } = inputsOf("StatefulSet", "minio").spec;
        const { env } = template.spec.containers[0];
        const of = (variable: string) => env.find(({ name }: any) => name === variable);
        assert.deepEqual(of("MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_TEST").valueFrom.secretKeyRef, {
            name: "minio-settings",
            key: "MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_TEST",
        });
        assert.equal(of("MINIO_REGION").value, "eu");
        assert.ok(!JSON.stringify(template).includes("t0ken"));
        assert.deepEqual(Object.keys(JSON.parse(template.metadata.annotations["minio-cluster/values"])), [
            "MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_TEST",
        ]);
        const secret = inputsOf("Secret", "minio-settings");
        assert.deepEqual(secret.stringData.value, { MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_TEST: "t0ken" });
    });

    it("restarts servers for another value of such a variable, and for nothing else", async () => {
        const annotation = async (token: string) => {
            const environment = { MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_TEST: pulumi.secret(token) };
            const { inputsOf } = await registeredBy("minio", { environment });
            return inputsOf("StatefulSet", "minio").spec.template.metadata.annotations["minio-cluster/values"];
        };
        assert.equal(await annotation("one"), await annotation("one"));
        assert.notEqual(await annotation("one"), await annotation("another"));
    });

    it("hardens the pods", async () => {
        const { inputsOf } = await registeredBy("minio", {});
        const pod = inputsOf("StatefulSet", "minio").spec.template.spec;
        assert.equal(pod.automountServiceAccountToken, false);
        assert.equal(pod.enableServiceLinks, false);
        assert.equal(pod.securityContext.runAsNonRoot, true);
        assert.equal(pod.securityContext.fsGroupChangePolicy, "OnRootMismatch");
        for (const container of pod.containers) {
            assert.deepEqual(container.securityContext, {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
                readOnlyRootFilesystem: true,
                runAsNonRoot: true,
                seccompProfile: { type: "RuntimeDefault" },
            });
        }
    });

    it("drains before a server ends, and keeps its network until after", async () => {
        const { inputsOf } = await registeredBy("minio", {});
        const pod = inputsOf("StatefulSet", "minio").spec.template.spec;
        const [{ command, lifecycle }] = pod.containers;
        const constant = (name: string, script: string) =>
            Number(new RegExp(`^${name}=(\\d+)$`, "m").exec(script)?.[1]);
        const [drain, linger] = ["drain", "linger"].map((name) => constant(name, lifecycle.preStop.exec.command[2]));
        assert.ok(drain >= 5 && linger >= 2 && pod.terminationGracePeriodSeconds > 2 * (drain + linger));
        assert.equal(constant("longest_stay", command[2]), pod.terminationGracePeriodSeconds);
    });

    it("protects the write quorum with a budget, and makes none that could only block", async () => {
        const four = await registeredBy("minio", { replicas: 4 });
        assert.equal(four.inputsOf("PodDisruptionBudget", "minio-pdb").spec.minAvailable, 3);
        const eight = await registeredBy("minio", { replicas: 8 });
        assert.equal(eight.inputsOf("PodDisruptionBudget", "minio-pdb").spec.minAvailable, 5);
        const two = await registeredBy("minio", { replicas: 2 });
        assert.ok(!two.registered.some(({ type }) => type.endsWith("PodDisruptionBudget")));
        const environment = { MINIO_STORAGE_CLASS_STANDARD: "EC:1" };
        const six = await registeredBy("minio", { replicas: 6, environment });
        assert.equal(six.inputsOf("PodDisruptionBudget", "minio-pdb").spec.minAvailable, 5, "by its own parity");
        const [{ readinessProbe }] = six.inputsOf("StatefulSet", "minio").spec.template.spec.containers;
        assert.equal(readinessProbe.httpGet.path, "/minio/health/ready", "two that wait are more than may be gone");
    });

    it("keeps the password a secret, and reads it from the Secret only", async () => {
        const { cluster, inputsOf } = await registeredBy("minio", {});
        assert.equal(await pulumi.isSecret(cluster.rootPassword), true);
        assert.equal(await known(cluster.rootPassword), "s3cret".repeat(6));
        const secret = inputsOf("Secret", "minio-secret");
        assert.equal(
            secret.stringData.value?.["root-password"] ?? secret.stringData["root-password"].value,
            "s3cret".repeat(6),
        );
        assert.ok(!JSON.stringify(inputsOf("StatefulSet", "minio")).includes("s3cret"));
    });

    it("makes no secret of what it tells by a secret kubeconfig, and nothing unknown by one that a preview does not know", async () => {
        for (const [kubeconfig, isPreview] of [
            [pulumi.secret("token"), false],
            [pulumi.output(pulumi.unknown) as pulumi.Output<any>, true],
        ] as const) {
            const { cluster, inputsOf } = await registeredBy("minio", { rollout: { kubeconfig } }, isPreview);
            const { endpoint, consoleEndpoint, namespace, topology, podDnsNames } = cluster;
            const told: pulumi.Output<any>[] = [endpoint, consoleEndpoint, namespace, topology, podDnsNames];
            for (const output of told) {
                assert.deepEqual([await pulumi.isSecret(output), await isKnown(output)], [false, true]);
            }
            // By these the hook reviews what a change does to the servers.
            const { metadata, spec } = inputsOf("StatefulSet", "minio");
            assert.equal(JSON.parse(metadata.annotations["minio-cluster/shape"]).replicas, 4);
            assert.equal(spec.template.spec.containers[0].name, "minio");
            assert.ok(!JSON.stringify(inputsOf("Stash", "minio-rollout")).includes("token"));
        }
    });

    it("tells endpoints, server names and topology", async () => {
        const { cluster } = await registeredBy("store", { namespace: "a" });
        assert.equal(await known(cluster.endpoint), "http://store.a.svc.cluster.local:9000");
        assert.equal(await known(cluster.consoleEndpoint), "http://store-console.a.svc.cluster.local:9001");
        assert.equal((await known(cluster.podDnsNames))[3], "store-3.store-headless.a.svc.cluster.local");
        assert.equal((await known(cluster.topology)).pools[0].writeQuorum, 3);
        assert.equal(await known(cluster.rootUser), "admin");
    });

    it("makes a StatefulSet and a budget for each pool, whose servers know all pools", async () => {
        const { inputsOf } = await registeredBy("minio", { expansionPools: [{ replicas: 8, storageSize: "20Gi" }] });
        const { spec } = inputsOf("StatefulSet", "minio-pool-1");
        assert.equal(spec.replicas, 8);
        assert.equal(spec.volumeClaimTemplates[0].spec.resources.requests.storage, "20Gi");
        assert.deepEqual(spec.selector.matchLabels, { app: "minio", pool: "minio-pool-1" });
        const patterns = spec.template.spec.containers[0].args.slice(3);
        assert.deepEqual(patterns, [
            "http://minio-{0...3}.minio-headless.default.svc.cluster.local:9000/data",
            "http://minio-pool-1-{0...7}.minio-headless.default.svc.cluster.local:9000/data",
        ]);
        assert.deepEqual(inputsOf("StatefulSet", "minio").spec.template.spec.containers[0].args.slice(3), patterns);
        assert.equal(inputsOf("PodDisruptionBudget", "minio-pool-1-pdb").spec.minAvailable, 6);
    });

    it("keeps a pool that is to leave as it is, beside the work that moves its objects", async () => {
        const [stays, leaves] = [
            await registeredBy("minio", { expansionPools: [{}, {}] }),
            await registeredBy("minio", { expansionPools: [{}, { decommission: true }] }),
        ];
        for (const pool of ["minio", "minio-pool-1", "minio-pool-2"]) {
            assert.deepEqual(leaves.inputsOf("StatefulSet", pool), stays.inputsOf("StatefulSet", pool));
        }
        assert.equal(
            leaves.inputsOf("Stash", "minio-decommission").input.wanted,
            "http://minio-pool-2-{0...3}.minio-headless.default.svc.cluster.local:9000/data",
        );
        assert.equal(
            stays.registered.find(({ name }) => name === "minio-decommission"),
            undefined,
        );
    });

    it("has objects spread over the pools anew when the pools are others, and not where there is one only, or one leaves", async () => {
        const wanted = async (args: MinioClusterArgs) =>
            (await registeredBy("minio", { ...args, rebalance: true })).registered.find(
                ({ name }) => name === "minio-rebalance",
            )?.inputs.input.wanted;
        assert.equal(await wanted({}), undefined);
        const two = await wanted({ expansionPools: [{}] });
        assert.match(two, /minio-\{0\.\.\.3\}.*\n.*minio-pool-1-/);
        assert.equal(await wanted({ expansionPools: [{ decommission: true }] }), undefined);
        assert.notEqual(await wanted({ expansionPools: [{}, {}] }), two);
    });

    it("mounts further volumes beside its own", async () => {
        const extraVolumes = [{ name: "kes", secret: { secretName: "kes-client" } }];
        const extraVolumeMounts = [{ name: "kes", mountPath: "/kes", readOnly: true }];
        const { inputsOf } = await registeredBy("minio", { extraVolumes, extraVolumeMounts });
        const { volumes, containers } = inputsOf("StatefulSet", "minio").spec.template.spec;
        assert.deepEqual(volumes, [{ name: "tmp", emptyDir: {} }, ...extraVolumes]);
        assert.deepEqual(containers[0].volumeMounts.slice(-1), extraVolumeMounts);
    });

    it("starts servers with further arguments, and containers beside them that have no privileges", async () => {
        const extraArgs = ["--ftp=address=:8021"];
        const extraContainers = [{ name: "proxy", image: "example.org/proxy:1", securityContext: { runAsUser: 5 } }];
        const { inputsOf } = await registeredBy("minio", { extraArgs, extraContainers });
        const [server, ...others] = inputsOf("StatefulSet", "minio").spec.template.spec.containers;
        assert.deepEqual(server.args.slice(0, -1), [
            ...["server", "--address=:9000", "--console-address=:9001"],
            ...extraArgs,
        ]);
        const securityContext = { runAsUser: 5, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
        assert.deepEqual(others, [{ ...extraContainers[0], securityContext }]);
    });

    it("gives the claims of each pool annotations and an attributes class", async () => {
        const persistentVolumeClaimAnnotations = { "backup.example.org/keep": "yes" };
        const { inputsOf } = await registeredBy("minio", {
            persistentVolumeClaimAnnotations,
            volumeAttributesClassName: "gold",
            expansionPools: [{ volumeAttributesClassName: "silver" }, {}],
        });
        const classes = ["minio", "minio-pool-1", "minio-pool-2"].map((name) => {
            const [{ metadata, spec }] = inputsOf("StatefulSet", name).spec.volumeClaimTemplates;
            assert.deepEqual(metadata.annotations, persistentVolumeClaimAnnotations);
            return spec.volumeAttributesClassName;
        });
        assert.deepEqual(classes, ["gold", "silver", "gold"]);
    });

    it("gives a pool other resources and nodes than the first, where it has some", async () => {
        const tolerations = [{ key: "storage", operator: "Exists" }];
        const own = { resources: { requests: { cpu: "4" } }, nodeSelector: { disk: "nvme" }, tolerations };
        const first = { resources: { requests: { cpu: "1" } }, nodeSelector: { disk: "hdd" } };
        const { inputsOf } = await registeredBy("minio", { ...first, expansionPools: [own, {}] });
        const places = ["minio", "minio-pool-1", "minio-pool-2"].map((name) => {
            const pod = inputsOf("StatefulSet", name).spec.template.spec;
            return [pod.containers[0].resources.requests.cpu, pod.nodeSelector.disk, pod.tolerations];
        });
        assert.deepEqual(places, [
            ["1", "hdd", undefined],
            ["4", "nvme", tolerations],
            ["1", "hdd", undefined],
        ]);
    });

    it("mounts a certificate as MinIO looks for it, and makes one by cert-manager with every name", async () => {
        const own = await registeredBy("minio", { tls: { secretName: "certs" } });
        const pod = own.inputsOf("StatefulSet", "minio").spec.template.spec;
        assert.ok(pod.containers[0].args.includes("--certs-dir=/certs"));
        const [pair, authority] = pod.volumes[1].projected.sources.map(({ secret }: any) => secret);
        assert.deepEqual(
            pair.items.map(({ path }: any) => path),
            ["public.crt", "private.key"],
        );
        assert.deepEqual(
            [pair.name, authority.name, authority.items[0].path, authority.optional],
            ["certs", "certs", "CAs/ca.crt", true],
        );
        assert.equal(await known(own.cluster.endpoint), "https://minio.default.svc.cluster.local:9000");

        const issued = await registeredBy("minio", { tls: { issuer: { name: "ca", kind: "ClusterIssuer" } } });
        const { spec } = issued.inputsOf("Certificate", "minio-tls");
        assert.equal(spec.secretName, "minio-tls");
        assert.ok(spec.dnsNames.includes("*.minio-headless.default.svc.cluster.local"));
        assert.ok(spec.dnsNames.includes("minio.default.svc.cluster.local"));
    });

    it("makes routes of a Gateway, and monitoring", async () => {
        const { registered } = await registeredBy("minio", {
            httpRoute: { gatewayName: "public", apiHost: "s3.example.org", consoleHost: "console.example.org" },
            monitoring: {},
        });
        const names = registered.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`);
        for (const name of [
            "HTTPRoute minio-route",
            "HTTPRoute minio-console-route",
            "ServiceMonitor minio-cluster",
            "ServiceMonitor minio-node",
            "PrometheusRule minio",
            "ConfigMap minio-dashboard",
            "Secret minio-metrics-token",
        ]) {
            assert.ok(names.includes(name), `${name} is not among ${names.join(", ")}`);
        }
    });

    it("leads every host name to the Service's port, with the certificate that it has", async () => {
        const apiHosts = { apiHost: "s3.example.org", extraApiHosts: ["*.s3.example.org", "storage.example.org"] };
        const { inputsOf } = await registeredBy("minio", {
            ingress: {
                ...{ ...apiHosts, consoleHost: "console.example.org" },
                ...{ tlsSecretName: "s3-certs", consoleTlsSecretName: "console-certs" },
            },
            httpRoute: { ...apiHosts, gatewayName: "public", consoleHost: "console.example.org" },
            clientService: { port: 443 },
            environment: { MINIO_DOMAIN: "s3.example.org" },
        });
        const hosts = ["s3.example.org", "*.s3.example.org", "storage.example.org"];
        const seen = ["minio", "minio-console"].map((name) => {
            const { tls, rules } = inputsOf("Ingress", name).spec;
            return [tls, ...rules.map(({ host, http }: any) => [host, http.paths[0].backend.service.port.number])];
        });
        assert.deepEqual(seen, [
            [[{ hosts, secretName: "s3-certs" }], ...hosts.map((host) => [host, 443])],
            [[{ hosts: ["console.example.org"], secretName: "console-certs" }], ["console.example.org", 9001]],
        ]);
        const route = inputsOf("HTTPRoute", "minio-route").spec;
        assert.deepEqual([route.hostnames, route.rules[0].backendRefs[0].port], [hosts, 443]);
    });

    it("says to Kubernetes how many kinds of addresses are named, as it refuses two without a policy", async () => {
        for (const [ipFamilies, ipFamilyPolicy] of [
            [["IPv4", "IPv6"], "RequireDualStack"],
            [["IPv6"], "SingleStack"],
            [undefined, undefined],
        ] as [IpFamily[] | undefined, string | undefined][]) {
            const { inputsOf } = await registeredBy("minio", { ipFamilies });
            for (const name of ["minio", "minio-console", "minio-headless"]) {
                assert.equal(inputsOf("Service", name).spec.ipFamilyPolicy, ipFamilyPolicy);
            }
        }
    });

    it("gives the Services the ports, the addresses and the way in that are asked for", async () => {
        const { inputsOf, cluster } = await registeredBy("minio", {
            clientService: {
                ...{ type: "LoadBalancer", port: 443, nodePort: 30443, externalTrafficPolicy: "Local" },
                ...{ loadBalancerClass: "service.k8s.aws/nlb", loadBalancerIP: "192.0.2.10" },
                ...{ loadBalancerSourceRanges: ["10.0.0.0/8"], annotations: { "example.org/internal": "true" } },
            },
            consoleService: { type: "NodePort", port: 8443 },
            ipFamilies: ["IPv6", "IPv4"],
            ipFamilyPolicy: "RequireDualStack",
            appProtocol: true,
            tls: { secretName: "certs" },
            monitoring: {},
        });
        const families = { ipFamilies: ["IPv6", "IPv4"], ipFamilyPolicy: "RequireDualStack" };
        const of = { selector: { app: "minio" }, ...families };
        const port = (name: string, port: number) => ({ name, port, targetPort: name, appProtocol: "https" });
        assert.deepEqual(inputsOf("Service", "minio").spec, {
            ...{ ...of, type: "LoadBalancer", ports: [{ ...port("api", 443), nodePort: 30443 }] },
            ...{
                externalTrafficPolicy: "Local",
                loadBalancerClass: "service.k8s.aws/nlb",
                loadBalancerIP: "192.0.2.10",
                loadBalancerSourceRanges: ["10.0.0.0/8"],
            },
        });
        assert.deepEqual(inputsOf("Service", "minio").metadata.annotations, { "example.org/internal": "true" });
        assert.deepEqual(inputsOf("Service", "minio-console").spec, {
            ...{ ...of, type: "NodePort", ports: [port("console", 8443)] },
        });
        assert.deepEqual(inputsOf("Service", "minio-headless").spec, {
            ...{ ...of, clusterIP: "None", publishNotReadyAddresses: true, ports: [port("api", 9000)] },
        });
        assert.equal(await known(cluster.endpoint), "https://minio.default.svc.cluster.local:443");
        assert.equal(await known(cluster.consoleEndpoint), "https://minio-console.default.svc.cluster.local:8443");
        const { env, args } = inputsOf("StatefulSet", "minio").spec.template.spec.containers[0];
        const url = env.find(({ name }: any) => name === "CLUSTER_URL").value;
        assert.equal(url, "https://minio.default.svc.cluster.local:443");
        assert.ok(args.includes("--address=:9000"));
        const [{ replacement }] = inputsOf("ServiceMonitor", "minio-cluster").spec.endpoints[0].relabelings;
        assert.equal(replacement, "minio.default.svc.cluster.local:443");
    });

    it("makes a snapshot of each drive for a set, and a record beside them", async () => {
        const { registered, inputsOf } = await registeredBy("minio", {
            namespace: "a",
            expansionPools: [{}],
            snapshots: { className: "fast", sets: ["monday"] },
        });
        const snapshots = registered.filter(({ type }) => type.endsWith(":VolumeSnapshot"));
        assert.equal(snapshots.length, 8);
        const { metadata, spec } = inputsOf("VolumeSnapshot", "monday-data-minio-pool-1-3");
        assert.equal(metadata.labels["minio-cluster/snapshot-set"], "monday");
        assert.deepEqual(spec, {
            volumeSnapshotClassName: "fast",
            source: { persistentVolumeClaimName: "data-minio-pool-1-3" },
        });
        const record = JSON.parse(inputsOf("ConfigMap", "minio-snapshots-monday").data["set.json"]);
        assert.deepEqual(
            record.pools.map(({ replicas, drivesPerServer }: any) => [replicas, drivesPerServer]),
            [
                [4, 1],
                [4, 1],
            ],
        );
        assert.ok(!JSON.stringify(record).includes("s3cret"));
    });

    it("stops all servers of a cluster that hibernates, and keeps all that it has beside them", async () => {
        const args: MinioClusterArgs = { expansionPools: [{}], monitoring: {}, buckets: [{ name: "data" }] };
        const [awake, asleep] = [
            await registeredBy("minio", args),
            await registeredBy("minio", { ...args, hibernate: true }),
        ];
        const namesOf = ({ registered }: typeof awake) => registered.map(({ type, name }) => `${type} ${name}`).sort();
        assert.deepEqual(namesOf(asleep), namesOf(awake));
        for (const pool of ["minio", "minio-pool-1"]) {
            const { spec } = asleep.inputsOf("StatefulSet", pool);
            assert.equal(spec.replicas, 0);
            assert.equal(spec.persistentVolumeClaimRetentionPolicy.whenScaled, "Retain");
        }
        const [budget, before] = [asleep, awake].map(({ inputsOf }) => inputsOf("PodDisruptionBudget", "minio-pdb"));
        assert.deepEqual(budget.spec, before.spec);
        assert.deepEqual([await known(asleep.cluster.ready), await known(awake.cluster.ready)], [false, true]);
    });

    it("leaves the partition to Kubernetes in its own pace", async () => {
        const { inputsOf } = await registeredBy("minio", { rollout: { mode: "Native" }, partition: 2 });
        const { spec, metadata } = inputsOf("StatefulSet", "minio");
        assert.deepEqual(spec.updateStrategy, { type: "RollingUpdate", rollingUpdate: { partition: 2 } });
        assert.match(metadata.annotations["pulumi.com/waitFor"], /readyReplicas/);
    });

    it("tells each change of a StatefulSet by a digest, also one of annotations and labels only", async () => {
        const digestOf = async (args: MinioClusterArgs) => {
            const { metadata } = (await registeredBy("minio", args)).inputsOf("StatefulSet", "minio");
            const wanted = metadata.annotations["minio-cluster/wanted"];
            assert.ok(metadata.annotations["pulumi.com/waitFor"].includes(wanted));
            return wanted;
        };
        const changes = [{}, { partition: 2 }, { storageSize: "2Gi" }, { labels: { team: "a" } }, { replicas: 8 }];
        const digests: string[] = [];
        for (const change of changes) {
            digests.push(await digestOf(change));
        }
        assert.equal(new Set(digests).size, changes.length);
        assert.equal(await digestOf({}), digests[0]);
    });

    it("spreads the servers of a pool over nodes and zones, and never at the price of a node", async () => {
        const { inputsOf } = await registeredBy("minio", {});
        const constraints = inputsOf("StatefulSet", "minio").spec.template.spec.topologySpreadConstraints;
        assert.deepEqual(
            constraints.map(({ topologyKey }: any) => topologyKey),
            ["kubernetes.io/hostname", "topology.kubernetes.io/zone"],
        );
        for (const { whenUnsatisfiable, labelSelector } of constraints) {
            assert.equal(whenUnsatisfiable, "ScheduleAnyway");
            assert.deepEqual(labelSelector.matchLabels, { app: "minio", pool: "minio" });
        }
    });
});
