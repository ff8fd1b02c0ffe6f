import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { addresses } from "../../devcluster/cluster/addresses";
import { Authority } from "./authority";
import { execute } from "./project";
import { apply, Refusal } from "./refusals";

/** Of a namespace, as OpenShift's annotation `openshift.io/sa.scc.uid-range` says it: from this one, ten thousand. */
export const firstId = 1_000_650_000;
const inRange = (id: string) => `(${id} >= ${firstId} && ${id} < ${firstId + 10_000})`;

const pod = "object.spec.securityContext";
const optional = (field: string, rule: string) => `(!has(${field}) || ${rule})`;
const rules = [
    `has(${pod}) && has(${pod}.fsGroup) && ${inRange(`${pod}.fsGroup`)}`,
    optional(`${pod}.runAsUser`, inRange(`${pod}.runAsUser`)),
    optional(`${pod}.supplementalGroups`, `${pod}.supplementalGroups.all(id, ${inRange("id")})`),
    optional("object.spec.hostNetwork", "!object.spec.hostNetwork"),
    optional("object.spec.volumes", "object.spec.volumes.all(one, !has(one.hostPath) && !has(one.nfs))"),
    `object.spec.containers.all(c, has(c.securityContext) && ${[
        `has(c.securityContext.runAsUser) && ${inRange("c.securityContext.runAsUser")}`,
        "has(c.securityContext.allowPrivilegeEscalation) && !c.securityContext.allowPrivilegeEscalation",
        optional("c.securityContext.privileged", "!c.securityContext.privileged"),
        "has(c.securityContext.capabilities) && has(c.securityContext.capabilities.drop)",
        "'ALL' in c.securityContext.capabilities.drop",
        optional("c.securityContext.capabilities.add", "c.securityContext.capabilities.add == ['NET_BIND_SERVICE']"),
        `(has(c.securityContext.seccompProfile) ? c.securityContext.seccompProfile.type : ` +
            `has(${pod}.seccompProfile) ? ${pod}.seccompProfile.type : '') == 'RuntimeDefault'`,
    ].join(" && ")})`,
];

/**
 * A namespace in which pods have what OpenShift's SecurityContextConstraints `restricted-v2` want. A webhook stands for
 * the admission plugin that gives ids to pods without any; a policy refuses what `restricted-v2` refuses.
 */
export class PlatformIds {
    static readonly message = "restricted-v2 does not allow this pod";
    private readonly authority = new Authority("platform ids");
    private readonly pair = this.authority.sign([addresses.machine]);
    private readonly tls = { cert: this.pair.certificate, key: this.pair.key };
    private readonly server = createServer(this.tls, async (request, response) => {
        const review = JSON.parse(await text(request));
        const patch = [{ op: "replace", path: "/spec", value: withIds(review.request.object.spec) }];
        const answer = {
            uid: review.request.uid,
            allowed: true,
            patchType: "JSONPatch",
            patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
        };
        response.setHeader("Content-Type", "application/json");
        response.end(JSON.stringify({ apiVersion: review.apiVersion, kind: review.kind, response: answer }));
    });
    private readonly policy: Refusal;

    constructor(private readonly namespace: string) {
        this.policy = new Refusal(namespace, "restricted-v2", {
            group: "",
            resources: ["pods"],
            operation: "CREATE",
            unless: rules.join(" && "),
            message: PlatformIds.message,
        });
    }

    /** Returns when both count, which is asked for by dry runs. */
    async begin(bothCount: () => Promise<boolean>): Promise<void> {
        await new Promise<void>((resolve) => this.server.listen(0, addresses.machine, resolve));
        const { port } = this.server.address() as AddressInfo;
        apply({
            apiVersion: "admissionregistration.k8s.io/v1",
            kind: "MutatingWebhookConfiguration",
            metadata: { name: this.namespace },
            webhooks: [
                {
                    name: "ids.platform.example.org",
                    admissionReviewVersions: ["v1"],
                    sideEffects: "None",
                    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": this.namespace } },
                    rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
                    clientConfig: {
                        url: `https://${addresses.machine}:${port}/`,
                        caBundle: Buffer.from(this.authority.certificate).toString("base64"),
                    },
                },
            ],
        });
        await this.policy.begin(bothCount);
    }

    async end(): Promise<void> {
        await execute("kubectl", ["delete", "mutatingwebhookconfiguration", this.namespace, "--ignore-not-found"]);
        await this.policy.end();
        this.server.closeAllConnections();
        this.server.close();
        this.authority.remove();
    }
}

/** A group for the volumes, and a user for each container that has none, as `restricted-v2` gives them. */
function withIds(spec: any): object {
    const { securityContext: own = {} } = spec;
    const containers = spec.containers.map((one: any) => ({
        ...one,
        securityContext: { runAsUser: own.runAsUser ?? firstId, ...one.securityContext },
    }));
    return { ...spec, containers, securityContext: { fsGroup: firstId, ...own } };
}
