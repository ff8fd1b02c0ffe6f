import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { kubectl, kubectlJson } from "./project";

/** Writes a kubeconfig for the rights of a ServiceAccount, with its namespace for the current one. */
export async function writeKubeconfig(file: string, namespace: string, account: string): Promise<void> {
    const token = (await kubectl("create", "token", account, `--namespace=${namespace}`)).trim();
    const { clusters } = await kubectlJson("config", "view", "--raw", "--minify");
    const context = { cluster: clusters[0].name, user: account, namespace };
    const kubeconfig = {
        apiVersion: "v1",
        kind: "Config",
        clusters,
        users: [{ name: account, user: { token } }],
        contexts: [{ name: account, context }],
        "current-context": account,
    };
    writeFileSync(file, stringify(kubeconfig), { mode: 0o600 });
}
