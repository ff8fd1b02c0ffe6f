/** What is asked of a Kubernetes cluster before anything in it is touched. */
import type { AnyObject, Kubernetes, ObjectReference } from "../kubernetes/client";
import type { Problem } from "../spec/check";
import type { Cluster } from "../spec/cluster";

/** What a program wants, as far as it is known. */
export interface Wanted {
    /** What is not known in it is as by default: see `isKnown`. */
    cluster: Cluster;
    /** Whether an argument may be relied on: it is known, and no secret, which no message may show. */
    isKnown(field: string): boolean;
    /** Whether what an argument names may be made by the same program, before the cluster is. */
    mayBeMade(field: string): boolean;
}

/** What a check has found. */
export interface Findings {
    problems: Problem[];
    /** What could not be checked, and why. */
    unchecked?: string[];
    /** What works, and is hardly meant. */
    warnings?: string[];
}

export interface Check {
    /** What it is about, in words, for where the cluster cannot be asked. */
    what: string;
    /** @throws KubernetesError where it cannot be asked */
    ask(kubernetes: Kubernetes): Promise<Findings>;
}

/** A check of an object that an argument names. */
export function checkOf<T extends AnyObject>(
    { mayBeMade }: Pick<Wanted, "mayBeMade">,
    field: string,
    reference: ObjectReference,
    { absent, judge }: { absent: string; judge: (found: T, kubernetes: Kubernetes) => Findings | Promise<Findings> },
): Check {
    const { kind, metadata } = reference;
    const where = metadata.namespace ? ` in the namespace ${metadata.namespace}` : "";
    const what = `the ${kind} '${metadata.name}'${where} (${field})`;
    return {
        what,
        async ask(kubernetes) {
            const found = await kubernetes.read<T>(reference);
            if (found) {
                return judge(found, kubernetes);
            }
            return mayBeMade(field)
                ? { problems: [], unchecked: [`${what}: it is not there yet, and this program may make it`] }
                : { problems: [{ field, reason: `there is no ${kind} '${metadata.name}'${where}: ${absent}` }] };
        },
    };
}
