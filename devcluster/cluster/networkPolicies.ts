/** What makes NetworkPolicies hold, as a CNI plugin does in other clusters: see toolchain/network-policies. */
import { join } from "node:path";
import { kubeconfig } from "../paths";
import { run } from "../shell";
import { folderOf } from "../toolchain/component";
import { networkPolicies } from "../toolchain/components";
import { addresses } from "./addresses";
import { sandboxPid } from "./sandbox";
import { startServices } from "./services";

const queue = "100";

/**
 * The first packet of each connection that a policy may be about: of a pod or to one, after a Service's address was replaced. What
 * root's processes on a node send, such as kubelet's probes, always gets through, as with every CNI plugin. Where nobody decides,
 * such as before the program runs, all does.
 */
const rules = [
    ["-m", "owner", "--uid-owner", "0", "-j", "RETURN"],
    ["-m", "conntrack", "!", "--ctstate", "NEW", "-j", "RETURN"],
    ...["-s", "-d"].map((end) => [end, addresses.pods, "-j", "NFQUEUE", "--queue-num", queue, "--queue-bypass"]),
];

export function startNetworkPolicies(): void {
    for (const rule of rules) {
        const append = ["iptables", "--wait", "10", "--table=mangle", "--append=POSTROUTING", ...rule];
        run("nsenter", ["--mount", "--net", `--target=${sandboxPid()}`, ...append]);
    }
    const program = join(folderOf(networkPolicies), "network-policies");
    startServices([{ name: "network-policies", command: [program, `--kubeconfig=${kubeconfig}`, `--queue=${queue}`] }]);
}
