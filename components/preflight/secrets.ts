/** Whether the Secrets that the arguments name have what the servers need. Nothing of their contents is shown. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { AnyObject } from "../kubernetes/client";
import { valueIn } from "../live/referencedValues";
import { areCertificates } from "../minio/authorities";
import { soonDays } from "../server/certificateFiles";
import type { Problem } from "../spec/check";
import type { Cluster } from "../spec/cluster";
import { certificateNames, serverDnsName } from "../spec/names";
import { credentialsProblems, passwordKey, userKey } from "../spec/rootCredentials";
import { isAuthority, type Reference, referencesOf } from "../spec/spec";
import { type Check, checkOf, type Findings, type Wanted } from "./check";

type Secret = AnyObject & { data?: Record<string, string> };

export function secretChecks(wanted: Wanted): Check[] {
    const { cluster, isKnown } = wanted;
    const { spec } = cluster;
    const secret = (name: string) => ({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name, namespace: spec.namespace },
    });
    const { existingSecretName, tls, priorityClassName } = spec;
    const checks: Check[] = [];
    if (existingSecretName && isKnown("existingSecretName")) {
        checks.push(
            checkOf<Secret>(wanted, "existingSecretName", secret(existingSecretName), {
                absent: `make it, with the keys ${userKey} and ${passwordKey}`,
                judge: ({ data = {} }) => ({
                    problems: credentialsProblems(decoded(data[userKey]), decoded(data[passwordKey])).map(
                        ({ key, reason }) => ({
                            field: "existingSecretName",
                            reason: `the Secret '${existingSecretName}': ${key}: ${reason}`,
                        }),
                    ),
                }),
            }),
        );
    }
    if (tls?.secretName && isKnown("tls.secretName")) {
        checks.push(
            checkOf<Secret>(wanted, "tls.secretName", secret(tls.secretName), {
                absent: "make it, with the keys tls.crt and tls.key, before the cluster",
                judge: ({ data = {} }) => certificateFindings(data, cluster, new Date()),
            }),
        );
    }
    if (priorityClassName && isKnown("priorityClassName")) {
        const reference = {
            apiVersion: "scheduling.k8s.io/v1",
            kind: "PriorityClass",
            metadata: { name: priorityClassName },
        };
        checks.push(
            checkOf(wanted, "priorityClassName", reference, {
                absent: "no pod would be made; kubectl get priorityclass lists those that there are",
                judge: () => ({ problems: [] }),
            }),
        );
    }
    return [...checks, ...referenceChecks(wanted)];
}

/** What the servers read from Secrets and ConfigMaps: without a key that a pod names, it does not start. */
function referenceChecks(wanted: Wanted): Check[] {
    const { spec } = wanted.cluster;
    const references = Object.values(referencesOf(spec)).filter(({ field }) => wanted.isKnown(field));
    const ids = new Map(references.map((reference) => [`${reference.kind} ${reference.name}`, reference]));
    return [...ids.values()].map(({ kind, name }) => {
        const ofObject = references.filter((one) => one.kind === kind && one.name === name);
        const [first] = ofObject as [Reference];
        const keys = [...new Set(ofObject.map(({ key }) => key))].join(", ");
        const reference = { apiVersion: "v1", kind, metadata: { name, namespace: spec.namespace } };
        return checkOf(wanted, first.field, reference, {
            absent: `make it, with ${keys}, before the cluster`,
            judge: (found) => referenceFindings(found, ofObject, wanted),
        });
    });
}

/** Pure. */
function referenceFindings(found: Secret, references: Reference[], { mayBeMade }: Wanted): Findings {
    const [made, others] = [true, false].map((isMade) =>
        references.filter(({ field }) => mayBeMade(field) === isMade),
    ) as [Reference[], Reference[]];
    const problems = others
        .map((reference) => ({ field: reference.field, reason: valueProblem(reference, valueIn(found, reference)) }))
        .filter((problem): problem is Problem => problem.reason !== undefined);
    const [{ kind, name }] = references as [Reference];
    const fields = made.map(({ field }) => field).join(", ");
    const unchecked =
        `whether this program changes the ${kind} '${name}' (${fields}), which restarts servers: a value ` +
        "that the program knows is better given in environment, as a secret where it is one";
    return { problems, unchecked: made.length > 0 ? [unchecked] : [] };
}

/** Nothing of the value is shown. */
function valueProblem(reference: Reference, value: Buffer | undefined): string | undefined {
    const { kind, name, key } = reference;
    if (value === undefined) {
        return `the ${kind} '${name}' has no key '${key}', without which no server starts: add it, or name another`;
    }
    return isAuthority(reference) && !areCertificates(value.toString())
        ? `the key '${key}' of the ${kind} '${name}' is no certificate in PEM, and MinIO would not say so: put the authority's there`
        : undefined;
}

function decoded(value: string | undefined): string | undefined {
    return value === undefined ? undefined : Buffer.from(value, "base64").toString();
}

/** What is wrong with a certificate of the user's own. Pure. */
export function certificateFindings(
    data: Record<string, string>,
    { names, spec, pools }: Cluster,
    now: Date,
): Findings {
    const field = "tls.secretName";
    const problems: string[] = [];
    const warnings: string[] = [];
    const [pem, key, authority] = ["tls.crt", "tls.key", "ca.crt"].map((name) => decoded(data[name]));
    const missing = [pem === undefined && "tls.crt", key === undefined && "tls.key"].filter((name) => name !== false);
    if (missing.length > 0) {
        problems.push(`it has no ${missing.join(" and no ")}, without which no server starts: add what is missing`);
    }
    const certificate = pem === undefined ? undefined : parsed(() => new X509Certificate(pem));
    if (pem !== undefined && certificate === undefined) {
        problems.push(
            "its tls.crt is no certificate in PEM: put the server's certificate there, and those that sign it after it",
        );
    }
    const privateKey = key === undefined ? undefined : parsed(() => createPrivateKey(key));
    if (key !== undefined && privateKey === undefined) {
        problems.push("its tls.key is no private key in PEM without a password: put the certificate's key there");
    }
    if (certificate && privateKey && !certificate.checkPrivateKey(privateKey)) {
        problems.push("its tls.key does not belong to its tls.crt: put the certificate's own key there");
    }
    if (certificate) {
        const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
        const days = (to.getTime() - now.getTime()) / 86_400_000;
        if (days <= 0 || from > now) {
            const which =
                days <= 0 ? `has expired at ${to.toISOString()}` : `is valid only from ${from.toISOString()} on`;
            problems.push(`its certificate ${which}: put a valid one there`);
        } else if (days < soonDays) {
            warnings.push(
                `${field}: the certificate of the Secret '${spec.tls?.secretName}' expires at ${to.toISOString()}`,
            );
        }
        const isNamed = (name: string) => certificate.checkHost(name) !== undefined;
        const servers = pools.flatMap(({ index, replicas }) =>
            [0, replicas - 1].map((ordinal) => serverDnsName(names, spec, index, ordinal)),
        );
        const unnamed = servers.filter((name) => !isNamed(name));
        if (unnamed.length > 0) {
            problems.push(
                `its certificate is not valid for the servers, such as ${unnamed[0]}, so they would not talk to each other: have ` +
                    `one made for ${certificateNames(names, spec)[0]}`,
            );
        }
        const [, ...services] = certificateNames(names, spec);
        const without = services.filter((name) => name.endsWith(`.svc.${spec.clusterDomain}`) && !isNamed(name));
        if (without.length > 0) {
            warnings.push(
                `${field}: the certificate of the Secret '${spec.tls?.secretName}' is not valid for ${without.join(", ")}, so clients ` +
                    "inside the Kubernetes cluster refuse it there",
            );
        }
    }
    const found = problems.map((reason) => ({ field, reason: `the Secret '${spec.tls?.secretName}': ${reason}` }));
    if (authority === undefined && spec.monitoring && spec.monitoring.serviceMonitor !== false) {
        found.push({
            field: "monitoring.serviceMonitor",
            reason:
                `the Secret '${spec.tls?.secretName}' (tls.secretName) has no ca.crt, by which Prometheus knows the servers, and the ` +
                "Prometheus operator leaves out a ServiceMonitor without it: add the authority's certificate as ca.crt, or set " +
                "monitoring.serviceMonitor to false",
        });
    }
    return { problems: found, warnings };
}

function parsed<T>(parse: () => T): T | undefined {
    try {
        return parse();
    } catch {
        return undefined; // What is thrown may quote the text.
    }
}
