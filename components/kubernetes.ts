import * as http from "node:http";
import * as https from "node:https";
import { PassThrough } from "node:stream";
import { connect as connectTls } from "node:tls";
import type {
    Configuration,
    CoreV1Event,
    Exec,
    V1ControllerRevision,
    V1PersistentVolumeClaim,
    V1Pod,
    V1StatefulSet,
    V1Status,
} from "@kubernetes/client-node";
import { askerOf, type Way } from "./askServer";
import { apiPort } from "./endpoints";
import { type ClusterTarget, describeCluster, loadKubeconfig } from "./kubeconfig";
import { type KubernetesError, kubernetesError, messageOf, unlessThrottled } from "./kubernetesErrors";
import { forward } from "./portForward";
import { printable } from "./printable";
import type { Right } from "./rights";

/** Under this name Kubernetes keeps which fields the guided rollout set, such as the partition. */
const fieldManager = "minio-cluster";

/** An answer by HTTP. */
export interface Answer {
    status: number;
    headers: http.IncomingHttpHeaders;
    body: string;
}

/** A request to a pod's server. */
export interface PodRequest {
    method: string;
    /** With its query. */
    path: string;
    headers: Record<string, string>;
}

export interface AskOptions {
    headers?: Record<string, string>;
    /** Longest time to wait for the answer. Default: 3 s. */
    milliseconds?: number;
    /** Told what each way to the server said, when nothing answers. */
    silent?: (said: string) => void;
}

/** Which kind of object. */
export interface KindReference {
    apiVersion: string;
    kind: string;
}

/** Which object. */
export interface ObjectReference extends KindReference {
    metadata: { name: string; namespace?: string };
}

/** An object of any kind, as far as it is known here. */
export interface AnyObject extends ObjectReference {
    metadata: ObjectReference["metadata"] & {
        uid?: string;
        labels?: Record<string, string>;
        annotations?: Record<string, string>;
        deletionTimestamp?: Date;
    };
}

/**
 * What the component does with the Kubernetes API itself, beside what Pulumi's provider does. Each fails with a `KubernetesError`.
 * A method that is added here needs its right in `rights.ts`.
 */
export interface Kubernetes {
    /** Which cluster it is, for messages. */
    readonly where: string;
    statefulSet(namespace: string, name: string): Promise<V1StatefulSet | undefined>;
    pods(namespace: string, labels: Record<string, string>): Promise<V1Pod[]>;
    controllerRevisions(namespace: string, labels: Record<string, string>): Promise<V1ControllerRevision[]>;
    claims(namespace: string, labels: Record<string, string>): Promise<V1PersistentVolumeClaim[]>;
    /** The events of a namespace that warn of something; Kubernetes keeps them for an hour as a rule. */
    warnings(namespace: string): Promise<CoreV1Event[]>;
    setPartition(namespace: string, statefulSet: string, partition: number): Promise<void>;
    /** Deletes a pod if it still is the one with this uid. */
    deletePod(namespace: string, name: string, uid: string, gracePeriodSeconds?: number): Promise<void>;
    /**
     * Evicts a pod if it still is the one with this uid: as `deletePod`, and as far as the disruption budgets allow.
     *
     * @returns why a budget does not allow it; nothing when the pod ends
     */
    evictPod(namespace: string, name: string, uid: string): Promise<string>;
    /** Sets how many servers a StatefulSet has. */
    setReplicas(namespace: string, statefulSet: string, replicas: number): Promise<void>;
    /** Makes a StatefulSet restart nothing by itself, whatever is changed: only pods that are deleted come back. */
    setOnDelete(namespace: string, statefulSet: string): Promise<void>;
    /** @param tries only asks whether it may */
    growClaim(namespace: string, name: string, storage: string, tries?: boolean): Promise<void>;
    /** Asks a pod's server, by a way that reaches it: see askServer.ts. Undefined when nothing answers. */
    ask(
        namespace: string,
        pod: string,
        scheme: string,
        path: string,
        options?: AskOptions,
    ): Promise<Answer | undefined>;
    /**
     * Sends a request to a pod's server through a port-forward. The API server's proxy would not pass its Authorization header on.
     *
     * @throws Error when nothing answers
     */
    send(namespace: string, pod: string, scheme: string, request: PodRequest): Promise<Answer>;
    /**
     * Runs a command in a container to its end, and returns what it wrote to standard output.
     *
     * @throws Error with what it wrote to standard error when it fails
     */
    execute(namespace: string, pod: string, container: string, command: string[]): Promise<string>;
    /** An object of any kind; undefined when it is not there. */
    read<T extends AnyObject>(reference: ObjectReference): Promise<T | undefined>;
    /** Objects of any kind: of a namespace or of all, and with certain labels or any. */
    list<T extends AnyObject>(kind: KindReference, namespace?: string, labels?: Record<string, string>): Promise<T[]>;
    /** Makes an object unless there is one of its name. */
    create(object: AnyObject): Promise<void>;
    /** Sets fields of an object as a merge patch does: `null` removes one. */
    patch(reference: ObjectReference, fields: object): Promise<void>;
    /** Deletes an object, if it still is the one with the uid where that is given, and does not wait until it is gone. */
    remove(reference: ObjectReference & { metadata: { uid?: string } }): Promise<void>;
    /** The last lines of a container's log; nothing when there is none. */
    logTail(namespace: string, pod: string, container: string, lines: number): Promise<string>;
    /** Whether the user of the kubeconfig has a right, without a namespace in the whole cluster; true where the API does not tell. */
    may(namespace: string | undefined, right: Right): Promise<boolean>;
    /** Whether the cluster knows a kind, such as `monitoring.coreos.com/v1` `ServiceMonitor`. */
    knows(groupVersion: string, kind: string): Promise<boolean>;
}

/** How long one request may take. A cluster that does not answer must not hold up a rollout for ever. */
const requestMilliseconds = 15_000;
const askMilliseconds = 3_000;

/** What a pod says may be as long as it likes; so many bytes of it are read. */
const largestAnswer = 64 << 10;
const largestLog = 16 << 10;
/** An answer that is parsed, such as one about all servers, may not be cut; a longer one is an error. */
const largestWhole = 1 << 20;

/**
 * A connection to the Kubernetes API. The client is loaded only here: it takes a quarter of a second.
 *
 * @throws Error when there is no kubeconfig, no such context or cluster, or a text that is none; the text is not shown
 */
export async function connect(target: ClusterTarget): Promise<Kubernetes> {
    const client = await import("@kubernetes/client-node");
    const config = await loadKubeconfig(target);
    const server = config.getCurrentCluster()?.server as string;
    const configuration = client.createConfiguration({
        baseServer: new client.ServerConfiguration(server, {}),
        authMethods: { default: config },
        promiseMiddleware: [
            {
                // Without it, a request to a server that is gone without a word would never end.
                pre: async (context) => {
                    context.setSignal(AbortSignal.timeout(requestMilliseconds));
                    return context;
                },
                post: async (context) => context,
            },
        ],
    });
    const api = <T extends object>(type: new (configuration: Configuration) => T) => clear(new type(configuration));
    const apps = api(client.AppsV1Api);
    const core = api(client.CoreV1Api);
    const authorization = api(client.AuthorizationV1Api);
    const mergePatch = client.setHeaderOptions("Content-Type", client.PatchStrategy.MergePatch);
    const selector = (labels: Record<string, string>) =>
        Object.entries(labels)
            .map(([key, value]) => `${key}=${value}`)
            .join(",");
    const objects = clear(client.KubernetesObjectApi.makeApiClient(config));
    const get = async (
        path: string,
        signal: AbortSignal,
        { headers = {}, largest }: { headers?: Record<string, string>; largest?: number } = {},
    ): Promise<Answer> => {
        const options: https.RequestOptions = { signal };
        await config.applyToHTTPSOptions(options);
        const withHeaders = { ...options, headers: { ...options.headers, ...headers } };
        return request(new URL(`${server}${path}`), withHeaders, largest);
    };
    const throughApiServer: Way = {
        name: "through the API server (pods/proxy)",
        async ask({ namespace, pod, scheme, path, headers }, signal) {
            const target = `/api/v1/namespaces/${namespace}/pods/${scheme}:${pod}:${apiPort}/proxy${path}`;
            const isOwn = ({ headers }: Answer) => headers["content-type"]?.includes("json");
            const asked = async () => {
                const answer = await get(target, signal, { headers, largest: largestAnswer });
                if (answer.status === 429 && isOwn(answer)) {
                    throw Object.assign(new Error(), answer, { code: 429 });
                }
                return answer;
            };
            const answer = await unlessThrottled(asked).catch((error: KubernetesError) => {
                throw signal.aborted ? signal.reason : error.code === 429 ? new Error(error.message) : error;
            });
            // Where the server is not reached, the API server answers itself, with a Status in JSON. A pod could answer so too,
            // so nothing follows from what it says; whether the right is there was asked before: see rights.ts.
            if (isOwn(answer)) {
                throw new Error(messageOf(answer.body));
            }
            return answer;
        },
    };
    const throughKubelet: Way = {
        name: "through its kubelet (pods/portforward)",
        ask: ({ namespace, pod, scheme, path, headers }, signal) =>
            forwarded(namespace, pod, scheme, { method: "GET", path, headers }, signal, largestAnswer),
    };
    const forwarded = async (
        namespace: string,
        pod: string,
        scheme: string,
        { method, path, headers }: PodRequest,
        signal: AbortSignal,
        largest?: number,
    ): Promise<Answer> => {
        const connection = await forward(new client.PortForward(config), namespace, pod, apiPort, signal);
        const { stream, failure, close } = connection;
        // The certificate is for other names. Nobody but the API server and the pod's own kubelet is in between.
        const createConnection = () =>
            scheme === "https" ? connectTls({ socket: stream, rejectUnauthorized: false }) : stream;
        const options = { method, headers, signal, createConnection } as http.RequestOptions;
        const answer = request(new URL(`http://${pod}${path}`), options, largest);
        return Promise.race([answer, failure]).finally(close);
    };
    const ask = askerOf([throughApiServer, throughKubelet]);
    return {
        where: describeCluster(config, target),
        statefulSet: (namespace, name) => orUndefined(apps.readNamespacedStatefulSet({ namespace, name })),
        pods: async (namespace, labels) =>
            (await core.listNamespacedPod({ namespace, labelSelector: selector(labels) })).items,
        controllerRevisions: async (namespace, labels) =>
            (await apps.listNamespacedControllerRevision({ namespace, labelSelector: selector(labels) })).items,
        claims: async (namespace, labels) =>
            (await core.listNamespacedPersistentVolumeClaim({ namespace, labelSelector: selector(labels) })).items,
        warnings: async (namespace) =>
            (await core.listNamespacedEvent({ namespace, fieldSelector: "type=Warning" })).items,
        async setPartition(namespace, name, partition) {
            const body = { spec: { updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition } } } };
            await apps.patchNamespacedStatefulSet({ namespace, name, body, fieldManager }, mergePatch);
        },
        async deletePod(namespace, name, uid, gracePeriodSeconds) {
            // With a body, the API reads none of the options from the query.
            const body = { gracePeriodSeconds, preconditions: { uid } };
            await orUndefined(core.deleteNamespacedPod({ namespace, name, body }), [404, 409]);
        },
        async evictPod(namespace, name, uid) {
            const kind = { apiVersion: "policy/v1", kind: "Eviction" };
            const body = { ...kind, metadata: { name, namespace }, deleteOptions: { preconditions: { uid } } };
            try {
                await orUndefined(core.createNamespacedPodEviction({ namespace, name, body }), [404, 409]);
                return "";
            } catch (thrown) {
                const { budgetRefusal } = kubernetesError(thrown);
                if (budgetRefusal === undefined) {
                    throw thrown;
                }
                return budgetRefusal;
            }
        },
        async setReplicas(namespace, name, replicas) {
            const body = { spec: { replicas } };
            await apps.patchNamespacedStatefulSet({ namespace, name, body, fieldManager }, mergePatch);
        },
        async setOnDelete(namespace, name) {
            // A StatefulSet that was of another strategy has a partition, which Kubernetes allows only there.
            const body = { spec: { updateStrategy: { type: "OnDelete", rollingUpdate: null } } };
            await apps.patchNamespacedStatefulSet({ namespace, name, body, fieldManager }, mergePatch);
        },
        async growClaim(namespace, name, storage, tries = false) {
            const body = { spec: { resources: { requests: { storage } } } };
            const dryRun = tries ? "All" : undefined;
            await core.patchNamespacedPersistentVolumeClaim(
                { namespace, name, body, fieldManager, dryRun },
                mergePatch,
            );
        },
        ask: (namespace, pod, scheme, path, { headers = {}, milliseconds = askMilliseconds, silent } = {}) =>
            ask({ namespace, pod, scheme, path, headers }, { milliseconds, silent }),
        async send(namespace, pod, scheme, sent) {
            const signal = AbortSignal.timeout(requestMilliseconds);
            const answer = await forwarded(namespace, pod, scheme, sent, signal, largestWhole).catch((error: Error) => {
                throw new Error(`${pod} does not answer through a port-forward: ${error.message}`);
            });
            if (answer.body.length >= largestWhole) {
                throw new Error(`${pod} answers with more than ${largestWhole} bytes`);
            }
            return answer;
        },
        execute: (namespace, pod, container, command) =>
            execute(new client.Exec(config), namespace, pod, container, command),
        read: <T extends AnyObject>(reference: ObjectReference) =>
            orUndefined(objects.read(reference) as unknown as Promise<T>),
        async list<T extends AnyObject>({ apiVersion, kind }: KindReference, namespace?: string, labels = {}) {
            const found: T[] = [];
            let next: string | undefined;
            do {
                const page = await objects.list(
                    apiVersion,
                    kind,
                    namespace,
                    undefined,
                    undefined,
                    undefined,
                    undefined,
                    selector(labels) || undefined,
                    500,
                    next,
                );
                found.push(...(page.items as unknown as T[]));
                next = page.metadata?._continue;
            } while (next);
            return found;
        },
        async create(object) {
            await orUndefined(objects.create(object, undefined, undefined, fieldManager), [409]);
        },
        async patch(reference, fields) {
            const { metadata, ...others } = fields as { metadata?: object };
            const body = { ...reference, ...others, metadata: { ...metadata, ...reference.metadata } };
            await objects.patch(body, undefined, undefined, fieldManager, undefined, client.PatchStrategy.MergePatch);
        },
        async remove(reference) {
            const { uid } = reference.metadata;
            const body = uid === undefined ? undefined : { preconditions: { uid } };
            const none = undefined;
            await orUndefined(objects.delete(reference, none, none, none, none, none, body), [404, 409]);
        },
        async logTail(namespace, name, container, tailLines) {
            const read = (previous: boolean) =>
                core
                    .readNamespacedPodLog({ namespace, name, container, tailLines, previous, limitBytes: largestLog })
                    .catch(() => "");
            return (await read(false)) || (await read(true));
        },
        async may(namespace, { verb, group, resource: full }) {
            const [resource, subresource] = full.split("/");
            const spec = { resourceAttributes: { namespace, verb, group, resource, subresource } };
            const review = authorization.createSelfSubjectAccessReview({
                body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec },
            });
            return (await orUndefined(review, [403, 404]))?.status?.allowed ?? true;
        },
        async knows(groupVersion, kind) {
            const { status, body } = await unlessThrottled(async () => {
                const answer = await get(`/apis/${groupVersion}`, AbortSignal.timeout(requestMilliseconds));
                if (![200, 404].includes(answer.status)) {
                    throw Object.assign(new Error(), answer, { code: answer.status });
                }
                return answer;
            });
            if (status === 404) {
                return false;
            }
            const { resources }: { resources?: { kind: string }[] } = JSON.parse(body);
            return resources?.some((resource) => resource.kind === kind) ?? false;
        },
    };
}

/** How long a command in a container may take. */
const executeMilliseconds = 30_000;

/** Characters of what a command wrote, in an error. */
const longestReason = 1_000;

export async function execute(
    exec: Exec,
    namespace: string,
    pod: string,
    container: string,
    command: string[],
): Promise<string> {
    const [output, errors] = [new PassThrough(), new PassThrough()];
    const where = `${command[0]} in ${pod} (${container})`;
    let timer: NodeJS.Timeout | undefined;
    let running: { close(): void } | undefined;
    const written = { output: "", errors: "" };
    const status = await new Promise<V1Status>((resolve, reject) => {
        output.on("data", (chunk) => {
            written.output += chunk;
            if (written.output.length > largestAnswer) {
                reject(new Error(`${where} wrote more than ${largestAnswer} bytes`));
            }
        });
        errors.on("data", (chunk) => {
            written.errors = `${written.errors}${chunk}`.slice(0, largestAnswer);
        });
        const late = () => reject(new Error(`${where} did not end in ${executeMilliseconds / 1000} s`));
        timer = setTimeout(late, executeMilliseconds);
        exec.exec(namespace, pod, container, command, output, errors, null, false, resolve)
            .then((socket) => {
                running = socket;
                socket.onclose = () => reject(new Error(`${where}: the connection was closed`));
            })
            .catch(({ message }) => reject(new Error(`${where} cannot be run: ${message}`)));
    }).finally(() => {
        clearTimeout(timer);
        running?.close();
    });
    if (status.status !== "Success") {
        throw new Error(`${where} failed: ${lineOf(written.errors) || status.message}`);
    }
    return written.output;
}

/** What a pod wrote, as one line that acts on nothing. */
function lineOf(text: string): string {
    return printable(text.trim().split("\n").join("; ").slice(0, longestReason));
}

/** An API client whose methods are patient with too many requests, and fail with errors for a person. */
function clear<T extends object>(api: T): T {
    return new Proxy(api, {
        get(target, name) {
            const method = Reflect.get(target, name);
            return typeof method !== "function"
                ? method
                : (...args: unknown[]) => unlessThrottled(async () => method.apply(target, args));
        },
    });
}

/** @param largest bytes of the body that are read at most */
function request(url: URL, options: https.RequestOptions, largest = Number.POSITIVE_INFINITY): Promise<Answer> {
    return new Promise((resolve, reject) => {
        const client = url.protocol === "http:" ? http : https;
        const sent = client.request(url, options, (response) => {
            const chunks: Buffer[] = [];
            let length = 0;
            const end = () => {
                const body = Buffer.concat(chunks).subarray(0, largest).toString();
                resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
            };
            response.on("data", (chunk: Buffer) => {
                chunks.push(chunk);
                length += chunk.length;
                if (length > largest) {
                    end();
                    sent.destroy();
                }
            });
            response.on("error", reject);
            response.on("end", end);
        });
        sent.on("error", reject);
        sent.end();
    });
}

/** The answer, or undefined where the object is not there (or is another one by now). */
async function orUndefined<T>(answer: Promise<T>, codes = [404]): Promise<T | undefined> {
    try {
        return await answer;
    } catch (error) {
        if (codes.includes((error as { code?: number }).code ?? 0)) {
            return undefined;
        }
        throw error;
    }
}
