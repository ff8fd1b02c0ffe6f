import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer, request, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { kubectlJson } from "./project";

/** What a way is answered that is closed, as an API server does that does not reach a pod. */
const closed = JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    message: "error trying to reach service: dial tcp 10.0.0.1:9000: i/o timeout",
    reason: "ServiceUnavailable",
    code: 503,
});

/** What an API server that has too much to do answers. */
const busy = JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    message: "too many requests, please try again later",
    reason: "TooManyRequests",
    code: 429,
});

/**
 * The Kubernetes API as it is where some ways are closed, or where it has too much to do: a proxy on this machine that answers paths
 * of those ways by 503, some requests by 429, and passes all else on, with the user of the current kubeconfig.
 */
export class ObstructedApi {
    private readonly folder = mkdtempSync(join(tmpdir(), "minio-obstructed-"));
    private server: Server | undefined;
    private readonly sockets = new Set<Duplex>();
    /** Requests for each way to a pod. */
    readonly seen = { proxy: 0, portforward: 0 };
    /** Requests that were answered by 429. */
    refused = 0;
    private requests = 0;

    /**
     * @param obstructed the ways that are closed
     * @param refusedOf one of so many requests is answered by 429; 0 is none
     */
    constructor(
        public obstructed: (keyof ObstructedApi["seen"])[],
        private readonly refusedOf = 0,
    ) {}

    /** @returns the path of a kubeconfig */
    async start(): Promise<string> {
        const { clusters, users } = await kubectlJson("config", "view", "--raw", "--minify", "--flatten");
        const decoded = (text: string) => Buffer.from(text, "base64");
        const upstream = {
            ca: decoded(clusters[0].cluster["certificate-authority-data"]),
            cert: decoded(users[0].user["client-certificate-data"]),
            key: decoded(users[0].user["client-key-data"]),
        };
        const [key, cert] = ["key", "crt"].map((name) => join(this.folder, name));
        const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
        const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert, "-days", "2", ...names], {
            stdio: "pipe",
        });
        const send = ({ method, url, headers: { authorization, ...headers } }: IncomingMessage) =>
            request(new URL(url ?? "/", clusters[0].cluster.server), { method, headers, ...upstream });
        const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (asked, response) => {
            if (this.isClosed(asked)) {
                response.writeHead(503, { "content-type": "application/json" }).end(closed);
                return;
            }
            if (this.isTooMuch()) {
                response.writeHead(429, { "content-type": "application/json", "retry-after": "1" }).end(busy);
                return;
            }
            const passed = send(asked);
            passed.on("response", (answer) => {
                response.writeHead(answer.statusCode ?? 502, answer.headers);
                answer.pipe(response);
            });
            passed.on("error", () => response.destroy());
            response.on("close", () => passed.destroy());
            asked.pipe(passed);
        });
        server.on("upgrade", (asked: IncomingMessage, socket: Duplex, head: Buffer) => {
            socket.on("error", () => {});
            if (this.isClosed(asked)) {
                const length = Buffer.byteLength(closed);
                socket.end(`HTTP/1.1 503 Service Unavailable\r\ncontent-length: ${length}\r\n\r\n${closed}`);
                return;
            }
            const passed = send(asked);
            const begin = (answer: IncomingMessage) => {
                const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}\r\n`);
                socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${headers.join("")}\r\n`);
            };
            passed.on("upgrade", (answer, other: Duplex, otherHead: Buffer) => {
                begin(answer);
                socket.write(otherHead);
                other.write(head);
                other.on("error", () => socket.destroy());
                socket.on("close", () => other.destroy());
                socket.pipe(other).pipe(socket);
            });
            passed.on("response", (answer) => {
                begin(answer);
                answer.pipe(socket);
            });
            passed.on("error", () => socket.destroy());
            passed.end();
        });
        server.on("connection", (socket) => {
            this.sockets.add(socket);
            socket.on("close", () => this.sockets.delete(socket));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        this.server = server;
        const file = join(this.folder, "kubeconfig");
        const cluster = {
            server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
            "certificate-authority-data": readFileSync(cert).toString("base64"),
        };
        const kubeconfig = {
            apiVersion: "v1",
            kind: "Config",
            clusters: [{ name: "obstructed", cluster }],
            users: [{ name: "anybody", user: { token: "anything" } }],
            contexts: [{ name: "obstructed", context: { cluster: "obstructed", user: "anybody" } }],
            "current-context": "obstructed",
        };
        writeFileSync(file, JSON.stringify(kubeconfig), { mode: 0o600 });
        return file;
    }

    async stop(): Promise<void> {
        for (const socket of this.sockets) {
            socket.destroy();
        }
        await new Promise((resolve) => this.server?.close(resolve) ?? resolve(undefined));
        rmSync(this.folder, { recursive: true, force: true });
    }

    private isTooMuch(): boolean {
        const isSo = this.refusedOf > 0 && ++this.requests % this.refusedOf === 0;
        this.refused += isSo ? 1 : 0;
        return isSo;
    }

    private isClosed({ url = "" }: IncomingMessage): boolean {
        const [, way] = /^\/api\/v1\/namespaces\/[^/]+\/pods\/[^/]+\/(proxy|portforward)\b/.exec(url) ?? [];
        if (way === "proxy" || way === "portforward") {
            this.seen[way]++;
            return this.obstructed.includes(way);
        }
        return false;
    }
}
