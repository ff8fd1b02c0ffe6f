/** What of the old cluster is not taken over, or wants a decision. Pure. */
import type { V1Volume } from "@kubernetes/client-node";
import { minioId } from "../server/podTemplate";
import type { KnownArgs } from "../spec/spec";
import { leadsTo } from "./entrances";
import { type Found, mountOf } from "./found";
import type { Observed } from "./observed";
import { configurationOf, type OwnedByRoot, type RootSource, volumeOf } from "./settings";

/** How the files of the old servers get their owner, and where the root account is. */
interface Account {
    root?: RootSource;
    ownedByRoot?: OwnedByRoot;
}

export function notesOf(found: Found, observed: Observed, args: KnownArgs, { root, ownedByRoot }: Account): string[] {
    const { tool, tenant, statefulSets, container, pools } = found;
    const pod = statefulSets[0]?.spec?.template.spec;
    const headless = observed.services.filter((one) => one.spec?.clusterIP === "None" && leadsTo(found, one));
    const others = (container.env ?? [])
        .map(({ name }) => name)
        .filter((name) => !/^(MINIO_|BITNAMI_|HOME$)/.test(name));
    const { serviceAccountName: account } = pod ?? {};
    const away = statefulSets.filter(({ spec, status }) => (status?.readyReplicas ?? 0) < (spec?.replicas ?? 0));
    const mounts = mountsOf(found, args, root);
    const left = [
        (pod?.initContainers ?? []).length > 0 && tool !== "MinIO's operator" && "init containers",
        (pod?.containers ?? []).length > (tenant ? 2 : 1) && "further containers",
        tenant?.spec?.kes && "KES",
        others.length > 0 && `the variables ${others.join(", ")}`,
        mounts.length > 0 && `the mounts ${mounts.join(", ")} (extraVolumes and extraVolumeMounts may give them)`,
        account && account !== "default" && `the ServiceAccount ${account}`,
    ].filter(Boolean);
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
