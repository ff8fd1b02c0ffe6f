import type { MinioClusterSpec } from "./args";
import { type Names, serverDnsName } from "./names";

/** MinIO's own ports. */
export const apiPort = 9000;
export const consolePort = 9001;

/** Name of the claim template, and of the claims `<drive>-<pod>`: `data`, or `data0`, `data1`, … with several drives. */
export function driveNames(drivesPerServer: number): string[] {
    return drivesPerServer === 1 ? ["data"] : Array.from({ length: drivesPerServer }, (_, drive) => `data${drive}`);
}

/**
 * The arguments of every server: one pattern for the pool, in MinIO's own notation. Its text is compared between the
 * servers, so it may not differ between them.
 */
export function serverArguments(names: Names, spec: MinioClusterSpec): string[] {
    const server = serverDnsName(names, spec, `{0...${spec.replicas - 1}}`);
    const drives = spec.drivesPerServer === 1 ? "/data" : `/data{0...${spec.drivesPerServer - 1}}`;
    return [
        "server",
        `--address=:${apiPort}`,
        `--console-address=:${consolePort}`,
        `http://${server}:${apiPort}${drives}`,
    ];
}
