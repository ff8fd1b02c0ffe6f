/** Servers that a deleted StatefulSet has left, as with `--cascade=orphan`: one that is made takes them over. */
import type { V1ControllerRevision, V1Pod } from "@kubernetes/client-node";
import { versionOf } from "../change/change";
import type { Registered } from "../change/review";
import { statefulSetOf } from "../kubernetes/kinds";
import type { Connection } from "../live/connection";
import type { PodTemplate } from "../server/podTemplate";
import type { PlainPool } from "../spec/cluster";

/**
 * Why a pool is not made. A new StatefulSet knows no revision but that of its template (`getStatefulSetRevisions` in
 * Kubernetes' `stateful_set_control.go`). In the guided rollout it is made without a partition, which is then 0. So its
 * controller begins to restart servers of another revision (`updateStatefulSetAfterInvariantEstablished`). What servers
 * do not compare, such as their memory, is seen only where servers differ in it. Pure.
 *
 * @param pods those with the pool's labels
 * @param revisions what they were made by, as far as Kubernetes has kept it
 */
export function leftServers(
    pool: string,
    template: PodTemplate,
    pods: V1Pod[],
    revisions: V1ControllerRevision[],
): string | undefined {
    const templates = new Map(
        revisions.map(({ metadata, data }) => [metadata?.name, (data as { spec: { template: PodTemplate } }).spec]),
    );
    // Kubernetes leaves out the value of a variable that is empty.
    const asKept = (key: string, value: unknown) => (key === "value" && value === "" ? undefined : value);
    const wanted = versionOf(JSON.parse(JSON.stringify(template, asKept)));
    const revisionOf = ({ metadata }: V1Pod) => metadata?.labels?.["controller-revision-hash"];
    const isOther = (pod: V1Pod) => {
        const made = templates.get(revisionOf(pod));
        return made !== undefined && versionOf(made.template) !== wanted;
    };
    const left = pods.filter((pod) => statefulSetOf(pod) === undefined && !pod.metadata?.deletionTimestamp);
    const others = left.filter(isOther);
    if (others.length === 0 && new Set(left.map(revisionOf)).size <= 1) {
        return undefined;
    }
    const names = (others.length > 0 ? others : left).map(({ metadata }) => metadata?.name);
    return (
        `the StatefulSet ${pool} is gone, and servers that it has left were made otherwise than the program wants: ` +
        `${names.join(", ")}. Kubernetes would restart them as soon as it is made, whatever the partition is, and would not ask ` +
        "MinIO. Set updateStrategy to OnDelete, leave partition out, and run pulumi up: it restarts nothing. Then take that back and run " +
        "pulumi up again: it restarts them when MinIO can miss them. To keep a staged update: docs/upgrades.md, " +
        '"What somebody changes by hand"'
    );
}

/**
 * Looks for such servers before a pool is made, in the preview already.
 *
 * @throws Error naming them
 */
export async function checkLeftServers(
    connection: Connection,
    { name, selector }: Pick<PlainPool, "name" | "selector">,
    { mover, hibernates, shape, template }: Registered,
): Promise<void> {
    if (mover !== "Guided" || hibernates) {
        return; // Who lets Kubernetes restart servers has asked for that, and where all stop, none restarts.
    }
    const problem = await look().catch(() => undefined); // The look for claims has said why nothing can be seen.
    if (problem) {
        throw new Error(problem);
    }

    async function look(): Promise<string | undefined> {
        const kubernetes = (await connection.writesFiles()) ? undefined : await connection.look();
        const pods = (await kubernetes?.pods(shape.namespace, selector)) ?? [];
        return kubernetes && pods.length > 0
            ? leftServers(name, template, pods, await kubernetes.controllerRevisions(shape.namespace, selector))
            : undefined;
    }
}
