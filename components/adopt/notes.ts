/** What of the old cluster is not taken over, or wants a decision. Pure. */
import type { V1PodSpec, V1Volume } from "@kubernetes/client-node";
import { minioId } from "../server/podTemplate";
import type { KnownArgs } from "../spec/spec";
import { leadsTo } from "./entrances";
import { type Found, mountOf } from "./found";
import type { Observed } from "./observed";
import { isOfOld } from "./placement";
import { configurationOf, type OwnedByRoot, type RootSource, variablesOf, volumeOf } from "./settings";

/** How the files of the old servers get their owner, and where the root account is. */
interface Account {
    root?: RootSource;
    ownedByRoot?: OwnedByRoot;
}

/** Fields of pods that no argument has, with the values that Kubernetes gives them. */
const podFields: Partial<Record<keyof V1PodSpec, unknown>> = {
    hostAliases: [],
    hostNetwork: false,
    runtimeClassName: "",
    schedulerName: "default-scheduler",
    dnsPolicy: "ClusterFirst",
    dnsConfig: {},
};

/** Flags that the component gives, or that say how the old tool starts servers. */
const ownFlags = /^--(address|console-address|certs-dir|config-dir|quiet|json)$/;

export function notesOf(
    found: Found,
    observed: Observed,
    name: string,
    args: KnownArgs,
    { root, ownedByRoot }: Account,
): string[] {
    const { tenant, statefulSets, container, pools } = found;
    const headless = observed.services.filter((one) => one.spec?.clusterIP === "None" && leadsTo(found, one));
    const away = statefulSets.filter(({ spec, status }) => (status?.readyReplicas ?? 0) < (spec?.replicas ?? 0));
    const left = leftOf(found, observed, args, root);
    return [
        ...away.map(
            ({ metadata, spec, status }) =>
                `StatefulSet ${metadata?.name}: ${status?.readyReplicas ?? 0} of ${spec?.replicas} servers are ` +
                "ready: wait until all are",
        ),
        ...(pools.some(({ scheme }) => scheme === "https")
            ? [
                  "the old servers use TLS, and the arguments have none: give tls, with a certificate for the " +
                      "new names, or clients use http",
              ]
            : []),
        ...(left.length > 0 ? [`not among the arguments: ${left.join(", ")}`] : []),
        ...keptNotes(args),
        ...networkNotes(found, observed, name),
        ...serviceNotes(found, observed),
        ...(ownedByRoot
            ? [
                  `the old servers run as root${ownedByRoot.container ? ", as no user is named" : ""}: the steps ` +
                      "give every file to the " +
                      `user ${minioId}, by a pod of ${ownedByRoot.image} for each server`,
              ]
            : []),
        ...(tenant && !observed.operator
            ? [
                  "MinIO's operator is not found as minio-operator/minio-operator: stop it before the steps, or " +
                      "it starts the old servers again",
              ]
            : []),
        ...(tenant && observed.operator
            ? [
                  "MinIO's operator is stopped by the steps, for all its tenants: their servers run on, and " +
                      "nothing manages them meanwhile",
              ]
            : []),
        "stop what applies the old objects again, such as Argo CD or Flux: it would start the old servers with " +
            "empty drives",
        ...headless.map(
            ({ metadata }) =>
                `the headless Service ${metadata?.name} does not lead to the new servers: clients that use it ` +
                "need another address",
        ),
        ...((args.expansionPools ?? []).length > 0
            ? ["let a decommission end first: MinIO would not know its pool by the new address"]
            : []),
        `image: ${container.image} becomes the default, Silo; with another image that the nodes can pull, set ` +
            "image. Never use an older server",
    ];
}

/** What the old servers have and the arguments do not say. */
function leftOf(found: Found, observed: Observed, args: KnownArgs, root: RootSource | undefined): string[] {
    const { tool, tenant, statefulSets, container } = found;
    const pod = statefulSets[0]?.spec?.template.spec;
    const others = variablesOf(found, observed)
        .map((one) => one.name)
        .filter((one) => !/^(MINIO_|BITNAMI_|HOME$)/.test(one));
    const fields = Object.entries(podFields).flatMap(([field, usual]) => {
        const value = pod?.[field as keyof V1PodSpec] ?? usual;
        return JSON.stringify(value) === JSON.stringify(usual) ? [] : [field];
    });
    const { seLinuxOptions } = { ...pod?.securityContext, ...container.securityContext };
    if (seLinuxOptions && !args.podSecurityContext?.seLinuxOptions) {
        fields.push("seLinuxOptions");
    }
    const { command = [], args: words = [] } = container;
    const flags = [...new Set([...command, ...words].join(" ").match(/(?<!\S)--[a-z][a-z-]*/g))].filter(
        (flag) => !ownFlags.test(flag),
    );
    const { serviceAccountName: account } = pod ?? {};
    const mounts = mountsOf(found, args, root);
    return [
        (pod?.initContainers ?? []).length > 0 && tool !== "MinIO's operator" && "init containers",
        (pod?.containers ?? []).length > (tenant ? 2 : 1) && "further containers",
        Boolean(tenant?.spec?.kes) && "KES",
        others.length > 0 && `the variables ${others.join(", ")}`,
        flags.length > 0 && `the servers' arguments ${flags.join(", ")} (extraArgs may give them)`,
        fields.length > 0 && `the pods' ${fields.join(", ")}`,
        mounts.length > 0 && `the mounts ${mounts.join(", ")} (extraVolumes and extraVolumeMounts may give them)`,
        Boolean(account) && account !== "default" && `the ServiceAccount ${account}`,
    ].filter((one) => one !== false);
}

/** What the MinIO container has mounted beside its drives, its root account, its variables and scratch. */
function mountsOf(found: Found, { trustedAuthorities }: KnownArgs, root: RootSource | undefined): string[] {
    const { container, pools, statefulSets } = found;
    const mounts = container.volumeMounts ?? [];
    const drives = pools.flatMap(({ paths }) => paths.map((path) => mountOf(mounts, path)?.name));
    const taken = [
        root && "secret" in root && root.secret,
        configurationOf(found)?.secret,
        ...(trustedAuthorities ?? []).map((one) => (one.secretKeyRef ?? one.configMapKeyRef)?.name),
    ];
    return mounts.flatMap(({ name, mountPath }) => {
        const { name: _, ...kinds } = volumeOf(statefulSets, name) ?? { name };
        const { secret, configMap, emptyDir } = kinds as Partial<V1Volume>;
        const object = secret?.secretName ?? configMap?.name;
        const kind = Object.keys(kinds).join() || `claim template ${name}`;
        const isTaken = emptyDir || drives.includes(name) || (object !== undefined && taken.includes(object));
        return isTaken ? [] : [`${mountPath} of ${object ? `${kind} ${object}` : kind}`];
    });
}

/** Objects that the new servers read, and that may be the old tool's. */
function keptNotes({ environmentFrom = {}, trustedAuthorities = [] }: KnownArgs): string[] {
    const kept = [...Object.values(environmentFrom), ...trustedAuthorities].map(({ secretKeyRef, configMapKeyRef }) =>
        secretKeyRef ? `Secret ${secretKeyRef.name}` : `ConfigMap ${configMapKeyRef?.name}`,
    );
    return kept.length === 0
        ? []
        : [
              `the new servers read variables or certificates from ${[...new Set(kept)].join(", ")}: keep that when the old ` +
                  "cluster's objects are removed",
          ];
}

/** In a namespace where nothing else lets requests through, the new servers would get none, not even from each other. */
function networkNotes({ statefulSets }: Found, { networkPolicies }: Observed, name: string): string[] {
    if (networkPolicies === "forbidden") {
        return [
            "whether NetworkPolicies select the old servers only is not known, without the right to list them: each must " +
                `select app: ${name} too`,
        ];
    }
    const ofOld = networkPolicies.filter(({ spec }) =>
        statefulSets.some((statefulSet) => isOfOld(spec?.podSelector ?? {}, statefulSet, name)),
    );
    return ofOld.map(
        ({ metadata }) =>
            `the NetworkPolicy ${metadata?.name} selects the old servers, and not the new ones: before move.sh, make one ` +
            `like it for app: ${name}, or give networkPolicy`,
    );
}

/** Annotations that only tell how an object was made. */
const makersAnnotations = /^(kubectl\.kubernetes\.io|meta\.helm\.sh|min\.io)\//;

/** What ends with a Service of the old cluster, when that is removed. */
function serviceNotes(found: Found, { services }: Observed): string[] {
    return services
        .filter((one) => leadsTo(found, one))
        .flatMap(({ metadata, spec }) => {
            const annotations = Object.keys(metadata?.annotations ?? {}).filter((one) => !makersAnnotations.test(one));
            const nodePorts = (spec?.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []);
            const own = [
                spec?.type && spec.type !== "ClusterIP" && `type ${spec.type}`,
                nodePorts.length > 0 && `node ports ${nodePorts.join(", ")}`,
                annotations.length > 0 && `annotations ${annotations.join(", ")}`,
            ].filter(Boolean);
            return own.length === 0
                ? []
                : [
                      `the Service ${metadata?.name} has these, until it is removed: ${own.join("; ")}. Give those that ` +
                          "you need as clientService or consoleService",
                  ];
        });
}
