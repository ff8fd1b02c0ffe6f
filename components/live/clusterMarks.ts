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
 * By what a Kubernetes cluster is known again, in words: see `isSameCluster`. The objects of a MinioCluster are no
 * marks, as a destroy, which keeps the drives, deletes them. The uid of `kube-system` would be one, but needs a right
 * in the whole cluster.
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
    return [...(uid ? [`${uidIs}${uid}`] : []), ...certificates.sort()];
}

/**
 * A namespace that was lost and restored has another uid, and an authority may be renewed: then there are both for a
 * while. One certificate in common is not enough. A platform may add that of its Ingress, and two clusters may have the
 * same there (`manageServiceAccountCABundle` in OpenShift's cluster-kube-controller-manager-operator).
 */
export function isSameCluster(before: string[], now: string[]): boolean {
    const common = before.filter((mark) => now.includes(mark));
    const certificates = (marks: string[]) => marks.filter((mark) => !isUid(mark)).length;
    const hasAll = [before, now].some((marks) => certificates(marks) === certificates(common));
    return common.some(isUid) || (certificates(common) > 0 && hasAll);
}

const uidIs = "the uid ";

function isUid(mark: string): boolean {
    return mark.startsWith(uidIs);
}

/** The marks, for people. */
export function marksInWords(marks: string[]): string {
    return `the namespace's ConfigMap ${authority} ${marks.length > 0 ? `has ${marks.join(" and ")}` : "is not there"}`;
}
