import assert from "node:assert/strict";
import { complaints, decide } from "../support/linearizability";
import { summarize } from "../support/load";
import { execute } from "../support/project";
import { describeService, type Fault, serviceWithout } from "./fault";
import { LoadedCluster } from "./loadedCluster";

/** One line of the campaign's table. */
export interface Row {
    fault: string;
    expected: string;
    observed: string;
    /** Requests under the fault and its mending, and those that failed for a client that tries three times. */
    requests: number;
    failed: number;
    /** Longest time without a successful request, in seconds. */
    longestGap: { put: number; get: number };
    /** Acknowledged objects that are not there or not whole. */
    lost: number;
    /** Objects of concurrent clients whose history is not linearizable. */
    violations: number;
    /** What a person had to do before `pulumi up` converged. */
    manualStep: string;
}

/**
 * One fault after another on a cluster under load. After each, `pulumi up` converges, every server and drive works again, and
 * every object whose write was acknowledged is there. What concurrent clients saw of a few objects is linearizable.
 *
 * @param survived called with the row of each fault that was survived
 */
export function campaign(title: string, namespace: string, faults: Fault[], survived: (row: Row) => void): void {
    describe(title, () => {
        const cluster = new LoadedCluster(namespace);

        before(() => cluster.create());
        after(() => cluster.remove());
        afterEach(async function () {
            await cluster.rest();
            if (this.currentTest?.state === "failed") {
                const what = ["get", "pods,pvc,nodes", cluster.inNamespace, "--output=wide"];
                const { text } = await execute("kubectl", what);
                process.stderr.write(`${this.currentTest.err?.message}\n${text}\n`);
            }
        });

        for (const fault of faults) {
            it(`survives that ${fault.title}`, async () => {
                await cluster.untilWhole();
                await cluster.use(fault);
                const observed = await fault.strike(cluster);
                await cluster.converges();
                const { load } = cluster;
                await cluster.rest();
                const found = complaints(await decide(cluster.recorded.operations));
                const [put, get] = (["put", "get"] as const).map((kind) => summarize(load.outcomes, kind));
                const lost = await load.lost();
                const row: Row = {
                    fault: fault.title,
                    expected: [
                        describeService(fault.service ?? serviceWithout(fault.serversAway, cluster.topology)),
                        ...(fault.expected ? [fault.expected] : []),
                    ].join("; "),
                    observed,
                    requests: put.requests + get.requests,
                    failed: put.failed + get.failed,
                    longestGap: { put: put.longestGap, get: get.longestGap },
                    lost: lost.length,
                    violations: found.length,
                    manualStep: fault.manualStep ?? "none",
                };
                const failures = load.outcomes
                    .filter(({ error }) => error)
                    .map(({ kind, start, end, error }) => `${kind} ${start / 1000} to ${end / 1000} s: ${error}`);
                process.stderr.write(`      ${JSON.stringify(row)}\n      ${failures.slice(0, 20).join("\n      ")}\n`);
                assert.deepEqual(lost, []);
                survived(row); // The table tells, too, of what is not linearizable.
                assert.equal(found.length, 0, found.join("\n"));
            });
        }

        it("has lost no acknowledged object to the end", async () => {
            for (const load of cluster.loads) {
                assert.deepEqual(await load.lost(), []);
            }
        });
    });
}
