import { existsSync } from "node:fs";
import { UserError } from "./shell";

const ownCluster = "; to use a cluster of your own instead, see 'Use on your own cluster' in README.md";

/** Refuses a machine on which the embedded cluster cannot run, in one sentence. */
export function requireSupportedMachine(): void {
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
