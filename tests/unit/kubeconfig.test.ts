import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { type ClusterTarget, describeCluster, loadKubeconfig, proxyOf } from "../../components/kubernetes/kubeconfig";

/** A kubeconfig with a cluster and a context of each name, at `https://NAME:6443`. */
const kubeconfigOf = (current: string, ...names: string[]) =>
    JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": current,
        clusters: names.map((name) => ({ name, cluster: { server: `https://${name}:6443` } })),
        users: names.map((name) => ({ name, user: { token: `token-of-${name}` } })),
        contexts: names.map((name) => ({ name, context: { cluster: name, user: name } })),
    });

describe("the kubeconfig", () => {
    const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
    const [first, second] = ["first", "second"].map((name) => join(folder, name));
    before(() => {
        writeFileSync(first, kubeconfigOf("dev", "dev", "both"));
        writeFileSync(second, kubeconfigOf("prod", "prod"));
    });
    after(() => rmSync(folder, { recursive: true }));

    const serverOf = async (target: Partial<ClusterTarget>, env: NodeJS.ProcessEnv = { KUBECONFIG: first }) => {
        const config = await loadKubeconfig({ by: "a test", ...target }, env);
        return config.getCurrentCluster()?.server;
    };

    it("is led by the context and the cluster that are given, as the provider is", async () => {
        assert.equal(await serverOf({}), "https://dev:6443");
        assert.equal(await serverOf({ context: "both" }), "https://both:6443");
        assert.equal(await serverOf({ cluster: "both" }), "https://both:6443");
        const both = await loadKubeconfig({ by: "a test", context: "both", cluster: "dev" }, { KUBECONFIG: first });
        assert.equal(both.getCurrentCluster()?.server, "https://dev:6443");
        assert.equal(both.getCurrentUser()?.token, "token-of-both");
    });

    it("may be a path, a path in the home folder, or a content, which counts before KUBECONFIG", async () => {
        assert.equal(await serverOf({ kubeconfig: second }), "https://prod:6443");
        assert.equal(await serverOf({ kubeconfig: kubeconfigOf("prod", "prod") }), "https://prod:6443");
        assert.equal(await serverOf({ kubeconfig: `~/${relative(homedir(), second)}` }), "https://prod:6443");
        assert.equal(await serverOf({ kubeconfig: "" }), "https://dev:6443");
    });

    it("may be several files, of which one need not be there, and the first to say a thing counts", async () => {
        const env = { KUBECONFIG: [join(folder, "missing"), first, second, first].join(delimiter) };
        assert.equal(await serverOf({}, env), "https://dev:6443");
        assert.equal(await serverOf({ context: "prod" }, env), "https://prod:6443");
    });

    it("refuses what it does not have, naming what there is, and no value", async () => {
        const refused = (target: Partial<ClusterTarget>, message: RegExp, env?: NodeJS.ProcessEnv) =>
            assert.rejects(serverOf(target, env), (error: Error) => {
                assert.match(error.message, message);
                assert.ok(!error.message.includes("token-of"));
                return true;
            });
        await refused({ context: "none" }, /no context 'none' \(a test\); it has dev, both/);
        await refused({ cluster: "none" }, /no cluster 'none' \(a test\); it has dev, both/);
        await refused({}, /the kubeconfig names no cluster \(a test\)/, { KUBECONFIG: join(folder, "missing") });
        await refused({ kubeconfig: "token-of-somebody: [" }, /a test is neither a file nor a kubeconfig's content/);
    });

    it("is told by its server, its context, and who named it", async () => {
        const target = { by: "kubernetes:context", context: "both" };
        const config = await loadKubeconfig(target, { KUBECONFIG: first });
        assert.equal(describeCluster(config, target), "https://both:6443 (context both, by kubernetes:context)");
    });
});

describe("the proxy", () => {
    const proxy = "http://proxy.example.org:3128";
    const of = (server: string, env: NodeJS.ProcessEnv) => proxyOf(new URL(server), { HTTPS_PROXY: proxy, ...env });

    it("is that of HTTPS_PROXY, in either case, for all but this machine", () => {
        assert.equal(of("https://10.0.0.1:6443", {}), proxy);
        assert.equal(of("https://10.0.0.1:6443", { HTTPS_PROXY: "", https_proxy: "proxy:3128" }), "http://proxy:3128");
        assert.equal(of("http://10.0.0.1:6443", {}), undefined);
        for (const server of ["https://localhost:6443", "https://127.0.0.2:6443", "https://[::1]:6443"]) {
            assert.equal(of(server, {}), undefined);
        }
    });

    // Each as in the tests of golang.org/x/net/http/httpproxy.
    for (const [exception, server, isExcepted] of [
        ["*", "https://api.example.org", true],
        ["example.org", "https://api.example.org", true],
        ["example.org", "https://example.org", true],
        [".example.org", "https://example.org", false],
        [".example.org", "https://api.example.org", true],
        ["*.example.org", "https://api.example.org", true],
        ["example.org", "https://notexample.org", false],
        ["example.org:6443", "https://example.org:6443", true],
        ["example.org:443", "https://example.org:6443", false],
        ["example.org:443", "https://example.org", true],
        ["10.0.0.0/8", "https://10.1.2.3:6443", true],
        ["10.0.0.0/8", "https://11.1.2.3:6443", false],
        ["fd00::/8", "https://[fd00::1]:6443", true],
        ["10.1.2.3", "https://10.1.2.3:6443", true],
        ["10.0.0.0/99", "https://10.1.2.3:6443", false],
        ["other.org, EXAMPLE.org", "https://api.Example.org", true],
        ["", "https://api.example.org", false],
    ] as const) {
        it(`is ${isExcepted ? "not " : ""}used for ${server} where NO_PROXY is '${exception}'`, () => {
            assert.equal(of(server, { NO_PROXY: exception }), isExcepted ? undefined : proxy);
        });
    }
});
