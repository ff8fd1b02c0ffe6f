import { Duplex, PassThrough } from "node:stream";
import { connect as connectTls } from "node:tls";
import type { PortForward } from "@kubernetes/client-node";
import { kubernetesError } from "./errors";

/** A connection to a port of a pod. */
export interface Forwarded {
    stream: Duplex;
    /** Rejects when nobody listens in the pod, or the signal ends the connection; else it stays pending. */
    failure: Promise<never>;
    close(): void;
}

/**
 * A connection as the pod's server speaks on it. The certificate is for other names; nobody but the API server and the
 * pod's own kubelet is in between.
 */
export function speaking(scheme: string, stream: Duplex): Duplex {
    return scheme === "https" ? connectTls({ socket: stream, rejectUnauthorized: false }) : stream;
}

/** What is used of the client's web socket, which comes without types. */
interface WebSocket {
    onclose: (() => void) | null;
    close(): void;
}

/**
 * Opens a connection to a port of a pod through the API server and the pod's kubelet. No port is opened on this
 * machine.
 *
 * @param signal ends the attempt, and the connection
 * @throws Error when the API server refuses it; a passing `KubernetesError` when it is away
 */
export async function forward(
    portForward: PortForward,
    namespace: string,
    pod: string,
    port: number,
    signal: AbortSignal,
): Promise<Forwarded> {
    const [sent, received, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const failure = new Promise<never>((_, reject) => {
        errors.on("data", (text) => reject(new Error(String(text).trim())));
        signal.addEventListener("abort", () => reject(signal.reason));
    });
    failure.catch(() => {}); // Perhaps nobody waits for it any more.
    const opened = portForward.portForward(namespace, pod, [port], received, errors, sent) as Promise<WebSocket>;
    const closeLate = (socket: WebSocket) => signal.addEventListener("abort", () => socket.close());
    opened.then(closeLate, () => {});
    const socket = await Promise.race([opened, failure]).catch((reason: { message?: string; error?: Error }) => {
        signal.throwIfAborted();
        // The client rejects with an event.
        throw reason.error
            ? kubernetesError(reason.error)
            : new Error(reason.message ?? "the API server refuses the port-forward");
    });
    socket.onclose = () => received.end();
    return { stream: Duplex.from({ writable: sent, readable: received }), failure, close: () => socket.close() };
}
