/**
 * Takes sets of snapshots under constant load and restores each into a new cluster, and tells for how long requests waited,
 * with 4 drives and with 16. `make bench-snapshots`, RUNS=10.
 */

import { groupSnapshotClass, snapshotClass } from "../../devcluster/cluster/storage";
import type { ConstantLoad } from "../support/load";
import { execute, kubectl, Project } from "../support/project";
import { makeBucket, s3Of, targetOf } from "../support/s3";
import { unreadable, whileUsed } from "../support/wholeness";

const runs = Number(process.env.RUNS || 10);
const single = { className: snapshotClass };
const group = { groupClassName: groupSnapshotClass };

interface Run {
    requests: number;
    failed: number;
    /** Seconds for which no request was answered. */
    waited: number;
    /** Longest answer, in seconds. */
    slowest: number;
    load: ConstantLoad;
    /** How many of the load's objects were acknowledged before the freeze. */
    before: number;
}

/** Takes a set while clients write, read and delete, and none of them tries again. */
async function takeUnderLoad(project: Project, set: string, kind: object = single): Promise<Run> {
    const { load, atStall } = await whileUsed(await targetOf(project), `${set}-`, async () => {
        await project.configure({ snapshots: { ...kind, sets: [set] } });
        await project.succeed("up", "--yes", "--skip-preview");
    });
    const good = load.outcomes.filter(({ error }) => !error);
    const ends = good.map(({ end }) => end).sort((a, b) => a - b);
    return {
        requests: load.outcomes.length,
        failed: load.outcomes.length - good.length,
        waited: Math.max(...ends.slice(1).map((end, i) => end - ends[i])) / 1000,
        slowest: Math.max(...good.map(({ start, end }) => end - start)) / 1000,
        load,
        before: atStall,
    };
}

const seconds = (value: number) => value.toFixed(1);

async function restoreAndLook(from: Project, set: string, { load, before }: Run): Promise<boolean> {
    const copy = new Project(from.namespace);
    try {
        await copy.init({ createNamespace: false, name: "copy", restoreFrom: { set, cluster: "minio" } });
        await copy.succeed("up", "--yes", "--skip-preview");
        const target = await targetOf(copy);
        const [lost, bad] = [await load.lost(target, before), await unreadable(target, "load")];
        console.log(
            `  restored: ${before - lost.length} of ${before} present and whole, ${bad.length} listed unreadable`,
        );
        for (const problem of [...lost, ...bad]) {
            console.log(`    ${problem}`);
        }
        return lost.length === 0 && bad.length === 0;
    } finally {
        await copy.removeStack();
        await kubectl("delete", "pvc", "--selector=app=copy", `--namespace=${from.namespace}`, "--timeout=120s");
    }
}

/** A set of each drive's own snapshot, restored; then one as a group. */
async function main(): Promise<void> {
    let right = 0;
    let failed = 0;
    const four = new Project("bench-snapshots");
    try {
        await deploy(four);
        for (let run = 1; run <= runs; run++) {
            const taken = await takeUnderLoad(four, `run-${run}`);
            tell(run, "4 drives", taken);
            failed += taken.failed;
            right += (await restoreAndLook(four, `run-${run}`, taken)) ? 1 : 0;
        }
        failed += await takeOnly(four, "4 drives as a group", group);
    } finally {
        await four.remove();
    }
    const sixteen = new Project("bench-snapshots-16");
    try {
        await deploy(sixteen, { drivesPerServer: 4 });
        failed += await takeOnly(sixteen, "16 drives", single);
        failed += await takeOnly(sixteen, "16 drives as a group", group);
    } finally {
        await sixteen.remove();
    }
    console.log(`${right} of ${runs} sets right; ${failed} requests failed`);
    process.exitCode = right === runs && failed === 0 ? 0 : 1;
}

async function deploy(project: Project, changes: Record<string, unknown> = {}): Promise<void> {
    await project.init(changes);
    await project.succeed("up", "--yes", "--skip-preview");
    await makeBucket(await s3Of(project), "load");
}

/** @returns how many requests failed */
async function takeOnly(project: Project, title: string, kind: object): Promise<number> {
    let failed = 0;
    for (let run = 1; run <= Math.min(3, runs); run++) {
        const taken = await takeUnderLoad(project, `${Object.keys(kind)[0].toLowerCase()}-${run}`, kind);
        tell(run, title, taken);
        failed += taken.failed;
    }
    return failed;
}

function tell(run: number, title: string, { waited, slowest, failed, requests }: Run): void {
    console.log(
        `run ${run}, ${title}: no request answered for ${seconds(waited)} s, slowest ${seconds(slowest)} s; ` +
            `${failed} of ${requests} failed`,
    );
}

main().catch(async (error) => {
    console.error(error);
    await execute("kubectl", ["get", "pods,pvc", "--namespace=bench-snapshots"]).then(({ text }) =>
        console.error(text),
    );
    process.exitCode = 1;
});
