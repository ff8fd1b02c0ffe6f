/** What was typed into docs/topology.html, as arguments, and as the hash by which the page is linked. Pure. */
import { standardClass } from "../../components/minio/topologyVariables";
import type { KnownArgs } from "../../components/spec/spec";

/** What was typed, by the path of the argument, such as `expansionPools[0].replicas`. */
export type Typed = Record<string, string>;

export const poolFields = ["replicas", "drivesPerServer", "storageSize"] as const;
export const parityField = `environment.${standardClass}`;
export const zonesField = "zones";

export function poolPrefix(pool: number): string {
    return pool === 0 ? "" : `expansionPools[${pool - 1}].`;
}

/** How many pools are typed; the first one is always there. */
export function poolsIn(typed: Typed): number {
    const further = Object.keys(typed).map((path) => Number(/^expansionPools\[(\d{1,2})\]\./.exec(path)?.[1] ?? -1));
    return 2 + Math.max(-1, ...further);
}

export function argumentsOf(typed: Typed): { args: KnownArgs; zones?: number | string } {
    const pool = (index: number) =>
        Object.fromEntries(
            poolFields.flatMap((field) => {
                const text = typed[poolPrefix(index) + field] ?? "";
                // A size is text also where it is a number.
                return text === "" ? [] : [[field, field === "storageSize" ? text : numberOr(text)]];
            }),
        );
    const further = Array.from({ length: poolsIn(typed) - 1 }, (_, index) => pool(index + 1));
    const parity = typed[parityField] ?? "";
    const zones = typed[zonesField] ?? "";
    return {
        args: {
            ...pool(0),
            ...(further.length > 0 && { expansionPools: further }),
            ...(parity !== "" && { environment: { [standardClass]: parity } }),
        } as KnownArgs,
        ...(zones !== "" && { zones: numberOr(zones) }),
    };
}

/** What is no number stays as it is, so that it is refused with its own words. */
function numberOr(text: string): number | string {
    return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** A pool whose fields are empty stays in it: it is one as the first. */
export function hashOf(typed: Typed): string {
    const kept = Object.entries(typed).filter(([path, text]) => text !== "" || path.endsWith("].replicas"));
    return new URLSearchParams(kept).toString();
}

export function typedIn(hash: string): Typed {
    return Object.fromEntries(new URLSearchParams(hash.replace(/^#/, "")));
}
