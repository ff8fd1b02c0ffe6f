import * as pulumi from "@pulumi/pulumi";
import { valueDigest } from "../basics/valueDigest";
import { standardClass, topologyVariables } from "../minio/topologyVariables";
import { endProgram } from "../pulumi/endProgram";
import type { MinioAccessArgs, MinioClusterArgs } from "./args";
import type { Problem } from "./check";
import { clusterOf, type DeclaredCluster, plainCluster, plainFields } from "./cluster";
import { accessFields, withoutNulls } from "./fields";
import { type KnownAccessArgs, type KnownArgs, type MinioClusterSpec, withDefaults } from "./spec";
import { accessProblemsOf, problemsOf, readVariables, warningsOf } from "./validation";

/**
 * The arguments are wrong. Pulumi shows the message without a stack when a program throws it, and each problem at its
 * property when the component is used from another language.
 */
export class InvalidArgumentsError extends pulumi.InputPropertiesError {
    // How @pulumi/pulumi recognises errors that need no stack (RunError); it is no instance of that class.
    readonly __pulumiRunError = true;

    constructor(name: string, problems: Problem[], component = "MinioCluster") {
        const lines = problems.map(({ field, reason }) => `  ${field}: ${reason}`);
        super({
            message: `the arguments of ${component} '${name}' are not valid:\n${lines.join("\n")}`,
            errors: problems.map(({ field, reason }) => ({ propertyPath: field, reason })),
        });
    }
}

/** The variables of `environment` that are secrets, and stand in a Secret instead of the pods. */
export interface SecretVariables {
    /** Whether there are some. */
    any: Promise<boolean>;
    /** By name: a secret. */
    values: pulumi.Output<Record<string, string>>;
}

/**
 * The arguments, checked and with defaults. What is known already is checked at once, so that a mistake stops the
 * program before anything is registered; the rest when it becomes known, before anything that uses it is created.
 *
 * @param args without nulls: see `withoutNulls`
 * @param resource where warnings are shown
 * @throws InvalidArgumentsError naming every problem
 */
export function checkedSpec(
    name: string,
    args: MinioClusterArgs,
    resource?: pulumi.Resource,
): pulumi.Output<MinioClusterSpec> {
    return checked(name, args, resource).apply(({ spec }) => spec);
}

interface Checked {
    spec: MinioClusterSpec;
    /** The variables that are secrets. */
    hidden: Record<string, string>;
}

function checked(name: string, args: MinioClusterArgs, resource?: pulumi.Resource): pulumi.Output<Checked> {
    const notPlain = problemsOfEventual([
        ...plainFields.filter((field) => isEventual(args[field])),
        ...lateNames(args),
    ]);
    const environment = args.environment as Record<string, unknown> | undefined;
    const isLate = isEventual(environment);
    const lateParity = {
        field: `environment.${standardClass}`,
        reason: `an Output is not allowed: give a plain value${isLate ? " in a plain object" : ""}, as disruption budgets depend on it`,
    };
    const hasLateParity = !isLate && isEventual(environment?.[standardClass]);
    refuse(name, [...notPlain, ...(hasLateParity ? [lateParity] : []), ...problemsKnownNow(name, args, problemsOf)]);
    // The way to the cluster decides nothing of what is made, and one that is secret or unknown would make everything
    // so.
    const { kubeconfig, context, ...rollout } = args.rollout ?? {};
    const made = {
        ...args,
        ...(args.rollout && { rollout }),
        ...(args.environment && { environment: shown(args.environment) }),
    };
    const isSecretVariable = secretVariables(environment);
    return pulumi.output(made).apply(async (resolved): Promise<Checked> => {
        const known = withoutNulls(resolved);
        const problems = [...missingValues(args, known), ...problemsOf(name, known, await secretFields(made))];
        if (isLate && known.environment?.[standardClass] !== undefined) {
            problems.push(lateParity);
        }
        if (problems.length > 0) {
            return endProgram(new InvalidArgumentsError(name, problems).message);
        }
        for (const warning of warningsOf(known)) {
            pulumi.log.warn(warning, resource);
        }
        return withoutSecretVariables(known, await isSecretVariable);
    });
}

/**
 * The cluster that the arguments describe.
 *
 * @param args without nulls: see `withoutNulls`
 * @param resource where warnings are shown
 * @throws InvalidArgumentsError naming every problem
 */
export function declaredCluster(
    name: string,
    args: MinioClusterArgs,
    resource?: pulumi.Resource,
): DeclaredCluster & { secretVariables: SecretVariables } {
    const known = checked(name, args, resource);
    return {
        ...plainCluster(name, args),
        resolved: known.apply(({ spec }) => clusterOf(name, spec)),
        secretVariables: {
            any: secretVariables(args.environment).then(({ any }) => any),
            values: pulumi.secret(known.apply(({ hidden }) => hidden)),
        },
    };
}

type Environment = NonNullable<MinioClusterArgs["environment"]>;

/** Which variables are secrets. */
interface Secrecy {
    any: boolean;
    is: (variable: string) => boolean;
}

/** The component reads some, or completes them: they stand in the pods in any case. */
const alwaysShown = [...topologyVariables, ...readVariables];

async function secretVariables(environment: object | undefined): Promise<Secrecy> {
    const isSecret = (value: unknown) => pulumi.isSecret(pulumi.output(value));
    if (isEventual(environment)) {
        const any = await isSecret(environment);
        return { any, is: (variable) => any && !alwaysShown.includes(variable) };
    }
    const entries = Object.entries(environment ?? {}).map(async ([variable, value]) =>
        isEventual(value) && !alwaysShown.includes(variable) && (await isSecret(value)) ? [variable] : [],
    );
    const variables = (await Promise.all(entries)).flat();
    return { any: variables.length > 0, is: (variable) => variables.includes(variable) };
}

/**
 * Without the marks of those secrets that stand in no object but their Secret: all that is made of the arguments would
 * get the mark.
 */
function shown(environment: Environment): Environment {
    return isEventual(environment)
        ? environment
        : Object.fromEntries(
              Object.entries(environment).map(([variable, value]) => [
                  variable,
                  isEventual(value) && !alwaysShown.includes(variable) ? pulumi.unsecret(pulumi.output(value)) : value,
              ]),
          );
}

/** @param known checked */
function withoutSecretVariables(known: KnownArgs, { is }: Secrecy): Checked {
    const entries = Object.entries(known.environment ?? {});
    const secret = entries.filter(([variable]) => is(variable));
    if (secret.length === 0) {
        return { spec: withDefaults(known), hidden: {} };
    }
    const environment = Object.fromEntries(entries.filter(([variable]) => !is(variable)));
    const spec = withDefaults({ ...known, environment });
    const digests = secret.map(([variable, value]) => [variable, valueDigest(value, spec.namespace, variable)]);
    return {
        spec: { ...spec, secretVariables: secret.map(([variable]) => variable), digests: Object.fromEntries(digests) },
        hidden: Object.fromEntries(secret),
    };
}

/**
 * The arguments of a MinioAccess, checked as those of a cluster are.
 *
 * @throws InvalidArgumentsError naming every problem
 */
export function checkedAccess(name: string, args: MinioAccessArgs): pulumi.Output<KnownAccessArgs> {
    const plain = (["cluster", "buckets", "policies", "accesses"] as const).filter((field) => isEventual(args[field]));
    const notPlain = problemsOfEventual([...plain, ...lateNames(args)]);
    refuse(name, [...notPlain, ...problemsKnownNow(name, args, accessProblemsOf)], accessComponent);
    return pulumi.output(args).apply(async (resolved) => {
        const known = withoutNulls(resolved as KnownAccessArgs, accessFields);
        const problems = accessProblemsOf(name, known, await secretFields(args));
        return problems.length > 0
            ? endProgram(new InvalidArgumentsError(name, problems, accessComponent).message)
            : known;
    });
}

export const accessComponent = "MinioAccess";

/**
 * @param secrets the arguments whose values no message may show
 * @throws InvalidArgumentsError naming every problem of values that are all known
 */
export function refuseProblems(name: string, args: KnownArgs, secrets: string[] = []): void {
    refuse(name, problemsOf(name, args, secrets));
}

function refuse(name: string, problems: Problem[], component?: string): void {
    if (problems.length > 0) {
        throw new InvalidArgumentsError(name, problems, component);
    }
}

function problemsOfEventual(fields: string[]): Problem[] {
    const reason = "an Output is not allowed: give a plain value, as resources depend on it";
    return fields.map((field) => ({ field, reason }));
}

/** What is not plain of buckets, policies and accesses, and must be: all but two fields. */
function lateNames({
    buckets,
    policies,
    accesses,
}: Pick<MinioClusterArgs, "buckets" | "policies" | "accesses">): string[] {
    const late: string[] = [];
    for (const [list, given] of Object.entries({ buckets, policies, accesses })) {
        if (!isEventual(given)) {
            knownPart(given, list, late);
        }
    }
    return late.filter((path) => !/^(policies\[\d+\]\.document|accesses\[\d+\]\.namespace)$/.test(path));
}

/** Fields that decide what there is by being given, whatever their value is. */
const deciding: ((args: MinioClusterArgs | KnownArgs) => [field: string, value: unknown])[] = [
    ({ existingSecretName }) => ["existingSecretName", existingSecretName],
    ({ ingress }) => ["ingress.consoleHost", ingress?.consoleHost],
    ({ httpRoute }) => ["httpRoute.consoleHost", httpRoute?.consoleHost],
];

/** Where an Output was given that turns out to have no value. */
function missingValues(given: MinioClusterArgs, known: KnownArgs): Problem[] {
    return deciding.flatMap((read) => {
        const [field, value] = read(given);
        const [, seen] = read(known);
        return value !== undefined && (seen === undefined || seen === null)
            ? [
                  {
                      field,
                      reason: "nothing is not allowed: the Output has no value; leave the argument out, or give one",
                  },
              ]
            : [];
    });
}

/** The arguments that are secrets, or have one in them. */
async function secretFields(args: object): Promise<string[]> {
    const fields = Object.entries(args).map(async ([field, value]) =>
        (await pulumi.isSecret(pulumi.output(value))) ? [field] : [],
    );
    return (await Promise.all(fields)).flat();
}

function isEventual(value: unknown): boolean {
    return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** The problems that do not hang on what is not known yet. */
function problemsKnownNow<Known>(
    name: string,
    args: object,
    problemsOf: (name: string, known: Known) => Problem[],
): Problem[] {
    const unknown: string[] = [];
    const known = knownPart(args, "", unknown) as Known;
    const concerns = (field: string, path: string) => field === path || /^[.[]/.test(path.slice(field.length));
    const isUnknown = (field: string) =>
        unknown.some(
            (path) =>
                (path.startsWith(field) && concerns(field, path)) || (field.startsWith(path) && concerns(path, field)),
        );
    return problemsOf(name, known).filter(({ field, hangsOn = [] }) => ![field, ...hangsOn].some(isUnknown));
}

/** A value without the Outputs and promises in it, at any depth, whose paths are added to `unknown`. */
function knownPart(value: unknown, path: string, unknown: string[]): unknown {
    if (isEventual(value)) {
        unknown.push(path);
        return undefined;
    }
    if (Array.isArray(value)) {
        return value.map((inner, index) => knownPart(inner, `${path}[${index}]`, unknown));
    }
    if (value !== null && typeof value === "object") {
        const entries = Object.entries(value).map(([key, inner]) => [
            key,
            knownPart(inner, path === "" ? key : `${path}.${key}`, unknown),
        ]);
        return Object.fromEntries(entries);
    }
    return value;
}
