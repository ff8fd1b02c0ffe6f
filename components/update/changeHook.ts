import { AsyncResource } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import { type Change, changeOf, rootCredentials } from "../change/change";
import { departingPools, departureProblems } from "../change/decommission";
import {
    describeChange,
    describeSwitch,
    problemsOfChange,
    type Registered,
    type Reviewed,
    type RolloutMover,
} from "../change/review";
import { type Shape, shapeOf, shrinks } from "../change/shape";
import type { Kubernetes } from "../kubernetes/client";
import { untilAnswered } from "../kubernetes/errors";
import { requireRights } from "../kubernetes/rights";
import type { PoolStatus } from "../live/admin";
import type { Connection } from "../live/connection";
import type { Topology } from "../minio/topology";
import type { CredentialsHooks } from "../objects/credentials";
import type { Preflight } from "../preflight/preflight";
import { hasEngine } from "../pulumi/engine";
import { hookedResource } from "../pulumi/hooked";
import { whenKnown } from "../pulumi/outputs";
import { largestRequest } from "../rollout/drives";
import { podTemplate } from "../server/podTemplate";
import { partitionAnnotation, restoreAnnotation, shapeAnnotation } from "../spec/labels";
import { type Names, poolName, poolSelector } from "../spec/names";
import { userKey } from "../spec/rootCredentials";
import type { MinioClusterSpec } from "../spec/spec";
import { checkLeftClaims } from "./leftClaims";

export interface PoolHookOptions extends Reviewed {
    connection: Connection;
    /** Labels of the drives' claims. */
    selector: Record<string, string>;
    /** What MinIO says of all its pools; a string: why it cannot be asked. */
    poolStatuses: () => Promise<PoolStatus[] | string>;
    /** Restores the drives of all pools, once in a run. */
    restore: () => Promise<void>;
    /** Why nothing may be changed as a restore was begun and not ended; told where the program wants to restore from. */
    unended: (source: string | undefined) => Promise<string | undefined>;
    preflight: Preflight;
    /** Called on `up` when the pool is made, or changed. */
    changing: () => void;
    /** Longest time without an answer of the Kubernetes API, in seconds. */
    timeoutSeconds: number;
}

/**
 * What happens before a pool is made or changed, which the engine tells: in a refresh, a destroy, or an `up` of other targets it is not.
 *
 * A change is told in the preview already, by what it will restart, and one is refused that MinIO or Kubernetes cannot make without losing
 * the cluster. On `up`, the StatefulSet is held, so that nothing restarts before the guided rollout allows it.
 */
export function poolHooks(options: PoolHookOptions): pulumi.ResourceHookBinding {
    if (!hasEngine()) {
        return {}; // A unit test with mocks, which know no hooks: the resource would wait for one for ever.
    }
    const begin = () => {
        if (!pulumi.runtime.isDryRun()) {
            options.changing();
        }
    };
    const make: pulumi.ResourceHookFunction = async (args) => {
        begin();
        await options.preflight.refuse();
        const made = registered(await withoutSecrets(args.newInputs));
        if (made?.restoreFrom) {
            await options.restore();
        } else if (made) {
            await checkLeftClaims(options.connection, options.pool, made.shape, hookedResource(args));
        }
    };
    const change: pulumi.ResourceHookFunction = async (args) => {
        const { oldInputs, newInputs } = args;
        begin();
        await options.preflight.refuse();
        const inputs = await Promise.all([oldInputs, newInputs].map(withoutSecrets));
        const [last, after] = inputs.map(registered);
        if (!last || !after) {
            return; // Not known in this preview.
        }
        const before = { ...last, shape: await trueShape(last.shape, after.shape, options, hookedResource(args)) };
        const change = changeOf(before.template, after.template);
        const problems = [
            ...problemsOfChange(change, before, after, options.topology),
            ...(await problemsOfDeparture(change, before, after, options)),
            (await options.unended(after.restoreFrom)) ?? [],
        ].flat();
        if (problems.length > 0) {
            throw new Error(problems.join("\n"));
        }
        const [was, becomes] = inputs.map(moverOf);
        for (const line of [describeChange(change, before, after, options), describeSwitch(was, becomes)]) {
            if (line) {
                pulumi.log.info(line, hookedResource(args));
            }
        }
        if (after.restoreFrom && after.restoreFrom !== before.restoreFrom) {
            await options.restore();
        }
        const hold = holdOf(change, was, becomes, options);
        if (hold) {
            await holdUnlessPreview(options, before.shape.namespace, hookedResource(args), hold);
        }
    };
    return { beforeCreate: [hookOf(options, "creation", make)], beforeUpdate: [hookOf(options, "change", change)] };
}

export interface CredentialsHookOptions {
    names: Names;
    spec: pulumi.Output<MinioClusterSpec>;
    topology: Topology;
    connection: Connection;
    preflight: Preflight;
}

/**
 * Before a new root password is made, or the Secret gets another root user. The engine changes both before it comes to the StatefulSets, so
 * what their hooks would refuse then is refused here: a server that crashes in between would start with the new ones and find no peer.
 * A preview has said it already.
 *
 * @param options what the pools are to be like
 */
export function credentialsHooks({
    names,
    spec,
    topology,
    connection,
    preflight,
}: CredentialsHookOptions): CredentialsHooks {
    if (!hasEngine()) {
        return {};
    }
    const refuse: pulumi.ResourceHookFunction = async (args) => {
        await preflight.refuse();
        const known = (await whenKnown(spec)) as MinioClusterSpec;
        const kubernetes = (await connection.writesFiles()) ? undefined : await connection.look();
        for (const pool of kubernetes ? known.pools.keys() : []) {
            const live = await kubernetes?.statefulSet(known.namespace, poolName(names.cluster, pool));
            const last = registered(live as pulumi.Inputs | undefined);
            if (last) {
                const shape = shapeOf(known, pool);
                const selector = poolSelector(names, pool);
                const before = {
                    ...last,
                    shape: await trueShape(last.shape, shape, { connection, selector }, hookedResource(args)),
                };
                const after = { template: podTemplate(names, known, pool), partition: known.partition, shape };
                const change: Change = { class: "together", fields: [rootCredentials] };
                const problems = problemsOfChange(change, before, after, topology);
                if (problems.length > 0) {
                    throw new Error(problems.join("\n"));
                }
            }
        }
    };
    const refuseUser: pulumi.ResourceHookFunction = async (args) => {
        const [before, after] = await Promise.all([args.oldInputs, args.newInputs].map(withoutSecrets));
        if (before?.stringData?.[userKey] !== after?.stringData?.[userKey]) {
            await refuse(args);
        }
    };
    const hook = (name: string, refusal: pulumi.ResourceHookFunction) => [
        new pulumi.ResourceHook(`${names.cluster}-${name}`, AsyncResource.bind(refusal)),
    ];
    return {
        password: { beforeCreate: hook("password", refuse) },
        secret: { beforeUpdate: hook("user", refuseUser) },
    };
}

/**
 * The shape that a pool has. A growth that failed is registered as if it had been made, and no drive has the size: it can be taken back.
 */
async function trueShape(
    before: Shape,
    after: Shape,
    { connection, selector }: Pick<PoolHookOptions, "connection" | "selector">,
    resource: pulumi.Resource,
): Promise<Shape> {
    if (!shrinks(before, after)) {
        return before;
    }
    try {
        const kubernetes = await connection.look();
        const claimed = kubernetes && largestRequest(await kubernetes.claims(before.namespace, selector));
        return { ...before, storageSize: claimed ?? before.storageSize };
    } catch (error) {
        pulumi.log.info(`not checked how large the drives' claims are: ${(error as Error).message}`, resource);
        return before;
    }
}

/** The engine calls it outside of this run's context, in which a component provider would know neither engine nor preview. */
function hookOf({ pool }: PoolHookOptions, what: string, hook: pulumi.ResourceHookFunction): pulumi.ResourceHook {
    return new pulumi.ResourceHook(`${pool}-${what}`, AsyncResource.bind(hook), { onDryRun: true });
}

type Hold = (kubernetes: Kubernetes, namespace: string) => Promise<void>;

/**
 * What is done to a StatefulSet before it is changed, so that nothing restarts by the change alone; undefined where
 * nothing would.
 */
export function holdOf(
    change: Pick<Change, "class">,
    was: RolloutMover,
    becomes: RolloutMover,
    { pool, servers }: Pick<PoolHookOptions, "pool" | "servers">,
): Hold | undefined {
    if (becomes === "OnDelete" && was !== "OnDelete") {
        return (kubernetes, namespace) => kubernetes.setOnDelete(namespace, pool);
    }
    if (becomes !== "Guided" || (change.class === "none" && was === "Guided")) {
        return undefined;
    }
    return async (kubernetes, namespace) => {
        const live = was === "Guided" ? undefined : await kubernetes.statefulSet(namespace, pool);
        // The provider takes a field away that it has set and the program leaves out, unless another manager has
        // changed it since.
        const isSet = live?.spec?.updateStrategy?.rollingUpdate?.partition === servers;
        await kubernetes.setPartition(namespace, pool, isSet ? servers + 1 : servers);
    };
}

/** A preview only looks whether it would be the right cluster that is held. */
async function holdUnlessPreview(
    options: PoolHookOptions,
    namespace: string,
    resource: pulumi.Resource,
    hold: Hold,
): Promise<void> {
    const { connection } = options;
    if (pulumi.runtime.isDryRun()) {
        const unproved = await connection.unproved();
        if (unproved) {
            pulumi.log.info(
                `not checked in this preview whether the rollout reaches the same cluster: ${unproved}`,
                resource,
            );
        }
        return;
    }
    if (await connection.writesFiles()) {
        return;
    }
    const holding = async () => {
        const kubernetes = await connection.act();
        await requireRights(kubernetes, namespace, options.guided);
        await hold(kubernetes, namespace);
    };
    await untilAnswered(holding, options.timeoutSeconds, (text) => pulumi.log.info(text, resource, undefined, true));
}

/** By the inputs of a StatefulSet. */
function moverOf(inputs: pulumi.Inputs | undefined): RolloutMover {
    const { type, rollingUpdate } = inputs?.spec?.updateStrategy ?? {};
    return type === "OnDelete" ? type : rollingUpdate ? "Native" : "Guided";
}

async function problemsOfDeparture(
    { fields }: Change,
    before: Registered,
    after: Registered,
    { poolStatuses }: PoolHookOptions,
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
    const entries = Object.entries(inputs ?? {}).map(async ([key, value]) => [key, await whenKnown(value)]);
    return inputs && Object.fromEntries(await Promise.all(entries));
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
              restoreFrom: annotations[restoreAnnotation],
          }
        : undefined;
}
