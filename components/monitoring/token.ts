import { createHmac } from "node:crypto";

/** Key of the Secret that holds the token. */
export const tokenKey = "token";

/**
 * The bearer token with which Prometheus reads a cluster's metrics: a JSON Web Token (RFC 7519, signed by HS512) in the
 * name of the root user, signed with its password. MinIO checks it in `metricsRequestAuthenticate` (`cmd/jwt.go`,
 * RELEASE.2025-09-07), where a time of expiry may be left out. Without one the same credentials always give the same
 * token, so that it is not made anew on each `pulumi up`; a new root password ends it.
 *
 * It is worth as much as the root password: servers know each other by tokens that are signed in the same way, and do
 * not look at the issuer (`validateStorageRequestToken`, `cmd/storage-rest-server.go`). Its holder may act as a server.
 */
export function metricsToken(rootUser: string, rootPassword: string): string {
    const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
    const signed = `${encoded({ alg: "HS512", typ: "JWT" })}.${encoded({ iss: "prometheus", sub: rootUser })}`;
    return `${signed}.${createHmac("sha512", rootPassword).update(signed).digest("base64url")}`;
}
