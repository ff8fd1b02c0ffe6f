/**
 * How a pod's server is asked. There are two ways, as neither works everywhere. Through the API server (pods/proxy) is the
 * cheaper one; but it must reach the pods itself, which security groups, private control planes, strict mTLS and NetworkPolicies
 * prevent. A port-forward goes through the pod's kubelet, past all of these, and takes a right of its own.
 */

import { printable } from "../basics/printable";
import type { Answer } from "./client";
import { KubernetesError } from "./errors";

/** One way to a pod's server. */
export interface Way {
    /** How a message calls it. */
    name: string;
    /** @throws Error when nothing answers; a passing `KubernetesError` when the Kubernetes API itself does not */
    ask(question: Question, signal: AbortSignal): Promise<Answer>;
}

export interface Question {
    namespace: string;
    pod: string;
    /** `http` or `https`. */
    scheme: string;
    /** With its query. */
    path: string;
    headers: Record<string, string>;
}

export interface AskedBy {
    /** Longest time to wait for the answer. */
    milliseconds: number;
    /** Told what each way said, when nothing answers. */
    silent?: (said: string) => void;
}

/** So long the first way has the field to itself. Where it works, it mostly answers in a tenth of that. */
const headStartMilliseconds = 300;

/** What an error says may come from a pod, and be as long as it likes. */
const longestSaying = 200;

/**
 * Asks servers by the first way that works. A pod that answered by a way is asked only by that one, until it does not answer: one on
 * the API server's own node may be reached where others are not, and may come back on another node.
 *
 * @returns undefined when nothing answers by any way
 */
export function askerOf(ways: Way[]) {
    const proven = new Map<string, Way>();
    return async (question: Question, { milliseconds, silent }: AskedBy): Promise<Answer | undefined> => {
        const pod = `${question.namespace}/${question.pod}`;
        const known = proven.get(pod);
        const candidates = known ? [known] : ways;
        const answered = new AbortController();
        const late = AbortSignal.timeout(milliseconds);
        const signal = AbortSignal.any([late, answered.signal]);
        let before: Promise<unknown> | undefined;
        const attempts = candidates.map((way) => {
            const turn = before && Promise.race([before, pause(headStartMilliseconds)]);
            const attempt = Promise.resolve(turn)
                .then(() => {
                    signal.throwIfAborted();
                    return way.ask(question, signal);
                })
                .then((answer) => ({ way, answer }));
            before = new Promise((resolve) => attempt.catch(resolve));
            return attempt;
        });
        try {
            const { way, answer } = await Promise.any(attempts);
            proven.set(pod, way);
            return answer;
        } catch (thrown) {
            proven.delete(pod);
            const { errors } = thrown as AggregateError;
            const away = errors.find((error) => error instanceof KubernetesError && error.isPassing);
            if (away) {
                throw away; // Which tells nothing of the pod.
            }
            silent?.(candidates.map(({ name }, index) => `${name}: ${sayingOf(errors[index], late)}`).join("; "));
            return undefined;
        } finally {
            answered.abort();
        }
    };
}

function sayingOf(error: Error, late: AbortSignal): string {
    if (late.aborted && ["AbortError", "TimeoutError"].includes(error.name)) {
        return "no answer in time";
    }
    const text = printable(error.message);
    return text.length > longestSaying ? `${text.slice(0, longestSaying)}…` : text;
}

function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
