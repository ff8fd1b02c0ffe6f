import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { schema, schemaFile } from "../../plugin/schema";

describe("plugin/schema.json", () => {
    it("is what Pulumi makes of the sources, so that no other language sees a change that nobody saw here", () => {
        const text = readFileSync(schemaFile, "utf8");
        assert.equal(text, schema(), "it is not up to date: npx tsx plugin/schema.ts, and look at the difference");
    });
});
