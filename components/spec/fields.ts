/** The fields that the arguments have, at every depth: which of them are not known, and which are left out. Pure. */

import type { types } from "@pulumi/kubernetes";
import { element } from "../basics/element";
import type * as args from "./args";

/** What is in a field: anything, an object with fields of its own, or a list or map of such objects. */
type Content = "anything" | { fields: Fields } | { each: Fields } | { named: Fields };

interface Fields {
    [field: string]: Content;
}

/** A field that is added to an interface does not compile before it stands here. */
type Of<T> = { [field in keyof Required<T>]: Content };

/** Fields of which nothing is looked into. */
function plain<Field extends string>(...fields: Field[]): Record<Field, "anything"> {
    return Object.fromEntries(fields.map((field) => [field, "anything"])) as Record<Field, "anything">;
}

const peer = plain(
    "ipBlock",
    "namespaceSelector",
    "podSelector",
) satisfies Of<types.input.networking.v1.NetworkPolicyPeer>;

const service = {
    ...plain("type", "annotations", "port", "nodePort", "externalTrafficPolicy", "loadBalancerSourceRanges"),
    ...plain("loadBalancerClass", "loadBalancerIP"),
} satisfies Of<args.ServiceOptions>;
const hosts = plain("apiHost", "extraApiHosts", "consoleHost");

const key = { fields: plain("name", "key") satisfies Of<args.KeyReference> };
const valueSource = { secretKeyRef: key, configMapKeyRef: key } satisfies Of<args.ValueSource>;

const resources = {
    fields: plain("claims", "limits", "requests") satisfies Of<types.input.core.v1.ResourceRequirements>,
};
const tolerations = {
    each: plain("effect", "key", "operator", "tolerationSeconds", "value") satisfies Of<types.input.core.v1.Toleration>,
};

const known = {
    ...plain("namespace", "clusterDomain", "image", "replicas", "drivesPerServer", "storageSize", "storageClassName"),
    ...plain(
        "driveSubPath",
        "partition",
        "updateStrategy",
        "podManagementPolicy",
        "readiness",
        "rootUser",
        "existingSecretName",
    ),
    ...plain("credentialsRevision", "nodeSelector", "priorityClassName", "labels", "annotations", "environment"),
    ...plain("volumeAttributesClassName", "persistentVolumeClaimAnnotations", "extraArgs"),
    ...plain("imagePullPolicy", "hibernate", "rebalance"),
    environmentFrom: { named: valueSource },
    extraVolumes: {
        each: {
            ...plain("name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim"),
            ...plain("projected", "secret", "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "fc"),
            ...plain(
                "flexVolume",
                "flocker",
                "gcePersistentDisk",
                "gitRepo",
                "glusterfs",
                "hostPath",
                "image",
                "iscsi",
            ),
            ...plain("nfs", "photonPersistentDisk", "portworxVolume", "quobyte", "rbd", "scaleIO", "storageos"),
            ...plain("vsphereVolume"),
        } satisfies Of<types.input.core.v1.Volume>,
    },
    extraVolumeMounts: {
        each: {
            ...plain(
                "name",
                "mountPath",
                "mountPropagation",
                "readOnly",
                "recursiveReadOnly",
                "subPath",
                "subPathExpr",
            ),
        } satisfies Of<types.input.core.v1.VolumeMount>,
    },
    extraContainers: {
        each: {
            ...plain("name", "image", "imagePullPolicy", "command", "args", "workingDir", "env", "envFrom", "ports"),
            ...plain("securityContext", "volumeMounts"),
            resources,
        } satisfies Of<args.ExtraContainer>,
    },
    trustedAuthorities: { each: valueSource },
    imagePullSecrets: { each: plain("name") satisfies Of<types.input.core.v1.LocalObjectReference> },
    expansionPools: {
        each: {
            ...plain("replicas", "drivesPerServer", "storageSize", "storageClassName", "volumeAttributesClassName"),
            ...plain("nodeSelector", "decommission"),
            ...{ resources, tolerations },
        } satisfies Of<args.Pool>,
    },
    persistentVolumeClaimRetentionPolicy: {
        fields: plain("whenDeleted", "whenScaled") satisfies Of<args.PersistentVolumeClaimRetentionPolicy>,
    },
    rollout: {
        fields: plain("mode", "timeoutSeconds", "freezeRequests", "kubeconfig", "context") satisfies Of<args.Rollout>,
    },
    resources,
    tolerations,
    affinity: {
        fields: plain("nodeAffinity", "podAffinity", "podAntiAffinity") satisfies Of<types.input.core.v1.Affinity>,
    },
    topologySpreadConstraints: {
        each: {
            ...plain("labelSelector", "matchLabelKeys", "maxSkew", "minDomains", "nodeAffinityPolicy"),
            ...plain("nodeTaintsPolicy", "topologyKey", "whenUnsatisfiable"),
        } satisfies Of<types.input.core.v1.TopologySpreadConstraint>,
    },
    podSecurityContext: {
        fields: {
            ...plain("appArmorProfile", "fsGroup", "fsGroupChangePolicy", "runAsGroup", "runAsNonRoot", "runAsUser"),
            ...plain("seLinuxChangePolicy", "seLinuxOptions", "seccompProfile", "supplementalGroups"),
            ...plain("supplementalGroupsPolicy", "sysctls", "windowsOptions"),
        } satisfies Of<types.input.core.v1.PodSecurityContext>,
    },
    disruptionBudget: {
        fields: plain("enabled", "minAvailable", "maxUnavailable") satisfies Of<args.DisruptionBudget>,
    },
    clientService: { fields: service },
    consoleService: { fields: service },
    ...plain("ipFamilies", "ipFamilyPolicy", "appProtocol"),
    snapshots: {
        fields: plain(
            "className",
            "groupClassName",
            "sets",
            "take",
            "keep",
            "maxAgeHours",
            "consistency",
            "freezeTimeoutSeconds",
        ) satisfies Of<args.Snapshots>,
    },
    restoreFrom: { fields: plain("set", "id", "cluster", "namespace", "confirm") satisfies Of<args.Restore> },
    ingress: {
        fields: {
            ...hosts,
            ...plain("className", "annotations", "tlsSecretName", "consoleTlsSecretName"),
        } satisfies Of<args.IngressOptions>,
    },
    httpRoute: {
        fields: {
            ...hosts,
            ...plain("gatewayName", "gatewayNamespace", "sectionName"),
        } satisfies Of<args.HttpRouteOptions>,
    },
    tls: {
        fields: {
            secretName: "anything",
            issuer: { fields: plain("name", "kind", "group") satisfies Of<args.CertificateIssuer> },
        } satisfies Of<args.Tls>,
    },
    networkPolicy: {
        fields: {
            clients: { each: peer },
            scrapers: { each: peer },
            egress: { each: peer },
        } satisfies Of<args.NetworkPolicyOptions>,
    },
    monitoring: {
        fields: plain("serviceMonitor", "rules", "dashboard", "interval", "labels") satisfies Of<args.Monitoring>,
    },
    buckets: {
        each: {
            ...plain("name", "versioning", "objectLocking", "quota", "anonymousAccess", "tags"),
            ...plain("adopt", "retain", "confirmRemoval"),
            lifecycle: {
                each: plain("prefix", "expirationDays", "noncurrentExpirationDays") satisfies Of<args.LifecycleRule>,
            },
        } satisfies Of<args.Bucket>,
    },
    policies: { each: plain("name", "document", "adopt") satisfies Of<args.Policy> },
    accesses: {
        each: {
            ...plain("name", "bucket", "policies", "namespace", "secretName", "revision", "overlapSeconds", "adopt"),
        } satisfies Of<args.Access>,
    },
} satisfies Of<args.MinioClusterArgs>;

/** Of a MinioAccess. */
export const accessFields: Fields = {
    ...plain("cluster", "namespace"),
    buckets: known.buckets,
    policies: known.policies,
    accesses: known.accesses,
} satisfies Of<args.MinioAccessArgs>;

/** In these fields, null is a value: it leaves out what the component sets by default. */
const nullable = ["podSecurityContext"];

/**
 * The arguments without the fields that are null, as a blank line in a stack's file makes them, or undefined: such a
 * field is left out, whatever it is. The entries of lists, and of objects whose keys are the user's own, stay as they
 * are.
 */
export function withoutNulls<T extends object>(given: T, fields: Fields = known): T {
    return present(given, { fields }, "") as T;
}

function present(value: unknown, content: Content, field: string): unknown {
    if (content === "anything" || nullable.includes(field)) {
        return value;
    }
    if ("each" in content) {
        return Array.isArray(value) ? value.map((one) => present(one, { fields: content.each }, "")) : value;
    }
    if (!isPlainObject(value)) {
        return value;
    }
    if ("named" in content) {
        const inside = Object.entries(value).map(([name, inner]) => [
            name,
            present(inner, { fields: content.named }, ""),
        ]);
        return Object.fromEntries(inside);
    }
    const entries = Object.entries(value)
        .filter(([, inner]) => inner !== undefined && inner !== null)
        .map(([key, inner]) => [key, present(inner, contentOf(content.fields, key) ?? "anything", key)]);
    return Object.fromEntries(entries);
}

/** A field that there is not. */
export interface UnknownField {
    /** Its path. */
    field: string;
    value: unknown;
    /** The fields that there are at its place, the most similar one first. */
    known: string[];
}

/** The fields that nothing reads, at every depth: a mistyped one would be ignored otherwise. */
export function unknownFields(given: object, fields: Fields = known): UnknownField[] {
    return unknownIn(given, { fields }, "");
}

function unknownIn(value: unknown, content: Content, path: string): UnknownField[] {
    if (content === "anything") {
        return [];
    }
    if ("each" in content) {
        const each: Content = { fields: content.each };
        return Array.isArray(value) ? value.flatMap((one, index) => unknownIn(one, each, `${path}[${index}]`)) : [];
    }
    if (!isPlainObject(value)) {
        return [];
    }
    return Object.entries(value).flatMap(([key, inner]) => {
        const field = path === "" ? key : `${path}.${key}`;
        if ("named" in content) {
            return unknownIn(inner, { fields: content.named }, field);
        }
        const inside = contentOf(content.fields, key);
        if (inside !== undefined) {
            return unknownIn(inner, inside, field);
        }
        return inner === undefined
            ? []
            : [{ field, value: inner, known: bySimilarity(key, Object.keys(content.fields)) }];
    });
}

/** Not of what every object has, such as `constructor`. */
function contentOf(fields: Fields, key: string): Content | undefined {
    return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

/** Neither a list, nor an Output or a promise. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
    const prototype = typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : undefined;
    return prototype === Object.prototype || (prototype === null && value !== null);
}

function bySimilarity(word: string, words: string[]): string[] {
    const distances = new Map(words.map((one) => [one, distance(word.toLowerCase(), one.toLowerCase())]));
    return [...words].sort((a, b) => (distances.get(a) ?? 0) - (distances.get(b) ?? 0));
}

/** How many letters one must add, remove, change or swap with the next to make one word of another. */
function distance(from: string, to: string): number {
    const source = from.slice(0, 40); // No field is as long, and a key may be of any length.
    const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
    const at = (row: number, column: number) => element(element(rows, row), column);
    for (let row = 1; row <= source.length; row++) {
        const distances = [row];
        rows[row] = distances;
        for (let column = 1; column <= to.length; column++) {
            const same = source[row - 1] === to[column - 1] ? 0 : 1;
            const isSwapped =
                row > 1 && column > 1 && source[row - 1] === to[column - 2] && source[row - 2] === to[column - 1];
            distances[column] = Math.min(
                at(row - 1, column) + 1,
                at(row, column - 1) + 1,
                at(row - 1, column - 1) + same,
                isSwapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
            );
        }
    }
    return at(source.length, to.length);
}
