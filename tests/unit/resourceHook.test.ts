import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { failingWithMessage } from "../../components/pulumi/hooked";

describe("a hook of a resource", () => {
    // Not by a hook of Pulumi: it would register itself with the engine, or with what another file's tests have put in
    // its place, and a worker of mocha ends where that fails after the test.
    const said = async (thrown: unknown) => {
        const hook = failingWithMessage(async () => Promise.reject(thrown));
        return Promise.resolve(hook({} as pulumi.ResourceHookArgs)).catch(({ message }: Error) => message);
    };

    it("fails with a message, whatever is thrown: without one the engine would go on", async () => {
        assert.equal(await said(new Error("because")), "because");
        assert.equal(await said(new AggregateError([new Error("one"), new Error("two")])), "one; two");
        assert.equal(await said(new TypeError()), "TypeError");
        assert.equal(await said(undefined), "undefined");
    });
});
