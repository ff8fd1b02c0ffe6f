/** Which drives one server reaches at the moment, by what it could read of them. Pure. */
import { createCipheriv, createDecipheriv } from "node:crypto";

export interface ReachedDrive {
    /** Its server, such as `minio-0.minio-headless.default.svc.cluster.local:9000`. */
    host: string;
    /** Where that server has it, such as `/data1`. */
    path: string;
}

/** Of the packets of a stream of `github.com/secure-io/sio-go`, in bytes. */
const packet = 16 << 10;
const tagLength = 16;

/** Of the answer: a version, and the key. */
const headLength = 1 + 32;

/**
 * From the answer to `/inspect-data` with the file `format.json`, which each drive has one of: an encrypted zip with that file of each drive
 * that could be read (`InspectDataHandler` in `cmd/admin-handlers.go`, `GetRawData` in `cmd/erasure-server-pool.go`).
 *
 * It is read as data is: by the HTTP client that the server has for each drive. No other question tells of that. `/storageinfo` and the
 * health endpoints ask each server for its own drives, over other connections (`internal/grid`).
 *
 * @throws Error when it is cut off or of another form
 */
export function reachedDrives(answer: Buffer): ReachedDrive[] {
    if (answer.length < headLength + tagLength || answer[0] !== 1) {
        throw new Error("the answer to inspect-data is of a form that is not known here");
    }
    const names = decrypted(answer.subarray(1, headLength), answer.subarray(headLength)).toString("latin1");
    // In a zip each name stands as it is, in two places. In the first one the byte before it is always zero.
    const found = [...names.matchAll(/\0([a-z0-9.-]+(?::\d+)?)(\/[^\0]{0,200}?)\/\.minio\.sys\/format\.json/g)];
    return [...new Map(found.map(([name, host = "", path = ""]) => [name, { host, path }])).values()];
}

/** AES-256-GCM in packets, with a zero nonce and no associated data (`EncWriter` in `writer.go` of sio-go). */
function decrypted(key: Buffer, stream: Buffer): Buffer {
    const nonce = (sequence: number) => {
        const bytes = Buffer.alloc(12);
        bytes.writeUInt32LE(sequence, 8);
        return bytes;
    };
    const first = createCipheriv("aes-256-gcm", key, nonce(0));
    first.final();
    const tag = first.getAuthTag();
    const plain: Buffer[] = [];
    for (let start = 0, sequence = 1; start < stream.length; start += packet + tagLength, sequence++) {
        const end = Math.min(stream.length, start + packet + tagLength);
        const decipher = createDecipheriv("aes-256-gcm", key, nonce(sequence));
        decipher.setAAD(Buffer.concat([Buffer.from([end === stream.length ? 0x80 : 0x00]), tag]));
        decipher.setAuthTag(stream.subarray(end - tagLength, end));
        plain.push(decipher.update(stream.subarray(start, end - tagLength)), decipher.final());
    }
    return Buffer.concat(plain);
}
