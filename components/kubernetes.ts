import { existsSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { connect as connectTls } from "node:tls";
import type {
    KubeConfig,
    V1ControllerRevision,
    V1PersistentVolumeClaim,
    V1Pod,
    V1StatefulSet,
} from "@kubernetes/client-node";
import { apiPort } from "./endpoints";
import { forward } from "./portForward";

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

/** What the component does with the Kubernetes API itself, beside what Pulumi's provider does. */
export interface Kubernetes {
    statefulSet(namespace: string, name: string): Promise<V1StatefulSet | undefined>;
    pods(namespace: string, labels: Record<string, string>): Promise<V1Pod[]>;
    controllerRevisions(namespace: string, labels: Record<string, string>): Promise<V1ControllerRevision[]>;
    claims(namespace: string, labels: Record<string, string>): Promise<V1PersistentVolumeClaim[]>;
    setPartition(namespace: string, statefulSet: string, partition: number): Promise<void>;
    /** Deletes a pod if it still is the one with this uid. */
    deletePod(namespace: string, name: string, uid: string, gracePeriodSeconds?: number): Promise<void>;
    growClaim(namespace: string, name: string, storage: string): Promise<void>;
    /** Asks a pod's server through the API server; undefined when nothing answers. */
    ask(namespace: string, pod: string, scheme: string, path: string): Promise<Answer | undefined>;
    /**
     * Sends a request to a pod's server through a port-forward, which unlike `ask` passes the Authorization header on.
     *
     * @throws Error when nothing answers
     */
    send(namespace: string, pod: string, scheme: string, request: PodRequest): Promise<Answer>;
    /** The last lines of a container's log; nothing when there is none. */
    logTail(namespace: string, pod: string, container: string, lines: number): Promise<string>;
    /** Whether the cluster knows a kind, such as `monitoring.coreos.com/v1` `ServiceMonitor`. */
    knows(groupVersion: string, kind: string): Promise<boolean>;
}

/** How long one request may take. A cluster that does not answer must not hold up a rollout for ever. */
const requestMilliseconds = 15_000;
const askMilliseconds = 3_000;

/**
 * A connection to the Kubernetes API. The client is loaded only here: it takes half a second.
 *
 * @param kubeconfig path or content; default: `KUBECONFIG` or `~/.kube/config`
 * @throws Error when there is no kubeconfig or no current context
 */
export async function connect(kubeconfig?: string): Promise<Kubernetes> {
    const client = await import("@kubernetes/client-node");
    const config = new client.KubeConfig();
    load(config, kubeconfig);
    const server = config.getCurrentCluster()?.server;
    if (!server) {
        throw new Error(
            "the kubeconfig names no cluster: set KUBECONFIG and a current context, or rollout.kubeconfig " +
                "(the guided rollout reaches the cluster by itself; rollout.mode Native needs none)",
        );
    }
    const apps = config.makeApiClient(client.AppsV1Api);
    const core = config.makeApiClient(client.CoreV1Api);
    const mergePatch = client.setHeaderOptions("Content-Type", client.PatchStrategy.MergePatch);
    const selector = (labels: Record<string, string>) =>
        Object.entries(labels)
            .map(([key, value]) => `${key}=${value}`)
            .join(",");
    const get = async (path: string, milliseconds: number): Promise<Answer> => {
        const options: https.RequestOptions = { signal: AbortSignal.timeout(milliseconds) };
        await config.applyToHTTPSOptions(options);
        return request(new URL(`${server}${path}`), options);
    };
    return {
        statefulSet: (namespace, name) => orUndefined(apps.readNamespacedStatefulSet({ namespace, name })),
        pods: async (namespace, labels) =>
            (await core.listNamespacedPod({ namespace, labelSelector: selector(labels) })).items,
        controllerRevisions: async (namespace, labels) =>
            (await apps.listNamespacedControllerRevision({ namespace, labelSelector: selector(labels) })).items,
        claims: async (namespace, labels) =>
            (await core.listNamespacedPersistentVolumeClaim({ namespace, labelSelector: selector(labels) })).items,
        async setPartition(namespace, name, partition) {
            const body = { spec: { updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition } } } };
            await apps.patchNamespacedStatefulSet({ namespace, name, body, fieldManager }, mergePatch);
        },
        async deletePod(namespace, name, uid, gracePeriodSeconds) {
            const body = { preconditions: { uid } };
            await orUndefined(core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds, body }), [404, 409]);
        },
        async growClaim(namespace, name, storage) {
            const body = { spec: { resources: { requests: { storage } } } };
            await core.patchNamespacedPersistentVolumeClaim({ namespace, name, body, fieldManager }, mergePatch);
        },
        async ask(namespace, pod, scheme, path) {
            const target = `/api/v1/namespaces/${namespace}/pods/${scheme}:${pod}:9000/proxy${path}`;
            const answer = await get(target, askMilliseconds).catch(() => undefined);
            // Where the server is not reached, the API server answers itself, with a Status in JSON.
            if (!answer?.headers["content-type"]?.includes("json")) {
                return answer;
            }
            if (answer.status === 401 || answer.status === 403) {
                throw new Error(
                    `the rollout needs the right to reach pods (get pods/proxy): ${messageOf(answer.body)}`,
                );
            }
            return undefined;
        },
        async send(namespace, pod, scheme, { method, path, headers }) {
            const signal = AbortSignal.timeout(requestMilliseconds);
            try {
                const forwarded = await forward(new client.PortForward(config), namespace, pod, apiPort, signal);
                const { stream, failure, close } = forwarded;
                // The certificate is for other names. Nobody but the API server and the pod's own kubelet is in between.
                const createConnection = () =>
                    scheme === "https" ? connectTls({ socket: stream, rejectUnauthorized: false }) : stream;
                const options = { method, headers, signal, createConnection } as http.RequestOptions;
                const answer = request(new URL(`http://${pod}${path}`), options);
                return await Promise.race([answer, failure]).finally(close);
            } catch (error) {
                throw new Error(`${pod} does not answer through a port-forward: ${(error as Error).message}`);
            }
        },
        async logTail(namespace, name, container, tailLines) {
            const read = (previous: boolean) =>
                core.readNamespacedPodLog({ namespace, name, container, tailLines, previous }).catch(() => "");
            return (await read(false)) || (await read(true));
        },
        async knows(groupVersion, kind) {
            const { status, body } = await get(`/apis/${groupVersion}`, requestMilliseconds);
            if (status === 404) {
                return false;
            }
            const { resources }: { resources?: { kind: string }[] } = JSON.parse(body);
            return resources?.some((resource) => resource.kind === kind) ?? false;
        },
    };
}

function load(config: KubeConfig, kubeconfig: string | undefined): void {
    if (kubeconfig === undefined) {
        config.loadFromDefault();
    } else if (existsSync(kubeconfig)) {
        config.loadFromFile(kubeconfig);
    } else {
        config.loadFromString(kubeconfig);
    }
}

function request(url: URL, options: https.RequestOptions): Promise<Answer> {
    return new Promise((resolve, reject) => {
        const client = url.protocol === "http:" ? http : https;
        const sent = client.request(url, options, (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk) => chunks.push(chunk));
            response.on("error", reject);
            response.on("end", () => {
                const body = Buffer.concat(chunks).toString();
                resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
            });
        });
        sent.on("error", reject);
        sent.end();
    });
}

function messageOf(body: string): string {
    try {
        return String(JSON.parse(body).message);
    } catch {
        return body;
    }
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
