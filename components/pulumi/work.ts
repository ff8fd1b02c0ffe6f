import * as pulumi from "@pulumi/pulumi";
import { hasEngine, isUp } from "./engine";
import { hookedResource, resourceHook } from "./hooked";
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
    { wanted, left, work }: Work,
    opts: pulumi.CustomResourceOptions,
): pulumi.Output<pulumi.CustomResource> {
    const make = (text: string | undefined): pulumi.CustomResource => {
        // Even where the same was left before, it is a change.
        const input = { wanted, left: text ? `${text} (seen at ${new Date().toISOString()})` : "" };
        const ignoreChanges = text ? [] : ["input.left"];
        const hooks = hooksOf(name, (args) => underWay(work(hookedResource(args))));
        return new pulumi.Stash(name, { input }, { ...opts, hooks, ignoreChanges });
    };
    return isUp() ? left.apply(async (look) => make(await look())) : pulumi.output(make(undefined));
}

function hooksOf(name: string, work: pulumi.ResourceHookFunction): pulumi.ResourceHookBinding {
    if (!hasEngine()) {
        return {}; // A unit test with mocks, which know no hooks.
    }
    const hook = resourceHook(name, work);
    return { beforeCreate: [hook], beforeUpdate: [hook] };
}
