import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { connectionOf, NoConnectionError, OtherClusterError, type Witness } from "../../components/live/connection";

/** An API server that knows the Services of these uids, by their names in the namespace `a`. */
class FakeCluster {
    private server: Server | undefined;
    address = "";

    constructor(readonly uids: Record<string, string>) {}

    async start(): Promise<void> {
        const kinds = [{ name: "services", kind: "Service", namespaced: true }];
        this.server = createServer(({ url = "" }, response) => {
            const uid = this.uids[/^\/api\/v1\/namespaces\/a\/services\/([^/?]+)/.exec(url)?.[1] ?? ""];
            const found = uid && { apiVersion: "v1", kind: "Service", metadata: { name: "any", uid } };
            const answer =
                url === "/api/v1" ? { kind: "APIResourceList", groupVersion: "v1", resources: kinds } : found;
            response.writeHead(answer ? 200 : 404, { "content-type": "application/json" });
            response.end(JSON.stringify(answer || { kind: "Status", message: "not found", code: 404 }));
        });
        await new Promise<void>((resolve) => this.server?.listen(0, "127.0.0.1", resolve));
        this.address = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    async stop(): Promise<void> {
        this.server?.closeAllConnections();
        await new Promise((resolve) => this.server?.close(resolve));
    }
}

describe("the component's own connection", () => {
    const [right, wrong] = [new FakeCluster({ "minio-headless": "7" }), new FakeCluster({ "minio-headless": "8" })];
    const clusters = { right, wrong };
    /** With a cluster and a context of each name, of which this one is the current. */
    const kubeconfigOf = (current: keyof typeof clusters) =>
        JSON.stringify({
            apiVersion: "v1",
            kind: "Config",
            "current-context": current,
            clusters: Object.entries(clusters).map(([name, { address: server }]) => ({
                name,
                cluster: { server, "insecure-skip-tls-verify": true },
            })),
            users: [{ name: "anybody", user: {} }],
            contexts: Object.keys(clusters).map((name) => ({ name, context: { cluster: name, user: "anybody" } })),
        });
    const witness = (changes: Partial<Witness> = {}) => ({
        ...{ apiVersion: "v1", kind: "Service", name: "minio-headless", namespace: "a", uid: "7" },
        ...changes,
    });
    const environment = process.env.KUBECONFIG;
    const folder = mkdtempSync(join(tmpdir(), "connection-"));
    const file = join(folder, "kubeconfig");
    const unknown = () => pulumi.output(pulumi.unknown) as pulumi.Output<any>;

    /** The keys `kubernetes:…` of the stack. */
    const configure = (keys: Record<string, string>) =>
        pulumi.runtime.setAllConfig(
            Object.fromEntries(Object.entries(keys).map(([key, value]) => [`kubernetes:${key}`, value])),
        );

    before(async () => {
        await Promise.all([right.start(), wrong.start()]);
        writeFileSync(file, kubeconfigOf("right"));
        await pulumi.runtime.setMocks({
            newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs }),
            call: ({ inputs }) => inputs,
        });
    });
    beforeEach(() => {
        process.env.KUBECONFIG = "/nonexistent";
        configure({});
    });
    after(async () => {
        if (environment === undefined) {
            delete process.env.KUBECONFIG;
        } else {
            process.env.KUBECONFIG = environment;
        }
        configure({});
        rmSync(folder, { recursive: true });
        await Promise.all([right.stop(), wrong.stop()]);
    });

    describe("acts", () => {
        it("where the witness has the uid that the provider has made", async () => {
            configure({ kubeconfig: kubeconfigOf("right") });
            const connection = connectionOf(undefined, undefined, () => witness());
            assert.match((await connection.act())?.where ?? "", new RegExp(right.address));
            assert.equal(await connection.unproved(), undefined);
        });

        it("by a rollout.context that leads to the provider's cluster", async () => {
            configure({ kubeconfig: kubeconfigOf("right"), context: "right" });
            const connection = connectionOf(undefined, { context: "right" }, () => witness());
            assert.equal((await connection.act())?.where, `${right.address} (context right, by rollout.context)`);
        });

        it("nowhere where it has another uid, and says so naming both clusters", async () => {
            configure({ kubeconfig: kubeconfigOf("right") });
            const connection = connectionOf(undefined, { context: "wrong" }, () => witness());
            for (const refused of [connection.act(), connection.unproved()]) {
                await assert.rejects(refused, (error: Error) => {
                    assert.ok(error instanceof OtherClusterError);
                    const { message } = error;
                    assert.ok(
                        message.includes(`in ${right.address} (context right, by kubernetes:kubeconfig)`),
                        message,
                    );
                    assert.ok(
                        message.includes(`leads to ${wrong.address} (context wrong, by rollout.context)`),
                        message,
                    );
                    assert.match(message, /with the uid 7, .* and finds one with the uid 8\. /);
                    return true;
                });
            }
        });

        it("nowhere where there is no such object", async () => {
            configure({ kubeconfig: kubeconfigOf("right") });
            const connection = connectionOf(undefined, undefined, () => witness({ name: "other-headless" }));
            await assert.rejects(connection.act(), (error: Error) => {
                assert.ok(error instanceof OtherClusterError);
                assert.match(error.message, /the Service other-headless in the namespace a .*, and finds none\. /);
                assert.match(error.message, /if somebody deleted the Service, run pulumi up --refresh$/);
                return true;
            });
        });

        it("nowhere without a witness, or where nothing tells its uid, which a preview only says", async () => {
            configure({ kubeconfig: kubeconfigOf("right") });
            const untold = connectionOf(undefined, undefined, () => witness({ uid: unknown() }));
            const expected = /tells no uid of the Service minio-headless, so nothing proves which cluster it is in/;
            await assert.rejects(untold.act(), expected);
            assert.match((await untold.unproved()) ?? "", expected);
            await assert.rejects(connectionOf(undefined, undefined).act(), /is not known in this run/);
        });

        it("nowhere by the uid of a preview's dry run, which only says so", async () => {
            configure({ kubeconfig: kubeconfigOf("right") });
            const connection = connectionOf(undefined, undefined, () => witness({ uid: "9", isPreviewed: () => true }));
            const expected = /the Service minio-headless is not made yet, so nothing proves which cluster/;
            await assert.rejects(connection.act(), expected);
            assert.match((await connection.unproved()) ?? "", expected);
        });

        it("again, once an answer that failed is there", async () => {
            configure({ kubeconfig: kubeconfigOf("right") });
            let uid: string | undefined;
            const connection = connectionOf(undefined, undefined, () => witness({ uid: uid ?? unknown() }));
            await assert.rejects(connection.act(), /tells no uid/);
            uid = "7";
            assert.ok(await connection.act());
        });

        it("on nothing, without an error, where the provider writes files", async () => {
            configure({ renderYamlToDirectory: "manifests", kubeconfig: kubeconfigOf("right") });
            const connection = connectionOf(undefined, undefined, () => witness());
            assert.deepEqual([await connection.act(), await connection.look()], [undefined, undefined]);
            assert.equal(await connection.writesFiles(), true);
        });
    });

    describe("leads", () => {
        const leads = async (rollout?: Parameters<typeof connectionOf>[1], component?: pulumi.Resource) =>
            (await connectionOf(component, rollout).look())?.where;

        it("where kubernetes:kubeconfig, kubernetes:context and kubernetes:cluster of the stack lead", async () => {
            const kubeconfig = kubeconfigOf("right");
            for (const [keys, expected] of [
                [{ kubeconfig }, `${right.address} (context right, by kubernetes:kubeconfig)`],
                [
                    { kubeconfig, context: "wrong" },
                    `${wrong.address} (context wrong, by kubernetes:kubeconfig and kubernetes:context)`,
                ],
            ] as const) {
                configure(keys);
                assert.equal(await leads(), expected);
            }
            configure({ kubeconfig, cluster: "wrong" });
            assert.match(
                (await leads()) ?? "",
                new RegExp(`^${wrong.address} \\(.*, by kubernetes:kubeconfig and kubernetes:cluster\\)$`),
            );
        });

        it("where kubernetes:context or kubernetes:cluster alone lead in KUBECONFIG", async () => {
            process.env.KUBECONFIG = file;
            assert.equal(await leads(), `${right.address} (context right, by KUBECONFIG)`);
            configure({ context: "wrong" });
            assert.equal(await leads(), `${wrong.address} (context wrong, by kubernetes:context)`);
            configure({ cluster: "wrong" });
            assert.match((await leads()) ?? "", new RegExp(`^${wrong.address} .*by kubernetes:cluster\\)$`));
            // The provider takes an empty text for none.
            configure({ kubeconfig: "", context: "", cluster: "" });
            assert.equal(await leads(), `${right.address} (context right, by KUBECONFIG)`);
        });

        it("where the provider that is given or inherited leads, whatever the stack and KUBECONFIG say", async () => {
            process.env.KUBECONFIG = file;
            configure({ kubeconfig: kubeconfigOf("right") });
            const secret = pulumi.secret(kubeconfigOf("right"));
            const provider = new k8s.Provider("given", { kubeconfig: secret, context: "wrong" });
            const component = new pulumi.ComponentResource(
                "test:index:Platform",
                "platform",
                {},
                { providers: [provider] },
            );
            const inside = new pulumi.ComponentResource("test:index:Inside", "inside", {}, { parent: component });
            for (const one of [component, inside]) {
                assert.equal(await leads(undefined, one), `${wrong.address} (context wrong, by the given provider)`);
            }
            assert.equal(
                await leads({ context: "right" }, component),
                `${right.address} (context right, by rollout.context)`,
            );
        });

        it("where rollout.kubeconfig leads before all else, and rollout.context in the provider's kubeconfig", async () => {
            process.env.KUBECONFIG = file;
            configure({ kubeconfig: kubeconfigOf("right"), context: "right", cluster: "right" });
            const own = { kubeconfig: pulumi.secret(kubeconfigOf("wrong")) };
            assert.equal(await leads(own), `${wrong.address} (context wrong, by rollout.kubeconfig)`);
            assert.equal(
                await leads({ ...own, context: "right" }),
                `${right.address} (context right, by rollout.kubeconfig)`,
            );
            assert.equal(await leads({ context: "wrong" }), `${wrong.address} (context wrong, by rollout.context)`);
        });

        it("nowhere yet where a preview does not know the kubeconfig or the context", async () => {
            configure({ kubeconfig: kubeconfigOf("right") });
            assert.equal(await leads({ kubeconfig: unknown() }), undefined);
            assert.equal(await leads({ context: unknown() }), undefined);
        });

        it("nowhere without a kubeconfig, where the provider may have one, and is refused where a given one is wrong", async () => {
            await assert.rejects(leads(), (error: Error) => {
                assert.match(error.message, /the kubeconfig names no cluster \(KUBECONFIG\)/);
                return error instanceof NoConnectionError;
            });
            configure({ kubeconfig: kubeconfigOf("right") });
            await assert.rejects(leads({ context: "none" }), (error: Error) => {
                assert.match(error.message, /no context 'none' \(rollout\.context\); it has right, wrong/);
                return !(error instanceof NoConnectionError);
            });
        });
    });
});
