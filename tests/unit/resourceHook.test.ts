import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { resourceHook } from "../../components/pulumi/hooked";

describe("a hook of a resource", () => {
    // What the engine hears of it: `registerResourceHook` in @pulumi/pulumi's `runtime/callbacks.js`.
    const said = async (thrown: unknown) => {
        const { callback } = resourceHook("name", async () => Promise.reject(thrown));
        return Promise.resolve(callback({} as pulumi.ResourceHookArgs)).catch(({ message }: Error) => message);
    };

    it("fails with a message, whatever is thrown: without one the engine would go on", async () => {
        assert.equal(await said(new Error("because")), "because");
        assert.equal(await said(new AggregateError([new Error("one"), new Error("two")])), "one; two");
        assert.equal(await said(new TypeError()), "TypeError");
        assert.equal(await said(undefined), "undefined");
    });
});
