import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { parse } from "yaml";
import { regionOf } from "../../components/buckets/look";
import { shapeOf } from "../../components/change/shape";
import type { Kubernetes } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";
import { keptSettings } from "../../components/live/keptSettings";
import { podTemplate } from "../../components/server/podTemplate";
import { declaredCluster } from "../../components/spec/checkedSpec";
import { type Cluster, clusterOf } from "../../components/spec/cluster";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";
import { problemsOf } from "../../components/spec/validation";
import { type HookOptions, refuseSettings } from "../../components/update/changeHook";

describe("docs/settings.md", () => {
    const text = readFileSync(join(__dirname, "../../docs/settings.md"), "utf8");
    const recipes = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => parse(block ?? ""));

    it("has recipes that the component accepts", () => {
        assert.ok(recipes.length >= 6);
        for (const recipe of recipes) {
            assert.deepEqual(problemsOf("minio", recipe), []);
        }
    });

    it("has a program that makes a key, which stays when all is destroyed, and keeps it in Secrets only", async () => {
        const [, program = ""] = /```ts\n([\s\S]*?)```/.exec(text) ?? [];
        assert.match(program, /RandomBytes\(.*protect: true/);
        const registered: { type: string; inputs: unknown }[] = [];
        await pulumi.runtime.setMocks({
            newResource({ type, name, inputs }) {
                registered.push({ type, inputs });
                const made = type.startsWith("random:") ? { result: "s3cret".repeat(6), base64: "a2V5" } : {};
                return { id: name, state: { ...inputs, ...made } };
            },
            call: ({ inputs }) => inputs,
        });
        const { MinioCluster } = await import("../../index");
        let ready: pulumi.Output<unknown> | undefined;
        class Watched extends MinioCluster {
            constructor(...args: ConstructorParameters<typeof MinioCluster>) {
                super(...args);
                ready = this.ready;
            }
        }
        new Function("random", "pulumi", "MinioCluster", program)(random, pulumi, Watched);
        await new Promise((resolve) => ready?.apply(resolve));
        const having = registered.filter(({ inputs }) => JSON.stringify(inputs).includes("minio-1:a2V5"));
        assert.deepEqual(
            having.map(({ type }) => type),
            ["kubernetes:core/v1:Secret"],
        );
        assert.ok(JSON.stringify(having).includes("MINIO_KMS_SECRET_KEY"));
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

/** A cluster with these secret variables, and the digests of their values. */
function clusterWith(digests: Record<string, string>, args: KnownArgs = {}): Cluster {
    const secretVariables = Object.keys(digests);
    return clusterOf("minio", { ...withDefaults({ namespace: "storage", ...args }), secretVariables, digests });
}

/** As Kubernetes has it. */
function statefulSetOf({ names, spec }: Cluster, more: object = {}) {
    return {
        metadata: {
            annotations: {
                "minio-cluster/shape": JSON.stringify(shapeOf(spec, 0)),
                "minio-cluster/partition": String(spec.partition),
            },
        },
        spec: { template: podTemplate(names, spec, 0), updateStrategy: { type: spec.updateStrategy } },
        ...more,
    };
}

describe("a variable that leaves the Secret of the settings", () => {
    const before = clusterWith({ TOKEN: "1", OTHER: "2" });
    const after = clusterWith({ TOKEN: "1" });
    const values = { TOKEN: "dG9r", OTHER: "b3Ro", NEVER: "bmV2" };
    const forbidden = new KubernetesError("a right is missing", false, 403);

    /** @returns what stays, and what was asked for */
    const kept = async (live: Partial<Record<"set" | "pods" | "revisions" | "secret", any>>, wanted = ["TOKEN"]) => {
        const asked: string[] = [];
        const answer = (what: keyof typeof live) => async () => {
            asked.push(what);
            if (live[what] instanceof Error) {
                throw live[what];
            }
            return live[what];
        };
        const kubernetes = {
            statefulSet: answer("set"),
            pods: answer("pods"),
            controllerRevisions: answer("revisions"),
            read: answer("secret"),
        } as unknown as Kubernetes;
        const stays = await keptSettings(kubernetes, after, wanted);
        return { stays, asked: asked.join() };
    };
    const [oldPod, newPod] = [before, after].map(({ names, spec }) => ({ spec: podTemplate(names, spec, 0).spec }));
    const secret = { data: values };

    it("stays in it where the StatefulSet, a pod, or the revision of those that stay back has it", async () => {
        const [old, now] = [statefulSetOf(before), statefulSetOf(after)];
        const stays = { OTHER: "oth" };
        assert.deepEqual((await kept({ set: old, pods: [], secret })).stays, stays);
        assert.deepEqual((await kept({ set: now, pods: [newPod, oldPod], secret })).stays, stays);
        const staged = { ...now, status: { currentRevision: "minio-1", updateRevision: "minio-2" } };
        const revisions = [
            { metadata: { name: "minio-1" }, data: { spec: { template: oldPod } } },
            { metadata: { name: "minio-2" }, data: { spec: { template: newPod } } },
        ];
        assert.deepEqual((await kept({ set: staged, pods: [newPod], revisions, secret })).stays, stays);
        assert.deepEqual((await kept({ set: staged, pods: [newPod], revisions: forbidden, secret })).stays, {});
    });

    it("leaves it in the update after, and its Secret is read only before that", async () => {
        const set = statefulSetOf(after, { status: { currentRevision: "minio-2", updateRevision: "minio-2" } });
        assert.deepEqual(await kept({ set, pods: [newPod], secret }), { stays: {}, asked: "set,pods" });
        const byHand = statefulSetOf(clusterWith({ TOKEN: "1" }, { updateStrategy: "OnDelete" }), {
            status: { currentRevision: "minio-1", updateRevision: "minio-2" },
        });
        assert.deepEqual(await kept({ set: byHand, pods: [newPod], secret }), { stays: {}, asked: "set,pods" });
        assert.deepEqual((await kept({ set: undefined, pods: [], secret: undefined })).stays, {});
        assert.deepEqual((await kept({ set: statefulSetOf(before), pods: [], secret: undefined })).stays, {});
    });

    it("is refused where its value may not be read, and so cannot be kept", async () => {
        await assert.rejects(
            kept({ set: statefulSetOf(before), pods: [], secret: forbidden }),
            /^Error: environment: OTHER leaves the Secret 'minio-settings', .* docs\/rbac-checks\.yaml, or leave the variable in/,
        );
    });
});

describe("another content of the Secret of the settings", () => {
    const key = "MINIO_KMS_SECRET_KEY";
    const refusal = async (live: Cluster | undefined, wanted: Cluster, missing?: string, more?: object) => {
        let preflights = 0;
        const kubernetes = { statefulSet: async () => live && statefulSetOf(live, more), may: async () => true };
        await refuseSettings({
            cluster: { ...wanted, resolved: pulumi.output(Promise.resolve(wanted)) },
            connection: { look: async () => kubernetes, act: async () => kubernetes },
            begins: () => live === undefined,
            preflight: {
                refuse: async () => {
                    preflights++;
                    if (missing) {
                        throw new Error(missing);
                    }
                },
            },
        } as unknown as HookOptions);
        return preflights;
    };

    it("is refused before the Secret has it, as the StatefulSet's hook would refuse it only after", async () => {
        const live = clusterWith({ [key]: "1", TOKEN: "2" });
        await assert.rejects(
            refusal(live, clusterWith({ [key]: "9", TOKEN: "2" })),
            /another key cannot take its place/,
        );
        await assert.rejects(refusal(live, clusterWith({ TOKEN: "2" })), /it cannot be left out/);
        const staged = clusterWith({ [key]: "1", TOKEN: "2", MINIO_OTHER: "3" }, { partition: 3 });
        await assert.rejects(refusal(live, staged), /^Error: partition: 3 is not allowed with a change of MINIO_OTHER/);
        const changed = clusterWith({ [key]: "1", TOKEN: "3" });
        await assert.rejects(refusal(live, changed, "there is no Secret 'oidc'"), /there is no Secret 'oidc'/);
    });

    it("is no way back from a staged update where Kubernetes says that none stands", async () => {
        const live = clusterWith({}, { partition: 3 });
        const wanted = clusterWith({ MINIO_OTHER: "3" }, { partition: 3 });
        const standing = (currentRevision: string) => ({ status: { currentRevision, updateRevision: "minio-2" } });
        await assert.rejects(
            refusal(live, wanted, undefined, standing("minio-2")),
            /^Error: partition: 3 is not allowed with a change of MINIO_OTHER: it leaves 1 new server, /,
        );
        assert.equal(await refusal(live, wanted, undefined, standing("minio-1")), 1);
    });

    it("is nobody's concern where nothing changes there, or nothing is there yet", async () => {
        const live = clusterWith({ [key]: "1" });
        assert.equal(await refusal(live, live, "not asked"), 0);
        const otherwise = clusterWith({ [key]: "1" }, { partition: 3, image: "other" });
        assert.equal(await refusal(live, otherwise, "not asked"), 0, "that is the StatefulSet's");
        assert.equal(await refusal(undefined, live, "not asked"), 0);
        assert.equal(await refusal(live, clusterWith({ [key]: "1", TOKEN: "2" })), 1);
    });
});
