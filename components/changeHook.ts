import { AsyncResource } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import { type Change, changeOf, rootCredentials } from "./change";
import { describeChange, problemsOfChange, type Registered, type Reviewed } from "./changeReview";
import { departingPools, departureProblems } from "./decommission";
import { hasEngine } from "./engine";
import { connect } from "./kubernetes";
import type { PoolStatus } from "./minioAdmin";
import { partitionAnnotation } from "./pool";
import { shapeAnnotation } from "./shape";

export interface ChangeHookOptions extends Reviewed {
    kubeconfig: pulumi.Input<string> | undefined;
    /** What MinIO says of all its pools; a string: why it cannot be asked. */
    poolStatuses: () => Promise<PoolStatus[] | string>;
    /** Where the line of what will happen is shown; known once the resource is made. */
    resource: () => pulumi.Resource | undefined;
}

/**
 * Says, in the preview already, what a change of a pool will restart, and refuses one that MinIO or Kubernetes cannot make
 * without losing the cluster. On `up`, it holds the StatefulSet, so that nothing restarts before the guided rollout allows it.
 */
export function changeHooks(options: ChangeHookOptions): pulumi.ResourceHook[] {
    if (!hasEngine()) {
        return []; // A unit test with mocks, which know no hooks: the resource would wait for one for ever.
    }
    const hook: pulumi.ResourceHookFunction = async ({ oldInputs, newInputs }) => {
        const [before, after] = [oldInputs, newInputs].map(registered);
        if (!before || !after) {
            return; // Not known in this preview.
        }
        const change = changeOf(before.template, after.template);
        const problems = [
            ...problemsOfChange(change, before, after, options.topology),
            ...(await problemsOfDeparture(change, before, after, options)),
        ];
        if (problems.length > 0) {
            throw new Error(problems.join("\n"));
        }
        const line = describeChange(change, before, after, options);
        if (line) {
            pulumi.log.info(line, options.resource());
        }
        if (change.class !== "none" && options.guided && !pulumi.runtime.isDryRun()) {
            const kubernetes = await connect(await inputValue(options.kubeconfig));
            await kubernetes.setPartition(before.shape.namespace, options.pool, options.servers);
        }
    };
    // The engine calls it outside of this run's context, in which a component provider would know neither engine nor preview.
    return [new pulumi.ResourceHook(`${options.pool}-change`, AsyncResource.bind(hook), { onDryRun: true })];
}

async function problemsOfDeparture(
    { fields }: Change,
    before: Registered,
    after: Registered,
    { poolStatuses }: ChangeHookOptions,
): Promise<string[]> {
    const departing = departingPools(before.template, after.template);
    if (departing.length === 0) {
        return [];
    }
    // A preview does not know the new ones, and the servers only the old ones.
    const statuses = fields.includes(rootCredentials)
        ? `MinIO cannot be asked while the ${rootCredentials} change too`
        : await poolStatuses();
    return departureProblems(departing, statuses);
}

/** What the review needs of a StatefulSet's inputs; undefined where they are not known yet. */
function registered(inputs: pulumi.Inputs | undefined): Registered | undefined {
    const annotations = inputs?.metadata?.annotations;
    const template = inputs?.spec?.template;
    return annotations?.[shapeAnnotation] && template?.spec?.containers
        ? {
              template,
              partition: Number(annotations[partitionAnnotation]),
              shape: JSON.parse(annotations[shapeAnnotation]),
          }
        : undefined;
}

function inputValue<T>(input: pulumi.Input<T> | undefined): Promise<T | undefined> {
    return new Promise((resolve) => pulumi.output(input).apply((value) => resolve(value as T | undefined)));
}
