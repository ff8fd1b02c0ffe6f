import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { log, type Resource, RunError, requirePulumiVersion } from "@pulumi/pulumi";
import { both } from "../basics/both";
import { element } from "../basics/element";

/** The first with resource hooks, by which a change is reviewed and held. */
const oldest = "3.182.0";

/**
 * Refuses a program whose own copy of @pulumi/pulumi is too old. The program talks to the engine with that copy, beside which
 * npm installs a newer one for this package; Pulumi itself would say that its command line is too old.
 *
 * @throws RunError naming the version that there is, the one that is needed, and how to update
 */
export function requireSdk(): void {
    const version = versionFor(process.argv[1]);
    if (version !== undefined && isOlder(version, oldest)) {
        throw new RunError(
            `the program's own @pulumi/pulumi is ${version}, and MinioCluster needs ${oldest} or newer: update it, for ` +
                "example with npm install @pulumi/pulumi@latest. The Pulumi command line need not be updated for that",
        );
    }
}

/** The first with the kind `pulumi:index:Stash`, as which the work on a cluster is kept. */
const oldestCommandLine = "3.208.0";

/**
 * Warns where the Pulumi command line may be too old. Such a one would only say that it does not know a kind of resource. It is no
 * refusal, as 3.208 to 3.214 do not tell their version either.
 */
export async function warnOfOldCommandLine(resource: Resource): Promise<void> {
    try {
        await requirePulumiVersion(`>=${oldestCommandLine}`);
    } catch (error) {
        if ((error as { code?: number }).code === undefined) {
            // It does not know the question; an engine that has ended gives a code.
            await log.warn(
                `the Pulumi command line is old, and MinioCluster needs ${oldestCommandLine} or newer: if pulumi version ` +
                    "shows an older one, update it (https://www.pulumi.com/docs/install/)",
                resource,
            );
        }
    }
}

/** The version of the copy that a script uses, such as Pulumi's own script that runs a program. */
export function versionFor(script: string | undefined): string | undefined {
    try {
        const file = createRequire(script as string).resolve("@pulumi/pulumi/package.json");
        return JSON.parse(readFileSync(file, "utf8")).version;
    } catch {
        return undefined; // A program that is bundled to one file has no other copy.
    }
}

/** Pure. */
export function isOlder(version: string, than: string): boolean {
    const [one, other] = both(version, than, (text) => element(text.split(/[-+]/), 0).split(".").map(Number));
    const index = one.findIndex((number, position) => number !== other[position]);
    return index !== -1 && element(one, index) < (other[index] ?? Number.NaN);
}
