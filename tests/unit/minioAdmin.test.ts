import assert from "node:assert/strict";
import type { PodRequest } from "../../components/kubernetes/client";
import { MinioAdminError, minioAdmin, signed } from "../../components/live/admin";

/** Those of AWS's own examples. */
const credentials = { rootUser: "AKIAIOSFODNN7EXAMPLE", rootPassword: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };

/** An admin API that answers every call in the same way. */
function answering(status: number, body: unknown) {
    const requests: PodRequest[] = [];
    const admin = minioAdmin(async (request) => {
        requests.push(request);
        return { status, headers: {}, body: typeof body === "string" ? body : JSON.stringify(body) };
    }, credentials);
    return { admin, requests };
}

describe("a signature", () => {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    const vectors: [string, Parameters<typeof signed>[0], string][] = [
        [
            "an object with a range",
            { method: "GET", path: "/test.txt", headers: { range: "bytes=0-9" } },
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ],
        [
            "a parameter without a value",
            { method: "GET", path: "/", query: { lifecycle: "" } },
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ],
        [
            "two parameters",
            { method: "GET", path: "/", query: { "max-keys": "2", prefix: "J" } },
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ],
    ];
    for (const [what, request, signature] of vectors) {
        it(`is the one that AWS gives for ${what}`, async () => {
            const host = "examplebucket.s3.amazonaws.com";
            const at = new Date("2013-05-24T00:00:00Z");
            const { headers } = await signed({ ...request, headers: { ...request.headers, host } }, credentials, at);
            assert.equal(/Signature=(\w+)/.exec(headers.authorization)?.[1], signature);
        });
    }

    it("leaves the parameters in the path as they were signed", async () => {
        const { path } = await signed(
            { method: "GET", path: "/a", query: { pool: "http://a{0...3}/data" } },
            credentials,
        );
        assert.equal(path, "/a?pool=http%3A%2F%2Fa%7B0...3%7D%2Fdata");
    });
});

describe("MinIO's admin API", () => {
    it("freezes and thaws, and says which servers it could not tell", async () => {
        const { admin, requests } = answering(200, { action: "freeze", results: [{ host: "minio-1:9000" }] });
        await admin.freeze();
        await admin.unfreeze();
        assert.deepEqual(
            requests.map(({ method, path }) => `${method} ${path}`),
            [
                "POST /minio/admin/v3/service?action=freeze&type=2",
                "POST /minio/admin/v3/service?action=unfreeze&type=2",
            ],
        );
        const err = "remote disconnected";
        const down = answering(200, { results: [{ host: "minio-1:9000" }, { host: "minio-2:9000", err }] });
        await assert.rejects(down.admin.freeze(), new MinioAdminError(`MinIO could not freeze minio-2:9000: ${err}`));
    });

    it("takes the silent answer of an older server", async () => answering(200, "").admin.freeze());

    it("says in MinIO's words why a call is refused, and no secret", async () => {
        const { admin } = answering(403, { Code: "SignatureDoesNotMatch", Message: "The request signature…" });
        const expected =
            /^MinIO answers GET \/minio\/admin\/v3\/pools\/list with 403: SignatureDoesNotMatch: The request/;
        await assert.rejects(admin.pools(), ({ message }: Error) => {
            assert.match(message, expected);
            assert.ok(!message.includes(credentials.rootPassword));
            return true;
        });
    });

    it("tells whose drives work, and the write quorum of each pool", async () => {
        const drive = (server: string, more: object) => ({
            endpoint: `http://${server}.minio-headless.default.svc.cluster.local:9000/data`,
            pool_index: 0,
            set_index: 0,
            ...more,
        });
        const Backend = { StandardSCData: [2, 6], StandardSCParity: 2 };
        const Disks = [
            drive("minio-0", { state: "ok" }),
            drive("minio-1", { state: "offline" }),
            drive("minio-2", { state: "ok", healing: true }),
            drive("minio-pool-1-0", { state: "ok", pool_index: 1, set_index: 3 }),
        ];
        const { admin, requests } = answering(200, { Disks, Backend });
        assert.deepEqual(await admin.storage(), {
            writeQuorums: [3, 6],
            drives: [
                { server: "minio-0", pool: 0, set: 0, works: true },
                { server: "minio-1", pool: 0, set: 0, works: false },
                { server: "minio-2", pool: 0, set: 0, works: false },
                { server: "minio-pool-1-0", pool: 1, set: 3, works: true },
            ],
        });
        assert.equal(requests[0].path, "/minio/admin/v3/storageinfo");
    });

    it("shows nothing of an answer that acts on a terminal or begins a line for a CI system", async () => {
        for (const answer of [
            "\u001b[2J\n::add-path::/tmp",
            { Code: "\u202eAccess", Message: "\u2028::add-path::/tmp" },
        ]) {
            const { admin } = answering(503, answer);
            await assert.rejects(admin.pools(), ({ message }: Error) => {
                assert.ok(!["\u001b", "\n", "\u202e", "\u2028"].some((character) => message.includes(character)));
                return /::add-path::/.test(message);
            });
        }
    });

    it("tells the pools and how far their decommission is", async () => {
        const info = {
            startTime: "2026-01-02T03:04:05Z",
            startSize: 1,
            totalSize: 4,
            currentSize: 3,
            complete: true,
            failed: false,
            canceled: false,
            objectsDecommissioned: 5,
            objectsDecommissionedFailed: 0,
            bytesDecommissioned: 6,
            bytesDecommissionedFailed: 0,
        };
        const never = { ...info, startTime: "0001-01-01T00:00:00Z", complete: false };
        const { admin } = answering(200, [
            { id: 0, cmdline: "http://a/data", lastUpdate: "", decommissionInfo: never },
            { id: 1, cmdline: "http://b/data", lastUpdate: "", decommissionInfo: info },
            { id: 2, cmdline: "http://c/data", lastUpdate: "", decommissionInfo: { ...info, complete: false } },
            // MinIO takes the time away with the end (`DecommissionFailed` and `DecommissionCancel`).
            { id: 3, cmdline: "http://d/data", lastUpdate: "", decommissionInfo: { ...never, failed: true } },
            { id: 4, cmdline: "http://e/data", lastUpdate: "", decommissionInfo: { ...never, canceled: true } },
        ]);
        const pools = await admin.pools();
        assert.deepEqual(
            pools.map(({ id, decommission }) => [id, decommission?.state]),
            [
                [0, undefined],
                [1, "complete"],
                [2, "running"],
                [3, "failed"],
                [4, "canceled"],
            ],
        );
        assert.deepEqual([pools[0]?.totalSize, pools[0]?.freeSize], [4, 3]);
        assert.deepEqual(pools[1].decommission, {
            state: "complete",
            startTime: "2026-01-02T03:04:05Z",
            objects: 5,
            objectsFailed: 0,
            bytes: 6,
            bytesFailed: 0,
        });
    });

    it("tells how far objects have moved between pools, and whether they ever did", async () => {
        const never = "0001-01-01T00:00:00Z";
        const moved = (status: string, objects: number) => ({
            status,
            used: objects / 100,
            progress: { objects, bytes: 10 * objects },
        });
        const pools = [moved("Started", 20), moved("None", 0)];
        const of = async (answer: object) => await answering(200, answer).admin.rebalance();
        const running = { isRunning: true, hasFailed: false, used: [0.2, 0], objects: 20, bytes: 200 };
        assert.deepEqual(await of({ stoppedAt: never, pools }), running);
        assert.deepEqual(await of({ stoppedAt: "2026-01-02T03:04:05Z", pools }), { ...running, isRunning: false });
        const ended = [moved("Completed", 20), moved("Failed", 1)];
        const { isRunning, hasFailed } = (await of({ stoppedAt: never, pools: ended })) ?? {};
        assert.deepEqual([isRunning, hasFailed], [false, true]);
        const none = answering(404, {
            Code: "XMinioAdminRebalanceNotStarted",
            Message: "Pool rebalance is not started",
        });
        assert.equal(await none.admin.rebalance(), undefined);
        await assert.rejects(answering(403, { Code: "AccessDenied", Message: "no" }).admin.rebalance(), /AccessDenied/);
    });

    it("begins a decommission by the pool's own argument", async () => {
        const { admin, requests } = answering(200, "");
        const pool = "http://minio-pool-1-{0...3}.minio-headless.a.svc.cluster.local:9000/data";
        await admin.decommission(pool);
        const [{ method, path }] = requests;
        assert.equal(method, "POST");
        assert.equal(path, `/minio/admin/v3/pools/decommission?pool=${encodeURIComponent(pool)}`);
    });
});
