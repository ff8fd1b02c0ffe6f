import * as pulumi from "@pulumi/pulumi";
import type { MinioClusterArgs } from "./args";
import type { Connection } from "./connection";
import { endProgram } from "./endProgram";
import { hasEngine } from "./engine";
import { snapshotKind } from "./snapshots/snapshotSet";

/** A kind of object that a Kubernetes cluster need not know. */
export interface RequiredKind {
    groupVersion: string;
    kind: string;
    /** The argument that asks for it. */
    field: string;
    /** How to do without. */
    wayOut: string;
}

/** The kinds that the arguments ask for, beside those that every cluster knows. Pure. */
export function requiredKinds({
    monitoring,
    tls,
    httpRoute,
    snapshots,
    restoreFrom,
}: MinioClusterArgs): RequiredKind[] {
    const prometheus = (field: "serviceMonitor" | "rules", groupVersion: string, kind: string) => ({
        groupVersion,
        kind,
        field: `monitoring.${field}`,
        wayOut: `install the Prometheus operator first, or set monitoring.${field} to false`,
    });
    return [
        ...(monitoring && monitoring.serviceMonitor !== false
            ? [prometheus("serviceMonitor", "monitoring.coreos.com/v1", "ServiceMonitor")]
            : []),
        ...(monitoring && monitoring.rules !== false
            ? [prometheus("rules", "monitoring.coreos.com/v1", "PrometheusRule")]
            : []),
        ...(tls?.issuer
            ? [
                  {
                      groupVersion: "cert-manager.io/v1",
                      kind: "Certificate",
                      field: "tls.issuer",
                      wayOut: "install cert-manager first, or give a certificate of your own with tls.secretName",
                  },
              ]
            : []),
        ...(snapshots || restoreFrom
            ? [
                  {
                      groupVersion: snapshotKind.apiVersion,
                      kind: snapshotKind.kind,
                      field: snapshots ? "snapshots" : "restoreFrom",
                      wayOut:
                          "install the snapshot CRDs and the snapshot controller (kubernetes-csi/external-snapshotter), and a " +
                          "storage driver that can make snapshots",
                  },
              ]
            : []),
        ...(httpRoute
            ? [
                  {
                      groupVersion: "gateway.networking.k8s.io/v1",
                      kind: "HTTPRoute",
                      field: "httpRoute",
                      wayOut: "install the Gateway API first, or use ingress",
                  },
              ]
            : []),
    ];
}

/**
 * True once the cluster is known to know every kind that the arguments ask for; what is of such a kind waits for it. It is
 * asked in the preview already. A cluster that cannot be reached is left to the provider's own error.
 *
 * Ends the program naming every kind that is missing, the argument that asks for it, and the way out
 */
export function requireKinds(
    args: MinioClusterArgs,
    connection: Connection,
    resource: pulumi.Resource,
): pulumi.Output<boolean> {
    const required = hasEngine() ? requiredKinds(args) : [];
    if (required.length === 0) {
        return pulumi.output(true);
    }
    const ask = async () => {
        const kinds = required.map(({ kind }) => kind).join(", ");
        let missing: RequiredKind[];
        try {
            const kubernetes = await connection.look();
            if (kubernetes === undefined) {
                pulumi.log.info(`not checked whether the cluster knows ${kinds}: it is not known yet`, resource);
                return true;
            }
            const isKnown = await Promise.all(
                required.map(({ groupVersion, kind }) => kubernetes.knows(groupVersion, kind)),
            );
            missing = required.filter((_, index) => !isKnown[index]);
        } catch (error) {
            pulumi.log.warn(`cannot ask the cluster whether it knows ${kinds}: ${(error as Error).message}`, resource);
            return true;
        }
        if (missing.length > 0) {
            const lines = missing.map(
                ({ groupVersion, kind, field, wayOut }) =>
                    `  ${field}: the cluster does not know ${kind} (${groupVersion}): ${wayOut}`,
            );
            return endProgram(`kinds of objects are missing in the Kubernetes cluster:\n${lines.join("\n")}`);
        }
        return true;
    };
    return pulumi.output(ask());
}
