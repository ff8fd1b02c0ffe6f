import { spawnSync } from "node:child_process";
import { execute, kubectl } from "./project";

/** What a cluster refuses in a namespace: by a ValidatingAdmissionPolicy, whose words are the message. */
export class Refusal {
    private readonly name: string;

    constructor(
        private readonly namespace: string,
        what: string,
        private readonly rule: {
            group: string;
            resources: string[];
            operation: "CREATE" | "UPDATE";
            /** Of CEL: what is allowed all the same. */
            unless?: string;
            message: string;
        },
    ) {
        this.name = `${namespace}-${what}`;
    }

    /** Returns once it counts for this object, which is asked for by a dry run. */
    async begin(isRefused: () => Promise<boolean>): Promise<void> {
        const { group, resources, operation, unless = "false", message } = this.rule;
        const metadata = { name: this.name };
        const apiVersion = "admissionregistration.k8s.io/v1";
        const resourceRules = [{ apiGroups: [group], apiVersions: ["*"], operations: [operation], resources }];
        const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": this.namespace } };
        const policy = {
            apiVersion,
            kind: "ValidatingAdmissionPolicy",
            metadata,
            spec: {
                matchConstraints: { resourceRules, namespaceSelector },
                validations: [{ expression: unless, message }],
            },
        };
        const binding = {
            apiVersion,
            kind: "ValidatingAdmissionPolicyBinding",
            metadata,
            spec: { policyName: this.name, validationActions: ["Deny"] },
        };
        for (const object of [policy, binding]) {
            apply(object);
        }
        const deadline = Date.now() + 30_000;
        while (!(await isRefused())) {
            if (Date.now() > deadline) {
                throw new Error(`the policy ${this.name} does not count`);
            }
            await new Promise((resolve) => setTimeout(resolve, 250));
        }
    }

    async end(): Promise<void> {
        await kubectl(
            "delete",
            "validatingadmissionpolicybinding,validatingadmissionpolicy",
            this.name,
            "--ignore-not-found",
        );
    }
}

export function apply(object: object): void {
    const { status, stderr } = spawnSync("kubectl", ["apply", "--filename=-"], { input: JSON.stringify(object) });
    if (status !== 0) {
        throw new Error(stderr.toString());
    }
}

/** A namespace in which no snapshot is ever cut, and none gets an error: the snapshot controller cannot write to it. */
export async function neverCut(namespace: string): Promise<Refusal> {
    const refusal = new Refusal(namespace, "never-cut", {
        group: "snapshot.storage.k8s.io",
        resources: ["volumesnapshots", "volumesnapshots/status"],
        operation: "UPDATE",
        message: "nothing is cut here",
    });
    const probe = {
        apiVersion: "snapshot.storage.k8s.io/v1",
        kind: "VolumeSnapshot",
        metadata: { name: "probe", namespace },
        spec: { source: { persistentVolumeClaimName: "none" } },
    };
    apply(probe);
    await refusal.begin(async () => {
        const args = [
            "label",
            "volumesnapshot",
            "probe",
            `--namespace=${namespace}`,
            `at=${Date.now()}`,
            "--overwrite",
        ];
        return (await execute("kubectl", args)).text.includes("nothing is cut here");
    });
    await execute("kubectl", ["delete", "volumesnapshot", "probe", `--namespace=${namespace}`, "--wait=false"]);
    return refusal;
}
