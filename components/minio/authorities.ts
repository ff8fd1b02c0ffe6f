import { X509Certificate } from "node:crypto";

/**
 * Whether a file has certificates of authorities, and none that is broken. Go passes over what is not in PEM, or broken
 * (`AppendCertsFromPEM` in `crypto/x509`), and MinIO says nothing of it.
 */
export function areCertificates(text: string): boolean {
    const begin = "-----BEGIN CERTIFICATE-----";
    const [, ...blocks] = text.split(begin);
    return blocks.length > 0 && blocks.every((rest) => isCertificate(begin + rest));
}

function isCertificate(pem: string): boolean {
    try {
        return new X509Certificate(pem) !== undefined;
    } catch {
        return false;
    }
}
