/** Collects what is wrong with values, and says each with its path, the value and what is allowed. Pure. */
import { isIPv4, isIPv6 } from "node:net";
import { printable } from "../basics/printable";

/** Something that is wrong with an argument. */
export interface Problem {
    /** Path of the argument, such as `persistentVolumeClaimRetentionPolicy.whenDeleted`. */
    field: string;
    /** The value, what is allowed, and what to do. */
    reason: string;
    /** Other arguments without which it may be none. */
    hangsOn?: string[];
}

export const useText = "use text; a number, true or false needs quotes";
export const dnsName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Longest label of a DNS name, and longest name of a label of Kubernetes. */
export const longestLabel = 63;
const longestHost = 253;
const labelName = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

/** What of a container may be a secret, also where it is given in a wrong form. */
const secretsOfContainers = /^extraContainers(\[\d+\](\.(env|envFrom|args|command)\b.*)?)?$/;

/** Collects problems. Each check tells whether its value was sound. */
export class Check {
    readonly problems: Problem[] = [];

    /** @param secrets arguments whose values, at whatever depth, are not shown */
    constructor(private readonly secrets: string[]) {}

    problem(field: string, value: unknown, allowed: string, context = "", hangsOn: string[] = []): void {
        const isSecret =
            secretsOfContainers.test(field) ||
            this.secrets.some((name) => field === name || /^[.[]/.test(within(field, name)));
        const shown = isSecret ? "its value (not shown)" : show(value);
        this.problems.push({
            field: printable(field),
            reason: `${shown} is not allowed${context}: ${allowed}`,
            hangsOn,
        });
    }

    that(sound: boolean, field: string, value: unknown, allowed: string): boolean {
        if (!sound) {
            this.problem(field, value, allowed);
        }
        return sound;
    }

    /** @param choices a choice of args.ts */
    oneOf(field: string, value: unknown, choices: Record<string, string>): boolean {
        const allowed = Object.values(choices);
        return this.that(isText(value) && allowed.includes(value), field, value, `use ${allowed.join(" or ")}`);
    }

    name(field: string, value: unknown, pattern: RegExp, longest: number): boolean {
        const sound = isText(value) && pattern.test(value) && value.length <= longest;
        return this.that(sound, field, value, `use a name of at most ${longest} lower-case letters, digits and '-'`);
    }

    host(field: string, value: unknown): boolean {
        const sound = isHostName(value) && !isIPv4(value as string);
        return this.that(sound, field, value, "use a host name, such as s3.example.org");
    }

    /** A host name, or all below a domain. */
    hostOrWildcard(field: string, value: unknown): boolean {
        const named = isText(value) ? value.replace(/^\*\./, "") : "";
        const sound = isHostName(named) && !isIPv4(named) && (value as string).length <= longestHost;
        return this.that(sound, field, value, "use a host name, such as s3.example.org or *.s3.example.org");
    }

    /** As Kubernetes wants the keys of labels, and other names that may have a domain before them. */
    qualifiedName(field: string, value: unknown, example: string): boolean {
        return this.that(isText(value) && isQualifiedName(value), field, value, `use a name such as ${example}`);
    }

    /** @param whose what has the port, such as `a Service` */
    port(field: string, value: unknown, whose: string): boolean {
        return this.that(
            isInteger(value, 1, 65535),
            field,
            value,
            `use a port of ${whose}, an integer from 1 to 65535`,
        );
    }

    /** @param known the fields that there are, the most similar one first; the value may be a secret, and is not shown */
    unknown(field: string, [nearest, ...others]: string[]): void {
        const all = others.length < 10 ? `; there are ${[nearest, ...others].sort().join(", ")}` : "";
        this.problems.push({
            field: printable(shortened(field)),
            reason: `there is no such field: did you mean ${nearest}?${all}`,
        });
    }

    list(field: string, value: unknown): boolean {
        return this.that(value === undefined || value === null || Array.isArray(value), field, value, "use a list");
    }

    /** Addresses by CIDR. */
    addresses(field: string, value: unknown): boolean {
        const [, address, bits] = (isText(value) && /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(value)) || [];
        const longest = isIPv4(address ?? "") ? 32 : isIPv6(address ?? "") ? 128 : -1;
        const sound = bits !== undefined && Number(bits) <= longest;
        return this.that(sound, field, value, "use addresses by CIDR, such as 10.0.0.0/8");
    }

    flag(field: string, value: unknown): boolean {
        const sound = value === undefined || value === null || typeof value === "boolean";
        return this.that(sound, field, value, "use true or false");
    }

    object(field: string, value: unknown): boolean {
        return this.that(value === undefined || value === null || isObject(value), field, value, "use an object");
    }

    labels(field: string, value: unknown): void {
        const allowed = "use a label that Kubernetes allows: a value of at most 63 letters, digits, '-', '_' and '.'";
        this.named(field, value, (text) => labelValue.test(text) && text.length <= longestLabel, allowed);
    }

    annotations(field: string, value: unknown): void {
        this.named(field, value, () => true, useText);
    }

    /** An object whose keys are as Kubernetes wants those of labels and annotations, and whose values are all text. */
    private named(field: string, value: unknown, isAllowed: (text: string) => boolean, allowed: string): void {
        if (!this.object(field, value)) {
            return;
        }
        for (const [key, text] of Object.entries(asObject(value))) {
            const path = `${field}.${shortened(key)}`;
            const sound = this.that(
                isQualifiedName(key),
                path,
                text,
                "use a key of at most 63 letters, digits, '-', '_' and '.', perhaps after a domain and '/'",
            );
            if (sound && this.that(isText(text), path, text, useText)) {
                this.that(isAllowed(text as string), path, text, allowed);
            }
        }
    }
}

/** As Kubernetes wants the keys of labels and annotations: `IsQualifiedName` in `k8s.io/apimachinery`. */
function isQualifiedName(key: string): boolean {
    const parts = key.split("/");
    const name = parts.pop() ?? "";
    const [prefix] = parts;
    const prefixIsSound = prefix === undefined || (parts.length === 1 && dnsName.test(prefix) && prefix.length <= 253);
    return prefixIsSound && labelName.test(name) && name.length <= longestLabel;
}

/** A name that DNS can have. */
export function isHostName(value: unknown): boolean {
    const labels = isText(value) && value.length <= longestHost && dnsName.test(value) ? value.split(".") : [];
    return labels.length > 0 && labels.every(({ length }) => length <= longestLabel);
}

/** What of a field's path comes after a prefix; nothing where it has another one. */
function within(field: string, prefix: string): string {
    return field.startsWith(prefix) ? field.slice(prefix.length) : "";
}

export function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function asObject(value: unknown): Record<string, unknown> {
    return isObject(value) ? value : {};
}

export function asList(value: unknown): unknown[] {
    return Array.isArray(value) ? value : [];
}

export function isText(value: unknown): value is string {
    return typeof value === "string";
}

export function isInteger(value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): value is number {
    return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** A value as a person would recognise it, however strange. */
export function show(value: unknown): string {
    let text: string;
    try {
        text = typeof value === "string" ? `'${value}'` : String(JSON.stringify(value) ?? value);
    } catch {
        text = typeof value; // Such as an object that contains itself.
    }
    return printable(shortened(text));
}

function shortened(text: string): string {
    return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
