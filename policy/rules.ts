/** What each rule finds wrong with the resources of a stack. Pure: Pulumi asks them by way of index.ts, the unit tests directly. */
import { element } from "../components/basics/element";
import { flawsOf, partsOf } from "../components/minio/knownFlaws";

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
    resources.filter(isPool).flatMap((pool) =>
        imagesOf(pool)
            .filter(isFloating)
            .map((image) => ({
                urn: pool.urn,
                message:
                    `the image '${image}' may become another version whenever a pod starts: set image to a release, best with ` +
                    "its digest, or leave it out for the default, which has one",
            })),
    );

/** The servers have no public flaw that a later release has mended, except those that are accepted by their ids. */
export function imageHasNoKnownFlaw(accepted: string[]): Rule {
    return (resources) =>
        resources.filter(isPool).flatMap((pool) =>
            imagesOf(pool).flatMap((image) => {
                const { flaws = [], mayBePatched } = flawsOf(image) ?? {};
                const open = flaws.filter(({ id }) => !accepted.includes(id));
                const ids = open.map(({ id }) => id).join(", ");
                const unless = mayBePatched ? ", unless its builder has mended them" : "";
                return open.length === 0
                    ? []
                    : [
                          {
                              urn: pool.urn,
                              message:
                                  `the image '${image}' has known flaws${unless}: ${ids}. By the first of them, ${element(open, 0).effect}. ` +
                                  "Leave image out for the default, which has the fixes, or name in accepted those that you can " +
                                  "live with",
                          },
                      ];
            }),
        );
}

function imagesOf({ props }: PolicyResource): string[] {
    return props.spec.template.spec.containers.map(({ image }: { image: string }) => image);
}

/** No digest, and no tag that tells a version or a commit: `v7`, `RELEASE.2025-…`, `hardened-1.2` and `3f2a1bc` do, `edge2` does not. */
function isFloating(image: string): boolean {
    const { tag } = partsOf(image);
    const isVersion = /^(RELEASE\.|v)?\d|[._-]v?\d+[._]\d|(^|[._-])[0-9a-f]{7,40}$/i.test(tag);
    return !image.includes("@sha256:") && !isVersion;
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

/** Each pool that can do without a server has a budget that keeps some, so that drained nodes do not take more than that. */
export const disruptionBudgetIsPresent: Rule = (resources) => {
    const budgets = resources.filter(({ type }) => type === "kubernetes:policy/v1:PodDisruptionBudget");
    return resources
        .filter(isPool)
        .filter(({ props }) => props.spec.replicas > 2) // Of two servers none may be missed.
        .filter((pool) => !budgets.some((budget) => protects(budget, pool)))
        .map(({ urn }) => ({
            urn,
            message:
                "the pool has no disruption budget that keeps a server, so drained nodes may take all of them at the same time: " +
                "leave disruptionBudget.enabled out, or set it to true",
        }));
};

function protects({ props: budget }: PolicyResource, { props: pool }: PolicyResource): boolean {
    const labels = pool.spec.template.metadata.labels;
    const wanted = Object.entries(budget.spec.selector.matchLabels ?? {});
    return (
        namespaceOf(budget) === namespaceOf(pool) &&
        wanted.length > 0 &&
        wanted.every(([key, value]) => labels[key] === value) &&
        serversKept(budget.spec, pool.spec.replicas) > 0
    );
}

function namespaceOf(props: PolicyResource["props"]): string {
    return props.metadata?.namespace ?? "default";
}

/** How many of a pool's servers a budget keeps; Kubernetes rounds a percentage up. */
function serversKept(
    budget: { minAvailable?: number | string; maxUnavailable?: number | string },
    servers: number,
): number {
    const count = (value: number | string) =>
        String(value).endsWith("%") ? Math.ceil((Number.parseInt(String(value), 10) * servers) / 100) : Number(value);
    const { minAvailable, maxUnavailable } = budget;
    if (minAvailable !== undefined) {
        return count(minAvailable);
    }
    return servers - count(maxUnavailable ?? servers);
}

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
        .filter(({ props: { spec } }) => spec.replicas !== 0) // It hibernates.
        .filter(({ props: { spec } }) => spec.replicas < 4 || spec.replicas % 2 === 1)
        .map(({ urn, props: { spec } }) => ({
            urn,
            message:
                `the pool has ${spec.replicas} servers: production needs an even number of at least 4. The number of a pool can ` +
                "never change: set replicas before the cluster is made, or make a new one and copy the data with mc mirror",
        }));

/**
 * The rule for stacks of these names only, and for those that have one of them as a word of their own, such as `prod-eu` and
 * `eu-prod`; `pre-prod` and `non-prod` say that they are not.
 */
export function onlyIn(stacks: string[], rule: Rule): Rule {
    const isMeant = ({ urn }: PolicyResource) => {
        const words = wordsOf(element(urn.split("::"), 0).replace("urn:pulumi:", ""));
        return stacks.some((name) => {
            const at = words.indexOf(wordsOf(name));
            return at >= 0 && !/-(pre|non|not|no)$/.test(words.slice(0, at));
        });
    };
    return (resources) => rule(resources.filter(isMeant));
}

/** A name's words, each between dashes: `-eu-prod-`. */
function wordsOf(name: string): string {
    return `-${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}-`;
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
