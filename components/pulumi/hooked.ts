import { AsyncResource } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../basics/messageOf";

/**
 * The resource that a hook is called for, to show lines at.
 *
 * The resource object itself knows its URN only when it is registered, which is after the hook. Pulumi would keep the lines until then, and
 * for ever where the hook fails; and with them all later lines of the process (`lastLog` in @pulumi/pulumi's `log/index.js`).
 */
export function hookedResource({ urn }: pulumi.ResourceHookArgs): pulumi.Resource {
    return { urn: pulumi.output(urn) } as pulumi.Resource;
}

/**
 * A hook of resources. The engine calls it outside of this run's context, in which a component provider would know
 * neither engine nor preview.
 */
export function resourceHook(
    name: string,
    hook: pulumi.ResourceHookFunction,
    opts?: pulumi.ResourceHookOptions,
): pulumi.ResourceHook {
    return new pulumi.ResourceHook(name, AsyncResource.bind(failingWithMessage(hook)), opts);
}

/**
 * The hook whose every error has a message. Without one it is none to the engine, which goes on as if the hook had
 * ended well (`registerResourceHook` in @pulumi/pulumi's `runtime/callbacks.js`).
 */
export function failingWithMessage(hook: pulumi.ResourceHookFunction): pulumi.ResourceHookFunction {
    return async (args) => {
        try {
            await hook(args);
        } catch (error) {
            throw new Error(messageOf(error), { cause: error });
        }
    };
}
