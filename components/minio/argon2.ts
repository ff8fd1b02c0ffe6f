/**
 * Argon2id (RFC 9106) with one pass, by which MinIO makes the key of an answer with secrets: `argon2.IDKey` of `golang.org/x/crypto`. Node.js has
 * it from 24.7 on. What is computed here opens answers only, so a fault of it would be noticed. Pure.
 */

const blockWords = 256; // Of 32 bits, the lower half of each 64 first.
const slices = 4;

/**
 * It takes seconds: between its parts, the process may do something else.
 *
 * @param memory KiB, a multiple of four times the lanes
 */
export function* argon2id(
    password: Buffer,
    salt: Buffer,
    memory: number,
    lanes: number,
    length: number,
): Generator<undefined, Buffer> {
    const columns = memory / lanes;
    const blocks = new Uint32Array(memory * blockWords);
    const fields = [lanes, length, memory, 1, 0x13, 2].map(int32);
    const empty = int32(0);
    const seed = blake2b(
        Buffer.concat([...fields, int32(password.length), password, int32(salt.length), salt, empty, empty]),
        64,
    );
    for (let lane = 0; lane < lanes; lane++) {
        for (const column of [0, 1]) {
            const first = longHash(Buffer.concat([seed, int32(column), int32(lane)]), blockWords * 4);
            const at = (lane * columns + column) * blockWords;
            for (let word = 0; word < blockWords; word++) {
                blocks[at + word] = first.readUInt32LE(word * 4);
            }
        }
    }
    for (let slice = 0; slice < slices; slice++) {
        for (let lane = 0; lane < lanes; lane++) {
            fillSegment({ blocks, memory, lanes, columns, slice, lane });
            yield;
        }
    }
    const last = Buffer.alloc(blockWords * 4);
    for (let word = 0; word < blockWords; word++) {
        let all = 0;
        for (let lane = 1; lane <= lanes; lane++) {
            all ^= blocks[(lane * columns - 1) * blockWords + word] as number;
        }
        last.writeUInt32LE(all >>> 0, word * 4);
    }
    return longHash(last, length);
}

interface Segment {
    blocks: Uint32Array;
    memory: number;
    lanes: number;
    columns: number;
    slice: number;
    lane: number;
}

function fillSegment({ blocks, memory, lanes, columns, slice, lane }: Segment): void {
    const length = columns / slices;
    // In the first half, what a block is mixed with does not depend on the password.
    const isIndependent = slice < slices / 2;
    const zero = new Uint32Array(blockWords);
    const input = new Uint32Array(blockWords);
    const addresses = new Uint32Array(blockWords);
    for (const [word, value] of [0, lane, slice, memory, 1, 2].entries()) {
        input[word * 2] = value;
    }
    const nextAddresses = () => {
        input[12] = (input[12] as number) + 1;
        mix(addresses, 0, input, 0, zero, 0);
        mix(addresses, 0, addresses, 0, zero, 0);
    };
    const start = slice === 0 ? 2 : 0;
    for (let index = start; index < length; index++) {
        const column = slice * length + index;
        const previous = lane * columns + column - 1;
        let [source, at] = [blocks, previous * blockWords];
        if (isIndependent) {
            if (index === start || index % 128 === 0) {
                nextAddresses();
            }
            [source, at] = [addresses, (index % 128) * 2];
        }
        const [low, high] = [source[at] as number, source[at + 1] as number];
        const otherLane = slice === 0 ? lane : high % lanes;
        const isSame = otherLane === lane;
        const reach = slice * length + (isSame ? index : 0) - (isSame || index === 0 ? 1 : 0);
        const back = highProduct(highProduct(low, low), reach);
        const other = otherLane * columns + reach - 1 - back;
        mix(blocks, (lane * columns + column) * blockWords, blocks, previous * blockWords, blocks, other * blockWords);
    }
}

const mixed = new Uint32Array(blockWords);
const work = new Uint32Array(blockWords);

/** The compression function G. */
function mix(out: Uint32Array, to: number, one: Uint32Array, a: number, other: Uint32Array, b: number): void {
    for (let word = 0; word < blockWords; word++) {
        mixed[word] = (one[a + word] as number) ^ (other[b + word] as number);
    }
    work.set(mixed);
    for (let row = 0; row < 8; row++) {
        permute(row * 32, 4);
    }
    for (let column = 0; column < 8; column++) {
        permute(column * 4, 32);
    }
    for (let word = 0; word < blockWords; word++) {
        out[to + word] = (mixed[word] as number) ^ (work[word] as number);
    }
}

/** The places that each quarter of a round works on. */
const quarters = [
    ...[0, 1, 2, 3].map((column) => [column, column + 4, column + 8, column + 12]),
    ...[0, 1, 2, 3].map((column) => [column, 4 + ((column + 1) % 4), 8 + ((column + 2) % 4), 12 + ((column + 3) % 4)]),
] as [number, number, number, number][];

/** @param stride between two pairs of 64 bits */
function permute(start: number, stride: number): void {
    for (const [a, b, c, d] of quarters) {
        const [one, two] = [start + stride * (a >> 1) + 2 * (a & 1), start + stride * (b >> 1) + 2 * (b & 1)];
        const [three, four] = [start + stride * (c >> 1) + 2 * (c & 1), start + stride * (d >> 1) + 2 * (d & 1)];
        addProduct(one, two);
        turn(four, one, 32);
        addProduct(three, four);
        turn(two, three, 24);
        addProduct(one, two);
        turn(four, one, 16);
        addProduct(three, four);
        turn(two, three, 63);
    }
}

/** one += other + 2 * lower half of one * lower half of other */
function addProduct(one: number, other: number): void {
    const oneLow = work[one] as number;
    const otherLow = work[other] as number;
    const productLow = Math.imul(oneLow, otherLow) >>> 0;
    const productHigh = highProduct(oneLow, otherLow);
    const low = oneLow + otherLow + productLow * 2;
    work[one + 1] =
        (work[one + 1] as number) + (work[other + 1] as number) + productHigh * 2 + Math.floor(low / 2 ** 32);
    work[one] = low;
}

/** one = (one ^ other) turned right */
function turn(one: number, other: number, bits: number): void {
    const low = (work[one] as number) ^ (work[other] as number);
    const high = (work[one + 1] as number) ^ (work[other + 1] as number);
    const by = bits & 31;
    const first = bits < 32 ? low : high;
    const second = bits < 32 ? high : low;
    work[one] = by === 0 ? first : (first >>> by) | (second << (32 - by));
    work[one + 1] = by === 0 ? second : (second >>> by) | (first << (32 - by));
}

/** The upper half of the product of two numbers of 32 bits. */
function highProduct(one: number, other: number): number {
    const [oneLow, oneHigh] = [one & 0xffff, one >>> 16];
    const [otherLow, otherHigh] = [other & 0xffff, other >>> 16];
    const low = Math.imul(oneLow, otherLow) >>> 16;
    const middle = Math.imul(oneHigh, otherLow);
    const carried = low + (middle & 0xffff) + Math.imul(oneLow, otherHigh);
    return (Math.imul(oneHigh, otherHigh) + (middle >>> 16) + (carried >>> 16)) >>> 0;
}

function int32(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
}

/** The hash of any length, which RFC 9106 calls H'. */
function longHash(data: Buffer, length: number): Buffer {
    const prefixed = Buffer.concat([int32(length), data]);
    if (length <= 64) {
        return blake2b(prefixed, length);
    }
    const parts: Buffer[] = [];
    let hash = blake2b(prefixed, 64);
    let left = length;
    for (; left > 64; left -= 32) {
        parts.push(hash.subarray(0, 32));
        hash = blake2b(hash, left - 32 > 64 ? 64 : left - 32);
    }
    return Buffer.concat([...parts, hash]);
}

const mask = (1n << 64n) - 1n;
const initial = [
    ...[0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n],
    ...[0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n],
];
/** Which words of a block each round takes, in hexadecimal. */
const orders = [
    ...["0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8", "905724afe1bc683d"],
    ...["2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a", "6fe9b308c2d714a5", "a2847615fb9e3cd0"],
].map((order) => [...order].map((word) => Number.parseInt(word, 16)));
const rounds = 12;
const hashBlockBytes = 128;

/** BLAKE2b (RFC 7693) without a key. Node.js has it for 64 bytes only. */
function blake2b(data: Buffer, length: number): Buffer {
    const hash = [...initial];
    hash[0] = (hash[0] as bigint) ^ 0x01010000n ^ BigInt(length);
    const count = Math.max(1, Math.ceil(data.length / hashBlockBytes));
    const padded = Buffer.concat([data], count * hashBlockBytes);
    for (let block = 0; block < count; block++) {
        const isLast = block === count - 1;
        const words = Array.from({ length: 16 }, (_, word) =>
            padded.readBigUInt64LE(block * hashBlockBytes + word * 8),
        );
        const state = [...hash, ...initial];
        const seen = isLast ? data.length : (block + 1) * hashBlockBytes;
        state[12] = (state[12] as bigint) ^ BigInt(seen);
        state[14] = (state[14] as bigint) ^ (isLast ? mask : 0n);
        for (let round = 0; round < rounds; round++) {
            const order = orders[round % orders.length] as number[];
            for (const [index, [a, b, c, d]] of quarters.entries()) {
                const [x, y] = [0, 1].map((one) => words[order[index * 2 + one] as number] as bigint);
                hashQuarter(state, [a, b, c, d], x as bigint, y as bigint);
            }
        }
        for (let word = 0; word < 8; word++) {
            hash[word] = (hash[word] as bigint) ^ (state[word] as bigint) ^ (state[word + 8] as bigint);
        }
    }
    const bytes = Buffer.alloc(64);
    for (const [word, value] of hash.entries()) {
        bytes.writeBigUInt64LE(value, word * 8);
    }
    return bytes.subarray(0, length);
}

function hashQuarter(state: bigint[], places: [number, number, number, number], x: bigint, y: bigint): void {
    let [a, b, c, d] = places.map((place) => state[place]) as [bigint, bigint, bigint, bigint];
    const turned = (value: bigint, bits: bigint) => ((value >> bits) | (value << (64n - bits))) & mask;
    a = (a + b + x) & mask;
    d = turned(d ^ a, 32n);
    c = (c + d) & mask;
    b = turned(b ^ c, 24n);
    a = (a + b + y) & mask;
    d = turned(d ^ a, 16n);
    c = (c + d) & mask;
    b = turned(b ^ c, 63n);
    for (const [index, value] of [a, b, c, d].entries()) {
        state[places[index] as number] = value;
    }
}
