import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { regionOf } from "../../components/buckets/look";
import { declaredCluster } from "../../components/spec/checkedSpec";
import type { Cluster } from "../../components/spec/cluster";
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

describe("the region that requests are signed for", () => {
    it("is the one that MinIO takes, of both variables", () => {
        const [legacy, site] = [{ MINIO_REGION: "eu" }, { MINIO_SITE_REGION: "us" }];
        assert.deepEqual(
            [{}, legacy, site, { ...site, ...legacy }, { ...site, MINIO_REGION: "" }].map((environment) =>
                regionOf({ environment }),
            ),
            ["us-east-1", "eu", "us", "eu", "us"],
        );
        assert.equal(regionOf({}), "us-east-1");
    });

    it("is known where the environment is a secret, and never elsewhere", async () => {
        for (const variable of ["MINIO_REGION", "MINIO_SITE_REGION"]) {
            const environment = pulumi.secret({ [variable]: "eu" });
            const { resolved } = declaredCluster("minio", { environment });
            const { spec } = await (resolved as unknown as { promise(): Promise<Cluster> }).promise();
            assert.equal(regionOf(spec), "eu");
            const source = { configMapKeyRef: { name: "site", key: "region" } };
            const [problem, ...others] = problemsOf("minio", { environmentFrom: { [variable]: source } });
            assert.equal(problem?.field, `environmentFrom.${variable}`);
            assert.match(problem?.reason ?? "", /the component must know its value/);
            assert.deepEqual(others, []);
        }
    });
});
