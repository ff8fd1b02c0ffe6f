import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { problemsOf } from "../../components/spec/validation";

describe("docs/settings.md", () => {
    const text = readFileSync(join(__dirname, "../../docs/settings.md"), "utf8");
    const recipes = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => parse(block ?? ""));

    it("has recipes that the component accepts", () => {
        assert.ok(recipes.length >= 6);
        for (const recipe of recipes) {
            assert.deepEqual(problemsOf("minio", recipe), []);
        }
    });

    it("has none with a secret in plain text", () => {
        const plain = recipes.flatMap(({ environment = {} }) => Object.keys(environment));
        assert.deepEqual(
            plain.filter((name) => /SECRET|PASSWORD|TOKEN/.test(name)),
            [],
        );
    });
});
