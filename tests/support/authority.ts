import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** A certificate authority of two days. */
export class Authority {
    /** Its own certificate, as PEM. */
    readonly certificate: string;
    private readonly folder = mkdtempSync(join(tmpdir(), "minio-authority-"));

    constructor(name: string) {
        const files = ["-keyout", "ca.key", "-out", "ca.crt"];
        this.openssl("req", "-x509", ...newKey, ...files, "-subj", `/CN=${name}`, "-days", "2");
        this.certificate = this.read("ca.crt");
    }

    /** A certificate for these DNS names and addresses, and its key, as PEM. */
    sign(names: string[]): { certificate: string; key: string } {
        this.openssl("req", ...newKey, "-keyout", "tls.key", "-out", "tls.csr", "-subj", "/CN=minio");
        writeFileSync(
            join(this.folder, "names"),
            `subjectAltName=${names.map((name) => `${isIP(name) ? "IP" : "DNS"}:${name}`).join(",")}\n`,
        );
        const by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
        this.openssl("x509", "-req", "-in", "tls.csr", ...by, "-out", "tls.crt", "-days", "2", "-extfile", "names");
        return { certificate: this.read("tls.crt"), key: this.read("tls.key") };
    }

    /** Removes its files. */
    remove(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }

    private read(file: string): string {
        return readFileSync(join(this.folder, file), "utf8");
    }

    private openssl(...args: string[]): void {
        execFileSync("openssl", args, { cwd: this.folder, stdio: "ignore" });
    }
}

/** The names in the certificate of a cluster. */
export function certificateNames(cluster: string, namespace: string): string[] {
    return [`${cluster}.${namespace}.svc.cluster.local`, `*.${cluster}-headless.${namespace}.svc.cluster.local`];
}
