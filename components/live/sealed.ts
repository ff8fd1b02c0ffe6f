/**
 * How MinIO's admin API wants bodies with secrets: `EncryptData` in madmin-go's `encrypt.go`, which seals them with a key from the caller's own
 * secret key. Of the two ways to make that key, servers take both. Node.js has the one that FIPS asks for (PBKDF2 with AES-GCM).
 */
import { createCipheriv, pbkdf2, randomBytes } from "node:crypto";
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
