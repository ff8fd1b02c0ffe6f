/** What `minio-cluster status` is asked for. Pure. */
import { parseArgs } from "node:util";

export interface StatusOptions {
    stack?: string;
    namespace?: string;
    name?: string;
    context?: string;
    /** How old the newest set of snapshots may be. */
    setHours?: number;
    json: boolean;
}

const texts = ["stack", "namespace", "name", "context", "newest-set"];

/** Everything that is wrong with the options. */
export class WrongOptions extends Error {
    constructor(readonly problems: string[]) {
        super(problems.join("; "));
    }
}

/** @throws WrongOptions */
export function statusOptions(args: string[]): StatusOptions {
    const text = { type: "string" } as const;
    const options = {
        ...Object.fromEntries(texts.map((name) => [name, text])),
        json: { type: "boolean" },
    } as const;
    const { tokens } = parseArgs({ args, options, allowPositionals: true, strict: false, tokens: true });
    const problems: string[] = [];
    const values: Record<string, string> = {};
    let json = false;
    for (const [index, token] of tokens.entries()) {
        const before = tokens[index - 1];
        if (token.kind === "positional" && before?.kind === "option" && !(before.name in options)) {
            // It may be the value of what is no option.
        } else if (token.kind === "positional") {
            problems.push(`'${token.value}' is not understood: options begin with --`);
        } else if (token.kind === "option" && texts.includes(token.name)) {
            if (!token.value || (!token.inlineValue && token.value.startsWith("-"))) {
                problems.push(`${token.rawName}: a value is missing`);
            } else {
                values[token.name] = token.value;
            }
        } else if (token.kind === "option" && token.name === "json" && token.value === undefined) {
            json = true;
        } else if (token.kind === "option" && token.name === "json") {
            problems.push("--json takes no value");
        } else if (token.kind === "option") {
            problems.push(`${token.rawName}: there is no such option: see minio-cluster status --help`);
        }
    }
    const { stack, namespace, name, context, "newest-set": newestSet } = values;
    const setHours = newestSet === undefined ? undefined : Number(newestSet);
    if (setHours !== undefined && !(setHours > 0)) {
        problems.push(`--newest-set: '${newestSet}' is not allowed: use a number of hours, such as 26`);
    }
    for (const [option, value] of Object.entries({ namespace, context })) {
        if (stack !== undefined && value !== undefined) {
            problems.push(`--${option} is not allowed with --stack, which says it: leave one of them out`);
        }
    }
    if (problems.length > 0) {
        throw new WrongOptions(problems);
    }
    return { stack, namespace, name, context, setHours, json };
}
