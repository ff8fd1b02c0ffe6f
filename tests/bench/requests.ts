/**
 * How many requests a rollout makes in a poll, by the stand-in that tests/unit/requests.test.ts counts with: `make bench-requests`. It needs
 * no cluster.
 */
import { beforeTheFirst, beforeTheSecond, whereAllIsDone, whileHalfWait, whileItWaits } from "../support/countedCases";
import type { Poll } from "../support/countedCluster";

const shapes = [
    { pools: 1, servers: 4 },
    { pools: 1, servers: 16 },
    { pools: 4, servers: 16 },
    { pools: 1, servers: 64 },
    { pools: 16, servers: 16 },
    { pools: 1, servers: 256 },
];

/** The poll that takes most, but for the first. */
const worst = (polls: Poll[]) =>
    polls.slice(polls.length > 1 ? 1 : 0).reduce((a, b) => (b.requests > a.requests ? b : a));
const cell = ({ requests, fannedOut, views }: Poll) => `${requests} (${fannedOut}${views ? ` + ${views}` : ""})`;

async function main(): Promise<void> {
    console.log(
        "requests of a poll, with those in brackets that MinIO fans out to all servers (+ which drives each reaches)\n",
    );
    console.log(
        "| servers | waits for one | half wait for each other | before the first restart | before the second | at the end |",
    );
    console.log("|---|---|---|---|---|---|");
    for (const shape of shapes) {
        const polls = [
            worst(await whileItWaits(shape)),
            worst(await whileHalfWait(shape)),
            await beforeTheFirst(shape),
            await beforeTheSecond(shape),
            worst(await whereAllIsDone(shape)),
        ];
        console.log(`| ${[`${shape.pools} × ${shape.servers}`, ...polls.map(cell)].join(" | ")} |`);
    }
}

main().catch((error) => {
    console.error(error);
    process.exitCode = 1;
});
