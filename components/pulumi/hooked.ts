import * as pulumi from "@pulumi/pulumi";

/**
 * The resource that a hook is called for, to show lines at.
 *
 * The resource object itself knows its URN only when it is registered, which is after the hook. Pulumi would keep the lines until then, and
 * for ever where the hook fails; and with them all later lines of the process (`lastLog` in @pulumi/pulumi's `log/index.js`).
 */
export function hookedResource({ urn }: pulumi.ResourceHookArgs): pulumi.Resource {
    return { urn: pulumi.output(urn) } as pulumi.Resource;
}
