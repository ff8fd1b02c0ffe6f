import { minioImages } from "../../devcluster/toolchain/versions";
import { Project } from "../e2e/project";
import { targetOf } from "../e2e/s3";
import type { Target } from "../load";
import { chartWay } from "./chart";
import { seedWay } from "./seed";

/** A way to run MinIO and to change it. All have four servers with a drive of 1Gi each, of the same size and releases. */
export interface Way {
    /** As on the command line. */
    name: string;
    title: string;
    /** Whether it is this component, which has a target to meet. */
    own: boolean;
    /** Gets ready to deploy; nothing is deployed yet. */
    prepare(namespace: string): Deployment;
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

const [oldImage, newImage] = minioImages;

/** The component, by its stack, with its default settings. */
function componentWay(name: string, title: string, changes: Record<string, Record<string, unknown>>): Way {
    return {
        name,
        title: `this component, ${title}`,
        own: true,
        prepare(namespace) {
            const project = new Project(namespace);
            const up = () => project.succeed("up", "--yes", "--skip-preview");
            return {
                async deploy() {
                    await project.init({ createNamespace: false, image: oldImage });
                    await up();
                    return targetOf(project);
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

export const ways: Way[] = [
    componentWay("version", "version change", { "version change": { image: newImage } }),
    // A variable that servers compare, so that it is as hard a change as another version, and that clients do not notice.
    componentWay("config", "config change", {
        "config change": { environment: { MINIO_BROWSER_SESSION_DURATION: "6h" } },
    }),
    componentWay("staged", "staged version change", {
        "two servers": { image: newImage, partition: 2 },
        "the others": { partition: 0 },
    }),
    chartWay("chart", "official Helm chart, version change"),
    seedWay("seed", "seed's manifest, version change"),
];
