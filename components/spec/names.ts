import { digest } from "../basics/digest";
import { apiPort, consolePort } from "../minio/ports";
import type { KnownArgs, MinioClusterSpec, PoolSpec } from "./spec";

/** The names of the Kubernetes objects, all derived from the component's name. */
export interface Names {
    /** The component, the Service for clients, and the StatefulSet of the first pool. */
    cluster: string;
    headlessService: string;
    consoleService: string;
    /** The Secret with the random root credentials. */
    secret: string;
    /** The Secret with the variables that are secrets. */
    settings: string;
    /** The certificate, and the Secret that cert-manager puts it in. */
    certificate: string;
    /** The Secret with the token for metrics. */
    metricsToken: string;
    /** The label that selects the servers of all pools. */
    selector: Record<string, string>;
}

/**
 * The name of a StatefulSet may not be longer: with the hash of a revision it becomes a label's value (63 characters).
 */
export const longestName = 52;

export function namesOf(name: string): Names {
    return {
        cluster: name,
        headlessService: `${name}-headless`,
        consoleService: `${name}-console`,
        secret: `${name}-secret`,
        settings: `${name}-settings`,
        certificate: `${name}-tls`,
        metricsToken: `${name}-metrics-token`,
        selector: { app: name },
    };
}

/** The StatefulSet of a pool: the first has the cluster's name, the second is `<name>-pool-1`. */
export function poolName(name: string, pool: number): string {
    return pool === 0 ? name : `${name}-pool-${pool}`;
}

/** The labels that select the servers of a pool. */
export function poolSelector(names: Names, pool: number): Record<string, string> {
    return { ...names.selector, pool: poolName(names.cluster, pool) };
}

/** The name under which a server is found inside the cluster, whether it is ready or not. */
export function serverDnsName(names: Names, spec: MinioClusterSpec, pool: number, ordinal: number | string): string {
    return `${poolName(names.cluster, pool)}-${ordinal}.${serviceDnsName(names.headlessService, spec)}`;
}

/** DNS name of a Service, in the whole Kubernetes cluster. */
export function serviceDnsName(service: string, { namespace, clusterDomain }: MinioClusterSpec): string {
    return `${service}.${namespace}.svc.${clusterDomain}`;
}

/** Ports of the Services for clients and for the console. The servers behind them listen at MinIO's own. */
export function servicePorts({ clientService, consoleService }: Pick<KnownArgs, "clientService" | "consoleService">) {
    return { client: clientService?.port ?? apiPort, console: consoleService?.port ?? consolePort };
}

/** Name and port by which S3 clients find the servers, in the whole Kubernetes cluster. */
export function clientAddress(names: Names, spec: MinioClusterSpec): string {
    return `${serviceDnsName(names.cluster, spec)}:${servicePorts(spec).client}`;
}

/** The same for browsers that show the console. */
export function consoleAddress(names: Names, spec: MinioClusterSpec): string {
    return `${serviceDnsName(names.consoleService, spec)}:${servicePorts(spec).console}`;
}

/** `<namespace>/<cluster>/<set>` of the set to restore, as in the annotations of the StatefulSets and the claims. */
export function restoreSource(names: Names, { namespace, restoreFrom }: MinioClusterSpec): string | undefined {
    return (
        restoreFrom &&
        [
            restoreFrom.namespace ?? namespace,
            restoreFrom.cluster ?? names.cluster,
            restoreFrom.set,
            ...(restoreFrom.id ? [restoreFrom.id] : []),
        ].join("/")
    );
}

/** The longest name of a set: with a claim's it stays a name of Kubernetes, and alone a label's value. */
export const longestSetName = 40;

/** The ConfigMap that records a set. */
export function recordName(cluster: string, set: string): string {
    return `${cluster}-snapshots-${set}`;
}

/** The Secret with `tls.crt`, `tls.key` and perhaps `ca.crt`; undefined without TLS. */
export function certificateSecretName(names: Names, spec: MinioClusterSpec): string | undefined {
    return spec.tls && (spec.tls.secretName ?? names.certificate);
}

/** Every name under which a server is spoken to. */
export function certificateNames(names: Names, spec: MinioClusterSpec): string[] {
    const ofService = (service: string) => [
        service,
        `${service}.${spec.namespace}`,
        `${service}.${spec.namespace}.svc`,
        serviceDnsName(service, spec),
    ];
    return [
        `*.${serviceDnsName(names.headlessService, spec)}`,
        ...ofService(names.cluster),
        ...ofService(names.consoleService),
        "localhost",
    ];
}

/**
 * Name of the claim template, and of the claims `<drive>-<pod>`: `data`, or `data0`, `data1`, … with several drives.
 */
export function driveNames(drivesPerServer: number): string[] {
    return drivesPerServer === 1 ? ["data"] : Array.from({ length: drivesPerServer }, (_, drive) => `data${drive}`);
}

/** Where the drive of a claim belongs. */
export interface DrivePosition {
    pool: number;
    server: number;
    /** Name of the claim template, such as `data`. */
    drive: string;
}

/** The drives of a cluster, in MinIO's own order: pool by pool, server by server. */
export function drivesOf(pools: Pick<PoolSpec, "replicas" | "drivesPerServer">[]): DrivePosition[] {
    return pools.flatMap(({ replicas, drivesPerServer }, pool) =>
        Array.from({ length: replicas }, (_, server) =>
            driveNames(drivesPerServer).map((drive) => ({ pool, server, drive })),
        ).flat(),
    );
}

/** The claim of a drive, as the StatefulSet names it. */
export function claimName(cluster: string, { pool, server, drive }: DrivePosition): string {
    return `${drive}-${poolName(cluster, pool)}-${server}`;
}

/** Who declares buckets, policies and users of a cluster beside the cluster's own program: a MinioAccess. */
export interface Declarer {
    /** Of the component. */
    name: string;
    /** The whole name of its stack: organization, project, stack. */
    stack: string;
}

/** The same as one text. */
export function ownerOf({ name, stack }: Declarer): string {
    return `${stack}/${name}`;
}

/** The same as a label's value, and a part of names: components of two stacks may have one name. */
export function markOf(declarer: Declarer): string {
    return `${declarer.name}-${digest(ownerOf(declarer))}`;
}

/** The longest name of a MinioAccess: its mark is a label's value. */
export const longestAccessName = 40;

/**
 * The ConfigMap that records which buckets, policies and users were made by a program.
 *
 * @param declarer undefined: by the cluster's own. The names of components have no dot, so no two are the same
 */
export function declaredName({ cluster }: Names, declarer?: Declarer): string {
    return `${cluster}-declared${declarer ? `.${markOf(declarer)}` : ""}`;
}

/** The Secret of an access that names none. */
export function accessSecretName({ cluster }: Names, user: string): string {
    return `${cluster}-${user}`;
}

/** The access key of a user's revision. */
export function accessKeyOf(user: string, revision = 1): string {
    return `${user}-${revision}`;
}
