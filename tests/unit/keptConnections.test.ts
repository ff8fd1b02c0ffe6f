import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Kubernetes } from "../../components/kubernetes/client";
import { connect } from "../../components/kubernetes/connect";
import { againIfCut, keepingConnections } from "../../components/kubernetes/keptConnections";

describe("connections to the API server", () => {
    let server: Server;
    let port = 0;
    let opened: Socket[] = [];
    let kubernetes: Kubernetes;
    const listen = async () => {
        server = createServer((request, response) => {
            const isList = !request.url?.includes("/proxy/");
            response.writeHead(200, isList ? { "content-type": "application/json" } : {});
            response.end(isList ? JSON.stringify({ kind: "PodList", apiVersion: "v1", items: [] }) : "");
        });
        server.on("connection", (socket) => opened.push(socket));
        await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
        port = (server.address() as AddressInfo).port;
    };
    const close = async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
    };
    beforeEach(async () => {
        port = 0;
        opened = [];
        await listen();
        const kubeconfig = `
apiVersion: v1
kind: Config
current-context: fake
clusters: [{ name: fake, cluster: { server: "http://127.0.0.1:${port}", insecure-skip-tls-verify: true } }]
users: [{ name: fake, user: { token: first } }]
contexts: [{ name: fake, context: { cluster: fake, user: fake } }]
`;
        kubernetes = await connect({ kubeconfig, by: "a test" });
    });
    afterEach(close);

    it("stay open between requests of every kind", async () => {
        for (let times = 0; times < 10; times++) {
            await kubernetes.pods("a", {});
            await kubernetes.ask("a", "minio-0", "http", "/minio/health/live");
            await kubernetes.list({ apiVersion: "v1", kind: "ConfigMap" }, "a").catch(() => {});
        }
        // The last kind first asks what the API server knows.
        assert.ok(opened.length <= 2, `${opened.length} connections`);
    });

    it("are made again after the API server has started again, or has closed them without a word", async () => {
        await kubernetes.pods("a", {});
        await close();
        await listen();
        await kubernetes.pods("a", {});
        const before = opened.length;
        for (const socket of opened) {
            socket.resetAndDestroy();
        }
        await kubernetes.pods("a", {});
        assert.equal((await kubernetes.ask("a", "minio-0", "http", "/minio/health/live"))?.status, 200);
        assert.ok(opened.length > before);
    });

    it("are others with other credentials, and the same with the same", () => {
        let made = 0;
        const config = { createAgent: () => ({ number: made++ }) } as unknown as KubeConfig;
        const { createAgent } = keepingConnections(config) as unknown as { createAgent(...of: unknown[]): unknown };
        const first = createAgent(null, { ca: "a", cert: Buffer.from("1"), key: undefined });
        assert.equal(createAgent(null, { cert: Buffer.from("1"), ca: "a" }), first);
        assert.notEqual(createAgent(null, { ca: "a", cert: Buffer.from("2") }), first);
        assert.equal(made, 2);
    });

    it("that are cut while a request is on its way are tried one time more, and no other failure is", async () => {
        const failsWith = (code: string, times: number) => {
            let asked = 0;
            return async () => {
                if (asked++ < times) {
                    throw Object.assign(new Error(code), { code });
                }
                return asked;
            };
        };
        assert.equal(await againIfCut(failsWith("ECONNRESET", 1)), 2);
        await assert.rejects(againIfCut(failsWith("ECONNRESET", 2)), /ECONNRESET/);
        await assert.rejects(againIfCut(failsWith("ECONNREFUSED", 1)), /ECONNREFUSED/);
    });
});
