import assert from "node:assert/strict";
import { request } from "node:http";
import type { Answer, Kubernetes, PodRequest } from "../../components/kubernetes/client";
import { minioAdmin } from "../../components/live/admin";
import { askConsent } from "../../components/rollout/consent";
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

    const nameOf = (server: number) => `minio-${server}`;
    const addressOf = (name: string) => servers.address(Number(name.slice("minio-".length)));
    const ask = (name: string, { method, path, headers }: PodRequest) =>
        new Promise<Answer>((resolve, reject) => {
            const sent = request(`http://${addressOf(name)}${path}`, { method, headers }, (response) => {
                let body = "";
                response.on("data", (chunk) => {
                    body += chunk;
                });
                response.on("end", () =>
                    resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
                );
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
    const storage = async (_: Kubernetes, name: string) => {
        counted++;
        const send = async (sent: PodRequest) => {
            const answer = await ask(name, sent);
            return { ...answer, body: asPods(answer.body) };
        };
        return minioAdmin(send, servers.rootCredentials).storage();
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
                mayStop: false,
                change: "coupled",
            };
        });
        const pool = { erasureSets: 1, serversThatMayFail: 3, servers: states } as unknown as PoolState;
        const wanted = { namespace: "a", scheme: "http", bootQuorum: 4, pools: [], storage };
        counted = 0;
        await askConsent(kubernetes, wanted, [pool]);
        assert.deepEqual(
            states.map(({ unknown }) => unknown).filter((one) => one),
            [],
        );
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
        assert.equal(counted, 5);
    });

    it("lets only those stop whose drives have failed when three have, as five of eight must serve", async () => {
        servers.breakDrive(1);
        servers.breakDrive(2);
        await until("the drives are seen", async () => (await whoMayStop([5, 6, 7])).length < 5);
        assert.deepEqual(await whoMayStop([5, 6, 7]), [0, 1, 2]);
    });
});
