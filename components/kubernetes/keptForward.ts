/** Many requests to one pod's server, by a few port-forwards: each takes the API server and the kubelet a tenth of a second to open. */
import * as http from "node:http";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import type { KeptForward } from "./client";
import { request } from "./http";
import type { Forwarded } from "./portForward";

/** Requests that are under way at the same time: enough that none waits for the way alone, and few for an API server. */
const most = 6;

const requestMilliseconds = 30_000;

type Opened = (error: Error | null, socket?: Duplex) => void;

/** @param open opens one connection, which the signal ends */
export function keptForward(
    pod: string,
    scheme: string,
    open: (signal: AbortSignal) => Promise<Forwarded>,
): KeptForward {
    const ended = new AbortController();
    const opened = ({ stream, failure, close }: Forwarded) => {
        failure.catch((error: Error) => stream.destroy(error));
        stream.on("close", close);
        // The certificate is for other names. Nobody but the API server and the pod's own kubelet is in between.
        return scheme === "https" ? connectTls({ socket: stream, rejectUnauthorized: false }) : stream;
    };
    const connection = (_: unknown, done: Opened) => {
        open(ended.signal).then((forwarded) => done(null, opened(forwarded)), done);
    };
    const agent = Object.assign(new http.Agent({ keepAlive: true, maxSockets: most }), {
        createConnection: connection,
        // What these do by default, only a socket of the operating system can.
        keepSocketAlive: () => true,
        reuseSocket: () => {},
    });
    return {
        async send({ method, path, headers, body }) {
            const signal = AbortSignal.timeout(requestMilliseconds);
            const options = { method, headers, signal, agent } as http.RequestOptions;
            try {
                return await request(new URL(`http://${pod}${path}`), options, undefined, body);
            } catch (error) {
                throw new Error(`${pod} does not answer through a port-forward: ${(error as Error).message}`);
            }
        },
        close() {
            agent.destroy();
            ended.abort(new Error("the connections are closed"));
        },
    };
}
