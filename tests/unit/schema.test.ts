import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { accessInterfaces, argumentInterfaces, choices } from "../../docs/generate";
import * as publicNames from "../../index";
import { schema, schemaFile } from "../../plugin/schema";

const { types } = JSON.parse(readFileSync(schemaFile, "utf8"));

describe("plugin/schema.json", () => {
    it("is what Pulumi makes of the sources, so that no other language sees a change that nobody saw here", () => {
        const text = readFileSync(schemaFile, "utf8");
        assert.equal(text, schema(), "it is not up to date: npx tsx plugin/schema.ts, and look at the difference");
    });

    it("has an enum for each choice of components/spec/args.ts, with the values that the package exports", () => {
        const enums = Object.entries<{ enum?: { name: string; value: string }[] }>(types)
            .filter(([, type]) => type.enum)
            .map(([token, type]) => [token.split(":")[2], type.enum?.map(({ value }) => value)]);
        assert.deepEqual(
            new Map(enums as never),
            new Map(choices().map(({ name, fields }) => [name, fields.map((field) => field.name)])),
        );
        assert.ok(enums.length > 5);
        for (const [name, values] of enums) {
            assert.deepEqual(Object.values((publicNames as any)[name as string]), values);
        }
    });

    it("leaves it to the generators to end the name of an argument's type with Args", () => {
        const names = Object.keys(types).map((token) => token.split(":")[2]);
        assert.deepEqual(
            names.filter((name) => name.endsWith("Args")),
            [],
        );
        const [, ...nested] = argumentInterfaces();
        assert.deepEqual(
            nested.filter(({ name }) => !names.includes(name)),
            [],
        );
    });

    it("has no type in the arguments that the package does not export", () => {
        const source = readFileSync(join(__dirname, "../../index.ts"), "utf8");
        const all = [...argumentInterfaces(), ...accessInterfaces(), ...choices()].map(({ name }) => name);
        assert.deepEqual(
            all.filter((name) => !new RegExp(`\\b${name},`).test(source)),
            [],
        );
    });
});
