import assert from "node:assert/strict";
import { join } from "node:path";
import { lastToStart, type ServerId } from "../../components/minio/lastToStart";
import { topologyOf } from "../../components/minio/topology";
import { waitFor } from "../../devcluster/shell";
import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { RecordedClients } from "../support/history";
import { complaints, decide } from "../support/linearizability";
import { ConstantLoad, client, summarize, untilAcknowledged } from "../support/load";
import { itInLongForm } from "../support/longForm";
import { checkout, kubectl, kubectlJson, Project, succeed } from "../support/project";
import { digest, get, makeBucket, put, s3Of, targetOf } from "../support/s3";
import { assertShown } from "../support/shown";
import { stepByStep } from "../support/stepByStep";

const [oldImage, newImage] = [oldMinio.image, newMinio.image];

const guide = join(checkout, "docs/migration.md");

/**
 * What a person sees of a command in a document: its lines on the StatefulSet that have this in them, without times.
 */
function fenced(command: string, text: string, which: RegExp): string {
    const lines = text
        .split("\n")
        .filter((line) => line.startsWith(" ~ ") && which.test(line))
        .map((line) => line.trim().replace(/^~ .*(StatefulSet|Stash) (.*?)( \(\S+\))? \[diff: \S+\]; /, "~ $1 $2; "));
    return ["```", `$ ${command}`, ...[...new Set(lines)].map(wrapped), "```", ""].join("\n");
}

/** In lines of at most 116 characters, where no word is longer. */
function wrapped(line: string): string {
    return line.replace(/(.{1,112})( |$)/g, "$1\n    ").trimEnd();
}

/** Changes of a cluster that is used all the time, in order: each goes on from where the one before left it. */
describe("a cluster under load", () => {
    stepByStep();
    const project = new Project("e2e-upgrade");
    const inNamespace = `--namespace=${project.namespace}`;
    const loads: ConstantLoad[] = [];
    /** What the last update has said. */
    let applied = "";

    const pods = async (): Promise<any[]> =>
        (await kubectlJson("get", "pods", inNamespace, "--selector=app=minio")).items.sort((a: any, b: any) =>
            a.metadata.name < b.metadata.name ? -1 : 1,
        );
    const images = async () => (await pods()).map(({ spec }) => spec.containers[0].image);
    const uids = async () => (await pods()).map(({ metadata }) => metadata.uid);
    /** The program that serves in each pod. */
    const programs = async () =>
        Promise.all(
            (await pods()).map(async ({ metadata }) => {
                const names = await inServer(metadata.name, "cat /proc/[0-9]*/comm");
                return names.split("\n").find((name) => name === "minio" || name === "silo");
            }),
        );
    const inServer = (pod: string, script: string) => kubectl("exec", pod, inNamespace, "--", "sh", "-c", script);
    const statefulSet = () => kubectlJson("get", "statefulset", "minio", inNamespace);

    /**
     * Changes the configuration and applies it, while clients write and read with the SDK's default retries.
     *
     * @param isOnePool and others write, read and delete a few objects, each of which has one writer: what they see
     *     must be linearizable. MinIO's is not with more writers, nor with two pools, see docs/reliability.md
     */
    async function applyUnderLoad(changes: Record<string, unknown>, isOnePool = true): Promise<ConstantLoad> {
        const target = await targetOf(project);
        // By its default the SDK waits without limit. A rare write waits a minute for a lock: docs/upgrades.md.
        const load = new ConstantLoad(target, "load", { prefix: `${loads.length}-`, timeoutMs: 150_000 });
        const prefix = `${loads.length}-recorded-`;
        const recorded = new RecordedClients(() => client(target, { maxAttempts: 1 }), "load", {
            prefix,
            clients: 8,
            keys: 8,
            oneWriter: true,
            pauseMs: 500,
        });
        loads.push(load);
        try {
            await untilAcknowledged(load, 20);
            await project.configure(changes);
            applied = await project.succeed("up", "--yes", "--skip-preview");
            await untilAcknowledged(load, load.acknowledged.size + 20);
        } finally {
            await Promise.all([load.stop(), recorded.stop()]);
        }
        if (isOnePool) {
            assert.deepEqual(complaints(await decide(recorded.operations)), []);
        }
        return load;
    }

    function assertServed(load: ConstantLoad): void {
        const failures = load.outcomes.map(({ error }) => error).filter((error) => error);
        assert.deepEqual(failures, []);
    }

    before(async () => {
        await project.init({ image: oldImage });
        await project.succeed("up", "--yes", "--skip-preview");
        await makeBucket(await s3Of(project), "load");
    });
    after(() => project.remove());

    it("shows in the preview what an update will restart", async () => {
        await project.configure({ image: newImage, partition: 2 });
        const text = await project.succeed("preview");
        assert.match(
            text,
            /image changes \(.*\): minio-3 to minio-2 are updated in this order, one at a time, the first 2 new ones begin to serve together, .*; minio-0 to minio-1 stay back; every object stays readable and writable/,
        );
        await project.configure({ image: oldImage, partition: undefined });
    });

    it("updates the servers that the partition allows, without a failed request", async () => {
        const before = await uids();
        assertServed(await applyUnderLoad({ image: newImage, partition: 2 }));
        assert.deepEqual(await images(), [oldImage, oldImage, newImage, newImage]);
        assert.deepEqual((await uids()).slice(0, 2), before.slice(0, 2), "a server below the partition was restarted");
        assert.equal((await statefulSet()).spec.updateStrategy.rollingUpdate.partition, 2);
    });

    itInLongForm("goes back from a staged update when the partition is raised, without a failed request", async () => {
        assertServed(await applyUnderLoad({ partition: 4 }));
        assert.deepEqual(await images(), [oldImage, oldImage, oldImage, oldImage]);
    });

    it("updates all servers when the partition is lowered, without a failed request", async () => {
        assertServed(await applyUnderLoad({ partition: 0 }));
        assert.deepEqual(await images(), [newImage, newImage, newImage, newImage]);
    });

    itInLongForm("goes back to the official image, without a failed request", async () => {
        assertServed(await applyUnderLoad({ image: oldImage }));
        assert.deepEqual(await images(), [oldImage, oldImage, oldImage, oldImage]);
        assert.deepEqual(await programs(), ["minio", "minio", "minio", "minio"]);
    });

    itInLongForm(
        "goes from the official image to the default one as docs/migration.md shows, without a failed request",
        async () => {
            await project.configure({ image: undefined });
            assertShown(guide, "preview", fenced("pulumi preview", await project.succeed("preview"), /image changes/));
            assertServed(await applyUnderLoad({}));
            assertShown(guide, "up", fenced("pulumi up", applied, /partition \d -> \d/));
            assert.deepEqual(await images(), [newImage, newImage, newImage, newImage]);
            assert.deepEqual(await programs(), ["silo", "silo", "silo", "silo"]);
        },
    );

    it("changes nothing on another up, and finds no drift on refresh", async () => {
        await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
        await project.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    });

    itInLongForm(
        "gives up on a version that cannot start, names the server and why, and leaves the others alone",
        async () => {
            const before = await uids();
            await project.configure({ image: "docker.io/pgsty/silo:no-such-release", rollout: { timeoutSeconds: 40 } });
            const { code, text } = await project.execute("up", "--yes", "--skip-preview");
            assert.notEqual(code, 0);
            assert.match(text, /no progress in 40 s .*minio-3/);
            assert.match(text, /minio-3: .*(ErrImagePull|ImagePullBackOff)/);
            assert.deepEqual((await uids()).slice(0, 3), before.slice(0, 3));
            assertServed(await applyUnderLoad({ image: newImage, rollout: undefined }));
            assert.deepEqual(await images(), [newImage, newImage, newImage, newImage]);
        },
    );

    it("grows its drives in place", async () => {
        const before = await uids();
        assertServed(await applyUnderLoad({ storageSize: "2Gi" }));
        assert.deepEqual(await uids(), before, "a server was restarted");
        const { items } = await kubectlJson("get", "pvc", inNamespace);
        assert.deepEqual(
            items.map(({ status }: any) => status.capacity.storage),
            ["2Gi", "2Gi", "2Gi", "2Gi"],
        );
    });

    it("refuses to shrink them", async () => {
        await project.configure({ storageSize: "1Gi" });
        const { code, text } = await project.execute("preview");
        await project.configure({ storageSize: "2Gi" });
        assert.notEqual(code, 0);
        assert.match(text, /storageSize: 2Gi cannot become 1Gi: a volume cannot shrink/);
    });

    it("changes its root password with all servers together", async () => {
        const { rootPassword } = await project.outputs();
        await project.configure({ credentialsRevision: 2 });
        await project.succeed("up", "--yes", "--skip-preview");
        const { rootPassword: changed } = await project.outputs();
        assert.notEqual(changed, rootPassword);
        const object = Buffer.from("after the change");
        await put(await s3Of(project), "load", "rotated", object);
        await assert.rejects(put(await s3Of(project, { rootPassword }), "load", "rotated", object), /signature/);
        assert.equal(digest(await get(await s3Of(project), "load", "rotated")), digest(object));
    });

    it("has one server then that starts last, and reaches enough drives at once", async () => {
        const address = ({ ordinal }: ServerId) =>
            `http://minio-${ordinal}.minio-headless.${project.namespace}.svc.cluster.local:9000`;
        const topology = topologyOf([{ servers: 4, drivesPerServer: 1, driveBytes: 2 ** 31 }]);
        const last = topology && lastToStart(topology, address);
        const log = await kubectl("logs", `minio-${last?.ordinal}`, inNamespace);
        const missed = [...log.matchAll(/Unable to use the drive (\S+):/g)].map(([, drive]) => drive);
        assert.ok(new Set(missed).size <= 1, `${missed}`);
        assert.match(log, /MinIO Object Storage Server/);
    });

    it("grows by a pool", async () => {
        await applyUnderLoad({ expansionPools: [{ storageSize: "1Gi" }] }, false);
        const { topology, podDnsNames } = await project.outputs();
        assert.equal(topology.servers, 8);
        assert.equal(podDnsNames[4], `minio-pool-1-0.minio-headless.${project.namespace}.svc.cluster.local`);
    });

    itInLongForm(
        "has MinIO begin a rebalance by an up, and says how far it is until it has ended, whether or not any object moves",
        async () => {
            await project.configure({ rebalance: true });
            assert.match(
                await project.succeed("preview"),
                /MinIO moves objects to the emptier pools, once all servers know/,
            );
            assert.match(
                await project.succeed("up", "--yes", "--skip-preview"),
                /MinIO moved \d+ objects \(\S+ \w+\) between pools, and .*; used are pool 0 \d+ %, pool 1 \d+ %/,
            );
            await waitFor(
                "the end of the rebalance",
                async () => !/between pools, and/.test(await project.succeed("preview")),
            );
            await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
            await project.configure({ rebalance: undefined });
        },
    );

    it("refuses to drop a pool whose objects MinIO has not moved away, and says what to do", async () => {
        await project.configure({ expansionPools: undefined });
        const { code, text } = await project.execute("preview");
        assert.notEqual(code, 0);
        assert.match(text, /expansionPools: the pool \S+ cannot leave: .*MinIO was not asked to move them/);
        assert.match(text, /Put it back with decommission: true, and run pulumi up/);
    });

    it("has MinIO move its objects by an up, and keeps it until all are moved", async () => {
        const { endpoint, rootUser, rootPassword } = await targetOf(project);
        const env = { ...process.env, MC_HOST_e2e: endpoint.replace("://", `://${rootUser}:${rootPassword}@`) };
        /** The year in which each pool's decommission began: 1 where it never did. */
        const years = async () =>
            JSON.parse(await succeed("mc", ["admin", "decommission", "status", "e2e", "--json"], { env })).map(
                (one: any) => new Date(one.decommissionInfo.startTime).getUTCFullYear(),
            );
        await project.configure({ expansionPools: [{ storageSize: "1Gi", decommission: true }] });
        assert.match(
            await project.succeed("preview"),
            /http:\/\/minio-pool-1-\{0\.\.\.3\}\S+: MinIO moves \S+ \w+ from it to the other pools, which have room for/,
        );
        assert.deepEqual(await years(), [1, 1], "the preview has begun it");
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual(
            (await years()).map((year: number) => year > 1),
            [false, true],
        );
        await waitFor("the decommission to be complete", async () =>
            /pool-1\S+: all its objects are moved: take the pool out/.test(await project.succeed("preview")),
        );
        assert.match(
            await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes"),
            /pool-1\S+: all its objects are moved: take the pool out of expansionPools, and run pulumi up/,
        );
        assert.equal((await pods()).length, 8);
    });

    it("lets it leave once it is decommissioned", async () => {
        await applyUnderLoad({ expansionPools: undefined }, false);
        assert.equal((await pods()).length, 4);
        const { items } = await kubectlJson("get", "pvc", inNamespace, "--selector=pool=minio-pool-1");
        assert.equal(items.length, 4, "the claims of the pool did not stay");
    });

    it("has lost no acknowledged write", async () => {
        for (const load of loads) {
            assert.deepEqual(await load.lost(await targetOf(project)), []);
        }
        const total = loads.flatMap(({ outcomes }) => outcomes);
        process.stderr.write(`      ${JSON.stringify([summarize(total, "put"), summarize(total, "get")])}\n`);
    });
});
