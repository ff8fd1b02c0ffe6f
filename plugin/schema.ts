/** The package's schema, by which Pulumi makes its form in other languages: `npx tsx plugin/schema.ts` writes schema.json. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer";
import { generateSchema } from "@pulumi/pulumi/provider/experimental/schema";

export const schemaFile = join(__dirname, "schema.json");

/**
 * The schema as Pulumi's own host for components makes it from the sources.
 *
 * @throws when an argument or an output has a type that other languages cannot have, naming it
 */
export function schema(): string {
    const { name, version, description } = JSON.parse(readFileSync(join(__dirname, "../package.json"), "utf8"));
    // This folder's tsconfig.json names the package's own files only.
    const analyzer = new Analyzer(
        __dirname,
        name,
        { name, main: "../index.js" },
        new Set(["MinioCluster", "MinioAccess"]),
    );
    const { components, typeDefinitions, dependencies } = analyzer.analyze();
    const made = generateSchema(name, version, description, components, typeDefinitions, dependencies);
    return `${JSON.stringify(made, undefined, 4)}\n`;
}

if (require.main === module) {
    writeFileSync(schemaFile, schema());
}
