/** The end of all servers, while their claims stay. */
import { until } from "../basics/until";
import type { Kubernetes } from "../kubernetes/client";
import { statefulSetOf } from "../kubernetes/kinds";
import type { Cluster } from "../spec/cluster";

const pollMilliseconds = 500;

/**
 * The names of the pods that are there of any server, and no other StatefulSet's with the same label. None where Kubernetes moves the rollout on: its user may have no
 * right to list pods.
 */
export async function running(kubernetes: Kubernetes, { guided, names, pools, spec }: Cluster): Promise<string[]> {
    const own = new Set<string | undefined>(pools.map(({ name }) => name));
    const pods = guided ? await kubernetes.pods(spec.namespace, names.selector) : [];
    return pods.filter((pod) => own.has(statefulSetOf(pod))).map(({ metadata }) => metadata?.name ?? "");
}

/**
 * Waits until all servers have ended. The StatefulSets were told so by Pulumi's provider; one that somebody has scaled
 * since is told again.
 *
 * @param stopping called where servers are there
 * @throws Error naming the servers that do not end in time, or the StatefulSet whose claims would be lost
 */
export async function stopServers(
    kubernetes: Kubernetes,
    cluster: Cluster,
    { say, stopping }: { say: (text: string) => void; stopping: () => void },
): Promise<void> {
    const { guided, pools, spec, timeoutSeconds } = cluster;
    let there: string[] = [];
    for (const { name } of guided ? pools : []) {
        const { spec: live } = (await kubernetes.statefulSet(spec.namespace, name)) ?? {};
        if (live && live.replicas !== 0) {
            if (live.persistentVolumeClaimRetentionPolicy?.whenScaled === "Delete") {
                throw new Error(
                    `the StatefulSet ${name} would delete the claims of servers that stop, and all objects with them: somebody set its ` +
                        "persistentVolumeClaimRetentionPolicy.whenScaled to Delete. Set it to Retain, and run pulumi up again",
                );
            }
            say(`${name}: ${live.replicas} servers -> 0, as hibernate is true; somebody scaled the StatefulSet`);
            await kubernetes.setReplicas(spec.namespace, name, 0);
        }
    }
    const look = async () => {
        const now = await running(kubernetes, cluster);
        if (now.length > 0 && now.join() !== there.join()) {
            stopping();
            say(`waits for ${now.join(", ")} to end`);
        }
        there = now;
        return there.length === 0 || undefined;
    };
    const late = () =>
        `${there.join(", ")} did not end in ${timeoutSeconds} s (rollout.timeoutSeconds). Run pulumi up again to wait on; mostly a ` +
        "node is lost: bring it back, or switch it off and run kubectl delete node NODE";
    await until(look, { deadline: performance.now() + timeoutSeconds * 1000, milliseconds: pollMilliseconds, late });
}
