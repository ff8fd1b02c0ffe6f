import assert from "node:assert/strict";
import { beforeTheFirst, beforeTheSecond, whereAllIsDone, whileHalfWait, whileItWaits } from "../support/countedCases";
import { CountedCluster, type Poll } from "../support/countedCluster";

const most = (polls: Poll[], what: "requests" | "fannedOut" | "views") => Math.max(...polls.map((poll) => poll[what]));

describe("what a rollout asks", () => {
    it("is each StatefulSet, where a Role of before does not let it list them, and the list one time", async () => {
        const first = { "minio-pool-3-3": { revision: "new" as const, ready: false } };
        const polls = await new CountedCluster({ pools: 4, servers: 4 }, first, "ready", false).roll(4);
        const [list, each, pods, question, revisions] = [1, 4, 1, 1, 1];
        assert.deepEqual(
            polls.map(({ requests }) => requests),
            [list + each + pods + question + revisions, ...[1, 2, 3].map(() => each + pods + question)],
        );
    });

    for (const [pools, servers] of [
        [1, 4],
        [1, 64],
        [1, 256],
        [16, 4],
        [16, 16],
    ]) {
        const shape = { pools, servers };
        const all = pools * servers;
        const name = `${pools} × ${servers} servers`;

        it(`while it waits does not grow with the servers, and nothing that MinIO fans out (${name})`, async () => {
            for (const polls of [await whileItWaits(shape), await whileItWaits(shape, "cluster/read")]) {
                assert.equal(polls.length, 12);
                assert.ok(most(polls.slice(1), "requests") <= 3 + pools, JSON.stringify(polls));
                assert.deepEqual([most(polls, "fannedOut"), most(polls, "views")], [0, 0]);
            }
        });

        it(`nor while half of all wait for each other (${name})`, async () => {
            const polls = await whileHalfWait(shape);
            assert.equal(polls.length, 12);
            // The first look finds out how far each has come.
            assert.ok(most(polls.slice(1), "requests") <= 3 + pools, JSON.stringify(polls));
            assert.deepEqual([most(polls, "fannedOut"), most(polls, "views")], [0, 0]);
        });

        it(`before a restart is twice the servers and one for each pool at most (${name})`, async () => {
            for (const poll of [
                await beforeTheFirst(shape),
                await beforeTheFirst(shape, "cluster/read"),
                await beforeTheSecond(shape),
            ]) {
                assert.equal(poll.restarts, true);
                assert.ok(poll.requests <= 2 * all + pools, JSON.stringify(poll));
                // Each server is asked one time what it reaches, at last.
                assert.ok(poll.fannedOut <= all && poll.views >= all - 1 && poll.views <= all, JSON.stringify(poll));
            }
        });

        it(`at the end is one question about the cluster, and each server's life where nothing else proves it (${name})`, async () => {
            assert.deepEqual(await whereAllIsDone(shape, "cluster/read"), [
                { requests: 3, fannedOut: 1, views: 0, restarts: false },
            ]);
            assert.deepEqual(await whereAllIsDone(shape), [
                { requests: 3 + all, fannedOut: 1, views: 0, restarts: false },
            ]);
        });
    }
});
