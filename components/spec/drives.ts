/** The drives of a cluster, and their claims. Pure. */
import { poolName } from "./names";
import type { PoolSpec } from "./spec";

/** Name of the claim template, and of the claims `<drive>-<pod>`: `data`, or `data0`, `data1`, … with several drives. */
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
