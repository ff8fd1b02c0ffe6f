import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** A proxy on this machine, as companies have them: it passes connections on, and counts them. */
export class ConnectProxy {
    /** Where to connections were made. */
    readonly targets: string[] = [];
    private readonly sockets = new Set<Socket>();
    private readonly server: Server = createServer((_, response) => response.writeHead(405).end());

    /** @returns its URL */
    async start(): Promise<string> {
        this.server.on("connect", ({ url }, client: Socket) => {
            const [host, port] = (url as string).split(":");
            this.targets.push(url as string);
            const target = connect(Number(port), host, () => {
                client.write("HTTP/1.1 200 Connection established\r\n\r\n");
                target.pipe(client).pipe(target);
            });
            for (const socket of [client, target]) {
                this.sockets.add(socket);
                socket.on("error", () => {
                    client.destroy();
                    target.destroy();
                });
            }
        });
        await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    async stop(): Promise<void> {
        for (const socket of this.sockets) {
            socket.destroy();
        }
        await new Promise((resolve) => this.server.close(resolve));
    }
}
