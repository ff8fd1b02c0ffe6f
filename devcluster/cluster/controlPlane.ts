import { join } from "node:path";
import { clusterDir, kubeconfig } from "../paths";
import { waitFor } from "../shell";
import { folderOf } from "../toolchain/component";
import { kube } from "../toolchain/components";
import { addresses, addressesV6, hasIPv6 } from "./addresses";
import { tryKubectl } from "./kubectl";
import { certificate, pkiDir, privateKey } from "./pki";
import { logOf, type Service, startServices } from "./services";

const etcdUrl = "http://127.0.0.1:2379";

/** Starts etcd and Kubernetes' own control plane, and waits until the API server is ready. */
export async function startControlPlane(): Promise<void> {
    startServices([etcd(), apiServer(), controllerManager(), scheduler(), proxy()]);
    await waitFor("the API server", () => tryKubectl("get", "--raw=/readyz"), { log: logOf("kube-apiserver") });
}

function kubeService(name: string, flags: Record<string, string>): Service {
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    return { name, command: [join(folderOf(kube), "kube"), name, ...args] };
}

function etcd(): Service {
    return kubeService("etcd", {
        "data-dir": join(clusterDir, "etcd"),
        "listen-client-urls": etcdUrl,
        "advertise-client-urls": etcdUrl,
        "listen-peer-urls": "http://127.0.0.1:2380",
        "unsafe-no-fsync": "true",
        "log-level": "warn",
    });
}

/**
 * The API server is on a machine of its own in most clusters, where a node's rules do not know it: what it sends to a pod is judged by
 * the pod's NetworkPolicies as if it came from outside. Here it shares the nodes' network; so it runs as another user than root, whose
 * packets are judged (see networkPolicies.ts), and keeps of root's power that it may read its keys.
 */
const asOutsider = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
];

function apiServer(): Service {
    const service = kubeService("kube-apiserver", {
        "advertise-address": addresses.controlPlane,
        "allow-privileged": "true",
        "authorization-mode": "Node,RBAC",
        "client-ca-file": certificate("ca"),
        "etcd-servers": etcdUrl,
        "kubelet-certificate-authority": certificate("ca"),
        "kubelet-client-certificate": certificate("admin"),
        "kubelet-client-key": privateKey("admin"),
        // Logs and exec would look the node's name up in this machine's DNS otherwise.
        "kubelet-preferred-address-types": "InternalIP",
        "secure-port": "6443",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": join(pkiDir, "service-accounts.pub"),
        "service-account-signing-key-file": privateKey("service-accounts"),
        "service-cluster-ip-range": [addresses.services, ...(hasIPv6 ? [addressesV6.services] : [])].join(),
        "tls-cert-file": certificate("kube-apiserver"),
        "tls-private-key-file": privateKey("kube-apiserver"),
    });
    return { ...service, command: [...asOutsider, ...service.command] };
}

function controllerManager(): Service {
    return kubeService("kube-controller-manager", {
        kubeconfig,
        "allocate-node-cidrs": "false",
        "bind-address": "127.0.0.1",
        "cluster-cidr": addresses.pods,
        "leader-elect": "false",
        "root-ca-file": certificate("ca"),
        "service-account-private-key-file": privateKey("service-accounts"),
        "use-service-account-credentials": "true",
    });
}

function scheduler(): Service {
    return kubeService("kube-scheduler", { kubeconfig, "bind-address": "127.0.0.1", "leader-elect": "false" });
}

/** One is enough for all nodes, as they share a network namespace. */
function proxy(): Service {
    return kubeService("kube-proxy", {
        kubeconfig,
        "bind-address": addresses.controlPlane,
        "cluster-cidr": addresses.pods,
        "conntrack-max-per-core": "0",
        "hostname-override": "n1",
        "proxy-mode": "iptables",
    });
}
