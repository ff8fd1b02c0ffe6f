import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { parse } from "yaml";
import { defaultImage } from "../../components/spec/spec";
import { snapshotClass } from "../../devcluster/cluster/storage";
import { newMinio } from "../../devcluster/toolchain/versions";
import { commandsOf, countOfCommands } from "../support/guide";
import { ConstantLoad, client, summarize, type Target, untilAcknowledged } from "../support/load";
import { itInLongForm } from "../support/longForm";
import { checkout, execute, kubectl, kubectlJson, Project } from "../support/project";
import { neverCut, type Refusal } from "../support/refusals";
import { get, makeBucket, put, s3Of, targetOf } from "../support/s3";
import { deleteContents } from "../support/snapshotContents";
import { stepByStep } from "../support/stepByStep";
import { until } from "../support/until";
import { unreadable, whileUsed } from "../support/wholeness";

/** The backup guide, block by block: `docs/backup.md` says nothing that does not run here. */
describe("sets of snapshots", () => {
    stepByStep();
    const project = new Project("e2e-snapshots");
    const inNamespace = `--namespace=${project.namespace}`;
    let ran = 0;
    let load: ConstantLoad;
    /** Of the load's objects, in the order of their acknowledgement, those from before the freeze. */
    let frozenAt = 0;
    let uncut: Refusal | undefined;

    /** Runs blocks of the guide, and returns what each says. */
    async function follow(heading: string, from = 0, to = Number.POSITIVE_INFINITY): Promise<string[]> {
        const texts: string[] = [];
        for (const commands of commandsOf("backup.md", heading).slice(from, to)) {
            texts.push(await project.shell(commands, variables));
            ran++;
        }
        return texts;
    }
    const variables: NodeJS.ProcessEnv = {
        NAMESPACE: project.namespace,
        SNAPSHOT_CLASS: snapshotClass,
        STACK: "test",
    };
    const setsThere = async () => {
        const { items } = await kubectlJson("get", "volumesnapshots", inNamespace);
        return new Set(items.map(({ metadata }: any) => metadata.labels?.["minio-cluster/snapshot-set"]));
    };
    const annotations = async () =>
        (await kubectlJson("get", "statefulset", "minio", inNamespace)).metadata.annotations ?? {};

    before(async () => {
        await project.init({ snapshots: undefined });
        await project.succeed("up", "--yes", "--skip-preview");
        await makeBucket(await s3Of(project), "load");
        await jobPod(project.namespace);
    });
    after(async () => {
        await uncut?.end();
        await execute("kubectl", ["delete", "volumesnapshotclass", `${snapshotClass}-retain`, "--ignore-not-found"]);
        await project.remove();
        await deleteContents(project.namespace);
    });

    it("are taken under load without a failed request", async () => {
        const take = () => follow("Take a set");
        const used = await whileUsed(await targetOf(project), "", take, 300);
        const [text] = used.result;
        ({ load, atStall: frozenAt } = used);
        assert.match(text, /'monday' is taken once the cluster is ready; all requests, reads too, wait while 4 drives/);
        assert.match(text, /requests waited up to [\d.]+ s/);
        assert.deepEqual([...(await setsThere())], ["monday"]);
        const failed = load.outcomes.filter(({ error }) => error).map(({ error }) => error);
        assert.deepEqual(failed, []);
        process.stderr.write(`      ${JSON.stringify([summarize(load.outcomes, "put"), frozenAt])}\n`);
    });

    it("are not taken again, and are no drift", async () => {
        await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
        await project.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    });

    it("refuse a cluster of other servers or drives in the preview, with both shown", async () => {
        const { code, text } = await project.shellCode(
            "pulumi config set name other && pulumi config set replicas 2 && pulumi config set --path restoreFrom.set monday &&" +
                " pulumi config set --path restoreFrom.cluster minio && pulumi preview",
        );
        await project.shell("pulumi config set name minio; pulumi config set replicas 4; pulumi config rm restoreFrom");
        assert.notEqual(code, 0);
        assert.match(text, /was taken of 4 servers × 1 drive, and this cluster has 2 servers × 1 drive/);
    });

    it("restore into a new cluster what was acknowledged before, and nothing that cannot be read", async () => {
        const [text] = await follow("Restore into a new cluster", 0, 1);
        assert.match(text, /4 drives begin with the set 'monday' of minio in e2e-snapshots/);
        const target = await targetOf(project);
        assert.match(target.endpoint, /:9000$/);
        assert.deepEqual(await unreadable(target, "load"), []);
        assert.deepEqual(await load.lost(target, frozenAt), []);
        const [bucket, hosts] = ["mirrored", await mcHosts(project, target)];
        Object.assign(variables, { ...hosts, FROM: "from", TO: "to", BUCKET: bucket });
        const from = client(target);
        await makeBucket(from, bucket);
        await put(from, bucket, "hello", Buffer.from("hello"));
        await follow("A copy elsewhere");
        await mirrorByJob(project.namespace, hosts, bucket);
        await follow("Restore into a new cluster", 1);
        assert.deepEqual(await unreadable(await targetOf(project), bucket), []);
    });

    it("leave the cluster thawed within the bound when the program is killed in the freeze", async () => {
        uncut = await neverCut(project.namespace); // So that the freeze lasts for all of its time.
        await project.configure({
            snapshots: { className: snapshotClass, sets: ["monday", "killed"], freezeTimeoutSeconds: 20 },
        });
        const { endpoint } = await targetOf(project);
        const up = project.start("up", "--yes", "--skip-preview");
        await until(
            "the cluster is frozen",
            async () => (await annotations())["minio-cluster/frozen-for"] === "killed",
        );
        await until("requests wait", async () => !(await answers(endpoint, 2_000)));
        await up.killTree();
        const since = Date.now();
        assert.equal(await answers(endpoint, 1_000), false, "the cluster does not stay frozen");
        assert.equal(await answers(endpoint, 30_000), true, "the cluster does not thaw");
        process.stderr.write(`      thawed ${(Date.now() - since) / 1000} s after the program was killed\n`);
        await project.succeed("cancel", "--yes");
    });

    itInLongForm(
        "leave no write answered that was not stored when a server is deleted in the freeze of a dead program",
        async () => {
            await project.configure({
                snapshots: { className: snapshotClass, sets: ["monday", "killed"], freezeTimeoutSeconds: 60 },
            });
            const target = await targetOf(project);
            const writes = new ConstantLoad(target, "load", {
                prefix: "held-",
                writers: 8,
                readers: 0,
                maxAttempts: 1,
            });
            await untilAcknowledged(writes, 20);
            const up = project.start("up", "--yes", "--skip-preview");
            await until(
                "the cluster is frozen",
                async () => (await annotations())["minio-cluster/frozen-for"] === "killed",
            );
            await until("requests wait", async () => !(await answers(target.endpoint, 2_000)));
            await up.killTree();
            assert.equal(await answers(target.endpoint, 1_000), false, "the cluster was not frozen");
            await kubectl("delete", "pod", "minio-1", inNamespace, "--wait=false");
            assert.equal(await answers(target.endpoint, 10_000), true, "the cluster does not thaw");
            await untilAcknowledged(writes, writes.acknowledged.size + 20);
            await writes.stop();
            await kubectl(
                "wait",
                "--for=condition=Ready",
                "pod",
                "--selector=app=minio,pool",
                inNamespace,
                "--timeout=120s",
            );
            assert.deepEqual(await writes.lost(), []);
            await project.succeed("cancel", "--yes");
        },
    );

    it("are taken by the next program, which finds what the killed one left", async () => {
        await uncut?.end();
        const snapshots = { className: snapshotClass, sets: ["monday", "killed"] };
        await project.configure({ snapshots });
        const text = await project.succeed("up", "--yes", "--skip-preview");
        assert.match(text, /requests were frozen for the set 'killed' by a program that was cut off: thawed/);
        assert.deepEqual([...(await setsThere())].sort(), ["killed", "monday"]);
        assert.equal((await annotations())["minio-cluster/frozen-for"], undefined);
    });

    it("are deleted when their name is removed", async () => {
        await project.configure({ snapshots: { className: snapshotClass, sets: ["monday"] } });
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual([...(await setsThere())], ["monday"]);
    });

    itInLongForm("come and go by the schedule of the guide, which restores the newest one and reads it", async () => {
        const s3 = await s3Of(project);
        await makeBucket(s3, "sample");
        await put(s3, "sample", "new/one", Buffer.from("one"));
        await put(s3, "sample", "new/two with a space", Buffer.from("two"));
        await follow("By schedule");
        const snapshots = { className: snapshotClass, sets: ["monday"], keep: 1 };
        await project.configure({ snapshots: { ...snapshots, take: "nightly-0" } });
        await project.succeed("up", "--yes", "--skip-preview");
        assert.deepEqual([...(await setsThere())].sort(), ["monday", "nightly-0"]);
        await project.configure({ snapshots });
        const file = join(mkdtempSync(join(tmpdir(), "minio-schedule-")), "env");
        const given = { ...variables, CLUSTER: "minio", SAMPLE: "sample/new/", GITHUB_ENV: file };
        const texts: string[] = [];
        for (const run of scheduled()) {
            const [, set] = existsSync(file) ? readFileSync(file, "utf8").trim().split("=") : [];
            texts.push(await project.shell(run, { ...given, SET: set }));
        }
        const [taken, restored, read] = texts;
        assert.match(taken, /snapshots.keep: the set 'nightly-0', taken at .* goes, as snapshots.keep is 1/);
        const [, newest = ""] = /'(nightly-\d{8})' is taken once the cluster is ready/.exec(taken) ?? [];
        assert.deepEqual([...(await setsThere())].sort(), ["monday", newest]);
        assert.match(restored, new RegExp(`4 drives begin with the set '${newest}' of minio`));
        assert.match(read, /2 objects were read/);
        const { items } = await kubectlJson("get", "pvc", inNamespace, "--selector=app=minio-drill");
        assert.deepEqual(items, []);
        await project.succeed("stack", "select", "test");
        await project.configure({ snapshots });
    });

    itInLongForm(
        "of a schedule stay where they are damaged or have lost their record, and are not made again",
        async () => {
            const selector = "--selector=minio-cluster/snapshot-set!=monday";
            const left = async () => (await kubectlJson("get", "volumesnapshots", inNamespace, selector)).items;
            const [{ metadata }, ...others] = await left();
            assert.equal(others.length, 3);
            const record = `configmap/minio-snapshots-${metadata.labels["minio-cluster/snapshot-set"]}`;
            const kept = await kubectlJson("get", record, inNamespace);
            delete kept.metadata.resourceVersion;
            await kubectl("delete", record, inNamespace);
            const refused = await project.execute("up", "--yes", "--skip-preview");
            await project.shell('kubectl create --filename - <<< "$RECORD"', { RECORD: JSON.stringify(kept) });
            assert.notEqual(refused.code, 0);
            assert.match(
                refused.text,
                /there are snapshots of the set 'nightly-\d+' .* is not\. Pulumi would delete them/,
            );
            assert.equal((await left()).length, 4);
            await kubectl("delete", "volumesnapshot", metadata.name, inNamespace);
            const text = await project.succeed("up", "--yes", "--refresh", "--skip-preview");
            assert.match(
                text,
                /the set 'nightly-\d+' cannot be restored, as nightly-.* of it is gone. It counts as none/,
            );
            const names = (some: any[]) => some.map((one) => one.metadata.name).sort();
            assert.deepEqual(names(await left()), names(others));
        },
    );

    it("are not needed for a lost drive", async () => {
        const claim = async () => (await kubectlJson("get", "pvc", "data-minio-2", inNamespace)).metadata.uid;
        const before = await claim();
        await follow("A lost drive");
        assert.notEqual(await claim(), before);
        assert.deepEqual(await load.lost(await targetOf(project)), []);
    });

    itInLongForm(
        "are refused in place, in the preview and before a server stops, where claims would go with the servers",
        async () => {
            const scaled = (whenScaled: string) => {
                const patch = JSON.stringify({ spec: { persistentVolumeClaimRetentionPolicy: { whenScaled } } });
                return kubectl("patch", "statefulset", "minio", inNamespace, "--type=merge", `--patch=${patch}`);
            };
            const pods = async () =>
                (await kubectlJson("get", "pods", inNamespace, "--selector=pool=minio")).items.map(
                    ({ metadata }: any) => metadata.uid,
                );
            const [volumes, servers] = [await boundVolumes(project.namespace), await pods()];
            await scaled("Delete"); // As an earlier program had it; this one says Retain.
            await project.configure({ restoreFrom: { set: "monday", confirm: "replace the data of minio" } });
            for (const args of [["preview"], ["up", "--yes", "--skip-preview"]]) {
                const { code, text } = await project.execute(...args);
                assert.notEqual(code, 0);
                assert.match(
                    text,
                    /whenScaled of the StatefulSet minio is Delete, so Kubernetes would delete the claims/,
                );
            }
            await scaled("Retain");
            await project.configure({ restoreFrom: undefined });
            assert.deepEqual([await boundVolumes(project.namespace), await pods()], [volumes, servers]);
        },
    );

    it("replace the data of a cluster only when that is confirmed in words, and keep the volumes", async () => {
        const s3 = await s3Of(project);
        await put(s3, "load", "after-the-set", Buffer.from("later"));
        await project.configure({ restoreFrom: { set: "monday" } });
        const { code, text } = await project.execute("preview");
        assert.notEqual(code, 0);
        assert.match(text, /the cluster has data of its own \(data-minio-0, .*set restoreFrom.confirm/);
        const volumes = await boundVolumes(project.namespace);
        await follow("Go back in place", 0, 1);
        const target = await targetOf(project);
        assert.deepEqual(await unreadable(target, "load"), []);
        assert.deepEqual(await load.lost(target, frozenAt), []);
        await assert.rejects(client(target).send(new GetObjectCommand({ Bucket: "load", Key: "after-the-set" })));
        const kept = await boundVolumes(project.namespace, "Released");
        assert.deepEqual(kept, volumes);
    });

    itInLongForm("give the replaced volumes back, with what was stored after the set", async () => {
        const replaced = await boundVolumes(project.namespace, "Released");
        const { metadata } = await kubectlJson("get", "persistentvolume", replaced[0]);
        variables.RESTORED_AT = metadata.labels["minio-cluster/replaced-at"];
        await follow("Back to the replaced volumes");
        assert.deepEqual(await boundVolumes(project.namespace), replaced);
        const target = await targetOf(project);
        await client(target).send(new GetObjectCommand({ Bucket: "load", Key: "after-the-set" }));
        assert.deepEqual(await load.lost(target), []);
    });

    itInLongForm("go back again", async () => {
        await project.shell(commandsOf("backup.md", "Go back in place")[0], variables);
    });

    it("let the replaced volumes be deleted", async () => {
        assert.equal((await boundVolumes(project.namespace, "Released")).length, 4);
        await follow("Go back in place", 1);
        await until(
            "the replaced volumes are deleted",
            async () => (await boundVolumes(project.namespace, "Released")).length === 0,
        );
    });

    itInLongForm("survive the loss of their namespace", async () => {
        const s3 = await s3Of(project);
        await put(s3, "load", "last", Buffer.from("last"));
        await follow("A lost namespace", 0, 1);
        await kubectl("delete", "namespace", project.namespace, "--wait", "--timeout=120s");
        await follow("A lost namespace", 1);
        const target = await targetOf(project);
        assert.deepEqual(await unreadable(target, "load"), []);
        assert.deepEqual(await load.lost(target, frozenAt), []);
        await client(target).send(new GetObjectCommand({ Bucket: "load", Key: "last" }));
    });

    itInLongForm("have a guide of which every block was run", () => assert.equal(ran, countOfCommands("backup.md")));
});

/** What the schedule of the guide runs, from the step that takes a set on. */
function scheduled(): string[] {
    const { jobs } = parse(readFileSync(join(checkout, "docs/backup-schedule.yaml"), "utf8"));
    const { steps } = jobs.backup;
    return steps.slice(steps.findIndex(({ name }: any) => name === "Take a set")).map(({ run }: any) => run);
}

/** A pod with the label of the cluster that is no server, and has ended, as of a Job: it is in nobody's way. */
async function jobPod(namespace: string): Promise<void> {
    const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "job", namespace, labels: { app: "minio" } },
        spec: {
            restartPolicy: "Never",
            containers: [{ name: "job", image: newMinio.image, command: ["true"] }],
        },
    };
    await execute("bash", ["-c", `kubectl create --filename - <<< '${JSON.stringify(pod)}'`]);
    await until("the job has ended", async () => {
        const { status } = await kubectlJson("get", "pod", "job", `--namespace=${namespace}`);
        return status.phase === "Succeeded";
    });
}

/** Whether an S3 call is answered at all. */
async function answers(endpoint: string, milliseconds: number): Promise<boolean> {
    return fetch(endpoint, { signal: AbortSignal.timeout(milliseconds) }).then(
        () => true,
        () => false,
    );
}

/** Copies `hello` by the CronJob of the guide; from and to what `mcHosts` tells. */
async function mirrorByJob(namespace: string, hosts: Record<string, string>, bucket: string): Promise<void> {
    const inNamespace = `--namespace=${namespace}`;
    const secretOf = (name: string, { endpoint, rootUser, rootPassword }: Target, own: string) => {
        const literals = {
            AWS_ENDPOINT_URL_S3: endpoint,
            AWS_ACCESS_KEY_ID: rootUser,
            AWS_SECRET_ACCESS_KEY: rootPassword,
            BUCKET: own,
        };
        const given = Object.entries(literals).map(([key, value]) => `--from-literal=${key}=${value}`);
        return kubectl("create", "secret", "generic", name, inNamespace, ...given);
    };
    const [from, to] = [hosts.MC_HOST_from, hosts.MC_HOST_to].map((host): Target => {
        const { protocol, host: address, username, password } = new URL(host);
        return { endpoint: `${protocol}//${address}`, rootUser: username, rootPassword: password };
    });
    await secretOf("minio-mirror", from, bucket);
    await secretOf("mirror-target", to, "by-job");
    const file = join(checkout, "docs/mirror.yaml");
    const { spec } = parse(readFileSync(file, "utf8")).spec.jobTemplate.spec.template;
    assert.ok(defaultImage.startsWith(`${spec.containers[0].image}@`));
    await makeBucket(client(to), "by-job");
    await kubectl("apply", inNamespace, `--filename=${file}`);
    await kubectl("create", "job", "mirror-now", "--from=cronjob/minio-mirror", inNamespace);
    await until("the mirror's job has ended", async () => {
        const { status } = await kubectlJson("get", "job", "mirror-now", inNamespace);
        return status.succeeded > 0 || status.failed > 0;
    });
    const said = await kubectl("logs", "--selector=job-name=mirror-now", inNamespace, "--tail=-1");
    const { status } = await kubectlJson("get", "job", "mirror-now", inNamespace);
    assert.equal(status.succeeded, 1, said);
    assert.equal((await get(client(to), "by-job", "hello")).toString(), "hello");
    await kubectl("delete", inNamespace, `--filename=${file}`);
}

async function mcHosts(project: Project, from: Target): Promise<Record<string, string>> {
    const service = await kubectlJson("get", "service", "minio", `--namespace=${project.namespace}`);
    const secret = await kubectlJson("get", "secret", "minio-secret", `--namespace=${project.namespace}`);
    const [user, password] = ["root-user", "root-password"].map((key) =>
        Buffer.from(secret.data[key], "base64").toString(),
    );
    const to = `http://${user}:${password}@${service.spec.clusterIP}:9000`;
    return { MC_HOST_from: from.endpoint.replace("//", `//${from.rootUser}:${from.rootPassword}@`), MC_HOST_to: to };
}

async function boundVolumes(namespace: string, phase = "Bound"): Promise<string[]> {
    const { items } = await kubectlJson("get", "persistentvolumes");
    return items
        .filter((volume: any) => volume.spec.claimRef?.namespace === namespace && volume.status.phase === phase)
        .map(({ metadata }: any) => metadata.name)
        .sort();
}
