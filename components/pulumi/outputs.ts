/**
 * What an Output has at last, as a plain value. The mark of a secret does not come along: nothing of it may be shown.
 */
import * as pulumi from "@pulumi/pulumi";

/** What every Output has, and its type does not tell. */
interface Inner<T> {
    isKnown: Promise<boolean>;
    promise(): Promise<T>;
}

/**
 * @returns undefined where it is not known in this preview: its `apply` would never be called. Rejects where it fails.
 */
export function whenKnown<T>(input: pulumi.Input<T>): Promise<T | undefined> {
    return (pulumi.output(input) as unknown as Inner<T>).promise();
}

/** As `whenKnown`, where it must be known, as on `up`. */
export async function knownValue<T>(input: pulumi.Input<T>): Promise<T> {
    const value = await whenKnown(input);
    if (value === undefined) {
        throw new Error("a value is not known in this run, though it changes something");
    }
    return value;
}

/** The same value, which others get only when something else is known. */
export function after<T>(condition: pulumi.Input<unknown>, value: pulumi.Output<T>): pulumi.Output<T> {
    return (pulumi.all([value, condition]) as pulumi.Output<[T, unknown]>).apply(([known]) => known);
}

/** Whether it is known in this run. A preview does not know what a resource that is still to be made will say. */
export function isKnown(input: unknown): Promise<boolean> {
    return (pulumi.output(input) as unknown as Inner<unknown>).isKnown;
}

/** Waits for the resources that a component depends on. */
export async function whenMade(dependsOn: pulumi.ComponentResourceOptions["dependsOn"]): Promise<void> {
    const given = await whenKnown(dependsOn as pulumi.Input<unknown>);
    for (const one of [given].flat()) {
        const resource = (await whenKnown(one as pulumi.Input<unknown>)) as Partial<pulumi.CustomResource> | undefined;
        await whenKnown(resource?.id ?? resource?.urn);
    }
}
