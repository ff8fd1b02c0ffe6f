/**
 * What a server leaves behind when it ends under load: by the pods' script, and killed at any moment. `make
 * bench-endings`, ROUNDS=10, BUSY=0 (processes that only use processors), ONLY=REGEXP (ways). With real servers as
 * processes of this machine.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { script } from "../../components/server/scripts";
import { minio } from "../../devcluster/toolchain/components";
import { buildComponents } from "../../devcluster/toolchain/install";
import { newMinio } from "../../devcluster/toolchain/versions";
import { ConstantLoad, untilAcknowledged } from "../support/load";
import { MinioProcesses } from "../support/minioProcesses";
import { environmentOf } from "../support/podScript";
import { makeBucket } from "../support/s3";

const rounds = Number(process.env.ROUNDS || 10);
const busy = Number(process.env.BUSY || 0);
/** Another script than the present one, to compare. */
const other = process.env.OTHER;
const only = new RegExp(process.env.ONLY ?? "");
const bucket = "bucket";

/** So long servers that have just started look for each other's drives, in milliseconds. */
const settle = 17_000;

/** The server that ends, and one that goes on. */
const [victim, witness] = [1, 0];

/** Ends a server, and tells for how many seconds it took. */
type Way = (servers: MinioProcesses, victim: number) => Promise<void>;

/** The pods' script without its release of locks: they are counted. */
function byScript(text: string): Way {
    const whole = `${script("curl")}\nrelease_left_locks() { :; }\n${text}`;
    return async (servers, victim) => {
        const folder = mkdtempSync(join(tmpdir(), "minio-endings-"));
        mkdirSync(join(folder, "start"));
        writeFileSync(join(folder, "start/server"), `${servers.pid(victim)}\n`);
        const { PATH } = process.env;
        const env = { ...environmentOf({ folder }), PATH, POD_URL: `http://${servers.address(victim)}` };
        const child = spawn("sh", ["-c", whole], { env, stdio: ["ignore", "inherit", "inherit"] });
        while (servers.isRunning(victim)) {
            await sleep(1);
        }
        child.kill();
        rmSync(folder, { recursive: true });
    };
}

const ways: Record<string, Way> = {
    "by stop.sh": byScript(script("stop")),
    ...(other ? { [`by ${other}`]: byScript(readFileSync(other, "utf8")) } : {}),
    "killed at any moment": async (servers, victim) => {
        await sleep(5000 + Math.random() * 1000);
        await servers.kill(victim);
    },
};

interface Ending {
    /** Requests that it had, and did not answer. */
    broken: number;
    /** Locks that the others keep of it. */
    forReading: number;
    forWriting: number;
}

async function measure(servers: MinioProcesses, way: Way, prefix: string): Promise<Ending> {
    const loads = servers.servers.map(
        (server) =>
            new ConstantLoad({ endpoint: `http://${servers.address(server)}`, ...servers.rootCredentials }, bucket, {
                prefix: `${prefix}-${server}-`,
                writers: server === victim ? 4 : 1,
                readers: server === victim ? 4 : 1,
                maxAttempts: 1,
                pauseMs: 100,
            }),
    );
    await untilAcknowledged(loads[victim], 20);
    await way(servers, victim);
    const at = loads[victim].seconds * 1000;
    const locks = await servers.locks(witness);
    await Promise.all(loads.map((load) => load.stop()));
    // Of this round's objects: those of earlier rounds are kept for a minute, and those on MinIO's own are no client's.
    const owned = locks.filter(
        ({ owner, resource }) => owner === servers.address(victim) && resource.startsWith(`${bucket}/${prefix}`),
    );
    const failed = loads[victim].outcomes.filter(({ error, start, end }) => error && start <= at && end >= at - 200);
    return {
        broken: failed.length,
        forReading: owned.filter(({ type }) => type === "READ").length,
        forWriting: owned.filter(({ type }) => type === "WRITE").length,
    };
}

async function main(): Promise<void> {
    await buildComponents([minio]);
    const servers = await MinioProcesses.of([{ servers: 4, drivesPerServer: 1 }], newMinio);
    const spinners: ChildProcess[] = Array.from({ length: busy }, () => spawn("sh", ["-c", "while :; do :; done"]));
    try {
        await servers.startSettled();
        await makeBucket(servers.s3(0), bucket);
        const endings = new Map<string, Ending[]>();
        for (let round = 0; round < rounds; round++) {
            for (const [number, [name, way]] of Object.entries(ways)
                .filter(([name]) => only.test(name))
                .entries()) {
                const ending = await measure(servers, way, `${round}-${number}`);
                endings.set(name, [...(endings.get(name) ?? []), ending]);
                servers.start(victim);
                await servers.untilHealth(victim, "cluster?maintenance=true", 200);
                await sleep(settle);
            }
        }
        for (const [name, list] of endings) {
            const sum = (of: (ending: Ending) => number) => list.reduce((all, ending) => all + of(ending), 0);
            console.log(
                `${name}: ${list.length} ends; ${sum(({ forReading }) => forReading)} locks for reading and ` +
                    `${sum(({ forWriting }) => forWriting)} for writing were left; ${sum(({ broken }) => broken)} requests broke`,
            );
        }
    } finally {
        for (const spinner of spinners) {
            spinner.kill("SIGKILL");
        }
        await servers.remove();
    }
}

main().finally(() => process.exit());
