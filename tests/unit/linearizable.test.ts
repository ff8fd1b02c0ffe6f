import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { goTest } from "../../devcluster/toolchain/components";
import { RecordedClients } from "../support/history";
import { complaints, decide } from "../support/linearizability";
import { client } from "../support/load";

/** What a stand-in for S3 does wrong with every third request of a kind. */
type Wrong = "undoes a delete" | "reads what was before" | "loses a put" | "tears what is read";

/** S3's PUT, GET and DELETE of objects in memory; every eighth request is cut off, and half of these have happened. */
function standIn(wrong?: Wrong): Server {
    const objects = new Map<string, string>();
    const before = new Map<string, string>();
    let requests = 0;
    const counts: Record<string, number> = {};
    const goesWrong = (what: Wrong) => {
        counts[what] = (counts[what] ?? 0) + 1;
        return what === wrong && counts[what] % 3 === 0;
    };
    const answer = (response: ServerResponse, status: number, text = "") => {
        response.writeHead(status, { "x-amz-id-2": "stand-in" }).end(text);
    };
    const act = (request: IncomingMessage, response: ServerResponse, body: string) => {
        const key = new URL(request.url ?? "", "http://stand-in").pathname;
        const old = objects.get(key);
        const isCut = ++requests % 8 === 0;
        if (!(isCut && requests % 16 === 0)) {
            if (request.method === "PUT" && !goesWrong("loses a put")) {
                objects.set(key, body);
                before.set(key, old ?? body);
            }
            if (request.method === "DELETE" && old !== undefined && !goesWrong("undoes a delete")) {
                objects.delete(key);
            }
        }
        if (isCut) {
            return response.destroy();
        }
        if (request.method !== "GET") {
            return answer(response, request.method === "PUT" ? 200 : 204);
        }
        if (old === undefined) {
            return answer(response, 404, "<Error><Code>NoSuchKey</Code></Error>");
        }
        const read = goesWrong("reads what was before") ? (before.get(key) ?? old) : old;
        return answer(response, 200, goesWrong("tears what is read") ? read.slice(1) : read);
    };
    return createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk) => chunks.push(chunk));
        request.on("end", () => act(request, response, Buffer.concat(chunks).toString()));
    });
}

describe("the check of histories", function () {
    this.timeout(120_000);

    before(function () {
        if (process.platform !== "linux" || spawnSync("go", ["version"]).status !== 0) {
            this.skip(); // a machine whose toolchain was built elsewhere needs no Go
        }
    });

    async function complaintsOf(wrong?: Wrong): Promise<{ found: string[]; unknown: number }> {
        const server = standIn(wrong);
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        try {
            const { port } = server.address() as AddressInfo;
            const target = { endpoint: `http://127.0.0.1:${port}`, rootUser: "user", rootPassword: "password" };
            const connect = () => client(target, { maxAttempts: 1 });
            const clients = new RecordedClients(connect, "bucket", { prefix: "k", clients: 4, keys: 2, pauseMs: 16 });
            while (clients.operations.length < 400) {
                await new Promise((resolve) => setTimeout(resolve, 20));
            }
            const operations = await clients.stop();
            const deletes = operations.filter(({ kind }) => kind === "delete").length;
            assert.ok(deletes > operations.length / 10, `${deletes} deletes of ${operations.length}`);
            return {
                found: complaints(await decide(operations)),
                unknown: operations.filter((one) => one.unknown).length,
            };
        } finally {
            server.close();
        }
    }

    it("finds what was planted, and accepts what an order explains", () => {
        const { status, stdout, stderr } = goTest("linearizable", "./...");
        assert.equal(status, 0, stdout + stderr);
    });

    it("accepts what recorded clients saw of a store that keeps its word, and cuts requests off", async () => {
        const { found, unknown } = await complaintsOf();
        assert.deepEqual(found, []);
        assert.ok(unknown > 20, `${unknown} unknown outcomes`);
    });

    for (const wrong of ["undoes a delete", "reads what was before", "loses a put", "tears what is read"] as const) {
        it(`finds what recorded clients saw of one that ${wrong}`, async () => {
            const { found } = await complaintsOf(wrong);
            assert.match(found.join("\n"), /^k\d: no order explains what this read found.*:$/m);
            assert.match(found.join("\n"), /get .* \(client \d, server stand-\)$/m);
        });
    }

    it("refuses what is no history", async () => {
        await assert.rejects(decide([]), /the history is empty/);
    });
});
