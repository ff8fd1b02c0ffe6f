import assert from "node:assert/strict";
import { request } from "node:http";
import type { Answer, Kubernetes, PodRequest } from "../../components/kubernetes/client";
import { minioAdmin } from "../../components/live/admin";
import { Consent } from "../../components/rollout/consent";
import type { PoolState, ServerState } from "../../components/rollout/plan";
import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { MinioProcesses } from "../support/minioProcesses";
import { stepByStep } from "../support/stepByStep";
import { until } from "../support/until";

/**
 * Whether servers may stop, by real ones, of which some wait for peers of their version. Kubernetes is only the way to
 * them here.
 */
describe("MinIO's consent while servers wait for their peers, by real servers", () => {
    stepByStep();
    const count = 8;
    let servers: MinioProcesses;
    let counted = 0;
    let unreached: string[] = [];

    const nameOf = (server: number) => `minio-${server}`;
    const addressOf = (name: string) => servers.address(Number(name.slice("minio-".length)));
    const ask = (name: string, { method, path, headers }: PodRequest) =>
        new Promise<Answer>((resolve, reject) => {
            const sent = request(`http://${addressOf(name)}${path}`, { method, headers }, (response) => {
                const chunks: Buffer[] = [];
                response.on("data", (chunk) => chunks.push(chunk));
                response.on("end", () => {
                    const bytes = Buffer.concat(chunks);
                    const { statusCode: status = 0, headers } = response;
                    resolve({ status, headers, body: bytes.toString(), bytes });
                });
            });
            sent.on("error", reject);
            sent.end();
        });
    /** As they are called in Kubernetes; here all have one host name. */
    const asPods = (body: string) =>
        servers.servers.reduce(
            (text, server) => text.replaceAll(`http://${servers.address(server)}/`, `http://${nameOf(server)}.a:9000/`),
            body,
        );
    const kubernetes = {
        ask: (_: string, name: string, __: string, path: string) => ask(name, { method: "GET", path, headers: {} }),
    } as unknown as Kubernetes;
    const admin = async (_: Kubernetes, name: string) => {
        const send = async (sent: PodRequest) => {
            const answer = await ask(name, sent);
            return { ...answer, body: asPods(answer.body) };
        };
        const real = minioAdmin(send, servers.rootCredentials);
        return {
            async storage() {
                counted++;
                return real.storage();
            },
            async reachedDrives() {
                const podOf = (host: string) => servers.servers.find((server) => servers.address(server) === host);
                const drives = await real.reachedDrives();
                return drives.map(({ host, path }) => ({ host: `${nameOf(podOf(host) as number)}.a:9000`, path }));
            },
        };
    };

    /** The servers that may stop, in a pool of which some wait. */
    async function whoMayStop(waiting: number[]): Promise<number[]> {
        const states = servers.servers.map((ordinal): ServerState => {
            const waits = waiting.includes(ordinal);
            return {
                name: nameOf(ordinal),
                ordinal,
                uid: String(ordinal),
                terminating: false,
                lost: false,
                ready: !waits,
                answers: true,
                initialised: !waits,
                steady: true,
                longUp: false,
                heard: true,
                change: "coupled",
            };
        });
        const pool = { erasureSets: 1, serversThatMayFail: 3, servers: states } as unknown as PoolState;
        const wanted = { namespace: "a", scheme: "http", bootQuorum: 4, pools: [], admin };
        counted = 0;
        for (const { name, initialised } of states) {
            await (initialised && new Consent(kubernetes, wanted).ask([pool], [name]));
        }
        assert.deepEqual(
            states.map(({ unknown }) => unknown).filter((one) => one),
            [],
        );
        unreached = states.flatMap((state) => state.unreached ?? []);
        return states.filter(({ mayStop }) => mayStop).map(({ ordinal }) => ordinal);
    }

    before(async () => {
        servers = await MinioProcesses.of([{ servers: count, drivesPerServer: 1 }], oldMinio);
        await servers.startAll();
    });
    after(() => servers?.remove());

    it("lets any server stop where all work", async () => {
        // They look for each other's drives after 15 s.
        await until("all may stop", async () => (await whoMayStop([])).length === count, { why: () => servers.logs() });
        assert.equal(counted, 0);
    });

    it("lets no other stop until each reaches the drive of one that comes back", async () => {
        const seen = new Set<string>();
        // On a busy machine, others than 7 are out of reach for a while, too.
        const isSeen = () => [...seen].some((text) => /^one does not reach \/.*data of minio-\d yet$/.test(text));
        // All look for drives every 15 s, from their start. A server may come back just before, and is reached then.
        for (let restart = 0; restart < 5 && !isSeen(); restart++) {
            await servers.kill(7);
            const deadline = Date.now() + 6_000;
            while (Date.now() < deadline) {
                await whoMayStop([]).catch(() => {}); // So the others notice, as they do under load.
            }
            servers.start(7, oldMinio);
            await until(
                "all reach it",
                async () => {
                    const willing = await whoMayStop([]).catch(() => []);
                    for (const text of unreached) {
                        seen.add(text.replace(/^minio-\d/, "one"));
                    }
                    return willing.length === count && unreached.length === 0;
                },
                { why: () => [...seen, ...unreached].join("\n") + servers.logs(), seconds: 90 },
            );
        }
        assert.ok(isSeen(), [...seen].join("\n"));
    });

    it("lets any that serves stop while three wait, and counts no drives for it", async () => {
        for (const server of [7, 6, 5]) {
            await servers.kill(server);
            servers.start(server, newMinio);
            await until(
                `server ${server} waits`,
                async () => (await servers.health(server, "live")).serverStatus === "offline",
                { why: () => servers.logs() },
            );
        }
        assert.notEqual((await servers.health(0, "cluster?maintenance=true")).status, 200);
        await until("the rest has its quorum", async () => (await whoMayStop([5, 6, 7])).length === 5);
        assert.equal(counted, 0);
    });

    it("counts the drives when one has failed, and lets any stop, as six of eight would serve", async () => {
        servers.breakDrive(0);
        await servers.untilHealth(1, "cluster", 503);
        assert.deepEqual(await whoMayStop([5, 6, 7]), [0, 1, 2, 3, 4]);
        assert.equal(counted, 5 * 5, "by each of the five that serve, for each of them");
    });

    it("lets only those stop whose drives have failed when three have, as five of eight must serve", async () => {
        servers.breakDrive(1);
        servers.breakDrive(2);
        await until("the drives are seen", async () => (await whoMayStop([5, 6, 7])).length < 5);
        assert.deepEqual(await whoMayStop([5, 6, 7]), [0, 1, 2]);
    });
});
