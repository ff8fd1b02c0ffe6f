/** What a change of a pool means to its users: why it is refused, or the line that a preview shows. Pure. */
import { both } from "../basics/both";
import {
    fewestOthersToWrite,
    keepsParts,
    type Layout,
    leastThatServe,
    serversOfLastDrives,
    topologyOf,
} from "../minio/topology";
import { standardParity } from "../minio/topologyVariables";
import { type PodTemplate, serverContainer } from "../server/podTemplate";
import { namesOf } from "../spec/names";
import { defaultImage } from "../spec/spec";
import {
    type Change,
    changedValues,
    clientPort,
    digestsOf,
    mostSevere,
    poolPatterns,
    scripts,
    variableClass,
} from "./change";
import { keyProblems } from "./encryptionKey";
import { reshapingProblems, type Shape } from "./shape";

/** A pool's StatefulSet as a program registers it, before or after a change. */
export interface Registered {
    template: PodTemplate;
    partition: number;
    shape: Shape;
    /** Who restarts its servers. */
    mover?: RolloutMover;
    /** Whether an update stands that has not reached all servers. Undefined: not known. */
    staged?: boolean;
    /** The set that its drives are restored from: see `restoreSource`. */
    restoreFrom?: string;
    /** Whether its servers are stopped. */
    hibernates?: boolean;
}

/** The pool that is changed. */
export interface Reviewed {
    /** The StatefulSet. */
    pool: string;
    servers: number;
    /** Servers that may restart at the same time, unless pods are made in order. */
    restartsAtOnce: number;
    topology: Layout;
    /** Whether the component moves the rollout on itself. */
    guided: boolean;
    /** Whether that holds requests while a server with the last drive of an erasure set comes back. */
    freezesRequests: boolean;
}

/** Why MinIO or Kubernetes cannot make a change without losing the cluster; none when they can. */
export function problemsOfChange(change: Change, before: Registered, after: Registered, topology: Layout): string[] {
    return [
        ...reshapingProblems(before.shape, after.shape),
        ...keyProblems(before.template, after.template, before.shape.namespace),
        ...partitionProblems(change, before, after, topology),
        ...modeProblems(change, before, after),
        ...leftVariableProblems(before, after),
        ...hibernationProblems(change, before, after),
    ];
}

/** A partition that would leave new servers which never serve, or servers that cannot talk to each other. */
function partitionProblems(
    change: Change,
    before: Pick<Registered, "partition" | "staged">,
    after: Pick<Registered, "partition">,
    topology: Layout,
): string[] {
    const what = change.fields.join(", ");
    const updated = topology.pools.reduce((sum, { servers }) => sum + Math.max(0, servers - after.partition), 0);
    if (change.class === "together" && after.partition > 0) {
        return [
            `partition: ${after.partition} is not allowed with a change of ${what}: servers with the old and the ` +
                "new value " +
                "cannot talk to each other, so all restart together. Set partition to 0",
        ];
    }
    // While a staged update stands, the way back to the old version needs no boot quorum: the servers below have it.
    const isWayBack = before.partition > 0 && before.staged !== false;
    if (change.class === "coupled" && updated > 0 && updated < topology.bootQuorum && !isWayBack) {
        return [
            `partition: ${after.partition} is not allowed with a change of ${what}: it leaves ` +
                `${count(updated, "new server")}, ` +
                "which would wait for others for ever and serve errors, as new ones start only when " +
                `${topology.bootQuorum} of ` +
                `${topology.servers} are new. Set partition to ${largestPartition(topology)} or less, or to ` +
                `${Math.max(...topology.pools.map(({ servers }) => servers))} to update none`,
        ];
    }
    return [];
}

/** A mode that would restart one server alone, which finds no peer, and wait for it for ever. */
function modeProblems({ class: change, fields }: Change, before: Registered, after: Registered): string[] {
    const isRunning = !before.hibernates && !after.hibernates;
    return change === "together" && after.mover === "Native" && isRunning
        ? [
              `rollout.mode: Native is not allowed with a change of ${fields.join(", ")}: Kubernetes would ` +
                  "restart one server, which " +
                  "cannot talk to the others, and wait for it for ever. Set rollout.mode to Guided, and back " +
                  "after the change",
          ]
        : [];
}

/** Of stopped servers Kubernetes keeps no older revision, and a restore waits for servers that serve. */
function hibernationProblems({ class: change, fields }: Change, before: Registered, after: Registered): string[] {
    return [
        ...(before.hibernates && after.partition > 0 && change !== "none"
            ? [
                  `partition: ${after.partition} is not allowed with a change of ${fields.join(", ")} while all ` +
                      "servers are stopped: " +
                      "each starts with it. Set partition to 0, or let the servers start before the change",
              ]
            : []),
        ...(after.hibernates && after.restoreFrom && after.restoreFrom !== before.restoreFrom
            ? [restoreWhileStopped]
            : []),
    ];
}

/** Why no restore begins. */
export const restoreWhileStopped =
    "hibernate: true is not allowed while restoreFrom begins: the servers must start with what is restored. " +
    "Leave one of them out";

/**
 * The component's Secret keeps what servers may still start from, until no secret is left and the Secret goes with the
 * last one at the end of the update: Kubernetes then starts no container that names a key of it.
 */
function leftVariableProblems(before: Registered, after: Registered): string[] {
    const [old, wanted] = both(before.template, after.template, ownVariables);
    const [what, instead] =
        after.partition > 0
            ? [`partition: ${after.partition}`, "Set partition to 0"]
            : after.mover === "OnDelete"
              ? ["updateStrategy: OnDelete", "Set updateStrategy to RollingUpdate"]
              : [];
    return what && old.length > 0 && wanted.length === 0
        ? [
              `${what} is not allowed while ${old.join(", ")} leaves the component's Secret, which goes as ` +
                  "nothing is left in it: " +
                  `servers that are not updated read it from there, and could not start again. ${instead}`,
          ]
        : [];
}

/** What changes in the component's own Secret, and what that means to the servers. */
export function settingsChange(before: PodTemplate, after: PodTemplate): Change {
    const [old, wanted] = both(before, after, (template) => {
        const digests = digestsOf(template);
        return Object.fromEntries(ownVariables(template).map((name) => [name, digests[name]]));
    });
    const names = [...new Set([...Object.keys(old), ...Object.keys(wanted)])];
    const fields = names.filter(
        (name) => ![old, wanted].every((one) => Object.hasOwn(one, name)) || old[name] !== wanted[name],
    );
    return { class: mostSevere(fields.map(variableClass)), fields };
}

/** Those that the pods read from the component's own Secret. */
function ownVariables(template: PodTemplate): string[] {
    const { metadata } = template as { metadata?: { labels?: Record<string, string> } };
    const { settings } = namesOf(metadata?.labels?.app ?? "");
    return (serverContainer(template).env ?? [])
        .filter(({ valueFrom }) => valueFrom?.secretKeyRef?.name === settings)
        .map(({ name }) => name);
}

/** The largest partition that leaves a boot quorum of servers above it. */
function largestPartition({ pools, bootQuorum }: Layout): number {
    const updated = (partition: number) =>
        pools.reduce((sum, { servers }) => sum + Math.max(0, servers - partition), 0);
    let partition = Math.max(...pools.map(({ servers }) => servers));
    while (updated(partition) < bootQuorum) {
        partition--;
    }
    return partition;
}

/** One line: what restarts, in which order, how many at a time, what stays available, and which servers stay back. */
export function describeChange(
    change: Change,
    before: Registered,
    after: Registered,
    reviewed: Reviewed,
): string | undefined {
    const { pool, servers, topology, guided } = reviewed;
    const from = Math.min(after.partition, servers);
    if (before.hibernates || after.hibernates) {
        return describeHibernation(change, before, after, { pool, servers });
    }
    if (change.class === "none") {
        return describeStage(pool, Math.min(before.partition, servers), from);
    }
    const what = describeFields(change, before, after);
    if (change.class === "together") {
        const gap =
            after.mover === "OnDelete"
                ? allByHand(after)
                : `all ${topology.servers} servers restart at once, as old and new ones cannot talk to each other; ` +
                  "requests fail for 10 to 30 s, and nothing that was stored is lost";
        return `${what}: ${gap}${isFirstFurtherPool(before.template, after.template) ? `; ${severalPools}` : ""}`;
    }
    const restartsAtOnce = after.shape.podManagementPolicy === "OrderedReady" ? 1 : reviewed.restartsAtOnce;
    const pace = guided ? paceOf({ ...reviewed, restartsAtOnce }) : "at Kubernetes' pace";
    const who = after.mover === "OnDelete" ? afterwards.OnDelete : `${updates(pool, servers, from)}, ${pace}`;
    const together =
        change.class === "coupled" && topology.bootQuorum > 1
            ? `, the first ${topology.bootQuorum} new ones begin to serve together, as a server starts only among ` +
              `${topology.bootQuorum} that are the same`
            : "";
    const where = change.fields.includes(clientPort) ? "by the new port, " : "";
    return (
        `${what}: ${who}${together}${stayBack(pool, from)}; ${where}${availability(topology)}` +
        describeHold(change, reviewed, from) +
        describeParity(before.template, topology)
    );
}

/** Nobody restarts the servers for a change that all must have at the same time. */
function allByHand({ template, shape }: Registered): string {
    const { metadata } = template as { metadata?: { labels?: Record<string, string> } };
    return (
        "nothing restarts, and a server that restarts alone cannot talk to the others. Delete all pods at once: " +
        "kubectl delete pod " +
        `--namespace=${shape.namespace} --selector=app=${metadata?.labels?.app},pool; requests fail until they ` +
        "serve again"
    );
}

/** What changes, and what is not seen by its name. */
function describeFields({ fields }: Change, before: Registered, after: Registered): string {
    const notes = [
        ...(fields.includes("image") ? [describeImages(before.template, after.template)] : []),
        ...(fields.includes(scripts) ? ["this version of minio-cluster starts and ends servers by others"] : []),
        ...(fields.includes(clientPort) ? [otherPort] : []),
        ...describeValues(before.template, after.template),
    ];
    return (
        `${fields.join(", ")} ${fields.length > 1 ? "change" : "changes"}` +
        (notes.length > 0 ? ` (${notes.join("; ")})` : "")
    );
}

/** The Service changes at the beginning of `up`, and the Secrets of applications at its end. */
const otherPort =
    "clients reach the old port no more when the update begins; the Secrets of accesses get the new one after " +
    "the rollout";

/** Servers that stop, are stopped or start have no order but that of Kubernetes. */
function describeHibernation(
    change: Change,
    before: Registered,
    after: Registered,
    { pool, servers }: Pick<Reviewed, "pool" | "servers">,
): string | undefined {
    const what = change.class === "none" ? "" : describeFields(change, before, after);
    const order = after.shape.podManagementPolicy === "OrderedReady" ? "one after another" : "together";
    if (!after.hibernates) {
        return (
            `${pool} ends its hibernation: its ${servers} servers start ${order}, and pulumi up waits until they ` +
            "are ready" +
            (what && `; ${what}`)
        );
    }
    if (!before.hibernates) {
        const staged =
            before.partition > 0 && before.staged !== false
                ? `; partition ${before.partition} → 0: all servers start with a staged update, if one stands`
                : "";
        return (
            `${pool} hibernates: all ${servers} servers stop ${order}, and requests fail until hibernate is ` +
            "false; the claims of its " +
            `drives stay, with all objects${what && `; ${what}, which counts when the servers start`}${staged}`
        );
    }
    return what ? `${what}, which counts when the servers start: ${pool} hibernates` : undefined;
}

/** Nothing in the program has changed then, so it is said where the change is. */
function describeValues(before: PodTemplate, after: PodTemplate): string[] {
    const { changed, unseen } = changedValues(before, after);
    return [
        ...(changed.length > 0 ? [`the Secret or ConfigMap has another value of ${changed.join(", ")}`] : []),
        ...(unseen.length > 0
            ? [`the value of ${unseen.join(", ")} in a Secret or ConfigMap was not looked at before`]
            : []),
    ];
}

/** How many servers restart at the same time: see `mayGoMeanwhile` in the rollout's plan. */
function paceOf({ restartsAtOnce, topology: { pools, servers, serversThatMayFailForWrites } }: Reviewed): string {
    const besideOthers = pools.length > 1 && serversThatMayFailForWrites > 0;
    const pace =
        restartsAtOnce > 1
            ? `the first one alone and then up to ${restartsAtOnce} at the same ` +
              `time${besideOthers ? ", beside those of other pools" : ""}`
            : `one at a time${besideOthers ? " and one of each other pool with it" : ""}`;
    return restartsAtOnce > 1 || besideOthers
        ? `${pace}, in one zone where zones are known, while ${leastThatServe(servers)} of ${servers} servers ` +
              "take requests"
        : pace;
}

/**
 * What another parity means for what is stored: no object is written anew for it. MinIO's health endpoints, which are
 * asked before a server is restarted, count with the parity of new objects (`Health` in `cmd/erasure-server-pool.go`),
 * and so does the budget.
 */
function describeParity(before: PodTemplate, topology: Layout): string {
    const { env = [] } = serverContainer(before);
    const old = topologyOf(
        topology.pools.map((shape) => ({ ...shape, driveBytes: 0 })),
        standardParity(Object.fromEntries(env.map(({ name, value }) => [name, value]))),
    );
    const [was, is] = [old, topology].map((one) => one?.pools[0]?.parity);
    if (old === undefined || was === undefined || is === undefined || was === is) {
        return "";
    }
    const stays = `; what is stored keeps its parity of ${was}, and new objects get ${is}`;
    const [mayLeave, bear] = [topology.serversThatMayFailForWrites, old.serversThatMayFailForReads];
    if (bear >= mayLeave) {
        return stays;
    }
    const until =
        bear > 0
            ? `set disruptionBudget.maxUnavailable to ${bear} until all are written anew`
            : "until they are written anew, they cannot be read while a server is away, as while one restarts";
    return (
        `${stays}. MinIO's health and the budgets count with ${is}, by which ${mayLeave} of a pool's servers may ` +
        "leave; the old " +
        `objects bear the loss of ${bear}: ${until}`
    );
}

/** Who restarts servers that are not as the program wants: the component, Kubernetes, or whoever deletes their pods. */
export type RolloutMover = "Guided" | "Native" | "OnDelete";

const afterwards: Record<RolloutMover, string> = {
    Guided: "servers that are not as the program wants restart, each when MinIO can miss it",
    Native: "servers that are not as the program wants restart at Kubernetes' pace, and MinIO is not asked",
    OnDelete: "nothing restarts, and a server changes when somebody deletes its pod",
};

/** What it means that another one restarts the servers from now on. */
export function describeSwitch(before: RolloutMover, after: RolloutMover): string | undefined {
    return before === after ? undefined : `rollout ${before} → ${after}: ${afterwards[after]}`;
}

/**
 * What MinIO does with more than one pool, and not with one: a PUT into another pool than the first takes a lock of
 * that pool, while a GET takes one of the first (`NewNSLock` in `cmd/erasure-server-pool.go`). So it may meet the
 * object on one drive, and deletes it as left over (`deleteIfDangling` in `cmd/erasure-object.go`; tried:
 * docs/reliability.md, "One order").
 */
const severalPools =
    "with several pools MinIO may lose an object that one client reads while another writes it, though the write " +
    "was acknowledged, " +
    "and a read may find what was overwritten before: see docs/reliability.md";

/** Whether a cluster of one pool gets another. */
function isFirstFurtherPool(before: PodTemplate, after: PodTemplate): boolean {
    const [old, wanted] = both(before, after, (template) => poolPatterns(serverContainer(template).args ?? []).length);
    return old === 1 && wanted > 1;
}

/**
 * From which image to which, without digests where tags tell them apart. Nobody may have changed it but a new default.
 */
function describeImages(before: PodTemplate, after: PodTemplate): string {
    const images = both(before, after, (template) => serverContainer(template).image ?? "");
    const short = both(...images, (image) => image.replace(/(:[^/@]+)@.*/, "$1"));
    const [old, wanted] = short[0] === short[1] ? images : short;
    return `${old} → ${wanted}${images[1] === defaultImage ? ", the default" : ""}`;
}

/** Only the partition changes: what that means if a staged update stands. */
function describeStage(pool: string, before: number, after: number): string | undefined {
    if (before === after) {
        return undefined;
    }
    const [low, high] = [Math.min(before, after), Math.max(before, after)];
    const many = high - low > 1;
    const who = many ? `${pool}-${high - 1} to ${pool}-${low}` : `${pool}-${low}`;
    const what =
        after < before
            ? `${many ? "are" : "is"} updated too${many ? ", in this order" : ""}`
            : `${many ? "go" : "goes"} back to what the servers below have`;
    return `partition ${before} → ${after}: ${who} ${what}, if an update is under way${stayBack(pool, after)}`;
}

function updates(pool: string, servers: number, from: number): string {
    if (from >= servers) {
        return "no server is updated";
    }
    return from === servers - 1
        ? `${pool}-${from} is updated`
        : `${pool}-${servers - 1} to ${pool}-${from} are updated in this order`;
}

function stayBack(pool: string, from: number): string {
    if (from === 0) {
        return "";
    }
    return from === 1 ? `; ${pool}-0 stays back` : `; ${pool}-0 to ${pool}-${from - 1} stay back`;
}

/** See requestHold.ts; with several pools there is no such wait. */
function describeHold(change: Change, { pool, topology, freezesRequests }: Reviewed, from: number): string {
    const lasts = topology.pools.flatMap(serversOfLastDrives).filter((ordinal) => ordinal >= from);
    if (!freezesRequests || lasts.length === 0 || topology.servers <= fewestOthersToWrite) {
        return "";
    }
    const servers = lasts.map((ordinal) => `${pool}-${ordinal}`).join(" and ");
    const together =
        change.class === "coupled" && topology.bootQuorum > 1 ? ", and while new ones begin to serve together" : "";
    const come = lasts.length === 1 ? "comes" : "come";
    return `; requests wait for some seconds while ${servers} ${come} back${together}`;
}

function availability({ pools, serversThatMayFailForWrites, serversThatMayFailForReads }: Layout): string {
    if (serversThatMayFailForWrites > 0) {
        const stays = "every object stays readable and writable";
        return pools.every(keepsParts) ? stays : `${stays}, but multipart uploads that run meanwhile may fail`;
    }
    return serversThatMayFailForReads > 0
        ? "every object stays readable, and writes fail while a server restarts"
        : "requests fail while a server restarts";
}

function count(number: number, what: string): string {
    return `${number} ${what}${number === 1 ? "" : "s"}`;
}
