import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { script } from "../../components/server/scripts";
import { curlConfig } from "../../components/snapshots/freeze";
import { podScripts } from "../support/podScript";

describe("curl in the pods", () => {
    const proxies = Object.fromEntries(
        ["http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"].map((name) => [name, "http://127.0.0.1:9"]),
    );

    let requests = 0;
    beforeEach(() => {
        requests = 0;
    });

    /** The status with which a script ends, where `URL` is a server's address and nothing listens where the proxy should be. */
    async function statusOf(lines: (url: string) => string): Promise<number> {
        const server = createServer((_, response) => {
            requests++;
            response.end("yes");
        });
        await once(server.listen(0, "127.0.0.1"), "listening");
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
        const child = spawn("sh", ["-c", lines(url)], { env: { ...process.env, ...proxies }, stdio: "ignore" });
        const [status] = await once(child, "exit");
        server.close();
        return status;
    }

    it("asks a server itself, whatever proxy the pod's variables name", async () => {
        assert.equal(await statusOf((url) => `${script("curl")}\nask_server ${url}`), 0);
    });

    it("thaws a server itself, and twice, as two may have been asked to freeze", async () => {
        const script = (url: string) =>
            `curl --config - << 'END'\n${curlConfig(url, { method: "POST", path: "/", headers: {} })}END`;
        assert.equal(await statusOf(script), 0);
        assert.equal(requests, 2);
    });

    it("is called in no other way by any script", () => {
        const calls = podScripts.flatMap((name) => script(name).match(/\bcurl -\S+ \S+/g) ?? []);
        assert.deepEqual(calls.sort(), ['curl --config "$file";', 'curl --config "$thaw"', "curl --noproxy '*'"]);
    });
});
