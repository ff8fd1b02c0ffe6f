import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, PassThrough } from "node:stream";
import { keptForward } from "../../components/kubernetes/keptForward";
import type { Forwarded } from "../../components/kubernetes/portForward";

/** A connection as a port-forward gives it: a stream that is no socket. */
function forwardedTo(port: number): Forwarded {
    const socket = connect(port, "127.0.0.1");
    const [sent, received] = [new PassThrough(), new PassThrough()];
    sent.pipe(socket).pipe(received);
    const failure = new Promise<never>((_, reject) => socket.on("error", reject));
    failure.catch(() => {});
    return { stream: Duplex.from({ writable: sent, readable: received }), failure, close: () => socket.destroy() };
}

for (const scheme of ["http", "https"]) {
    describe(`a port-forward that is kept, by ${scheme}`, () => {
        const folder = mkdtempSync(join(tmpdir(), "minio-kept-"));
        let server: http.Server;
        let port = 0;
        let opened = 0;
        const open = async () => {
            opened++;
            return forwardedTo(port);
        };
        before(async () => {
            const answer: http.RequestListener = (request, response) => {
                const chunks: Buffer[] = [];
                request.on("data", (chunk) => chunks.push(chunk));
                request.on("end", () => response.end(`${request.method} ${request.url} ${Buffer.concat(chunks)}`));
            };
            if (scheme === "https") {
                const names = [
                    "-subj",
                    "/CN=minio",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:prime256v1",
                    "-nodes",
                ];
                const files = ["-keyout", "tls.key", "-out", "tls.crt", "-days", "2"];
                execFileSync("openssl", ["req", "-x509", ...names, ...files], { cwd: folder, stdio: "ignore" });
                const [key, cert] = ["tls.key", "tls.crt"].map((name) => readFileSync(join(folder, name)));
                server = https.createServer({ key, cert }, answer);
            } else {
                server = http.createServer(answer);
            }
            await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
            port = (server.address() as AddressInfo).port;
        });
        beforeEach(() => {
            opened = 0;
        });
        after(() => {
            server.closeAllConnections();
            server.close();
            rmSync(folder, { recursive: true });
        });

        it("serves many requests by a few connections, each with its own body", async () => {
            const kept = keptForward("minio-0", scheme, open);
            const request = async (index: number) => {
                const { body } = await kept.send({
                    method: "PUT",
                    path: `/${index}`,
                    headers: {},
                    body: `body ${index}`,
                });
                assert.equal(body, `PUT /${index} body ${index}`);
            };
            await Promise.all(Array.from({ length: 100 }, (_, index) => request(index)));
            await request(100);
            assert.ok(opened <= 6, `${opened} connections`);
            kept.close();
            const left = () => new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
            while ((await left()) !== 0) {
                await new Promise((resolve) => setTimeout(resolve, 10));
            }
        });

        it("takes no answer that is longer than it reads, rather than a part of it", async () => {
            const kept = keptForward("minio-0", scheme, open);
            const body = "x".repeat(16 << 20);
            const sent = kept.send({ method: "PUT", path: "/", headers: {}, body });
            await assert.rejects(sent, /minio-0 does not answer .*: its answer has more than 16777216 bytes/);
            kept.close();
        });

        it("says who does not answer", async () => {
            const nobody = keptForward("minio-0", scheme, async () => {
                throw new Error("the API server refuses the port-forward");
            });
            await assert.rejects(
                nobody.send({ method: "GET", path: "/", headers: {} }),
                /minio-0 does not answer through a port-forward: the API server refuses/,
            );
            const unheard = keptForward("minio-0", scheme, async () => {
                const { stream, close } = forwardedTo(port);
                const failure = Promise.reject(new Error("connection refused"));
                failure.catch(() => {});
                return { stream, failure, close };
            });
            await assert.rejects(unheard.send({ method: "GET", path: "/", headers: {} }), /minio-0 does not answer/);
            unheard.close();
        });
    });
}
