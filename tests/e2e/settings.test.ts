import assert from "node:assert/strict";
import { rootCertificates } from "node:tls";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { itInLongForm } from "../support/longForm";
import { firstId, PlatformIds } from "../support/platformIds";
import { execute, kubectl, kubectlJson, Project } from "../support/project";
import { makeBucket, put, targetOf } from "../support/s3";
import { stepByStep } from "../support/stepByStep";

/** Variables whose values are in Secrets and ConfigMaps. Each test goes on from where the one before left it. */
describe("settings from Secrets and ConfigMaps", () => {
    stepByStep();
    const project = new Project("e2e-settings");
    const inNamespace = `--namespace=${project.namespace}`;
    const kmsKey = `first:${Buffer.alloc(32, "k").toString("base64")}`;
    const otherKey = `first:${Buffer.alloc(32, "o").toString("base64")}`;
    const [token, nextToken, own, nextOwn] = ["tok-one-3f9", "tok-two-3f9", "own-one-3f9", "own-two-3f9"];
    const secrets = [kmsKey, otherKey, token, nextToken, own, nextOwn];
    const inSecret = (key: string) => ({ secretKeyRef: { name: "hooks", key } });
    const variables = {
        MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_TEST: inSecret("token"),
        MINIO_KMS_SECRET_KEY: inSecret("kms"),
        MINIO_SITE_NAME: { configMapKeyRef: { name: "site", key: "name" } },
    };
    const region = { MINIO_REGION: "eu-test-1" };
    const ownVariable = "MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_OWN";
    const names = [...Object.keys(variables), ownVariable];
    const platform = new PlatformIds(project.namespace);
    /** Ids are left to the platform. */
    const podSecurityContext = { runAsUser: null, runAsGroup: null, fsGroup: null, fsGroupChangePolicy: null };
    /** What the API server says to a pod of the namespace, which is not made. */
    const tryPod = async (spec: object, securityContext: object) => {
        const container = { name: "a", image: "example.org/a:1", securityContext };
        const pod = {
            apiVersion: "v1",
            kind: "Pod",
            metadata: { name: "try" },
            spec: { containers: [container], ...spec },
        };
        const create = `kubectl create ${inNamespace} --dry-run=server --filename=- <<< "$1"`;
        return (await execute("bash", ["-c", create, "create", JSON.stringify(pod)])).text;
    };
    /** Without an id, which the platform gives. */
    const sound = {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
    };
    const pods = async () => (await kubectlJson("get", "pods", inNamespace, "--selector=app=minio")).items as any[];
    const setKey = (key: string, value: string) =>
        kubectl(
            "patch",
            "secret",
            "hooks",
            inNamespace,
            "--type=merge",
            "--patch",
            JSON.stringify({ stringData: { [key]: value } }),
        );
    /** What a server's process was started with. */
    const read = async (pod: string) => {
        const script = names.map((name) => `printf '%s\\n' "$${name}"`).join("; ");
        return (await kubectl("exec", pod, inNamespace, "--", "sh", "-c", script)).trim().split("\n");
    };
    const s3InRegion = async () => {
        const { endpoint, rootUser, rootPassword } = await targetOf(project);
        const credentials = { accessKeyId: rootUser, secretAccessKey: rootPassword };
        return new S3Client({ endpoint, region: "eu-test-1", forcePathStyle: true, credentials });
    };
    const showsNone = (what: string, text: string) => {
        for (const secret of secrets.flatMap((one) => [one, Buffer.from(one).toString("base64")])) {
            assert.ok(!text.includes(secret), `a secret is in ${what}`);
        }
    };

    before(async () => {
        await kubectl("create", "namespace", project.namespace);
        const literals = [`--from-literal=token=${token}`, `--from-literal=kms=${kmsKey}`];
        await kubectl("create", "secret", "generic", "hooks", inNamespace, ...literals);
        const settings = ["--from-literal=name=test-1", `--from-literal=ca.crt=${rootCertificates[0]}`];
        await kubectl("create", "configmap", "site", inNamespace, ...settings);
        await platform.begin(
            async () =>
                (await tryPod({}, {})).includes(PlatformIds.message) && (await tryPod({}, sound)).includes("created"),
        );
        await project.init({
            createNamespace: false,
            podSecurityContext,
            environmentFrom: variables,
            trustedAuthorities: [{ configMapKeyRef: { name: "site", key: "ca.crt" } }],
            extraVolumes: [{ name: "site", configMap: { name: "site" } }],
            extraVolumeMounts: [{ name: "site", mountPath: "/site", readOnly: true }],
        });
        await project.setSecret("environment", JSON.stringify({ ...region, [ownVariable]: own }));
    });
    after(async () => {
        await project.remove();
        await platform.end();
    });
    afterEach(async function () {
        if (this.currentTest?.state === "failed") {
            const { text } = await execute("kubectl", ["get", "pods,statefulsets", inNamespace, "--output=wide"]);
            process.stderr.write(`${text}\n`);
        }
    });

    it("reach the servers, and stand in no output, state or StatefulSet", async () => {
        showsNone("the first preview", await project.succeed("preview", "--diff"));
        showsNone("the output", await project.succeed("up", "--yes", "--skip-preview"));
        assert.deepEqual(await read("minio-0"), [token, kmsKey, "test-1", own]);
        showsNone("the state", await project.succeed("stack", "export"));
        showsNone("the StatefulSet", await kubectl("get", "statefulset", "minio", inNamespace, "--output=json"));
        showsNone("a pod", await kubectl("get", "pod", "minio-0", inNamespace, "--output=json"));
        await project.succeed("preview", "--expect-no-changes");
    });

    it("are of servers whose ids the platform gives, where nothing else is allowed", async () => {
        assert.match(await tryPod({}, sound), /created/);
        for (const [spec, context] of [
            [{}, { ...sound, runAsUser: 1000 }],
            [{ securityContext: { fsGroup: 1000 } }, sound],
            [{}, { ...sound, capabilities: { drop: ["NET_RAW"] } }],
            [{}, { ...sound, seccompProfile: undefined }],
            [{}, { ...sound, allowPrivilegeEscalation: true }],
        ]) {
            assert.ok((await tryPod(spec, context)).includes(PlatformIds.message), JSON.stringify([spec, context]));
        }
        assert.equal(await kubectl("exec", "minio-0", inNamespace, "--", "id", "-u"), `${firstId}\n`);
        const listed = await kubectl("exec", "minio-0", inNamespace, "--", "ls", "-dln", "/data/.minio.sys");
        assert.deepEqual(listed.split(/\s+/).slice(2, 4), [String(firstId), String(firstId)]);
    });

    it("are what MinIO works with: its region, and the key by which it encrypts", async () => {
        const s3 = await s3InRegion();
        await makeBucket(s3, "bucket");
        const encrypted = { Bucket: "bucket", Key: "encrypted", ServerSideEncryption: "AES256" as const };
        await s3.send(new PutObjectCommand({ ...encrypted, Body: "secret" }));
        const { Body, ServerSideEncryption } = await s3.send(
            new GetObjectCommand({ Bucket: encrypted.Bucket, Key: encrypted.Key }),
        );
        assert.deepEqual([await Body?.transformToString(), ServerSideEncryption], ["secret", "AES256"]);
    });

    it("are files too: authorities where MinIO looks for them, without TLS of its own, and further volumes", async () => {
        const files = ["/certs/CAs/trusted-0.crt", "/site/name"];
        const text = await kubectl("exec", "minio-1", inNamespace, "--", "cat", ...files);
        assert.equal(text, `${rootCertificates[0]}test-1`);
        const patch = (certificate = "") =>
            kubectl(
                "patch",
                "configmap",
                "site",
                inNamespace,
                "--type=merge",
                "--patch",
                JSON.stringify({ data: { "ca.crt": certificate } }),
            );
        await patch(rootCertificates[1]);
        const preview = await project.succeed("preview");
        await patch(rootCertificates[0]);
        assert.match(
            preview,
            /trustedAuthorities\[0\] changes .*: minio-3 to minio-0 are updated in this order, one at a time/,
        );
    });

    it("are told in the preview when a value changes, with what restarts, and without the value", async () => {
        await setKey("token", nextToken);
        const preview = await project.succeed("preview", "--diff");
        assert.match(
            preview,
            /MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_TEST changes \(the Secret or ConfigMap has another value of MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_TEST\): minio-3 to minio-0 are updated in this order, one at a time/,
        );
        showsNone("the preview", preview);
        await setKey("token", token);
    });

    itInLongForm("change by a guided rollout, without a failed request", async () => {
        await setKey("token", nextToken);
        const before = (await pods()).map(({ metadata }) => metadata.uid);
        const s3 = await s3InRegion();
        let puts = 0;
        let done = false;
        const load = (async () => {
            for (; !done; puts++) {
                await put(s3, "bucket", `object-${puts}`, Buffer.from(String(puts)));
                await new Promise((resolve) => setTimeout(resolve, 100));
            }
        })();
        const [text] = await Promise.all([
            project.succeed("up", "--yes", "--skip-preview").finally(() => {
                done = true;
            }),
            load,
        ]);
        showsNone("the output", text);
        assert.ok(puts > 50, `${puts} puts`);
        const after = await pods();
        assert.equal(after.length, 4);
        for (const { metadata } of after) {
            assert.ok(!before.includes(metadata.uid), `${metadata.name} is as before`);
            assert.equal((await read(metadata.name))[0], nextToken);
        }
        await project.succeed("preview", "--expect-no-changes");
    });

    it("are told when the program itself has another secret", async () => {
        await project.setSecret("environment", JSON.stringify({ ...region, [ownVariable]: nextOwn }));
        const preview = await project.succeed("preview", "--diff");
        assert.match(preview, new RegExp(`${ownVariable} changes .*: minio-3 to minio-0 are updated`));
        showsNone("the preview", preview);
        await project.setSecret("environment", JSON.stringify({ ...region, [ownVariable]: own }));
    });

    it("keep the key by which MinIO encrypts", async () => {
        await setKey("kms", otherKey);
        const changed = await project.execute("preview", "--diff");
        await setKey("kms", kmsKey);
        const { MINIO_KMS_SECRET_KEY: _, ...others } = variables;
        await project.configure({ environmentFrom: others });
        const dropped = await project.execute("preview", "--diff");
        await project.configure({ environmentFrom: variables });
        for (const { code, text } of [changed, dropped]) {
            assert.notEqual(code, 0, text);
            assert.match(text, /environment\.MINIO_KMS_SECRET_KEY: .*nobody could read the objects again/);
            showsNone("the refusal", text);
        }
    });

    it("are refused where a key is not there", async () => {
        await project.configure({ environmentFrom: { ...variables, MINIO_SITE_NAME: inSecret("name") } });
        const { code, text } = await project.execute("preview");
        await project.configure({ environmentFrom: variables });
        assert.notEqual(code, 0, text);
        assert.match(text, /environmentFrom\.MINIO_SITE_NAME: the Secret 'hooks' has no key 'name'/);
    });
});
