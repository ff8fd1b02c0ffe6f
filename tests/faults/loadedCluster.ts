import assert from "node:assert/strict";
import type { Topology } from "../../components/minio/topology";
import { signalInPod } from "../../devcluster/cluster/faults";
import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { driveFolder } from "../support/driveFolder";
import { RecordedClients } from "../support/history";
import { ConstantLoad, client, untilAcknowledged } from "../support/load";
import { execute, kubectl, kubectlJson, Project, type Running } from "../support/project";
import { makeBucket, s3Of, targetOf } from "../support/s3";
import { until } from "../support/until";
import { type Fault, type Service, serviceWithout } from "./fault";

export const bucket = "load";
/** The first is the default. */
export const images = [newMinio.image, oldMinio.image];

/** Of each drive: what all faults and all steps of a walk write has room. */
export const storageMebibytes = 3072;
export const storageSize = `${storageMebibytes}Mi`;

/** Of a rollout: what breaks it is told before a test ends. */
export const timeoutSeconds = 180;

/** How long a cluster may take to go on as its topology says, once something broke, in seconds. */
const settleSeconds = 75;

/** Small servers: four of them, and perhaps four nodes, share two cores. */
export const resources = { requests: { cpu: "50m", memory: "192Mi" }, limits: { cpu: "1", memory: "512Mi" } };

/** A cluster of four servers that is used all the time, with what the faults do with it. */
export class LoadedCluster {
    readonly project: Project;
    readonly inNamespace: string;
    topology!: Topology;
    load!: ConstantLoad;
    /**
     * Clients of a few objects, beside the load: whether what they see is linearizable. Each object has one writer:
     * with more, MinIO's is not where the last server of a pool comes back, see docs/reliability.md.
     */
    recorded!: RecordedClients;
    /** The loads of all faults so far: what they wrote must be there to the end. */
    readonly loads: ConstantLoad[] = [];
    private expected!: Service;
    private patienceSeconds = 10;
    private image = 0;
    private changes = 0;

    constructor(namespace: string) {
        this.project = new Project(namespace);
        this.inNamespace = `--namespace=${namespace}`;
    }

    async create(): Promise<void> {
        await this.project.init({ resources, storageSize, rollout: { timeoutSeconds } });
        await this.project.succeed("up", "--yes", "--skip-preview");
        this.topology = (await this.project.outputs()).topology;
        await makeBucket(await s3Of(this.project), bucket);
    }

    /** Begins to use the cluster: two writers and two readers with the default retries of the SDK. */
    async use({ silent, serversAway, service }: Pick<Fault, "silent" | "serversAway" | "service">): Promise<void> {
        this.expected = service ?? serviceWithout(serversAway, this.topology);
        this.patienceSeconds = silent ? 40 : 10;
        const options = { prefix: `${this.loads.length}-`, timeoutMs: this.patienceSeconds * 1000, pauseMs: 150 };
        const target = await targetOf(this.project);
        this.load = new ConstantLoad(target, bucket, options);
        this.recorded = new RecordedClients(
            () => client(target, { maxAttempts: 1, timeoutMs: options.timeoutMs }),
            bucket,
            {
                prefix: `${this.loads.length}-recorded-`,
                clients: 8,
                keys: 8,
                oneWriter: true,
                pauseMs: 500,
            },
        );
        this.loads.push(this.load);
        await untilAcknowledged(this.load, 20);
    }

    /**
     * Waits until requests go as expected of the fault: of those that begin within some seconds, and as long as clients
     * have patience, writes and reads succeed that should, and none does that should not.
     */
    async goesOn(): Promise<void> {
        const deadline = Date.now() + settleSeconds * 1000;
        for (;;) {
            const from = this.load.seconds * 1000;
            await new Promise((resolve) => setTimeout(resolve, 5000 + (this.patienceSeconds > 10 ? 35_000 : 0)));
            const good = this.load.outcomes.filter(({ error, start }) => !error && start >= from);
            const found = {
                writes: good.some(({ kind }) => kind === "put"),
                reads: good.some(({ kind }) => kind === "get"),
            };
            if (found.writes === this.expected.writes && found.reads === this.expected.reads) {
                return;
            }
            if (Date.now() > deadline) {
                return assert.deepEqual(found, this.expected);
            }
        }
    }

    async pods(): Promise<any[]> {
        const { items } = await kubectlJson("get", "pods", this.inNamespace, "--selector=app=minio");
        return items.sort((a: any, b: any) => (a.metadata.name < b.metadata.name ? -1 : 1));
    }

    async pod(ordinal: number): Promise<any> {
        return kubectlJson("get", "pod", `minio-${ordinal}`, this.inNamespace);
    }

    /** Runs a shell script in a server's container. */
    inServer(ordinal: number, script: string): Promise<string> {
        return kubectl("exec", `minio-${ordinal}`, this.inNamespace, "--container=minio", "--", "sh", "-euc", script);
    }

    /** Sends a signal to a server's process. SIGKILL ends it as a crash does; kubelet starts it again. */
    async signalServer(ordinal: number, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
        const { metadata } = await this.pod(ordinal);
        const count = signalInPod(metadata.uid, (command) => /\b(minio|silo) server /.test(command), signal);
        assert.equal(count, 1, `${count} servers were sent ${signal}`);
    }

    /** The folder on its node where a server's drive is mounted. */
    driveFolder(ordinal: number): Promise<string> {
        return driveFolder(this.project.namespace, `minio-${ordinal}`);
    }

    /** How often kubelet has started a server's container anew, in its present pod. */
    async restarts(ordinal: number): Promise<number> {
        const { status } = await this.pod(ordinal);
        return status.containerStatuses?.find(({ name }: any) => name === "minio")?.restartCount ?? 0;
    }

    /** Watches how many servers are ready, until it is called. */
    watchReady(): () => Promise<number> {
        let fewest = this.topology.servers;
        let isOver = false;
        const watch = (async () => {
            while (!isOver) {
                const { status } = await kubectlJson("get", "pdb", "minio-pdb", this.inNamespace);
                fewest = Math.min(fewest, status.currentHealthy);
                await new Promise((resolve) => setTimeout(resolve, 300));
            }
        })();
        return async () => {
            isOver = true;
            await watch;
            const least = this.topology.servers - this.topology.serversThatMayFailForWrites;
            assert.ok(fewest >= least, `only ${fewest} servers were ready`);
            return fewest;
        };
    }

    async untilReady(seconds = 120): Promise<void> {
        const isSo = async () => {
            const pods = await this.pods();
            return pods.length === this.topology.servers && pods.every(isReady);
        };
        await until("all servers are ready", isSo, { seconds });
    }

    async untilNotReady(ordinal: number, seconds = 90): Promise<void> {
        const isSo = async () => !isReady(await this.pod(ordinal));
        await until(`minio-${ordinal} is not ready`, isSo, { seconds });
    }

    /** Waits until every server says that it could be missed: all drives are there, and none heals any more. */
    async untilWhole(seconds = 150): Promise<void> {
        await this.untilReady(seconds);
        const namespace = this.project.namespace;
        const answers = async () =>
            Promise.all(
                Array.from({ length: this.topology.servers }, (_, ordinal) => {
                    const pod = `/api/v1/namespaces/${namespace}/pods/http:minio-${ordinal}:9000`;
                    return execute("kubectl", ["get", "--raw", `${pod}/proxy/minio/health/cluster?maintenance=true`]);
                }),
            );
        let last = "";
        const isSo = async () => {
            const failed = (await answers()).filter(({ code }) => code !== 0);
            last = failed.map(({ text }) => text).join("");
            return failed.length === 0;
        };
        await until("all drives are whole", isSo, { seconds, why: () => last });
    }

    /** Configures what makes two servers restart one after another, without a new version. */
    async configureRestart(): Promise<void> {
        await this.project.configure({ annotations: { change: String(++this.changes) }, partition: 2 });
    }

    /** Configures another version for two servers, which begin to serve together. */
    async configureUpgrade(): Promise<void> {
        this.image = 1 - this.image;
        await this.project.configure({ image: images[this.image], partition: 2 });
    }

    /** `pulumi up`, to be disturbed. */
    startUp(): Running {
        return this.project.start("up", "--yes", "--skip-preview");
    }

    /**
     * `pulumi up` to its end, after which every server that the partition allows is updated and every drive is whole.
     */
    async converges(): Promise<void> {
        await this.project.succeed("up", "--yes", "--skip-preview");
        const { spec, status } = await kubectlJson("get", "statefulset", "minio", this.inNamespace);
        const partition = spec.updateStrategy.rollingUpdate?.partition ?? 0;
        const updated = (await this.pods())
            .slice(partition)
            .map(({ metadata }) => metadata.labels["controller-revision-hash"]);
        assert.deepEqual([...new Set(updated)], [status.updateRevision]);
        await this.untilWhole();
    }

    /** Ends what uses the cluster, when its requests have been answered. */
    async rest(): Promise<void> {
        await Promise.all([this.load?.stop(), this.recorded?.stop()]);
    }

    async remove(): Promise<void> {
        await this.rest();
        await this.project.remove();
    }
}

function isReady(pod: any): boolean {
    const ready = pod.status.conditions?.find(({ type }: any) => type === "Ready");
    return ready?.status === "True" && !pod.metadata.deletionTimestamp;
}
