/** What a failed request to the Kubernetes API means. Pure, but for the waiting of `untilAnswered`. */
import { messageOf } from "../basics/messageOf";

/** A request to the Kubernetes API failed. */
export class KubernetesError extends Error {
    constructor(
        message: string,
        /** Whether the same request may well succeed a little later: nothing answered, or it said so itself. */
        readonly isPassing: boolean,
        /** HTTP status; undefined where nothing answered. */
        readonly code?: number,
        /** Why a disruption budget does not allow an eviction; undefined where none was asked. */
        readonly budgetRefusal?: string,
    ) {
        super(message);
    }
}

/** Whether the API refuses, for a missing right or for what a quota, a policy or a webhook forbids. */
export function isForbidden(error: unknown): boolean {
    return error instanceof KubernetesError && error.code === 403;
}

/** What fails for another reason is an error. */
export async function unlessForbidden<T>(work: () => Promise<T>): Promise<T | "forbidden"> {
    try {
        return await work();
    } catch (error) {
        if (isForbidden(error)) {
            return "forbidden";
        }
        throw error;
    }
}

/** How a connection ends when a server, or the way to it, is away for a while. */
const passingCodes = [
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "EAI_AGAIN",
    "ERR_STREAM_PREMATURE_CLOSE",
];

/**
 * Too many requests, a conflict with another writer, and what an API server says while it starts, ends or lacks etcd.
 */
const passingStatuses = [409, 429, 500, 502, 503, 504];

/**
 * Of those who are allowed to ask, the API refuses with the same status what a quota, a StorageClass, a policy or a
 * webhook forbids. The words are those of `k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go`.
 */
const deniedByRights = /forbidden: User ".*" cannot \w+ /s;

/**
 * What the Kubernetes client or Node.js threw, in words for a person: the client's own has every header of the answer.
 */
export function kubernetesError(thrown: unknown): KubernetesError {
    if (thrown instanceof KubernetesError) {
        return thrown;
    }
    const { name, code, body } = thrown as Error & { code?: string | number; body?: unknown };
    if (typeof code === "number") {
        const said = statusMessage(body) || `HTTP status ${code}`;
        const lacksRight = code === 403 && deniedByRights.test(said);
        return new KubernetesError(
            lacksRight ? `a right is missing: ${said} (all that are needed: docs/rbac.yaml)` : said,
            passingStatuses.includes(code),
            code,
            budgetRefusalOf(code, body, said),
        );
    }
    if (name === "AbortError" || name === "TimeoutError") {
        return new KubernetesError("no answer in time", true);
    }
    return new KubernetesError(messageOf(thrown), passingCodes.includes(String(code)));
}

/**
 * What an eviction is refused with: `pkg/registry/core/pod/storage/eviction.go` in Kubernetes. A 429 may also come of
 * its flow control.
 */
function budgetRefusalOf(code: number, body: unknown, said: string): string | undefined {
    const status = (parsed(body) ?? {}) as { details?: { causes?: { reason?: string; message?: string }[] } };
    const cause = status.details?.causes?.find(({ reason }) => reason === "DisruptionBudget");
    if (code === 429 && cause) {
        return cause.message ?? said;
    }
    return code === 500 && said.includes("more than one PodDisruptionBudget") ? said : undefined;
}

function parsed(body: unknown): unknown {
    try {
        return typeof body === "string" ? JSON.parse(body) : body;
    } catch {
        return undefined;
    }
}

/** The message of a Kubernetes `Status`, as text or parsed. */
export function statusMessage(body: unknown): string {
    if (typeof body !== "string") {
        const { message } = (body ?? {}) as { message?: unknown };
        return typeof message === "string" ? message : "";
    }
    try {
        return statusMessage(JSON.parse(body)) || body;
    } catch {
        return body;
    }
}

const throttledAttempts = 6;
const throttledPause = 250;
const longestThrottledPause = 5_000;

/**
 * Sends a request that is refused as there are too many (429) again, as client-go does: it was not looked at. What
 * consists of many requests would otherwise begin anew with each refusal, and never end.
 */
export async function unlessThrottled<T>(request: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
        try {
            return await request();
        } catch (thrown) {
            const error = kubernetesError(thrown);
            if (error.code !== 429 || error.budgetRefusal !== undefined || attempt === throttledAttempts) {
                throw error;
            }
            const { headers } = thrown as { headers?: Record<string, string> };
            const asked = Number(headers?.["retry-after"]) * 1000 || attempt * throttledPause;
            await new Promise((resolve) => setTimeout(resolve, Math.min(asked, longestThrottledPause)));
        }
    }
}

/**
 * An API server that starts again refuses everybody until it knows the roles. After an outage, a refusal is believed
 * only when it lasts longer than so, in milliseconds.
 */
const rolesMilliseconds = 10_000;
const longestPause = 5_000;

/**
 * Does some work with the Kubernetes API, and does all of it again when the API was away meanwhile: what was decided by
 * what was seen before an outage may not be done after it.
 *
 * @param timeoutSeconds longest time without an answer
 * @param away called each time that the API does not answer, with a line for whoever watches
 * @throws KubernetesError when the API refuses, or stays away
 */
export async function untilAnswered<T>(
    work: () => Promise<T>,
    timeoutSeconds: number,
    away: (text: string) => void,
): Promise<T> {
    const from = Date.now();
    let lastAway: number | undefined;
    for (let pause = 250; ; pause = Math.min(2 * pause, longestPause)) {
        try {
            return await work();
        } catch (thrown) {
            const error = thrown as Error;
            const isPassing = error instanceof KubernetesError && error.isPassing;
            const code = error instanceof KubernetesError ? (error.code ?? 0) : 0;
            const mayBeStarting = lastAway !== undefined && Date.now() - lastAway < rolesMilliseconds;
            if (!isPassing && !(mayBeStarting && [401, 403].includes(code))) {
                throw error;
            }
            if (isPassing) {
                lastAway = Date.now();
            }
            if (Date.now() - from > timeoutSeconds * 1000) {
                throw new KubernetesError(
                    `the Kubernetes API has not answered for ${timeoutSeconds} s (rollout.timeoutSeconds): ${error.message}`,
                    false,
                );
            }
            away(`the Kubernetes API does not answer, trying again: ${error.message}`);
        }
        await new Promise((resolve) => setTimeout(resolve, pause));
    }
}
