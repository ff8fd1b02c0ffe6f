import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { kubeconfig } from "../paths";
import { run } from "../shell";
import { folderOf } from "../toolchain/component";
import { kube } from "../toolchain/components";

const program = () => join(folderOf(kube), "kubectl");

/** Runs kubectl on the embedded cluster and returns what it printed. */
export function kubectl(args: string[], input?: string): string {
    return run(program(), [`--kubeconfig=${kubeconfig}`, ...args], { input });
}

/** Whether a kubectl command succeeds: for waiting. */
export function tryKubectl(...args: string[]): boolean {
    const result = spawnSync(program(), [`--kubeconfig=${kubeconfig}`, "--request-timeout=5s", ...args], {
        stdio: "ignore",
    });
    return result.status === 0;
}

/** Creates or changes what is given as objects. */
export function apply(objects: object[]): void {
    const list = { apiVersion: "v1", kind: "List", items: objects };
    kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], JSON.stringify(list));
}
