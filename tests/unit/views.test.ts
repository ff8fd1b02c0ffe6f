import assert from "node:assert/strict";
import { createCipheriv, randomBytes } from "node:crypto";
import { type ReachedDrive, reachedDrives } from "../../components/live/reachedDrives";
import type { ServerState } from "../../components/rollout/plan";
import { unreachedWithout, type View } from "../../components/rollout/views";

/** As MinIO answers: a zip, of which only the names matter here, in packets of AES-256-GCM. */
function answerWith(zip: Buffer): Buffer {
    const key = randomBytes(32);
    const sealed = (sequence: number, aad: Buffer, plain: Buffer) => {
        const nonce = Buffer.alloc(12);
        nonce.writeUInt32LE(sequence, 8);
        const cipher = createCipheriv("aes-256-gcm", key, nonce);
        cipher.setAAD(aad);
        return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    };
    const tag = sealed(0, Buffer.alloc(0), Buffer.alloc(0));
    const packets: Buffer[] = [];
    for (let start = 0; start < zip.length; start += 16 << 10) {
        const last = start + (16 << 10) >= zip.length;
        const aad = Buffer.concat([Buffer.from([last ? 0x80 : 0]), tag]);
        packets.push(sealed(packets.length + 1, aad, zip.subarray(start, start + (16 << 10))));
    }
    return Buffer.concat([Buffer.from([1]), key, ...packets]);
}

const hostOf = (server: number) => `minio-${server}.minio-headless.a.svc.cluster.local:9000`;
const drive = (server: number, path = "/data"): ReachedDrive => ({ host: hostOf(server), path });

describe("the drives that a server reaches", () => {
    const entry = ({ host, path }: ReachedDrive, content: Buffer) =>
        Buffer.concat([Buffer.from([9, 0]), Buffer.from(`${host}${path}/.minio.sys/format.json`), content]);

    it("are read from its answer, however long that is", () => {
        const drives = [0, 1, 2].flatMap((server) => ["/data0", "/data1"].map((path) => drive(server, path)));
        const zip = Buffer.concat(drives.map((one) => entry(one, randomBytes(9_000))));
        assert.deepEqual(reachedDrives(answerWith(zip)), drives);
    });

    it("are not guessed from an answer that was cut off, or is none", () => {
        const answer = answerWith(entry(drive(0), randomBytes(40_000)));
        assert.throws(() => reachedDrives(answer.subarray(0, answer.length - 20_000)));
        assert.throws(() => reachedDrives(Buffer.from("<html>no</html>")), /of a form that is not known/);
    });
});

describe("whether the others can do without a server", () => {
    const server = (ordinal: number, some: Partial<ServerState> = {}) =>
        ({ name: `minio-${ordinal}`, ordinal, uid: "a", terminating: false, longUp: true, ...some }) as ServerState;
    /** Why minio-2 may not stop, by what the servers reach: each all drives, where nothing else is said. */
    function whyNot(
        reached: Record<number, number[] | string>,
        servers: Record<number, Partial<ServerState>> = {},
        views = [0, 1, 2, 3],
    ): string | undefined {
        const pool = [0, 1, 2, 3].map((ordinal) => server(ordinal, servers[ordinal]));
        const viewOf = (ordinal: number): View => {
            const own = reached[ordinal] ?? [0, 1, 2, 3];
            const drives = typeof own === "string" ? own : own.map((one) => drive(one));
            return { server: pool[ordinal], reached: drives };
        };
        return unreachedWithout(pool[2], pool, views.map(viewOf))?.reason;
    }

    it("they can where each reaches all drives but those of the one that stops", () => {
        assert.equal(whyNot({}), undefined);
        assert.equal(whyNot({ 0: [0, 1, 3], 1: [0, 1, 3], 3: [0, 1, 3] }), undefined);
    });

    it("they cannot while one does not reach a drive that another reaches", () => {
        assert.equal(whyNot({ 0: [0, 1, 2] }), "minio-0 does not reach /data of minio-3 yet");
        // minio-3 waits for its peers, and cannot be asked what it reaches.
        assert.equal(
            whyNot({ 0: [0, 1, 2] }, { 3: { longUp: false } }, [0, 1, 2]),
            "minio-0 does not reach /data of minio-3 yet",
        );
    });

    it("they cannot while nobody reaches a server that has just started, and can when a drive has failed for good", () => {
        const nobody = { 0: [0, 1, 2], 1: [0, 1, 2], 2: [0, 1, 2] };
        assert.equal(whyNot(nobody, { 3: { longUp: false } }, [0, 1, 2]), "nobody reaches all drives of minio-3 yet");
        assert.equal(whyNot({ ...nobody, 3: [0, 1, 2] }), undefined);
    });

    it("what the one that stops reaches itself does not matter", () => {
        assert.equal(whyNot({ 2: [2] }), undefined);
        assert.equal(whyNot({ 2: "no answer" }, { 3: { longUp: false } }), undefined);
    });

    it("is answered by time where a server does not tell", () => {
        assert.equal(whyNot({ 0: "403" }), undefined);
        assert.equal(
            whyNot({ 0: "403" }, { 3: { longUp: false } }),
            "minio-0 does not tell whether it reaches the drives of minio-3: 403",
        );
    });

    it("a server that is gone is not waited for", () => {
        assert.equal(whyNot({ 0: [0, 1, 2] }, { 3: { terminating: true } }), undefined);
        assert.equal(whyNot({ 0: [0, 1, 2] }, { 3: { uid: undefined } }), undefined);
    });
});
