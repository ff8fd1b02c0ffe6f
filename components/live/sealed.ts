/**
 * How MinIO's admin API wants bodies with secrets: `EncryptData` in madmin-go's `encrypt.go`, which seals them with a
 * key from the caller's own secret key. Of the two ways to make that key, servers take both. Node.js has the one that
 * FIPS asks for (PBKDF2 with AES-GCM). Answers come by the other one.
 */
import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

/** `pbkdf2AESGCM`, and its `pbkdf2Cost`. */
const method = 0x02;
const iterations = 8192;

/** `BufSize` of `github.com/secure-io/sio-go`: a text is sealed in fragments of this size. */
const fragmentBytes = 1 << 14;
const tagBytes = 16;

/** Salt, method, nonce, and the fragments. */
export async function sealed(secretKey: string, text: string): Promise<Buffer> {
    const salt = randomBytes(32);
    const nonce = randomBytes(8);
    const key = await promisify(pbkdf2)(secretKey, salt, iterations, 32, "sha256");
    const seal = (sequence: number, plain: Buffer, associated: Buffer) => {
        const counter = Buffer.alloc(4);
        counter.writeUInt32LE(sequence);
        const cipher = createCipheriv("aes-256-gcm", key, Buffer.concat([nonce, counter]));
        cipher.setAAD(associated);
        return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    };
    const none = Buffer.alloc(0);
    const tag = seal(0, none, none).subarray(-tagBytes);
    const data = Buffer.from(text);
    const count = Math.max(1, Math.ceil(data.length / fragmentBytes));
    const fragments = Array.from({ length: count }, (_, index) => {
        const isLast = index === count - 1;
        const plain = data.subarray(index * fragmentBytes, (index + 1) * fragmentBytes);
        return seal(index + 1, plain, Buffer.concat([Buffer.from([isLast ? 0x80 : 0x00]), tag]));
    });
    return Buffer.concat([salt, Buffer.from([method]), nonce, ...fragments]);
}

/** `argon2idAESGCM` and `argon2idChaCHa20Poly1305`, with `argon2idMemory` and `argon2idThreads`. */
const [argonWithAes, argonWithChaCha] = [0x00, 0x01];
const argonCost = { iterations: 1, parallelism: 4, memorySize: 64 << 10, hashLength: 32 };

/**
 * The text of such a body.
 *
 * @throws Error where it is not sealed by this secret key
 */
export async function unsealed(secretKey: string, bytes: Buffer): Promise<string> {
    const [salt, way, nonce] = [bytes.subarray(0, 32), bytes[32], bytes.subarray(33, 41)];
    if (way !== argonWithAes && way !== argonWithChaCha && way !== method) {
        throw new Error("the answer is sealed in a way that is not known here");
    }
    const key =
        way === method
            ? await promisify(pbkdf2)(secretKey, salt, iterations, 32, "sha256")
            : await argonKey(secretKey, salt);
    // Both are used alike.
    const cipher = way === argonWithChaCha ? ("chacha20-poly1305" as "aes-256-gcm") : "aes-256-gcm";
    const options = { authTagLength: tagBytes };
    const iv = (sequence: number) => {
        const counter = Buffer.alloc(4);
        counter.writeUInt32LE(sequence);
        return Buffer.concat([nonce, counter]);
    };
    const first = createCipheriv(cipher, key, iv(0), options);
    first.final();
    const tag = first.getAuthTag();
    const parts: Buffer[] = [];
    const data = bytes.subarray(41);
    const size = fragmentBytes + tagBytes;
    for (let [start, sequence] = [0, 1]; start < data.length; start += size, sequence++) {
        const fragment = data.subarray(start, start + size);
        const isLast = start + size >= data.length;
        const decipher = createDecipheriv(cipher, key, iv(sequence), options);
        decipher.setAAD(Buffer.concat([Buffer.from([isLast ? 0x80 : 0x00]), tag]));
        decipher.setAuthTag(fragment.subarray(-tagBytes));
        parts.push(decipher.update(fragment.subarray(0, -tagBytes)), decipher.final());
    }
    return Buffer.concat(parts).toString();
}

/** The library is loaded only here: Node.js has Argon2id from 24.7 on. */
async function argonKey(secretKey: string, salt: Buffer): Promise<Uint8Array> {
    const { argon2id } = await import("hash-wasm");
    return argon2id({ password: secretKey, salt, ...argonCost, outputType: "binary" });
}
