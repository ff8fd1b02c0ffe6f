import * as pulumi from "@pulumi/pulumi";
import { both } from "../basics/both";
import { messageOf } from "../basics/messageOf";
import { once } from "../basics/once";
import { type Change, type ChangeClass, changeOf, rootCredentials } from "../change/change";
import { departingPools, departureProblems, readdressProblems } from "../change/decommission";
import {
    describeChange,
    describeSwitch,
    problemsOfChange,
    type Registered,
    type Reviewed,
    type RolloutMover,
    restoreWhileStopped,
    settingsChange,
} from "../change/review";
import { type Shape, shapeOf, shrinks } from "../change/shape";
import { describeLostZone } from "../change/zones";
import type { Kubernetes } from "../kubernetes/client";
import { unlessForbidden, untilAnswered } from "../kubernetes/errors";
import { requireRights } from "../kubernetes/rights";
import { type Connection, NoConnectionError } from "../live/connection";
import type { PoolStatuses } from "../live/poolStatuses";
import type { Preflight } from "../preflight/preflight";
import { hasEngine } from "../pulumi/engine";
import { hookedResource, resourceHook } from "../pulumi/hooked";
import { after, knownValue, whenKnown } from "../pulumi/outputs";
import { largestRequest } from "../rollout/drives";
import { podTemplate } from "../server/podTemplate";
import { restoreDrives, unendedRestore } from "../snapshots/restore";
import type { Cluster, DeclaredCluster, PlainPool } from "../spec/cluster";
import { partitionAnnotation, restoreAnnotation, shapeAnnotation } from "../spec/labels";
import { checkLeftClaims } from "./leftClaims";
import { checkLeftServers } from "./leftServers";
import { usedRevision } from "./usedRevision";

export interface HookOptions {
    cluster: DeclaredCluster;
    connection: Connection;
    preflight: Preflight;
    /** Whether this run makes the cluster's first object, so that no servers are there. */
    begins: () => boolean;
    /** Where a restore says what it does. */
    component: pulumi.Resource;
}

/** The hooks of a cluster's objects, and what they see of a run. */
export interface Hooks {
    /** Of a new root password. */
    password: pulumi.ResourceHookBinding;
    /**
     * Before the Secret of the settings has another content.
     *
     * @throws Error with what the StatefulSets' hooks would refuse after it
     */
    refuseSettings(): Promise<void>;
    /** @param poolStatuses what MinIO says of all its pools */
    ofPool(pool: PlainPool, poolStatuses: () => Promise<PoolStatuses>): pulumi.ResourceHookBinding;
    /** Whether a pool is made or changed in this run; known once all are registered. */
    hasChanged(): boolean;
    /** Called where servers are there that this run stops. */
    stopping(): void;
    /** Whether this run has stopped servers. */
    hasStopped(): boolean;
}

export function createHooks(options: HookOptions): Hooks {
    if (!hasEngine()) {
        // A unit test with mocks, which know no hooks: a resource would wait for one for ever.
        return {
            password: {},
            refuseSettings: async () => {},
            ofPool: () => ({}),
            hasChanged: () => false,
            stopping: () => {},
            hasStopped: () => false,
        };
    }
    const { cluster, connection, preflight, component } = options;
    let hasChanged = false;
    let hasStopped = false;
    const changing = () => {
        hasChanged = true;
    };
    const stopping = () => {
        hasStopped ||= !pulumi.runtime.isDryRun();
    };
    const restore = once(async () =>
        restoreDrives(connection, await knownValue(after(preflight.passed, cluster.resolved)), component),
    );
    return {
        password: passwordHooks(options),
        refuseSettings: () => refuseSettings(options),
        ofPool: (pool, poolStatuses) => poolHooks({ ...options, pool, poolStatuses, restore, changing, stopping }),
        hasChanged: () => hasChanged,
        stopping,
        hasStopped: () => hasStopped,
    };
}

interface PoolHookOptions extends HookOptions {
    pool: PlainPool;
    poolStatuses: () => Promise<PoolStatuses>;
    /** Restores the drives of all pools, once in a run, if there is anything to restore. */
    restore: () => Promise<boolean>;
    /** Called when the pool is made, or changed. */
    changing: () => void;
    stopping: Hooks["stopping"];
}

/**
 * What happens before a pool is made or changed, which the engine tells: in a refresh, a destroy, or an `up` of other
 * targets it is not.
 *
 * A change is told in the preview already, by what it will restart, and one is refused that MinIO or Kubernetes cannot
 * make without losing the cluster. On `up`, the StatefulSet is held, so that nothing restarts before the guided rollout
 * allows it.
 */
function poolHooks(options: PoolHookOptions): pulumi.ResourceHookBinding {
    const { cluster, pool, connection, preflight, restore, changing, stopping } = options;
    const reviewed: Reviewed = {
        pool: pool.name,
        servers: pool.topology.servers,
        restartsAtOnce: pool.restartsAtOnce,
        topology: cluster.topology,
        guided: cluster.guided,
        freezesRequests: cluster.freezesRequests,
    };
    const lostZone = ({ template }: Registered) => describeLostZone(template, pool.topology, pool.selector);
    const unended = async (source: string | undefined) => {
        const known = await whenKnown(cluster.resolved);
        return known && unendedRestore(connection, known, source);
    };
    const make: pulumi.ResourceHookFunction = async (args) => {
        changing();
        await preflight.refuse();
        const made = wantedOf(await withoutSecrets(args.newInputs), hookedResource(args));
        if (!made) {
            return;
        }
        if (made.restoreFrom && made.hibernates) {
            throw new Error(restoreWhileStopped);
        }
        pulumi.log.info(lostZone(made), hookedResource(args));
        if (made.restoreFrom && (await restore())) {
            return;
        }
        const known = await whenKnown(cluster.resolved);
        await checkLeftClaims(connection, pool.name, made.shape, hookedResource(args), known);
        await checkLeftServers(connection, pool, made, hookedResource(args), cluster.timeoutSeconds);
    };
    const change: pulumi.ResourceHookFunction = async (args) => {
        const { oldInputs, newInputs } = args;
        changing();
        await preflight.refuse();
        const inputs = await Promise.all(both(oldInputs, newInputs, withoutSecrets));
        const after = wantedOf(inputs[1], hookedResource(args));
        if (!after) {
            return;
        }
        const last = registered(inputs[0]) ?? (await liveOf(pool, after.shape, connection));
        const before = {
            ...last,
            shape: await trueShape(last.shape, after.shape, pool, connection, hookedResource(args)),
            staged: await isStaged(last, pool, connection),
        };
        const change = changeOf(before.template, after.template);
        const problems = [
            ...problemsOfChange(change, before, after, cluster.topology),
            ...(await problemsOfDeparture(change, before, after, options)),
            ...readdressProblems(before.template, after.template, leavingOf(await whenKnown(cluster.resolved))),
            (await unended(after.restoreFrom)) ?? [],
        ].flat();
        if (problems.length > 0) {
            throw new Error(problems.join("\n"));
        }
        const [was, becomes] = both(...inputs, moverOf);
        const [stood, stands] = both(before, after, lostZone);
        for (const line of [
            describeChange(change, before, after, reviewed),
            describeSwitch(was, becomes),
            stood === stands ? undefined : stands,
        ]) {
            if (line) {
                pulumi.log.info(line, hookedResource(args));
            }
        }
        const restores = after.restoreFrom !== undefined && after.restoreFrom !== before.restoreFrom;
        if (restores) {
            await restore();
        }
        if (after.hibernates && !before.hibernates) {
            stopping();
        }
        const restarting = {
            class: restartsBy(change.class, before, after, restores),
            grows: before.shape.storageSize !== after.shape.storageSize,
        };
        const hold = holdOf(restarting, was, becomes, reviewed);
        if (hold) {
            await holdUnlessPreview(options, before.shape.namespace, hookedResource(args), hold);
        }
    };
    const hook = (what: string, work: pulumi.ResourceHookFunction) =>
        resourceHook(`${pool.name}-${what}`, work, { onDryRun: true });
    return { beforeCreate: [hook("creation", make)], beforeUpdate: [hook("change", change)] };
}

/**
 * What the program wants of a StatefulSet; undefined where a preview does not know it yet.
 *
 * @throws Error where it is known, and does not tell what a change of it means
 */
function wantedOf(inputs: pulumi.Inputs | undefined, resource: pulumi.Resource): Registered | undefined {
    const wanted = registered(inputs);
    if (!wanted && inputs?.metadata && inputs.spec) {
        throw new Error(
            `it is not known what this change does to the servers, as the annotation ${shapeAnnotation} or the ` +
                "pod template is " +
                "missing. If a transform replaces them, let it add to the annotations and containers that are given",
        );
    }
    if (!wanted) {
        pulumi.log.info(
            "not checked in this preview: what this does to the servers, as not all of it is known yet",
            resource,
        );
    }
    return wanted;
}

/**
 * A StatefulSet as it is in the Kubernetes cluster, where Pulumi's state does not tell its shape.
 *
 * @throws Error where it does not either
 */
async function liveOf({ name }: PlainPool, wanted: Shape, connection: Connection): Promise<Registered> {
    const kubernetes = await connection.look();
    const live = registered((await kubernetes?.statefulSet(wanted.namespace, name)) as pulumi.Inputs | undefined);
    if (!live) {
        throw new Error(
            `it is not known what this change does to the servers, as the annotation ${shapeAnnotation} of the ` +
                `StatefulSet ${name} ` +
                "is gone. If its servers and drives are as this program says, give it back and run pulumi up " +
                "again: kubectl annotate " +
                `statefulset ${name} --namespace ${wanted.namespace} '${shapeAnnotation}=${JSON.stringify(wanted)}'`,
        );
    }
    return live;
}

function passwordHooks(options: HookOptions): pulumi.ResourceHookBinding {
    const name = `${options.cluster.names.cluster}-password`;
    const refuse: pulumi.ResourceHookFunction = (args) => refusePassword(options, hookedResource(args));
    return { beforeCreate: [resourceHook(name, refuse, { onDryRun: true })] };
}

/**
 * Before a new root password is made. The Secret gets it before the engine comes to the StatefulSets, so what their
 * hooks would refuse then is refused here: a server that crashes in between would start with it and find no peer. A
 * preview hears of that from them, and here only what they never see.
 */
export async function refusePassword(options: HookOptions, resource: pulumi.Resource): Promise<void> {
    const refused = async () => [
        ...(await problemsOfPassword(options, resource)),
        ...(await usedRevisionProblems(options)),
    ];
    const problems = await (pulumi.runtime.isDryRun()
        ? usedRevisionInPreview(options, resource)
        : unlessUnseen(options, refused));
    if (problems.length > 0) {
        throw new Error(problems.join("\n"));
    }
}

/** Where the provider alone makes the cluster, nothing leads to it from here, and nothing is there to be seen. */
async function unlessUnseen({ cluster, begins }: HookOptions, refused: () => Promise<string[]>): Promise<string[]> {
    try {
        return await refused();
    } catch (error) {
        if (cluster.guided || !(error instanceof NoConnectionError) || !begins()) {
            throw error;
        }
        return [];
    }
}

/** Asks for what the StatefulSets' hooks would lack after the Secret. A preview hears of that from them. */
async function requireReach(options: HookOptions): Promise<void> {
    const { cluster, begins } = options;
    if (cluster.guided && !begins() && !pulumi.runtime.isDryRun()) {
        const { spec } = await knownValue(cluster.resolved);
        await reach(options, spec.namespace);
    }
}

/**
 * The provider's own cluster, with the rights to move its servers; undefined where the provider writes files.
 *
 * @throws Error that says what is missing
 */
async function reach({ cluster, connection }: HookOptions, namespace: string): Promise<Kubernetes | undefined> {
    const kubernetes = await connection.act();
    if (kubernetes) {
        await requireRights(kubernetes, namespace, cluster.guided, cluster.freezesRequests);
    }
    return kubernetes;
}

async function problemsOfPassword(options: HookOptions, resource: pulumi.Resource): Promise<string[]> {
    await options.preflight.refuse();
    await requireReach(options);
    const change: Change = { class: "together", fields: [rootCredentials] };
    return liveProblems(options, resource, () => change);
}

async function usedRevisionInPreview(options: HookOptions, resource: pulumi.Resource): Promise<string[]> {
    if (options.begins()) {
        return []; // Nothing proves yet that servers of this name are in the provider's cluster.
    }
    try {
        return await usedRevisionProblems(options);
    } catch (error) {
        pulumi.log.info(
            `not checked in this preview which root password the servers have: ${messageOf(error)}`,
            resource,
        );
        return [];
    }
}

async function usedRevisionProblems({ cluster, connection }: HookOptions): Promise<string[]> {
    const known = await whenKnown(cluster.resolved);
    const kubernetes = await connection.look();
    return known && kubernetes ? usedRevision(kubernetes, known) : [];
}

/**
 * As with a new root password: a server that crashes before the StatefulSets are refused would start with what the
 * Secret has.
 */
export async function refuseSettings(options: HookOptions): Promise<void> {
    let changes = false;
    const problems = await liveProblems(options, options.component, (before, after) => {
        const change = settingsChange(before.template, after.template);
        changes ||= change.class !== "none";
        return change.class === "none" ? undefined : change;
    });
    if (changes) {
        await options.preflight.refuse();
        await requireReach(options);
    }
    if (problems.length > 0) {
        throw new Error(problems.join("\n"));
    }
}

/**
 * What the hooks of the StatefulSets would refuse, by the StatefulSets as they are.
 *
 * @param changeOfPool undefined where nothing changes
 */
async function liveProblems(
    { cluster, connection }: HookOptions,
    resource: pulumi.Resource,
    changeOfPool: (before: Registered, after: Registered) => Change | undefined,
): Promise<string[]> {
    const { names, spec, guided, topology, pools, timeoutSeconds } = await knownValue(cluster.resolved);
    const kubernetes = await connection.look();
    for (const pool of kubernetes ? pools : []) {
        const read = async () => kubernetes?.statefulSet(spec.namespace, pool.name);
        // Where Kubernetes moves the rollout on, the user may have no right to look.
        const live = guided ? await read() : await unlessForbidden(read);
        const last = live === "forbidden" ? undefined : registered(live as pulumi.Inputs | undefined);
        const shape = shapeOf(spec, pool.index);
        const after: Registered = {
            template: podTemplate(names, spec, pool.index),
            partition: spec.partition,
            mover: guided ? "Guided" : spec.updateStrategy === "OnDelete" ? "OnDelete" : "Native",
            shape,
            hibernates: spec.hibernate,
        };
        if (live === undefined) {
            await checkLeftServers(connection, pool, after, resource, timeoutSeconds);
        }
        if (last) {
            const change = changeOfPool(last, after);
            const before = change && { ...last, shape: await trueShape(last.shape, shape, pool, connection, resource) };
            const problems = before
                ? [
                      ...problemsOfChange(change, before, after, topology),
                      ...readdressProblems(before.template, after.template, leavingOf({ pools })),
                  ]
                : [];
            if (problems.length > 0) {
                return problems;
            }
        }
    }
    return [];
}

/**
 * The shape that a pool has. A growth that failed is registered as if it had been made, and no drive has the size: it
 * can be taken back.
 */
async function trueShape(
    before: Shape,
    after: Shape,
    { selector }: PlainPool,
    connection: Connection,
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
        pulumi.log.info(`not checked how large the drives' claims are: ${messageOf(error)}`, resource);
        return before;
    }
}

/**
 * Kubernetes tells it, and no program. What could not be asked is undefined: the rollout finds out what a wrong guess
 * would have refused.
 */
async function isStaged(
    { partition, shape }: Registered,
    { name }: PlainPool,
    connection: Connection,
): Promise<boolean | undefined> {
    try {
        const kubernetes = partition > 0 ? await connection.look() : undefined;
        return registered((await kubernetes?.statefulSet(shape.namespace, name)) as pulumi.Inputs | undefined)?.staged;
    } catch {
        return undefined;
    }
}

/**
 * How servers would restart where nothing holds them. Where all stop or start, none does; but a restore has started
 * them already, as they were before the change.
 */
export function restartsBy(
    change: ChangeClass,
    before: Pick<Registered, "hibernates">,
    after: Pick<Registered, "hibernates">,
    restores: boolean,
): ChangeClass {
    return after.hibernates || (before.hibernates && !restores) ? "none" : change;
}

type Hold = (kubernetes: Kubernetes, namespace: string) => Promise<void>;

/**
 * What is done to a StatefulSet before it is changed, so that nothing restarts by the change alone; undefined where
 * nothing would. Whatever is done, the cluster is the provider's by then, and the rights are there.
 */
export function holdOf(
    change: Pick<Change, "class"> & { grows?: boolean },
    was: RolloutMover,
    becomes: RolloutMover,
    { pool, servers }: Pick<Reviewed, "pool" | "servers">,
): Hold | undefined {
    if (becomes === "OnDelete" && was !== "OnDelete") {
        return (kubernetes, namespace) => kubernetes.setOnDelete(namespace, pool);
    }
    if (becomes !== "Guided") {
        // The servers need nothing of this program, and larger drives do: what keeps them from growing is said before.
        return change.grows ? async () => {} : undefined;
    }
    if (change.class === "none" && was === "Guided") {
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
    options: HookOptions,
    namespace: string,
    resource: pulumi.Resource,
    hold: Hold,
): Promise<void> {
    if (pulumi.runtime.isDryRun()) {
        const unproved = await options.connection.unproved();
        if (unproved) {
            pulumi.log.info(
                `not checked in this preview whether the rollout reaches the same cluster: ${unproved}`,
                resource,
            );
        }
        return;
    }
    const holding = async () => {
        const kubernetes = await reach(options, namespace);
        if (kubernetes) {
            await hold(kubernetes, namespace);
        }
    };
    await untilAnswered(holding, options.cluster.timeoutSeconds, (text) =>
        pulumi.log.info(text, resource, undefined, true),
    );
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
        ? { unknown: `MinIO cannot be asked while the ${rootCredentials} change too` }
        : await poolStatuses();
    return departureProblems(departing, statuses);
}

function leavingOf({ pools }: Pick<Cluster, "pools"> = { pools: [] }): number[] {
    return pools.filter(({ decommission }) => decommission).map(({ index }) => index);
}

/**
 * The inputs with those that are secrets as plain values. One secret argument, such as a variable of `environment`,
 * makes secrets of all that is made from the arguments; the review shows no value of a variable or annotation, only
 * names.
 */
async function withoutSecrets(inputs: pulumi.Inputs | undefined): Promise<pulumi.Inputs | undefined> {
    const entries = Object.entries(inputs ?? {}).map(async ([key, value]) => [key, await whenKnown(value)]);
    return inputs && Object.fromEntries(await Promise.all(entries));
}

/** What the review needs of a StatefulSet's inputs; undefined where they are not known yet. */
function registered(inputs: pulumi.Inputs | undefined): Registered | undefined {
    const annotations = inputs?.metadata?.annotations;
    const template = inputs?.spec?.template;
    const { currentRevision, updateRevision } = inputs?.status ?? {};
    return annotations?.[shapeAnnotation] && template?.spec?.containers
        ? {
              template,
              partition: Number(annotations[partitionAnnotation]),
              mover: moverOf(inputs),
              shape: JSON.parse(annotations[shapeAnnotation]),
              restoreFrom: annotations[restoreAnnotation],
              hibernates: inputs?.spec?.replicas === 0,
              staged: updateRevision === undefined ? undefined : currentRevision !== updateRevision,
          }
        : undefined;
}
