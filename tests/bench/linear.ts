/**
 * Whether what concurrent clients see is linearizable while MinIO changes its version: `make bench-linear`, RUNS=4. With POOLS=2, two
 * pools at rest instead, RUNS times for a minute. With FREEZE=1, requests wait while the last server comes back (`rollout.freezeRequests`). Each history is kept in the folder OUT.
 */
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { say, sleep, UserError } from "../../devcluster/shell";
import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { RecordedClients, save } from "../support/history";
import { complaints, decide } from "../support/linearizability";
import { client } from "../support/load";
import { Project } from "../support/project";
import { makeBucket, s3Of, targetOf } from "../support/s3";

const bucket = "history";

/** From the last change to the end of the clients, in seconds: what a change left may be noticed a moment later. */
const after = 5;

/**
 * From the first start to the first clients, in seconds: a server may miss some drives after it, until it looks for them after 15 s, and
 * refuses writes and finds no objects meanwhile. That is another fault than what a change does; see docs/reliability.md.
 */
const settle = 20;

function integer(name: string, standard: number): number {
    const value = Number(process.env[name] || standard);
    if (!(Number.isInteger(value) && value >= 1)) {
        throw new UserError(`${name}=${process.env[name]} is not allowed: use an integer of at least 1`);
    }
    return value;
}

async function main(): Promise<void> {
    const runs = integer("RUNS", 4);
    const pools = integer("POOLS", 1);
    const out = process.env.OUT || mkdtempSync(join(tmpdir(), "minio-histories-"));
    mkdirSync(out, { recursive: true });
    const images = [oldMinio.image, newMinio.image];
    const project = new Project("bench-linear");
    const up = () => project.succeed("up", "--yes", "--skip-preview");
    try {
        say(`deploying ${pools === 1 ? "four servers" : `${pools} pools of four servers`}`);
        const expansionPools = Array.from({ length: pools - 1 }, () => ({}));
        const rollout = { freezeRequests: Boolean(process.env.FREEZE) };
        await project.init({ image: images[0], rollout, ...(pools > 1 ? { expansionPools } : {}) });
        await up();
        await makeBucket(await s3Of(project), bucket);
        const target = await targetOf(project);
        await sleep(settle * 1000);
        let good = 0;
        for (let run = 1; run <= runs; run++) {
            const prefix = `${run}-`;
            const clients = new RecordedClients(() => client(target, { maxAttempts: 1 }), bucket, { prefix });
            try {
                if (pools === 1) {
                    await project.configure({ image: images[run % 2] });
                    await up();
                    await sleep(after * 1000);
                } else {
                    await sleep(60_000);
                }
            } finally {
                await clients.stop();
            }
            const { operations } = clients;
            const file = join(out, `${run}.jsonl`);
            save(file, operations);
            const found = complaints(await decide(operations));
            good += found.length === 0 ? 1 : 0;
            const unknown = operations.filter((one) => one.unknown).length;
            const verdict = found.length === 0 ? "linearizable" : `NOT linearizable, ${found.length} times`;
            say(
                `run ${run} of ${runs}: ${verdict}; ${operations.length} requests, ${unknown} of unknown outcome; ${file}`,
            );
            process.stdout.write(found.map((one) => `${one}\n`).join(""));
        }
        process.stdout.write(`${good} of ${runs} linearizable\n`);
        process.exitCode = good === runs ? 0 : 1;
    } finally {
        await project.remove();
    }
}

main()
    .catch((error: unknown) => {
        say(`error: ${error instanceof UserError ? error.message : (error as Error).stack}`);
        process.exitCode = 1;
    })
    .finally(() => process.exit());
