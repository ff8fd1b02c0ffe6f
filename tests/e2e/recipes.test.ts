import assert from "node:assert/strict";
import {
    GetObjectCommand,
    ListBucketsCommand,
    PutBucketNotificationConfigurationCommand,
    PutObjectCommand,
    S3Client,
} from "@aws-sdk/client-s3";
import { addresses } from "../../devcluster/cluster/addresses";
import { sleep } from "../../devcluster/shell";
import { Authority } from "../support/authority";
import { commandsOf, recipeOf } from "../support/guide";
import { describeInLongForm } from "../support/longForm";
import { OpenIdProvider } from "../support/openIdProvider";
import { OpenLdap } from "../support/openLdap";
import { execute, kubectl, kubectlJson, Project } from "../support/project";
import { get, put, s3Of, targetOf } from "../support/s3";
import { stepByStep } from "../support/stepByStep";
import { until } from "../support/until";
import { Webhooks } from "../support/webhooks";

interface Keys {
    accessKeyId: string;
    secretAccessKey: string;
    sessionToken: string;
}

/**
 * MinIO as the recipes of docs/settings.md set it up, with real servers for what they name. Only addresses are other
 * ones than there. These servers run on this machine, with certificates of a private authority.
 */
describeInLongForm("the recipes of docs/settings.md", () => {
    stepByStep();
    const project = new Project("e2e-recipes");
    const inNamespace = `--namespace=${project.namespace}`;
    const host = addresses.machine;
    const authority = new Authority("corporate");
    const tls = { ...authority.sign([host]), authority: authority.certificate };
    const recipes = {
        openId: recipeOf("settings.md", "Identity provider (OpenID Connect)"),
        ldap: recipeOf("settings.md", "LDAP"),
        webhooks: recipeOf("settings.md", "Notifications and audit"),
        authorities: recipeOf("settings.md", "Private authorities"),
    };
    const secrets = { openId: "oidc-secret-5e1", ldap: "ldap-secret-5e1", notify: "notify-5e1", audit: "audit-5e1" };
    const openId = new OpenIdProvider({
        host,
        tls,
        client: { id: recipes.openId.environment.MINIO_IDENTITY_OPENID_CLIENT_ID, secret: secrets.openId },
        users: { alice: { policy: "readers" }, mallory: {}, eve: { policy: "nobody-made-it" } },
    });
    const ldap = new OpenLdap({
        host,
        tls,
        lookupPassword: secrets.ldap,
        people: {
            bob: { password: "password-of-bob", groups: ["readers"] },
            carol: { password: "password-of-carol", groups: [] },
        },
    });
    const webhooks = new Webhooks(host, tls);
    const environment = () => ({
        ...recipes.openId.environment,
        MINIO_IDENTITY_OPENID_CONFIG_URL: openId.configUrl,
        ...recipes.ldap.environment,
        MINIO_IDENTITY_LDAP_SERVER_ADDR: ldap.address,
        ...recipes.webhooks.environment,
        MINIO_NOTIFY_WEBHOOK_ENDPOINT_MAIN: `${webhooks.url}/minio`,
        MINIO_AUDIT_WEBHOOK_ENDPOINT_ALL: `${webhooks.url}/audit`,
    });
    const document = JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::shared/*"] }],
    });

    let root: S3Client;
    let endpoint: string;
    const clientOf = (credentials: Keys) =>
        new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
    /** What MinIO answers to who asks for keys, as its error or the keys. */
    const assumeRole = async (action: string, parameters: Record<string, string>): Promise<string | Keys> => {
        const body = new URLSearchParams({ Action: action, Version: "2011-06-15", ...parameters });
        const answer = await fetch(endpoint, { method: "POST", body });
        const text = await answer.text();
        const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? "";
        return answer.ok
            ? {
                  accessKeyId: element("AccessKeyId"),
                  secretAccessKey: element("SecretAccessKey"),
                  sessionToken: element("SessionToken"),
              }
            : element("Message");
    };
    const withToken = (token: string) => assumeRole("AssumeRoleWithWebIdentity", { WebIdentityToken: token });
    const withPassword = (LDAPUsername: string, LDAPPassword: string) =>
        assumeRole("AssumeRoleWithLDAPIdentity", { LDAPUsername, LDAPPassword });
    /** They may read what is in `shared`, and nothing else. */
    const readOnly = async (keys: string | Keys) => {
        assert.ok(typeof keys !== "string", `refused: ${keys}`);
        const s3 = clientOf(keys);
        assert.equal((await get(s3, "shared", "object")).toString(), "for all");
        for (const command of [
            new PutObjectCommand({ Bucket: "shared", Key: "object", Body: "changed" }),
            new GetObjectCommand({ Bucket: "other", Key: "object" }),
            new ListBucketsCommand({}),
        ]) {
            await assert.rejects(s3.send(command as GetObjectCommand), { name: "AccessDenied" });
        }
    };

    before(async () => {
        await Promise.all([openId.start(), ldap.start(), webhooks.start()]);
        await kubectl("create", "namespace", project.namespace);
        for (const [name, key, value] of [
            ["oidc", "client-secret", secrets.openId],
            ["ldap", "password", secrets.ldap],
            ["webhook", "token", secrets.notify],
            ["audit", "token", secrets.audit],
        ]) {
            await kubectl("create", "secret", "generic", name, inNamespace, `--from-literal=${key}=${value}`);
        }
        await kubectl("create", "configmap", "corporate", inNamespace, `--from-literal=root.pem=${tls.authority}`);
        await project.init({
            createNamespace: false,
            environment: environment(),
            environmentFrom: {
                ...recipes.openId.environmentFrom,
                ...recipes.ldap.environmentFrom,
                ...recipes.webhooks.environmentFrom,
            },
            ...recipes.authorities,
            buckets: [{ name: "shared" }, { name: "other" }],
            policies: [{ name: "readers", document }],
        });
    });
    after(async () => {
        await project.remove();
        await Promise.all([openId.stop(), ldap.remove(), webhooks.stop()]);
        authority.remove();
    });
    afterEach(async function () {
        if (this.currentTest?.state === "failed") {
            const { text } = await execute("kubectl", ["logs", "minio-0", inNamespace, "--tail=30"]);
            process.stderr.write(`${text}\n`);
        }
    });

    it("make a cluster that serves, with buckets and policies, and without another change", async () => {
        await project.succeed("up", "--yes", "--skip-preview");
        await project.succeed("preview", "--expect-no-changes");
        root = await s3Of(project);
        ({ endpoint } = await targetOf(project));
        await put(root, "shared", "object", Buffer.from("for all"));
        await put(root, "other", "object", Buffer.from("for few"));
    });

    it("let a user of an OpenID Connect provider do what the policy in the token's claim allows, and no more", async () => {
        const scopes = recipes.openId.environment.MINIO_IDENTITY_OPENID_SCOPES.split(",");
        const token = await openId.idToken("alice", scopes);
        await readOnly(await withToken(token));
        const [header, , signature] = token.split(".");
        const claims = { ...JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString()), policy: "readwrite" };
        const forged = [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
        assert.match(String(await withToken(forged)), /verification error/);
        assert.match(String(await withToken(await openId.idToken("mallory", scopes))), /policy claim missing/);
        assert.match(String(await withToken(await openId.idToken("eve", scopes))), /None of the given policies/);
    });

    it("let a user of LDAP do what the policy of its group allows, once the group has one, and no more", async () => {
        const signIn = () => withPassword("bob", "password-of-bob");
        assert.match(String(await signIn()), /expecting a policy to be set/);
        const { rootUser, rootPassword } = await targetOf(project);
        const [attach] = commandsOf("settings.md", "LDAP");
        await project.shell(attach, { MC_HOST_ALIAS: endpoint.replace("://", `://${rootUser}:${rootPassword}@`) });
        await readOnly(await signIn());
        assert.match(String(await withPassword("bob", "password-of-carol")), /Invalid Credentials/);
        assert.match(String(await withPassword("carol", "password-of-carol")), /expecting a policy to be set/);
        assert.match(String(await withPassword("nobody", "password-of-bob")), /User DN not found/);
    });

    it("tell a webhook of an object, and another one of each request, each with its token", async () => {
        const QueueArn = "arn:minio:sqs::MAIN:webhook";
        await root.send(
            new PutBucketNotificationConfigurationCommand({
                Bucket: "shared",
                NotificationConfiguration: { QueueConfigurations: [{ QueueArn, Events: ["s3:ObjectCreated:*"] }] },
            }),
        );
        await put(root, "shared", "told", Buffer.from("of this"));
        const told = (path: string, isIt: (told: any) => boolean) =>
            webhooks.calls.find((call) => call.path === path && call.told !== undefined && isIt(call.told));
        const ofObject = () => told("/minio", ({ Key }) => Key === "shared/told");
        const ofRequest = () => told("/audit", ({ api }) => api?.name === "PutObject" && api.object === "told");
        const isTold = () => ofObject() !== undefined && ofRequest() !== undefined;
        const why = () => JSON.stringify(webhooks.calls.map(({ path, told }) => [path, told?.Key, told?.api?.name]));
        await until("both webhooks are told", isTold, { seconds: 30, why });
        assert.equal(ofObject()?.authorization, `Bearer ${secrets.notify}`);
        assert.equal(ofRequest()?.authorization, secrets.audit);
    });

    it("keep a server that starts while a provider is away from requests, and others serve", async () => {
        const keys = await withPassword("bob", "password-of-bob");
        assert.ok(typeof keys !== "string");
        const s3 = clientOf(keys);
        await ldap.stop();
        try {
            await kubectl("delete", "pod", "minio-0", inNamespace);
            const log = async () => (await execute("kubectl", ["logs", "minio-0", inNamespace])).text;
            await until("it waits", async () => (await log()).includes("Waiting for LDAP to be initialized"));
            // Longer than any other server takes to become ready.
            for (const end = Date.now() + 22_000; Date.now() < end; await sleep(200)) {
                assert.equal((await get(s3, "shared", "object")).toString(), "for all");
                await put(root, "other", "object", Buffer.from("for few"));
            }
            const { items } = await kubectlJson("get", "pods", inNamespace, "--selector=app=minio");
            const ready = ({ status }: any) =>
                status.conditions.some((one: any) => one.type === "Ready" && one.status === "True");
            assert.deepEqual(
                items.filter(ready).map(({ metadata }: any) => metadata.name),
                ["minio-1", "minio-2", "minio-3"],
            );
        } finally {
            await ldap.resume();
        }
        await kubectl("wait", "pod/minio-0", inNamespace, "--for=condition=Ready", "--timeout=60s");
    });
});
