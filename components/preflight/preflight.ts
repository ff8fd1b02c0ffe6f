/**
 * What would fail is said before anything is touched: a preview looks whether the Kubernetes cluster is the right one
 * and has what the arguments name, and so does an update before it makes or changes something. What cannot be looked at
 * never keeps anybody from anything.
 */
import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../basics/messageOf";
import { once } from "../basics/once";
import { printable } from "../basics/printable";
import { sleep } from "../basics/sleep";
import type { Kubernetes } from "../kubernetes/client";
import { isForbidden } from "../kubernetes/errors";
import type { Connection } from "../live/connection";
import { missingKinds, requiredKinds } from "../objects/requiredKinds";
import { endProgram } from "../pulumi/endProgram";
import { hasEngine } from "../pulumi/engine";
import type { MinioClusterArgs } from "../spec/args";
import type { Problem } from "../spec/check";
import type { PlainArgs } from "../spec/cluster";
import { accessSecretChecks } from "./accessSecrets";
import type { Check, Findings } from "./check";
import { quotaChecks } from "./quota";
import { secretChecks } from "./secrets";
import { snapshotClassChecks } from "./snapshotClass";
import { storageChecks } from "./storage";
import { wantedOf } from "./wanted";

/** Until the registrations of a program that has run to its end are sent. */
const registeredMilliseconds = 20;

export interface PreflightOptions {
    /** Of the component. */
    name: string;
    args: MinioClusterArgs;
    dependsOn: pulumi.ComponentResourceOptions["dependsOn"];
    connection: Connection;
    /** Where it is said what could not be checked. */
    resource: pulumi.Resource;
}

export interface Preflight {
    /**
     * True once the cluster is known to know every kind that the arguments ask for; in a preview, once all is checked.
     */
    passed: pulumi.Output<boolean>;
    /**
     * Before something is made or changed, as the engine tells by a hook: in a refresh, a destroy, or an `up` of other
     * targets nothing is.
     *
     * @throws Error naming every problem
     */
    refuse(): Promise<void>;
}

/** A preview that finds problems ends the program naming all of them. */
export function createPreflight(options: PreflightOptions): Preflight {
    const { args, name } = options;
    if (!hasEngine()) {
        return { passed: pulumi.output(true), refuse: async () => {} }; // A unit test with mocks.
    }
    const all = once(async () => problemsFound(options, [kindsCheck(args), ...(await checksOf(options))]));
    const kinds = once(async () => problemsFound(options, [kindsCheck(args)]));
    const pass = async () => {
        // The engine works on what is registered while the client is loaded.
        await sleep(registeredMilliseconds);
        const refused = await (pulumi.runtime.isDryRun() ? refusal(options, all) : lacking(name, await kinds()));
        return refused === undefined ? true : endProgram(refused);
    };
    const needsNone = !pulumi.runtime.isDryRun() && requiredKinds(args).length === 0;
    return {
        passed: pulumi.output(needsNone || pass()),
        async refuse() {
            // A preview ends with the same message.
            const refused = pulumi.runtime.isDryRun() ? undefined : await refusal(options, all);
            if (refused !== undefined) {
                throw new Error(refused);
            }
        },
    };
}

/**
 * Why nothing may be made or changed. Where it is not the cluster of Pulumi's provider, both are named: what another one
 * has, or has not, is nobody's concern.
 */
export async function refusal(
    { name, connection }: Pick<PreflightOptions, "name" | "connection">,
    find: () => Promise<Problem[]>,
): Promise<string | undefined> {
    const other = await connection.unproved().then(() => undefined, messageOf);
    return other ?? lacking(name, await find());
}

function lacking(name: string, problems: Problem[]): string | undefined {
    if (problems.length === 0) {
        return undefined;
    }
    const lines = problems.map(({ field, reason }) => `  ${field}: ${printable(reason)}`);
    return `the Kubernetes cluster does not have what MinioCluster '${name}' asks for:\n${lines.join("\n")}`;
}

function kindsCheck(args: PlainArgs): Check {
    return {
        what: `whether it knows ${requiredKinds(args)
            .map(({ kind }) => kind)
            .join(", ")}`,
        ask: async (kubernetes) => ({ problems: await missingKinds(kubernetes, args) }),
    };
}

/** A table of all checks. */
async function checksOf({ name, args, dependsOn }: PreflightOptions): Promise<Check[]> {
    const wanted = await wantedOf(name, args, dependsOn);
    const tables = [storageChecks, quotaChecks, snapshotClassChecks, secretChecks, accessSecretChecks];
    return wanted ? tables.flatMap((checks) => checks(wanted)) : [];
}

async function problemsFound({ connection, resource }: PreflightOptions, checks: Check[]): Promise<Problem[]> {
    const notChecked = (what: string) => pulumi.log.info(`not checked: ${printable(what)}`, resource);
    try {
        const kubernetes = await connection.look();
        if (kubernetes === undefined) {
            notChecked("whether the Kubernetes cluster has what the arguments name, as it is not known in this run");
            return [];
        }
        const { problems, unchecked, warnings } = await findings(kubernetes, checks);
        unchecked.forEach(notChecked);
        for (const warning of warnings) {
            pulumi.log.warn(printable(warning), resource);
        }
        return problems;
    } catch (error) {
        notChecked(`whether the Kubernetes cluster has what the arguments name: ${messageOf(error)}`);
        return [];
    }
}

/** All that the checks find. Those that cannot be made for the same reason share a line. */
export async function findings(kubernetes: Kubernetes, checks: Check[]): Promise<Required<Findings>> {
    const found: Required<Findings> = { problems: [], unchecked: [], warnings: [] };
    const untold = new Map<string, string[]>();
    const ask = async ({ what, ask }: Check) =>
        ask(kubernetes).catch((error: Error): Findings => {
            const message = isForbidden(error) ? "a right to look is missing (docs/rbac-checks.yaml)" : error.message;
            untold.set(message, [...(untold.get(message) ?? []), what]);
            return { problems: [] };
        });
    for (const { problems, unchecked = [], warnings = [] } of await Promise.all(checks.map(ask))) {
        found.problems.push(...problems);
        found.unchecked.push(...unchecked);
        found.warnings.push(...warnings);
    }
    for (const [message, whats] of untold) {
        found.unchecked.push(`${whats.join(", ")}: ${message}`);
    }
    return found;
}
