/**
 * XXH3, the hash of 64 bits without a seed, by its specification (`doc/xxhash_spec.md` in `Cyan4973/xxHash`). MinIO decides by it which of
 * two servers connects to the other. What npm has is a binary for each platform, or is ready only after a promise. Pure.
 */
import { element } from "../basics/element";

const mask64 = (1n << 64n) - 1n;
const [prime32a, prime32b, prime32c] = [0x9e3779b1n, 0x85ebca77n, 0xc2b2ae3dn];
const [prime64a, prime64b, prime64c] = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n];
const [prime64d, prime64e, primeMx] = [0x85ebca77c2b2ae63n, 0x27d4eb2f165667c5n, 0x165667919e3779f9n];

/** The specification's default secret. */
const secret = Buffer.from(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221" +
        "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8" +
        "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb" +
        "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e",
    "hex",
);

const stripeBytes = 64;
const stripesOfBlock = (secret.length - stripeBytes) / 8;
const shortest = 17;

/** @throws RangeError for less than 17 bytes, for which the hash has ways of its own: two addresses are never so short */
export function xxh3(text: string): bigint {
    const data = Buffer.from(text);
    if (data.length < shortest) {
        throw new RangeError(`'${text}' has less than ${shortest} bytes`);
    }
    return data.length <= 128 ? ofShort(data) : data.length <= 240 ? ofMiddling(data) : ofLong(data);
}

/** Pairs of 16 bytes, from both ends to the middle. */
function ofShort(data: Buffer): bigint {
    let sum = BigInt(data.length) * prime64a;
    for (let pair = Math.ceil(data.length / 32) - 1; pair >= 0; pair--) {
        sum += mixed(data, 16 * pair, 32 * pair);
        sum += mixed(data, data.length - 16 * (pair + 1), 32 * pair + 16);
    }
    return avalanche(sum & mask64);
}

function ofMiddling(data: Buffer): bigint {
    let sum = BigInt(data.length) * prime64a;
    for (let at = 0; at < 128; at += 16) {
        sum += mixed(data, at, at);
    }
    sum = avalanche(sum & mask64);
    for (let at = 128; at + 16 <= data.length; at += 16) {
        sum += mixed(data, at, at - 125);
    }
    return avalanche((sum + mixed(data, data.length - 16, 136 - 17)) & mask64);
}

/** Eight sums over stripes of 64 bytes. */
function ofLong(data: Buffer): bigint {
    const sums = [prime32c, prime64a, prime64b, prime64c, prime64d, prime32b, prime64e, prime32a];
    // The last stripe, whole or not, comes at the end.
    const stripes = Math.floor((data.length - 1) / stripeBytes);
    for (let stripe = 0; stripe < stripes; stripe++) {
        accumulate(sums, data, stripe * stripeBytes, (stripe % stripesOfBlock) * 8);
        if (stripe % stripesOfBlock === stripesOfBlock - 1) {
            scramble(sums);
        }
    }
    accumulate(sums, data, data.length - stripeBytes, secret.length - stripeBytes - 7);
    let merged = BigInt(data.length) * prime64a;
    for (let lane = 0; lane < 8; lane += 2) {
        const at = 11 + 8 * lane;
        merged += folded(
            element(sums, lane) ^ secret.readBigUInt64LE(at),
            element(sums, lane + 1) ^ secret.readBigUInt64LE(at + 8),
        );
    }
    return avalanche(merged & mask64);
}

function accumulate(sums: bigint[], data: Buffer, at: number, keyAt: number): void {
    for (let lane = 0; lane < 8; lane++) {
        const value = data.readBigUInt64LE(at + 8 * lane);
        const keyed = value ^ secret.readBigUInt64LE(keyAt + 8 * lane);
        sums[lane ^ 1] = (element(sums, lane ^ 1) + value) & mask64;
        sums[lane] = (element(sums, lane) + (keyed & 0xffffffffn) * (keyed >> 32n)) & mask64;
    }
}

/** At the end of each block. */
function scramble(sums: bigint[]): void {
    for (let lane = 0; lane < 8; lane++) {
        const key = secret.readBigUInt64LE(secret.length - stripeBytes + 8 * lane);
        const sum = element(sums, lane);
        sums[lane] = ((sum ^ (sum >> 47n) ^ key) * prime32a) & mask64;
    }
}

/** 16 bytes of the data with as many of the secret. */
function mixed(data: Buffer, at: number, keyAt: number): bigint {
    return folded(
        data.readBigUInt64LE(at) ^ secret.readBigUInt64LE(keyAt),
        data.readBigUInt64LE(at + 8) ^ secret.readBigUInt64LE(keyAt + 8),
    );
}

/** The two halves of a product of 128 bits, as one. */
function folded(a: bigint, b: bigint): bigint {
    const product = a * b;
    return (product & mask64) ^ (product >> 64n);
}

function avalanche(value: bigint): bigint {
    const spread = ((value ^ (value >> 37n)) * primeMx) & mask64;
    return spread ^ (spread >> 32n);
}
