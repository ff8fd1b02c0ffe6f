/** What a certificate's Secret says of it, and nothing of its key. Pure. */
import { X509Certificate } from "node:crypto";
import type { Certificate } from "./observed";

/** @param encoded `tls.crt` of the Secret, in base64 */
export function certificateIn(secret: string, encoded: string | undefined): Certificate {
    try {
        const { validFrom, validTo } = new X509Certificate(Buffer.from(encoded ?? "", "base64"));
        return { secret, from: new Date(validFrom).toISOString(), until: new Date(validTo).toISOString() };
    } catch {
        return { secret }; // What is thrown may quote the text.
    }
}

/** From a time to the certificate's end. */
export function certificateDays(until: string, at: string): number {
    return (Date.parse(until) - Date.parse(at)) / 86_400_000;
}
