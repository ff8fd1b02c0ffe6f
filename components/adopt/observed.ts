/** What runs in a namespace, as far as it decides whether and how its drives can be taken over. */
import type {
    V1ConfigMap,
    V1Container,
    V1NetworkPolicy,
    V1PersistentVolume,
    V1PersistentVolumeClaim,
    V1Secret,
    V1Service,
    V1StatefulSet,
} from "@kubernetes/client-node";
import type { AnyObject, KindReference, Kubernetes } from "../kubernetes/client";
import { unlessForbidden } from "../kubernetes/errors";
import { areCertificates } from "../minio/authorities";

const coreKind = (kind: string): KindReference => ({ apiVersion: "v1", kind });
const networkPolicyKind = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" };
const tenantKind = { apiVersion: "minio.min.io/v2", kind: "Tenant" };

/** Where the operator's own installations put it. */
const operatorReference = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "minio-operator", namespace: "minio-operator" },
};

/** The key of a tenant's Secret under which its variables are. */
export const configFile = "config.env";

/** A tenant of MinIO's operator: `Tenant` in `pkg/apis/minio.min.io/v2/types.go`. */
export interface Tenant extends AnyObject {
    spec?: {
        pools?: { name?: string; servers?: number; volumesPerServer?: number }[];
        mountPath?: string;
        subPath?: string;
        requestAutoCert?: boolean;
        externalCertSecret?: unknown[];
        configuration?: { name?: string };
        kes?: unknown;
    };
}

/** A Secret or a ConfigMap without what may be secret. */
export interface SecretNames {
    keys: string[];
    /** The keys that are certificates in PEM. */
    certificates: string[];
    /** The keys that are variables which are never secret, with their values. */
    plain: Record<string, string>;
    /** What each key exports, where it is a file of variables: their names, and the values of those never secret. */
    files: Record<string, { variables: string[]; plain: Record<string, string> }>;
}

/**
 * Without these, the new servers would not be as the old ones: another region refuses every request, another parity is
 * another risk, and with sets of another size they do not start.
 */
export const neverSecret = new RegExp(
    `^MINIO_(${[
        ..."REGION|REGION_NAME|SITE_REGION|SITE_NAME|DOMAIN|PROMETHEUS_AUTH_TYPE".split("|"),
        ..."BROWSER|BROWSER_REDIRECT_URL|SERVER_URL".split("|"),
        ..."STORAGE_CLASS_STANDARD|STORAGE_CLASS_RRS|STORAGE_CLASS_OPTIMIZE|ERASURE_SET_DRIVE_COUNT".split("|"),
        ..."API_[A-Z_]+|SCANNER_[A-Z_]+|HEAL_[A-Z_]+|COMPRESSION_[A-Z_]+|ILM_[A-Z_]+".split("|"),
    ].join("|")})$`,
);

export interface Observed {
    namespace: { name: string; uid: string };
    statefulSets: V1StatefulSet[];
    claims: V1PersistentVolumeClaim[];
    volumes: V1PersistentVolume[];
    services: V1Service[];
    networkPolicies: V1NetworkPolicy[] | "forbidden";
    tenants: Tenant[];
    /** The Secrets that the StatefulSets and tenants name, by their names. */
    secrets: Record<string, SecretNames>;
    /** The ConfigMaps that the StatefulSets name, by their names. */
    configMaps: Record<string, SecretNames>;
    /** MinIO's operator, where it is found. */
    operator?: { namespace: string; name: string; replicas: number };
}

/**
 * Looks, and changes nothing.
 *
 * @throws KubernetesError
 * @throws Error where there is no such namespace
 */
export async function observe(kubernetes: Kubernetes, namespace: string): Promise<Observed> {
    const list = async <T>(kind: KindReference, where?: string) =>
        (await kubernetes.list<AnyObject>(kind, where)) as unknown as T[];
    const there = await kubernetes.read({ ...coreKind("Namespace"), metadata: { name: namespace } });
    if (there === undefined) {
        throw new Error(`there is no namespace ${namespace} in the Kubernetes cluster ${kubernetes.where}`);
    }
    const [statefulSets, claims, services, networkPolicies, volumes, hasTenants] = await Promise.all([
        kubernetes.statefulSets(namespace, {}),
        kubernetes.claims(namespace, {}),
        list<V1Service>(coreKind("Service"), namespace),
        unlessForbidden(() => list<V1NetworkPolicy>(networkPolicyKind, namespace)),
        list<V1PersistentVolume>(coreKind("PersistentVolume")),
        kubernetes.knows(tenantKind.apiVersion, tenantKind.kind),
    ]);
    const tenants = hasTenants ? await list<Tenant>(tenantKind, namespace) : [];
    const operator = tenants.length > 0 ? await kubernetes.read(operatorReference) : undefined;
    const containers = statefulSets.flatMap(({ spec }) => spec?.template.spec?.containers ?? []);
    const mounted = statefulSets.flatMap(({ spec }) => spec?.template.spec?.volumes ?? []);
    const named = new Set([
        ...containers.flatMap(secretsOf),
        ...mounted.flatMap(({ secret }) => secret?.secretName ?? []),
        ...tenants.flatMap(({ spec }) => spec?.configuration?.name ?? []),
    ]);
    const mapped = [...containers.flatMap(configMapsOf), ...mounted.flatMap(({ configMap }) => configMap?.name ?? [])];
    const namesOf = async (kind: string, names: string[], of: (object: AnyObject) => SecretNames) => {
        const read = async (name: string): Promise<[string, SecretNames][]> => {
            const object = await kubernetes.read({ ...coreKind(kind), metadata: { name, namespace } });
            return object === undefined ? [] : [[name, of(object)]];
        };
        return Object.fromEntries((await Promise.all([...new Set(names)].map(read))).flat());
    };
    const [secrets, configMaps] = await Promise.all([
        namesOf("Secret", [...named], (secret) => namesIn(secret as unknown as V1Secret)),
        namesOf("ConfigMap", mapped, (map) => namesInMap(map as unknown as V1ConfigMap)),
    ]);
    return {
        namespace: { name: namespace, uid: there.metadata.uid ?? "" },
        statefulSets,
        claims,
        volumes,
        services,
        networkPolicies,
        tenants,
        secrets,
        configMaps,
        operator: operator && {
            ...operatorReference.metadata,
            replicas: (operator as AnyObject & { spec?: { replicas?: number } }).spec?.replicas ?? 1,
        },
    };
}

/** The Secrets that the variables of a container are read from. */
function secretsOf({ env = [], envFrom = [] }: V1Container): string[] {
    return [
        ...env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []),
        ...envFrom.flatMap(({ secretRef }) => secretRef?.name ?? []),
    ];
}

function configMapsOf({ env = [], envFrom = [] }: V1Container): string[] {
    return [
        ...env.flatMap(({ valueFrom }) => valueFrom?.configMapKeyRef?.name ?? []),
        ...envFrom.flatMap(({ configMapRef }) => configMapRef?.name ?? []),
    ];
}

/** Pure. */
export function namesInMap({ data = {} }: V1ConfigMap): SecretNames {
    const texts = Object.entries(data);
    return { keys: Object.keys(data), certificates: certificatesIn(texts), plain: plainOf(texts), files: {} };
}

/** Pure. */
export function namesIn({ data = {} }: V1Secret): SecretNames {
    const texts = Object.entries(data).map(([key, value]): [string, string] => [
        key,
        Buffer.from(value, "base64").toString(),
    ]);
    const files = texts.flatMap(([key, text]) => {
        const variables = variablesIn(text);
        const names = variables.map(([name]) => name);
        return names.length > 0 ? [[key, { variables: names, plain: plainOf(variables) }]] : [];
    });
    return {
        keys: Object.keys(data),
        certificates: certificatesIn(texts),
        plain: plainOf(texts),
        files: Object.fromEntries(files),
    };
}

/** Read as MinIO does (`parsEnvEntry` in `cmd/common-main.go`). */
function variablesIn(text: string): [string, string][] {
    return text.split("\n").flatMap((line): [string, string][] => {
        const [, name, value] = /^\s*(?:export)?\s*([A-Za-z_]\w*)=(.*?)\s*$/.exec(line) ?? [];
        return name === undefined || value === undefined ? [] : [[name, value.replace(/^(['"])(.*)\1$/, "$2")]];
    });
}

function certificatesIn(texts: [string, string][]): string[] {
    return texts.flatMap(([key, text]) => (areCertificates(text) ? [key] : []));
}

function plainOf(variables: [string, string][]): Record<string, string> {
    return Object.fromEntries(variables.filter(([name]) => neverSecret.test(name)));
}
