import * as pulumi from "@pulumi/pulumi";
import type { MinioClusterArgs } from "./args";
import { type KnownArgs, type MinioClusterSpec, withDefaults } from "./defaults";
import { type Problem, problemsOf, warningsOf } from "./validation";

/**
 * The arguments are wrong. Pulumi shows the message without a stack when a program throws it, and each problem at its
 * property when the component is used from another language.
 */
export class InvalidArgumentsError extends pulumi.InputPropertiesError {
    // How @pulumi/pulumi recognises errors that need no stack (RunError); it is no instance of that class.
    readonly __pulumiRunError = true;

    constructor(name: string, problems: Problem[]) {
        const lines = problems.map(({ field, reason }) => `  ${field}: ${reason}`);
        super({
            message: `the arguments of MinioCluster '${name}' are not valid:\n${lines.join("\n")}`,
            errors: problems.map(({ field, reason }) => ({ propertyPath: field, reason })),
        });
    }
}

/** Arguments that decide which resources there are, so they must be known when the program runs. */
const plainFields = [
    "replicas",
    "drivesPerServer",
    "expansionPools",
    "partition",
    "updateStrategy",
    "rollout",
    "credentialsRevision",
    "disruptionBudget",
    "ingress",
    "httpRoute",
    "tls",
    "networkPolicy",
    "monitoring",
] as const;

/**
 * The arguments, checked and with defaults. What is known already is checked at once, so that a mistake stops the program
 * before anything is registered; the rest when it becomes known, before anything that uses it is created.
 *
 * @param resource where warnings are shown
 * @throws InvalidArgumentsError naming every problem
 */
export function checkedSpec(
    name: string,
    args: MinioClusterArgs,
    resource?: pulumi.Resource,
): pulumi.Output<MinioClusterSpec> {
    const notPlain = plainFields
        .filter((field) => isEventual(args[field]))
        .map((field) => ({ field, reason: "an Output is not allowed: give a plain value, as resources depend on it" }));
    refuse(name, [...notPlain, ...problemsOf(name, knownNow(args))]);
    return pulumi.output(args).apply((known) => {
        refuseProblems(name, known);
        for (const warning of warningsOf(known)) {
            pulumi.log.warn(warning, resource);
        }
        return withDefaults(known);
    });
}

/** @throws InvalidArgumentsError naming every problem of values that are all known */
export function refuseProblems(name: string, args: KnownArgs): void {
    refuse(name, problemsOf(name, args));
}

function refuse(name: string, problems: Problem[]): void {
    if (problems.length > 0) {
        throw new InvalidArgumentsError(name, problems);
    }
}

function isEventual(value: unknown): boolean {
    return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** The arguments without those that are Outputs or promises, at any depth. */
function knownNow(args: MinioClusterArgs): KnownArgs {
    const prune = (value: unknown): unknown => {
        if (isEventual(value)) {
            return undefined;
        }
        if (Array.isArray(value)) {
            return value.map(prune);
        }
        if (value !== null && typeof value === "object") {
            return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, prune(inner)]));
        }
        return value;
    };
    return prune(args) as KnownArgs;
}
