import { digest } from "../basics/digest";
import type { AnyObject, Kubernetes } from "../kubernetes/client";
import { configMapKind } from "../kubernetes/kinds";

/**
 * The authority by which pods know the API server. Kubernetes puts it into every namespace, and back where it is
 * deleted (`pkg/controller/certificates/rootcacertpublisher` in Kubernetes).
 */
const authority = "kube-root-ca.crt";

const certificate = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g;

/**
 * By what a Kubernetes cluster is known again, in words. Any of them is enough: a namespace that was lost and restored
 * has another uid, and an authority may be renewed. The objects of a MinioCluster are no marks, as a destroy, which
 * keeps the drives, deletes them. The uid of `kube-system` would be one, but needs a right in the whole cluster.
 *
 * @returns none where Kubernetes has put no authority there
 */
export async function clusterMarks(kubernetes: Pick<Kubernetes, "list">, namespace: string): Promise<string[]> {
    type ConfigMap = AnyObject & { data?: Record<string, string> };
    const [found] = await kubernetes.list<ConfigMap>(configMapKind, namespace, {}, authority);
    const certificates = [...(found?.data?.["ca.crt"] ?? "").matchAll(certificate)].map(
        ([, text = ""]) => `the certificate ${digest(text.replace(/\s/g, ""))}`,
    );
    const uid = found?.metadata.uid;
    return [...(uid ? [`the uid ${uid}`] : []), ...certificates.sort()];
}

/** The marks, for people. */
export function marksInWords(marks: string[]): string {
    return `the namespace's ConfigMap ${authority} ${marks.length > 0 ? `has ${marks.join(" and ")}` : "is not there"}`;
}
