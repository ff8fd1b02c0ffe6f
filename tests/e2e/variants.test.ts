import assert from "node:assert/strict";
import { Agent } from "node:https";
import { ListBucketsCommand, PutBucketPolicyCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { addresses } from "../../devcluster/cluster/addresses";
import { Authority, certificateNames } from "../support/authority";
import { isLong, itInLongForm } from "../support/longForm";
import { execute, kubectl, kubectlJson, Project } from "../support/project";
import { digest, get, makeBucket, put } from "../support/s3";
import { stepByStep } from "../support/stepByStep";
import { until } from "../support/until";

interface Cluster {
    namespace: string;
    endpoint: string;
    serviceName: string;
    rootUser: string;
    rootPassword: string;
    podDnsNames: string[];
    topology: { servers: number };
}

/** Clusters of all kinds, side by side: each test looks at what its kind is about. */
describe("clusters of many kinds, side by side", () => {
    stepByStep();
    const project = new Project("e2e-variants", "tests/e2e/programs/variants.ts");
    const elsewhere = `${project.namespace}-elsewhere`;
    const inNamespace = `--namespace=${project.namespace}`;
    const ownPassword = "correct-horse-battery-staple";
    const authority = new Authority("test authority");
    const { certificate, key } = authority.sign(
        ["ordered", "secure"].flatMap((name) => certificateNames(name, project.namespace)),
    );
    let clusters: Record<string, Cluster>;

    /** Address and port of its Service for clients. */
    const addressOf = async ({ serviceName, namespace }: Cluster) => {
        const { spec } = await kubectlJson("get", "service", serviceName, `--namespace=${namespace}`);
        return `${spec.clusterIP}:${spec.ports[0].port}`;
    };
    const s3Of = async (cluster: Cluster, https = false) =>
        new S3Client({
            endpoint: `${https ? "https" : "http"}://${await addressOf(cluster)}`,
            region: { manual: "eu-test-1", secure: "eu-test-2" }[cluster.serviceName] ?? "us-east-1",
            forcePathStyle: true,
            credentials: { accessKeyId: cluster.rootUser, secretAccessKey: cluster.rootPassword },
            requestHandler: new NodeHttpHandler({
                // By its name, as a client in the cluster would.
                httpsAgent: new Agent({ ca: authority.certificate, servername: new URL(cluster.endpoint).hostname }),
            }),
        });
    /** Makes a bucket and lists all. */
    const bucketsByService = async (name: string, cluster: Cluster) => {
        const s3 = await s3Of(cluster, name === "secure");
        await makeBucket(s3, `bucket-of-${name}`);
        const { Buckets } = await s3.send(new ListBucketsCommand({}));
        return Buckets?.map((bucket) => bucket.Name);
    };
    /** The same by a client in a server's pod. */
    const bucketsByPod = async ({ serviceName: name, namespace }: Cluster) => {
        const script =
            `export MC_HOST_s3="http://$MINIO_ROOT_USER:$MINIO_ROOT_PASSWORD@${name}:9000"; ` +
            `mc mb --quiet s3/bucket-of-${name} > /dev/null; mc ls --json s3`;
        const text = await kubectl("exec", `${name}-0`, `--namespace=${namespace}`, "--", "sh", "-c", script);
        return text
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line).key.replace("/", ""));
    };
    const podsOf = async (name: string) =>
        (await kubectlJson("get", "pods", inNamespace, `--selector=app=${name}`)).items as any[];
    const claimsOf = async (name: string) =>
        ((await kubectlJson("get", "pvc", inNamespace, `--selector=app=${name}`)).items as any[]).map(
            ({ metadata }) => metadata.name,
        );

    before(async () => {
        await project.init({ certificate, authority: authority.certificate });
        await project.setSecret("ownPassword", ownPassword);
        await project.setSecret("key", key);
    });
    after(async () => {
        authority.remove();
        await project.remove();
        await execute("kubectl", ["delete", "namespace", elsewhere, "--ignore-not-found", "--timeout=120s"]);
    });
    afterEach(async function () {
        if (this.currentTest?.state === "failed") {
            const { text } = await execute("kubectl", ["get", "pods,pvc", inNamespace, "--output=wide"]);
            process.stderr.write(`${text}\n`);
        }
    });

    it("all start, in a namespace that enforces restricted pods", async () => {
        const text = await project.succeed("up", "--yes", "--skip-preview");
        ({ clusters } = await project.outputs());
        for (const { rootPassword } of Object.values(clusters)) {
            assert.ok(!text.includes(rootPassword), "a password is in the output");
        }
        const { items } = await kubectlJson("get", "statefulsets", "--all-namespaces", "--selector=app");
        const ready = items.filter(({ metadata }: any) => [project.namespace, elsewhere].includes(metadata.namespace));
        assert.deepEqual(ready.map(({ metadata, status }: any) => [metadata.name, status.readyReplicas]).sort(), [
            ["manual", 4],
            ["namesake", 2],
            ["ordered", 4],
            ["own", 2],
            ["secure", 4],
        ]);
    });

    it("show no secret in a preview, and none in the state in plain text", async () => {
        const preview = await project.succeed("preview", "--diff", "--refresh");
        const state = await project.succeed("stack", "export");
        const secrets = [ownPassword, key, ...Object.values(clusters).map(({ rootPassword }) => rootPassword)];
        for (const secret of secrets.flatMap((value) => [value, Buffer.from(value).toString("base64")])) {
            assert.ok(!preview.includes(secret), "a secret is in the preview");
            assert.ok(!state.includes(secret), "a secret is in the state");
        }
    });

    it("do not see each other's objects, servers or budgets", async () => {
        for (const [name, cluster] of Object.entries(clusters)) {
            // The policy of one lets only pods of its namespace in; and no route leads from here to the other's addresses.
            const isOutside = !["own", "namesake"].includes(name);
            const buckets = await (isOutside ? bucketsByService(name, cluster) : bucketsByPod(cluster));
            assert.deepEqual(buckets, [`bucket-of-${name}`]);
            const slices = await kubectlJson(
                "get",
                "endpointslices",
                `--namespace=${cluster.namespace}`,
                `--selector=kubernetes.io/service-name=${name}`,
            );
            const pods = slices.items
                .flatMap(({ endpoints }: any) => endpoints ?? [])
                .map((e: any) => e.targetRef.name);
            assert.deepEqual(
                pods.sort(),
                Array.from({ length: cluster.topology.servers }, (_, ordinal) => `${name}-${ordinal}`),
            );
        }
        const { items } = await kubectlJson("get", "pdb", inNamespace);
        assert.deepEqual(
            items.map(({ metadata, status }: any) => [metadata.name, status.expectedPods, status.disruptionsAllowed]),
            [
                ["manual-pdb", 4, 1],
                ["ordered-pdb", 4, 1],
                ["secure-pdb", 4, 1],
            ],
            "a cluster of two servers has none, as it could only block",
        );
    });

    it("OrderedReady starts the servers one after another", async () => {
        const pods = await podsOf("ordered");
        const created = pods.map(({ metadata }) => Date.parse(metadata.creationTimestamp));
        const ready = pods.map(({ status }) =>
            Date.parse(status.conditions.find(({ type }: any) => type === "Ready").lastTransitionTime),
        );
        for (let ordinal = 1; ordinal < pods.length; ordinal++) {
            assert.ok(created[ordinal] >= ready[ordinal - 1] - 1000, `ordered-${ordinal} did not wait`);
        }
    });

    it("several drives lie on claims of their own, and all are used", async () => {
        assert.deepEqual(
            (await claimsOf("manual")).sort(),
            [0, 1].flatMap((drive) => [0, 1, 2, 3].map((ordinal) => `data${drive}-manual-${ordinal}`)),
        );
        const s3 = await s3Of(clusters.manual);
        const data = Buffer.alloc(1 << 20, 7);
        await put(s3, "bucket-of-manual", "spread", data);
        assert.equal(digest(await get(s3, "bucket-of-manual", "spread")), digest(data));
        for (const drive of ["/data0", "/data1"]) {
            await kubectl(
                "exec",
                "manual-0",
                inNamespace,
                "--container=minio",
                "--",
                "ls",
                `${drive}/bucket-of-manual/spread`,
            );
        }
    });

    itInLongForm("every server has its name, before and after its pod is made anew", async () => {
        const resolves = async () => {
            const addresses = new Map(
                (await podsOf("manual")).map(({ metadata, status }) => [metadata.name, status.podIP]),
            );
            for (const name of clusters.manual.podDnsNames) {
                const url = `http://${name}:9000/minio/health/live`;
                const curl = [
                    "curl",
                    "--silent",
                    "--fail",
                    "--output",
                    "/dev/null",
                    "--write-out",
                    "%{remote_ip}",
                    url,
                ];
                const address = await kubectl("exec", "manual-0", inNamespace, "--container=minio", "--", ...curl);
                assert.equal(address, addresses.get(name.split(".")[0]), name);
            }
        };
        await resolves();
        const [, , { metadata }] = await podsOf("manual");
        await kubectl("delete", "pod", "manual-2", inNamespace);
        await kubectl("wait", "--for=condition=Ready", "pod/manual-2", inNamespace, "--timeout=120s");
        assert.notEqual((await podsOf("manual"))[2].metadata.uid, metadata.uid);
        // The cluster's DNS keeps an address for 5 s.
        await new Promise((resolve) => setTimeout(resolve, 6000));
        await resolves();
    });

    itInLongForm("a pod that is made anew finds its claim again", async () => {
        const [{ spec }] = (await podsOf("manual")).slice(2);
        const claims = spec.volumes.flatMap(({ persistentVolumeClaim: claim }: any) => claim?.claimName ?? []);
        // Kubernetes adds the volumes of claims to a pod in any order.
        assert.deepEqual(claims.sort(), ["data0-manual-2", "data1-manual-2"]);
    });

    itInLongForm("OnDelete updates only the server whose pod is deleted", async () => {
        await project.succeed("config", "set", "touched", "yes");
        const text = await project.succeed("up", "--yes", "--skip-preview");
        assert.match(text, /manual/);
        const touched = async () => (await podsOf("manual")).map(({ metadata }) => metadata.annotations.touched);
        assert.deepEqual(await touched(), ["no", "no", "no", "no"]);
        await kubectl("delete", "pod", "manual-3", inNamespace);
        await kubectl("wait", "--for=condition=Ready", "pod/manual-3", inNamespace, "--timeout=120s");
        assert.deepEqual(await touched(), ["no", "no", "no", "yes"]);
    });

    it("labels and environment reach every pod", async () => {
        for (const { metadata, spec } of await podsOf("manual")) {
            assert.equal(metadata.labels.team, "storage");
            assert.ok(
                spec.containers[0].env.some(({ name, value }: any) => name === "MINIO_REGION" && value === "eu-test-1"),
            );
        }
    });

    it("an existing Secret gives the credentials", async () => {
        assert.equal(clusters.own.rootUser, "the-owner");
        assert.equal(clusters.own.rootPassword, ownPassword);
        assert.notEqual((await execute("kubectl", ["get", "secret", "own-secret", inNamespace])).code, 0);
    });

    it("TLS goes from client to server and between servers, with an authority of one's own", async () => {
        assert.match(clusters.secure.endpoint, /^https:/);
        const s3 = await s3Of(clusters.secure, true);
        const data = Buffer.from("over TLS");
        await put(s3, "bucket-of-secure", "object", data);
        assert.equal(digest(await get(s3, "bucket-of-secure", "object")), digest(data));
        const plain = `http://${await addressOf(clusters.secure)}/minio/health/live`;
        assert.notEqual((await fetch(plain).catch(() => ({ status: 0 }))).status, 200);
    });

    it("the Secret of an application has the authority, and the region that MinIO wants", async () => {
        const { data } = await kubectlJson("get", "secret", "secure-app", `--namespace=${elsewhere}`);
        const valueAt = (key: string) => Buffer.from(data[key], "base64").toString();
        assert.equal(valueAt("ca.crt"), authority.certificate);
        const { hostname } = new URL(valueAt("AWS_ENDPOINT_URL_S3"));
        const s3 = new S3Client({
            endpoint: `https://${await addressOf(clusters.secure)}`,
            region: valueAt("AWS_REGION"),
            forcePathStyle: true,
            credentials: {
                accessKeyId: valueAt("AWS_ACCESS_KEY_ID"),
                secretAccessKey: valueAt("AWS_SECRET_ACCESS_KEY"),
            },
            requestHandler: new NodeHttpHandler({
                httpsAgent: new Agent({ ca: valueAt("ca.crt"), servername: hostname }),
            }),
        });
        assert.equal(String(await get(s3, valueAt("BUCKET"), "object")), "over TLS");
        await assert.rejects(get(s3, "another-bucket", "object"), { name: "AccessDenied" });
    });

    it("a client reaches the cluster by a port of the node, and the servers see its address", async () => {
        const s3 = await s3Of(clusters.manual);
        const [node] = (await kubectlJson("get", "nodes", "n1")).status.addresses;
        const byNode = `http://${node.address}:30010/bucket-of-manual/seen`;
        const byService = `http://${await addressOf(clusters.manual)}/bucket-of-manual/seen`;
        await put(s3, "bucket-of-manual", "seen", Buffer.from("by this machine"));
        const statement = {
            ...{ Effect: "Allow", Principal: { AWS: ["*"] }, Action: ["s3:GetObject"] },
            Resource: ["arn:aws:s3:::bucket-of-manual/*"],
            Condition: { IpAddress: { "aws:SourceIp": [`${addresses.machine}/32`] } },
        };
        const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
        await s3.send(new PutBucketPolicyCommand({ Bucket: "bucket-of-manual", Policy }));
        let seen = "";
        // Each server learns of the policy.
        await until("the policy counts", async () => {
            const answer = await fetch(byNode);
            seen = await answer.text();
            return answer.ok;
        });
        assert.equal(seen, "by this machine");
        assert.equal((await fetch(byService)).status, 403, "Kubernetes hides the client's address there");
        const { spec } = await kubectlJson("get", "service", "manual", inNamespace);
        assert.deepEqual(
            [spec.externalTrafficPolicy, spec.ports[0].name, spec.ports[0].appProtocol],
            ["Local", "api", "http"],
        );
    });

    it("a bucket is found by its host name below MINIO_DOMAIN", async () => {
        const script =
            "curl --silent --noproxy '*' --aws-sigv4 aws:amz:eu-test-1:s3 --user \"$MINIO_ROOT_USER:$MINIO_ROOT_PASSWORD\" " +
            "--header 'Host: bucket-of-manual.s3.example.org' http://manual:9000/seen";
        assert.equal(await kubectl("exec", "manual-0", inNamespace, "--", "sh", "-c", script), "by this machine");
    });

    it("servers find each other, and clients find them, by IPv6 alone", async () => {
        for (const service of ["namesake", "namesake-console", "namesake-headless"]) {
            const { spec } = await kubectlJson("get", "service", service, `--namespace=${elsewhere}`);
            assert.deepEqual([spec.ipFamilies, spec.ipFamilyPolicy], [["IPv6"], "SingleStack"], service);
        }
        const curl = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code} %{remote_ip}"];
        const inside = ["namesake-0", `--namespace=${elsewhere}`, "--container=minio", "--", ...curl];
        // A server knows itself by its hosts file, which has both kinds.
        for (const host of [clusters.namesake.podDnsNames[1], "namesake"]) {
            const answer = await kubectl("exec", ...inside, `http://${host}:9000/minio/health/cluster`);
            assert.match(answer, /^200 fd00:/, host);
        }
    });

    it("Ingress, NetworkPolicy and Services are as asked for", async () => {
        const { items } = await kubectlJson("get", "ingress", inNamespace);
        assert.deepEqual(
            items.map(({ spec }: any) => [spec.rules[0].host, spec.rules[0].http.paths[0].backend.service]).sort(),
            [
                ["console.example.org", { name: "own-console", port: { number: 9001 } }],
                ["s3.example.org", { name: "own", port: { number: 9000 } }],
            ],
        );
        const policy = await kubectlJson("get", "networkpolicy", "own", inNamespace);
        assert.deepEqual(policy.spec.podSelector.matchLabels, { app: "own" });
        assert.deepEqual(
            policy.spec.ingress.map(({ from }: any) => from[0].podSelector),
            [{ matchLabels: { app: "own" } }, {}],
        );
        assert.equal((await kubectlJson("get", "service", "own-console", inNamespace)).spec.type, "NodePort");
    });

    it("the budget lets one server be evicted, and refuses the one that would lose the write quorum", async () => {
        assert.equal((await evict("secure-0")).code, 0);
        const second = await evict("secure-1");
        assert.notEqual(second.code, 0);
        assert.match(second.text, /Cannot evict pod as it would violate the pod's disruption budget/);
        await kubectl("wait", "--for=condition=Ready", "pod/secure-0", inNamespace, "--timeout=120s");
    });

    itInLongForm("claims are kept or deleted as asked for, when a StatefulSet is scaled or deleted", async () => {
        const all = { ordered: 4, own: 2, secure: 4 };
        for (const [name, servers] of Object.entries(all)) {
            await kubectl("scale", "statefulset", name, inNamespace, `--replicas=${servers - 1}`);
        }
        // Deleting a claim waits for the pod that uses it, which drains first.
        await untilClaims({ ordered: 3, own: 2, secure: 3, manual: 8 });
        await project.succeed("destroy", "--yes", "--skip-preview", ...(await targets()));
        await untilClaims({ ordered: 0, own: 0, secure: 3, manual: 8 });
    });

    /** Everything but the namespaces, with which all claims would go. */
    async function targets(): Promise<string[]> {
        const { deployment } = JSON.parse(await project.succeed("stack", "export"));
        return deployment.resources
            .filter(({ type }: any) => type === "minio-cluster:index:MinioCluster")
            .flatMap(({ urn }: any) => ["--target", urn])
            .concat("--target-dependents");
    }

    async function untilClaims(expected: Record<string, number>): Promise<void> {
        const deadline = Date.now() + 90_000;
        for (;;) {
            const found: Record<string, number> = {};
            for (const name of Object.keys(expected)) {
                found[name] = (await claimsOf(name)).length;
            }
            if (Date.now() > deadline || JSON.stringify(found) === JSON.stringify(expected)) {
                return assert.deepEqual(found, expected);
            }
            await new Promise((resolve) => setTimeout(resolve, 500));
        }
    }

    async function evict(pod: string) {
        const body = JSON.stringify({
            apiVersion: "policy/v1",
            kind: "Eviction",
            metadata: { name: pod, namespace: project.namespace },
        });
        const path = `/api/v1/namespaces/${project.namespace}/pods/${pod}/eviction`;
        return execute("bash", ["-c", 'kubectl create --raw "$1" --filename=- <<< "$2"', "evict", path, body]);
    }
});

describe("kinds that the cluster does not know", () => {
    const project = new Project("e2e-kinds");

    before(() => project.init());
    after(() => project.remove());

    const kinds: [Record<string, unknown>, RegExp][] = [
        [
            { tls: { issuer: { name: "ca" } } },
            /tls.issuer: the cluster does not know Certificate .*install cert-manager/,
        ],
        [
            { httpRoute: { gatewayName: "public", apiHost: "s3.example.org" } },
            /httpRoute: the cluster does not know HTTPRoute .*install the Gateway API first, or use ingress/,
        ],
    ];
    for (const [change, expected] of isLong ? kinds : kinds.slice(0, 1)) {
        it(`are named by the preview for ${JSON.stringify(change)}`, async () => {
            await project.configure(change);
            const { code, text } = await project.execute("preview");
            await project.configure(Object.fromEntries(Object.keys(change).map((key) => [key, undefined])));
            assert.notEqual(code, 0);
            assert.match(text, expected);
        });
    }
});
