import { AsyncResource } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import { type Change, changeOf, rootCredentials } from "./change";
import { describeChange, problemsOfChange, type Registered, type Reviewed } from "./changeReview";
import { departingPools, departureProblems } from "./decommission";
import { hasEngine } from "./engine";
import { connect } from "./kubernetes";
import { untilAnswered } from "./kubernetesErrors";
import type { PoolStatus } from "./minioAdmin";
import { partitionAnnotation } from "./pool";
import { requireRights } from "./rights";
import { shapeAnnotation } from "./shape";

export interface ChangeHookOptions extends Reviewed {
    kubeconfig: pulumi.Input<string> | undefined;
    /** What MinIO says of all its pools; a string: why it cannot be asked. */
    poolStatuses: () => Promise<PoolStatus[] | string>;
    /** Longest time without an answer of the Kubernetes API, in seconds. */
    timeoutSeconds: number;
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
        const [before, after] = (await Promise.all([oldInputs, newInputs].map(withoutSecrets))).map(registered);
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
            const { namespace } = before.shape;
            const hold = async () => {
                await requireRights(kubernetes, namespace, true);
                await kubernetes.setPartition(namespace, options.pool, options.servers);
            };
            await untilAnswered(hold, options.timeoutSeconds, (text) =>
                pulumi.log.info(text, options.resource(), undefined, true),
            );
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

/**
 * The inputs with those that are secrets as plain values. One secret argument, such as a variable of `environment`, makes secrets of
 * all that is made from the arguments; the review shows no value of a variable or annotation, only names.
 */
async function withoutSecrets(inputs: pulumi.Inputs | undefined): Promise<pulumi.Inputs | undefined> {
    const entries = Object.entries(inputs ?? {}).map(async ([key, value]) => [key, await plainValue(value)]);
    return inputs && Object.fromEntries(await Promise.all(entries));
}

/** Undefined where it is not known in this preview: its `apply` would never be called. */
async function plainValue(value: unknown): Promise<unknown> {
    if (!pulumi.Output.isInstance(value)) {
        return value;
    }
    const { isKnown } = value as unknown as { isKnown: Promise<boolean> };
    return (await isKnown) ? inputValue(value) : undefined;
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
