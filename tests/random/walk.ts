import assert from "node:assert/strict";
import { snapshotClass } from "../../devcluster/cluster/storage";
import { images, LoadedCluster, storageMebibytes } from "../faults/loadedCluster";
import { complaints, decide } from "../support/linearizability";
import { execute, kubectl, kubectlJson } from "../support/project";
import { targetOf } from "../support/s3";
import {
    type Disturbance,
    describeStep,
    firstSettings,
    type Settings,
    type Step,
    sequenceOf,
    settingsAfter,
} from "./steps";

export interface Walk {
    namespace: string;
    /** Of the first sequence; the next one has the next. */
    seed: number;
    sequences: number;
    /** Of each sequence. */
    steps: number;
}

/**
 * Random sequences of changes on a cluster under load. What a preview lets through must end well; what it refuses is not done. Each
 * sequence ends with all servers updated, every drive whole, every acknowledged object there, and what clients saw linearizable.
 */
export function walk(title: string, { namespace, seed, sequences, steps }: Walk): void {
    describe(title, () => {
        const cluster = new LoadedCluster(namespace);
        let settings: Settings = { ...firstSettings, storageMebibytes };
        let nodes = 1;

        before(async () => {
            await cluster.create();
            nodes = (await kubectlJson("get", "nodes")).items.length;
        });
        after(() => cluster.remove());

        for (let own = seed; own < seed + sequences; own++) {
            it(`converge and lose nothing with SEED=${own}`, async () => {
                // In every second sequence requests wait in the moments in which MinIO keeps no one order.
                const freezeRequests = own % 2 === 1;
                await cluster.use({ serversAway: 0 });
                for (const step of sequenceOf(own, steps, nodes > 1)) {
                    const wanted = settingsAfter(settings, step);
                    await cluster.project.configure(configOf(wanted, freezeRequests));
                    const isDone = await take(cluster, step);
                    process.stderr.write(`      ${own}: ${describeStep(step)}${isDone ? "" : ": refused"}\n`);
                    settings = isDone ? wanted : settings;
                }
                settings = { ...settings, partition: 0, minAvailable: undefined };
                await cluster.project.configure(configOf(settings, freezeRequests));
                await cluster.converges();
                await rest(cluster);
                const target = await targetOf(cluster.project);
                for (const load of cluster.loads) {
                    assert.deepEqual(await load.lost(target), []);
                }
            });
        }
    });
}

/** Ends what uses the cluster; what its clients saw is linearizable. */
async function rest(cluster: LoadedCluster): Promise<void> {
    await cluster.rest();
    assert.deepEqual(complaints(await decide(cluster.recorded.operations)), []);
}

function configOf(settings: Settings, freezeRequests: boolean): Record<string, unknown> {
    const { image, requestsMax, partition, minAvailable, storageMebibytes, set, credentialsRevision } = settings;
    return {
        image: images[image],
        environment: { MINIO_API_REQUESTS_MAX: String(requestsMax) },
        partition,
        rollout: { timeoutSeconds: 180, freezeRequests },
        disruptionBudget: minAvailable === undefined ? {} : { minAvailable },
        storageSize: `${storageMebibytes}Mi`,
        snapshots: {
            className: snapshotClass,
            sets: set === undefined ? [] : [`set-${set}`],
            freezeTimeoutSeconds: 20,
        },
        credentialsRevision,
    };
}

/** @returns whether the preview lets it through; then it is done */
async function take(cluster: LoadedCluster, { change, disturbance }: Step): Promise<boolean> {
    const { project } = cluster;
    const preview = await project.execute("preview");
    if (preview.code !== 0) {
        assert.match(preview.text, /\b(refused|cannot|not allowed|not valid|set |raise |lower )/, preview.text);
        return false;
    }
    // Clients have one password at a time.
    if (change === "rotation") {
        await rest(cluster);
    }
    const up = project.start("up", "--yes", "--skip-preview");
    const disturbed = disturbance ? disturb(cluster, disturbance) : undefined;
    const { code, text } = await up.ended;
    await disturbed;
    assert.equal(code, 0, text);
    if (change === "rotation") {
        await cluster.use({ serversAway: 0 });
    }
    return true;
}

async function disturb(cluster: LoadedCluster, { kind, server, afterSeconds }: Disturbance): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, afterSeconds * 1000));
    const pod = await cluster.pod(server).catch(() => undefined);
    if (!pod || pod.metadata.deletionTimestamp) {
        return; // It is restarting anyway.
    }
    if (kind === "kill") {
        await cluster.signalServer(server).catch(() => {}); // A container that is just starting has no server yet.
        return;
    }
    const node = pod.spec.nodeName;
    try {
        await kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=300s");
    } finally {
        await execute("kubectl", ["uncordon", node]);
    }
}
