import { execute, kubectl, succeed } from "./project";

/** The kinds of the Prometheus operator, which the embedded cluster has not: taken as they are, unchecked. */
const definitions = [
    ["ServiceMonitor", "servicemonitors"],
    ["PrometheusRule", "prometheusrules"],
].map(([kind, plural]) => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.monitoring.coreos.com` },
    spec: {
        group: "monitoring.coreos.com",
        scope: "Namespaced",
        names: { kind, plural, singular: kind.toLowerCase() },
        versions: [
            {
                name: "v1",
                served: true,
                storage: true,
                schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
            },
        ],
    },
}));

const names = definitions.map(({ metadata }) => `crd/${metadata.name}`);

export async function makeOperatorKinds(): Promise<void> {
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: definitions });
    await succeed("bash", ["-c", 'kubectl apply --filename=- <<< "$1"', "apply", list]);
    await kubectl("wait", "--for=condition=Established", ...names, "--timeout=30s");
}

export async function removeOperatorKinds(): Promise<void> {
    await execute("kubectl", ["delete", ...names, "--ignore-not-found", "--timeout=60s"]);
}
