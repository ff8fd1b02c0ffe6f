import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../components/kubernetes/connect";
import { minioAdmin } from "../../components/live/admin";
import { inSandbox } from "../../devcluster/cluster/faults";
import { driveFolder } from "../support/driveFolder";
import { itInLongForm } from "../support/longForm";
import { checkout, execute, type Finished, kubectl, kubectlJson, Project } from "../support/project";
import { writeKubeconfig } from "../support/serviceAccount";
import { until } from "../support/until";

/** What the command says of a cluster, compared with what was done to it. It knows nothing but the namespace. */
describe("minio-cluster status", () => {
    const project = new Project("e2e-status");
    const { namespace } = project;
    const inNamespace = `--namespace=${namespace}`;
    const folder = mkdtempSync(join(tmpdir(), "minio-status-"));
    const kubeconfig = join(folder, "kubeconfig");
    const run = (args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv }) =>
        execute(
            join(checkout, "node_modules/.bin/tsx"),
            [join(checkout, "command/main.ts"), "status", ...args],
            options,
        );
    const command = (args: string[], env = process.env) => run([inNamespace, ...args], { env });
    let rootPassword = "";

    async function status(...args: string[]): Promise<Finished> {
        const said = await command(args);
        assert.ok(!said.text.includes(rootPassword), "the root password is in the output");
        return said;
    }

    async function asReader(): Promise<Finished> {
        const said = await command([], { ...process.env, KUBECONFIG: kubeconfig });
        assert.ok(!said.text.includes(rootPassword), "the root password is in the output");
        return said;
    }

    const patch = (fields: object) =>
        kubectl("patch", "statefulset", "minio", inNamespace, "--type=merge", `--patch=${JSON.stringify(fields)}`);

    before(async () => {
        await project.init();
        await project.succeed("up", "--yes", "--skip-preview");
        ({ rootPassword } = await project.outputs());
    });
    after(async () => {
        await project.remove();
        rmSync(folder, { recursive: true, force: true });
    });

    it("says that all is right with a healthy cluster, on one screen", async () => {
        const { code, text } = await status();
        assert.equal(code, 0, text);
        assert.match(text, /^minio in the namespace e2e-status: all is right$/m);
        assert.match(text, /^servers {6}4 of 4 ready$/m);
        assert.match(text, /^drives {7}4 of 4 online, 0 healing$/m);
        assert.match(text, /^write quorum 3 of 4 drives, 4 work: any server may fail$/m);
        assert.match(text, /^read quorum {2}2 of 4 drives, 4 work: any 2 servers may fail$/m);
        assert.ok(text.split("\n").length <= 24, text);
        const aged = await status("--newest-set", "26");
        assert.equal(aged.code, 1, aged.text);
        assert.match(aged.text, /there is no set of snapshots that can be restored/);
        const wrong = await status("--newest-set", "soon");
        assert.equal(wrong.code, 2);
        assert.match(wrong.text, /--newest-set: 'soon' is not allowed: use a number of hours/);
        const json = JSON.parse((await status("--json")).text);
        assert.deepEqual([json.verdict, json.findings, json.unread], ["right", [], []]);
        assert.equal(json.drives.length, 4);
    });

    it("finds the drive that its server may not read any more", async () => {
        const system = `${await driveFolder(namespace, "minio-2")}/.minio.sys`;
        inSandbox(`chmod 000 "${system}"`);
        try {
            let said = await status();
            const isNoticed = async () => {
                said = await status();
                return /CARE {2}the drive/.test(said.text);
            };
            await until("MinIO has noticed", isNoticed, { why: () => said.text });
            assert.equal(said.code, 1);
            assert.match(said.text, /^drives {7}3 of 4 online/m);
            assert.match(said.text, /^CARE {2}the drive \/data of minio-2 does not work: MinIO says /m);
            assert.match(said.text, /^ {6}do: .*kubectl describe pvc data-minio-2 --namespace=e2e-status/m);
            assert.match(said.text, /^write quorum 3 of 4 drives, 3 work: no server may fail$/m);
            assert.match(said.text, /^servers {6}4 of 4 ready$/m);
        } finally {
            inSandbox(`chmod 755 "${system}"`);
        }
        await until("all is right again", async () => (await status()).code === 0);
    });

    itInLongForm("finds that requests are frozen, and by which servers", async () => {
        const kubernetes = await connect({ by: "the test" });
        const admin = minioAdmin((request) => kubernetes.send(namespace, "minio-0", "http", request), {
            rootUser: "admin",
            rootPassword,
        });
        await admin.freeze();
        const { code, text } = await status().finally(() => admin.unfreeze());
        assert.equal(code, 1);
        assert.match(text, /^minio in the namespace e2e-status: REQUESTS FAIL OR WAIT/m);
        assert.match(text, /^DOWN {2}all servers hold every S3 request, reads too: somebody has frozen the cluster/m);
        assert.match(text, /mc admin service unfreeze ALIAS/);
        assert.equal((await status()).code, 0);
    });

    itInLongForm("finds a rollout that was interrupted as it began", async () => {
        const annotate = (value: string | null, partition: number) =>
            patch({
                spec: {
                    updateStrategy: { rollingUpdate: { partition } },
                    template: { metadata: { annotations: { changed: value } } },
                },
            });
        await annotate("yes", 4);
        let said = await status();
        // Until the controller has seen the change, only the partition tells.
        const isSeen = async () => {
            said = await status();
            return said.text.includes("0 of 4 servers");
        };
        await until("the rollout is seen", isSeen, { why: () => said.text }).finally(() => annotate(null, 0));
        assert.equal(said.code, 1);
        const found = /^CARE {2}a rollout is not at its end: 0 of 4 servers have what they should have, minio-0,/m;
        assert.match(said.text, found);
        await until("all is right again", async () => (await status()).code === 0);
    });

    it("takes the cluster from a stack, and shows what differs from its program", async () => {
        const byStack = async (...args: string[]) => {
            const said = await run(["--stack", ...args], { cwd: project.folder, env: project.environment });
            assert.ok(!said.text.includes(rootPassword), "the root password is in the output");
            return said;
        };
        const wrong = await byStack("test", inNamespace, "--newest-set", "soon");
        assert.equal(wrong.code, 2);
        assert.match(wrong.text, /^ {2}--newest-set: 'soon' is not allowed/m);
        assert.match(
            wrong.text,
            /^ {2}--namespace is not allowed with --stack, which says it: leave one of them out$/m,
        );
        const other = await byStack("other");
        assert.match(other.text, /looked at: pulumi stack export --stack other ended with \d+: no stack named 'other'/);
        const same = await byStack("test");
        assert.equal(same.code, 0, same.text);
        assert.match(same.text, /^minio in the namespace e2e-status: all is right$/m);
        assert.match(same.text, /^program {6}as the cluster is, by a preview of the stack test$/m);

        const minAvailable = (number: number) => {
            const change = JSON.stringify({ spec: { minAvailable: number } });
            return kubectl(
                "patch",
                "poddisruptionbudget",
                "minio-pdb",
                inNamespace,
                "--type=merge",
                `--patch=${change}`,
            );
        };
        await minAvailable(2);
        const { verdict, program } = JSON.parse((await byStack("test", "--json")).text);
        const resource = "PodDisruptionBudget minio-pdb";
        assert.equal(verdict, "care");
        assert.deepEqual(program.differences, [{ does: "update", resource, properties: ["spec.minAvailable"] }]);
        assert.match(program.why, /minio-pdb: Apply failed .* conflict with "kubectl-patch" .*: \.spec\.minAvailable$/);
        await minAvailable(3);

        const resources = { requests: { cpu: "100m", memory: "300Mi" } };
        await project.configure({ consoleService: { annotations: { team: "storage" } }, resources });
        const { code, text } = await byStack("test");
        assert.equal(code, 1, text);
        const shown = text.match(/^differs: .*$/gm) ?? [];
        assert.deepEqual(shown.slice(0, 2), [
            "differs: update Service minio-console: metadata.annotations.team",
            "differs: update Stash minio-rollout: input",
        ]);
        assert.match(shown[2], /^differs: update StatefulSet minio: spec\.template\.spec\.containers\[0\]\.resources/);
        assert.match(text, /^CARE {2}the program of the stack test and the cluster differ in 3 resources$/m);
        assert.match(
            text,
            /^preview: resources changes: minio-3 to minio-0 are updated in this order, one at a time; /m,
        );
        await project.configure({ consoleService: undefined, resources: undefined });
    });

    it("sees all with the shipped Role, and says what it could not read without some of it", async () => {
        const role = ["apply", inNamespace, `--filename=${join(checkout, "docs/rbac-status.yaml")}`];
        await kubectl(...role);
        await writeKubeconfig(kubeconfig, namespace, "minio-cluster-status");
        const whole = await asReader();
        assert.equal(whole.code, 0, whole.text);
        assert.ok(!whole.text.includes("not read"), whole.text);

        const { rules } = await kubectlJson("get", "role", "minio-cluster-status", inNamespace);
        const without = rules.filter(({ resources }: any) => !/secrets|portforward|configmaps/.test(resources.join()));
        const patched = JSON.stringify({ rules: without });
        await kubectl("patch", "role", "minio-cluster-status", inNamespace, "--type=merge", `--patch=${patched}`);
        const some = await asReader();
        assert.equal(some.code, 2, some.text);
        assert.match(
            some.text,
            /^minio in the namespace e2e-status: nothing wrong is seen, but not all could be read/m,
        );
        assert.match(
            some.text,
            /^not read: drives, room and pools: .*; it takes the right to get secrets \(minio-secret\)$/m,
        );
        assert.match(some.text, /^not read: the sets of snapshots: .*; it takes the right to list configmaps$/m);
        assert.match(
            some.text,
            /^write quorum 3 of 4 drives, 4 work, by the servers that are ready: any server may fail$/m,
        );

        await kubectl("delete", "rolebinding", "minio-cluster-status", inNamespace);
        const none = await asReader();
        assert.equal(none.code, 2);
        assert.match(
            none.text,
            /^error: it could not be looked at: a right is missing: statefulsets.*rbac-status\.yaml\)$/m,
        );
    });
});
