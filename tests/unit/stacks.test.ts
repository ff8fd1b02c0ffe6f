import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { problemsOf } from "../../components/validation";
import { configKeys } from "../../stacks/config";

const root = join(__dirname, "../..");
const project = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8"));
const stackFiles = readdirSync(join(root, "stacks")).filter((name) => /^Pulumi\..*\.yaml$/.test(name));

describe("the stacks", () => {
    it("are dev, staging and prod", () => {
        assert.deepEqual(stackFiles.sort(), ["Pulumi.dev.yaml", "Pulumi.prod.yaml", "Pulumi.staging.yaml"]);
    });

    it("have a configuration whose every key is read, typed and described", () => {
        for (const [key, schema] of Object.entries<Record<string, unknown>>(project.config)) {
            assert.ok(configKeys.includes(key), `Pulumi.yaml has ${key}, which is not read`);
            assert.ok(
                schema.type && schema.description && schema.default !== undefined,
                `${key} lacks type, description or default`,
            );
        }
    });

    for (const file of stackFiles) {
        it(`${file} has sound values, and sets replicas, storage size and partition`, () => {
            const { config } = parse(readFileSync(join(root, "stacks", file), "utf8"));
            const values = Object.fromEntries(Object.entries(config).map(([key, value]) => [key.split(":")[1], value]));
            for (const key of Object.keys(values)) {
                assert.ok(configKeys.includes(key), key);
            }
            for (const key of ["replicas", "storageSize", "partition"]) {
                assert.ok(key in values, key);
            }
            assert.deepEqual(problemsOf("minio", values), []);
        });
    }
});
