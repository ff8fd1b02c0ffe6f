/** The cluster's certificates, made with openssl when the cluster is first started. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clusterDir, clusterId } from "../paths";
import { run } from "../shell";
import { addresses, apiServer, type Node } from "./addresses";

export const pkiDir = join(clusterDir, "pki");
export const certificate = (name: string) => join(pkiDir, `${name}.crt`);
export const privateKey = (name: string) => join(pkiDir, `${name}.key`);

const days = "365";
const ellipticCurve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];

export function makeControlPlaneCertificates(): void {
    mkdirSync(pkiDir, { recursive: true, mode: 0o700 });
    run("openssl", ["genpkey", ...ellipticCurve, "-out", privateKey("ca")]);
    run("openssl", [
        "req",
        "-x509",
        "-new",
        "-key",
        privateKey("ca"),
        "-days",
        days,
        "-subj",
        `/CN=${clusterId}`,
        "-out",
        certificate("ca"),
    ]);
    run("openssl", ["genpkey", ...ellipticCurve, "-out", privateKey("service-accounts")]);
    run("openssl", [
        "pkey",
        "-in",
        privateKey("service-accounts"),
        "-pubout",
        "-out",
        join(pkiDir, "service-accounts.pub"),
    ]);
    const names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"];
    const ips = [addresses.controlPlane, addresses.kubernetesService, "127.0.0.1"];
    sign("kube-apiserver", "/CN=kube-apiserver", [...names.map((n) => `DNS:${n}`), ...ips.map((ip) => `IP:${ip}`)]);
    sign("admin", "/O=system:masters/CN=admin", ["DNS:admin"]);
}

export function makeNodeCertificate(node: Node): void {
    sign(node.name, `/O=system:nodes/CN=system:node:${node.name}`, [`DNS:${node.name}`, `IP:${node.address}`]);
}

function sign(name: string, subject: string, alternativeNames: string[]): void {
    const request = join(pkiDir, `${name}.csr`);
    const extensions = join(pkiDir, `${name}.ext`);
    writeFileSync(extensions, `subjectAltName=${alternativeNames.join(",")}\n`);
    run("openssl", ["genpkey", ...ellipticCurve, "-out", privateKey(name)]);
    run("openssl", ["req", "-new", "-key", privateKey(name), "-subj", subject, "-out", request]);
    const authority = ["-CA", certificate("ca"), "-CAkey", privateKey("ca"), "-CAcreateserial"];
    run("openssl", [
        "x509",
        "-req",
        "-in",
        request,
        ...authority,
        "-days",
        days,
        "-extfile",
        extensions,
        "-out",
        certificate(name),
    ]);
}

/** Writes a kubeconfig with the certificates inside, so that it can be copied. */
export function writeKubeconfig(file: string, user: string): void {
    const data = (path: string) => readFileSync(path).toString("base64");
    const name = clusterId;
    const config = {
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name, cluster: { server: apiServer, "certificate-authority-data": data(certificate("ca")) } }],
        users: [
            {
                name: user,
                user: {
                    "client-certificate-data": data(certificate(user)),
                    "client-key-data": data(privateKey(user)),
                },
            },
        ],
        contexts: [{ name, context: { cluster: name, user } }],
        "current-context": name,
    };
    writeFileSync(file, JSON.stringify(config, undefined, 2), { mode: 0o600 });
}
