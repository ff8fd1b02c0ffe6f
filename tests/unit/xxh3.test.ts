import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { xxh3 } from "../../components/minio/xxh3";

/** Any text of a length, the same each time. */
const textOf = (length: number) =>
    Array.from({ length }, (_, index) => String.fromCharCode(33 + ((index * 31 + length) % 94))).join("");

/** What is expected here is what the binary of `@node-rs/xxhash` 1.7.8 made of the same texts. */
describe("the hash by which MinIO's servers connect", () => {
    /** At both sides of each length from which the hash goes another way. */
    const expected: [length: number, hash: bigint][] = [
        [17, 0xb5855e6e2de75359n],
        [32, 0xcffb9b65a9631427n],
        [33, 0xe4fb24649ffcb61en],
        [64, 0xd147f9682bab995en],
        [65, 0x39210c43f58a12d3n],
        [96, 0xf394cfd565d86d79n],
        [97, 0xa3d7cb13e3616608n],
        [128, 0x41bfe13a19292064n],
        [129, 0x5c153570e32988b0n],
        [144, 0x42676ea4c88859d6n],
        [240, 0xf44bc612185297adn],
        [241, 0xe71d597d9c70996cn],
        [256, 0x3aecd79b84d7fbd7n],
        [1024, 0xf4fb042c38e49538n],
        [1025, 0xfc67e5ad9b49e8a7n],
        [1088, 0x14da8782b5ab8a8an],
        [2049, 0x1300fcace8aa96b6n],
    ];
    for (const [length, hash] of expected) {
        it(`is as expected for ${length} bytes`, () => assert.equal(xxh3(textOf(length)), hash));
    }

    it("is as expected for each length from 17 to 2,200 bytes", () => {
        const all = createHash("sha256");
        for (let length = 17; length <= 2200; length++) {
            all.update(`${xxh3(textOf(length)).toString(16)} `);
        }
        assert.equal(all.digest("hex"), "a413924638f254a98268362d814b480e21759758aa6130915e6d4d89cc7119ec");
    });

    it("counts bytes, not letters", () => assert.equal(xxh3("ä".repeat(50)), 0xe223a13bbfa96a1n));

    it("refuses what is shorter than any two addresses", () => {
        assert.throws(() => xxh3(textOf(16)), /RangeError.*less than 17 bytes/);
    });
});
