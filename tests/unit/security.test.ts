import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { parseAllDocuments } from "yaml";
import { printable } from "../../components/basics/printable";
import { rolloutRights } from "../../components/kubernetes/rights";
import { podTemplate } from "../../components/server/podTemplate";
import { readyScript, startScript, stopScript } from "../../components/server/scripts";
import { checkedSpec } from "../../components/spec/checkedSpec";
import { namesOf } from "../../components/spec/names";
import { isScriptVariable } from "../../components/spec/scriptVariables";
import { type KnownArgs, type MinioClusterSpec, withDefaults } from "../../components/spec/spec";
import { problemsOf } from "../../components/spec/validation";
import type { MinioClusterArgs } from "../../index";

const docs = join(__dirname, "../../docs");
const template = (args: KnownArgs): any => podTemplate(namesOf("minio"), withDefaults(args), 0);
const fieldsOf = (args: KnownArgs) => problemsOf("minio", args).map(({ field }) => field);

/** Who may edit a stack's configuration, and what it may not come to. The statements are those of docs/security.md. */
describe("hostile arguments", () => {
    it("never reach a shell: all clusters have the same scripts, and of 10,000 names and domains those that pass have no special sign", () => {
        const word = fc.oneof(
            fc.string(),
            fc.stringMatching(/^[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8})?$/),
            fc.constantFrom(
                "$(id)",
                "`id`",
                "a;id",
                "a\nid",
                "a b",
                "a'b",
                'a"b',
                "a&b",
                "a|b",
                "a\\b",
                "a$IFS",
                "a>b",
            ),
        );
        const scripts = [[startScript, "start"], [stopScript], [readyScript]];
        let passed = 0;
        fc.assert(
            fc.property(word, word, word, (name, namespace, clusterDomain) => {
                const args = { namespace, clusterDomain };
                if (problemsOf(name, args).length === 0) {
                    passed++;
                    const [server] = (podTemplate(namesOf(name), withDefaults(args), 0) as any).spec.containers;
                    assert.deepEqual(
                        [server.command, server.lifecycle.preStop.exec.command, server.startupProbe.exec.command],
                        scripts.map((script) => ["/bin/sh", "-c", ...script]),
                    );
                    const told = server.env.filter(({ name: variable }: any) => isScriptVariable(variable));
                    const url = `http://${name}.${namespace}.svc.${clusterDomain}:9000`;
                    assert.equal(told.find(({ name: variable }: any) => variable === "CLUSTER_URL").value, url);
                    for (const { value } of told.filter(({ value }: any) => value !== undefined)) {
                        // curl knows the braces.
                        assert.match(value, /^[a-z0-9.:/{},-]+( [a-z0-9.:/{},-]+)*$/);
                    }
                }
            }),
            { numRuns: 10_000 },
        );
        assert.ok(passed > 100, `only ${passed} passed`);
    });

    const refused: [string, KnownArgs][] = [
        ["annotations.minio-cluster/credentials", { annotations: { "minio-cluster/credentials": "mine/1" } }],
        [
            "annotations.container.apparmor.security.beta.kubernetes.io/minio",
            { annotations: { "container.apparmor.security.beta.kubernetes.io/minio": "unconfined" } },
        ],
        ["labels.controller-revision-hash", { labels: { "controller-revision-hash": "1" } }],
        ["labels.statefulset.kubernetes.io/pod-name", { labels: { "statefulset.kubernetes.io/pod-name": "other-0" } }],
        ["environment.MINIO_ROOT_PASSWORD_FILE", { environment: { MINIO_ROOT_PASSWORD_FILE: "/data/mine" } }],
        ["environment.MINIO_SECRET_KEY_FILE", { environment: { MINIO_SECRET_KEY_FILE: "/data/mine" } }],
        ["environment.MINIO_CONFIG_ENV_FILE", { environment: { MINIO_CONFIG_ENV_FILE: "/data/mine" } }],
        ["environment.POD_NAME", { environment: { POD_NAME: "minio-0" } }],
        ["environment.CLUSTER_URL", { environment: { CLUSTER_URL: "http://elsewhere" } }],
        ["podSecurityContext.runAsUser", { podSecurityContext: { runAsUser: 0 } }],
        ["podSecurityContext.runAsNonRoot", { podSecurityContext: { runAsNonRoot: false } }],
        ["podSecurityContext.seccompProfile.type", { podSecurityContext: { seccompProfile: { type: "Unconfined" } } }],
        [
            "podSecurityContext.appArmorProfile.type",
            { podSecurityContext: { appArmorProfile: { type: "Unconfined" } } },
        ],
    ];
    for (const [field, args] of refused) {
        it(`are refused: ${field}`, () => assert.deepEqual(fieldsOf(args), [field]));
    }

    it("take nothing of a pod's confinement off by leaving it open", () => {
        const open = {
            runAsUser: null,
            runAsNonRoot: null,
            fsGroup: undefined,
            seccompProfile: null,
            runAsGroup: 2000,
        };
        const { securityContext } = template({ podSecurityContext: open as never }).spec;
        assert.deepEqual(securityContext, {
            runAsGroup: 2000,
            fsGroup: 1000,
            fsGroupChangePolicy: "OnRootMismatch",
            runAsNonRoot: true,
            seccompProfile: { type: "RuntimeDefault" },
        });
    });

    it("leave ids out that are null, for a Kubernetes cluster that gives them itself", () => {
        const none = { runAsUser: null, runAsGroup: null, fsGroup: null, fsGroupChangePolicy: null };
        assert.deepEqual(template({ podSecurityContext: none as never }).spec.securityContext, {
            runAsNonRoot: true,
            seccompProfile: { type: "RuntimeDefault" },
        });
    });

    it("cannot add containers, volumes, host namespaces or a token to a pod, whatever they are", () => {
        const anything = fc.dictionary(
            fc.constantFrom("podSecurityContext", "affinity", "nodeSelector", "resources", "annotations", "labels"),
            fc.object({
                key: fc.constantFrom("hostNetwork", "hostPID", "containers", "volumes", "privileged", "a"),
                maxDepth: 2,
            }),
        );
        fc.assert(
            fc.property(anything, (args) => {
                const { spec } = template(args as KnownArgs);
                assert.deepEqual([spec.hostNetwork, spec.hostPID, spec.hostIPC], [undefined, undefined, undefined]);
                assert.equal(spec.automountServiceAccountToken, false);
                assert.deepEqual(
                    spec.containers.map(({ name }: { name: string }) => name),
                    ["minio"],
                );
                assert.equal(spec.initContainers, undefined);
                for (const { securityContext } of spec.containers) {
                    assert.equal(securityContext.runAsNonRoot, true);
                    assert.equal(securityContext.allowPrivilegeEscalation, false);
                    assert.equal(securityContext.privileged, undefined);
                    assert.deepEqual(securityContext.capabilities, { drop: ["ALL"] });
                }
                assert.deepEqual(
                    spec.volumes.map(({ name }: { name: string }) => name),
                    ["tmp"],
                );
            }),
        );
    });

    it("give the root credentials by reference", () => {
        const [server] = template({}).spec.containers;
        const references = server.env
            .filter(({ valueFrom }: any) => valueFrom?.secretKeyRef)
            .map(({ name }: any) => name);
        assert.deepEqual(references, ["MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"]);
    });

    it("let servers reach nobody but each other and DNS by a list of egress that is empty", async () => {
        assert.deepEqual(await egress({}), { policyTypes: ["Ingress"], egress: undefined });
        const none = await egress({ egress: [] });
        assert.deepEqual(none.policyTypes, ["Ingress", "Egress"]);
        const [peers, dns, ...others] = none.egress ?? [];
        assert.deepEqual(peers, { to: [{ podSelector: { matchLabels: { app: "minio" } } }], ports: [tcp(9000)] });
        assert.deepEqual(dns.ports.length, 4);
        assert.deepEqual(others, []);
        const to = [{ ipBlock: { cidr: "10.1.0.0/16" } }];
        assert.deepEqual((await egress({ egress: to })).egress?.slice(2), [{ to }]);
    });

    it("let nobody in by a list of clients or scrapers that is empty", async () => {
        assert.equal((await networkPolicy({ clients: [], scrapers: [] })).length, 1);
        assert.deepEqual(
            (await networkPolicy({})).map(({ from }) => from.length),
            [1, 1],
        );
        const clients = [{ namespaceSelector: {} }];
        assert.deepEqual(
            (await networkPolicy({ clients, scrapers: clients })).map(({ from }) => from),
            [[{ podSelector: { matchLabels: { app: "minio" } } }], clients, clients],
        );
    });
});

describe("messages", () => {
    it("show a hostile value on one line, without what a terminal or a CI system would act on", () => {
        const hostile = "ten\n::add-mask::x\u001b[2J\u202e\u2028";
        const [problem] = problemsOf("minio", { storageSize: hostile });
        assert.match(problem.reason, /'ten\\u\{a\}::add-mask::x\\u\{1b\}\[2J\\u\{202e\}\\u\{2028\}' is not allowed/);
        const [field] = fieldsOf({ environment: { "A\n::error::": "b" } });
        assert.equal(field, "environment.A\\u{a}::error::");
        assert.equal(printable("plain,\tünïcode"), "plain,\tünïcode");
    });

    it("show no value of the environment or of the kubeconfig, however wrong they are", () => {
        for (const args of [
            { environment: { MINIO_ROOT_PASSWORD: "hunter22" } },
            { environment: { "no name": "hunter22" } },
            { environment: { A: { b: "hunter22" } } },
            { environment: "A=hunter22" },
            { environment: ["hunter22"] },
            { rollout: { kubeconfig: { token: "hunter22" } } },
        ] as unknown as KnownArgs[]) {
            const problems = problemsOf("minio", args);
            assert.ok(problems.length > 0);
            assert.ok(!JSON.stringify(problems).includes("hunter22"), JSON.stringify(problems));
        }
    });

    it("show no value that is a secret", async () => {
        const args: MinioClusterArgs = {
            rootUser: pulumi.secret("a, b"),
            annotations: { note: pulumi.secret(5 as unknown as string) },
            storageSize: "ten",
        };
        await assert.rejects(
            resolved({ ...args, storageSize: pulumi.output(Promise.resolve("ten")) }),
            (error: Error) => {
                assert.match(error.message, /rootUser: its value \(not shown\) is not allowed/);
                assert.match(error.message, /annotations.note: its value \(not shown\)/);
                assert.match(error.message, /storageSize: 'ten' is not allowed/);
                assert.ok(!error.message.includes("a, b"));
                return true;
            },
        );
    });
});

/** The ingress rules of the policy that is made. */
async function networkPolicy(policy: NonNullable<MinioClusterArgs["networkPolicy"]>): Promise<any[]> {
    return (await policyOf(policy)).ingress;
}

const tcp = (port: number) => ({ protocol: "TCP", port });

/** What it says of the way out. */
async function egress(policy: NonNullable<MinioClusterArgs["networkPolicy"]>): Promise<any> {
    const { policyTypes, egress } = await policyOf(policy);
    return { policyTypes, egress };
}

async function policyOf(policy: NonNullable<MinioClusterArgs["networkPolicy"]>): Promise<any> {
    let rules: any = {};
    await pulumi.runtime.setMocks({
        newResource({ type, name, inputs }) {
            if (type.endsWith(":NetworkPolicy")) {
                rules = inputs.spec;
            }
            return { id: `${name}-id`, state: { ...inputs, result: "s3cret" } };
        },
        call: ({ inputs }) => inputs,
    });
    const { MinioCluster } = await import("../../index");
    const { ready } = new MinioCluster("minio", { networkPolicy: policy });
    await new Promise((resolve) => ready.apply(resolve));
    return rules;
}

/** What the arguments come to once they are all known. */
function resolved(args: MinioClusterArgs): Promise<MinioClusterSpec> {
    return (checkedSpec("minio", args) as unknown as { promise(): Promise<MinioClusterSpec> }).promise();
}

describe("the rights in docs/rbac.yaml", () => {
    const documents: any[] = parseAllDocuments(readFileSync(join(docs, "rbac.yaml"), "utf8")).map((one) => one.toJS());
    const role = (name: string) => documents.find(({ kind, metadata }) => kind === "Role" && metadata.name === name);

    it("are those that the rollout asks for", () => {
        const given = role("minio-cluster-rollout").rules.flatMap(({ apiGroups, resources, verbs }: any) =>
            apiGroups.flatMap((group: string) =>
                resources.flatMap((resource: string) => verbs.map((verb: string) => `${verb} ${group}/${resource}`)),
            ),
        );
        const asked = rolloutRights(true).map(({ verb, group, resource }) => `${verb} ${group}/${resource}`);
        const beforeThat = "get /services"; // To know which cluster it is, before anything is asked there.
        assert.deepEqual(given.sort(), [...asked, beforeThat].sort());
    });

    it("are of one namespace, without a wildcard, a right to run or enter a pod, or to give rights", () => {
        assert.deepEqual([...new Set(documents.map(({ kind }) => kind))].sort(), [
            "Role",
            "RoleBinding",
            "ServiceAccount",
        ]);
        for (const { apiGroups, resources, verbs } of documents.flatMap(({ rules }) => rules ?? [])) {
            for (const word of [...apiGroups, ...resources, ...verbs]) {
                assert.notEqual(word, "*");
                assert.doesNotMatch(
                    word,
                    /^(pods\/(exec|attach|ephemeralcontainers)|serviceaccounts|.*roles?|.*bindings|escalate|bind|impersonate)$/,
                );
            }
            assert.ok(!(resources.includes("pods") && verbs.includes("create")));
        }
    });
});

describe("docs/security.md", () => {
    it("names tests that are there", () => {
        const text = readFileSync(join(docs, "security.md"), "utf8");
        const named = [...text.matchAll(/`((?:unit|e2e)\/\w+\.test\.ts)`: ?(.*?) \|$/gm)];
        assert.ok(named.length > 20);
        for (const [, file, title] of named) {
            assert.ok(readFileSync(join(__dirname, "..", file), "utf8").includes(title), `${file}: ${title}`);
        }
    });
});
