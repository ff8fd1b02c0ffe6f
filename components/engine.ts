import * as pulumi from "@pulumi/pulumi";

/**
 * Whether there is an engine; a unit test with mocks has none.
 *
 * `pulumi.runtime.hasEngine` knows only the engine of a program that has the process for itself: in a component provider, which
 * serves programs in other languages, and in an inline program of the Automation API, it says no (`runtime/settings.js` of
 * 3.248: it looks at a global, while each run has its engine in its own asynchronous context).
 */
export function hasEngine(): boolean {
    return pulumi.runtime.getEngine() !== undefined;
}
