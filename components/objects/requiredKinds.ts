/** Kinds of objects that the arguments ask for, and that a Kubernetes cluster need not know. */
import type { Kubernetes } from "../kubernetes/client";
import { snapshotKind } from "../kubernetes/kinds";
import type { Problem } from "../spec/check";
import type { PlainArgs } from "../spec/cluster";

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
export function requiredKinds({ monitoring, tls, httpRoute, snapshots, restoreFrom }: PlainArgs): RequiredKind[] {
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

/** A problem for each kind that the cluster does not know. */
export async function missingKinds(kubernetes: Kubernetes, args: PlainArgs): Promise<Problem[]> {
    const required = requiredKinds(args);
    const isKnown = await Promise.all(required.map(({ groupVersion, kind }) => kubernetes.knows(groupVersion, kind)));
    return required
        .filter((_, index) => !isKnown[index])
        .map(({ groupVersion, kind, field, wayOut }) => ({
            field,
            reason: `the cluster does not know ${kind} (${groupVersion}): ${wayOut}`,
        }));
}
