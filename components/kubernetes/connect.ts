import type * as http from "node:http";
import type * as https from "node:https";
import type { Configuration } from "@kubernetes/client-node";
import { apiPort } from "../minio/ports";
import { askerOf, type Way } from "./askServer";
import type { Answer, AnyObject, KindReference, Kubernetes, ObjectReference, PodRequest } from "./client";
import { type KubernetesError, kubernetesError, statusMessage, unlessThrottled } from "./errors";
import { execute } from "./execute";
import { largestAnswer, request } from "./http";
import { againIfCut, keepingConnections } from "./keptConnections";
import { keptForward } from "./keptForward";
import { type ClusterTarget, describeCluster, loadKubeconfig } from "./kubeconfig";
import { forward, speaking } from "./portForward";

/** Under this name Kubernetes keeps which fields the guided rollout set, such as the partition. */
const fieldManager = "minio-cluster";

/** How long one request may take. A cluster that does not answer must not hold up a rollout for ever. */
const requestMilliseconds = 15_000;
const askMilliseconds = 3_000;
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
    const keeping = keepingConnections(config);
    const server = config.getCurrentCluster()?.server as string;
    const configuration = client.createConfiguration({
        baseServer: new client.ServerConfiguration(server, {}),
        authMethods: { default: keeping },
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
    const objects = clear(client.KubernetesObjectApi.makeApiClient(keeping));
    const get = async (
        path: string,
        signal: AbortSignal,
        { headers = {}, largest }: { headers?: Record<string, string>; largest?: number } = {},
    ): Promise<Answer> => {
        const options: https.RequestOptions = { signal };
        await keeping.applyToHTTPSOptions(options);
        const withHeaders = { ...options, headers: { ...options.headers, ...headers } };
        return againIfCut(() => request(new URL(`${server}${path}`), withHeaders, largest));
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
            // Where the server is not reached, the API server answers itself, with a Status in JSON. A pod could answer
            // so too, so nothing follows from what it says; whether the right is there was asked before: see rights.ts.
            if (isOwn(answer)) {
                throw new Error(statusMessage(answer.body));
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
        { method, path, headers, body }: PodRequest,
        signal: AbortSignal,
        largest?: number,
    ): Promise<Answer> => {
        const connection = await forward(new client.PortForward(config), namespace, pod, apiPort, signal);
        const { stream, failure, close } = connection;
        const createConnection = () => speaking(scheme, stream);
        const options = { method, headers, signal, createConnection } as http.RequestOptions;
        const answer = request(new URL(`http://${pod}${path}`), options, largest, body);
        return Promise.race([answer, failure]).finally(close);
    };
    const ask = askerOf([throughApiServer, throughKubelet]);
    return {
        where: describeCluster(config, target),
        statefulSet: (namespace, name) => orUndefined(apps.readNamespacedStatefulSet({ namespace, name })),
        statefulSets: async (namespace, labels) =>
            (await apps.listNamespacedStatefulSet({ namespace, labelSelector: selector(labels) })).items,
        pods: async (namespace, labels) =>
            (await core.listNamespacedPod({ namespace, labelSelector: selector(labels) })).items,
        controllerRevisions: async (namespace, labels) =>
            (await apps.listNamespacedControllerRevision({ namespace, labelSelector: selector(labels) })).items,
        claims: async (namespace, labels) =>
            (await core.listNamespacedPersistentVolumeClaim({ namespace, labelSelector: selector(labels) })).items,
        events: async (namespace, fields) =>
            (await core.listNamespacedEvent({ namespace, fieldSelector: selector(fields) })).items,
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
            if ((answer.bytes?.length ?? 0) >= largestWhole) {
                throw new Error(`${pod} answers with more than ${largestWhole} bytes`);
            }
            return answer;
        },
        keepForward: (namespace, pod, scheme) =>
            keptForward(pod, scheme, (signal) =>
                forward(new client.PortForward(config), namespace, pod, apiPort, signal),
            ),
        execute: (namespace, pod, container, command) =>
            execute(new client.Exec(config), namespace, pod, container, command),
        read: <T extends AnyObject>(reference: ObjectReference) =>
            orUndefined(objects.read(reference) as unknown as Promise<T>),
        async list<T extends AnyObject>(
            { apiVersion, kind }: KindReference,
            namespace?: string,
            labels = {},
            name?: string,
        ) {
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
                    name && `metadata.name=${name}`,
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
        async patch({ apiVersion, kind, metadata: { name, namespace, uid } }, fields) {
            // Nothing else of an object that was read: its annotations would hide those that it is to get. With its
            // uid, no other object of the name is changed.
            const { metadata, ...others } = fields as { metadata?: object };
            const body = { apiVersion, kind, ...others, metadata: { ...metadata, name, namespace, uid } };
            await objects.patch(body, undefined, undefined, fieldManager, undefined, client.PatchStrategy.MergePatch);
        },
        async remove(reference) {
            const { uid } = reference.metadata;
            const body = uid === undefined ? undefined : { preconditions: { uid } };
            const none = undefined;
            await orUndefined(objects.delete(reference, none, none, none, none, none, body), [404, 409]);
        },
        async logTail(namespace, name, container, tailLines, onlyNow = false) {
            const read = (previous: boolean) =>
                core
                    .readNamespacedPodLog({ namespace, name, container, tailLines, previous, limitBytes: largestLog })
                    .catch(() => "");
            return (await read(false)) || (onlyNow ? "" : await read(true));
        },
        logHead: (namespace, name, container) =>
            core.readNamespacedPodLog({ namespace, name, container, limitBytes: largestLog }).catch(() => ""),
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

/** An API client whose methods are patient with too many requests, and fail with errors for a person. */
function clear<T extends object>(api: T): T {
    return new Proxy(api, {
        get(target, name) {
            const method = Reflect.get(target, name);
            return typeof method !== "function"
                ? method
                : (...args: unknown[]) => {
                      const asked = async () => method.apply(target, args);
                      return unlessThrottled(/^(read|list)/.test(String(name)) ? () => againIfCut(asked) : asked);
                  };
        },
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
