/** How the drives of what runs become those of a MinioCluster: its arguments, and which claim becomes which. Pure. */
import type {
    V1Container,
    V1EnvVar,
    V1PersistentVolumeClaim,
    V1Service,
    V1StatefulSet,
    V1VolumeMount,
} from "@kubernetes/client-node";
import { element } from "../basics/element";
import { parseQuantity } from "../basics/quantity";
import { apiPort, consolePort } from "../minio/ports";
import { erasureSetSizeOf } from "../minio/topology";
import { minioId } from "../server/podTemplate";
import { claimName, driveNames, namesOf, poolName, poolSelector } from "../spec/names";
import { passwordKey, userKey } from "../spec/rootCredentials";
import type { KnownArgs } from "../spec/spec";
import { problemsOf } from "../spec/validation";
import { type EndpointPool, patternsOf, poolsOf } from "./endpoints";
import { configFile, type Observed, type Tenant } from "./observed";

/** Who made the old cluster. */
export type Tool = "the official chart" | "Bitnami's chart" | "MinIO's operator" | "a StatefulSet";

/** Where the old cluster has its root account. */
export type RootSource =
    | { kind: "keys"; secret: string; userKey: string; passwordKey: string }
    /** Lines that export variables. */
    | { kind: "file"; secret: string; key: string }
    /** In the StatefulSet itself. */
    | { kind: "plain"; statefulSet: string; container: string };

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

/** A Service of the old cluster by which clients come. */
export interface Entrance {
    name: string;
    selector: Record<string, string>;
    /** Of each port: where it leads now, and where it is to lead. */
    ports: { was: number | string; becomes: number }[];
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
    /** The image that can change the drives' owner, where they belong to root; undefined where they need no other owner. */
    ownedByRoot?: string;
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

/** An old cluster as it was found: the same for all tools from here on. */
interface Found {
    tool: Tool;
    label: string;
    tenant?: Tenant;
    /** Those of its pools. */
    statefulSets: V1StatefulSet[];
    /** Its MinIO container. */
    container: V1Container;
    pools: EndpointPool[];
}

/** Why a cluster cannot be taken over, all reasons together. */
export class Refusal extends Error {
    constructor(readonly reasons: string[]) {
        super(reasons.join("\n"));
    }
}

/** @throws Refusal */
export function adoptionOf(observed: Observed, wish: Wish = {}): Adoption {
    const found = foundIn(observed, wish.old);
    const reasons: string[] = [];
    const notes: string[] = [];
    const name = freeName(observed, wish.name, reasons);
    const rootSecret = `${name}-root`;
    const drives = drivesOf(observed, found, name, reasons);
    const args = argumentsOf(observed, found, name, drives, rootSecret, notes);
    const root = rootOf(found, observed, reasons);
    for (const { metadata, spec } of found.statefulSets) {
        if (spec?.persistentVolumeClaimRetentionPolicy?.whenScaled === "Delete") {
            reasons.push(
                `StatefulSet ${metadata?.name}: persistentVolumeClaimRetentionPolicy.whenScaled Delete is not allowed: Kubernetes ` +
                    "would delete the claims when the servers stop; set it to Retain first",
            );
        }
    }
    reasons.push(...layoutProblems(found), ...(reasons.length > 0 ? [] : argumentProblems(name, args)));
    if (reasons.length > 0) {
        throw new Refusal(reasons);
    }
    const { securityContext: pod } = found.statefulSets[0]?.spec?.template.spec ?? {};
    const user = found.container.securityContext?.runAsUser ?? pod?.runAsUser;
    const ownedByRoot = user === undefined || user === 0 ? found.container.image : undefined;
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
        entrances: entrancesOf(observed, found),
        ownedByRoot,
        notes: [...notes, ...notesOf(found, observed, args, ownedByRoot)],
    };
}

function foundIn({ statefulSets, tenants, namespace }: Observed, wanted: string | undefined): Found {
    const nameOf = ({ metadata }: { metadata?: { name?: string } }) => metadata?.name ?? "";
    const ofTenants = tenants.map((tenant) => ({
        name: nameOf(tenant),
        find: () => foundTenant(tenant, statefulSets),
    }));
    const servers = statefulSets.flatMap((statefulSet) => {
        const container = serverOf(statefulSet);
        return container === undefined ? [] : [{ statefulSet, container, cluster: patternsOf(container).join() }];
    });
    const others = servers
        // Those of one cluster are told the same.
        .filter(({ cluster }, index) => servers.findIndex((one) => one.cluster === cluster) === index)
        .map(({ statefulSet, container }) => ({
            name: nameOf(statefulSet),
            find: () => foundStatefulSet(statefulSet, container, statefulSets),
        }));
    const candidates = [...ofTenants, ...others];
    const all = candidates.map(({ name }) => name).join(", ");
    const [first, second] = candidates.filter(({ name }) => wanted === undefined || name === wanted);
    if (first === undefined) {
        const there = all === "" ? "no distributed MinIO runs there" : `there are ${all}`;
        throw new Refusal([
            `namespace ${namespace.name}: ${wanted === undefined ? "" : `no StatefulSet or tenant ${wanted}: `}${there}. One runs where a ` +
                "tenant is, or a StatefulSet whose servers' arguments name the drives of all, such as http://minio-{0...3}.minio/data",
        ]);
    }
    if (second !== undefined) {
        throw new Refusal([`namespace ${namespace.name}: several clusters run there: name one of ${all}`]);
    }
    return first.find();
}

/** The container that runs a server of several. */
function serverOf({ metadata, spec }: V1StatefulSet): V1Container | undefined {
    return spec?.template.spec?.containers.find((container) =>
        patternsOf(container).some((pattern) => new RegExp(`//${metadata?.name}-(\\d|\\{)`).test(pattern)),
    );
}

function foundStatefulSet(statefulSet: V1StatefulSet, container: V1Container, all: V1StatefulSet[]): Found {
    const pools = withReasons(() => poolsOf(patternsOf(container)));
    const names = new Set(pools.flatMap(({ hosts }) => hosts.map((host) => podOf(host).replace(/-\d+$/, ""))));
    const labels = statefulSet.metadata?.labels ?? {};
    const isBitnami = labels["helm.sh/chart"]?.startsWith("minio-");
    const isChart = labels.chart?.startsWith("minio-") && labels.heritage === "Helm";
    const tool: Tool = isBitnami ? "Bitnami's chart" : isChart ? "the official chart" : "a StatefulSet";
    const release = labels["app.kubernetes.io/instance"] ?? labels.release;
    return {
        tool,
        label: `${tool}${tool === "a StatefulSet" ? "" : `, release ${release}`}: StatefulSet ${statefulSet.metadata?.name}`,
        statefulSets: all.filter(({ metadata }) => names.has(metadata?.name ?? "")),
        container,
        pools,
    };
}

/** As the operator's sidecar tells the servers: `GetContainerArgs` in `pkg/resources/statefulsets/minio-statefulset.go` of 7.1.1. */
function foundTenant(tenant: Tenant, all: V1StatefulSet[]): Found {
    const { name } = tenant.metadata;
    const {
        pools = [],
        mountPath = "/export",
        subPath = "",
        requestAutoCert = true,
        externalCertSecret,
    } = tenant.spec ?? {};
    const scheme = requestAutoCert || (externalCertSecret ?? []).length > 0 ? "https" : "http";
    const statefulSets = pools.map((pool) => {
        const wanted = `${name}-${pool.name}`;
        const found = all.find(({ metadata }) => metadata?.name === wanted);
        if (found === undefined) {
            throw new Refusal([
                `tenant ${name}: its pool ${pool.name} has no StatefulSet ${wanted}: let the operator make it`,
            ]);
        }
        return found;
    });
    const [first] = statefulSets;
    const container = first?.spec?.template.spec?.containers.find((one) => one.name === "minio");
    if (container === undefined) {
        throw new Refusal([`tenant ${name}: it has no pool with a container minio`]);
    }
    const path = (drive: string) => `/${mountPath}${drive}/${subPath}`.replace(/\/+/g, "/").replace(/(?<=.)\/$/, "");
    return {
        tool: "MinIO's operator",
        label: `MinIO's operator, tenant ${name}: StatefulSet${pools.length > 1 ? "s" : ""} ${statefulSets.map(({ metadata }) => metadata?.name).join(", ")}`,
        tenant,
        statefulSets,
        container,
        pools: pools.map(({ name: pool, servers = 0, volumesPerServer = 0 }) => ({
            scheme,
            hosts: Array.from({ length: servers }, (_, ordinal) => `${name}-${pool}-${ordinal}`),
            paths: Array.from({ length: volumesPerServer }, (_, drive) =>
                path(volumesPerServer === 1 ? "" : String(drive)),
            ),
        })),
    };
}

function withReasons<T>(work: () => T): T {
    try {
        return work();
    } catch (error) {
        throw new Refusal([(error as Error).message]);
    }
}

/** The pod of a host name. */
function podOf(host: string): string {
    return host.split(".")[0] ?? "";
}

function serversOf({ pools, statefulSets }: Found, index: number): number {
    const name = statefulSets[index]?.metadata?.name;
    return pools.flatMap(({ hosts }) => hosts).filter((host) => podOf(host).replace(/-\d+$/, "") === name).length;
}

/** A name whose objects are not there: neither by their names, nor by the label that selects a MinioCluster's. */
function freeName(observed: Observed, wanted: string | undefined, reasons: string[]): string {
    const free = wanted ?? names.find((name) => takenBy(observed, name).length === 0) ?? "minio";
    const taken = takenBy(observed, free);
    if (taken.length > 0) {
        reasons.push(
            `name: ${free} is not allowed: ${taken.join(", ")} ${taken.length === 1 ? "is" : "are"} there, which the MinioCluster ` +
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
                        `claim ${old}: it ${is}: every drive of the cluster must be there; let the old cluster mend it first`,
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
    const statefulSet = statefulSets.find(({ metadata }) => pod.replace(/-\d+$/, "") === metadata?.name);
    if (statefulSet === undefined) {
        return `server ${pod}: it belongs to no StatefulSet of the namespace, so its drives are not known`;
    }
    const own = statefulSet.spec?.template.spec?.containers.find(({ name }) => name === container.name) ?? container;
    const mount = mountOf(own.volumeMounts ?? [], path);
    const templates = (statefulSet.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name);
    if (mount === undefined || !templates.includes(mount.name)) {
        return (
            `drive ${path} of StatefulSet ${statefulSet.metadata?.name}: no claim template has it, as with volumes of another kind ` +
            "(emptyDir, hostPath): copy its data with mc mirror instead"
        );
    }
    if (mount.subPathExpr) {
        return `drive ${path} of StatefulSet ${statefulSet.metadata?.name}: subPathExpr ${mount.subPathExpr} is not allowed: the folder must be the same on each volume`;
    }
    const folder = [mount.subPath ?? "", path.slice(mount.mountPath.length)]
        .flatMap((part) => part.split("/"))
        .filter(Boolean);
    return { name: mount.name, folder: folder.join("/") };
}

/** The mount that has a path: the deepest one. */
function mountOf(mounts: V1VolumeMount[], path: string): V1VolumeMount | undefined {
    return mounts
        .map((mount) => ({ ...mount, mountPath: mount.mountPath.replace(/\/+$/, "") }))
        .filter(({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`))
        .sort((one, other) => other.mountPath.length - one.mountPath.length)[0];
}

/** Sets of another size than the old cluster has made: MinIO would not start. */
function layoutProblems({ pools, container, tenant }: Found): string[] {
    const asked = Number(container.env?.find(({ name }) => name === "MINIO_ERASURE_SET_DRIVE_COUNT")?.value ?? 0);
    return pools.flatMap(({ hosts, paths, setSize }) => {
        const what = `${hosts.length} server${hosts.length === 1 ? "" : "s"} with ${paths.length} drive${paths.length === 1 ? "" : "s"} each`;
        if (hosts.length < 2) {
            return [`${what}: this component runs 2 servers at least: copy the data with mc mirror instead`];
        }
        const size = erasureSetSizeOf(hosts.length, paths.length);
        const was = asked || setSize || size;
        return size !== undefined && was !== size
            ? [
                  `${what}: erasure sets of ${was} drives are not allowed: with this component, MinIO would make sets of ${size}, and not ` +
                      `start with drives of others${tenant ? "" : "; copy the data with mc mirror instead"}`,
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
    notes: string[],
): KnownArgs {
    const pools = found.pools.map(({ hosts, paths }, pool) => {
        const own = drives.filter(({ labels }) => labels.pool === poolName(name, pool));
        return { replicas: hosts.length, drivesPerServer: paths.length, ...storageOf(own, notes) };
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
        throw new Refusal([
            `the drives are in different folders of their volumes, ${[...folders].map((one) => one || "the root").join(", ")}: driveSubPath ` +
                "is one for all",
        ]);
    }
    const [folder] = folders;
    const pod = found.statefulSets[0]?.spec?.template.spec;
    const { requests, limits } = found.container.resources ?? {};
    const environment = environmentOf(found, observed, notes);
    const { nodeSelector, tolerations, priorityClassName, imagePullSecrets } = pod ?? {};
    return given({
        namespace: observed.namespace.name,
        ...first,
        expansionPools: further,
        driveSubPath: folder,
        existingSecretName: rootSecret,
        podSecurityContext: idsOf(found),
        resources: given({ requests, limits }),
        nodeSelector,
        tolerations,
        priorityClassName,
        imagePullSecrets,
        environment,
    }) as KnownArgs;
}

/** Without what is empty. An empty class is one. */
function given<T extends object>(fields: T): Partial<T> {
    const isEmpty = (value: unknown) =>
        value === undefined ||
        value === null ||
        (Array.isArray(value) ? value.length === 0 : typeof value === "object" && Object.keys(value).length === 0);
    return Object.fromEntries(
        Object.entries(fields).filter(
            ([name, value]) => !isEmpty(value) && (value !== "" || name === "storageClassName"),
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
            `drives of ${sizes.join(" and ")} are in one pool: storageSize is the smaller one, and the larger ones stay as they are`,
        );
    }
    if (classes.length > 1) {
        notes.push(`drives of the classes ${classes.join(", ")} are in one pool: those that are there keep theirs`);
    }
    return given({ storageSize: sizes[0], storageClassName: classes[0] });
}

/**
 * The user and groups that the files belong to. MinIO opens them with O_NOATIME, which Linux allows to their owner only
 * (`cmd/xl-storage_noatime_supported.go`): with another user, a group's right to read would not do.
 */
function idsOf({ statefulSets, container }: Found): object | undefined {
    const pod = statefulSets[0]?.spec?.template.spec?.securityContext ?? {};
    const own = container.securityContext ?? {};
    const runAsUser = own.runAsUser ?? pod.runAsUser;
    if (!runAsUser) {
        return undefined;
    }
    const fsGroup = pod.fsGroup ?? null;
    const runAsGroup = own.runAsGroup ?? pod.runAsGroup ?? fsGroup ?? runAsUser;
    const isDefault = runAsUser === minioId && runAsGroup === minioId && fsGroup === minioId;
    return isDefault ? undefined : { runAsUser, runAsGroup, fsGroup };
}

/** Variables that say how the old tool starts servers, or that this component sets. */
const notTaken = new RegExp(
    `^MINIO_(${[
        ..."ROOT_USER|ROOT_PASSWORD|ACCESS_KEY|SECRET_KEY|ROOT_USER_FILE|ROOT_PASSWORD_FILE|CONFIG_ENV_FILE".split("|"),
        ..."VOLUMES|ARGS|ENDPOINTS|OPTS|ERASURE_SET_DRIVE_COUNT|CERTS_DIR|SERVER_URL|PROMETHEUS_JOB_ID".split("|"),
        ..."UPDATE|UPDATE_MINISIGN_PUBKEY|OPERATOR_VERSION|DNS_WEBHOOK_ENDPOINT".split("|"),
        ..."DISTRIBUTED_MODE_ENABLED|DISTRIBUTED_NODES|SCHEME|FORCE_NEW_KEYS|SKIP_CLIENT|DEFAULT_BUCKETS".split("|"),
        ..."API_PORT_NUMBER|CONSOLE_PORT_NUMBER|DATA_DIR|DATA_TO_DERIVE_BUCKETS".split("|"),
    ].join("|")})$`,
);

const secretName = /SECRET|PASSWORD|TOKEN|_KEY$/;

/** Variables with plain values; of the others the notes say what to do. */
function environmentOf(found: Found, { secrets }: Observed, notes: string[]): Record<string, string> {
    const { container } = found;
    const wanted = (container.env ?? []).filter(({ name }) => name.startsWith("MINIO_") && !notTaken.test(name));
    const isPlain = ({ name, value }: V1EnvVar) => value !== undefined && !secretName.test(name);
    const fromElsewhere = (container.envFrom ?? []).flatMap(({ secretRef, configMapRef }) => [
        ...(secretRef?.name ? (secrets[secretRef.name]?.keys ?? []) : []),
        ...(configMapRef?.name ? [`those of the ConfigMap ${configMapRef.name}`] : []),
    ]);
    const { variables = [], plain = {} } = secrets[configurationOf(found) ?? ""] ?? {};
    const fromFile = variables.filter((name) => !(name in plain));
    const left = [
        ...wanted.filter((one) => !isPlain(one)).map(({ name }) => name),
        ...[...fromElsewhere, ...fromFile].filter((name) => !notTaken.test(name)),
    ];
    if (left.length > 0) {
        notes.push(
            `variables whose values may be secret are not among the arguments: ${[...new Set(left)].join(", ")}. Give those that you ` +
                "need as environment, before pulumi up; what MINIO_KMS_* encrypts can be read only with the same key",
        );
    }
    return { ...Object.fromEntries(wanted.filter(isPlain).map(({ name, value }) => [name, value ?? ""])), ...plain };
}

/** The Secret whose `config.env` has variables: a tenant's, or one that is mounted where MinIO reads it, as the chart's `extraSecret`. */
function configurationOf({ container, statefulSets, tenant }: Found): string | undefined {
    if (tenant) {
        return tenant.spec?.configuration?.name;
    }
    const file = container.env?.find(({ name }) => name === "MINIO_CONFIG_ENV_FILE")?.value;
    return file === undefined ? undefined : mountedSecret(container, statefulSets, file);
}

/** The Secret that has a file of a container. */
function mountedSecret(container: V1Container, statefulSets: V1StatefulSet[], file: string): string | undefined {
    const mount = mountOf(container.volumeMounts ?? [], file);
    const volume = statefulSets[0]?.spec?.template.spec?.volumes?.find(({ name }) => name === mount?.name);
    return volume?.secret?.secretName;
}

function rootOf(found: Found, { secrets }: Observed, reasons: string[]): RootSource | undefined {
    const { container, statefulSets } = found;
    const configuration = configurationOf(found);
    const { keys = [], variables = [] } = secrets[configuration ?? ""] ?? {};
    if (configuration !== undefined && (found.tenant || variables.includes("MINIO_ROOT_USER"))) {
        const missing = ["MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"].filter((name) => !variables.includes(name));
        if (!keys.includes(configFile) || missing.length > 0) {
            reasons.push(
                `Secret ${configuration}: its ${configFile} does not export ${missing.join(" and ")}, the root account`,
            );
            return undefined;
        }
        return { kind: "file", secret: configuration, key: configFile };
    }
    const variable = (...names: string[]) => container.env?.find(({ name }) => names.includes(name));
    const [user, password] = [
        variable("MINIO_ROOT_USER", "MINIO_ACCESS_KEY"),
        variable("MINIO_ROOT_PASSWORD", "MINIO_SECRET_KEY"),
    ];
    const [userRef, passwordRef] = [user?.valueFrom?.secretKeyRef, password?.valueFrom?.secretKeyRef];
    const keyed = (secret: string, keys: [string, string]): RootSource | undefined => {
        const missing = keys.filter((key) => !secrets[secret]?.keys.includes(key));
        if (missing.length > 0) {
            reasons.push(
                `Secret ${secret}: it has no ${missing.join(" and no ")}, the root account of the old cluster`,
            );
            return undefined;
        }
        return { kind: "keys", secret, userKey: keys[0], passwordKey: keys[1] };
    };
    if (userRef?.name && userRef.name === passwordRef?.name) {
        return keyed(userRef.name, [userRef.key, passwordRef.key]);
    }
    if (user?.value && password?.value) {
        return { kind: "plain", statefulSet: statefulSets[0]?.metadata?.name ?? "", container: container.name };
    }
    // Bitnami's way of files: `auth.useCredentialsFiles`.
    const [userFile, passwordFile] = [
        variable("MINIO_ROOT_USER_FILE")?.value,
        variable("MINIO_ROOT_PASSWORD_FILE")?.value,
    ];
    const secret = userFile === undefined ? undefined : mountedSecret(container, statefulSets, userFile);
    if (userFile && passwordFile && secret) {
        const key = (file: string) => file.split("/").at(-1) ?? "";
        return keyed(secret, [key(userFile), key(passwordFile)]);
    }
    reasons.push(
        `container ${container.name}: its root account is neither in one Secret nor in its variables: make a Secret with the keys ` +
            `${userKey} and ${passwordKey}, and have the old cluster read MINIO_ROOT_USER and MINIO_ROOT_PASSWORD from it`,
    );
    return undefined;
}

/** The Services in front of the old servers, but for the headless ones. Those of the API and the console get the new ports. */
function entrancesOf({ services }: Observed, { statefulSets, container }: Found): Entrance[] {
    const labels = statefulSets[0]?.spec?.template.metadata?.labels ?? {};
    const isConsole = (port: number | string, name = "") => {
        const named = container.ports?.find((one) => one.name === port || one.containerPort === port)?.name ?? name;
        return /console/.test(`${named} ${name}`);
    };
    const leadsThere = ({ spec }: V1Service) => {
        const selector = Object.entries(spec?.selector ?? {});
        return (
            spec?.clusterIP !== "None" && selector.length > 0 && selector.every(([key, value]) => labels[key] === value)
        );
    };
    return services.filter(leadsThere).map(({ metadata, spec }) => ({
        name: metadata?.name ?? "",
        selector: spec?.selector ?? {},
        ports: (spec?.ports ?? []).map(({ targetPort, port, name }) => {
            const was = (targetPort as number | string | undefined) ?? port;
            return { was, becomes: isConsole(was, name) ? consolePort : apiPort };
        }),
    }));
}

function notesOf(found: Found, observed: Observed, args: KnownArgs, ownedByRoot: string | undefined): string[] {
    const { tool, tenant, statefulSets, container, pools } = found;
    const pod = statefulSets[0]?.spec?.template.spec;
    const away = statefulSets.filter(({ spec, status }) => (status?.readyReplicas ?? 0) < (spec?.replicas ?? 0));
    const left = [
        pod?.affinity && Object.values(pod.affinity).some(Boolean) && "affinity",
        (pod?.topologySpreadConstraints ?? []).length > 0 && "topologySpreadConstraints",
        (pod?.initContainers ?? []).length > 0 && tool !== "MinIO's operator" && "init containers",
        (pod?.containers ?? []).length > (tenant ? 2 : 1) && "further containers",
        tenant?.spec?.kes && "KES",
    ].filter(Boolean);
    return [
        ...away.map(
            ({ metadata, spec, status }) =>
                `StatefulSet ${metadata?.name}: ${status?.readyReplicas ?? 0} of ${spec?.replicas} servers are ready: wait until all are`,
        ),
        ...(pools.some(({ scheme }) => scheme === "https")
            ? [
                  "the old servers use TLS, and the arguments have none: give tls, with a certificate for the new names, or clients use http",
              ]
            : []),
        ...(left.length > 0 ? [`not among the arguments: ${left.join(", ")}`] : []),
        ...(ownedByRoot
            ? [
                  `the old servers run as root: the steps give every file to the user ${minioId}, by a pod of ${ownedByRoot} for each server`,
              ]
            : []),
        ...(tenant && !observed.operator
            ? [
                  "MinIO's operator is not found as minio-operator/minio-operator: stop it before the steps, or it starts the old servers again",
              ]
            : []),
        ...(tenant && observed.operator
            ? [
                  "MinIO's operator is stopped by the steps, for all its tenants: their servers run on, and nothing manages them meanwhile",
              ]
            : []),
        ...(tool === "MinIO's operator"
            ? []
            : [
                  "stop what applies the old objects again, such as Argo CD or Flux: it would start the old servers with empty drives",
              ]),
        ...((args.expansionPools ?? []).length > 0
            ? ["let a decommission end first: MinIO would not know its pool by the new address"]
            : []),
        `image: ${container.image} becomes the default, Silo; with another image that the nodes can pull, set image. Never use an older server`,
    ];
}
