/**
 * The servers' variables that change what MinIO makes of their drives: read here as MinIO reads them, or refused. Pure.
 *
 * They are those that RELEASE.2025-09-07 and the source of February 2026 read: `serverCmdArgs` and the flags in
 * `cmd/server-main.go`, `EnvErasureSetDriveCount` in `cmd/endpoint-ellipses.go`, `LookupConfig` in
 * `internal/config/storageclass`, and `_MINIO_SERVER_LOCAL` in `cmd/endpoint.go`. What is left is MinIO's stored
 * configuration (`mc admin config set storage_class`), which is seen only when the servers run: see live/quorums.ts.
 */
import { element } from "../basics/element";
import { defaultParityOf, erasureSetSizeOf, type PoolShape } from "./topology";

/** Parity of the objects of class STANDARD, which are all that name no other: `EC:2`. */
export const standardClass = "MINIO_STORAGE_CLASS_STANDARD";

/** Parity of those that a client stores in the class REDUCED_REDUNDANCY. No quorum of a pool follows from it. */
const reducedClass = "MINIO_STORAGE_CLASS_RRS";

const setSize = "MINIO_ERASURE_SET_DRIVE_COUNT";

/**
 * They take the place of the servers' arguments, or of the address by which a server finds its own drives among them.
 */
const replacing = ["MINIO_ARGS", "MINIO_VOLUMES", "MINIO_ENDPOINTS", "MINIO_CONFIG", "_MINIO_SERVER_LOCAL"];

/** All of them: their values are read here, so they must be in the program. */
export const topologyVariables = [...replacing, setSize, standardClass, reducedClass];

/** What is known of `environment`, whose values may be anything before they are checked. */
export type Variables = Record<string, unknown> | null | undefined;

/** The parity that a program sets for all objects; undefined where it follows from the drives, or is no parity. */
export function standardParity(environment: Variables): number | undefined {
    return parityOf(environment?.[standardClass]);
}

/** Why a variable cannot be as it is. */
export interface VariableProblem {
    name: string;
    reason: string;
}

/**
 * @param pools servers and drives, where MinIO accepts them
 * @returns a problem for each variable that is refused
 */
export function topologyVariableProblems(
    environment: Variables,
    pools: Omit<PoolShape, "driveBytes">[] | undefined,
): VariableProblem[] {
    const given = (name: string) => {
        const value = environment?.[name];
        return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
    };
    const problems: VariableProblem[] = replacing
        .filter((name) => given(name) !== undefined)
        .map((name) => ({
            name,
            reason:
                "MinIO would take its drives from there, and not from the servers and drives that the component made: leave it out, " +
                "and use replicas, drivesPerServer and expansionPools",
        }));
    const sizes = pools?.map(({ servers, drivesPerServer }) => erasureSetSizeOf(servers, drivesPerServer));
    if (pools === undefined || sizes === undefined || !sizes.every((size) => size !== undefined)) {
        return problems;
    }
    const size = given(setSize);
    if (size !== undefined && sizes.some((one) => String(one) !== size)) {
        problems.push({
            name: setSize,
            reason:
                `the erasure sets have ${[...new Set(sizes)].join(" and ")} drives by the number of servers and drives, and sets of ` +
                "another size would not lie evenly over the servers: leave it out, or use another replicas or drivesPerServer",
        });
    }
    const largest = Math.floor(Math.min(...sizes) / 2);
    const standard = given(standardClass);
    if (standard !== undefined) {
        const parity = parityOf(standard);
        if (parity === undefined || parity < 1 || parity > largest) {
            const what =
                parity === undefined ? "" : `EC:${parity} does not suit sets of ${Math.min(...sizes)} drives: `;
            const without =
                parity === 0
                    ? ", as without parity each restart would end all requests, and a lost drive loses objects"
                    : "";
            problems.push({ name: standardClass, reason: `${what}use ${choice(1, largest)}${without}` });
        }
    }
    const reduced = given(reducedClass);
    if (reduced !== undefined) {
        const parity = parityOf(reduced);
        const most = Math.min(largest, standardParity(environment) ?? defaultParityOf(element(pools, 0)) ?? largest);
        if (parity === undefined || parity > most) {
            const what = parity === undefined ? "" : `EC:${parity} is more than objects of class STANDARD have: `;
            problems.push({ name: reducedClass, reason: `${what}use ${choice(0, most)}` });
        }
    }
    return problems;
}

/** As `parseStorageClass`, and whatever `strconv.Atoi` takes, such as `+2`. */
function parityOf(value: unknown): number | undefined {
    const [, parity] = (typeof value === "string" && /^EC:(\+?\d{1,9})$/.exec(value.trim())) || [];
    return parity === undefined ? undefined : Number(parity);
}

function choice(least: number, most: number): string {
    return least === most ? `EC:${least}` : `EC:${least} to EC:${most}`;
}
