/**
 * Many requests to one pod's server, by a few port-forwards: each takes the API server and the kubelet a tenth of a
 * second to open.
 */
import * as http from "node:http";
import { Duplex } from "node:stream";
import type { KeptForward } from "./client";
import { request } from "./http";
import { type Forwarded, speaking } from "./portForward";

/**
 * Requests that are under way at the same time: enough that none waits for the way alone, and few for an API server.
 */
const most = 6;

const requestMilliseconds = 30_000;

/**
 * An answer about some thousand buckets or policies is below it. A longer one is an error: what is cut cannot be read.
 */
const largestWhole = 16 << 20;

/** @param open opens one connection, which the signal ends */
export function keptForward(
    pod: string,
    scheme: string,
    open: (signal: AbortSignal) => Promise<Forwarded>,
): KeptForward {
    const ended = new AbortController();
    const createConnection = () => {
        const stream = whenOpen(open(ended.signal));
        // Who waits for an answer hears of it by the request. Between requests nobody waits.
        return speaking(scheme, stream).on("error", () => {});
    };
    const agent = Object.assign(new http.Agent({ keepAlive: true, maxSockets: most }), {
        createConnection,
        // What these do by default, only a socket of the operating system can.
        keepSocketAlive: () => true,
        reuseSocket: () => {},
    });
    return {
        async send({ method, path, headers, body }) {
            const signal = AbortSignal.timeout(requestMilliseconds);
            const options = { method, headers, signal, agent } as http.RequestOptions;
            try {
                const answer = await request(new URL(`http://${pod}${path}`), options, largestWhole, body);
                if ((answer.bytes?.length ?? 0) >= largestWhole) {
                    throw new Error(`its answer has more than ${largestWhole} bytes`);
                }
                return answer;
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

/**
 * The stream that will be there. An agent counts only connections that it gets immediately: with later ones it would
 * open too many.
 */
function whenOpen(opening: Promise<Forwarded>): Duplex {
    const outer = new Duplex({
        read() {
            opening.then(
                ({ stream }) => stream.resume(),
                () => {},
            );
        },
        write(chunk, _, done) {
            opening.then(({ stream }) => stream.write(chunk, done), done);
        },
        final(done) {
            opening.then(({ stream }) => stream.end(done), done);
        },
        destroy(error, done) {
            opening.then(
                ({ close }) => close(),
                () => {},
            );
            done(error);
        },
    });
    opening.then(
        ({ stream, failure }) => {
            failure.catch((error: Error) => outer.destroy(error));
            stream.on("data", (chunk) => outer.push(chunk) || stream.pause());
            stream.on("end", () => outer.push(null));
            stream.on("error", (error) => outer.destroy(error));
        },
        (error) => outer.destroy(error),
    );
    return outer;
}
