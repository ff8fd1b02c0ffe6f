import * as pulumi from "@pulumi/pulumi";
import { hasEngine } from "./engine";
import { hookedResource, resourceHook } from "./hooked";
import { whenKnown } from "./outputs";
import { underWay } from "./underWay";

/** A cluster, as a run finds it. */
export interface Marked {
    /** How it is reached, for people. That differs from machine to machine. */
    where: string;
    /** By what it is known again. Some may change. */
    marks: string[];
}

export interface Undo {
    /** Where the work is done. It never changes, as what was done there would be left. */
    place: pulumi.Input<string>;
    /** What to do instead of a change of it, for the error. */
    moving: string;
    /** The cluster that the place is in. There may be such a place in another one, too. */
    cluster: pulumi.Output<Marked>;
    /** The error where it is another one. Of the former, versions before may have kept less. */
    elsewhere: (before: Partial<Marked>, now: Marked, urn: string) => string | undefined;
    /** Called before the resource is made, also in a preview. */
    begin: (resource: pulumi.Resource) => Promise<void>;
    /** Called when the resource is deleted, and in a preview of that, in which it only says what it would do. */
    work: (resource: pulumi.Resource) => Promise<void>;
}

/**
 * How work on a cluster is undone, as a resource: the hook of its deletion. It is made before the work begins, so that
 * what a run that is cut off has done is undone too. The engine calls the hook only with the program; without, as in a
 * plain `pulumi destroy`, it deletes nothing and ends with an error.
 *
 * @param isWanted whether there is such work. If not, the engine deletes the resource of an earlier run
 */
export function createUndo(
    name: string,
    undo: Undo,
    isWanted: boolean,
    opts: pulumi.CustomResourceOptions,
): pulumi.Stash | undefined {
    const hooks = hooksOf(name, undo); // The deletion needs it, too.
    if (!isWanted) {
        return undefined;
    }
    const { where, marks } = undo.cluster;
    // The first `where` stays: another machine is no change.
    const ignoreChanges = ["input.where"];
    return new pulumi.Stash(name, { input: { place: undo.place, where, marks } }, { ...opts, hooks, ignoreChanges });
}

function hooksOf(name: string, undo: Undo): pulumi.ResourceHookBinding {
    if (!hasEngine()) {
        return {}; // A unit test with mocks, which know no hooks.
    }
    const hook = (what: string, work: pulumi.ResourceHookFunction) =>
        resourceHook(`${name}${what}`, work, { onDryRun: true });
    const remove: pulumi.ResourceHookFunction = async (args) => {
        await refuseMove(args, undo);
        await underWay(undo.work(hookedResource(args)));
    };
    return {
        beforeCreate: [hook("-begin", (args) => undo.begin(hookedResource(args)))],
        beforeUpdate: [hook("-place", (args) => refuseMove(args, undo))],
        beforeDelete: [hook("", remove)],
    };
}

/** @throws Error where the work was done elsewhere; a preview may not know that yet */
export async function refuseMove(
    { oldInputs, urn }: Pick<pulumi.ResourceHookArgs, "oldInputs" | "urn">,
    undo: Pick<Undo, "place" | "moving" | "cluster" | "elsewhere">,
): Promise<void> {
    const [input, place, cluster] = await Promise.all([
        whenKnown(oldInputs?.input),
        whenKnown(undo.place),
        whenKnown(undo.cluster),
    ]);
    const before = recordOf(input);
    if (place !== undefined && before.place !== undefined && before.place !== place) {
        throw new Error(`it cannot move from ${before.place} to ${place}: ${undo.moving}`);
    }
    const problem = cluster && undo.elsewhere(before, cluster, urn);
    if (problem) {
        throw new Error(problem);
    }
}

/** What an earlier run has kept. Versions before kept the place alone, and it gets the marks. */
export function recordOf(input: unknown): Partial<Marked & { place: string }> {
    return typeof input === "string" ? { place: input } : (input ?? {});
}
