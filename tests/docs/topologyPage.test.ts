import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import fc from "fast-check";
import { topologyOf } from "../../components/minio/topology";
import { problemsOf } from "../../components/spec/validation";
import { topologyPage, topologyPageFile } from "../../docs/topologyPage/build";
import type { Explained, explain } from "../../docs/topologyPage/explain";
import { argumentsOf, hashOf, type Typed, typedIn } from "../../docs/topologyPage/typed";

/** As the page does it, but for the elements: `make check-page` has a real browser. */
function explained(hash: string): Explained {
    const { args, zones } = page.argumentsOf(page.typedIn(hash));
    // Of this context, so that it can be compared.
    return JSON.parse(JSON.stringify(page.explain(args, zones)));
}

const text = readFileSync(topologyPageFile, "utf8");
const page = (() => {
    const [, script] = /<script>\n(.*)<\/script>/s.exec(text) ?? [];
    // All that the script may use of a browser, beside the page itself.
    const context = createContext({ URLSearchParams, TextEncoder });
    return runInContext(`${script}; topologyPage`, context) as {
        argumentsOf: typeof argumentsOf;
        explain: typeof explain;
        typedIn: typeof typedIn;
    };
})();

describe("docs/topology.html", () => {
    it("is what docs/topologyPage and the component's sources make now", async () => {
        assert.ok(text === (await topologyPage()), `${topologyPageFile} is old: run npm run docs`);
    });

    it("needs no other file and no network", () => {
        assert.deepEqual(
            text.match(/<(?:script|link|img|iframe)[^>]*(?:src|href)="(?!data:)[^"]*"|@import|url\(/g),
            null,
        );
        assert.ok(Buffer.byteLength(text) < 200_000);
    });

    it("says of the default what the component makes", () => {
        const { problems, warnings, rows, pools } = explained("");
        assert.deepEqual([problems, warnings], [[], []]);
        assert.deepEqual(Object.fromEntries(rows)["Room for objects"], "20 GiB of 40 GiB, 50 %");
        assert.deepEqual(pools, [
            {
                name: "minio",
                rows: [
                    ["Servers", "4, with 1 drive each"],
                    ["Erasure sets", "1 of 4 drives; an object lies in one of them"],
                    ["Parity", "EC:2; each object is 2 data and 2 parity shards"],
                    ["Write quorum", "3 of the 4 drives of a set"],
                    ["Read quorum", "2 of the 4 drives of a set"],
                    ["Room for objects", "20 GiB of 40 GiB, 50 %"],
                    ["Drives of a set that may fail", "1 for writes, 2 for reads"],
                    ["Servers that may fail, whichever", "1 for writes, 2 for reads"],
                    ["Disruption budget", "minio-pdb, minAvailable: 3"],
                    ["A lost zone", "writes continue from 4 zones on, reads from 2 zones on"],
                ],
                stages: [
                    { gone: "0 to 1", possible: "reads and writes" },
                    { gone: "2", possible: "reads" },
                    { gone: "3 to 4", possible: "not every object" },
                ],
                servers: [[0], [0], [0], [0]],
            },
        ]);
    });

    it("takes pools, parity and zones", () => {
        const { pools } = explained(
            "#replicas=8&environment.MINIO_STORAGE_CLASS_STANDARD=EC:2&zones=2&expansionPools[0].drivesPerServer=2&expansionPools[0].replicas=",
        );
        assert.deepEqual(
            pools.map(({ name, rows }) => [name, ...rows.map(([, value]) => value).slice(0, 3)]),
            [
                [
                    "minio",
                    "8, with 1 drive each",
                    "1 of 8 drives; an object lies in one of them",
                    "EC:2; each object is 6 data and 2 parity shards",
                ],
                [
                    "minio-pool-1",
                    "8, with 2 drives each",
                    "1 of 16 drives; an object lies in one of them",
                    "EC:2; each object is 14 data and 2 parity shards",
                ],
            ],
        );
        assert.match(
            Object.fromEntries(pools[0].rows)["A lost zone"],
            /^stops writes and reads with 2 zones, of which one has 4/,
        );
    });

    it("refuses in the words of a preview, everything at the same time", () => {
        const hash = "replicas=17&storageSize=5&expansionPools[0].drivesPerServer=many";
        const { problems, pools } = explained(hash);
        const told = problemsOf("minio", argumentsOf(typedIn(hash)).args);
        assert.deepEqual(
            problems,
            told.map(({ field, reason }) => `${field}: ${reason}`),
        );
        assert.deepEqual(
            told.map(({ field }) => field),
            ["replicas", "storageSize", "expansionPools[0].drivesPerServer", "expansionPools[0].storageSize"],
        );
        assert.deepEqual(pools, []);
        assert.deepEqual(explained("zones=many").problems, [
            "zones: 'many' is not allowed: use an integer of at least 1",
        ]);
        assert.deepEqual(explained("environment.MINIO_STORAGE_CLASS_STANDARD=EC:3").problems, [
            "environment.MINIO_STORAGE_CLASS_STANDARD: its value (not shown) is not allowed: EC:3 does not suit sets of 4 " +
                "drives: use EC:1 to EC:2",
        ]);
    });

    it("counts any pool as components/minio/topology.ts does, or refuses it", () => {
        const number = fc.integer({ min: 1, max: 40 });
        fc.assert(
            fc.property(number, number, (replicas, drivesPerServer) => {
                const said = explained(`replicas=${replicas}&drivesPerServer=${drivesPerServer}`);
                const topology = topologyOf([{ servers: replicas, drivesPerServer, driveBytes: 1 }]);
                assert.equal(said.problems.length === 0, replicas >= 2 && topology !== undefined);
                const stages = said.pools[0]?.stages ?? [];
                for (const [possible, mayFail] of [
                    ["reads and writes", topology?.serversThatMayFailForWrites],
                    ["reads", topology?.serversThatMayFailForReads],
                ] as const) {
                    const stage = stages.find((one) => one.possible === possible);
                    assert.ok(!stage || stage.gone.split(" to ").at(-1) === String(mayFail));
                }
                for (const server of said.pools[0]?.servers ?? []) {
                    assert.equal(server.length, drivesPerServer);
                }
            }),
            { seed: 1, numRuns: 200 },
        );
    });

    it("keeps in its address what was typed, with pools that are as the first", () => {
        const typed: Typed = {
            replicas: "8",
            "expansionPools[0].replicas": "",
            "environment.MINIO_STORAGE_CLASS_STANDARD": "EC:2 & <b>",
        };
        assert.deepEqual(typedIn(`#${hashOf({ ...typed, storageSize: "" })}`), typed);
        assert.deepEqual(argumentsOf(typed).args.expansionPools, [{}]);
    });
});
