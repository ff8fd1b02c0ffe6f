const units: Record<string, number> = {
    n: 1e-9,
    u: 1e-6,
    m: 1e-3,
    "": 1,
    k: 1e3,
    M: 1e6,
    G: 1e9,
    T: 1e12,
    P: 1e15,
    E: 1e18,
    Ki: 2 ** 10,
    Mi: 2 ** 20,
    Gi: 2 ** 30,
    Ti: 2 ** 40,
    Pi: 2 ** 50,
    Ei: 2 ** 60,
};

/**
 * The value of a Kubernetes quantity such as `10Gi`, `500m` or `1e3`; undefined when it is none.
 * Grammar: `k8s.io/apimachinery/pkg/api/resource`.
 */
export function parseQuantity(quantity: unknown): number | undefined {
    if (typeof quantity !== "string" && typeof quantity !== "number") {
        return undefined;
    }
    const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(String(quantity));
    if (!match) {
        return undefined;
    }
    const [, digits, exponent = "", unit = ""] = match;
    return Number(`${digits}${exponent}`) * (units[unit] ?? 1);
}

/** A number of bytes for people, in two digits at least, such as `9.5 GiB`. */
export function size(bytes: number): string {
    const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
    const value = bytes / 2 ** (10 * unit);
    return `${unit > 0 && Number(value.toFixed(1)) < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
