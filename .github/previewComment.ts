/**
 * What a reviewer reads of a stack's preview, as Markdown on standard output:
 *
 *     pulumi preview --stack STACK --json > preview.json
 *     pulumi preview --stack STACK --policy-pack policy > policies.txt
 *     npx tsx .github/previewComment.ts STACK preview.json policies.txt
 *
 * `pulumi/actions` would comment by itself, but not on a preview that fails: a refused change is what a reviewer must see.
 */
import { readFileSync } from "node:fs";

/** A part of what `pulumi preview --json` prints. Secrets are `[secret]` in it already. */
interface Preview {
    steps?: Step[];
    diagnostics?: { urn?: string; message?: string; severity?: string }[];
    changeSummary?: Record<string, number>;
}

interface Step {
    op: string;
    urn: string;
    detailedDiff?: Record<string, { kind: string }> | null;
    oldState?: { inputs?: unknown };
    newState?: { inputs?: unknown };
}

/** GitHub takes 65,536 characters. */
const longestComment = 60_000;
const longestValue = 160;

const signs: Record<string, string> = { error: "❌ ", warning: "⚠️ " };

/** The first line of a stack's comment, by which the next preview finds it and writes over it. */
export function marker(stack: string): string {
    return `<!-- pulumi preview of ${stack} -->`;
}

/**
 * The comment: what happens in a line, what the component and the policies say, and each property that changes.
 *
 * @param output what `pulumi preview --json` printed, or what it printed instead
 * @param policyOutput what `pulumi preview --policy-pack` printed: its JSON says nothing of policies
 */
export function comment(stack: string, output: string, policyOutput = ""): string {
    const preview = parse(output);
    const body = preview
        ? [title(stack, preview, policyOutput), ...messages(preview), ...violations(policyOutput), ...changes(preview)]
        : [`### \`${stack}\`: no preview`, fenced(output)];
    const text = [marker(stack), ...body].join("\n\n");
    return text.length > longestComment
        ? `${text.slice(0, longestComment)}\n\n… and more: see the job's log\n`
        : `${text}\n`;
}

function parse(output: string): Preview | undefined {
    try {
        return JSON.parse(output) as Preview;
    } catch {
        return undefined; // Pulumi could not even begin, and says why in plain text.
    }
}

function title(stack: string, { diagnostics = [], changeSummary = {} }: Preview, policyOutput: string): string {
    const counts = Object.entries(changeSummary)
        .filter(([op, count]) => op !== "same" && count > 0)
        .map(([op, count]) => `${count} to ${op}`);
    const isRefused = diagnostics.some(({ severity }) => severity === "error") || policyOutput.includes("[mandatory]");
    return `### \`${stack}\`: ${isRefused ? "refused" : counts.join(", ") || "nothing changes"}`;
}

/** Errors first, then warnings. */
function messages({ diagnostics = [] }: Preview): string[] {
    const rank = (severity = "") => [...Object.keys(signs), severity].indexOf(severity);
    return [...diagnostics]
        .sort((a, b) => rank(a.severity) - rank(b.severity))
        .map(({ urn, message = "", severity }) => ({ where: nameOf(urn), severity, text: plain(message).trim() }))
        .filter(({ text }) => text !== "" && text !== "error: preview failed") // That says the title.
        .map(({ where, severity, text }) => {
            const sign = signs[severity ?? ""] ?? "";
            const said = text
                .replace(/^(error|warning): /, "")
                .replace(/^Preview failed: before hook "[^"]*" failed: /, "");
            return `> ${sign}${where ? `**${where}**: ` : ""}${escaped(said).replaceAll("\n", "\n> ")}`;
        });
}

/** The section `Policies:`, where it tells of a violation. */
function violations(output: string): string[] {
    const [, section = ""] = /^Policies:\n((?: .*\n|\n)*)/m.exec(plain(output)) ?? [];
    return section.includes("[mandatory]") || section.includes("[advisory]") ? [fenced(section.trimEnd())] : [];
}

function changes({ steps = [] }: Preview): string[] {
    const rows = steps
        .filter(({ op, urn }) => op !== "same" && op !== "read" && nameOf(urn) !== "")
        .sort((a, b) => (nameOf(a.urn) < nameOf(b.urn) ? -1 : 1)) // Pulumi's own order differs from run to run.
        .map((step) => `| ${step.op} | ${nameOf(step.urn)} | ${properties(step).join("<br>")} |`);
    return rows.length > 0 ? [["| | resource | what changes |", "|---|---|---|", ...rows].join("\n")] : [];
}

function properties({ detailedDiff, oldState, newState }: Step): string[] {
    return (
        Object.keys(detailedDiff ?? {})
            // The component's own notes, and what Pulumi waits for by one of them, say the same again.
            .filter((path) => !path.includes("minio-cluster/") && !path.includes("pulumi.com/waitFor"))
            .map((path) => {
                const [before, after] = [oldState, newState].map((state) => code(valueAt(state?.inputs, path)));
                return `${code(path)}${before || after ? `: ${before || "none"} → ${after || "none"}` : ""}`;
            })
    );
}

/** `StatefulSet minio` of a URN; empty for the stack itself. */
function nameOf(urn: string | undefined): string {
    const [, , types = "", name = ""] = urn?.split("::") ?? [];
    const type = types.split("$").at(-1)?.split(":").at(-1) ?? "";
    return type === "" || type === "Stack" ? "" : `${type} ${name}`;
}

/** The value at a path such as `spec.containers[0].image` or `metadata.annotations["example.org/owner"]`. */
function valueAt(value: unknown, path: string): unknown {
    const keys = [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
        ([, quoted, index, name]) => quoted ?? index ?? name,
    );
    return keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}

/** A value as code in a table; empty for none, and for what is too long to read there. */
function code(value: unknown): string {
    const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
    return text === "" || text.length > longestValue
        ? ""
        : `\`${text.replaceAll("`", "'").replaceAll("|", "\\|").replaceAll("\n", " ")}\``;
}

/** Text in which GitHub sees no HTML and calls nobody. */
function escaped(text: string): string {
    return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("@", "@&#8203;");
}

function fenced(text: string): string {
    return `\`\`\`text\n${plain(text).replaceAll("```", "'''").trimEnd()}\n\`\`\``;
}

/** Without the colours of a terminal. */
function plain(text: string): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a colour begins
    return text.replace(/\u001b\[[\d;]*m/g, "");
}

if (require.main === module) {
    const [stack, ...files] = process.argv.slice(2);
    const [output, policyOutput] = files.map((file) => readFileSync(file, "utf8"));
    process.stdout.write(comment(stack, output, policyOutput));
}
