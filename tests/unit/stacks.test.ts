import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as ts from "typescript";
import { parse } from "yaml";
import { RolloutMode } from "../../components/spec/args";
import { problemsOf } from "../../components/spec/validation";
import { configKeys, withSecrets, withTexts } from "../../stacks/config";

const root = join(__dirname, "../..");
const project = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8"));
const stackFiles = readdirSync(join(root, "stacks")).filter((name) => /^Pulumi\..*\.yaml$/.test(name));

/** A value as the program gets it: `pulumi config set` writes numbers and flags as text. */
function typed(key: string, value: unknown): unknown {
    const type = project.config[key]?.type;
    return type === "integer" ? Number(value) : type === "boolean" ? value === "true" : value;
}

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

    it("are not type-checked in each preview, but by npm run lint", () => {
        const optionsOf = (file: string) => ts.readConfigFile(file, ts.sys.readFile).config.compilerOptions;
        assert.equal(optionsOf(join(root, "tsconfig.json")).noCheck, undefined);
        // Pulumi takes the file beside the program, and goes on without a word when there is none.
        assert.equal(optionsOf(join(root, dirname(project.main), "tsconfig.json")).noCheck, true);
    });

    for (const file of stackFiles) {
        it(`${file} has sound values, and sets replicas, storage size and partition`, () => {
            const { config } = parse(readFileSync(join(root, "stacks", file), "utf8"));
            const values = Object.fromEntries(
                Object.entries(config).map(([key, value]) => [key.split(":")[1], typed(key.split(":")[1], value)]),
            );
            for (const key of Object.keys(values)) {
                assert.ok(configKeys.includes(key), key);
            }
            for (const key of ["replicas", "storageSize", "partition"]) {
                assert.ok(key in values, key);
            }
            const { createNamespace, ...args } = values;
            assert.deepEqual(problemsOf("minio", args), []);
        });
    }

    it("keep what is a secret in the configuration a secret, and what decides which resources there are plain", async () => {
        const args = {
            image: "minio:1",
            environment: {
                MINIO_IDENTITY_LDAP_LOOKUP_BIND_PASSWORD: "hunter22",
                MINIO_STORAGE_CLASS_STANDARD: "EC:1",
            },
            rollout: { mode: RolloutMode.Guided, timeoutSeconds: 60, kubeconfig: "token: hunter22" },
        };
        const kept = withSecrets(args, ["environment", "rollout"]) as any;
        const isSecret = (value: unknown) => pulumi.isSecret(value as pulumi.Output<unknown>);
        assert.equal(await isSecret(kept.environment.MINIO_IDENTITY_LDAP_LOOKUP_BIND_PASSWORD), true);
        assert.equal(await isSecret(kept.rollout.kubeconfig), true);
        assert.equal(kept.environment.MINIO_STORAGE_CLASS_STANDARD, "EC:1");
        assert.deepEqual([kept.image, kept.rollout.mode, kept.rollout.timeoutSeconds], ["minio:1", "Guided", 60]);
    });

    it("take as text what pulumi config set --path makes numbers and flags of, and nothing else", () => {
        const read = (args: object) => withTexts(args as never);
        assert.deepEqual(
            read({ environment: { MINIO_API_REQUESTS_MAX: 100, MINIO_BROWSER: false, A: -5, B: "007" } }),
            {
                environment: { MINIO_API_REQUESTS_MAX: "100", MINIO_BROWSER: "false", A: "-5", B: "007" },
            },
        );
        assert.deepEqual(read({ clientService: { type: "NodePort", annotations: { "example.org/internal": true } } }), {
            clientService: { type: "NodePort", annotations: { "example.org/internal": "true" } },
        });
        assert.deepEqual(read({ snapshots: { sets: [20261126, "b"], take: 20261127, keep: 7 } }), {
            snapshots: { sets: ["20261126", "b"], take: "20261127", keep: 7 },
        });
        const env = { name: "A", valueFrom: { secretKeyRef: { name: "a", key: "b", optional: true } } };
        const ports = [{ containerPort: 8080 }];
        assert.deepEqual(read({ extraContainers: [{ args: [80], env: [env, { name: "B", value: 1 }], ports }] }), {
            extraContainers: [{ args: ["80"], env: [env, { name: "B", value: "1" }], ports }],
        });
        const others = {
            replicas: 4,
            rollout: { timeoutSeconds: 60 },
            disruptionBudget: { enabled: false },
            environment: { A: 1.5, B: null, C: { D: undefined } },
            labels: undefined,
        };
        assert.deepEqual(read(others), others);
        const [problem] = problemsOf("minio", read({ environment: { A: 1.5 } }));
        assert.match(problem.reason, /use text; a number, true or false needs quotes/);
    });
});
