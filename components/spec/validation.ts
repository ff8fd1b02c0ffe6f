/** Checks the arguments, and says everything that is wrong with them at once. Pure. */
import { isIP } from "node:net";
import { printable } from "../basics/printable";
import { parseQuantity } from "../basics/quantity";
import {
    bucketNameProblem,
    builtInPolicies,
    mostTags,
    policyDocumentProblems,
    policyNameProblem,
    tagProblem,
    userNameProblem,
} from "../minio/bucketRules";
import { argumentProblem, flagOf } from "../minio/extraArguments";
import { apiPort, consolePort } from "../minio/ports";
import { acceptedServersNear, defaultParityOf, erasureSetSizeOf, topologyOf } from "../minio/topology";
import { standardParity, topologyVariableProblems, topologyVariables } from "../minio/topologyVariables";
import {
    AnonymousAccess,
    ClaimRetention,
    ExternalTrafficPolicy,
    ImagePullPolicy,
    IpFamily,
    IpFamilyPolicy,
    PodManagementPolicy,
    Readiness,
    RolloutMode,
    ServiceType,
    SnapshotConsistency,
    UpdateStrategy,
} from "./args";
import {
    asList,
    asObject,
    Check,
    dnsName,
    isHostName,
    isInteger,
    isObject,
    isText,
    longestLabel,
    type Problem,
    show,
    useText,
} from "./check";
import { accessFields, unknownFields, withoutNulls } from "./fields";
import { imageWarnings } from "./imageWarnings";
import { ownAnnotations, ownLabels } from "./labels";
import { accessSecretName, longestAccessName, longestName, longestSetName, namesOf, poolName } from "./names";
import { credentialsProblems } from "./rootCredentials";
import { scriptVariables } from "./scriptVariables";
import { isGuided, type KnownAccessArgs, type KnownArgs, type PoolSpec, topologyOfSpec, withDefaults } from "./spec";

const smallestDrive = "1Gi";

/** Of a pool, and of a server. Far more than anybody runs, and few enough to be listed one by one. */
const mostServers = 1000;
const mostDrives = 100;
const dnsLabel = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const namespaceName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/**
 * A registry, if its name has a dot, a port or upper-case letters, or is localhost; a path; a tag; a digest. Grammar:
 * `github.com/distribution/reference`.
 */
const imageReference = new RegExp(
    [
        /^((localhost|(?=[^/]*[.:A-Z])[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?)(:\d+)?\/)?/,
        /[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*(\/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*/,
        /(:\w[\w.-]{0,127})?(@sha256:[a-f0-9]{64})?$/,
    ]
        .map(({ source }) => source)
        .join(""),
);

/** Folders below a volume's root; none is `.` or `..`. */
const relativePath = /^(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+)*$/;

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const duration = /^0*[1-9]\d*(ms|s|m|h)$/;
const kindName = /^[A-Z][A-Za-z0-9]*$/;

/** Kubernetes counts no further. */
const largestQuantity = 2 ** 63 - 1;

/** A cluster of such a name has a Service, StatefulSet or budget of the name that one of another cluster may have. */
const namesOfParts = /-(console|headless|pool-\d+)$/;

/**
 * What Kubernetes' Pod Security Standards let a pod set: `policy/check_seLinuxOptions.go` and `policy/check_sysctls.go`
 * of `k8s.io/pod-security-admission`. Other sysctls are refused by kubelet, too, unless its node allows them.
 */
const confinedTypes = ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
const safeSysctls = [
    "kernel.shm_rmid_forced",
    ...["ip_local_port_range", "ip_unprivileged_port_start", "ip_local_reserved_ports", "ping_group_range"],
    ...["tcp_syncookies", "tcp_keepalive_time", "tcp_fin_timeout", "tcp_keepalive_intvl", "tcp_keepalive_probes"],
].map((name) => (name.includes(".") ? name : `net.ipv4.${name}`));

/**
 * Environment variables that the component sets itself, and those by which MinIO reads others instead: the files
 * overwrite the variables (`loadEnvVarsFromFiles` in `cmd/common-main.go`). By `MINIO_LOG_DIR` a server writes its log
 * elsewhere (`cmd/server-main.go`), and the rollout reads in it why a server waits.
 */
const ownVariables = [
    ...["ROOT_USER", "ROOT_PASSWORD", "ACCESS_KEY", "SECRET_KEY"].flatMap((name) => [
        `MINIO_${name}`,
        `MINIO_${name}_FILE`,
    ]),
    "MINIO_CONFIG_ENV_FILE",
    "MINIO_LOG_DIR",
    "HOME",
    ...scriptVariables,
];

/** Variables that the component reads or completes, so their values must be in the program. */
export const readVariables = [
    "MINIO_PROMETHEUS_AUTH_TYPE",
    "MINIO_REGION",
    "MINIO_SITE_REGION",
    "NO_PROXY",
    "no_proxy",
];

/** As Kubernetes wants the keys of Secrets and ConfigMaps: `IsConfigMapKey` in `k8s.io/apimachinery`. */
const dataKey = /^(?!\.\.)(?!\.$)[-._a-zA-Z0-9]{1,253}$/;

/**
 * Kinds of volumes that the Pod Security Standard `restricted` allows: `policy/check_restrictedVolumes.go` of
 * `k8s.io/pod-security-admission`.
 */
const safeVolumes = [
    ...["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"],
];

/** The component's own volumes: the scratch folder, the certificates and the drives. */
const ownVolume = /^(tmp|certs|data\d*)$/;

/** The component's own container, and the names of its ports, to which the Services lead. */
const ownContainer = "minio";
const ownPorts = ["api", "console"];

/** The only capability that the Pod Security Standard `restricted` lets a container have. */
const bindService = "NET_BIND_SERVICE";

/**
 * Folders that the server, its scripts and the system need as they are; the drives are `/data`, or `/data0` and so on.
 */
const ownFolders = /^\/(data\d*|certs|tmp|bin|sbin|usr|lib\w*|etc|dev|proc|sys|run|var|root|home)(\/|$)/;

/** Annotations that took a pod's confinement off before its security context could. */
const confinementAnnotations =
    /^(container\.apparmor\.security\.beta|(container\.)?seccomp\.security\.alpha)\.kubernetes\.io\//;

/** Annotations by which Kubernetes binds a claim, and chooses its class. */
const claimAnnotations = /^(pv|volume|volume\.beta)\.kubernetes\.io\//;

/**
 * Every problem of a component's name and arguments; none when they are sound.
 *
 * Only what a person gave is checked, but as it works together with the defaults.
 *
 * @param secrets the arguments, such as `environment`, whose values no message may show
 */
export function problemsOf(name: string, args: KnownArgs, secrets: string[] = []): Problem[] {
    return problemsOfGiven(name, withoutNulls(asObject(args)) as KnownArgs, secrets);
}

function problemsOfGiven(name: string, args: KnownArgs, secrets: string[]): Problem[] {
    const check = new Check(["environment", "environmentFrom", "rollout.kubeconfig", ...secrets]);
    const spec = withDefaults(args);
    for (const { field, known } of unknownFields(args)) {
        // What is behind a mistyped name may be a secret.
        check.unknown(field, known);
    }
    const longest = longestName - (poolName("", spec.pools.length - 1).length || 0);
    checkName(check, name, longest);
    check.that(
        !isText(name) || !namesOfParts.test(name),
        "name",
        name,
        "a part of another cluster may have this name, such as its console's Service; use one without this ending",
    );
    check.that(
        name !== "kubernetes" || spec.namespace !== "default",
        "name",
        name,
        "the Service of this name in the namespace default is that of the Kubernetes API; use another name",
    );
    check.name("namespace", spec.namespace, namespaceName, 63);
    check.that(
        isHostName(spec.clusterDomain),
        "clusterDomain",
        spec.clusterDomain,
        "use the Kubernetes cluster's DNS domain, such as cluster.local",
    );
    checkImage(check, "image", spec.image);
    if (spec.imagePullPolicy !== undefined) {
        check.oneOf("imagePullPolicy", spec.imagePullPolicy, ImagePullPolicy);
    }
    checkPools(check, args, spec);
    const largest = Math.max(...spec.pools.map(({ replicas }) => (isInteger(replicas, 0) ? replicas : 0)));
    check.that(
        isInteger(spec.partition, 0, largest || Number.MAX_SAFE_INTEGER),
        "partition",
        spec.partition,
        `use an integer from 0 (update all servers) to replicas, ${show(largest)} (update none)`,
    );
    for (const when of ["whenDeleted", "whenScaled"] as const) {
        const policy = spec.persistentVolumeClaimRetentionPolicy[when];
        check.oneOf(`persistentVolumeClaimRetentionPolicy.${when}`, policy, ClaimRetention);
    }
    checkHibernation(check, spec);
    checkRollout(check, args, spec);
    checkCredentials(check, args, spec);
    checkPods(check, name, args);
    checkBudget(check, args, spec);
    checkSnapshots(check, name, args, spec);
    checkReach(check, args);
    checkOwnDomain(check, name, args, spec);
    checkDeclared(check, name, args, spec);
    return check.problems;
}

/** What the servers of a cluster tell, on which it hangs what may be declared. */
export type SeenArgs = Pick<KnownArgs, "rootUser" | "existingSecretName" | "tls" | "environment">;

/** Of a component: the names of Kubernetes objects begin with it. */
function checkName(check: Check, name: unknown, longest: number): void {
    check.that(
        isText(name) && dnsLabel.test(name) && name.length <= longest,
        "name",
        name,
        `use at most ${longest} lower-case letters, digits and '-', beginning with a letter`,
    );
}

/**
 * Every problem of a MinioAccess's name and arguments.
 *
 * @param secrets the arguments whose values no message may show
 * @param seen undefined as long as nobody has looked
 */
export function accessProblemsOf(
    name: string,
    given: KnownAccessArgs,
    secrets: string[] = [],
    seen: SeenArgs = {},
): Problem[] {
    const check = new Check(secrets);
    const all = asObject(given);
    const { cluster, namespace, buckets, policies, accesses } = withoutNulls(all, accessFields) as KnownAccessArgs;
    for (const { field, known } of unknownFields(all, accessFields)) {
        check.unknown(field, known);
    }
    checkName(check, name, longestAccessName);
    check.that(
        isText(cluster) && dnsLabel.test(cluster) && cluster.length <= longestName,
        "cluster",
        cluster,
        "use the name of the MinioCluster",
    );
    const args: KnownArgs = { namespace, buckets, policies, accesses, ...seen };
    const spec = { ...withDefaults(args), rootUser: seen.rootUser ?? "" };
    check.name("namespace", spec.namespace, namespaceName, 63);
    checkDeclared(check, cluster, args, spec);
    return check.problems;
}

/** @param name of the cluster */
function checkDeclared(check: Check, name: string, args: KnownArgs, spec: ReturnType<typeof withDefaults>): void {
    checkBuckets(check, args);
    checkPolicies(check, args);
    checkAccesses(check, name, args, spec);
}

function checkImage(check: Check, field: string, image: unknown): void {
    check.that(
        isText(image) && imageReference.test(image),
        field,
        image,
        "use a container image without http:// and with a lower-case name, such as " +
            "docker.io/pgsty/silo:RELEASE.2026-09-16T00-00-00Z",
    );
}

/** What is allowed, but hardly meant: a sentence each. */
export function warningsOf(args: KnownArgs): string[] {
    const spec = withDefaults(args);
    const warnings = imageWarnings(spec);
    for (const [index, { replicas, drivesPerServer }] of spec.pools.entries()) {
        const topology = topologyOf(
            [{ servers: replicas, drivesPerServer, driveBytes: 0 }],
            standardParity(spec.environment),
        );
        if (topology && (replicas < 4 || replicas % 2 === 1)) {
            const { serversThatMayFailForWrites: writes, serversThatMayFailForReads: reads } = topology;
            const better = replicas < 4 ? "4 servers keep writing without 1" : "MinIO recommends an even number";
            warnings.push(
                `${index === 0 ? "replicas" : `expansionPools[${index - 1}].replicas`}: with ${replicas} servers, ${writes} may ` +
                    `fail and objects can still be written, ${reads} and they can still be read; ${better}`,
            );
        }
    }
    if (spec.readiness === "Server") {
        warnings.push(
            "readiness: with Server, a server that still waits for its peers gets requests and answers them with errors" +
                (spec.podManagementPolicy === "OrderedReady" ? "; podManagementPolicy Parallel does not need it" : ""),
        );
    }
    warnings.push(...backendWarnings(args));
    const entrances = entrancesOf(args);
    if (args.networkPolicy && !args.networkPolicy.clients?.length && entrances.length > 0) {
        const inside = args.networkPolicy.clients ? "nobody gets in" : "only pods of the namespace get in";
        warnings.push(
            `networkPolicy.clients: none are named, so ${inside}, and nothing by ${entrances.join(" or ")} from elsewhere: name ` +
                "where that comes from, such as the namespace of the Ingress controller",
        );
    }
    return warnings;
}

/** Where servers speak HTTPS, and nothing tells so to what sends them requests. */
function backendWarnings({ tls, appProtocol, ingress, httpRoute, clientService }: KnownArgs): string[] {
    // As those of ingress-nginx, HAProxy, Traefik, Contour, Kong and the clouds are called.
    const tells = (annotations: object | undefined) =>
        Object.keys(annotations ?? {}).some((one) => /protocol|scheme|server-ssl/i.test(one));
    const isTold = tells(clientService?.annotations);
    // Gateways read appProtocol, and most Ingress controllers do not.
    const untold = [
        ...(ingress && !isTold && !tells(ingress.annotations) ? [["ingress", "an annotation"]] : []),
        ...(httpRoute && !isTold && !appProtocol
            ? [["httpRoute", "an annotation, a BackendTLSPolicy or appProtocol"]]
            : []),
    ];
    return !tls
        ? []
        : untold.map(
              ([field, what]) =>
                  `${field}: with tls the servers speak HTTPS, and most controllers send plain HTTP, which is answered with 400, ` +
                  `unless ${what} tells them: docs/entrances.md`,
          );
}

/** The arguments that let clients in from outside of the Kubernetes cluster. */
function entrancesOf({ ingress, httpRoute, clientService, consoleService }: KnownArgs): string[] {
    const services = Object.entries({ clientService, consoleService })
        .filter(([, service]) => ["LoadBalancer", "NodePort"].includes(service?.type ?? ""))
        .map(([name, service]) => `${name} of type ${service?.type}`);
    return [...(ingress ? ["ingress"] : []), ...(httpRoute ? ["httpRoute"] : []), ...services];
}

function checkPools(check: Check, args: KnownArgs, spec: ReturnType<typeof withDefaults>): void {
    const { pools } = spec;
    const further = args?.expansionPools;
    check.that(
        further === undefined || further === null || Array.isArray(further),
        "expansionPools",
        further,
        "use a list of pools",
    );
    for (const [index, pool] of asList(further).entries()) {
        const sound = isObject(pool);
        check.that(sound, `expansionPools[${index}]`, pool, "use an object; {} is a pool as the first one");
        checkPlace(check, `expansionPools[${index}].`, sound ? pool : {});
        checkDeparture(check, index, asList(further));
    }
    for (const [index, pool] of pools.entries()) {
        const prefix = index === 0 ? "" : `expansionPools[${index - 1}].`;
        const { replicas, drivesPerServer, storageSize, storageClassName, volumeAttributesClassName } = pool;
        const sound = check.that(
            isInteger(replicas, 2, mostServers),
            `${prefix}replicas`,
            replicas,
            `use an integer from 2 to ${mostServers} servers; 4 or more survive the loss of one`,
        );
        const drivesSound = check.that(
            isInteger(drivesPerServer, 1, mostDrives),
            `${prefix}drivesPerServer`,
            drivesPerServer,
            `use an integer from 1 to ${mostDrives} drives for each server`,
        );
        if (sound && drivesSound) {
            checkErasureSets(check, `${prefix}replicas`, spec, pool);
        }
        checkStorageSize(check, `${prefix}storageSize`, storageSize);
        check.that(
            storageClassName === undefined ||
                storageClassName === "" ||
                (isText(storageClassName) && dnsName.test(storageClassName)),
            `${prefix}storageClassName`,
            storageClassName,
            "use the name of a StorageClass, or '' for volumes of no class that are there already",
        );
        check.name(`${prefix}volumeAttributesClassName`, volumeAttributesClassName ?? "any", dnsName, 253);
    }
    const folder: unknown = spec.driveSubPath;
    check.that(
        folder === undefined || (isText(folder) && relativePath.test(folder)),
        "driveSubPath",
        folder,
        "use a folder of the volumes without '/' at its ends, such as data; leave it out for the whole volume",
    );
    const shapes = pools.map(({ replicas, drivesPerServer }) => ({ servers: replicas, drivesPerServer }));
    const environment = asObject(args?.environment);
    for (const { name, reason } of topologyVariableProblems(environment, poolsAreSound(spec) ? shapes : undefined)) {
        check.problem(`environment.${name}`, environment[name], reason);
    }
}

/** Servers are named by their pool's place, so only the last pool can leave. */
function checkDeparture(check: Check, index: number, pools: unknown[]): void {
    const decommission = (pool: unknown) => (asObject(pool) as { decommission?: unknown }).decommission;
    const field = `expansionPools[${index}].decommission`;
    const given = decommission(pools[index]);
    check.flag(field, given);
    const last = pools.map((pool) => decommission(pool) === true).lastIndexOf(false);
    check.that(
        given !== true || index > last,
        field,
        given,
        `only the last pools can leave, and expansionPools[${last}] stays; decommission that one too, or none before it`,
    );
}

function checkErasureSets(
    check: Check,
    field: string,
    { pools: [first], environment }: ReturnType<typeof withDefaults>,
    pool: PoolSpec,
): void {
    const { replicas, drivesPerServer } = pool;
    const size = erasureSetSizeOf(replicas, drivesPerServer);
    const drives = `${drivesPerServer} drive${drivesPerServer === 1 ? "" : "s"} per server`;
    if (!size) {
        check.problem(
            field,
            replicas,
            "MinIO cannot divide the drives into erasure sets of 2 to 16 that lie evenly over the servers; " +
                `use ${acceptedServersNear(replicas, drivesPerServer).join(", ")}, or another drivesPerServer`,
            ` with ${drives}`,
        );
        return;
    }
    // One that is set is checked where it is.
    const follows = isInteger(first.replicas, 2) && isInteger(first.drivesPerServer, 1);
    const parity = follows && standardParity(environment) === undefined ? parityOf(first) : undefined;
    if (parity !== undefined && size < 2 * parity) {
        check.problem(
            field,
            replicas,
            `its erasure sets would have ${size} drives, and the first pool's parity of ${parity} needs at least ${2 * parity}; ` +
                "use more servers or drives",
            ` with ${drives}`,
        );
    }
}

function parityOf({ replicas, drivesPerServer }: PoolSpec): number | undefined {
    return defaultParityOf({ servers: replicas, drivesPerServer });
}

function checkStorageSize(check: Check, field: string, storageSize: unknown): void {
    const bytes = isText(storageSize) ? parseQuantity(storageSize) : undefined;
    if (check.that(bytes !== undefined, field, storageSize, "use a Kubernetes quantity, such as 10Gi")) {
        const least = parseQuantity(smallestDrive) ?? 0;
        const fits = (bytes ?? 0) >= least && (bytes ?? 0) < largestQuantity;
        check.that(fits, field, storageSize, `use at least ${smallestDrive} for each drive, and less than 8Ei`);
    }
}

function checkHibernation(check: Check, spec: ReturnType<typeof withDefaults>): void {
    const { hibernate, partition, persistentVolumeClaimRetentionPolicy } = spec;
    check.flag("hibernate", hibernate);
    check.flag("rebalance", spec.rebalance);
    if (hibernate === true) {
        check.that(
            partition === 0,
            "partition",
            partition,
            "with hibernate all servers stop, and each starts at the newest revision; use 0, or leave hibernate out",
        );
        check.that(
            persistentVolumeClaimRetentionPolicy.whenScaled !== "Delete",
            "persistentVolumeClaimRetentionPolicy.whenScaled",
            persistentVolumeClaimRetentionPolicy.whenScaled,
            "with hibernate Kubernetes would delete the claims, and all objects with them; use Retain",
        );
    }
}

function checkRollout(check: Check, args: KnownArgs, spec: ReturnType<typeof withDefaults>): void {
    check.oneOf("updateStrategy", spec.updateStrategy, UpdateStrategy);
    check.oneOf("podManagementPolicy", spec.podManagementPolicy, PodManagementPolicy);
    check.oneOf("readiness", spec.readiness, Readiness);
    check.that(
        !(spec.podManagementPolicy === "OrderedReady" && spec.readiness === "Cluster"),
        "readiness",
        "Cluster",
        "with podManagementPolicy OrderedReady the first server would wait for ever for others that are started only after it; " +
            "use readiness Server, or podManagementPolicy Parallel",
    );
    check.that(
        !(spec.updateStrategy === "OnDelete" && spec.partition !== 0),
        "partition",
        spec.partition,
        "with updateStrategy OnDelete a partition means nothing; leave it out, or use RollingUpdate",
    );
    check.object("rollout", args?.rollout);
    check.oneOf("rollout.mode", spec.rollout.mode, RolloutMode);
    check.that(
        isInteger(spec.rollout.timeoutSeconds, 1, 86_400),
        "rollout.timeoutSeconds",
        spec.rollout.timeoutSeconds,
        "use an integer from 1 to 86400 seconds",
    );
    check.flag("rollout.freezeRequests", spec.rollout.freezeRequests);
    if (spec.rollout.freezeRequests === true) {
        check.that(
            isGuided(spec),
            "rollout.freezeRequests",
            true,
            "requests wait in a guided rollout only; use rollout.mode Guided and updateStrategy RollingUpdate, or leave it out",
        );
        check.that(
            spec.pools.length === 1,
            "rollout.freezeRequests",
            true,
            "with several pools MinIO keeps no one order, even at rest (docs/reliability.md); leave it out",
        );
    }
    for (const [field, allowed] of [
        ["kubeconfig", "use a path or the content of a kubeconfig"],
        ["context", "use the name of a context in the kubeconfig"],
    ] as const) {
        const value: unknown = args?.rollout?.[field];
        check.that(value === undefined || value === null || isText(value), `rollout.${field}`, value, allowed);
    }
}

function checkCredentials(check: Check, args: KnownArgs, spec: ReturnType<typeof withDefaults>): void {
    const user: unknown = spec.rootUser;
    const [problem] = isText(user) ? credentialsProblems(user, "a sound one") : [{ reason: "use text" }];
    check.that(problem === undefined, "rootUser", user, problem?.reason ?? "");
    const existing = spec.existingSecretName;
    if (existing !== undefined && existing !== null) {
        check.name("existingSecretName", existing, dnsName, 253);
        check.that(
            args.rootUser === undefined || args.rootUser === null,
            "rootUser",
            args.rootUser,
            `the user name stands in the Secret ${show(existing)} (existingSecretName); give one of the two`,
        );
    }
    check.that(
        isInteger(spec.credentialsRevision, 1),
        "credentialsRevision",
        spec.credentialsRevision,
        "use an integer of at least 1, and raise it for new credentials",
    );
}

/** What a pool's servers take of a node, and which nodes they may be on. */
function checkPlace(
    check: Check,
    prefix: string,
    given: Pick<KnownArgs, "resources" | "nodeSelector" | "tolerations"> | undefined,
): void {
    checkResources(check, `${prefix}resources`, given?.resources);
    check.labels(`${prefix}nodeSelector`, given?.nodeSelector);
    check.list(`${prefix}tolerations`, given?.tolerations);
    for (const [index, one] of asList(given?.tolerations).entries()) {
        check.that(isObject(one), `${prefix}tolerations[${index}]`, one, "use an object");
    }
}

function checkResources(check: Check, field: string, given: unknown): void {
    check.object(field, given);
    const resources = asObject(given) as Record<string, Record<string, unknown> | undefined>;
    for (const kind of ["requests", "limits"] as const) {
        for (const [resource, quantity] of Object.entries(asObject(resources[kind]))) {
            const value = parseQuantity(quantity);
            const allowed = "use a Kubernetes quantity, such as 500m or 1Gi";
            const fits = value !== undefined && value >= 0 && value < largestQuantity;
            check.that(fits, `${field}.${kind}.${resource}`, quantity, allowed);
        }
        check.object(`${field}.${kind}`, resources[kind]);
    }
    const { requests, limits } = resources;
    for (const [resource, quantity] of Object.entries(asObject(requests))) {
        const [request, limit] = [quantity, limits?.[resource]].map(parseQuantity);
        check.that(
            request === undefined || limit === undefined || request <= limit,
            `${field}.requests.${resource}`,
            quantity,
            `a request may not be above its limit, ${show(limits?.[resource])}`,
        );
    }
}

function checkPods(check: Check, name: string, args: KnownArgs): void {
    checkPlace(check, "", args);
    check.labels("labels", args?.labels);
    check.annotations("annotations", args?.annotations);
    for (const [name, value] of Object.entries(asObject(args?.labels))) {
        check.that(!ownLabels.includes(name), `labels.${name}`, value, "the component sets this label itself");
    }
    for (const [name, value] of Object.entries(asObject(args?.annotations))) {
        const field = `annotations.${name}`;
        check.that(!name.startsWith(ownAnnotations), field, value, "the component sets these annotations itself");
        check.that(!confinementAnnotations.test(name), field, value, "a pod's confinement is not to be set so");
    }
    check.object("environment", args?.environment);
    for (const [name, value] of Object.entries(asObject(args?.environment))) {
        const field = `environment.${name}`;
        check.that(variableName.test(name), field, value, "use a name of letters, digits and '_'");
        check.that(isText(value), field, value, useText);
        check.that(
            !ownVariables.includes(name),
            field,
            value,
            "the component itself sets the root credentials, HOME, and what it tells the pods' scripts, and reads the pods' log",
        );
    }
    checkReferences(check, args);
    checkVolumes(check, name, args);
    checkArguments(check, args);
    checkContainers(check, args);
    checkClaimAnnotations(check, args);
    checkSecurityContext(check, "podSecurityContext", asObject(args?.podSecurityContext));
    for (const field of ["imagePullSecrets", "topologySpreadConstraints"] as const) {
        check.list(field, args?.[field]);
        for (const [index, one] of asList(args?.[field]).entries()) {
            check.that(isObject(one), `${field}[${index}]`, one, "use an object");
        }
    }
    for (const [index, secret] of asList(args?.imagePullSecrets).entries()) {
        check.name(`imagePullSecrets[${index}].name`, asObject(secret).name, dnsName, 253);
    }
    for (const field of ["affinity", "podSecurityContext"] as const) {
        check.object(field, args?.[field]);
    }
    const priorityClass = args?.priorityClassName;
    if (priorityClass !== undefined && priorityClass !== null) {
        check.name("priorityClassName", priorityClass, dnsName, 253);
    }
}

function checkVolumes(check: Check, cluster: string, args: KnownArgs): void {
    const names: unknown[] = [];
    for (const [field, volume] of objectsIn(check, "extraVolumes", args?.extraVolumes)) {
        const { name, ...kinds } = volume;
        const sound = check.name(`${field}.name`, name, namespaceName, longestLabel);
        check.that(
            !sound || !ownVolume.test(String(name)),
            `${field}.name`,
            name,
            "the component has a volume of this name",
        );
        check.that(!names.includes(name), `${field}.name`, name, "it is there twice: give each volume another name");
        names.push(name);
        const given = Object.keys(kinds).filter((kind) => (kinds[kind] ?? undefined) !== undefined);
        const [kind = ""] = given;
        check.that(
            given.length === 1 && safeVolumes.includes(kind) && isObject(kinds[kind]),
            field,
            volume,
            `give one of ${safeVolumes.join(", ")}, as an object`,
        );
        const { claimName } = asObject(volume.persistentVolumeClaim);
        const [, ofServer] = /^data\d*-(.+?)(-pool-\d+)?-\d+$/.exec(textOr(claimName)) ?? [];
        check.that(
            ofServer === undefined || ofServer !== cluster,
            `${field}.persistentVolumeClaim.claimName`,
            claimName,
            "it is a drive of this cluster, which only its server may use: use another claim",
        );
    }
    const paths: unknown[] = [];
    for (const [field, mount] of objectsIn(check, "extraVolumeMounts", args?.extraVolumeMounts)) {
        const { name, mountPath, subPath, mountPropagation } = mount;
        check.that(names.includes(name), `${field}.name`, name, "use the name of one of extraVolumes");
        const path = isText(mountPath) ? mountPath : "";
        const isPath = /^(\/[-\w.]+)+$/.test(path) && !path.split("/").some((part) => /^\.+$/.test(part));
        if (check.that(isPath, `${field}.mountPath`, mountPath, "use an absolute path, such as /kes")) {
            check.that(
                !ownFolders.test(path),
                `${field}.mountPath`,
                mountPath,
                "the server, its drives or the system are there: use another folder, such as /kes",
            );
            check.that(!paths.includes(path), `${field}.mountPath`, mountPath, "it is there twice: use another folder");
            paths.push(path);
        }
        const sub = subPath ?? "";
        const inside = isText(sub) && !sub.startsWith("/") && !sub.split("/").includes("..");
        check.that(inside, `${field}.subPath`, subPath, "use a path in the volume, without '..'");
        checkPropagation(check, field, mountPropagation);
    }
}

function checkPropagation(check: Check, field: string, propagation: unknown): void {
    const sound = propagation !== "Bidirectional";
    check.that(sound, `${field}.mountPropagation`, propagation, "a pod needs privileges for it; leave it out");
}

function checkClaimAnnotations(check: Check, { persistentVolumeClaimAnnotations: given }: KnownArgs): void {
    check.annotations("persistentVolumeClaimAnnotations", given);
    for (const [name, value] of Object.entries(asObject(given))) {
        const sound = !name.startsWith(ownAnnotations) && !claimAnnotations.test(name);
        const allowed = "the component and Kubernetes set these annotations themselves";
        check.that(sound, `persistentVolumeClaimAnnotations.${name}`, value, allowed);
    }
}

function checkArguments(check: Check, args: KnownArgs): void {
    check.list("extraArgs", args?.extraArgs);
    const given = asList(args?.extraArgs);
    for (const [index, argument] of given.entries()) {
        const problem = argumentProblem(argument, given.slice(0, index).map(flagOf));
        check.that(problem === undefined, `extraArgs[${index}]`, argument, problem ?? "");
    }
}

/** What would break the server beside these containers. Kubernetes refuses the rest of what is wrong with one. */
function checkContainers(check: Check, args: KnownArgs): void {
    const volumes = asList(args?.extraVolumes).map((volume) => asObject(volume).name);
    const names: unknown[] = [];
    for (const [field, container] of objectsIn(check, "extraContainers", args?.extraContainers)) {
        const { name, image, ports, volumeMounts } = container;
        check.name(`${field}.name`, name, namespaceName, longestLabel);
        check.that(
            name !== ownContainer,
            `${field}.name`,
            name,
            "the server's container has this name: use another one",
        );
        check.that(!names.includes(name), `${field}.name`, name, "it is there twice: give each container another name");
        names.push(name);
        checkImage(check, `${field}.image`, image);
        check.oneOf(`${field}.imagePullPolicy`, container.imagePullPolicy ?? "Always", ImagePullPolicy);
        checkResources(check, `${field}.resources`, container.resources);
        for (const list of ["command", "args"]) {
            check.list(`${field}.${list}`, container[list]);
            for (const [index, word] of asList(container[list]).entries()) {
                check.that(isText(word), `${field}.${list}[${index}]`, word, useText);
            }
        }
        for (const [where, { name, value }] of objectsIn(check, `${field}.env`, container.env)) {
            check.that(isText(name) && name !== "", `${where}.name`, name, "use the name of a variable");
            check.that(isText(value ?? ""), `${where}.value`, value, useText);
        }
        check.list(`${field}.envFrom`, container.envFrom);
        for (const [where, port] of objectsIn(check, `${field}.ports`, ports)) {
            const { containerPort, hostPort } = port;
            // `policy/check_hostPorts.go` of `k8s.io/pod-security-admission`.
            check.that(
                (hostPort ?? 0) === 0,
                `${where}.hostPort`,
                hostPort,
                "the Pod Security Standards allow no port of a node: leave it out, and make a Service",
            );
            check.that(
                isInteger(containerPort, 1, 65_535) && ![apiPort, consolePort].includes(containerPort),
                `${where}.containerPort`,
                containerPort,
                `use an integer from 1 to 65535, but neither ${apiPort} nor ${consolePort}: the server listens there`,
            );
            check.that(
                !ownPorts.includes(String(port.name)),
                `${where}.name`,
                port.name,
                "the Services lead to the server's port of this name: use another one",
            );
        }
        for (const [where, mount] of objectsIn(check, `${field}.volumeMounts`, volumeMounts)) {
            check.that(
                volumes.includes(mount.name),
                `${where}.name`,
                mount.name,
                "use the name of one of extraVolumes",
            );
            checkPropagation(check, where, mount.mountPropagation);
        }
        const context = `${field}.securityContext`;
        if (check.object(context, container.securityContext)) {
            checkPrivileges(check, context, asObject(container.securityContext));
            checkSecurityContext(check, context, asObject(container.securityContext));
        }
    }
}

/** What only a container can ask for, and the Pod Security Standard `restricted` forbids. */
function checkPrivileges(check: Check, context: string, given: Record<string, unknown>): void {
    for (const [name, unsafe] of [
        ["privileged", true],
        ["allowPrivilegeEscalation", true],
        ["procMount", "Unmasked"],
    ] as const) {
        check.that(given[name] !== unsafe, `${context}.${name}`, unsafe, "the pods have no privileges: leave it out");
    }
    if (check.object(`${context}.capabilities`, given.capabilities)) {
        const { add } = asObject(given.capabilities);
        const sound = check.list(`${context}.capabilities.add`, add) && asList(add).every((one) => one === bindService);
        check.that(sound, `${context}.capabilities.add`, add, `of all capabilities, only ${bindService} may be added`);
    }
}

/** Values that are elsewhere. */
function checkReferences(check: Check, args: KnownArgs): void {
    check.object("environmentFrom", args?.environmentFrom);
    const plain = asObject(args?.environment);
    for (const [name, source] of Object.entries(asObject(args?.environmentFrom))) {
        const field = `environmentFrom.${name}`;
        check.that(variableName.test(name), field, source, "use a name of letters, digits and '_'");
        check.that(
            !ownVariables.includes(name),
            field,
            source,
            "the component itself sets the root credentials, HOME, and what it tells the pods' scripts, and reads the pods' log",
        );
        check.that(
            ![...topologyVariables, ...readVariables].includes(name),
            field,
            source,
            "the component must know its value, as other objects or variables follow from it: give it in environment, or leave it out",
        );
        check.that(
            !Object.hasOwn(plain, name),
            field,
            source,
            "environment has this variable too: give it in one of the two",
        );
        checkSource(check, field, source);
    }
    check.list("trustedAuthorities", args?.trustedAuthorities);
    for (const [index, source] of asList(args?.trustedAuthorities).entries()) {
        checkSource(check, `trustedAuthorities[${index}]`, source);
    }
}

/** Where a value is: a key of a Secret or a ConfigMap. */
function checkSource(check: Check, field: string, source: unknown): void {
    const given = ["secretKeyRef", "configMapKeyRef"].filter(
        (kind) => (asObject(source)[kind] ?? undefined) !== undefined,
    );
    if (check.that(isObject(source) && given.length === 1, field, source, "give secretKeyRef or configMapKeyRef")) {
        const [kind = ""] = given;
        const reference = asObject(source)[kind];
        if (check.object(`${field}.${kind}`, reference)) {
            const { name, key } = asObject(reference);
            check.name(`${field}.${kind}.name`, name, dnsName, 253);
            check.that(
                isText(key) && dataKey.test(key),
                `${field}.${kind}.key`,
                key,
                "use a key of at most 253 letters, digits, '-', '_' and '.'",
            );
        }
    }
}

/** What would take off a pod's confinement, or keep its containers, which never run as root, from starting. */
function checkSecurityContext(check: Check, path: string, context: Record<string, unknown>): void {
    const field = (name: string) => `${path}.${name}`;
    const notRoot = "the pods never run as root";
    check.that(context.runAsUser !== 0, field("runAsUser"), 0, `${notRoot}; use another user's number`);
    check.that(context.runAsNonRoot !== false, field("runAsNonRoot"), false, `${notRoot}; leave it out`);
    for (const name of ["seccompProfile", "appArmorProfile"]) {
        const { type } = asObject(context[name]);
        check.that(type !== "Unconfined", field(`${name}.type`), type, "use RuntimeDefault or a Localhost profile");
    }
    for (const [name, least] of [
        ["runAsUser", 1],
        ["runAsGroup", 0],
        ["fsGroup", 0],
    ] as const) {
        const id = context[name];
        const sound = id === undefined || id === null || id === 0 || isInteger(id, least, 2 ** 31 - 1);
        check.that(
            sound,
            field(name),
            id,
            `use an integer from ${least}, or null where the Kubernetes cluster gives one`,
        );
    }
    check.object(field("seLinuxOptions"), context.seLinuxOptions);
    for (const [name, value] of Object.entries(asObject(context.seLinuxOptions))) {
        const sound = name === "level" || (name === "type" && confinedTypes.includes(String(value)));
        const types = confinedTypes.join(", ");
        check.that(
            sound,
            field(`seLinuxOptions.${name}`),
            value,
            `a pod may choose its level and, of the types, ${types}`,
        );
    }
    check.list(field("sysctls"), context.sysctls);
    for (const [index, sysctl] of asList(context.sysctls).entries()) {
        const { name } = asObject(sysctl);
        check.that(
            isText(name) && safeSysctls.includes(name),
            field(`sysctls[${index}].name`),
            name,
            `Kubernetes runs no pod with it by default; use one of ${safeSysctls.join(", ")}, or set it on the nodes`,
        );
    }
    check.that(
        asObject(context.windowsOptions).hostProcess !== true,
        field("windowsOptions.hostProcess"),
        true,
        "leave it out",
    );
}

function checkBudget(check: Check, args: KnownArgs, spec: ReturnType<typeof withDefaults>): void {
    const budget = args?.disruptionBudget;
    if (!check.object("disruptionBudget", budget) || !budget) {
        return;
    }
    const { enabled, minAvailable, maxUnavailable } = budget;
    check.flag("disruptionBudget.enabled", enabled);
    const given = (value: unknown) => value !== undefined && value !== null;
    check.that(
        !(given(minAvailable) && given(maxUnavailable)),
        "disruptionBudget",
        budget,
        "give minAvailable or maxUnavailable, not both",
    );
    const topology = poolsAreSound(spec) ? topologyOfSpec(spec) : undefined;
    for (const { servers, serversThatMayFailForWrites: mayFail } of topology?.pools ?? []) {
        if (enabled === false || mayFail === 0) {
            continue;
        }
        const why = `of ${servers} servers ${mayFail} may be missed by a write`;
        check.that(
            !given(minAvailable) || isInteger(minAvailable, servers - mayFail, servers - 1),
            "disruptionBudget.minAvailable",
            minAvailable,
            `use an integer from ${servers - mayFail} to ${servers - 1}: ${why}, and ${servers} would block every drain of a node`,
        );
        check.that(
            !given(maxUnavailable) || isInteger(maxUnavailable, 1, mayFail),
            "disruptionBudget.maxUnavailable",
            maxUnavailable,
            `use an integer from 1 to ${mayFail}: ${why}, and 0 would block every drain of a node`,
        );
    }
}

function poolsAreSound({ pools }: ReturnType<typeof withDefaults>): boolean {
    return pools.every(
        ({ replicas, drivesPerServer }) =>
            isInteger(replicas, 2, mostServers) && isInteger(drivesPerServer, 1, mostDrives),
    );
}

function checkSnapshots(check: Check, name: string, args: KnownArgs, spec: ReturnType<typeof withDefaults>): void {
    if (check.object("snapshots", args?.snapshots) && args?.snapshots) {
        const { className, groupClassName, sets, take, keep, maxAgeHours, consistency, freezeTimeoutSeconds } =
            spec.snapshots as NonNullable<typeof spec.snapshots>;
        check.that(
            groupClassName == null || className == null,
            "snapshots.groupClassName",
            groupClassName,
            "a set is either a group or of single snapshots: leave it or className out",
        );
        if (groupClassName == null) {
            check.name("snapshots.className", className, dnsName, 253);
        } else {
            check.name("snapshots.groupClassName", groupClassName, dnsName, 253);
        }
        if (check.that(Array.isArray(sets), "snapshots.sets", sets, "use a list of names")) {
            for (const [index, set] of sets.entries()) {
                const field = `snapshots.sets[${index}]`;
                check.name(field, set, namespaceName, longestSetName);
                check.that(sets.indexOf(set) === index, field, set, "it is there twice; a set is taken only once");
            }
        }
        if (take != null) {
            check.name("snapshots.take", take, namespaceName, longestSetName);
            const isNamed = Array.isArray(sets) && sets.includes(take);
            check.that(!isNamed, "snapshots.take", take, "it is in snapshots.sets too; name a set in one of the two");
        }
        check.that(
            keep == null || isInteger(keep, 1, Number.MAX_SAFE_INTEGER),
            "snapshots.keep",
            keep,
            "use an integer from 1, the newest set always stays; or leave it out, and all stay",
        );
        check.that(
            maxAgeHours == null || isInteger(maxAgeHours, 1, 10_000),
            "snapshots.maxAgeHours",
            maxAgeHours,
            "use an integer from 1 to 10000 hours, or leave it out for no alert",
        );
        check.oneOf("snapshots.consistency", consistency, SnapshotConsistency);
        check.that(
            isInteger(freezeTimeoutSeconds, 5, 600),
            "snapshots.freezeTimeoutSeconds",
            freezeTimeoutSeconds,
            "use an integer from 5 to 600 seconds",
        );
    }
    const restore = args?.restoreFrom;
    if (check.object("restoreFrom", restore) && restore) {
        check.name("restoreFrom.set", restore.set, namespaceName, longestSetName);
        check.name("restoreFrom.id", restore.id ?? "any", namespaceName, 63);
        check.name("restoreFrom.cluster", restore.cluster ?? "any", dnsLabel, longestName);
        check.name("restoreFrom.namespace", restore.namespace ?? "any", namespaceName, 63);
        const { confirm } = restore;
        check.that(
            confirm === undefined || confirm === null || confirm === replacing(name),
            "restoreFrom.confirm",
            confirm,
            `the data of a cluster that is there is replaced only with the text '${replacing(name)}'; for a new cluster leave it out`,
        );
    }
}

type Entry = [path: string, one: Record<string, unknown>];

/**
 * The entries of a list of objects that are objects, with their paths. What is wrong with an entry is said before the
 * next one is looked at.
 */
function* objectsIn(check: Check, list: string, given: unknown): Generator<Entry> {
    check.list(list, given);
    for (const [index, one] of asList(given).entries()) {
        const path = `${list}[${index}]`;
        if (check.that(isObject(one), path, one, "use an object")) {
            yield [path, asObject(one)];
        }
    }
}

/** Those of a list of objects with names, each of its own. */
function namedOnes(
    check: Check,
    list: "buckets" | "policies" | "accesses",
    args: KnownArgs,
    problemOf: (name: unknown) => string | undefined,
): Entry[] {
    const entries: Entry[] = [];
    const names = asList(args?.[list]).map((one) => asObject(one).name);
    for (const [path, one] of objectsIn(check, list, args?.[list])) {
        const { name } = one;
        const problem = problemOf(name);
        if (check.that(problem === undefined, `${path}.name`, name, problem ?? "")) {
            const isFirst = `${list}[${names.indexOf(name)}]` === path;
            check.that(isFirst, `${path}.name`, name, "it is there twice; name it only once");
        }
        check.flag(`${path}.adopt`, one.adopt);
        entries.push([path, one]);
    }
    return entries;
}

function checkBuckets(check: Check, args: KnownArgs): void {
    for (const [path, bucket] of namedOnes(check, "buckets", args, bucketNameProblem)) {
        for (const field of ["versioning", "objectLocking", "retain"]) {
            check.flag(`${path}.${field}`, bucket[field]);
        }
        check.that(
            !(bucket.objectLocking === true && bucket.versioning === false),
            `${path}.versioning`,
            false,
            "with objectLocking a bucket always has versions; leave it out",
        );
        const { quota, anonymousAccess, tags, confirmRemoval } = bucket;
        if (quota !== undefined) {
            const bytes = isText(quota) ? parseQuantity(quota) : undefined;
            const sound = bytes !== undefined && Number.isInteger(bytes) && bytes > 0 && bytes <= largestQuantity;
            check.that(sound, `${path}.quota`, quota, "use whole bytes as a Kubernetes quantity, such as 10Gi");
        }
        if (anonymousAccess !== undefined) {
            check.oneOf(`${path}.anonymousAccess`, anonymousAccess, AnonymousAccess);
        }
        checkLifecycle(check, `${path}.lifecycle`, bucket.lifecycle);
        if (check.object(`${path}.tags`, tags)) {
            const entries = Object.entries(asObject(tags));
            check.that(entries.length <= mostTags, `${path}.tags`, entries.length, `use at most ${mostTags} tags`);
            for (const [key, value] of entries) {
                const problem = tagProblem(key, value);
                check.that(problem === undefined, `${path}.tags.${key}`, value, problem ?? "");
            }
        }
        const words = removingWords(bucket.name);
        check.that(
            confirmRemoval === undefined || confirmRemoval === words,
            `${path}.confirmRemoval`,
            confirmRemoval,
            `a bucket is removed with its objects only with the text '${words}'; to keep it, leave this out`,
        );
    }
}

/** The text with which a user confirms that a bucket is removed with all that is in it. */
export function removingWords(bucket: unknown): string {
    return `remove ${isText(bucket) ? bucket : "<name>"} and its objects`;
}

const mostRules = 1000;

function checkLifecycle(check: Check, path: string, rules: unknown): void {
    check.that(asList(rules).length <= mostRules, path, asList(rules).length, `use at most ${mostRules} rules`);
    for (const [where, rule] of objectsIn(check, path, rules)) {
        const { prefix, expirationDays, noncurrentExpirationDays } = rule;
        check.that(
            prefix === undefined || (isText(prefix) && Buffer.byteLength(prefix) <= 1024),
            `${where}.prefix`,
            prefix,
            "use the beginning of objects' names, at most 1024 bytes",
        );
        for (const [field, days] of Object.entries({ expirationDays, noncurrentExpirationDays })) {
            const sound = days === undefined || isInteger(days, 1, 36_500);
            check.that(sound, `${where}.${field}`, days, "use an integer of days from 1 to 36500");
        }
        check.that(
            expirationDays !== undefined || noncurrentExpirationDays !== undefined,
            where,
            rule,
            "give expirationDays, noncurrentExpirationDays, or both",
        );
    }
}

function checkPolicies(check: Check, args: KnownArgs): void {
    for (const [path, { name, document }] of namedOnes(check, "policies", args, policyNameProblem)) {
        check.that(
            !builtInPolicies.includes(textOr(name)),
            `${path}.name`,
            name,
            "MinIO has a policy of this name itself; use another one",
        );
        for (const problem of policyDocumentProblems(document)) {
            check.problem(`${path}.document`, document, problem);
        }
    }
}

function textOr(value: unknown): string {
    return isText(value) ? value : "";
}

const ldapVariable = "MINIO_IDENTITY_LDAP_SERVER_ADDR";

function checkAccesses(check: Check, name: string, args: KnownArgs, spec: ReturnType<typeof withDefaults>): void {
    const names = asList(args?.accesses).map((one) => textOr(asObject(one).name));
    const policies = asList(args?.policies).map((one) => asObject(one).name);
    const places: string[] = [];
    const variables = { ...asObject(args?.environment), ...asObject(args?.environmentFrom) };
    // `AddUser` in `cmd/admin-handlers-users.go`.
    check.that(
        names.length === 0 || !Object.hasOwn(variables, ldapVariable),
        "accesses",
        names,
        `with LDAP, which ${ldapVariable} turns on, MinIO itself makes no users: leave accesses out, or that variable`,
    );
    for (const [path, access] of namedOnes(check, "accesses", args, userNameProblem)) {
        const user = textOr(access.name);
        check.that(user !== spec.rootUser, `${path}.name`, user, "it is the root account; use another name");
        const [, keyOf] = /^(.*)-\d+$/.exec(user) ?? [];
        check.that(
            keyOf === undefined || !names.includes(keyOf),
            `${path}.name`,
            user,
            `it may be an access key of '${keyOf}'; use a name that does not end with '-' and a number`,
        );
        const { bucket, revision, overlapSeconds } = access;
        if (bucket !== undefined) {
            const problem = bucketNameProblem(bucket);
            check.that(problem === undefined, `${path}.bucket`, bucket, problem ?? "");
        }
        if (access.policies === undefined) {
            check.that(
                bucket !== undefined,
                path,
                access,
                "give the names of its policies, or the bucket that it may read and write",
            );
            check.that(
                !policies.includes(user),
                `${path}.name`,
                user,
                "without policies of its own, the access gets one of its name, and a declared one has that name; use another name",
            );
            check.that(
                !builtInPolicies.includes(user),
                `${path}.name`,
                user,
                "without policies of its own, the access gets one of its name, and MinIO itself has that one; use another name",
            );
        } else if (check.list(`${path}.policies`, access.policies)) {
            const given = asList(access.policies);
            check.that(given.length > 0, `${path}.policies`, given, "give at least one; a user without may do nothing");
            for (const [index, policy] of given.entries()) {
                const problem = policyNameProblem(policy);
                check.that(problem === undefined, `${path}.policies[${index}]`, policy, problem ?? "");
            }
        }
        check.that(
            revision === undefined || isInteger(revision, 1),
            `${path}.revision`,
            revision,
            "use an integer of at least 1",
        );
        check.that(
            overlapSeconds === undefined || overlapSeconds === 0 || isInteger(overlapSeconds, 1000, 31_535_000),
            `${path}.overlapSeconds`,
            overlapSeconds,
            "use 0, or an integer from 1000 to 31535000 seconds: MinIO ends a key from a quarter of an hour to a year ahead",
        );
        const namespace = access.namespace ?? spec.namespace;
        check.name(`${path}.namespace`, namespace, namespaceName, longestLabel);
        const objects = namesOf(textOr(name));
        const secretName = access.secretName ?? accessSecretName(objects, user);
        if (check.name(`${path}.secretName`, secretName, dnsName, 253)) {
            const place = `${textOr(namespace)}/${secretName}`;
            const own = [objects.secret, objects.settings, objects.certificate, objects.metricsToken];
            const given = [spec.existingSecretName, asObject(spec.tls).secretName];
            const taken = [...own, ...given.map(textOr)].map((one) => `${textOr(spec.namespace)}/${one}`);
            const isFree = !places.includes(place) && !taken.includes(place);
            check.that(isFree, `${path}.secretName`, secretName, "another Secret has this name there; use another one");
            places.push(place);
        }
    }
}

/** The text with which a user confirms that a set replaces a cluster's data. */
function replacing(name: string): string {
    return `replace the data of ${isText(name) ? name : "<name>"}`;
}

/** Who reaches the servers, and how. */
function checkReach(check: Check, args: KnownArgs): void {
    checkServices(check, args);
    for (const field of ["ingress", "httpRoute"] as const) {
        const hosts = args?.[field];
        if (check.object(field, hosts) && hosts) {
            checkHosts(check, field, args, hosts);
        }
    }
    if (isObject(args?.ingress)) {
        check.annotations("ingress.annotations", args.ingress.annotations);
        for (const name of ["className", "tlsSecretName", "consoleTlsSecretName"] as const) {
            check.name(`ingress.${name}`, args.ingress[name] ?? "any", dnsName, 253);
        }
        const { consoleHost, consoleTlsSecretName } = args.ingress;
        if (consoleTlsSecretName !== undefined && consoleHost === undefined) {
            const allowed = "it needs ingress.consoleHost, without which the console has no Ingress";
            check.problem("ingress.consoleTlsSecretName", consoleTlsSecretName, allowed, "", ["ingress.consoleHost"]);
        }
    }
    if (isObject(args?.httpRoute)) {
        check.name("httpRoute.gatewayName", args.httpRoute.gatewayName, dnsName, 253);
        check.name("httpRoute.gatewayNamespace", args.httpRoute.gatewayNamespace ?? "any", namespaceName, longestLabel);
        check.name("httpRoute.sectionName", args.httpRoute.sectionName ?? "any", dnsName, 253);
    }
    const tls = args?.tls;
    if (check.object("tls", tls) && tls) {
        check.that(
            (tls.secretName ? 1 : 0) + (tls.issuer ? 1 : 0) === 1,
            "tls",
            tls,
            "give secretName (a certificate of your own) or issuer (one that cert-manager makes)",
        );
        if (tls.secretName) {
            check.name("tls.secretName", tls.secretName, dnsName, 253);
        }
        if (check.object("tls.issuer", tls.issuer) && tls.issuer) {
            const { name, kind = "Issuer", group = "cert-manager.io" } = tls.issuer;
            check.name("tls.issuer.name", name, dnsName, 253);
            check.name("tls.issuer.group", group, dnsName, 253);
            if (group === "cert-manager.io") {
                check.oneOf("tls.issuer.kind", kind, { Issuer: "Issuer", ClusterIssuer: "ClusterIssuer" });
            } else {
                const sound = isText(kind) && kindName.test(kind);
                check.that(sound, "tls.issuer.kind", kind, "use the kind of an issuer, such as AWSPCAIssuer");
            }
        }
    }
    const monitoring = args?.monitoring;
    if (check.object("monitoring", monitoring) && monitoring) {
        for (const part of ["serviceMonitor", "rules", "dashboard"] as const) {
            check.flag(`monitoring.${part}`, monitoring[part]);
        }
        const interval = monitoring.interval ?? "30s";
        check.that(
            isText(interval) && duration.test(interval),
            "monitoring.interval",
            interval,
            "use a time that is not 0, such as 30s",
        );
        check.labels("monitoring.labels", monitoring.labels);
    }
    if (check.object("networkPolicy", args?.networkPolicy)) {
        for (const who of ["clients", "scrapers", "egress"] as const) {
            check.list(`networkPolicy.${who}`, args?.networkPolicy?.[who]);
            for (const [index, peer] of asList(args?.networkPolicy?.[who]).entries()) {
                checkPeer(check, `networkPolicy.${who}[${index}]`, peer);
            }
        }
    }
}

function checkServices(check: Check, args: KnownArgs): void {
    for (const field of ["clientService", "consoleService"] as const) {
        const service = args?.[field];
        if (check.object(field, service) && service) {
            checkService(check, field, service);
        }
    }
    const [client, console] = [args?.clientService?.nodePort, args?.consoleService?.nodePort];
    check.that(
        client === undefined || client === null || client !== console,
        "consoleService.nodePort",
        console,
        "clientService has it: use another port of the nodes",
    );
    if (args?.ipFamilyPolicy !== undefined) {
        check.oneOf("ipFamilyPolicy", args.ipFamilyPolicy, IpFamilyPolicy);
    }
    check.list("ipFamilies", args?.ipFamilies);
    const families = asList(args?.ipFamilies);
    for (const [index, family] of families.entries()) {
        check.oneOf(`ipFamilies[${index}]`, family, IpFamily);
    }
    check.that(
        !Array.isArray(args?.ipFamilies) || (families.length > 0 && new Set(families).size === families.length),
        "ipFamilies",
        families,
        "use IPv4, IPv6 or both, each one time",
    );
    check.that(
        families.length < 2 || args?.ipFamilyPolicy !== "SingleStack",
        "ipFamilyPolicy",
        args?.ipFamilyPolicy,
        "two ipFamilies need PreferDualStack or RequireDualStack",
    );
    // Kubernetes would add the other one, and refuse every later change of the Service, which names one again:
    // `initIPFamilyFields` in `pkg/registry/core/service/storage/alloc.go`.
    check.that(
        families.length !== 1 || (args?.ipFamilyPolicy ?? "SingleStack") === "SingleStack",
        "ipFamilyPolicy",
        args?.ipFamilyPolicy,
        "one of the ipFamilies needs SingleStack: name both, or leave ipFamilies out",
    );
    check.flag("appProtocol", args?.appProtocol);
}

function checkService(
    check: Check,
    field: "clientService" | "consoleService",
    service: NonNullable<KnownArgs["clientService"]>,
): void {
    const type = service.type ?? "ClusterIP";
    const isGiven = (name: keyof typeof service) => service[name] !== undefined && service[name] !== null;
    check.oneOf(`${field}.type`, type, ServiceType);
    check.annotations(`${field}.annotations`, service.annotations);
    check.port(`${field}.port`, service.port ?? 1, "a Service");
    check.port(`${field}.nodePort`, service.nodePort ?? 1, "the nodes, in most clusters from 30000 to 32767");
    check.oneOf(`${field}.externalTrafficPolicy`, service.externalTrafficPolicy ?? "Cluster", ExternalTrafficPolicy);
    check.list(`${field}.loadBalancerSourceRanges`, service.loadBalancerSourceRanges);
    for (const [index, range] of asList(service.loadBalancerSourceRanges).entries()) {
        check.addresses(`${field}.loadBalancerSourceRanges[${index}]`, range);
    }
    check.qualifiedName(`${field}.loadBalancerClass`, service.loadBalancerClass ?? "any", "service.k8s.aws/nlb");
    const address: unknown = service.loadBalancerIP ?? "::";
    check.that(
        isText(address) && isIP(address) !== 0,
        `${field}.loadBalancerIP`,
        address,
        "use an address, such as 192.0.2.10",
    );
    const needs = (names: (keyof typeof service)[], types: string[]) => {
        for (const name of names.filter((one) => isGiven(one) && !types.includes(type))) {
            const allowed = `it needs ${field}.type ${types.join(" or ")}`;
            check.problem(`${field}.${name}`, service[name], allowed, "", [`${field}.type`]);
        }
    };
    needs(["nodePort", "externalTrafficPolicy"], ["NodePort", "LoadBalancer"]);
    needs(["loadBalancerSourceRanges", "loadBalancerClass", "loadBalancerIP"], ["LoadBalancer"]);
}

/** `hostnames` in the schema of the Gateway API's HTTPRoute. */
const mostRouteHosts = 16;

function checkHosts(
    check: Check,
    field: "ingress" | "httpRoute",
    args: KnownArgs,
    { apiHost, extraApiHosts, consoleHost }: { apiHost: unknown; extraApiHosts?: unknown; consoleHost?: unknown },
): void {
    if (check.host(`${field}.apiHost`, apiHost)) {
        check.that(
            !takesForBucket(args, apiHost as string),
            `${field}.apiHost`,
            apiHost,
            `it ends with a domain of ${domainVariable}, so the servers take what is before that for a bucket: use the domain itself, ` +
                "minio. and the domain, or a name of another domain",
        );
    }
    check.list(`${field}.extraApiHosts`, extraApiHosts);
    const most = field === "httpRoute" ? mostRouteHosts - 1 : Number.MAX_SAFE_INTEGER;
    check.that(
        asList(extraApiHosts).length <= most,
        `${field}.extraApiHosts`,
        extraApiHosts,
        `use at most ${most}: an HTTPRoute has ${mostRouteHosts} host names, with apiHost`,
    );
    const hosts = [apiHost];
    for (const [index, host] of asList(extraApiHosts).entries()) {
        const path = `${field}.extraApiHosts[${index}]`;
        if (check.hostOrWildcard(path, host)) {
            check.that(!hosts.includes(host), path, host, "it is a host name for S3 clients already: leave it out");
            checkDomain(check, path, args, host as string, field === "httpRoute");
        }
        hosts.push(host);
    }
    if (consoleHost !== undefined && consoleHost !== null) {
        check.host(`${field}.consoleHost`, consoleHost);
        check.that(
            !hosts.includes(consoleHost),
            `${field}.consoleHost`,
            consoleHost,
            "the console needs a host name of its own: S3 clients use every path of theirs",
        );
    }
}

/** The Service's name leads applications, and all inside of the cluster, to buckets that they name in the path. */
function checkOwnDomain(check: Check, name: string, args: KnownArgs, spec: ReturnType<typeof withDefaults>): void {
    const own = `${textOr(name)}.${textOr(spec.namespace)}.svc.${textOr(spec.clusterDomain)}`;
    if (takesForBucket(args, own)) {
        check.problems.push({
            field: `environment.${domainVariable}`,
            reason:
                `the Service's name ${printable(own)} ends with a domain in it, so the servers take what is before that for a ` +
                "bucket: use the Service's whole name, or another domain",
            hangsOn: ["namespace", "clusterDomain"],
        });
    }
}

const domainVariable = "MINIO_DOMAIN";

/** Undefined where they are in a Secret or a ConfigMap. */
function domainsOf({ environment, environmentFrom }: KnownArgs): string[] | undefined {
    return Object.hasOwn(asObject(environmentFrom), domainVariable)
        ? undefined
        : textOr(asObject(environment)[domainVariable]).split(",").filter(Boolean);
}

/** Only `minio.` and the domain is no bucket: `getResource` in `cmd/handler-utils.go`. */
function takesForBucket(args: KnownArgs, host: string): boolean {
    const domains = domainsOf(args) ?? [];
    return domains.some((domain) => host.endsWith(`.${domain}`) && host !== `minio.${domain}`);
}

/**
 * A request that names its bucket in the host name: a server that does not know the domain takes the first part of the
 * path for the bucket (`getResource` in `cmd/handler-utils.go`; measured: an empty upload makes a bucket, others fail).
 */
function checkDomain(check: Check, path: string, args: KnownArgs, host: string, isRoute: boolean): void {
    const domains = domainsOf(args);
    if (!host.startsWith("*.") || !domains) {
        return;
    }
    const domain = host.slice("*.".length);
    const isBelow = (one: string, other: string) => one === other || one.endsWith(`.${other}`);
    // The wildcard of an Ingress stands for one label, and that of a route for more, too.
    if (!domains.some((one) => isBelow(domain, one) || (isRoute && isBelow(one, domain)))) {
        check.problems.push({
            field: `environment.${domainVariable}`,
            reason:
                `${domain} is not in it, and ${path} leads requests there that name their bucket in the host name: ` +
                `add ${domain}, after a comma where it has another domain, or leave ${printable(host)} out`,
            hangsOn: ["environmentFrom"],
        });
    }
}

function checkPeer(check: Check, field: string, peer: unknown): void {
    const { ipBlock, podSelector, namespaceSelector } = asObject(peer);
    const kinds = [ipBlock, podSelector ?? namespaceSelector].filter((given) => given !== undefined);
    const allowed = "give pods by podSelector, namespaceSelector or both, or addresses by ipBlock";
    if (
        check.that(isObject(peer) && kinds.length === 1, field, peer, allowed) &&
        check.object(`${field}.ipBlock`, ipBlock) &&
        ipBlock
    ) {
        const { cidr, except } = asObject(ipBlock);
        check.addresses(`${field}.ipBlock.cidr`, cidr);
        check.list(`${field}.ipBlock.except`, except);
        for (const [index, range] of asList(except).entries()) {
            check.addresses(`${field}.ipBlock.except[${index}]`, range);
        }
    }
}
