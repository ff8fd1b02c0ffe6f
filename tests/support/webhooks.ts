import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Call {
    path?: string;
    authorization?: string;
    /** Undefined where it asks only whether somebody listens. */
    told: any;
}

/** A server with TLS on this machine that keeps what it is told. */
export class Webhooks {
    readonly calls: Call[] = [];
    /** Without a path. */
    url = "";
    private readonly server;

    constructor(
        private readonly host: string,
        { certificate: cert, key }: { certificate: string; key: string },
    ) {
        this.server = createServer({ cert, key }, async (request, response) => {
            const body = await text(request);
            const { url: path, headers } = request;
            const told = body === "" ? undefined : JSON.parse(body);
            this.calls.push({ path, authorization: headers.authorization, told });
            response.end();
        });
    }

    async start(): Promise<void> {
        await new Promise<void>((resolve) => this.server.listen(0, this.host, resolve));
        this.url = `https://${this.host}:${(this.server.address() as AddressInfo).port}`;
    }

    async stop(): Promise<void> {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }
}
