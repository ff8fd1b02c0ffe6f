import * as pulumi from "@pulumi/pulumi";
import { hasEngine, isUp } from "./engine";
import { hookedResource, resourceHook } from "./hooked";
import { whenKnown } from "./outputs";
import { underWay } from "./underWay";

export interface Work {
    /** Changes with all that the work leads to. */
    wanted: pulumi.Input<string>;
    /**
     * What is left to do where nothing new is wanted, in words; undefined or nothing as a rule. Called on `up`, and in a refresh and a
     * destroy too, in which the work is not done: it only looks.
     */
    left: pulumi.Output<() => Promise<string | undefined>>;
    /** Does the work, and shows at the resource how far it is. An error is the resource's. */
    work: (resource: pulumi.Resource) => Promise<void>;
    /** How it is undone. Default: it stays as it is. */
    undo?: Undo;
}

export interface Undo {
    /** Where the work is done. It never changes, as what was done there would be left. */
    place: pulumi.Input<string>;
    /** What to do instead of a change of it, for the error. */
    moving: string;
    /** Called before the resource is deleted, and in a preview of that, in which it only says what it would do. */
    work: (resource: pulumi.Resource) => Promise<void>;
}

/**
 * Work on the cluster as a resource: the hook of its creation and of its changes. So the engine decides whether it is done. In a preview,
 * a refresh, a destroy, and an `up` of other targets the program runs as well, and must change nothing.
 *
 * It is changed by a program that wants something else. An `up` also finds what an earlier one, or somebody else, has left undone; that is
 * kept in the state until something is left again.
 */
export function createWork(
    name: string,
    { wanted, left, work, undo }: Work,
    opts: pulumi.CustomResourceOptions,
): pulumi.Output<pulumi.CustomResource> {
    const make = (text: string | undefined): pulumi.CustomResource => {
        // Even where the same was left before, it is a change.
        const input = {
            wanted,
            left: text ? `${text} (seen at ${new Date().toISOString()})` : "",
            ...(undo && { place: undo.place }),
        };
        const ignoreChanges = text ? [] : ["input.left"];
        const hooks = hooksOf(name, (args) => underWay(work(hookedResource(args))), undo);
        return new pulumi.Stash(name, { input }, { ...opts, hooks, ignoreChanges });
    };
    return isUp() ? left.apply(async (look) => make(await look())) : pulumi.output(make(undefined));
}

function hooksOf(name: string, work: pulumi.ResourceHookFunction, undo?: Undo): pulumi.ResourceHookBinding {
    if (!hasEngine()) {
        return {}; // A unit test with mocks, which know no hooks.
    }
    const hook = resourceHook(name, work);
    const stays = undo ? [resourceHook(`${name}-place`, (args) => refuseMove(args, undo), { onDryRun: true })] : [];
    return { beforeCreate: [hook], beforeUpdate: [...stays, hook], ...(undo && undoneBy(name, undo)) };
}

/**
 * For work that this program does not want any more. The engine deletes the resource of an earlier run, for which it
 * needs the hook: without it, it deletes nothing and ends with an error.
 */
export function undoWork(name: string, undo: Undo): void {
    if (hasEngine()) {
        undoneBy(name, undo);
    }
}

function undoneBy(name: string, undo: Undo): pulumi.ResourceHookBinding {
    const hook: pulumi.ResourceHookFunction = async (args) => {
        await refuseMove(args, undo);
        await underWay(undo.work(hookedResource(args)));
    };
    return { beforeDelete: [resourceHook(`${name}-removal`, hook, { onDryRun: true })] };
}

/** @throws Error where the work was done elsewhere; a preview may not know that yet */
export async function refuseMove({ oldInputs }: pulumi.ResourceHookArgs, { place, moving }: Undo): Promise<void> {
    const [before, now] = await Promise.all([whenKnown(oldInputs?.input), whenKnown(place)]);
    if (now !== undefined && before?.place !== undefined && before.place !== now) {
        throw new Error(`it cannot move from ${before.place} to ${now}: ${moving}`);
    }
}
