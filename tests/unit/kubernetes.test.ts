import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Kubernetes } from "../../components/kubernetes/client";
import { connect } from "../../components/kubernetes/connect";
import { KubernetesError, kubernetesError, untilAnswered } from "../../components/kubernetes/errors";
import { execute } from "../../components/kubernetes/execute";
import { requireRights, rolloutRights } from "../../components/kubernetes/rights";
import { rollOut } from "../../components/rollout/rollout";
import { lacksCurl, lacksServer } from "../../components/server/imageProblem";

type Answers = (request: IncomingMessage, response: ServerResponse) => void;

/** An API server that answers as a test wants, and the client that talks to it. */
class FakeApi {
    private server: Server | undefined;
    private port = 0;

    constructor(public answers: Answers) {}

    async start(): Promise<void> {
        this.server = createServer((request, response) => this.answers(request, response));
        await new Promise<void>((resolve) => this.server?.listen(this.port, "127.0.0.1", resolve));
        this.port = (this.server.address() as AddressInfo).port;
    }

    async stop(): Promise<void> {
        this.server?.closeAllConnections();
        await new Promise((resolve) => this.server?.close(resolve));
    }

    connect(): Promise<Kubernetes> {
        const kubeconfig = `
apiVersion: v1
kind: Config
current-context: fake
clusters: [{ name: fake, cluster: { server: "http://127.0.0.1:${this.port}", insecure-skip-tls-verify: true } }]
users: [{ name: fake, user: {} }]
contexts: [{ name: fake, context: { cluster: fake, user: fake } }]
`;
        return connect({ kubeconfig, by: "a test" });
    }
}

const json = (response: ServerResponse, status: number, body: object) => {
    response.writeHead(status, { "content-type": "application/json", "audit-id": "not-for-a-person" });
    response.end(JSON.stringify(body));
};
const noPods: Answers = (_, response) => json(response, 200, { kind: "PodList", apiVersion: "v1", items: [] });

describe("the connection to Kubernetes", () => {
    const api = new FakeApi(noPods);
    let kubernetes: Kubernetes;
    beforeEach(async () => {
        api.answers = noPods;
        await api.start();
        kubernetes = await api.connect();
    });
    afterEach(() => api.stop());

    it("says of a refusal which right is missing, and nothing of the answer's headers", async () => {
        const message = 'pods is forbidden: User "ci" cannot list resource "pods" in API group "" in the namespace "a"';
        api.answers = (_, response) => json(response, 403, { kind: "Status", message });
        await assert.rejects(kubernetes.pods("a", { app: "minio" }), (error: KubernetesError) => {
            assert.equal(error.message, `a right is missing: ${message} (all that are needed: docs/rbac.yaml)`);
            assert.equal(error.code, 403);
            assert.equal(error.isPassing, false);
            return true;
        });
        const quota =
            'persistentvolumeclaims "data-minio-0" is forbidden: exceeded quota: small, requested: 1, used: 4, limited: 4';
        api.answers = (_, response) => json(response, 403, { kind: "Status", message: quota });
        await assert.rejects(kubernetes.pods("a", {}), { message: quota, isPassing: false });
    });

    it("lists objects of one name by a field, as who may list needs no right to get", async () => {
        const asked: string[] = [];
        api.answers = ({ url = "" }, response) => {
            asked.push(decodeURIComponent(url));
            const resources = [{ name: "configmaps", kind: "ConfigMap", namespaced: true }];
            json(response, 200, url === "/api/v1" ? { groupVersion: "v1", resources } : { items: [{ metadata: {} }] });
        };
        const kind = { apiVersion: "v1", kind: "ConfigMap" };
        assert.equal((await kubernetes.list(kind, "a", {}, "one")).length, 1);
        assert.match(asked.at(-1) ?? "", /^\/api\/v1\/namespaces\/a\/configmaps\?.*fieldSelector=metadata.name=one/);
    });

    it("takes what a quota, a StorageClass or a webhook forbids for no missing right", async () => {
        for (const message of [
            'persistentvolumeclaims "data-minio-0" is forbidden: only dynamically provisioned pvc can be resized and the ' +
                "storageclass that provisions the pvc must support resize",
            'pods "minio-0" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
            'admission webhook "policy.example.org" denied the request: no',
        ]) {
            api.answers = (_, response) => json(response, 403, { kind: "Status", message });
            await assert.rejects(kubernetes.pods("a", {}), (error: KubernetesError) => {
                assert.equal(error.message, message);
                return error.code === 403;
            });
        }
    });

    it("changes of an object what it is told to, whatever else of the object is given", async () => {
        let sent = "";
        const known = { name: "persistentvolumeclaims", namespaced: true, kind: "PersistentVolumeClaim" };
        api.answers = (request, response) => {
            request.on("data", (chunk) => {
                sent += chunk;
            });
            const kinds = { kind: "APIResourceList", apiVersion: "v1", groupVersion: "v1", resources: [known] };
            request.on("end", () => json(response, 200, request.method === "GET" ? kinds : { kind: "Status" }));
        };
        const read = {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: {
                name: "data-minio-0",
                namespace: "a",
                uid: "5",
                resourceVersion: "7",
                annotations: { old: "yes" },
            },
            spec: { volumeName: "pv-1" },
        };
        await kubernetes.patch(read, { metadata: { annotations: { mark: "monday", old: null } } });
        assert.deepEqual(JSON.parse(sent), {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: { name: "data-minio-0", namespace: "a", uid: "5", annotations: { mark: "monday", old: null } },
        });
    });

    it("deletes a pod in the time that it is given, and no other of its name", async () => {
        let sent = "";
        api.answers = (request, response) => {
            request.on("data", (chunk) => {
                sent += chunk;
            });
            request.on("end", () => json(response, 200, { kind: "Status", apiVersion: "v1" }));
        };
        await kubernetes.deletePod("a", "minio-0", "7", 3);
        assert.deepEqual(JSON.parse(sent), { gracePeriodSeconds: 3, preconditions: { uid: "7" } });
    });

    it("evicts a pod and no other of its name, and tells a budget that refuses from an API that has too much to do", async () => {
        let sent = "";
        const evict = (status: number, body: object) => {
            sent = "";
            api.answers = (request, response) => {
                request.on("data", (chunk) => {
                    sent += chunk;
                });
                request.on("end", () => json(response, status, { kind: "Status", apiVersion: "v1", ...body }));
            };
            return kubernetes.evictPod("a", "minio-0", "7");
        };
        assert.equal(await evict(201, {}), "");
        assert.deepEqual(JSON.parse(sent), {
            apiVersion: "policy/v1",
            kind: "Eviction",
            metadata: { name: "minio-0", namespace: "a" },
            deleteOptions: { preconditions: { uid: "7" } },
        });
        assert.equal(await evict(404, {}), "");
        assert.equal(await evict(409, {}), "");
        const message = "Cannot evict pod as it would violate the pod's disruption budget.";
        const causes = [{ reason: "DisruptionBudget", message: "The budget minio-pdb needs 3 healthy pods and has 3" }];
        assert.equal(await evict(429, { message, details: { causes } }), causes[0].message);
        const two = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
        assert.equal(await evict(500, { message: two }), two);
        await assert.rejects(
            evict(429, { message: "too many requests" }),
            ({ isPassing }: KubernetesError) => isPassing,
        );
        const forbidden =
            'pods "minio-0" is forbidden: User "ci" cannot create resource "pods/eviction" in API group ""';
        await assert.rejects(evict(403, { message: forbidden }), /a right is missing/);
    });

    it("sends a request again that is refused as there are too many, and only that one", async () => {
        const asked: string[] = [];
        api.answers = ({ url = "" }, response) => {
            asked.push(url);
            // As client-go's own servers do: every second request is refused.
            if (asked.length % 2 === 1) {
                response.setHeader("retry-after", "0");
                return json(response, 429, { kind: "Status", message: "too many requests" });
            }
            noPods({ url } as IncomingMessage, response);
        };
        const looks = async () => {
            for (const namespace of ["a", "b", "c"]) {
                await kubernetes.pods(namespace, {});
            }
        };
        await untilAnswered(looks, 5, assert.fail);
        assert.deepEqual(
            asked.map((url) => /namespaces\/(.)/.exec(url)?.[1]),
            ["a", "a", "b", "b", "c", "c"],
        );
    });

    it("asks a server again where the API server has too much to do, and takes that for no answer of the server", async () => {
        let asked = 0;
        api.answers = (_, response) => {
            if (++asked === 1) {
                response.setHeader("retry-after", "0");
                return json(response, 429, { kind: "Status", message: "too many requests" });
            }
            response.end();
        };
        assert.equal((await kubernetes.ask("a", "minio-0", "http", "/minio/health/cluster"))?.status, 200);
        assert.equal(asked, 2);
    });

    it("knows an outage from an answer", async () => {
        for (const [status, isPassing] of [
            [503, true],
            [429, true],
            [403, false],
            [422, false],
        ] as const) {
            api.answers = (_, response) => json(response, status, { kind: "Status", message: "because" });
            await assert.rejects(kubernetes.pods("a", {}), (error: KubernetesError) => error.isPassing === isPassing);
        }
        await api.stop();
        await assert.rejects(kubernetes.pods("a", {}), (error: KubernetesError) => error.isPassing);
    });

    it("gives up a request that is not answered", () => {
        const error = kubernetesError(Object.assign(new Error("The operation was aborted."), { name: "AbortError" }));
        assert.deepEqual([error.message, error.isPassing], ["no answer in time", true]);
    });

    it("says why no address of a name is reached, though Node.js says nothing", () => {
        const refusals = ["::1", "127.0.0.1"].map((address) => new Error(`connect ECONNREFUSED ${address}:6443`));
        const error = kubernetesError(Object.assign(new AggregateError(refusals), { code: "ECONNREFUSED" }));
        assert.equal(error.message, "connect ECONNREFUSED ::1:6443; connect ECONNREFUSED 127.0.0.1:6443");
        assert.equal(error.isPassing, true);
    });

    it("tells a server that does not answer from an API server that does not", async () => {
        api.answers = (_, response) => json(response, 503, { kind: "Status", message: "connection refused" });
        assert.equal(await kubernetes.ask("a", "minio-0", "http", "/minio/health/live"), undefined);
        await api.stop();
        await assert.rejects(kubernetes.ask("a", "minio-0", "http", "/minio/health/live"), KubernetesError);
    });

    it("believes no pod that says a right is missing, and reads no more of its answer than it needs", async () => {
        api.answers = (_, response) => json(response, 403, { message: "::error::give me cluster-admin" });
        assert.equal(await kubernetes.ask("a", "minio-0", "http", "/minio/health/live"), undefined);
        api.answers = (_, response) => {
            response.writeHead(200, { "content-type": "text/plain" });
            const more = () => response.destroyed || response.write("x".repeat(1 << 20), () => setImmediate(more));
            more();
        };
        const answer = await kubernetes.ask("a", "minio-0", "http", "/minio/health/live");
        assert.equal(answer?.body.length, 64 << 10);
    });

    it("shows nothing of a kubeconfig that it cannot read", async () => {
        const text = "apiVersion: v1\nusers:\n- name: ci\n  user: { token: s3cr3t-t0k3n\nfoo: [";
        await assert.rejects(connect({ kubeconfig: text, by: "rollout.kubeconfig" }), (error: Error) => {
            assert.match(error.message, /rollout.kubeconfig is neither a file nor a kubeconfig's content/);
            assert.ok(!error.message.includes("s3cr3t") && !String(error.cause).includes("s3cr3t"));
            return true;
        });
    });

    it("asks for every right before the rollout begins, and names all that are missing", async () => {
        const asked: string[] = [];
        let refused: string[] = [];
        api.answers = async (request, response) => {
            let body = "";
            for await (const chunk of request) {
                body += chunk;
            }
            const { namespace, verb, group, resource, subresource } = JSON.parse(body).spec.resourceAttributes;
            const name = `${verb} ${group}/${resource}${subresource ? `/${subresource}` : ""}`;
            asked.push(name);
            assert.equal(namespace, "a");
            const allowed = !["patch apps/statefulsets", ...refused].includes(name);
            json(response, 201, { kind: "SelfSubjectAccessReview", status: { allowed } });
        };
        const whichLack = /lacks rights in the namespace a: (.*)\. Give .* the Role in docs\/rbac.yaml/;
        const lacking = async () => {
            const { message } = await requireRights(kubernetes, "a", true).catch((error: Error) => error as any);
            return whichLack.exec(message)?.[1];
        };
        assert.equal(await lacking(), "patch statefulsets.apps");
        // Events only tell more, and StatefulSets may be read one after another.
        const needed = rolloutRights(true).filter(
            ({ verb, resource }) => resource !== "events" && !(verb === "list" && resource === "statefulsets"),
        );
        const expected = needed.map(({ verb, group, resource }) => `${verb} ${group}/${resource}`);
        assert.deepEqual(asked.sort(), expected.sort());
        for (const oneWay of [["get /pods/proxy"], ["create /pods/portforward"]]) {
            refused = oneWay; // Roles made before there was a second way have only the first.
            assert.equal(await lacking(), "patch statefulsets.apps");
        }
        refused = ["get /pods/proxy", "create /pods/portforward"];
        assert.equal(
            await lacking(),
            "patch statefulsets.apps, get pods/proxy, or get pods/portforward and create pods/portforward",
        );
        await requireRights(kubernetes, "a", false);
        refused = ["create /pods/exec", "list /events"];
        await assert.rejects(
            requireRights(kubernetes, "a", false, true),
            /rollout\.freezeRequests lacks rights in the namespace a: create pods\/exec, list events\. Give .*\/rbac\.yaml and .*\/rbac-snapshots/,
        );
    });
});

describe("a command in a container", () => {
    /** A client whose command writes this, and ends so. */
    const exec = (output: string, errors: string, status: string) =>
        ({
            async exec(...args: any[]) {
                args[4].write(output);
                args[5].write(errors);
                setTimeout(() => args[8]({ status, message: "command terminated" }), 20);
                return { close() {} };
            },
        }) as never;

    it("shows nothing that acts on a terminal or begins a line for a CI system", async () => {
        const failed = execute(exec("", "\u001b[2Jno\n::add-path::/tmp\n", "Failure"), "a", "minio-0", "minio", ["sh"]);
        await assert.rejects(failed, { message: "sh in minio-0 (minio) failed: \\u{1b}[2Jno; ::add-path::/tmp" });
    });

    it("may write as much as is needed, and not more", async () => {
        assert.equal(await execute(exec("7\n", "", "Success"), "a", "minio-0", "minio", ["sh"]), "7\n");
        const flood = "x".repeat(100_000);
        await assert.rejects(
            execute(exec(flood, "", "Success"), "a", "minio-0", "minio", ["sh"]),
            /sh in minio-0 \(minio\) wrote more than 65536 bytes/,
        );
        const { message } = await execute(exec("", flood, "Failure"), "a", "minio-0", "minio", ["sh"]).catch((e) => e);
        assert.ok(message.length < 2_000);
    });
});

describe("work with a Kubernetes API that goes away", () => {
    it("is done again from its beginning when the API is back", async () => {
        const api = new FakeApi(noPods);
        await api.start();
        const kubernetes = await api.connect();
        const said: string[] = [];
        let began = 0;
        const work = async () => {
            began++;
            await kubernetes.pods("a", {});
            if (began === 1) {
                await api.stop(); // Between what is seen and what is done.
            }
            await kubernetes.pods("a", {});
            return "done";
        };
        const done = untilAnswered(work, 60, (text) => {
            said.push(text);
            if (said.length === 2) {
                void api.start();
            }
        });
        assert.equal(await done, "done");
        assert.ok(began >= 3, `began ${began} times`);
        assert.match(said[0], /the Kubernetes API does not answer, trying again: .*ECONNREFUSED/);
        await api.stop();
    });

    it("is given up when it stays away", async () => {
        const away = () => Promise.reject(new KubernetesError("connect ECONNREFUSED", true));
        await assert.rejects(
            untilAnswered(away, 0.3, () => {}),
            /has not answered for 0.3 s .*ECONNREFUSED/,
        );
    });

    it("is not tried again when the API refuses it, but for a moment after an outage", async () => {
        const forbidden = new KubernetesError("forbidden", false, 403);
        let tries = 0;
        const refused = untilAnswered(
            async () => {
                tries++;
                throw forbidden;
            },
            60,
            () => {},
        );
        await assert.rejects(refused, /forbidden/);
        assert.equal(tries, 1);

        const answers: (Error | string)[] = [new KubernetesError("connect ECONNREFUSED", true), forbidden, "done"];
        const work = async () => {
            const answer = answers.shift() as Error | string;
            if (answer instanceof Error) {
                throw answer;
            }
            return answer;
        };
        assert.equal(await untilAnswered(work, 60, () => {}), "done");
    });
});

describe("a rollout", () => {
    const pool = {
        name: "minio",
        selector: {},
        partition: 0,
        replicas: 1,
        erasureSets: 1,
        serversThatMayFail: 0,
        restartsAtOnce: 1,
        storageSize: "1Gi",
    };
    const admin = () => Promise.reject(new Error("not asked"));
    const wanted = { namespace: "a", scheme: "http", bootQuorum: 1, pools: [pool], admin };
    const options = { guided: true, timeoutSeconds: 60, say: () => {}, warn: () => {} };
    const statefulSet = async () => ({
        metadata: { name: "minio", generation: 1 },
        spec: { replicas: 1, updateStrategy: { rollingUpdate: { partition: 0 } } },
        status: { observedGeneration: 1, currentRevision: "new", updateRevision: "new" },
    });
    const healthy = {
        may: async () => true,
        claims: async () => [],
        controllerRevisions: async () => [],
        logTail: async () => "",
        logHead: async () => "",
        ask: async () => ({ status: 200, headers: {}, body: "" }),
        statefulSet,
    };

    it("goes on after an outage of the Kubernetes API, by what it sees then", async () => {
        const outage = new KubernetesError("connect ECONNREFUSED", true);
        const said: string[] = [];
        let looks = 0;
        const server = (revision: string, uid: string) => ({
            metadata: { name: "minio-0", uid, labels: { "controller-revision-hash": revision } },
            status: { podIP: "10.0.0.1", conditions: [{ type: "Ready", status: "True" }] },
        });
        const deleted: string[] = [];
        const kubernetes = {
            ...healthy,
            pods: async () => [looks++ < 1 ? server("old", "first") : server("new", "second")],
            async evictPod(_: string, __: string, uid: string) {
                deleted.push(uid);
                throw outage; // Somebody else has restarted the pod when the API is back.
            },
        } as unknown as Kubernetes;
        await rollOut(kubernetes, wanted, { ...options, say: (text) => said.push(text) });
        assert.deepEqual(deleted, ["first"], "the pod that is there now was deleted by what was seen before");
        assert.ok(said.some((text) => text.includes("does not answer, trying again: connect ECONNREFUSED")));
    });

    it("ends immediately where a server's image cannot start it, as no waiting helps", async () => {
        const reason = "CrashLoopBackOff";
        const kubernetes = {
            ...healthy,
            ask: async () => undefined,
            pods: async () => [
                {
                    metadata: { name: "minio-0", uid: "first", labels: { "controller-revision-hash": "new" } },
                    spec: { containers: [{ name: "minio", image: "example.org/tools:1" }] },
                    status: {
                        containerStatuses: [
                            {
                                name: "minio",
                                state: { waiting: { reason } },
                                lastState: { terminated: { exitCode: 127, message: `${lacksServer}\n` } },
                            },
                        ],
                    },
                },
            ],
        } as unknown as Kubernetes;
        await assert.rejects(rollOut(kubernetes, wanted, options), {
            message:
                "minio-0: the image 'example.org/tools:1' has neither the program minio nor silo: use an image of MinIO or of Silo",
        });
    });

    it("warns once it is done of an image without curl, by the log of the server that was updated first", async () => {
        const warnings: string[] = [];
        let looks = 0;
        const pod = (ready: string) => ({
            metadata: { name: "minio-0", uid: "first", labels: { "controller-revision-hash": "new" } },
            spec: { containers: [{ name: "minio", image: "example.org/minio:1" }] },
            status: { podIP: "10.0.0.1", conditions: [{ type: "Ready", status: ready }] },
        });
        const kubernetes = {
            ...healthy,
            logHead: async () => `${lacksCurl}\nMinIO Object Storage Server\n`,
            pods: async () => [pod(looks++ < 1 ? "False" : "True")],
        } as unknown as Kubernetes;
        const rollout = () => rollOut(kubernetes, wanted, { ...options, warn: (text) => warnings.push(text) });
        await rollout();
        assert.match(warnings.join(), /^the image 'example.org\/minio:1' has no curl: /);
        await rollout();
        assert.equal(warnings.length, 1, "it warns though nothing was changed");
    });
});
