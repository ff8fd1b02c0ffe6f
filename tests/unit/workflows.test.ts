import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { comment, marker } from "../../.github/previewComment";

const root = join(__dirname, "../..");
const folder = join(root, ".github/workflows");
const workflows = readdirSync(folder).map((name) => join(folder, name));

describe("the workflows", () => {
    it("pass actionlint", () => {
        // Without the programs that it would ask where they happen to be installed.
        const copied = join(root, "docs/backup-schedule.yaml");
        const args = ["tool", "actionlint", "-shellcheck=", "-pyflakes=", "-no-color", ...workflows, copied];
        const module = join(root, "devcluster/toolchain/actionlint");
        const { status, stdout, stderr } = spawnSync("go", args, { cwd: module, encoding: "utf8" });
        assert.equal(status, 0, stdout + stderr);
    });

    it("never run a pull request's code with secrets of a fork's target", () => {
        for (const workflow of workflows) {
            assert.ok(
                !JSON.stringify(parse(readFileSync(workflow, "utf8")).on).includes("pull_request_target"),
                workflow,
            );
        }
    });

    it("preview every stack", () => {
        const { jobs } = parse(readFileSync(join(folder, "preview.yml"), "utf8"));
        const stacks = readdirSync(join(root, "stacks")).flatMap(
            (name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? [],
        );
        assert.deepEqual([...jobs.preview.strategy.matrix.stack].sort(), stacks.sort());
    });
});

describe("the comment on a pull request", () => {
    const statefulSet = "urn:pulumi:prod::p::minio-cluster:index:MinioCluster$kubernetes:apps/v1:StatefulSet::minio";
    const preview = (changes: object) => comment("prod", JSON.stringify(changes));

    it("begins with what the next one finds it by", () => {
        assert.ok(preview({}).startsWith(`${marker("prod")}\n`));
        assert.notEqual(marker("prod"), marker("prod-eu"));
    });

    it("says that nothing changes", () => {
        assert.match(preview({ changeSummary: { same: 9 } }), /### `prod`: nothing changes/);
    });

    it("says what the component says, and that a change is refused", () => {
        const message = 'error: Preview failed: before hook "minio-change" failed: replicas: 4 cannot become 8\n';
        const text = preview({
            changeSummary: { update: 1 },
            diagnostics: [
                { urn: statefulSet, message, severity: "error" },
                { message: "error: preview failed\n", severity: "error" },
            ],
        });
        assert.match(text, /### `prod`: refused\n\n> ❌ \*\*StatefulSet minio\*\*: replicas: 4 cannot become 8\n/);
        assert.doesNotMatch(text, /preview failed/);
    });

    it("shows each property before and after", () => {
        const inputs = (image: string, annotations: object) => ({
            inputs: { spec: { c: [{ image }] }, metadata: { annotations } },
        });
        const text = preview({
            changeSummary: { update: 1, same: 3 },
            steps: [
                { op: "same", urn: "urn:pulumi:prod::p::pulumi:pulumi:Stack::p-prod" },
                {
                    op: "update",
                    urn: statefulSet,
                    oldState: inputs("a:1", {}),
                    newState: inputs("a:2|`x`", { "example.org/owner": "me" }),
                    detailedDiff: {
                        "spec.c[0].image": { kind: "update" },
                        'metadata.annotations["example.org/owner"]': { kind: "add" },
                    },
                },
            ],
        });
        assert.match(text, /### `prod`: 1 to update/);
        const row = text.split("\n").find((line) => line.includes("StatefulSet"));
        const changed = "`spec.c[0].image`: `a:1` → `a:2\\|'x'`";
        const added = '`metadata.annotations["example.org/owner"]`: none → `me`';
        assert.equal(row, `| update | StatefulSet minio | ${changed}<br>${added} |`);
    });

    it("shows the policies that are broken, and none that are kept", () => {
        const violated =
            "Policies:\n    ❌ minio-cluster@v0.1.0\n        - [mandatory]  minio-image-is-pinned\n\nDiagnostics:\n  x\n";
        assert.match(comment("prod", "{}", violated), /```text\n {4}❌ minio-cluster.*\n.*minio-image-is-pinned\n```/);
        assert.doesNotMatch(comment("prod", "{}", "Policies:\n    ✅ minio-cluster@v0.1.0\n\nResources:\n"), /```/);
    });

    it("calls nobody, and lets no HTML through", () => {
        const text = preview({ diagnostics: [{ message: "hello @all <img src=x>", severity: "info" }] });
        assert.match(text, /> hello @&#8203;all &lt;img src=x>/);
    });

    it("shows what Pulumi says when it cannot even begin, without colours", () => {
        assert.match(comment("prod", "\u001b[31merror\u001b[0m: no stack\n"), /```text\nerror: no stack\n```/);
    });

    it("is not longer than GitHub allows", () => {
        const diagnostics = [{ message: "x".repeat(100_000), severity: "info" }];
        assert.ok(preview({ diagnostics }).length < 65_536);
    });
});
