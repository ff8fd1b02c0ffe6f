/** How the drives of what runs become those of a MinioCluster: its arguments, and which claim becomes which. Pure. */
import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { element } from "../basics/element";
import { parseQuantity } from "../basics/quantity";
import { erasureSetSizeOf } from "../minio/topology";
import { claimName, driveNames, namesOf, poolName, poolSelector } from "../spec/names";
import type { KnownArgs } from "../spec/spec";
import { problemsOf } from "../spec/validation";
import { type Entrance, entrancesOf } from "./entrances";
import {
    type Found,
    foundIn,
    mountOf,
    pathInVolume,
    podOf,
    Refusal,
    serversOf,
    statefulSetOf,
    type Tool,
} from "./found";
import { notesOf } from "./notes";
import type { Observed } from "./observed";
import { placementOf, poolPlacementOf } from "./placement";
import {
    authoritiesOf,
    claimAnnotationsOf,
    clusterDomainOf,
    configurationProblems,
    environmentOf,
    type OwnedByRoot,
    podSettingsOf,
    type RootSource,
    rootOf,
    setSizeOf,
    userOf,
} from "./settings";

/** A drive, and the claims by which it is used. */
export interface AdoptedDrive {
    volume: string;
    /** The old claim, as it is there. */
    old: V1PersistentVolumeClaim;
    /** The name of the new one. */
    claim: string;
    /** The labels that the new StatefulSet gives its claims. */
    labels: Record<string, string>;
    /** The new server that has it. */
    server: string;
}

export interface Adoption {
    tool: Tool;
    /** What is said of the old cluster. */
    old: string;
    namespace: { name: string; uid: string };
    /** Of the MinioCluster. */
    name: string;
    args: KnownArgs;
    /** The Secret of `existingSecretName`, which the steps make. */
    rootSecret: string;
    root: RootSource;
    statefulSets: { name: string; replicas: number }[];
    tenant?: string;
    operator?: Observed["operator"];
    drives: AdoptedDrive[];
    entrances: Entrance[];
    /** Undefined where the drives need no other owner. */
    ownedByRoot?: OwnedByRoot;
    /** What is not taken over, or wants a decision. */
    notes: string[];
}

/** The cluster to take over, and what it is to be called. */
export interface Wish {
    /** Name of a StatefulSet or tenant. Default: the only one. */
    old?: string;
    /** Of the MinioCluster. Default: the first of `names` that is free. */
    name?: string;
}

/** Names for a cluster, the best first. */
const names = ["minio", "store", "objects"];

/** @throws Refusal */
export function adoptionOf(observed: Observed, wish: Wish = {}): Adoption {
    const found = foundIn(observed, wish.old);
    const reasons: string[] = [];
    const notes: string[] = [];
    const name = freeName(observed, wish.name, reasons);
    const rootSecret = `${name}-root`;
    const drives = drivesOf(observed, found, name, reasons);
    const args = argumentsOf(observed, found, name, drives, rootSecret, { reasons, notes });
    const root = rootOf(found, observed, reasons);
    for (const { metadata, spec } of found.statefulSets) {
        if (spec?.persistentVolumeClaimRetentionPolicy?.whenScaled === "Delete") {
            reasons.push(
                `StatefulSet ${metadata?.name}: persistentVolumeClaimRetentionPolicy.whenScaled Delete is not ` +
                    "allowed: Kubernetes " +
                    "would delete the claims when the servers stop; set it to Retain first",
            );
        }
    }
    const user = userOf(found);
    if (user === undefined && (found.tool === "Bitnami's chart" || /bitnami/.test(found.container.image ?? ""))) {
        const pod = podOf(found.pools[0]?.hosts[0] ?? "");
        reasons.push(
            `container ${found.container.name}: no user is named (runAsUser), and Bitnami's image has its own: set ` +
                "containerSecurityContext.runAsUser in the release first, to the user that the files belong to; " +
                `kubectl exec ${pod} --container=${found.container.name} --namespace=${observed.namespace.name} ` +
                "-- id -u says which",
        );
    }
    reasons.push(
        ...configurationProblems(found, observed),
        ...layoutProblems(found, observed, notes),
        ...(reasons.length > 0 ? [] : argumentProblems(name, args)),
    );
    if (reasons.length > 0) {
        throw new Refusal(reasons);
    }
    const { image = "", name: container } = found.container;
    const entrances = entrancesOf(observed, found, notes);
    const ownedByRoot: OwnedByRoot | undefined = user ? undefined : { image, ...(user === undefined && { container }) };
    return {
        tool: found.tool,
        old: found.label,
        namespace: observed.namespace,
        name,
        args,
        rootSecret,
        root: root as RootSource,
        statefulSets: found.statefulSets.map(({ metadata, spec }, pool) => ({
            name: metadata?.name ?? "",
            replicas: spec?.replicas || serversOf(found, pool),
        })),
        tenant: found.tenant?.metadata.name,
        operator: found.tenant && observed.operator,
        drives,
        entrances,
        ownedByRoot,
        notes: [...notes, ...notesOf(found, observed, name, args, { root, ownedByRoot })],
    };
}

/** A name whose objects are not there: neither by their names, nor by the label that selects a MinioCluster's. */
function freeName(observed: Observed, wanted: string | undefined, reasons: string[]): string {
    const free = wanted ?? names.find((name) => takenBy(observed, name).length === 0) ?? "minio";
    const taken = takenBy(observed, free);
    if (taken.length > 0) {
        reasons.push(
            `name: ${free} is not allowed: ${taken.join(", ")} ${taken.length === 1 ? "is" : "are"} there, which ` +
                "the MinioCluster " +
                "would have; use another name (--name), as the old cluster's objects stay for the way back",
        );
    }
    return free;
}

function takenBy({ statefulSets, services, claims, secrets }: Observed, name: string): string[] {
    const { headlessService, consoleService, selector } = namesOf(name);
    const of = (kind: string, objects: { metadata?: { name?: string; labels?: Record<string, string> } }[]) =>
        objects.flatMap(({ metadata }) => {
            const one = metadata?.name ?? "";
            const isNamed =
                kind === "claim"
                    ? new RegExp(`^data\\d*-${name}(-pool-\\d+)?-\\d+$`).test(one)
                    : [name, headlessService, consoleService].includes(one) || one.startsWith(`${name}-pool-`);
            return isNamed || (kind !== "claim" && metadata?.labels?.app === selector.app) ? [`${kind} ${one}`] : [];
        });
    const secret = `${name}-root` in secrets ? [`Secret ${name}-root`] : [];
    return [...of("StatefulSet", statefulSets), ...of("Service", services), ...of("claim", claims), ...secret];
}

/** Each drive with its old claim and its new one; what is not as it must be is a reason. */
function drivesOf(observed: Observed, found: Found, name: string, reasons: string[]): AdoptedDrive[] {
    const names = namesOf(name);
    const claimed = new Map(observed.claims.map((claim) => [claim.metadata?.name ?? "", claim]));
    const volumes = new Set(observed.volumes.map(({ metadata }) => metadata?.name));
    return found.pools.flatMap(({ hosts, paths }, pool) =>
        hosts.flatMap((host, server) =>
            paths.flatMap((path, drive) => {
                const template = templateOf(found, podOf(host), path);
                if (typeof template === "string") {
                    reasons.push(template);
                    return [];
                }
                const old = `${template.name}-${podOf(host)}`;
                const claim = claimed.get(old);
                const volume = claim?.spec?.volumeName;
                if (
                    claim === undefined ||
                    volume === undefined ||
                    claim.status?.phase !== "Bound" ||
                    !volumes.has(volume)
                ) {
                    const is = claim === undefined ? "is not there" : "is bound to no volume";
                    reasons.push(
                        `claim ${old}: it ${is}: every drive of the cluster must be there; let the old cluster ` +
                            "mend it first",
                    );
                    return [];
                }
                const position = { pool, server, drive: element(driveNames(paths.length), drive) };
                const selector = poolSelector(names, pool);
                return {
                    volume,
                    old: claim,
                    claim: claimName(name, position),
                    labels: selector,
                    server: `${selector.pool}-${server}`,
                };
            }),
        ),
    );
}

/** The claim template of a drive, and the folder of its volume; text says why there is none. */
function templateOf(
    { statefulSets, container }: Found,
    pod: string,
    path: string,
): { name: string; folder: string } | string {
    const statefulSet = statefulSets.find(({ metadata }) => metadata?.name === statefulSetOf(pod));
    if (statefulSet === undefined) {
        return `server ${pod}: it belongs to no StatefulSet of the namespace, so its drives are not known`;
    }
    const own = statefulSet.spec?.template.spec?.containers.find(({ name }) => name === container.name) ?? container;
    const mount = mountOf(own.volumeMounts ?? [], path);
    const templates = (statefulSet.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name);
    if (mount === undefined || !templates.includes(mount.name)) {
        return (
            `drive ${path} of StatefulSet ${statefulSet.metadata?.name}: no claim template has it, as with ` +
            "volumes of another kind " +
            "(emptyDir, hostPath): copy its data with mc mirror instead"
        );
    }
    if (mount.subPathExpr) {
        return `drive ${path} of StatefulSet ${statefulSet.metadata?.name}: subPathExpr ${mount.subPathExpr} is not allowed: the folder must be the same on each volume`;
    }
    return { name: mount.name, folder: pathInVolume(mount, path) };
}

/** Sets of another size than the old cluster has made: MinIO would not start. */
function layoutProblems(found: Found, observed: Observed, notes: string[]): string[] {
    const { pools } = found;
    const told = setSizeOf(found, observed);
    if (told === "unread") {
        const sizes = pools.map(({ hosts, paths }) => erasureSetSizeOf(hosts.length, paths.length));
        notes.push(
            "MINIO_ERASURE_SET_DRIVE_COUNT is not read where the old servers have it: it must be as here, sets " +
                `of ${[...new Set(sizes)].join(" and ")} ` +
                "drives, or the new servers do not start",
        );
    }
    return pools.flatMap(({ hosts, paths, setSize }) => {
        const what = `${hosts.length} server${hosts.length === 1 ? "" : "s"} with ${paths.length} drive${paths.length === 1 ? "" : "s"} each`;
        if (hosts.length < 2) {
            return [`${what}: this component runs 2 servers at least: copy the data with mc mirror instead`];
        }
        const size = erasureSetSizeOf(hosts.length, paths.length);
        const was = (told !== "unread" && told) || setSize || size;
        return size !== undefined && was !== size
            ? [
                  `${what}: erasure sets of ${was} drives are not allowed: with this component, MinIO would make ` +
                      `sets of ${size}, and not ` +
                      "start with drives of others; copy the data with mc mirror instead",
              ]
            : [];
    });
}

/** What the arguments' own validation says. */
function argumentProblems(name: string, args: KnownArgs): string[] {
    return problemsOf(name, args).map(({ field, reason }) => `${field}: ${reason}`);
}

function argumentsOf(
    observed: Observed,
    found: Found,
    name: string,
    drives: AdoptedDrive[],
    rootSecret: string,
    { reasons, notes }: { reasons: string[]; notes: string[] },
): KnownArgs {
    const pools = found.pools.map(({ hosts, paths }, pool) => {
        const own = drives.filter(({ labels }) => labels.pool === poolName(name, pool));
        return {
            replicas: hosts.length,
            drivesPerServer: paths.length,
            ...storageOf(own, notes),
            ...(pool > 0 && poolPlacementOf(found, pool)),
        };
    });
    const [first, ...further] = pools;
    const folders = new Set(
        found.pools.flatMap(({ hosts, paths }) =>
            paths.flatMap((path) => {
                const template = templateOf(found, podOf(hosts[0] ?? ""), path);
                return typeof template === "string" ? [] : template.folder;
            }),
        ),
    );
    if (folders.size > 1) {
        const all = [...folders].map((one) => one || "the root").join(", ");
        reasons.push(`the drives are in different folders of their volumes, ${all}: driveSubPath is one for all`);
    }
    const [folder] = folders;
    const pod = found.statefulSets[0]?.spec?.template.spec;
    const { priorityClassName, imagePullSecrets } = pod ?? {};
    return given({
        namespace: observed.namespace.name,
        clusterDomain: clusterDomainOf(found, reasons),
        ...first,
        expansionPools: further,
        driveSubPath: folder,
        existingSecretName: rootSecret,
        ...podSettingsOf(found),
        persistentVolumeClaimAnnotations: claimAnnotationsOf(
            found.statefulSets[0]?.spec?.volumeClaimTemplates?.[0]?.metadata?.annotations,
        ),
        ...placementOf(found, name, notes),
        priorityClassName,
        imagePullSecrets,
        ...environmentOf(found, observed, notes),
        trustedAuthorities: authoritiesOf(found, observed),
    }) as KnownArgs;
}

/** Without what is empty. An empty class is one, and servers without limits are not given the component's. */
function given<T extends object>(fields: T): Partial<T> {
    const isEmpty = (value: unknown) =>
        value === undefined ||
        value === null ||
        (Array.isArray(value) ? value.length === 0 : typeof value === "object" && Object.keys(value).length === 0);
    return Object.fromEntries(
        Object.entries(fields).filter(
            ([name, value]) =>
                name === "resources" || (!isEmpty(value) && (value !== "" || name === "storageClassName")),
        ),
    ) as Partial<T>;
}

function storageOf(drives: AdoptedDrive[], notes: string[]) {
    const specs = drives.map(({ old }) => old.spec);
    const sizes = [...new Set(specs.map((spec) => String(spec?.resources?.requests?.storage)))];
    sizes.sort((one, other) => (parseQuantity(one) ?? 0) - (parseQuantity(other) ?? 0));
    const classes = [...new Set(specs.map((spec) => spec?.storageClassName))];
    if (sizes.length > 1) {
        notes.push(
            `drives of ${sizes.join(" and ")} are in one pool: storageSize is the smaller one, and the larger ` +
                "ones stay as they are",
        );
    }
    if (classes.length > 1) {
        notes.push(`drives of the classes ${classes.join(", ")} are in one pool: those that are there keep theirs`);
    }
    const { volumeAttributesClassName } = specs[0] ?? {};
    return given({ storageSize: sizes[0], storageClassName: classes[0], volumeAttributesClassName });
}
