/**
 * The next single step of a guided rollout. Pure, and without a memory: each step follows from what is observed, so
 * that an interrupted rollout simply goes on.
 *
 * Before a pool's pod template changes, its live partition is set to its number of servers; the StatefulSet then
 * restarts nothing by itself. From the highest ordinal down, the plan lowers the partition to the server whose turn it
 * is, and restarts it. So the partition never lies below a server that may not be restarted yet, and a pod that dies
 * meanwhile comes back at the revision that it should have at that moment.
 */

import { element } from "../basics/element";
import type { ChangeClass } from "../change/change";
import { leastThatServe } from "../minio/topology";

/** One server, as observed. */
export interface ServerState {
    /** Name of the pod. */
    name: string;
    ordinal: number;
    /** Undefined: the pod does not exist at the moment. */
    uid?: string;
    terminating: boolean;
    /** It should have ended long ago, and its kubelet does not say that it has: its node is gone. */
    lost: boolean;
    /** For minutes it has not come up on its node, or no node takes it: perhaps only its update mends it. */
    failing?: boolean;
    /** The zone that it is in. Undefined: not known. */
    zone?: string;
    /** Revision that the pod was made from (label `controller-revision-hash`). */
    revision?: string;
    /**
     * What a starting server compares with its peers: only servers that have the same help each other to start,
     * whatever their pool.
     */
    version?: string;
    /** The pod's condition Ready. */
    ready: boolean;
    /**
     * What each way to it said when it was last asked and nothing answered; empty when it answered, undefined when not
     * asked.
     */
    silence?: string;
    /** `/minio/health/live` answers, and its peers use its drives. */
    answers: boolean;
    /** It serves requests; otherwise it waits for its peers (`X-Minio-Server-Status: offline`). */
    initialised: boolean;
    /** It has been ready for some seconds without a break, or was ready when this rollout looked first. */
    steady: boolean;
    /** It has run for so long that each peer has connected to it again, if it can. */
    longUp: boolean;
    /**
     * Whether `answers` and `initialised` are so now. Else they are what the server said before, or what its being
     * ready lets expect: enough to wait for, and not to act on.
     */
    heard: boolean;
    /** MinIO says that the others keep a write quorum without it: see consent.ts. Undefined: it was not asked. */
    mayStop?: boolean;
    /** Why it is not known whether it may stop. */
    unknown?: string;
    /** Which server does not reach a drive yet that it needs without this one, in words. */
    unreached?: string;
    /** Of the difference between its revision and the one that it should have; `none` for a pod that does not exist. */
    change: ChangeClass;
    /** Why its image cannot start it, whatever is waited for. */
    imageProblem?: string;
    /** Its process has ended in this pod, and was started again. */
    crashed?: boolean;
}

/** One pool, as observed. */
export interface PoolState {
    name: string;
    /** The controller has seen the newest generation of the StatefulSet. */
    observed: boolean;
    /** That of the StatefulSet at the moment. */
    partition: number;
    /** That of the user. */
    wantedPartition: number;
    currentRevision: string;
    updateRevision: string;
    /** Of the difference between `currentRevision` and `updateRevision`. */
    updateChange: ChangeClass;
    /** How many servers Kubernetes is told to keep at the moment; `servers` has as many as the program wants. */
    replicas: number;
    /** `OrderedReady`: a missing pod is only made when all of a lower ordinal are ready. */
    ordered: boolean;
    erasureSets: number;
    /** Servers of the pool that may fail at once while all its objects can still be written. */
    serversThatMayFail: number;
    /** Servers of the pool that may restart at the same time, unless it is ordered. */
    restartsAtOnce: number;
    /** By ordinal, one entry for each server that the program wants. */
    servers: ServerState[];
}

/** All pools, the first one first. */
export interface ClusterState {
    pools: PoolState[];
    /** Servers of the same version that must answer for a starting one of that version to start. */
    bootQuorum: number;
    /** `/minio/health/cluster` answers 200 on some server. Undefined: none was asked. */
    healthy?: boolean;
}

/** A pod to delete, and only if it is still the one that was observed. */
export interface Restart {
    pool: string;
    name: string;
    ordinal: number;
    uid: string;
}

/**
 * What lets servers restart, of one pool from the highest ordinal down. Where they ask no disruption budget, what the
 * partition releases is left to the controller, and there are no `servers`.
 */
export type Release =
    | {
          kind: "setPartition";
          pool: string;
          partition: number;
          servers: Restart[];
          evicts: boolean;
          reason: string;
      }
    | { kind: "restart"; servers: Restart[]; together: boolean; evicts: boolean; reason: string };

/** One step. The reason is a line for whoever watches. */
export type Action =
    | { kind: "wait"; reason: string; servers: string[] }
    | { kind: "setReplicas"; pool: string; replicas: number; reason: string }
    | Release
    /** Of several pools, each by itself: when one of them fails, the others still stand. */
    | { kind: "several"; steps: Release[]; reason: string }
    | { kind: "blocked"; reason: string }
    | { kind: "done" };

/** What must be known before a step can be decided. */
export type Question =
    /** What these servers say of themselves now. */
    | { kind: "ask"; what: "servers"; servers: string[]; reason: string }
    /** Whether objects can be written. */
    | { kind: "ask"; what: "health"; reason: string }
    /**
     * Whether MinIO can miss servers, which would be restarted next at the same time; and what the unheard ones say
     * now, on which that rests.
     */
    | { kind: "ask"; what: "consent"; servers: string[]; unheard: string[]; reason: string };

/** A server with what follows for it alone. */
interface Member extends ServerState {
    pool: PoolState;
    /** It is to be restarted: its revision is not the one that it should have, and it is not on its way out already. */
    outdated: boolean;
    /** In the end it has an older version than `updateRevision`, with which it does not help it to start. */
    staysOld: boolean;
}

/** The members in the order of restarts: the last pool first, and in it the highest ordinal first. */
type View = ClusterState & { members: Member[] };

/** The next step of the rollout, or what must be asked first. A step that only waits asks for nothing. */
export function plan(cluster: ClusterState): Action | Question {
    const members = cluster.pools.flatMap((pool) => pool.servers.map((server) => memberOf(pool, server))).reverse();
    const view = { ...cluster, members };
    const step =
        setReplicas(view) ??
        raisePartition(view) ??
        waitForController(view) ??
        restartTogether(view) ??
        restartDead(view) ??
        restartNext(view) ??
        settle(view);
    if (step.kind === "wait" || step.kind === "setReplicas" || (step.kind === "ask" && step.what === "consent")) {
        return step;
    }
    const unheard = namesOfUnheard(view);
    const reason = step.kind === "done" ? "looks at all servers" : step.reason;
    return unheard.length > 0 ? { kind: "ask", what: "servers", servers: unheard, reason } : step;
}

/**
 * What a rollout still has to do, by what Kubernetes alone says; undefined where it has ended. It does not count who is
 * not ready, which passes by itself.
 */
export function leftBehind(cluster: ClusterState): string | undefined {
    const members = cluster.pools.flatMap((pool) => pool.servers.map((server) => memberOf(pool, server))).reverse();
    const scaled = setReplicas({ ...cluster, members });
    if (scaled?.kind === "setReplicas") {
        return scaled.reason;
    }
    const outdated = members.filter((member) => member.outdated);
    const names = outdated.map(({ name }) => name).join(", ");
    return outdated.length === 0
        ? undefined
        : outdated.some(({ change }) => change === "together")
          ? `${names} restart together, as old and new servers cannot talk to each other; requests fail for 10 to 30 s`
          : `${names} restart, each when MinIO can miss it`;
}

function namesOfUnheard({ members }: View): string[] {
    return members.filter(({ heard }) => !heard).map(({ name }) => name);
}

/** The revision that a server should have. */
export function targetRevision(pool: PoolState, ordinal: number): string {
    return ordinal >= pool.wantedPartition ? pool.updateRevision : pool.currentRevision;
}

function memberOf(pool: PoolState, server: ServerState): Member {
    const { ordinal, uid, terminating, revision } = server;
    const staysOld = separates(pool.updateChange) && ordinal < pool.wantedPartition;
    const outdated = uid !== undefined && !terminating && revision !== targetRevision(pool, ordinal);
    return { ...server, pool, outdated, staysOld };
}

/** Whether servers before and after the change do not help each other to start. */
function separates(change: ChangeClass): boolean {
    return change === "coupled" || change === "together";
}

/**
 * Somebody scaled the StatefulSet by hand. MinIO knows no other number of servers, so those beyond it hold no objects.
 */
function setReplicas({ pools }: View): Action | undefined {
    const scaled = pools.find(({ replicas, servers }) => replicas !== servers.length);
    if (!scaled) {
        return undefined;
    }
    const { name: pool, replicas: old, servers } = scaled;
    const reason = `${pool}: ${old} servers -> ${servers.length}, as the program wants; somebody scaled the StatefulSet`;
    return { kind: "setReplicas", pool, replicas: servers.length, reason };
}

function raisePartition({ pools }: View): Action | undefined {
    const low = pools.find((pool) => pool.partition < pool.wantedPartition);
    return low && setPartition(low, low.wantedPartition, "keeps the servers below it as they are");
}

/** Until then the revisions are those of before, and a deleted pod may come back at the wrong one. */
function waitForController({ pools }: View): Action | undefined {
    const unseen = pools.find(({ observed }) => !observed);
    return unseen && { kind: "wait", reason: `waits for Kubernetes to see the change of ${unseen.name}`, servers: [] };
}

/** Servers before and after such a change cannot talk at all: the shorter both are there, the better. */
function restartTogether(view: View): Action | undefined {
    const { pools, members } = view;
    if (!members.some(({ change }) => change === "together")) {
        return undefined;
    }
    if (pools.some(({ wantedPartition }) => wantedPartition > 0)) {
        return { kind: "blocked", reason: "this change needs all servers to restart together: set the partition to 0" };
    }
    const joining = members.filter(({ pool, uid, answers }) => isNew(pool) && !(uid && answers));
    if (joining.length > 0) {
        return waitFor(joining, view);
    }
    const held = pools.find(({ partition }) => partition > 0);
    if (held) {
        return setPartition(held, 0, "lets all servers restart together");
    }
    const outdated = members.filter((member) => member.outdated);
    return outdated.length > 0 ? restart(outdated, true, view) : waitOrGiveUp(members.filter(lack), view);
}

/** A new pool: its servers wait for all others to know it. */
function isNew({ servers, updateChange }: PoolState): boolean {
    return updateChange === "none" && servers.every(({ change, initialised }) => change === "none" && !initialised);
}

/** A server that serves nothing at all is restarted without asking, unless the partition would release living ones. */
function restartDead(view: View): Action | undefined {
    const dead = view.members.find((member) => isDead(member) && (comesBackRight(member) || isTurnOf(member, view)));
    return dead && releaseOrRestart([dead], view);
}

/** Neither Kubernetes nor MinIO says that it lives: one of them alone may be late, or not reach it. */
function isDead({ outdated, ready, answers, initialised }: Member): boolean {
    return outdated && !ready && !answers && !initialised;
}

/** Nothing that a rollout can do brings it back. */
function isGone(member: Member): boolean {
    return member.lost || isDead(member);
}

/** Whether the partition, as it is, gives the server its revision when it is restarted. */
function comesBackRight(member: Member): boolean {
    return nextRevision(member) === targetRevision(member.pool, member.ordinal);
}

/** The revision that a server has after a restart, by the partition as it is. */
function nextRevision({ pool, ordinal }: Member): string {
    return ordinal >= pool.partition ? pool.updateRevision : pool.currentRevision;
}

/**
 * Whether all servers above it in its pool have their revision, so that the partition may be lowered to it. One that is
 * on its way may come back without; but in an ordered pool a missing one waits for this one.
 */
function isTurnOf({ pool, ordinal }: Member, { members }: View): boolean {
    const above = members.filter((other) => other.pool === pool && other.ordinal > ordinal);
    return above.every(
        ({ uid, terminating, outdated, lost }) => lost || (uid ? !terminating && !outdated : pool.ordered),
    );
}

/**
 * Restarts the first server in the order, when all others can do without it; or several that can, see `mayGoMeanwhile`.
 * Pools have no erasure set in common, so that each misses no more for another one. All that are away are in one zone,
 * so that another zone may be lost meanwhile.
 */
function restartNext(view: View): Action | Question | undefined {
    const outdated = view.members.filter((member) => member.outdated);
    // The first one of each pool, then the second one of each, as far as several of a pool may go.
    const turns = outdated
        .map((one) => ({ one, turn: outdated.filter(({ pool }) => pool === one.pool).indexOf(one) }))
        .filter(({ one, turn }) => turn < mostOf(one.pool))
        .sort((a, b) => a.turn - b.turn)
        .map(({ one }) => one);
    // Those that were let go in the last step go first: else they would be kept again.
    const isLet = ({ ordinal, pool }: Member) => ordinal >= pool.partition;
    const [first, ...later] = [...turns.filter(isLet), ...turns.filter((one) => !isLet(one))];
    if (!first) {
        return undefined;
    }
    const hindrance = hindranceOf(first, view);
    const candidates = hindrance ? [] : [first];
    for (const next of hindrance && hindrance.kind !== "wait" ? [] : [first, ...later]) {
        if (!candidates.includes(next) && mayGoMeanwhile(next, candidates, view)) {
            candidates.push(next);
        }
    }
    const question = consentOf(candidates, view);
    const going: Member[] = [];
    for (const next of candidates) {
        if (question || (!objectionTo(next, view) && isNextAfter(going, next, view))) {
            going.push(next);
        }
    }
    // Kubernetes would restart these by itself: after a rollout without guidance, or when something died meanwhile.
    const released = outdated.find((member) => !going.includes(member) && member.ordinal >= member.pool.partition);
    if (released) {
        return setPartition(released.pool, released.ordinal + 1, `keeps ${released.name} from restarting`);
    }
    if (question || going.length > 0) {
        return question ?? inOneStep(going, view);
    }
    return hindrance ?? objectionTo(element(candidates, 0), view);
}

/**
 * So many servers of a pool are away at the same time at most. A missing pod of an ordered pool is only made when all
 * below it are ready, so that there one goes after another.
 */
function mostOf({ ordered, restartsAtOnce }: PoolState): number {
    return ordered ? 1 : restartsAtOnce;
}

/**
 * Whether all that are outdated above a server in its pool go with it, as its partition releases them, too; and to the
 * same revision, as one partition has to suit all of them.
 */
function isNextAfter(going: Member[], { pool, ordinal }: Member, { members }: View): boolean {
    const above = members.filter((member) => member.outdated && member.pool === pool && member.ordinal > ordinal);
    const target = targetRevision(pool, ordinal);
    return above.every((member) => going.includes(member) && targetRevision(pool, member.ordinal) === target);
}

function inOneStep(going: Member[], view: View): Action {
    const pools = [...new Set(going.map(({ pool }) => pool))];
    const steps = pools.map((pool) =>
        releaseOrRestart(
            going.filter((next) => next.pool === pool),
            view,
        ),
    );
    const [first, ...others] = [element(steps, 0), ...steps.slice(1)];
    const isUnknown = going.length > 1 && going.every(({ zone }) => zone === undefined);
    const unknown = isUnknown ? ["it is not known in which zones they are"] : [];
    const reason = [...steps.map((step) => step.reason), ...unknown].join("; ");
    return others.length === 0 ? { ...first, reason } : { kind: "several", steps, reason };
}

/** Why a server that answers may not be restarted now, by what is known without asking MinIO. */
function hindranceOf(next: Member, view: View): Action | undefined {
    if (separates(next.change) && alikeInTheEnd(next, view) < view.bootQuorum) {
        return blocked(next, view);
    }
    const waited = view.members.filter((other) => (other === next ? !next.answers : holdsUp(other, next, view)));
    return waited.length > 0 ? (restartStranded(waited, view) ?? waitFor(waited, view, next)) : undefined;
}

/** Without room for one failure the write quorum is lost in any case; and a server is asked only while it serves. */
function isAsked({ initialised, pool }: Member): boolean {
    return initialised && pool.serversThatMayFail > 0;
}

/** What MinIO is to be asked, unless it has answered. */
function consentOf(candidates: Member[], view: View): Question | undefined {
    const asked = candidates.filter(isAsked);
    if (asked.every(({ mayStop }) => mayStop !== undefined)) {
        return undefined;
    }
    // Those that are ready are asked for their consent, which tells how far they are, too.
    const unready = view.members.filter(({ heard, ready }) => !heard && !ready);
    const reason = `restarts ${namesOf(asked)} ${progress(view)}`;
    const [servers, unheard] = [asked, unready].map((some) => some.map(({ name }) => name)) as [string[], string[]];
    return { kind: "ask", what: "consent", servers, unheard, reason };
}

/** Why a server may not be restarted, by what MinIO has answered. */
function objectionTo(next: Member, view: View): Action | undefined {
    if (isAsked(next) && !next.mayStop) {
        const reason = next.unknown
            ? `${next.name}: it is not known whether MinIO can miss it: ${next.unknown}`
            : `${next.name}: MinIO refuses to let it stop, for its write quorum or a drive that heals`;
        return { kind: "wait", reason: `${reason} ${progress(view)}`, servers: [next.name] };
    }
    if (next.unreached) {
        return { kind: "wait", reason: `${next.name}: ${next.unreached} ${progress(view)}`, servers: [next.name] };
    }
    return undefined;
}

/**
 * Whether a server may restart while those of other pools are on their way, or at the same time as others that go in
 * the same step, if these are in its zone. Its own pool must be as it would have to be otherwise, and so must all other
 * zones. Enough servers must take requests, the new revision must have proved itself, and nothing else may be wrong
 * anywhere.
 */
function mayGoMeanwhile(next: Member, going: Member[], view: View): boolean {
    const { members, bootQuorum } = view;
    const areAsked = [next, ...going].every((member) => isAsked(member) && takesRequests(member));
    const neighbours = going.filter(({ pool }) => pool === next.pool);
    // What the budget is not asked for could meet a drain.
    const areSpared = neighbours.length === 0 || [next, ...neighbours].every((member) => asksBudget(member, view));
    const isBlocked = separates(next.change) && alikeInTheEnd(next, view) < bootQuorum;
    const serving = members.filter((member) => takesRequests(member) && member !== next && !going.includes(member));
    const others = members.filter((other) => other !== next);
    return (
        areAsked &&
        areSpared &&
        !isBlocked &&
        isNextAfter(going, next, view) &&
        serving.length >= leastThatServe(members.length) &&
        isProven(view, neighbours.length > 0 ? next : undefined) &&
        !isTroubled(view) &&
        going.every((other) => isInZoneOf(other, next)) &&
        others.every((other) => (other.pool !== next.pool && isInZoneOf(other, next)) || !holdsUp(other, next, view))
    );
}

/** A zone that is not known may be any; where none is known, zones do not count. */
function isInZoneOf(other: Member, one: Member): boolean {
    return other.zone === one.zone;
}

function takesRequests({ uid, terminating, ready, initialised }: Member): boolean {
    return uid !== undefined && !terminating && ready && initialised;
}

/**
 * Whether a server of the new revision has taken requests for some seconds; or waits for its peers, which is as far as
 * the first ones of a new version come.
 *
 * @param neighbour one that would go with another one of its pool: then it is the revision of these that counts
 */
function isProven({ members }: View, neighbour?: Member): boolean {
    const outdated = neighbour ? [neighbour] : members.filter((member) => member.outdated);
    const wanted = new Set(outdated.map(({ pool, ordinal }) => targetRevision(pool, ordinal)));
    const mayWait = outdated.some(({ change }) => separates(change));
    return members.some(
        (member) =>
            wanted.has(member.revision ?? "") &&
            isAnswering(member) &&
            (member.initialised ? member.ready && member.steady : mayWait),
    );
}

/** Whether anything is not as a rollout by turns leaves it: then only one server at a time is restarted. */
function isTroubled({ members, pools }: View): boolean {
    const ails = (one: Member) =>
        isGone(one) || (!takesRequests(one) && (one.outdated || one.imageProblem !== undefined || one.crashed));
    const misses = (one: PoolState) => members.filter((member) => member.pool === one && isAway(member)).length;
    return members.some(ails) || pools.some((one) => misses(one) > mostOf(one));
}

function isAway({ uid, terminating, answers, initialised }: Member): boolean {
    return uid === undefined || terminating || !(answers || initialised);
}

/**
 * Where only dead servers are waited for, and none of them has its turn: one may be dead at a revision that nobody
 * wants any more. It is restarted if it comes back at another one, though not at its own yet, so that the others can
 * miss the next.
 */
function restartStranded(waited: Member[], view: View): Action | undefined {
    const stranded = waited.every(isDead)
        ? waited.find((member) => member.revision !== nextRevision(member))
        : undefined;
    return stranded && restart([stranded], false, view);
}

/** Whether the restart of `next` must wait for another server. */
function holdsUp(other: Member, next: Member, view: View): boolean {
    const isUnreadyBelow = other.pool === next.pool && other.ordinal < next.ordinal && !other.ready;
    if (isUnreadyBelow && next.pool.ordered) {
        return true; // Kubernetes would not make this one again.
    }
    if (isGone(other)) {
        // Perhaps only its own restart mends it, and its turn comes later; or only its node.
        return (
            !canMiss(next, view) ||
            (!isInZoneOf(other, next) && !other.failing) ||
            (other.lost && other.pool === next.pool && next.pool.ordered)
        );
    }
    if (!other.uid || other.terminating) {
        return true; // One pod is on its way already.
    }
    if (!other.answers || other.initialised) {
        // One that serves and is not ready may be so by its old revision, or by others that wait: see someWait.
        return !other.answers || isUnproven(other) || !(other.ready || other.outdated || someWait(view));
    }
    // Its drives serve, and it waits for more servers of its version.
    const alike = view.members.filter((member) => isAnswering(member) && member.version === other.version);
    return alike.length >= view.bootQuorum;
}

/** An updated server that has just become ready: its version may yet die of its first requests. */
function isUnproven({ outdated, ready, steady }: Member): boolean {
    return !outdated && ready && !steady;
}

/**
 * Whether a server waits for its peers. As long as it does, the health endpoints of all others leave out its drives,
 * though they serve (tried: `maintenance=true` says 412 with one of four waiting; see `LocalStorageInfoHandler` in
 * `cmd/peer-rest-server.go`). They then say wrongly that a server is not ready, or may not stop.
 */
function someWait({ members }: View): boolean {
    return members.some((member) => isAnswering(member) && !member.initialised);
}

function isAnswering({ answers, terminating }: Member): boolean {
    return answers && !terminating;
}

/** Whether the pool of this server can be written without it and those that are gone. */
function canMiss({ pool }: Member, { members }: View): boolean {
    const gone = members.filter((other) => other.pool === pool && isGone(other));
    return gone.length < Math.max(1, pool.serversThatMayFail);
}

/**
 * Whether a restart asks the disruption budget of its pool. It counts servers that are ready: so not where the server
 * is not, or another one serves and is not, by its old revision; and not while servers wait for their peers, as their
 * drives serve, and only this restart helps them.
 */
function asksBudget(member: Member, { members }: View): boolean {
    const others = members.filter(({ pool, terminating }) => pool === member.pool && !terminating);
    return member.ready && others.every(({ answers, initialised, ready }) => (initialised ? ready : !answers));
}

/** Nothing is to be restarted any more: all servers must work, and the partition be the wanted one. */
function settle(view: View): Action | Question {
    const waited = view.members.filter(lack);
    const stuck = waited.find(
        (member) => isAnswering(member) && !member.initialised && alikeInTheEnd(member, view) < view.bootQuorum,
    );
    if (stuck) {
        return blocked(stuck, view);
    }
    if (waited.length > 0) {
        return waitOrGiveUp(waited, view);
    }
    if (view.healthy === undefined) {
        return { kind: "ask", what: "health", reason: "looks whether objects can be written" };
    }
    if (!view.healthy) {
        return { kind: "wait", reason: `waits for the write quorum ${progress(view)}`, servers: [] };
    }
    const held = view.pools.find(({ partition, wantedPartition }) => partition !== wantedPartition);
    return held ? setPartition(held, held.wantedPartition, "is the wanted one") : { kind: "done" };
}

/** How many servers have the same version as this one in the end. */
function alikeInTheEnd({ staysOld }: Member, { members }: View): number {
    return members.filter((other) => other.staysOld === staysOld).length;
}

function blocked(member: Member, view: View): Action {
    const { members, bootQuorum } = view;
    const ordinals = members.map(({ ordinal }) => ordinal).sort((a, b) => b - a);
    const highest = member.staysOld ? 0 : ordinals[bootQuorum - 1];
    const reason =
        `${member.name} starts only when ${bootQuorum} servers have the same image, arguments and environment, and ` +
        `the partition leaves ${alikeInTheEnd(member, view)}: lower it to at most ${highest}, or set the change back`;
    return { kind: "blocked", reason };
}

/** Of one pool, from the highest ordinal down. */
function releaseOrRestart(members: Member[], view: View): Release {
    if (members.every(comesBackRight)) {
        return restart(members, false, view);
    }
    const { pool, ordinal } = element(members, members.length - 1);
    const release = setPartition(pool, ordinal, `lets ${namesOf(members)} restart ${progress(view)}`);
    const evicts = members.every((member) => asksBudget(member, view));
    return { ...release, evicts, servers: evicts ? members.map(asRestart) : [] };
}

function restart(members: Member[], together: boolean, view: View): Release {
    const evicts = !together && members.every((member) => asksBudget(member, view));
    const reason = `restarts ${namesOf(members)} ${progress(view)}`;
    return { kind: "restart", servers: members.map(asRestart), together, evicts, reason };
}

function asRestart({ pool, name, ordinal, uid }: Member): Restart {
    return { pool: pool.name, name, ordinal, uid: uid as string };
}

function setPartition(
    { name: pool, partition: old }: PoolState,
    partition: number,
    why: string,
): Extract<Release, { kind: "setPartition" }> {
    const reason = `${pool}: partition ${old} -> ${partition}, ${why}`;
    return { kind: "setPartition", pool, partition, servers: [], evicts: false, reason };
}

function waitFor(waited: Member[], view: View, next?: Member): Action {
    const what = lack(element(waited, 0));
    const first = waited.filter((member) => lack(member) === what);
    const who = next && !first.includes(next) ? `${next.name}: ` : "";
    const where = next && first.some((one) => isGone(one) && !isInZoneOf(one, next)) ? ", in another zone" : "";
    const reason = `${who}waits for ${namesOf(first)} ${what ?? "to stay ready"}${where} ${progress(view)}`;
    return { kind: "wait", reason, servers: waited.map(({ name }) => name) };
}

/** Nothing but its node, or whoever deletes that, brings a lost server back. */
function waitOrGiveUp(waited: Member[], view: View): Action {
    const others = waited.filter(({ lost }) => !lost);
    if (others.length > 0 || waited.length === 0) {
        return waitFor(others, view);
    }
    const reason =
        `nothing says that ${namesOf(waited)} ended, long after the time for it: the node is lost ${progress(view)}. Bring the node ` +
        "back; or switch it off, run kubectl delete node NODE, and pulumi up again";
    return { kind: "blocked", reason };
}

/** What a server lacks to work. */
function lack({ uid, terminating, answers, ready, initialised }: Member): string | undefined {
    if (!uid || terminating) {
        return uid ? "to end" : "to exist";
    }
    if (!answers) {
        return "to answer";
    }
    return ready && initialised ? undefined : "to be ready";
}

function namesOf(members: Member[]): string {
    return members.map(({ name }) => name).join(", ");
}

function progress({ members }: View): string {
    const above = members.filter(({ ordinal, pool }) => ordinal >= pool.wantedPartition);
    const updated = above.filter(({ uid, terminating, outdated }) => uid && !terminating && !outdated);
    const back = members.filter((member) => member.outdated && !above.includes(member));
    return `(${updated.length} of ${above.length} servers updated${back.length ? `, ${back.length} to set back` : ""})`;
}
