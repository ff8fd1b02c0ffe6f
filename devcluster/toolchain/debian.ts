import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run, say } from "../shell";

/** What the embedded cluster needs of Debian: package → a file of it that shows that it is there already. */
const packages: Record<string, string> = {
    containerd: "containerd",
    "containernetworking-plugins": "/usr/lib/cni/ptp",
    conntrack: "conntrack",
    iproute2: "ip",
    iptables: "iptables",
    openssl: "openssl",
    runc: "runc",
    s6: "s6-svscan",
    "util-linux": "unshare",
    xfsprogs: "mkfs.xfs",
};

export function missingDebianPackages(needed = packages): string[] {
    return Object.keys(needed).filter((name) => !found(needed[name]));
}

/** Installs what is missing, and only that: where Docker's own containerd stands, it is used and left alone. */
export function installDebianPackages(needed = packages): void {
    const missing = missingDebianPackages(needed);
    if (missing.length === 0) {
        return;
    }
    say(`installing from Debian: ${missing.join(" ")}`);
    run("apt-get", ["update", "-qq"]);
    run("apt-get", ["install", "-o=DPkg::Lock::Timeout=300", "-y", "-qq", "--no-install-recommends", ...missing]);
}

function found(file: string): boolean {
    if (file.startsWith("/")) {
        return existsSync(file);
    }
    const folders = (process.env.PATH ?? "").split(delimiter);
    return folders.some((folder) => existsSync(join(folder, file)));
}
