import { element } from "../basics/element";
import { apiPort, consolePort } from "../minio/ports";
import { type Names, serverDnsName } from "../spec/names";
import { type MinioClusterSpec, scheme } from "../spec/spec";
import { certificatesFolder, certificateVolumes } from "./certificateFiles";

/**
 * The arguments of every server: one pattern for each pool, in MinIO's own notation. Their text is compared between the
 * servers, so it may not differ between them.
 */
export function serverArguments(names: Names, spec: MinioClusterSpec): string[] {
    return [
        "server",
        `--address=:${apiPort}`,
        `--console-address=:${consolePort}`,
        ...(certificateVolumes(names, spec).length > 0 ? [`--certs-dir=${certificatesFolder}`] : []),
        ...(spec.extraArgs ?? []),
        ...spec.pools.map((_, pool) => poolPattern(names, spec, pool)),
    ];
}

/** All drives of a pool in MinIO's notation, by which MinIO knows it. */
export function poolPattern(names: Names, spec: MinioClusterSpec, pool: number): string {
    const { replicas, drivesPerServer } = element(spec.pools, pool);
    const server = serverDnsName(names, spec, pool, `{0...${replicas - 1}}`);
    const drives = drivesPerServer === 1 ? "/data" : `/data{0...${drivesPerServer - 1}}`;
    return `${scheme(spec)}://${server}:${apiPort}${drives}`;
}
