import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { comment } from "../../.github/previewComment";
import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { itInLongForm } from "../support/longForm";
import { checkout, kubectl, Project } from "../support/project";
import { assertShown } from "../support/shown";

const guide = join(checkout, "docs/pull-requests.md");
const policies = ["--policy-pack", join(checkout, "policy")];

/**
 * The comment on a pull request is shown in docs/pull-requests.md as it really is. To write it anew:
 * `UPDATE_DOCS=1 npx mocha tests/e2e/review.test.ts`
 */
function assertCommentShown(sample: string, text: string): void {
    assertShown(guide, sample, text.replace(/^<!--.*-->\n\n/, "").replaceAll(project.namespace, "minio"));
}

const project = new Project("e2e-review");

describe("what a reviewer sees of a change", () => {
    const deployed: Record<string, unknown> = { image: oldMinio.image };

    before(async () => {
        await project.init(deployed);
        await project.succeed("up", "--yes", "--skip-preview");
    });
    after(() => project.remove());

    /** What the workflow does. */
    async function commentOn(changes: Record<string, unknown>, withPolicies = false): Promise<string> {
        await project.configure(changes);
        const { text: output } = await project.executeForOutput("preview", "--json");
        const { text: policyOutput } = withPolicies
            ? await project.execute("preview", "--suppress-outputs", ...policies)
            : { text: "" };
        await project.configure(Object.fromEntries(Object.keys(changes).map((key) => [key, deployed[key]])));
        return comment("prod", output, policyOutput.replaceAll(`${checkout}/`, ""));
    }

    itInLongForm("a harmless change", async () => {
        const text = await commentOn({ clientService: { annotations: { "example.org/owner": "storage" } } });
        assertCommentShown("harmless", text);
    });

    it("a coupled change", async () => {
        const text = await commentOn({ image: newMinio.image });
        assert.match(text, /image changes \(.*\): minio-3 to minio-0 are updated in this order, one at a time/);
        assertCommentShown("coupled", text);
    });

    itInLongForm("a refused change", async () => {
        const text = await commentOn({ replicas: 8 });
        assert.match(text, /: refused\n/);
        assertCommentShown("refused", text);
    });

    itInLongForm("a change that breaks a policy", async () => {
        const changes = { image: "docker.io/pgsty/silo:latest", disruptionBudget: { enabled: false } };
        const text = await commentOn(changes, true);
        assert.match(text, /: refused\n/);
        assert.match(text, /\[mandatory\] {2}minio-image-is-pinned/);
        assertCommentShown("policy", text);
    });
});

describe("the policy pack", () => {
    const folder = mkdtempSync(join(tmpdir(), "minio-policy-"));
    const settings = join(folder, "policies.json");
    const production = { stacks: ["test"] };
    const writeSettings = (more = {}) =>
        writeFileSync(
            settings,
            JSON.stringify({
                "minio-data-is-retained-in-production": production,
                "minio-servers-are-even-in-production": production,
                ...more,
            }),
        );
    writeSettings();
    // Only previewed.
    const stack = new Project("e2e-policy-pack");
    before(async () => {
        await kubectl("create", "namespace", stack.namespace);
        const literals = ["--from-literal=root-user=operator", "--from-literal=root-password=minioadmin"];
        await kubectl("create", "secret", "generic", "known", "-n", stack.namespace, ...literals);
        await stack.init({ createNamespace: false });
    });
    after(async () => {
        await stack.remove();
        rmSync(folder, { recursive: true, force: true });
    });
    const preview = () => stack.execute("preview", ...policies, "--policy-pack-config", settings);

    it("passes the stack dev, even as production", async () => {
        const { code, text } = await preview();
        assert.equal(code, 0, text);
        assert.match(text, /✅ minio-cluster@v/);
    });

    itInLongForm("refuses a Secret of one's own with a password that everybody knows", async () => {
        await stack.configure({ existingSecretName: "known" });
        const { code, text } = await preview();
        assert.notEqual(code, 0, text);
        assert.match(text, /\[mandatory\] {2}minio-credentials-are-not-default [\s\S]*raise credentialsRevision/);
        assert.doesNotMatch(text, /minioadmin/);
        await stack.configure({ existingSecretName: undefined });
    });

    itInLongForm(
        "refuses an image with known flaws, of which the preview warns once, unless they are accepted",
        async () => {
            const image = "docker.io/pgsty/silo:RELEASE.2026-09-03T13-18-01Z";
            await stack.configure({ image, expansionPools: [{ replicas: 4 }] });
            const { code, text } = await preview();
            assert.notEqual(code, 0, text);
            assert.match(text, /\[mandatory\] {2}minio-image-has-no-known-flaw [\s\S]*Leave image out for the default/);
            const { text: diagnostics } = await stack.executeForOutput("preview", "--json");
            assert.equal(diagnostics.match(/RELEASE\.2026-09-03T13-18-01Z has SN-2026-011/g)?.length, 1, diagnostics);
            const accepted = ["SN-2026-011", "SN-2026-012", "SN-2026-013", "SN-2026-014"];
            writeSettings({ "minio-image-has-no-known-flaw": { accepted } });
            const { code: acceptedCode, text: acceptedText } = await preview();
            assert.equal(acceptedCode, 0, acceptedText);
            await stack.configure({ image: undefined, expansionPools: undefined });
            writeSettings();
        },
    );

    it("refuses what breaks its rules, with the way out", async () => {
        await stack.configure({
            image: "docker.io/pgsty/silo",
            replicas: 5,
            disruptionBudget: { enabled: false },
            persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" },
        });
        const { code, text } = await preview();
        assert.notEqual(code, 0, text);
        for (const [rule, wayOut] of [
            ["minio-image-is-pinned", "set image to a release"],
            ["minio-disruption-budget-is-present", "leave disruptionBudget.enabled out"],
            ["minio-data-is-retained-in-production", "or set it to Retain"],
            ["minio-servers-are-even-in-production", "set replicas before the cluster is made"],
        ]) {
            assert.match(text, new RegExp(`\\[mandatory\\] {2}${rule} [\\s\\S]*${wayOut}`));
        }
    });
});
