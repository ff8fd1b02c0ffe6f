/** The old cluster among what runs, whatever tool has made it. Pure. */
import type { V1Container, V1StatefulSet, V1VolumeMount } from "@kubernetes/client-node";
import { type EndpointPool, patternsOf, poolsOf } from "./endpoints";
import type { Observed, Tenant } from "./observed";

/** Who made the old cluster. */
export type Tool = "the official chart" | "Bitnami's chart" | "MinIO's operator" | "a StatefulSet";

/** An old cluster as it was found: the same for all tools from here on. */
export interface Found {
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

export function foundIn({ statefulSets, tenants, namespace }: Observed, wanted: string | undefined): Found {
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
    const names = [...new Set(pools.flatMap(({ hosts }) => hosts.map(statefulSetOf)))];
    const labels = statefulSet.metadata?.labels ?? {};
    const isBitnami = labels["helm.sh/chart"]?.startsWith("minio-");
    const isChart = labels.chart?.startsWith("minio-") && labels.heritage === "Helm";
    const tool: Tool = isBitnami ? "Bitnami's chart" : isChart ? "the official chart" : "a StatefulSet";
    const release = labels["app.kubernetes.io/instance"] ?? labels.release;
    return {
        tool,
        label: `${tool}${tool === "a StatefulSet" ? "" : `, release ${release}`}: StatefulSet ${statefulSet.metadata?.name}`,
        // As the pools are, and not as Kubernetes lists them.
        statefulSets: names.flatMap((name) => all.filter(({ metadata }) => metadata?.name === name)),
        container,
        pools,
    };
}

/**
 * As the operator's sidecar tells the servers: `GetContainerArgs` in `pkg/resources/statefulsets/minio-statefulset.go`
 * of 7.1.1.
 */
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
export function podOf(host: string): string {
    return host.split(".")[0] ?? "";
}

/** The StatefulSet of a host name, or of a pod. */
export function statefulSetOf(host: string): string {
    return podOf(host).replace(/-\d+$/, "");
}

export function serversOf({ pools, statefulSets }: Found, index: number): number {
    const name = statefulSets[index]?.metadata?.name;
    return pools.flatMap(({ hosts }) => hosts).filter((host) => statefulSetOf(host) === name).length;
}

/** Where a path of a mount is in the mounted volume. */
export function pathInVolume({ mountPath, subPath = "" }: V1VolumeMount, path: string): string {
    return [subPath, path.slice(mountPath.length)]
        .flatMap((part) => part.split("/"))
        .filter(Boolean)
        .join("/");
}

/** The mount that has a path: the deepest one. */
export function mountOf(mounts: V1VolumeMount[], path: string): V1VolumeMount | undefined {
    return mounts
        .map((mount) => ({ ...mount, mountPath: mount.mountPath.replace(/\/+$/, "") }))
        .filter(({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`))
        .sort((one, other) => other.mountPath.length - one.mountPath.length)[0];
}
