/** What differs between the program of a stack and a cluster, by `pulumi preview --refresh --json`. Pure. */

/** A part of what it prints. Secrets are `[secret]` in it already. */
interface Preview {
    steps?: Step[];
    diagnostics?: { urn?: string; message?: string; severity?: string }[];
}

interface Step {
    op: string;
    urn: string;
    diffReasons?: string[] | null;
    detailedDiff?: Record<string, unknown> | null;
    oldState?: { parent?: string };
    newState?: { parent?: string };
}

export interface Difference {
    /** Such as `update` or `replace`. */
    does: string;
    /** Such as `StatefulSet minio`. */
    resource: string;
    /** Paths of what changes, and no value. */
    properties: string[];
}

/** What a preview says of one cluster. */
export interface Program {
    stack: string;
    /** Undefined where it was not looked at. Where there is `why`, there may be others. */
    differences?: Difference[];
    /** What the component itself says of them, a line each. */
    said: string[];
    /** Why it was not looked at. */
    why?: string;
}

/** Steps that change nothing. */
const quiet = new Set(["same", "read", "refresh", "read-replacement", "read-discard", "discard-replaced"]);

/** Of the steps that replace a resource, this one says so; the others are its parts. */
const parts = new Set(["create-replacement", "delete-replaced"]);

const longestMessage = 400;

/**
 * @param component its URN: a stack may have much else
 * @param output what was printed to standard output
 * @param errors what was printed to standard error
 */
export function programOf(stack: string, component: string, code: number, output: string, errors: string): Program {
    const preview = parsed(output);
    const why = preview !== undefined && code === 0 ? undefined : whyNot(preview, code, errors);
    if (preview === undefined) {
        return { stack, said: [], why };
    }
    const { steps = [], diagnostics = [] } = preview;
    const parents = new Map(steps.map((step) => [step.urn, (step.newState ?? step.oldState)?.parent]));
    const isOwn = (urn: string | undefined): boolean => urn === component || (!!urn && isOwn(parents.get(urn)));
    const differences = steps
        .filter(({ op, urn }) => !quiet.has(op) && !parts.has(op) && isOwn(urn))
        .map((step) => ({ does: step.op, resource: resourceOf(step.urn), properties: propertiesOf(step) }))
        .sort((one, other) => (one.resource < other.resource ? -1 : 1)); // Pulumi's own order differs from run to run.
    const said = diagnostics
        .filter(({ urn, severity }) => ["info", "warning"].includes(severity ?? "") && isOwn(urn))
        .map(({ message = "" }) => line(message))
        .filter((message) => message !== "");
    // A preview ends at the first resource that Kubernetes refuses to change.
    return why !== undefined && differences.length === 0
        ? { stack, said: [], why }
        : { stack, differences, said: [...new Set(said)], ...(why !== undefined && { why }) };
}

function parsed(output: string): Preview | undefined {
    try {
        return JSON.parse(output) as Preview;
    } catch {
        return undefined; // Pulumi could not even begin, and says why in plain text.
    }
}

/** The first error: others mostly follow from it. */
function whyNot(preview: Preview | undefined, code: number, errors: string): string {
    const messages = (preview?.diagnostics ?? []).map(({ urn, message = "", severity = "" }) => {
        const [, conflict] = /had an apply conflict: ([\s\S]*)$/.exec(message) ?? [];
        return {
            severity,
            message: urn && conflict ? `${resourceOf(urn)}: ${line(conflict)}` : line(message).replace(/^error: /i, ""),
        };
    });
    const wrong = messages.find(({ severity, message }) => severity === "error" && message !== "preview failed");
    const [written] = messages.filter(({ severity, message }) => severity === "info#err" && message !== "");
    const said = (wrong ?? written)?.message || line(errors).replace(/^error: /, "");
    return `pulumi preview ended with ${code}${said === "" ? "" : `: ${said}`}`;
}

/** `StatefulSet minio` of a URN. */
function resourceOf(urn: string): string {
    const [, , types = "", name = ""] = urn.split("::");
    return `${types.split("$").at(-1)?.split(":").at(-1)} ${name}`;
}

/** Without the component's own notes, and what Pulumi waits for by one of them: they say the same again. */
function propertiesOf({ detailedDiff, diffReasons }: Step): string[] {
    const paths = Object.keys(detailedDiff ?? {});
    return (paths.length > 0 ? paths : (diffReasons ?? [])).filter(
        (path) => !path.includes("minio-cluster/") && !path.includes("pulumi.com/"),
    );
}

/** On one line, without the colours of a terminal. */
function line(text: string): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a colour begins
    const plain = text.replace(/\u001b\[[\d;]*m/g, "").replace(/\s+/g, " ");
    return plain.length > longestMessage ? `${plain.slice(0, longestMessage).trim()}…` : plain.trim();
}
