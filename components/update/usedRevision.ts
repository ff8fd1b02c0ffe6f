/** A number of `credentialsRevision` that running servers were started with, and that is to get another password. */
import type { V1Pod } from "@kubernetes/client-node";
import type { Kubernetes } from "../kubernetes/client";
import { unlessForbidden } from "../kubernetes/errors";
import { credentialsRevision } from "../server/podTemplate";
import type { Cluster } from "../spec/cluster";
import { credentialsAnnotation } from "../spec/labels";
import { isLeft } from "./leftServers";

/**
 * Why no new root password may be made: by the number, the servers that run would be taken for ones that have it, and
 * none would restart. It is so where the number is set back after an update that failed midway.
 */
export async function usedRevision(kubernetes: Kubernetes, { names, spec, pools }: Cluster): Promise<string[]> {
    const { namespace } = spec;
    // Who makes a new cluster, or lets Kubernetes move the rollout on, may have no right to look.
    const read = await Promise.all(
        pools.map(({ name }) => unlessForbidden(() => kubernetes.statefulSet(namespace, name))),
    );
    const templates = read.flatMap((one) => (one === "forbidden" ? [] : (one?.spec?.template ?? [])));
    const found = await unlessForbidden(() => kubernetes.pods(namespace, names.selector));
    // Without a StatefulSet, those of a cluster that is being destroyed do not count, and those that it takes over do.
    const counts = (pod: V1Pod) => templates.length > 0 || pools.some(({ name }) => isLeft(name, pod));
    const pods = found === "forbidden" ? [] : found.filter(counts);
    const revisionOf = ({ metadata }: { metadata?: { annotations?: Record<string, string> } }) =>
        metadata?.annotations?.[credentialsAnnotation];
    const same = pods.find((pod) => revisionOf(pod) === credentialsRevision(names, spec));
    const numbers = [...pods, ...templates].map((one) => Number(revisionOf(one)?.split("/").at(-1) ?? 0));
    return same
        ? [
              `credentialsRevision: ${spec.credentialsRevision}: servers that run, such as ` +
                  `${same.metadata?.name}, have the root ` +
                  "password of that number. A new one would take its place, nothing would restart them, and a " +
                  "server that restarts " +
                  `later would find no peer. Take a number that no server has, such as ${1 + Math.max(...numbers)}`,
          ]
        : [];
}
