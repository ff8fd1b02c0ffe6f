import { nodeNamed, volumeFolder } from "../../devcluster/cluster/faults";
import { kubectlJson } from "./project";

/** The folder on its node where the drive of a server with one drive is mounted. */
export async function driveFolder(namespace: string, server: string): Promise<string> {
    const { spec, metadata } = await kubectlJson("get", "pod", server, `--namespace=${namespace}`);
    const claim = await kubectlJson("get", "pvc", `data-${server}`, `--namespace=${namespace}`);
    return volumeFolder(nodeNamed(spec.nodeName), metadata.uid, claim.spec.volumeName);
}
