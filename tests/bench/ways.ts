import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { waitForWriteQuorum } from "../../devcluster/writeQuorum";
import type { Target } from "../support/load";
import { Project, succeed } from "../support/project";
import { targetOf } from "../support/s3";
import { chartWay } from "./chart";
import { seedWay } from "./seed";

/**
 * A way to run MinIO and to change it. All have four servers, unless their title says otherwise, with a drive of 1Gi
 * each, of the same size and releases.
 */
export interface Way {
    /** As on the command line. */
    name: string;
    title: string;
    /** What this component promises; others have made no promise. */
    target?: PromisedTarget;
    /** Gets ready to deploy; nothing is deployed yet. */
    prepare(namespace: string): Deployment;
}

/** No acknowledged write is lost, and: */
export interface PromisedTarget {
    /** With the SDK's retries no request fails. */
    failsNone: boolean;
    /** The longest time without a success, in seconds. */
    longestGap: number;
}

/** One MinIO of its own, in a namespace that exists. */
export interface Deployment {
    /**
     * @throws Unavailable when this machine lacks something for it
     */
    deploy(): Promise<Target>;
    /** The changes, one after another. */
    changes: Change[];
    /** Removes what is not in the namespace. */
    remove(): Promise<void>;
}

export interface Change {
    title: string;
    /** Ends when the change is done, and fails when it does not get done. */
    apply(): Promise<void>;
}

/** One server after another. */
const rolling: PromisedTarget = { failsNone: true, longestGap: 1 };
/** All servers at once, as old and new ones cannot talk to each other. */
const together: PromisedTarget = { failsNone: false, longestGap: 10 };

/** The component, by its stack, with its default settings and these. */
function componentWay(
    name: string,
    title: string,
    target: PromisedTarget,
    changes: Record<string, Record<string, unknown>>,
    settings: Record<string, unknown> = {},
): Way {
    return {
        name,
        title: `this component, ${title}`,
        target,
        prepare(namespace) {
            const project = new Project(namespace);
            const up = () => project.succeed("up", "--yes", "--skip-preview");
            return {
                async deploy() {
                    await project.init({ createNamespace: false, image: oldMinio.image, ...settings });
                    await up();
                    return makeUser(await targetOf(project));
                },
                changes: Object.entries(changes).map(([step, values]) => ({
                    title: step,
                    async apply() {
                        await project.configure(values);
                        await up();
                    },
                })),
                remove: () => project.remove(),
            };
        },
    };
}

/** A user of MinIO's own, as an application has: the root password may change without it. */
async function makeUser(target: Target): Promise<Target> {
    await waitForWriteQuorum(target.endpoint);
    const [rootUser, rootPassword] = ["application", "correct-horse-battery-staple"];
    const env = {
        ...process.env,
        MC_HOST_bench: target.endpoint.replace("://", `://${target.rootUser}:${target.rootPassword}@`),
    };
    await succeed("mc", ["admin", "user", "add", "bench", rootUser, rootPassword], { env });
    await succeed("mc", ["admin", "policy", "attach", "bench", "readwrite", `--user=${rootUser}`], { env });
    return { ...target, rootUser, rootPassword };
}

const anotherPool = { "another pool": { expansionPools: [{}] } };
const andBack = { "and back": { image: oldMinio.image } };
const thereAndBack = { "version change": { image: newMinio.image }, ...andBack };

/** Many servers on one small machine: they ask for little. */
const small = { resources: { requests: { cpu: "10m", memory: "64Mi" } } };

export const ways: Way[] = [
    componentWay("version", "version change and back", rolling, thereAndBack),
    // A variable that servers compare, so that it is as hard a change as another version, and that clients do not
    // notice.
    componentWay("config", "config change", rolling, {
        "config change": { environment: { MINIO_BROWSER_SESSION_DURATION: "6h" } },
    }),
    componentWay("staged", "staged version change and back", rolling, {
        "two servers": { image: newMinio.image, partition: 2 },
        "the others": { partition: 0 },
        ...andBack,
    }),
    componentWay("eight", "version change of 8 servers and back", rolling, thereAndBack, { replicas: 8 }),
    componentWay("sixteen", "version change of 16 servers and back", rolling, thereAndBack, { replicas: 16, ...small }),
    componentWay("two-eights", "version change of 2 pools of 8 servers and back", rolling, thereAndBack, {
        replicas: 8,
        expansionPools: [{ replicas: 8 }],
        ...small,
    }),
    componentWay(
        "two-pools",
        "version change of 2 pools of 4 servers and back",
        rolling,
        thereAndBack,
        anotherPool["another pool"],
    ),
    // Of the servers that are there, by their names in this namespace one reaches enough of both pools by itself, and
    // starts last.
    componentWay("pool-last", "another pool of 4 servers", together, anotherPool),
    componentWay("pool", "another pool, where none can start last", together, anotherPool),
    componentWay("password", "another root password", together, { "another password": { credentialsRevision: 2 } }),
    chartWay("chart", "official Helm chart, version change"),
    seedWay("seed", "seed's manifest, version change"),
];
