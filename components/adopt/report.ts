/** What the command says of what it has found. Pure. */
import { element } from "../basics/element";
import type { Adoption } from "./adoption";

/** Where the command has written its files. */
export interface Files {
    args: string;
    prepare: string;
    move: string;
    back: string;
}

export function reportOf(
    { old, tool, name, args, drives, notes, statefulSets, entrances }: Adoption,
    files: Files,
): string {
    const [first, last] = [element(drives, 0), element(drives, drives.length - 1)];
    const removal: Record<typeof tool, string> = {
        "the official chart": "helm uninstall the release",
        "Bitnami's chart": "helm uninstall the release",
        "MinIO's operator": "delete the tenant, and start the operator again when no other tenant is stopped",
        "a StatefulSet": `delete the StatefulSet ${statefulSets.map((one) => one.name).join(", ")} and its Services`,
    };
    return `${old}
${drives.length} drives: ${first.old.metadata?.name} becomes ${first.claim}, … ${last.old.metadata?.name} becomes ${last.claim}

new MinioCluster("${name}", ${textOf(args)});

${notes.map((note) => wrapped(`- ${note}`)).join("\n")}

The arguments are in ${files.args}, too. What to do:
1. bash ${files.prepare}   # makes the Secret ${args.existingSecretName}, and keeps the volumes; it stops nothing
2. pulumi preview
3. bash ${files.move}   # from here on nobody is served
4. pulumi up   # the new servers serve all objects${entrances.length > 0 ? `, by ${entrances.map((one) => one.name).join(" and ")} too` : ""}
5. To go back: pulumi destroy, and bash ${files.back}
6. When you stay, the way back ends: move clients to the Service ${name}, then ${removal[tool]}
`;
}

const columns = 110;

/** In lines of a terminal, the second one and those after it indented. */
function wrapped(text: string): string {
    const lines = [""];
    for (const word of text.split(" ")) {
        const line = lines[lines.length - 1] ?? "";
        if (line.length + 1 + word.length > columns) {
            lines.push(`  ${word}`);
        } else {
            lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
        }
    }
    return lines.join("\n");
}

/** As TypeScript has it. */
function textOf(args: object): string {
    return JSON.stringify(args, undefined, 4).replace(/^(\s*)"([A-Za-z_]\w*)":/gm, "$1$2:");
}
