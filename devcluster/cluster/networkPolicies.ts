/** What makes NetworkPolicies hold, as a CNI plugin does in other clusters: see toolchain/network-policies. */
import { join } from "node:path";
import { kubeconfig } from "../paths";
import { attempt, say } from "../shell";
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
    const areLaid = rules.every((rule) => {
        const append = ["iptables", "--wait", "10", "--table=mangle", "--append=POSTROUTING", ...rule];
        return attempt("nsenter", ["--mount", "--net", `--target=${sandboxPid()}`, ...append]);
    });
    if (!areLaid) {
        say("  NetworkPolicies are not enforced: this kernel cannot queue packets (iptables' target NFQUEUE)");
        return;
    }
    const program = join(folderOf(networkPolicies), "network-policies");
    startServices([{ name: "network-policies", command: [program, `--kubeconfig=${kubeconfig}`, `--queue=${queue}`] }]);
}
