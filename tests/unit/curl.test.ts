import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { curl } from "../../components/server/curl";
import { podTemplate } from "../../components/server/podTemplate";
import { curlConfig } from "../../components/snapshots/freeze";
import { namesOf } from "../../components/spec/names";
import { withDefaults } from "../../components/spec/spec";

describe("curl in the pods", () => {
    const proxies = Object.fromEntries(
        ["http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"].map((name) => [name, "http://127.0.0.1:9"]),
    );

    /** The status with which a script ends, where `URL` is a server's address and nothing listens where the proxy should be. */
    async function statusOf(script: (url: string) => string): Promise<number> {
        const server = createServer((_, response) => response.end("yes"));
        await once(server.listen(0, "127.0.0.1"), "listening");
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
        const child = spawn("sh", ["-c", script(url)], { env: { ...process.env, ...proxies }, stdio: "ignore" });
        const [status] = await once(child, "exit");
        server.close();
        return status;
    }

    it("asks a server itself, whatever proxy the pod's variables name", async () => {
        assert.equal(await statusOf((url) => `${curl} ${url}`), 0);
    });

    it("thaws a server itself", async () => {
        const script = (url: string) =>
            `curl --config - << 'END'\n${curlConfig(url, { method: "POST", path: "/", headers: {} })}END`;
        assert.equal(await statusOf(script), 0);
    });

    it("is called in no other way by any script", () => {
        const template = podTemplate(namesOf("minio"), withDefaults({ tls: { secretName: "certs" } }), 0);
        const calls = JSON.stringify(template).match(/\bcurl --?\w+[^ ]* [^ ]+/g) ?? [];
        assert.ok(calls.length >= 6, `${calls}`);
        for (const call of calls) {
            assert.match(call, /^curl (--noproxy '\*'|--config \/tmp\/thaw)/);
        }
    });
});
