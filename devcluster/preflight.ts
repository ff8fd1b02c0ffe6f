import { existsSync } from "node:fs";
import { clusterName } from "./paths";
import { UserError } from "./shell";
import { kubernetesMinor, kubernetesVersions, minorOf } from "./toolchain/versions";

const ownCluster = "; to use a cluster of your own instead, see 'Use on your own cluster' in README.md";

/** Refuses a machine on which the embedded cluster cannot run, in one sentence. */
export function requireSupportedMachine(): void {
    // It becomes part of the name of a network interface, which may have 15 characters.
    if (!/^[a-z][a-z0-9-]{0,8}$/.test(clusterName)) {
        throw new UserError(
            `MINIO_DEVCLUSTER='${clusterName}' is no name for a cluster: use at most 9 of a-z, 0-9 and -, a letter first`,
        );
    }
    const minors = kubernetesVersions.map(minorOf);
    if (!minors.includes(kubernetesMinor)) {
        throw new UserError(`KUBERNETES='${kubernetesMinor}' is not allowed: use ${minors.join(" or ")}`);
    }
    if (process.platform !== "linux") {
        throw new UserError(`the embedded cluster needs Linux, and this is ${process.platform}${ownCluster}`);
    }
    if (process.getuid?.() !== 0) {
        throw new UserError(`the embedded cluster needs root, for namespaces and mounts${ownCluster}`);
    }
    if (!existsSync("/usr/bin/apt-get")) {
        throw new UserError(
            `the embedded cluster installs containerd and others with apt-get, which is not here${ownCluster}`,
        );
    }
}
