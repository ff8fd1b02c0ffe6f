/** Servers that a deleted StatefulSet has left, as with `--cascade=orphan`: one that is made takes them over. */
import type { V1ControllerRevision, V1Pod } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../basics/messageOf";
import { versionOf } from "../change/change";
import type { Registered } from "../change/review";
import { isForbidden, KubernetesError, untilAnswered } from "../kubernetes/errors";
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
    const left = pods.filter((pod) => isLeft(pool, pod));
    const others = left.filter(isOther);
    if (others.length === 0 && new Set(left.map(revisionOf)).size <= 1) {
        return undefined;
    }
    const names = (others.length > 0 ? others : left).map(({ metadata }) => metadata?.name);
    return (
        `the StatefulSet ${pool} is gone, and servers that it has left were made otherwise than the program wants: ` +
        `${names.join(", ")}. Kubernetes would restart them as soon as it is made, whatever the partition is, ` +
        "and would not ask " +
        "MinIO. Set updateStrategy to OnDelete, leave partition and rollout.freezeRequests out, and run pulumi " +
        "up --refresh: " +
        "it restarts nothing. Then take that back and run pulumi up again: it restarts them when MinIO can miss " +
        "them. To keep " +
        "a staged update: docs/upgrades.md, " +
        '"What somebody changes by hand"'
    );
}

/**
 * Whether the StatefulSet of the name takes the pod over when it is made. A copy of one, or the pod of a Job, has
 * another name or owner.
 */
export function isLeft(pool: string, { metadata }: V1Pod): boolean {
    const isOwned = metadata?.ownerReferences?.some(({ controller }) => controller);
    return !isOwned && !metadata?.deletionTimestamp && new RegExp(`^${pool}-\\d+$`).test(metadata?.name ?? "");
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
    resource: pulumi.Resource,
    timeoutSeconds: number,
): Promise<void> {
    if (mover !== "Guided" || hibernates) {
        return; // Who lets Kubernetes restart servers has asked for that, and where all stop, none restarts.
    }
    const say = (text: string) => pulumi.log.info(text, resource, undefined, true);
    const isPreview = pulumi.runtime.isDryRun();
    const problem = await (isPreview ? look() : untilAnswered(look, timeoutSeconds, say)).catch((error) => {
        if (isPreview) {
            pulumi.log.info(
                `not checked whether servers of a deleted StatefulSet are there: ${messageOf(error)}`,
                resource,
            );
        } else if (error instanceof KubernetesError && !isForbidden(error)) {
            throw error;
        }
        return undefined; // The rollout names the rights that it lacks, or why there is no connection.
    });
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
