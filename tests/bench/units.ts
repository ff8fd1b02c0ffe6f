/** Values as Grafana writes them, in the units that the dashboard uses. Pure. */

const steps: Record<string, [factor: number, names: string[]]> = {
    bytes: [1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]],
    Bps: [1000, ["B/s", "kB/s", "MB/s", "GB/s"]],
    short: [1000, ["", "K", "Mil", "Bil"]],
    none: [1000, [""]],
    reqps: [1000, ["req/s", "K req/s"]],
    iops: [1000, ["io/s", "K io/s"]],
    ops: [1000, ["ops/s", "K ops/s"]],
};

/** Of one second. */
const seconds: Record<string, number> = { s: 1, ms: 1e-3, µs: 1e-6 };

export function ofUnit(unit: string, value: number): string {
    if (unit === "percentunit" || unit === "percent") {
        return `${digits(unit === "percent" ? value : value * 100)}%`;
    }
    if (unit in seconds) {
        return ofSeconds(value * seconds[unit]);
    }
    const [factor, names] = steps[unit] ?? [1000, [unit]];
    let [left, index] = [value, 0];
    while (Math.abs(left) >= factor && index < names.length - 1) {
        left /= factor;
        index++;
    }
    return `${digits(left)} ${names[index]}`.trim();
}

function ofSeconds(value: number): string {
    const [factor, name] =
        value === 0
            ? [1, "s"]
            : value < 1e-3
              ? [1e6, "µs"]
              : value < 1
                ? [1e3, "ms"]
                : value < 60
                  ? [1, "s"]
                  : [1 / 60, "min"];
    return `${digits(value * (factor as number))} ${name}`;
}

function digits(value: number): string {
    return String(Number(value.toPrecision(3)));
}
