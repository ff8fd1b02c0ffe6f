/** What the speed benchmark measures, each with what it is compared with. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { parse } from "yaml";
import { groupSnapshotClass, snapshotClass } from "../../devcluster/cluster/storage";
import { newMinio } from "../../devcluster/toolchain/versions";
import { client, type Target } from "../support/load";
import { checkout, kubectlJson, Project, succeed } from "../support/project";
import { imageValues } from "./chart";
import { findChart, findHelm } from "./helm";
import { targetIn, Unavailable } from "./manifests";
import { makeNamespace, removeNamespace } from "./namespaces";

export interface SpeedCase {
    name: string;
    title: string;
    /** The case that it is compared with. */
    against?: string;
    /** The largest ratio to it that is wanted. */
    goal?: number;
    /** The most seconds more than it that are wanted, in place of a ratio. */
    most?: number;
    /** Measured in so many rounds only, as it takes long. */
    rare?: number;
    /** @throws Unavailable when this machine lacks something for it */
    prepare(): Promise<void>;
    /** @returns seconds */
    measure(): Promise<number>;
}

const projects: Project[] = [];

function newProject(namespace: string, program?: string): Project {
    const project = new Project(namespace, program);
    projects.push(project);
    return project;
}

export async function removeCases(): Promise<void> {
    for (const project of projects) {
        await project.remove();
    }
    await removeNamespace(deployed.namespace);
    await removeNamespace(helmNamespace);
}

async function timed(action: () => Promise<unknown>): Promise<number> {
    const began = performance.now();
    await action();
    return (performance.now() - began) / 1000;
}

/** The values of a stack's file, under the names of the arguments. */
function stackValues(stack: string): Record<string, unknown> {
    const { config } = parse(readFileSync(join(checkout, `stacks/Pulumi.${stack}.yaml`), "utf8"));
    return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace("minio-cluster:", ""), value]));
}

/** The preview of a program that is not deployed. */
function preview(
    name: string,
    title: string,
    project: {
        namespace: string;
        program?: string;
        /** It uses the component as the package has it. */
        isBuilt?: boolean;
        values?: Record<string, unknown>;
        anew?: boolean;
    },
    compared: Pick<SpeedCase, "against" | "goal" | "most" | "rare"> = {},
): SpeedCase {
    let made: Project;
    return {
        name,
        title,
        ...compared,
        async prepare() {
            if (project.isBuilt) {
                await succeed("npm", ["run", "--silent", "build"], { cwd: checkout });
            }
            made = newProject(project.namespace, project.program);
            await made.init(project.values);
        },
        async measure() {
            if (!project.anew) {
                return timed(() => made.succeed("preview"));
            }
            // Where ts-node keeps what it has compiled.
            const cache = mkdtempSync(join(tmpdir(), "minio-compiled-"));
            made.environment.TS_NODE_CACHE_DIRECTORY = cache;
            try {
                return await timed(() => made.succeed("preview"));
            } finally {
                rmSync(cache, { recursive: true, force: true });
            }
        },
    };
}

const prod = { ...stackValues("prod"), createNamespace: true };

/** As one VolumeSnapshot of each drive, and as one of all. */
const set = { snapshots: { className: snapshotClass, sets: ["monday"] } };
const group = { snapshots: { groupClassName: groupSnapshotClass, sets: ["monday"] } };

/** Pools × servers, as they are previewed to see how the time grows. A later argument may be measured beside them. */
const growth: [
    name: string,
    title: string,
    values: Record<string, unknown>,
    compared: Pick<SpeedCase, "against" | "goal">,
][] = [
    ["1x4", "1 pool of 4 servers", { replicas: 4 }, {}],
    ["4x16", "4 pools of 16 servers", pools(4, 16), { against: "1x4" }],
    ["16x16", "16 pools of 16 servers", pools(16, 16), { against: "1x4", goal: 1.5 }],
    ["1x4-set", "1 pool of 4 servers, with a set of snapshots", { replicas: 4, ...set }, { against: "1x4" }],
    ["4x16-set", "4 pools of 16 servers, with a set", { ...pools(4, 16), ...set }, { against: "4x16" }],
    ["16x16-set", "16 pools of 16 servers, with a set", { ...pools(16, 16), ...set }, { against: "16x16" }],
    ["16x16-group", "16 pools of 16 servers, with a group", { ...pools(16, 16), ...group }, { against: "16x16" }],
];

function pools(count: number, replicas: number): Record<string, unknown> {
    return { replicas, expansionPools: Array.from({ length: count - 1 }, () => ({ replicas })) };
}

/** Small enough for the embedded cluster, the same for the component and the chart. */
const resources = { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "1", memory: "1Gi" } };

/** Deploys from nothing, and stores an object as soon as that is possible, whether the deployment says that it is done or not. */
function firstObject(
    name: string,
    title: string,
    deployment: {
        prepare(): Promise<void>;
        deploy(): Promise<unknown>;
        target(): Promise<Target>;
        remove(): Promise<void>;
    },
    compared: Pick<SpeedCase, "against" | "goal"> = {},
): SpeedCase {
    return {
        name,
        title,
        ...compared,
        rare: 2,
        prepare: deployment.prepare,
        async measure() {
            await deployment.remove();
            const deploying = deployment.deploy();
            const seconds = await timed(() =>
                Promise.race([untilStored(deployment.target), deploying.then(() => forever)]),
            );
            await deploying;
            return seconds;
        },
    };
}

const forever = new Promise<never>(() => {});

/** As an impatient client: gives a request up after two seconds, and tries again at once. */
async function untilStored(target: () => Promise<Target>): Promise<void> {
    const found = await untilDone(target);
    const s3 = client(found, { maxAttempts: 1 });
    const soon = () => ({ abortSignal: AbortSignal.timeout(2000) });
    const Bucket = "bench";
    await untilDone(() =>
        s3.send(new CreateBucketCommand({ Bucket }), soon()).catch((error: Error) => {
            if (error.name !== "BucketAlreadyOwnedByYou") {
                throw error;
            }
        }),
    );
    await untilDone(() => s3.send(new PutObjectCommand({ Bucket, Key: "first", Body: Buffer.alloc(1 << 10) }), soon()));
    s3.destroy();
}

async function untilDone<T>(action: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + 180_000;
    for (;;) {
        try {
            return await action();
        } catch (error) {
            if (Date.now() > deadline) {
                throw error;
            }
            await new Promise((resolve) => setTimeout(resolve, 200));
        }
    }
}

/** The client Service and the root account, as soon as Kubernetes has them. */
async function targetByKubernetes(namespace: string): Promise<Target> {
    const [service, secret] = await Promise.all(
        ["service/minio", "secret/minio-secret"].map((object) =>
            kubectlJson("get", object, `--namespace=${namespace}`),
        ),
    );
    const part = (key: string) => Buffer.from(secret.data[key], "base64").toString();
    return {
        endpoint: `http://${service.spec.clusterIP}:9000`,
        rootUser: part("root-user"),
        rootPassword: part("root-password"),
    };
}

const deployed = {
    namespace: "bench-speed-up",
    values: { createNamespace: false, replicas: 4, storageSize: "1Gi", resources },
};
let component: Project;

const helmNamespace = "bench-speed-helm";

function chartValues(changes: Record<string, unknown>): Record<string, unknown> {
    return { ...parse(readFileSync(join(__dirname, "chartValues.yaml"), "utf8")), ...changes };
}

async function helm(...args: string[]): Promise<string> {
    const values = [`--values=${join(__dirname, "chartValues.yaml")}`, ...imageValues(newMinio.image)];
    return succeed(await findHelm(), [...args, "minio", await findChart(), `--namespace=${helmNamespace}`, ...values]);
}

let chartProject: Project;

async function needsUp(): Promise<void> {
    if (!component) {
        throw new Unavailable("it needs the row `up`");
    }
}

export const cases: SpeedCase[] = [
    preview("empty", "`pulumi preview` of an empty program", {
        namespace: "bench-speed-empty",
        program: "tests/bench/programs/empty.ts",
    }),
    preview(
        "configmap",
        "`pulumi preview` of a program with one ConfigMap",
        { namespace: "bench-speed-configmap", program: "tests/bench/programs/configMap.ts" },
        { against: "empty" },
    ),
    preview(
        "configmap-cluster",
        "`pulumi preview` of that program with a `MinioCluster`",
        { namespace: "bench-speed-added", program: "tests/bench/programs/configMapAndCluster.ts", isBuilt: true },
        { against: "configmap", most: 0.3 },
    ),
    preview(
        "prod",
        "`pulumi preview` of the stack `prod`",
        { namespace: "bench-speed-prod", values: { ...prod, namespace: "bench-speed-prod" } },
        { against: "helm-v4", goal: 1.15 },
    ),
    {
        name: "helm-v4",
        title: "`pulumi preview` of the same cluster by `helm.v4.Chart`",
        against: "empty",
        async prepare() {
            const chart = await findChart();
            chartProject = newProject("bench-speed-chart", "tests/bench/programs/chart.ts");
            const { resources: ofProd, storageSize, replicas } = prod as Record<string, unknown>;
            const values = chartValues({ replicas, resources: ofProd, persistence: { size: storageSize } });
            await chartProject.init({ chart, values });
        },
        measure: () => timed(() => chartProject.succeed("preview")),
    },
    {
        name: "helm-dry-run",
        title: "`helm upgrade --install --dry-run=server`",
        against: "prod",
        async prepare() {
            await findChart();
            await findHelm();
            await makeNamespace(helmNamespace);
        },
        measure: () => timed(() => helm("upgrade", "--install", "--dry-run=server")),
    },
    preview(
        "compile",
        "`pulumi preview` of `prod`, nothing compiled yet",
        { namespace: "bench-speed-new", values: { ...prod, namespace: "bench-speed-new" }, anew: true },
        { against: "prod", rare: 2 },
    ),
    ...growth.map(([name, title, values, compared]) => {
        const namespace = `bench-speed-${name}`;
        const all = { createNamespace: true, storageSize: "10Gi", namespace, ...values };
        return preview(name, `\`pulumi preview\` of ${title}`, { namespace, values: all }, compared);
    }),
    firstObject(
        "up",
        "`pulumi up` of 4 servers from nothing, to the first stored object",
        {
            async prepare() {
                component = newProject(deployed.namespace);
                await component.init(deployed.values);
            },
            deploy: () => component.succeed("up", "--yes", "--skip-preview"),
            target: () => targetByKubernetes(deployed.namespace),
            async remove() {
                await component.execute("destroy", "--yes", "--skip-preview");
                await makeNamespace(deployed.namespace);
            },
        },
        { against: "install", goal: 1 },
    ),
    {
        name: "deployed-preview",
        title: "`pulumi preview` of them, unchanged",
        prepare: needsUp,
        rare: 2,
        measure: () => timed(() => component.succeed("preview", "--expect-no-changes")),
    },
    {
        name: "unchanged",
        title: "`pulumi up --skip-preview` of them, unchanged",
        against: "deployed-preview",
        goal: 1.5,
        rare: 2,
        prepare: needsUp,
        measure: () => timed(() => component.succeed("up", "--yes", "--skip-preview", "--expect-no-changes")),
    },
    firstObject("install", "`helm install` of 4 servers from nothing, to the first stored object", {
        async prepare() {
            await findChart();
            await findHelm();
        },
        deploy: () => helm("install"),
        target: () => targetIn(helmNamespace),
        remove: () => makeNamespace(helmNamespace),
    }),
];
