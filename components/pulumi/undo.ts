import * as pulumi from "@pulumi/pulumi";
import { hasEngine } from "./engine";
import { hookedResource, resourceHook } from "./hooked";
import { whenKnown } from "./outputs";
import { underWay } from "./underWay";

export interface Undo {
    /** Where the work is done. It never changes, as what was done there would be left. */
    place: pulumi.Input<string>;
    /** What to do instead of a change of it, for the error. */
    moving: string;
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
): pulumi.CustomResource | undefined {
    const hooks = hooksOf(name, undo); // The deletion needs it, too.
    return isWanted ? new pulumi.Stash(name, { input: undo.place }, { ...opts, hooks }) : undefined;
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
    { oldInputs }: Pick<pulumi.ResourceHookArgs, "oldInputs">,
    { place, moving }: Pick<Undo, "place" | "moving">,
): Promise<void> {
    const [before, now] = await Promise.all([whenKnown(oldInputs?.input), whenKnown(place)]);
    if (now !== undefined && before !== undefined && before !== now) {
        throw new Error(`it cannot move from ${before} to ${now}: ${moving}`);
    }
}
