/** What of the old servers' settings the new ones get: users of Linux, variables, the root account. Pure. */
import type { V1Container, V1EnvVar, V1StatefulSet, V1Volume } from "@kubernetes/client-node";
import { element } from "../basics/element";
import { minioId } from "../server/podTemplate";
import { passwordKey, userKey } from "../spec/rootCredentials";
import { type KnownArgs, withDefaults } from "../spec/spec";
import { problemsOf } from "../spec/validation";
import { type Found, mountOf, pathInVolume } from "./found";
import { configFile, neverSecret, type Observed, type SecretNames } from "./observed";

/** Where the old cluster has its root account. */
export type RootSource =
    | { kind: "keys"; secret: string; userKey: string; passwordKey: string }
    /** Lines that export variables. */
    | { kind: "file"; secret: string; key: string }
    /** In the StatefulSet itself. */
    | { kind: "plain"; statefulSet: string; container: string; variables: [user: string, password: string] };

/**
 * The pairs that MinIO looks for; it takes the first one that is whole (`loadRootCredentials` in `cmd/common-main.go`).
 */
const rootVariables: [user: string, password: string][] = [
    ["MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"],
    ["MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"],
];

/** Old servers that run as root, whose files get another owner. */
export interface OwnedByRoot {
    /** It can change the owner. */
    image: string;
    /** Of the servers, where no user is named: a look into it tells whether it is root. */
    container?: string;
}

/** The user of Linux that the old servers run as; undefined where their image decides. */
export function userOf({ statefulSets, container }: Found): number | undefined {
    return container.securityContext?.runAsUser ?? statefulSets[0]?.spec?.template.spec?.securityContext?.runAsUser;
}

/**
 * The user and groups that the files belong to. MinIO opens them with O_NOATIME, which Linux allows to their owner only
 * (`cmd/xl-storage_noatime_supported.go`): with another user, a group's right to read would not do.
 */
function idsOf(found: Found): object | undefined {
    const { statefulSets, container } = found;
    const pod = statefulSets[0]?.spec?.template.spec?.securityContext ?? {};
    const own = container.securityContext ?? {};
    const runAsUser = userOf(found);
    if (!runAsUser) {
        return undefined;
    }
    const fsGroup = pod.fsGroup ?? null;
    const runAsGroup = own.runAsGroup ?? pod.runAsGroup ?? fsGroup ?? runAsUser;
    const isDefault = runAsUser === minioId && runAsGroup === minioId && fsGroup === minioId;
    return isDefault ? undefined : { runAsUser, runAsGroup, fsGroup };
}

/**
 * The DNS domain of the Kubernetes cluster, by the old servers' names: POD.SERVICE.NAMESPACE.svc.DOMAIN. The operator
 * tells it to a tenant's sidecar. Undefined where it is the default, or nothing tells.
 */
export function clusterDomainOf({ pools, statefulSets }: Found, reasons: string[]): string | undefined {
    const { containers = [], initContainers = [] } = statefulSets[0]?.spec?.template.spec ?? {};
    const variables = [...containers, ...initContainers].flatMap(({ env = [] }) => env);
    const all = new Set([
        ...pools.flatMap(({ hosts }) => hosts).flatMap((host) => /^(?:[^.]+\.){3}svc\.(.+?)\.?$/.exec(host)?.[1] ?? []),
        ...variables.flatMap(({ name, value }) => (name === "CLUSTER_DOMAIN" && value ? value : [])),
    ]);
    if (all.size > 1) {
        reasons.push(
            `the servers' addresses have several domains, ${[...all].join(", ")}: clusterDomain is one for all`,
        );
    }
    const [domain] = all;
    return domain === withDefaults({}).clusterDomain ? undefined : domain;
}

/** What else the pods of the old servers have, as far as the arguments can say it. */
export function podSettingsOf(found: Found): Pick<KnownArgs, "annotations" | "podSecurityContext"> {
    const { metadata, spec } = found.statefulSets[0]?.spec?.template ?? {};
    const { supplementalGroups } = spec?.securityContext ?? {};
    const seLinuxOptions = found.container.securityContext?.seLinuxOptions ?? spec?.securityContext?.seLinuxOptions;
    const isAllowed = problemsOf("minio", { podSecurityContext: { seLinuxOptions } }).length === 0;
    return {
        // A chart and the operator make those that follow from what they have made.
        annotations: allowedOf("annotations", metadata?.annotations, /^(checksum|min\.io|kubectl\.kubernetes\.io)\//),
        podSecurityContext: {
            ...idsOf(found),
            ...(supplementalGroups?.length && { supplementalGroups }),
            ...(seLinuxOptions && isAllowed && { seLinuxOptions }),
        },
    };
}

/** Without those that Kubernetes sets. */
export function claimAnnotationsOf(annotations: Record<string, string> | undefined): Record<string, string> {
    return allowedOf("persistentVolumeClaimAnnotations", annotations, /^kubectl\.kubernetes\.io\//);
}

function allowedOf(
    field: "annotations" | "persistentVolumeClaimAnnotations",
    annotations: Record<string, string> = {},
    made: RegExp,
): Record<string, string> {
    const isAllowed = (name: string, value: string) => problemsOf("minio", { [field]: { [name]: value } }).length === 0;
    return Object.fromEntries(
        Object.entries(annotations).filter(([name, value]) => !made.test(name) && isAllowed(name, value)),
    );
}

/** Variables that say how the old tool starts servers, or that this component sets. */
const notTaken = new RegExp(
    `^MINIO_(${[
        ..."ROOT_USER|ROOT_PASSWORD|ACCESS_KEY|SECRET_KEY|ROOT_USER_FILE|ROOT_PASSWORD_FILE|CONFIG_ENV_FILE".split("|"),
        ..."VOLUMES|ARGS|ENDPOINTS|OPTS|ERASURE_SET_DRIVE_COUNT|CERTS_DIR|PROMETHEUS_JOB_ID".split("|"),
        ..."UPDATE|UPDATE_MINISIGN_PUBKEY|OPERATOR_VERSION|DNS_WEBHOOK_ENDPOINT".split("|"),
        ..."DISTRIBUTED_MODE_ENABLED|DISTRIBUTED_NODES|SCHEME|FORCE_NEW_KEYS|SKIP_CLIENT|DEFAULT_BUCKETS".split("|"),
        ..."API_PORT_NUMBER|CONSOLE_PORT_NUMBER|DATA_DIR|DATA_TO_DERIVE_BUCKETS".split("|"),
    ].join("|")})$`,
);

type Source = NonNullable<KnownArgs["environmentFrom"]>[string];

/** A variable of the old servers. */
interface Variable {
    name: string;
    /** Undefined where it may be secret, or is not known. */
    value?: string;
    /** The key of a Secret or a ConfigMap that has its value. */
    source?: Source;
}

/**
 * Variables that are never secret, with their values, and the others where a Secret or a ConfigMap has theirs; of the
 * rest the notes say what to do.
 */
export function environmentOf(
    found: Found,
    observed: Observed,
    notes: string[],
): { environment: Record<string, string>; environmentFrom: Record<string, Source> } {
    const environment: Record<string, string> = {};
    const environmentFrom: Record<string, Source> = {};
    const left: string[] = [];
    const changed: string[] = [];
    const taken = variablesOf(found, observed).filter(({ name }) => /^MINIO_/.test(name) && !notTaken.test(name));
    for (const { name, value, source } of taken) {
        // Whether the arguments take it, their own validation knows.
        if (source && problemsOf("minio", { environmentFrom: { [name]: source } }).length === 0) {
            environmentFrom[name] = source;
        } else if (value !== undefined && isChanged(value)) {
            changed.push(name);
        } else if (value !== undefined) {
            environment[name] = value;
        } else {
            left.push(name);
        }
    }
    if (left.length > 0) {
        notes.push(
            `variables whose values may be secret are not among the arguments: ${left.join(", ")}. Give those that you ` +
                "need as environment, before pulumi up; what MINIO_KMS_* encrypts can be read only with the same key",
        );
    }
    if (changed.length > 0) {
        notes.push(
            `variables with $( or $$ in their values are not among the arguments: ${changed.join(", ")}. Kubernetes changes ` +
                "both where a value is plain: give what the servers have as environment, with $$ for each $",
        );
    }
    return { environment, environmentFrom };
}

/** Whether Kubernetes makes something else of a plain value: `$$` becomes `$`, and `$(NAME)` a variable's value. */
const isChanged = (value: string) => /\$[$(]/.test(value);

/** A file's variables hide those of the container, and those hide what comes from whole Secrets and ConfigMaps. */
export function variablesOf(found: Found, { secrets, configMaps }: Observed): Variable[] {
    const { env = [], envFrom = [] } = found.container;
    const keyed = (kind: "secretKeyRef" | "configMapKeyRef", name: string, object: string, key: string): Variable => {
        const value = neverSecret.test(name)
            ? (kind === "secretKeyRef" ? secrets : configMaps)[object]?.plain[key]
            : undefined;
        return { name, value, source: { [kind]: { name: object, key } } };
    };
    const ofWhole = envFrom.flatMap(({ prefix = "", secretRef, configMapRef }) => [
        ...(secrets[secretRef?.name ?? ""]?.keys ?? []).map((key) =>
            keyed("secretKeyRef", `${prefix}${key}`, secretRef?.name ?? "", key),
        ),
        ...(configMaps[configMapRef?.name ?? ""]?.keys ?? []).map((key) =>
            keyed("configMapKeyRef", `${prefix}${key}`, configMapRef?.name ?? "", key),
        ),
    ]);
    // The operator makes this one.
    const own = env.filter(({ name }) => !(found.tenant && name === "MINIO_SERVER_URL"));
    const ofContainer = own.flatMap(({ name, value, valueFrom }: V1EnvVar): Variable[] => {
        const { secretKeyRef: secret, configMapKeyRef: map } = valueFrom ?? {};
        const isThere = (object: SecretNames | undefined, key: string) => object?.keys.includes(key);
        if (secret?.name) {
            const isLeftOut = secret.optional && !isThere(secrets[secret.name], secret.key);
            return isLeftOut ? [] : [keyed("secretKeyRef", name, secret.name, secret.key)];
        }
        if (map?.name) {
            const isLeftOut = map.optional && !isThere(configMaps[map.name], map.key);
            return isLeftOut ? [] : [keyed("configMapKeyRef", name, map.name, map.key)];
        }
        return [{ name, value: neverSecret.test(name) ? value : undefined }];
    });
    const { variables, plain } = exportedBy(configurationOf(found), secrets);
    const ofFile = variables.map((name): Variable => ({ name, value: plain[name] }));
    // Kubernetes takes no key that is no name of a variable.
    const all = [...ofWhole, ...ofContainer, ...ofFile].filter(({ name }) => /^[A-Za-z_]\w*$/.test(name));
    return [...new Map(all.map((one) => [one.name, one])).values()];
}

const setSizeVariable = "MINIO_ERASURE_SET_DRIVE_COUNT";

/** The drives of an erasure set, where the old servers are told so; `unread` where nothing here tells how many. */
export function setSizeOf(found: Found, observed: Observed): number | "unread" | undefined {
    const told = variablesOf(found, observed).find(({ name }) => name === setSizeVariable);
    return told && (told.value === undefined ? "unread" : Number(told.value) || undefined);
}

/** A key of a Secret. */
interface SecretKey {
    secret: string;
    key: string;
}

const fileVariable = "MINIO_CONFIG_ENV_FILE";

/**
 * The key of a Secret that exports variables: a tenant's, or one that is mounted where MinIO reads it, as the chart's
 * `extraSecret`.
 */
export function configurationOf({ container, statefulSets, tenant }: Found): SecretKey | undefined {
    if (tenant) {
        const secret = tenant.spec?.configuration?.name;
        return secret === undefined ? undefined : { secret, key: configFile };
    }
    const file = container.env?.find(({ name }) => name === fileVariable)?.value;
    return file === undefined ? undefined : mountedKey(container, statefulSets, file);
}

function exportedBy(configuration: SecretKey | undefined, secrets: Observed["secrets"]) {
    const { secret = "", key = "" } = configuration ?? {};
    return secrets[secret]?.files[key] ?? { variables: [], plain: {} };
}

/** What the old servers read from a file that nothing here can read would be lost: keys of encryption, a region. */
export function configurationProblems(found: Found, observed: Observed): string[] {
    const told = variablesOf(found, observed).some(({ name }) => name === fileVariable);
    const configuration = configurationOf(found);
    const { secret = "", key = "" } = configuration ?? {};
    if (found.tenant || !told || observed.secrets[secret]?.keys.includes(key)) {
        return [];
    }
    const file = found.container.env?.find(({ name }) => name === fileVariable)?.value;
    return [
        `${fileVariable}${file ? ` ${file}` : ""}: this file is no key of a Secret that is there, so its variables ` +
            "would be lost, and what MINIO_KMS_* encrypts could not be read any more: put its text into a key of a " +
            "Secret, mount that Secret as this file in the old cluster, and run minio-cluster adopt again",
    ];
}

/** The certificates of authorities that the old servers have in a folder where MinIO looks for such. */
export function authoritiesOf({ container, statefulSets }: Found, { secrets, configMaps }: Observed): Source[] {
    const folders = (container.volumeMounts ?? []).filter(
        (mount) => /\/CAs\/*$/.test(mount.mountPath) && !mount.subPath,
    );
    return folders.flatMap((mount) => {
        const { secret, configMap } = volumeOf(statefulSets, mount.name) ?? {};
        const name = secret?.secretName ?? configMap?.name ?? "";
        // MinIO passes over all else that is there.
        const keys = (secret ? secrets : configMaps)[name]?.certificates ?? [];
        const items = (secret ?? configMap)?.items?.map(({ key }) => key);
        return keys
            .filter((key) => (items ?? keys).includes(key))
            .map((key) => ({ [secret ? "secretKeyRef" : "configMapKeyRef"]: { name, key } }));
    });
}

export function volumeOf(statefulSets: V1StatefulSet[], wanted: string | undefined): V1Volume | undefined {
    return statefulSets[0]?.spec?.template.spec?.volumes?.find(({ name }) => name === wanted);
}

/** The key of a Secret that is a file of a container. */
function mountedKey(container: V1Container, statefulSets: V1StatefulSet[], file: string): SecretKey | undefined {
    const mount = mountOf(container.volumeMounts ?? [], file);
    const { secretName, items } = volumeOf(statefulSets, mount?.name)?.secret ?? {};
    if (mount === undefined || secretName === undefined) {
        return undefined;
    }
    const path = pathInVolume(mount, file);
    const key = items ? items.find((item) => item.path === path)?.key : path;
    return key === undefined ? undefined : { secret: secretName, key };
}

export function rootOf(found: Found, { secrets }: Observed, reasons: string[]): RootSource | undefined {
    const { container, statefulSets } = found;
    const configuration = configurationOf(found);
    const { variables: inFile } = exportedBy(configuration, secrets);
    if (configuration !== undefined && (found.tenant || inFile.includes("MINIO_ROOT_USER"))) {
        const missing = element(rootVariables, 0).filter((name) => !inFile.includes(name));
        if (missing.length > 0) {
            const { secret, key } = configuration;
            reasons.push(`Secret ${secret}: its ${key} does not export ${missing.join(" and ")}, the root account`);
            return undefined;
        }
        return { kind: "file", ...configuration };
    }
    const variable = (wanted: string) => container.env?.find(({ name }) => name === wanted);
    const variables = rootVariables.find((pair) => pair.every(variable)) ?? element(rootVariables, 0);
    const [user, password] = variables.map(variable);
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
    if (user?.value && password?.value && [user.value, password.value].some(isChanged)) {
        reasons.push(
            `container ${container.name}: ${user.name} or ${password.name} has $$ or $( in its plain value, which ` +
                "Kubernetes changes, so the root account is another text: make a Secret with the account as the servers " +
                "know it, have the old cluster read both from it, and run minio-cluster adopt again",
        );
        return undefined;
    }
    if (user?.value && password?.value) {
        const statefulSet = statefulSets[0]?.metadata?.name ?? "";
        return { kind: "plain", statefulSet, container: container.name, variables };
    }
    // Bitnami's way of files: `auth.useCredentialsFiles`.
    const [userFile, passwordFile] = [
        variable("MINIO_ROOT_USER_FILE")?.value,
        variable("MINIO_ROOT_PASSWORD_FILE")?.value,
    ];
    const [userAt, passwordAt] = [userFile, passwordFile].map((file) =>
        file === undefined ? undefined : mountedKey(container, statefulSets, file),
    );
    if (userAt && userAt.secret === passwordAt?.secret) {
        return keyed(userAt.secret, [userAt.key, passwordAt.key]);
    }
    reasons.push(
        `container ${container.name}: its root account is neither in one Secret nor in its variables: make a Secret with the keys ` +
            `${userKey} and ${passwordKey}, and have the old cluster read MINIO_ROOT_USER and MINIO_ROOT_PASSWORD from it`,
    );
    return undefined;
}
