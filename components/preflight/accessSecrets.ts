/**
 * Whether the names of accesses' Secrets are free: the provider would merge into one that is there, and delete it with
 * the access.
 */
import type { AnyObject } from "../kubernetes/client";
import type { Cluster } from "../spec/cluster";
import { accessLabel, labelsOfCluster } from "../spec/labels";
import { accessSecretName } from "../spec/names";
import type { Check, Wanted } from "./check";

type Labelled = AnyObject & { metadata: { labels?: Record<string, string> }; data?: Record<string, string> };

export function accessSecretChecks({ cluster, isKnown }: Pick<Wanted, "cluster" | "isKnown">): Check[] {
    const { names, spec } = cluster;
    return (spec.accesses ?? []).flatMap((access, index): Check[] => {
        const { name: user, namespace = spec.namespace, secretName: name = accessSecretName(names, user) } = access;
        const reference = { apiVersion: "v1", kind: "Secret", metadata: { name, namespace } };
        const where = `the Secret '${name}' in the namespace ${namespace}`;
        const check: Check = {
            what: `whether ${where} is somebody else's`,
            async ask(kubernetes) {
                const found = await kubernetes.read<Labelled>(reference);
                const field = `accesses[${index}].secretName`;
                const reason = `${where} is there already, and was not made for this cluster: use another name, or delete it`;
                return { problems: found && !isOwn(found, cluster) ? [{ field, reason }] : [] };
            },
        };
        return isKnown(`accesses[${index}].namespace`) ? [check] : [];
    });
}

/**
 * Another program's Secret for the same cluster differs in one label. That of a cluster of this name in another
 * namespace has the same labels, and another address.
 */
function isOwn({ metadata: { labels = {} }, data }: Labelled, { names, spec }: Cluster): boolean {
    const own = { ...labelsOfCluster(names), [accessLabel]: spec.labels?.[accessLabel] };
    const endpoint = Buffer.from(data?.AWS_ENDPOINT_URL_S3 ?? "", "base64").toString();
    const namespace = /^https?:\/\/[^.]+\.([^.]+)\.svc\./.exec(endpoint)?.[1] ?? spec.namespace;
    return namespace === spec.namespace && Object.entries(own).every(([key, value]) => labels[key] === value);
}
