import type * as http from "node:http";
import type {
    CoreV1Event,
    V1ControllerRevision,
    V1PersistentVolumeClaim,
    V1Pod,
    V1StatefulSet,
} from "@kubernetes/client-node";

/** An answer by HTTP. */
export interface Answer {
    status: number;
    headers: http.IncomingHttpHeaders;
    /** As UTF-8. */
    body: string;
    /** As it came. */
    bytes?: Buffer;
}

/** A request to a pod's server. */
export interface PodRequest {
    method: string;
    /** With its query. */
    path: string;
    headers: Record<string, string>;
    body?: string | Buffer;
}

/** Connections to a pod's server that are kept open between requests. */
export interface KeptForward {
    /** @throws Error when nothing answers */
    send(request: PodRequest): Promise<Answer>;
    close(): void;
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
 * What the component does with the Kubernetes API itself, beside what Pulumi's provider does. Each fails with a
 * `KubernetesError`. A method that is added here needs its right in `rights.ts`.
 */
export interface Kubernetes {
    /** Which cluster it is, for messages. */
    readonly where: string;
    statefulSet(namespace: string, name: string): Promise<V1StatefulSet | undefined>;
    statefulSets(namespace: string, labels: Record<string, string>): Promise<V1StatefulSet[]>;
    pods(namespace: string, labels: Record<string, string>): Promise<V1Pod[]>;
    controllerRevisions(namespace: string, labels: Record<string, string>): Promise<V1ControllerRevision[]>;
    claims(namespace: string, labels: Record<string, string>): Promise<V1PersistentVolumeClaim[]>;
    /** The events of a namespace with these fields, such as `type`; Kubernetes keeps them for an hour as a rule. */
    events(namespace: string, fields: Record<string, string>): Promise<CoreV1Event[]>;
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
     * Sends a request to a pod's server through a port-forward. The API server's proxy would not pass its Authorization
     * header on.
     *
     * @throws Error when nothing answers
     */
    send(namespace: string, pod: string, scheme: string, request: PodRequest): Promise<Answer>;
    /** For many requests: as `send`, but a few connections serve all of them. Whoever calls it closes them. */
    keepForward(namespace: string, pod: string, scheme: string): KeptForward;
    /**
     * Runs a command in a container to its end, and returns what it wrote to standard output.
     *
     * @throws Error with what it wrote to standard error when it fails
     */
    execute(namespace: string, pod: string, container: string, command: string[]): Promise<string>;
    /** An object of any kind; undefined when it is not there. */
    read<T extends AnyObject>(reference: ObjectReference): Promise<T | undefined>;
    /** Objects of any kind: of a namespace or of all, with certain labels or any, of one name or any. */
    list<T extends AnyObject>(
        kind: KindReference,
        namespace?: string,
        labels?: Record<string, string>,
        name?: string,
    ): Promise<T[]>;
    /** Makes an object unless there is one of its name. */
    create(object: AnyObject): Promise<void>;
    /**
     * Sets fields of an object as a merge patch does: `null` removes one. Where a uid is given, it fails if the object is
     * another one (422: the field is immutable).
     */
    patch(reference: ObjectReference & { metadata: { uid?: string } }, fields: object): Promise<void>;
    /**
     * Deletes an object, if it still is the one with the uid where that is given, and does not wait until it is gone.
     */
    remove(reference: ObjectReference & { metadata: { uid?: string } }): Promise<void>;
    /**
     * The last lines of a container's log; nothing when there is none.
     *
     * @param onlyNow not those of the container before, where this one has written nothing yet
     */
    logTail(namespace: string, pod: string, container: string, lines: number, onlyNow?: boolean): Promise<string>;
    /** What a container has written first; nothing when there is none. */
    logHead(namespace: string, pod: string, container: string): Promise<string>;
    /**
     * Whether the user of the kubeconfig has a right, without a namespace in the whole cluster; true where the API does
     * not tell.
     */
    may(namespace: string | undefined, right: Right): Promise<boolean>;
    /** Whether the cluster knows a kind, such as `monitoring.coreos.com/v1` `ServiceMonitor`. */
    knows(groupVersion: string, kind: string): Promise<boolean>;
}

/** A verb on a kind of object. */
export interface Right {
    verb: "get" | "list" | "create" | "patch" | "delete";
    /** API group; the empty one is Kubernetes' core. */
    group: string;
    /** In the plural, with a subresource after a slash, such as `pods/proxy`. */
    resource: string;
}
