/** What a program wants, as far as it is known: in a preview, what another resource will say is not. */
import * as pulumi from "@pulumi/pulumi";
import { isKnown, whenKnown } from "../pulumi/outputs";
import type { MinioClusterArgs } from "../spec/args";
import { clusterOf, plainParity } from "../spec/cluster";
import { withoutNulls } from "../spec/fields";
import { type KnownArgs, withDefaults } from "../spec/spec";
import type { Wanted } from "./check";

/**
 * @param dependsOn of the component
 * @returns undefined where not even the namespace is known
 */
export async function wantedOf(
    name: string,
    args: MinioClusterArgs,
    dependsOn: pulumi.ComponentResourceOptions["dependsOn"],
): Promise<Wanted | undefined> {
    const seen: Seen = { unknown: [], made: [] };
    const { rollout, environment, ...looked } = args;
    const known = withoutNulls((await knownPart(looked, "", seen)) as KnownArgs);
    const spec = withDefaults({ ...known, environment: plainParity(environment) });
    const anyMade = await maybeMakes(dependsOn);
    const concerns = (paths: string[], field: string) =>
        paths.some((path) => `${field}.`.startsWith(`${path}.`) || `${path}.`.startsWith(`${field}.`));
    return concerns(seen.unknown, "namespace")
        ? undefined
        : {
              cluster: clusterOf(name, spec),
              isKnown: (field) => !concerns(seen.unknown, field),
              mayBeMade: (field) => anyMade || concerns(seen.made, field),
          };
}

interface Seen {
    /** Paths of what is not known, or a secret, which no message may show. */
    unknown: string[];
    /** Paths of what comes from other resources. */
    made: string[];
}

/** A value without what is not known in it. */
async function knownPart(value: unknown, path: string, seen: Seen): Promise<unknown> {
    if (pulumi.Output.isInstance(value) || value instanceof Promise) {
        const output = pulumi.output(value);
        if ((await resourcesOf(output)) > 0) {
            seen.made.push(path);
        }
        if (!(await isKnown(output)) || (await pulumi.isSecret(output))) {
            seen.unknown.push(path);
            return undefined;
        }
        return whenKnown(output);
    }
    if (Array.isArray(value)) {
        return Promise.all(value.map((inner, index) => knownPart(inner, `${path}[${index}]`, seen)));
    }
    if (typeof value === "object" && value !== null) {
        const entries = Object.entries(value).map(async ([key, inner]) => [
            key,
            await knownPart(inner, path === "" ? key : `${path}.${key}`, seen),
        ]);
        return Object.fromEntries(await Promise.all(entries));
    }
    return value;
}

/** What every Output has, and its type does not tell. */
interface Inner {
    allResources?(): Promise<Set<pulumi.Resource>>;
}

async function resourcesOf(output: unknown): Promise<number> {
    return (await (output as Inner).allResources?.())?.size ?? 0;
}

/** Whether something that the component waits for may make objects by name. A namespace makes none. */
async function maybeMakes(dependsOn: pulumi.ComponentResourceOptions["dependsOn"]): Promise<boolean> {
    const given = await whenKnown(dependsOn as pulumi.Input<unknown>);
    const types = [given].flat().map(async (one) => {
        const resource = (await whenKnown(one as pulumi.Input<unknown>)) as { __pulumiType?: string } | undefined;
        return resource === undefined ? "kubernetes:core/v1:Namespace" : (resource.__pulumiType ?? "");
    });
    return (await Promise.all(types)).some((type) => type !== "kubernetes:core/v1:Namespace");
}
