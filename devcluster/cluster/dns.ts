/** Cluster DNS: CoreDNS as a Deployment behind the address that every kubelet gives its pods. */

import { waitFor } from "../shell";
import { coreDnsImage } from "../toolchain/versions";
import { addresses } from "./addresses";
import { apply, tryKubectl } from "./kubectl";

const namespace = "kube-system";
const labels = { "k8s-app": "kube-dns" };
const metadata = { name: "coredns", namespace };

// `ready` tells kubelet; there is nothing to forward to, as the cluster has no way out.
const corefile = `.:53 {
    errors
    health :8080
    ready :8181
    kubernetes cluster.local in-addr.arpa {
        pods insecure
        ttl 5
    }
    cache 5
}
`;

export function startDns(): void {
    apply([
        { apiVersion: "v1", kind: "ServiceAccount", metadata },
        {
            apiVersion: "rbac.authorization.k8s.io/v1",
            kind: "ClusterRole",
            metadata: { name: "system:coredns" },
            rules: [
                {
                    apiGroups: [""],
                    resources: ["endpoints", "services", "pods", "namespaces"],
                    verbs: ["list", "watch"],
                },
                { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
            ],
        },
        {
            apiVersion: "rbac.authorization.k8s.io/v1",
            kind: "ClusterRoleBinding",
            metadata: { name: "system:coredns" },
            roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:coredns" },
            subjects: [{ kind: "ServiceAccount", name: "coredns", namespace }],
        },
        { apiVersion: "v1", kind: "ConfigMap", metadata, data: { Corefile: corefile } },
        {
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: "kube-dns", namespace, labels },
            spec: {
                clusterIP: addresses.dnsService,
                selector: labels,
                ports: [
                    { name: "dns", port: 53, protocol: "UDP" },
                    { name: "dns-tcp", port: 53, protocol: "TCP" },
                ],
            },
        },
        deployment,
    ]);
}

export async function waitForDns(): Promise<void> {
    const ready = ["rollout", "status", "deployment/coredns", `--namespace=${namespace}`, "--timeout=1s"];
    await waitFor("cluster DNS", () => tryKubectl(...ready), { log: "kubectl -n kube-system logs deploy/coredns" });
}

const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { ...metadata, labels },
    spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
            metadata: { labels },
            spec: {
                serviceAccountName: "coredns",
                priorityClassName: "system-cluster-critical",
                dnsPolicy: "Default",
                tolerations: [{ operator: "Exists" }],
                containers: [
                    {
                        name: "coredns",
                        image: coreDnsImage,
                        imagePullPolicy: "Never",
                        args: ["-conf", "/etc/coredns/Corefile"],
                        env: [
                            // Before kube-proxy has its rules, the Service address of the API server leads nowhere.
                            { name: "KUBERNETES_SERVICE_HOST", value: addresses.controlPlane },
                            { name: "KUBERNETES_SERVICE_PORT", value: "6443" },
                        ],
                        ports: [{ name: "dns", containerPort: 53, protocol: "UDP" }],
                        readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
                        resources: { requests: { cpu: "10m", memory: "32Mi" } },
                        volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
                    },
                ],
                volumes: [{ name: "config", configMap: { name: "coredns" } }],
            },
        },
    },
};
