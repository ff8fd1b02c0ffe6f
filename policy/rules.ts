/** What each rule finds wrong with the resources of a stack. Pure: Pulumi asks them by way of index.ts, the unit tests directly. */

/** A resource as Pulumi shows it to a policy. Reading a value that is not known yet throws. */
export interface PolicyResource {
    type: string;
    urn: string;
    // What Pulumi's own ResourceValidationArgs says.
    // biome-ignore lint/suspicious/noExplicitAny: the fields depend on the type
    props: Record<string, any>;
}

export interface Violation {
    urn: string;
    /** What is wrong, and what to do. */
    message: string;
}

export type Rule = (resources: PolicyResource[]) => Violation[];

/** Passwords that are in a manual, or the first to be guessed. */
const knownPasswords = ["minioadmin", "minio123", "minio", "password", "changeme", "admin", "secret", "12345678"];

/** The image of the servers must not become another version by itself: servers of different versions wait for each other. */
export const imageIsPinned: Rule = (resources) =>
    resources.filter(isPool).flatMap(({ urn, props }) => {
        const images: string[] = props.spec.template.spec.containers.map(({ image }: { image: string }) => image);
        return images.filter(isFloating).map((image) => ({
            urn,
            message:
                `the image '${image}' may become another version whenever a pod starts: set image to a release, best with its ` +
                "digest, such as docker.io/pgsty/silo:RELEASE.2026-09-16T00-00-00Z@sha256:…",
        }));
    });

/** No digest, and no tag that tells a version. */
function isFloating(image: string): boolean {
    const [, tag = ""] = /^[^@]*?(?::([^:/@]+))?$/.exec(image.split("@")[0]) ?? [];
    return !image.includes("@sha256:") && !/\d/.test(tag);
}

/**
 * No root password is one that all know: neither that of a cluster, whose Secret may be any (`existingSecretName`), nor one in a
 * Secret that the program makes.
 */
export const credentialsAreNotDefault: Rule = (resources) =>
    resources
        .filter((resource) => {
            const [user, password] = credentialsOf(resource);
            return password !== undefined && (knownPasswords.includes(password) || password === user);
        })
        .map(({ urn }) => ({
            urn,
            message:
                "its root password is one that everybody knows: leave existingSecretName out for a random one, or put a random " +
                "one of at least 8 characters into the Secret, and raise credentialsRevision",
        }));

/** User and password; undefined where there are none, or where they are not known yet, as a random one in its first preview. */
function credentialsOf({ type, props }: PolicyResource): (string | undefined)[] {
    if (type === "minio-cluster:index:MinioCluster") {
        return ["rootUser", "rootPassword"].map((output) => knownNow(() => props[output]));
    }
    if (type !== "kubernetes:core/v1:Secret") {
        return [];
    }
    return ["root-user", "root-password"].map((key) =>
        knownNow(() => {
            const encoded = props.data?.[key];
            return props.stringData?.[key] ?? (encoded && Buffer.from(encoded, "base64").toString());
        }),
    );
}

/** Each pool that can do without a server has a budget, so that drained nodes do not take more than that. */
export const disruptionBudgetIsPresent: Rule = (resources) => {
    const budgets = resources.filter(({ type }) => type === "kubernetes:policy/v1:PodDisruptionBudget");
    const covers = (pool: PolicyResource) => {
        const labels = pool.props.spec.template.metadata.labels;
        return budgets.some(({ props }) => {
            const wanted = Object.entries(props.spec.selector.matchLabels ?? {});
            return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
        });
    };
    return resources
        .filter(isPool)
        .filter(({ props }) => props.spec.replicas > 2) // Of two servers none may be missed.
        .filter((pool) => !covers(pool))
        .map(({ urn }) => ({
            urn,
            message:
                "the pool has no disruption budget, so that drained nodes may take all its servers at once: leave " +
                "disruptionBudget.enabled out, or set it to true",
        }));
};

/** The drives' claims stay, whatever happens to their StatefulSet. */
export const dataIsRetained: Rule = (resources) =>
    resources.filter(isPool).flatMap(({ urn, props }) =>
        ["whenDeleted", "whenScaled"]
            .filter((when) => (props.spec.persistentVolumeClaimRetentionPolicy?.[when] ?? "Retain") !== "Retain")
            .map((when) => ({
                urn,
                message:
                    `persistentVolumeClaimRetentionPolicy.${when} is Delete, which deletes the data of production: leave it out, ` +
                    "or set it to Retain",
            })),
    );

/** An even number of servers, at least four: one may fail, and every object can still be written. */
export const serversAreEven: Rule = (resources) =>
    resources
        .filter(isPool)
        .filter(({ props: { spec } }) => spec.replicas < 4 || spec.replicas % 2 === 1)
        .map(({ urn, props: { spec } }) => ({
            urn,
            message:
                `the pool has ${spec.replicas} servers: production needs an even number of at least 4. The number of a pool can ` +
                "never change: set replicas before the cluster is made, or make a new one and copy the data with mc mirror",
        }));

/** The rule for stacks of these names only, and those that begin with one of them and `-`, such as `prod-eu`. */
export function onlyIn(stacks: string[], rule: Rule): Rule {
    const isMeant = ({ urn }: PolicyResource) => {
        const stack = urn.split("::")[0].replace("urn:pulumi:", "");
        return stacks.some((name) => stack === name || stack.startsWith(`${name}-`));
    };
    return (resources) => rule(resources.filter(isMeant));
}

/** A pool of servers: a StatefulSet in a MinioCluster. */
function isPool({ type, urn }: PolicyResource): boolean {
    return type === "kubernetes:apps/v1:StatefulSet" && urn.includes("minio-cluster:index:MinioCluster$");
}

/** A value, or undefined when Pulumi does not know it yet. */
function knownNow<T>(read: () => T): T | undefined {
    try {
        return read();
    } catch (error) {
        if ((error as Error).constructor.name === "UnknownValueError") {
            return undefined;
        }
        throw error;
    }
}
