import { delimiter } from "node:path";
import { clusterName, kubeconfig, pulumiBackend } from "./paths";
import { binFolder, pulumiHome } from "./toolchain/install";
import { kubernetesMinor } from "./toolchain/versions";

/** The environment in which pulumi, kubectl and mc work on the embedded cluster, with a local Pulumi backend. */
export function environment(): Record<string, string> {
    const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== binFolder());
    return {
        PATH: [binFolder(), ...path].join(delimiter),
        MINIO_DEVCLUSTER: clusterName,
        KUBERNETES: kubernetesMinor,
        KUBECONFIG: kubeconfig,
        PULUMI_BACKEND_URL: `file://${pulumiBackend}`,
        PULUMI_HOME: pulumiHome(),
        // The state of a cluster that `make down` removes needs no passphrase of a person's own.
        PULUMI_CONFIG_PASSPHRASE: "",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
}
