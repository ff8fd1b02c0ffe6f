/**
 * A Secret has no revisions: what leaves the program's own one stays in it as long as a server may start from it again.
 */
import type { V1PodSpec, V1StatefulSet } from "@kubernetes/client-node";
import type { Kubernetes } from "../kubernetes/client";
import { unlessForbidden } from "../kubernetes/errors";
import type { Cluster, ClusterPool } from "../spec/cluster";
import { type Data, valueIn } from "./referencedValues";

/**
 * Variables of the Secret of the settings that the program no longer has there, with their values.
 *
 * @param wanted those that it has
 */
export async function keptSettings(
    kubernetes: Kubernetes,
    { names, spec, pools }: Cluster,
    wanted: string[],
): Promise<Record<string, string>> {
    const { namespace } = spec;
    const inPools = pools.map((pool) => podsToStart(kubernetes, namespace, pool));
    const specs = (await Promise.all(inPools)).flat();
    specs.push(...(await kubernetes.pods(namespace, names.selector)).map((pod) => pod.spec));
    const read = specs.flatMap((one) => keysOf(one, names.settings));
    const leaving = [...new Set(read)].filter((key) => !wanted.includes(key));
    if (leaving.length === 0) {
        return {};
    }
    const reference = { apiVersion: "v1", kind: "Secret", metadata: { name: names.settings, namespace } };
    const secret = await unlessForbidden(() => kubernetes.read<Data>(reference));
    if (secret === "forbidden") {
        throw new Error(
            `environment: ${leaving.join(", ")} leaves the Secret '${names.settings}', from which servers may start until they are ` +
                "updated, and the right to read the value there is missing: give the kubeconfig's user the Role in " +
                "docs/rbac-checks.yaml, or leave the variable in as a secret",
        );
    }
    const values = leaving.map((key) => [key, secret && valueIn(secret, { kind: "Secret", key })?.toString()]);
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

type Pods = V1PodSpec | undefined;

/** As which Kubernetes may make the pods of a pool: those of a partition come back as they were. */
async function podsToStart(
    kubernetes: Kubernetes,
    namespace: string,
    { name, selector }: Pick<ClusterPool, "name" | "selector">,
): Promise<Pods[]> {
    const live = await kubernetes.statefulSet(namespace, name);
    const older = olderRevision(live);
    const revisions = older ? await unlessForbidden(() => kubernetes.controllerRevisions(namespace, selector)) : [];
    return [
        live?.spec?.template.spec,
        ...(revisions === "forbidden" ? [] : revisions)
            .filter(({ metadata }) => metadata?.name === older)
            .map(({ data }) => (data as V1StatefulSet | undefined)?.spec?.template.spec),
    ];
}

/** With OnDelete, Kubernetes makes every pod by the newest one, and the status tells the oldest for ever. */
function olderRevision({ spec, status }: V1StatefulSet = {}): string | undefined {
    const { currentRevision, updateRevision } = status ?? {};
    return spec?.updateStrategy?.type !== "OnDelete" && currentRevision !== updateRevision
        ? currentRevision
        : undefined;
}

function keysOf(pods: Pods, secret: string): string[] {
    const variables = (pods?.containers ?? []).flatMap(({ env = [] }) => env);
    return variables.flatMap(({ valueFrom }) =>
        valueFrom?.secretKeyRef?.name === secret ? [valueFrom.secretKeyRef.key] : [],
    );
}
