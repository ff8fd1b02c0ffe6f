import { type Names, serverDnsName } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";

/** MinIO's own ports. */
export const apiPort = 9000;
export const consolePort = 9001;

/** Name of the claim template, and of the claims `<drive>-<pod>`: `data`, or `data0`, `data1`, … with several drives. */
export function driveNames(drivesPerServer: number): string[] {
    return drivesPerServer === 1 ? ["data"] : Array.from({ length: drivesPerServer }, (_, drive) => `data${drive}`);
}

/** How servers and clients speak to the servers. */
export function scheme(spec: MinioClusterSpec): "http" | "https" {
    return spec.tls ? "https" : "http";
}

/** Where the certificates lie, when there are any. */
export const certificatesFolder = "/certs";

/**
 * The arguments of every server: one pattern for each pool, in MinIO's own notation. Their text is compared between the
 * servers, so it may not differ between them.
 */
export function serverArguments(names: Names, spec: MinioClusterSpec): string[] {
    const patterns = spec.pools.map(({ replicas, drivesPerServer }, pool) => {
        const server = serverDnsName(names, spec, pool, `{0...${replicas - 1}}`);
        const drives = drivesPerServer === 1 ? "/data" : `/data{0...${drivesPerServer - 1}}`;
        return `${scheme(spec)}://${server}:${apiPort}${drives}`;
    });
    return [
        "server",
        `--address=:${apiPort}`,
        `--console-address=:${consolePort}`,
        ...(spec.tls ? [`--certs-dir=${certificatesFolder}`] : []),
        ...patterns,
    ];
}
