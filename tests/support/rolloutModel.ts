/**
 * A simulation of what the rollout's plan acts on: the StatefulSet controller (RollingUpdate with a partition) and
 * MinIO (boot quorum, drives, health), in steps. At first much goes wrong at random; after a while nothing does.
 */
import assert from "node:assert/strict";
import type { ChangeClass } from "../../components/change/change";
import {
    bootQuorumOf,
    leastThatServe,
    type PoolTopology,
    restartsAtOnce,
    topologyOf,
} from "../../components/minio/topology";
import {
    type Action,
    type ClusterState,
    type PoolState,
    plan,
    type Question,
    type ServerState,
} from "../../components/rollout/plan";

/** What of a pod template counts: equal numbers work together. */
export interface Template {
    label: string;
    /** Servers of different versions do not count for each other's boot quorum. */
    version: number;
    /** Servers with different secrets cannot talk at all. */
    secret: number;
    /** Its servers never answer. */
    broken?: boolean;
    /** Its servers answer and serve, but their readiness probe always fails. */
    neverReady?: boolean;
}

export function changeBetween(from: Template, to: Template): ChangeClass {
    if (from.label === to.label) {
        return "none";
    }
    if (from.secret !== to.secret) {
        return "together";
    }
    return from.version === to.version ? "rolling" : "coupled";
}

interface Pod {
    uid: string;
    template: Template;
    /** Steps until it is gone. */
    ending?: number;
    /** Its node is gone: it ends when that is back. */
    lost?: boolean;
    /** Steps until its server answers. */
    down: number;
    /** Steps from the moment it could start until it serves. */
    warming: number;
    /** Steps from the moment that it serves until it gets requests. */
    settling: number;
    /** Steps from the moment that it answers until each peer reaches its drives. */
    unreached: number;
    /** Steps for which its container has run. */
    age: number;
    initialised: boolean;
    ready: boolean;
    /** Steps for which it has been ready. */
    readyFor: number;
    /** Steps for which it has not been ready. */
    unreadyFor: number;
    /** Steps in which its drives fail, though it answers. */
    faulty: number;
    /** What it said when it was asked last. */
    said?: Standing;
}

type Standing = Pick<ServerState, "answers" | "initialised">;

export class Pool {
    readonly pods: (Pod | undefined)[];
    partition = 0;
    wanted = 0;
    /** What the controller has seen. */
    seen: { current: Template; update: Template };
    observed = true;
    /** How many servers Kubernetes is told to keep. */
    replicas: number;
    /** The ordinals that the plan released last, and what was alive then. */
    released?: { ordinals: number[]; before: string; lost: number[] };

    constructor(
        readonly name: string,
        readonly topology: PoolTopology,
        readonly ordered: boolean,
        /** Of each server; none where zones are not known. */
        readonly zones: (string | undefined)[],
        public template: Template,
        make: (template: Template) => Pod,
    ) {
        this.replicas = topology.servers;
        this.pods = Array.from({ length: topology.servers }, () => make(template));
        this.seen = { current: template, update: template };
    }

    setPartition(partition: number) {
        this.partition = partition;
        this.observed = false;
    }

    /** So many servers may restart at the same time. */
    get most(): number {
        return this.ordered ? 1 : restartsAtOnce(this.topology);
    }

    /** Which servers were away at the same time, as long as nothing died by itself. */
    readonly waves: Set<number>[] = [];

    target(ordinal: number): Template {
        return ordinal >= this.wanted ? this.seen.update : this.seen.current;
    }
}

export interface Shape {
    pools: { servers: number; drivesPerServer: number }[];
    ordered: boolean;
    /** In how many zones the servers are, each pool in all of them or in one only. Default: not known. */
    zones?: { count: number; pools: "spread" | "apart" };
}

/** How many steps what takes. Each is the most of a random number, where there is chance; else all that it takes. */
export interface Times {
    end: number;
    down: number;
    warm: number;
    settle: number;
    reach: number;
    /** So long a server must have been ready before another one follows. */
    steady: number;
}

const short: Times = { end: 3, down: 4, warm: 2, settle: 4, reach: 8, steady: 2 };

/** After so many steps all peers have come back to a server, if they can. */
const longSteps = 15;

/** After so many steps a server that does not come up is not expected to. */
const failingSteps = 25;

/** It does not come up by itself, whatever is waited for. */
const isFailing = (pod: Pod) => pod.ending === undefined && pod.unreadyFor > failingSteps;

const isUp = (pod?: Pod): pod is Pod => pod !== undefined && pod.ending === undefined && answers(pod);
const answers = (pod: Pod) => pod.down === 0 && !pod.template.broken;
const works = (pod: Pod) => pod.initialised && pod.ready && pod.ending === undefined;

export class Model {
    readonly pools: Pool[];
    /** Deaths and other changes that the plan cannot foresee. */
    events = 0;
    restarts = 0;
    steps = 0;
    /** So many servers were away at the same time at most. */
    mostAway = 0;
    /** Nothing has died that the plan did not restart. */
    isUndisturbed = true;
    /** Nothing goes wrong any more. */
    calm = false;
    /** A server that does not start again with the template that it has; or that no node takes with it. */
    wedged?: { pool: Pool; ordinal: number; label: string; unplaced: boolean };
    private readonly topology;
    private uids = 0;
    constructor(
        shape: Shape,
        template: Template,
        private readonly random?: () => number,
        readonly log: string[] = [],
        private readonly times?: Times,
    ) {
        const topology = topologyOf(shape.pools.map((pool) => ({ ...pool, driveBytes: 1 })));
        assert.ok(topology);
        this.topology = topology;
        this.pools = topology.pools.map(
            (pool, index) =>
                new Pool(
                    index === 0 ? "minio" : `minio-pool-${index}`,
                    pool,
                    shape.ordered,
                    zonesOf(shape, index),
                    template,
                    (made) => ({
                        ...this.newPod(made),
                        down: 0,
                        initialised: true,
                        ready: true,
                        settling: 0,
                        unreached: 0,
                        age: longSteps,
                        readyFor: Number.POSITIVE_INFINITY,
                    }),
                ),
        );
    }

    /** Steps: random at first, then none; by the clock, as many as they are. */
    private last(what: keyof Times): number {
        return this.times ? this.times[what] : this.choose(short[what] + 1);
    }

    /** A number below the given one: random at first, then 0. */
    choose(below: number): number {
        return this.calm || !this.random ? 0 : Math.floor(this.random() * below);
    }

    /** A pod hangs on a lost node. */
    get hasLost(): boolean {
        return this.pools.some(({ pods }) => pods.some((pod) => pod?.lost));
    }

    /** Servers that are new in the end, and those that stay at an incompatible old version, with a partition. */
    split(wanted: number): { fresh: number; old: number } {
        const splitting = this.pools.filter(({ seen, template }) => seen.current.version !== template.version);
        const old = splitting.reduce((sum, { pods }) => sum + Math.min(wanted, pods.length), 0);
        return { fresh: this.servers - old, old };
    }

    get servers(): number {
        return this.topology.servers;
    }

    get bootQuorum(): number {
        return bootQuorumOf(this.servers);
    }

    /**
     * As the component does it: hold, then the template. What is away then counts as dead, with a revision that nobody
     * wants any more.
     */
    setTemplate(template: Template, only = this.pools) {
        this.isUndisturbed &&= this.pools.every(({ pods }) => pods.every((pod) => isUp(pod) && pod.initialised));
        for (const pool of only) {
            if (pool.template.label !== template.label) {
                pool.setPartition(pool.pods.length);
                pool.template = template;
            }
        }
        this.events++;
    }

    setWanted(wanted: number) {
        for (const pool of this.pools) {
            pool.wanted = wanted;
        }
        this.events++;
    }

    /** The last pool is a new one: its servers wait for all the others to know it. */
    join(template: Template) {
        const pool = this.pools[this.pools.length - 1];
        this.isUndisturbed = false;
        Object.assign(pool, { template, seen: { current: template, update: template } });
        pool.pods.fill(undefined);
    }

    private newPod(template: Template): Pod {
        const uid = `uid-${++this.uids}`;
        return {
            uid,
            template,
            down: Math.max(1, this.last("down")),
            warming: this.last("warm"),
            settling: this.last("settle"),
            unreached: this.last("reach"),
            age: 0,
            initialised: false,
            ready: false,
            readyFor: 0,
            unreadyFor: 0,
            faulty: 0,
        };
    }

    /** Everything but the plan moves on by one step. */
    step() {
        this.steps++;
        for (const pool of this.pools) {
            if (this.choose(4) !== 3) {
                this.control(pool);
            }
        }
        for (const pool of this.pools) {
            this.age(pool);
        }
        this.checkSets();
    }

    /**
     * As long as nothing dies by itself: no pool ever misses more servers, gone or not reached by all yet, than leave
     * room for the loss of another one; and never are servers of two zones down.
     */
    private checkSets() {
        const templates = this.pools.flatMap(({ pods, template }) => [template, ...pods.map((pod) => pod?.template)]);
        this.isUndisturbed &&=
            !this.wedged && !templates.some((one) => one && (one.broken || one.secret !== templates[0]?.secret));
        this.mostAway = Math.max(
            this.mostAway,
            this.pools.flatMap(({ pods }) => pods).filter((pod) => !isUp(pod)).length,
        );
        if (!this.isUndisturbed) {
            return;
        }
        // Of a pool that can miss none, MinIO is not asked.
        for (const { name, pods, most } of this.pools.filter((pool) => pool.topology.serversThatMayFailForWrites > 0)) {
            const missing = pods.filter((pod) => !isUp(pod) || pod.unreached > 0);
            assert.ok(missing.length <= most, `${name} misses ${missing.length} servers at the same time`);
        }
        // Of what is written while some are away, no server gets its copy later: two such absences must be readable.
        for (const { name, pods, waves, topology } of this.pools) {
            const away = new Set(pods.flatMap((pod, ordinal) => (isUp(pod) ? [] : [ordinal])));
            for (const before of waves.filter(({ size }) => Math.max(size, away.size) > 1)) {
                const lacking = new Set([...before, ...away]).size;
                const left = (topology.servers - lacking) * (topology.erasureSetSize / topology.servers);
                assert.ok(
                    left >= topology.readQuorum && left > topology.erasureSetSize - left,
                    `${name} cannot be read`,
                );
            }
            if (
                away.size > 0 &&
                !waves.some((wave) => wave.size === away.size && [...away].every((one) => wave.has(one)))
            ) {
                waves.push(away);
            }
        }
        const down = this.pools.flatMap(({ pods, zones }) => zones.filter((_, ordinal) => !isUp(pods[ordinal])));
        assert.ok(new Set(down).size <= 1, `servers of two zones are down: ${down}`);
    }

    /** One sync of the StatefulSet controller. */
    private control(pool: Pool) {
        pool.observed = true;
        pool.seen.update = pool.template;
        const { pods, seen } = pool;
        const isScaled = pool.replicas !== pods.length;
        if (
            !isScaled &&
            pods.every((pod) => pod?.ready && pod.ending === undefined && pod.template.label === seen.update.label)
        ) {
            seen.current = seen.update;
        }
        for (const [ordinal, pod] of pods.entries()) {
            if (ordinal >= pool.replicas) {
                if (pod && pod.ending === undefined) {
                    pod.ending = 1 + this.choose(3);
                }
                continue;
            }
            if (!pod) {
                const template = ordinal >= pool.partition ? seen.update : seen.current;
                pods[ordinal] = this.newPod(template);
                this.log.push(`  ${pool.name}-${ordinal} made at ${template.label}`);
            }
            if (pool.ordered && !(pod?.ready && pod.ending === undefined)) {
                return;
            }
        }
        for (let ordinal = Math.min(pods.length, pool.replicas) - 1; ordinal >= pool.partition; ordinal--) {
            const pod = pods[ordinal] as Pod;
            if (pod.template.label !== seen.update.label && pod.ending === undefined) {
                this.checkNativeRestart(pool, ordinal);
                this.delete(pool, ordinal);
                return;
            }
            if (!pod.ready || pod.ending !== undefined) {
                return;
            }
        }
    }

    private delete(pool: Pool, ordinal: number) {
        const pod = pool.pods[ordinal] as Pod;
        pod.ending = Math.max(1, this.last("end"));
        this.restarts++;
        this.log.push(`  ${pool.name}-${ordinal} deleted at ${pod.template.label}`);
    }

    /** Containers and servers. */
    private age(pool: Pool) {
        for (const [ordinal, pod] of pool.pods.entries()) {
            if (!pod) {
                continue;
            }
            if (pod.lost) {
                if (this.calm) {
                    pool.pods[ordinal] = undefined;
                }
                continue;
            }
            if (pod.ending !== undefined && --pod.ending <= 0) {
                pool.pods[ordinal] = undefined;
                continue;
            }
            if (this.isWedged(pool, ordinal)) {
                pod.down = 2;
            }
            pod.down = Math.max(0, pod.down - 1);
            pod.faulty = Math.max(0, pod.faulty - 1);
            if (!answers(pod)) {
                pod.initialised = false;
                pod.age = 0;
            } else {
                pod.age++;
                pod.unreached = Math.max(0, pod.unreached - 1);
                pod.settling = Math.max(0, pod.settling - Number(pod.initialised));
                if (!pod.initialised && this.mayStart(pod)) {
                    pod.initialised = pod.warming-- <= 0;
                }
            }
            const ready = pool.ordered ? answers(pod) : pod.settling === 0 && this.isFit(pod);
            if (this.choose(5) !== 4) {
                pod.ready = ready && !pod.template.neverReady;
            }
            pod.readyFor = pod.ready ? pod.readyFor + 1 : 0;
            pod.unreadyFor = pod.ready ? 0 : pod.unreadyFor + 1;
        }
    }

    private isWedged(pool: Pool, ordinal: number): boolean {
        const { wedged } = this;
        return (
            wedged?.pool === pool && wedged.ordinal === ordinal && pool.pods[ordinal]?.template.label === wedged.label
        );
    }

    private hasNode(pool: Pool, ordinal: number): boolean {
        return pool.pods[ordinal] !== undefined && !(this.wedged?.unplaced && this.isWedged(pool, ordinal));
    }

    private peers({ template: { secret } }: Pod, pool: Pool): Pod[] {
        return pool.pods.filter(isUp).filter(({ template }) => template.secret === secret);
    }

    private mayStart(pod: Pod): boolean {
        const alike = this.pools
            .flatMap((pool) => this.peers(pod, pool))
            .filter((other) => other !== pod && other.template.version === pod.template.version);
        return alike.length >= Math.floor((this.servers - 1) / 2) && this.reaches(pod, "readQuorum");
    }

    /** Whether a server reaches enough drives of every pool, by way of those servers that the filter lets pass. */
    private reaches(pod: Pod, quorum: Quorum, counts: (peer: Pod) => boolean = () => true): boolean {
        const works = (peer: Pod) => peer.faulty === 0 && counts(peer);
        return this.pools.every((pool) => hasQuorum(pool, this.peers(pod, pool).filter(works).length, quorum));
    }

    /** As MinIO's health endpoints say it: they leave out servers that wait for peers, though these serve drives. */
    private isHealthy(pod: Pod, quorum: Quorum, without?: Pod): boolean {
        return pod.initialised && this.reaches(pod, quorum, (peer) => peer.initialised && peer !== without);
    }

    /**
     * As the readiness probe says it: the health of the cluster, where servers that wait for their peers do not end it
     * (probes.ts).
     */
    private isFit(pod: Pod): boolean {
        const counts = this.bootQuorum <= this.topology.serversThatMayFailForReads;
        return counts ? this.isHealthy(pod, "readQuorum") : pod.initialised;
    }

    /**
     * As consent.ts finds it out: servers that wait for their peers serve their drives. With others of its pool, all
     * the rest must work.
     */
    private maySpare(pod: Pod, others: Pod[]): boolean {
        const pool = this.pools.find(({ pods }) => pods.includes(pod)) as Pool;
        const neighbours = others.filter((other) => pool.pods.includes(other));
        const rest = pool.pods.filter((other) => other !== pod && !neighbours.some((one) => one === other));
        return (
            pod.initialised &&
            this.reaches(pod, "writeQuorum", (peer) => peer !== pod && !neighbours.includes(peer)) &&
            (neighbours.length === 0 || rest.every((other) => isUp(other) && other.faulty === 0))
        );
    }

    /** As views.ts finds it out. */
    private unreachedWithout(name: string, pod: Pod): string | undefined {
        const pool = this.pools.find(({ pods }) => pods.includes(pod)) as Pool;
        const late = pool.pods.findIndex((other) => other !== pod && isUp(other) && other.unreached > 0);
        return late < 0 ? undefined : `${pool.name}-${late} is not reached by all without ${name}`;
    }

    observe(): ClusterState {
        return {
            bootQuorum: this.bootQuorum,
            pools: this.pools.map((pool): PoolState => {
                const revision = ({ label }: Template) => `${pool.name}-${label}`;
                return {
                    name: pool.name,
                    observed: pool.observed,
                    partition: pool.partition,
                    wantedPartition: pool.wanted,
                    currentRevision: revision(pool.seen.current),
                    updateRevision: revision(pool.seen.update),
                    updateChange: changeBetween(pool.seen.current, pool.seen.update),
                    ordered: pool.ordered,
                    replicas: pool.replicas,
                    erasureSets: pool.topology.erasureSets,
                    serversThatMayFail: pool.topology.serversThatMayFailForWrites,
                    restartsAtOnce: restartsAtOnce(pool.topology),
                    servers: pool.pods.map((pod, ordinal): ServerState => {
                        return {
                            name: `${pool.name}-${ordinal}`,
                            ordinal,
                            uid: pod?.uid,
                            terminating: pod?.ending !== undefined,
                            lost: pod?.lost ?? false,
                            failing: pod !== undefined && isFailing(pod),
                            // Of a pod that has no node, only an observer that has seen it there knows the zone.
                            zone: this.hasNode(pool, ordinal) || this.choose(2) === 0 ? pool.zones[ordinal] : undefined,
                            steady: (pod?.readyFor ?? 0) >= (this.times ?? short).steady,
                            longUp: (pod?.age ?? 0) >= longSteps,
                            revision: pod && revision(pod.template),
                            version: pod && `${pod.template.version} ${pod.template.secret}`,
                            ready: pod?.ready ?? false,
                            ...this.standing(pod),
                            change: pod ? changeBetween(pod.template, pool.target(ordinal)) : "none",
                        };
                    }),
                };
            }),
        };
    }

    /** As heard.ts has it: what a server said before, or what its being ready lets expect, unless it is asked now. */
    private standing(pod: Pod | undefined): Standing & { heard: boolean } {
        if (!pod || pod.ending !== undefined) {
            return { answers: false, initialised: false, heard: true };
        }
        if (this.choose(3) !== 2) {
            return this.ask(pod);
        }
        return { ...(pod.said ?? { answers: pod.ready, initialised: pod.ready }), heard: false };
    }

    private ask(pod: Pod): Standing & { heard: boolean } {
        // The way to a living server fails now and then.
        const isHeard = !pod.ready || this.choose(20) !== 19;
        const isUsed = !pod.initialised || pod.ready || pod.age >= longSteps;
        pod.said = {
            answers: isHeard && answers(pod) && isUsed,
            initialised: isHeard && answers(pod) && pod.initialised,
        };
        return { ...pod.said, heard: true };
    }

    /** As the component asks what the plan must know. */
    private answer(state: ClusterState, question: Question) {
        const pods = new Map(this.pools.flatMap(({ name, pods }) => pods.map((pod, i) => [`${name}-${i}`, pod])));
        const spared: Pod[] = [];
        // From the highest ordinal down, as they would go.
        for (const server of state.pools.flatMap(({ servers }) => servers).reverse()) {
            const pod = pods.get(server.name);
            const names = question.what === "servers" ? question.servers : [];
            if (pod && names.includes(server.name)) {
                Object.assign(server, this.ask(pod));
            }
            if (pod && question.what === "consent" && question.unheard.includes(server.name)) {
                Object.assign(server, this.ask(pod));
            }
            if (
                pod &&
                question.what === "consent" &&
                question.unheard.length === 0 &&
                question.servers.includes(server.name)
            ) {
                server.mayStop = this.choose(20) !== 19 && this.maySpare(pod, spared);
                spared.push(...(server.mayStop ? [pod] : []));
                server.unreached = this.unreachedWithout(server.name, pod);
            }
        }
        if (question.what === "health") {
            const isHealthy = (pod?: Pod) => isUp(pod) && this.isHealthy(pod, "writeQuorum");
            state.healthy = this.pools.some((pool) => pool.pods.some(isHealthy));
        }
    }

    private decide(state: ClusterState): Action {
        for (;;) {
            const step = plan(state);
            if (step.kind !== "ask") {
                return step;
            }
            this.answer(state, step);
        }
    }

    /** One observation, one decision, which is checked against the truth, and the action. */
    rollOn(): Action {
        const state = this.observe();
        const action = this.decide(state);
        this.log.push(action.kind === "done" ? "done" : action.reason);
        this.check(state, action);
        const before = isTogether(state) ? "together" : this.aliveNow();
        const lost = new Map(
            this.pools.map((pool) => [pool, pool.pods.flatMap((pod, ordinal) => (pod?.lost ? [ordinal] : []))]),
        );
        if (this.choose(12) === 11) {
            this.mishap();
            this.step();
        }
        for (const step of action.kind === "several" ? action.steps : [action]) {
            if (action.kind !== "several" || this.choose(20) !== 19) {
                this.act(step, before, lost);
            }
        }
        return action;
    }

    /** Changes whenever something dies, comes to life or begins to serve. */
    private aliveNow(): string {
        const alive = this.pools.flatMap(({ pods }) =>
            pods.map((pod) => (pod && answers(pod) ? `${pod.uid} ${pod.initialised}` : "")),
        );
        return `${this.events} ${alive}`;
    }

    private act(action: Action, before: string, lost: Map<Pool, number[]>) {
        if (action.kind === "setReplicas") {
            this.poolOf(action.pool).replicas = action.replicas;
        }
        if (action.kind === "setPartition") {
            const pool = this.poolOf(action.pool);
            pool.setPartition(action.partition);
            const ordinals = [action.partition, ...action.servers.map(({ ordinal }) => ordinal)];
            // An eviction may be refused, or fail: then those before it go, and the partition is lowered to these.
            pool.released = { ordinals, before, lost: lost.get(pool) ?? [] };
        }
        if (action.kind === "restart" || action.kind === "setPartition") {
            for (const { pool: name, uid } of action.servers) {
                if (this.choose(20) === 19) {
                    return; // Interrupted.
                }
                const pool = this.poolOf(name);
                const ordinal = pool.pods.findIndex((pod) => pod?.uid === uid && pod.ending === undefined);
                if (ordinal >= 0) {
                    this.delete(pool, ordinal);
                }
            }
        }
    }

    private poolOf(name: string): Pool {
        return this.pools.find((pool) => pool.name === name) as Pool;
    }

    /** Something dies. */
    mishap() {
        const pool = this.pools[this.choose(this.pools.length)];
        const ordinal = this.choose(pool.pods.length);
        const pod = pool.pods[ordinal];
        const how = this.choose(6);
        const what = [
            "crashes",
            "is evicted",
            "vanishes",
            "has a faulty drive",
            "loses its node",
            "is there when the last one is scaled away",
        ];
        this.events++;
        this.isUndisturbed = false;
        this.log.push(`  ${pool.name}-${ordinal} ${what[how]}`);
        if (how === 5) {
            pool.replicas = pool.pods.length - 1;
            return;
        }
        if (!pod) {
            return;
        }
        if (how === 0) {
            const { last } = { last: (what: keyof Times) => this.last(what) };
            Object.assign(pod, { down: 1 + this.choose(6), warming: last("warm"), initialised: false });
            Object.assign(pod, { settling: last("settle"), unreached: last("reach") });
        } else if (how === 1) {
            pod.ending ??= 1 + this.choose(3);
        } else if (how === 2) {
            pool.pods[ordinal] = undefined;
        } else if (how === 4) {
            Object.assign(pod, { ending: 1, lost: true, ready: false, readyFor: 0, down: 1, initialised: false });
        } else {
            pod.faulty = 1 + this.choose(10);
        }
    }

    /** Rules that no decision may break. */
    private check(state: ClusterState, action: Action) {
        const together = isTogether(state);
        const steps = action.kind === "several" ? action.steps : [action];
        const pools = steps.flatMap((step) =>
            step.kind === "setPartition" ? [step.pool] : step.kind === "restart" ? [step.servers[0].pool] : [],
        );
        if (action.kind === "several") {
            assert.equal(new Set(pools).size, pools.length, "a pool in one step");
            assert.equal(together, false, "together as one step");
        }
        const going = new Set<Pod | undefined>(steps.flatMap((step) => this.releasedBy(step)));
        for (const step of steps) {
            this.checkStep(step, together, going);
        }
        if (action.kind === "done") {
            this.checkDone();
        }
    }

    /** The pods that a step lets restart. */
    private releasedBy(step: Action): (Pod | undefined)[] {
        if (step.kind === "restart") {
            return step.servers.map(({ pool, uid }) => this.poolOf(pool).pods.find((pod) => pod?.uid === uid));
        }
        if (step.kind === "setPartition") {
            const { pods, seen } = this.poolOf(step.pool);
            return pods.filter(
                (pod, ordinal) =>
                    pod?.ending === undefined && ordinal >= step.partition && pod?.template.label !== seen.update.label,
            );
        }
        return [];
    }

    private checkStep(action: Action, together: boolean, going: Set<Pod | undefined>) {
        if (action.kind === "restart") {
            assert.equal(action.together, together, "together only when needed");
            assert.ok(together || new Set(action.servers.map(({ pool }) => pool)).size === 1, "of one pool");
            for (const { pool: name, uid } of action.servers) {
                const pool = this.poolOf(name);
                const ordinal = pool.pods.findIndex((pod) => pod?.uid === uid);
                const pod = pool.pods[ordinal] as Pod;
                assert.equal(pod.ending, undefined, "it is ending already");
                const target = pool.target(ordinal).label;
                assert.notEqual(pod.template.label, target, `${name}-${ordinal} has its revision`);
                const next = ordinal >= pool.partition ? pool.seen.update : pool.seen.current;
                // A dead one may come back at a revision that is not its own yet, if that is another one at least.
                const rescued = !pod.initialised && next.label !== pod.template.label;
                assert.ok(next.label === target || rescued, `${name}-${ordinal} would come back wrong`);
                if (!together) {
                    this.checkMayMiss(pool, ordinal, going);
                }
            }
        }
        if (action.kind === "setPartition" && !together) {
            const pool = this.poolOf(action.pool);
            assert.ok(action.partition >= pool.wanted, "below the wanted partition");
            assert.notEqual(action.partition, pool.partition, "changes nothing");
            const named = [action.partition, ...action.servers.map(({ ordinal }) => ordinal)];
            for (const pod of this.releasedBy(action)) {
                const ordinal = pod ? pool.pods.indexOf(pod) : -1;
                if (pod) {
                    assert.ok(named.includes(ordinal), `releases ${pool.name}-${ordinal}, too`);
                    this.checkMayMiss(pool, ordinal, going);
                }
            }
        }
    }

    /** Without it, its pool can still be written, and others serve. */
    private checkMayMiss(pool: Pool, ordinal: number, going = new Set<Pod | undefined>()) {
        const pod = pool.pods[ordinal] as Pod;
        if (!answers(pod)) {
            return;
        }
        for (const { name, pods, zones } of this.pools) {
            for (const [index, other] of pods.entries()) {
                const isDown = going.has(other) || !(isUp(other) || (other && isFailing(other)));
                const isApart = other !== pod && isDown && zones[index] !== pool.zones[ordinal];
                assert.ok(!isApart, `${pool.name}-${ordinal} goes while ${name}-${index} of another zone is down`);
            }
        }
        const others = this.pools.flatMap(({ pods }) => pods).filter((other) => other !== pod);
        const isLeaving = (other?: Pod) => other === undefined || (other.ending !== undefined && !other.lost);
        assert.ok(!pool.pods.some((other) => other !== pod && isLeaving(other)), "one of a pool after another");
        if (others.some((other) => isLeaving(other) || going.has(other))) {
            this.checkOverlap(pool, going);
        }
        if (pool.topology.serversThatMayFailForWrites > 0) {
            // A server that serves nothing is not asked.
            const others = this.peers(pod, pool).filter(
                (peer) =>
                    peer !== pod &&
                    !going.has(peer) &&
                    (!pod.initialised || (peer.faulty === 0 && peer.unreached === 0)),
            );
            assert.ok(
                hasQuorum(pool, others.length, "writeQuorum"),
                `${pool.name} loses its write quorum with ${ordinal}`,
            );
        }
        // Among three versions, or with one dead for good, only the restart of the last that serves helps the others.
        const templates = [pool.seen.update, ...this.pools.flatMap(({ pods }) => pods.map((any) => any?.template))];
        const mayBeLast = new Set(templates.map((any) => any?.version)).size > 2 || !others.every(isUp);
        const serves = others.some((other) => isUp(other) && other.initialised && !going.has(other));
        assert.ok(!works(pod) || mayBeLast || serves, "nobody would serve");
    }

    /** Several are away, or go: never too many of a pool, and enough take requests. */
    private checkOverlap(pool: Pool, going: Set<Pod | undefined>) {
        assert.ok(pool.topology.serversThatMayFailForWrites > 0, "this pool can miss none");
        for (const { name, pods, most } of this.pools) {
            const away = pods.filter((pod) => going.has(pod) || !isUp(pod));
            assert.ok(away.length <= most, `${away.length} of ${name} at the same time`);
            const neighbours = pods.filter((pod) => going.has(pod));
            assert.ok(neighbours.length < 2 || pods.every((pod) => isUp(pod)), `several of ${name}, where one is away`);
            const proves = (pod?: Pod) => isUp(pod) && pod.template.label === target?.label;
            const target = this.pools.find((one) => one.name === name)?.target(pods.findIndex((pod) => going.has(pod)));
            assert.ok(neighbours.length < 2 || pods.some(proves), `several of ${name} to a revision that none has yet`);
        }
        const serving = this.pools.flatMap(({ pods }) => pods).filter((pod) => pod && works(pod) && !going.has(pod));
        assert.ok(serving.length >= leastThatServe(this.servers), `only ${serving.length} take requests`);
    }

    private checkNativeRestart(pool: Pool, ordinal: number) {
        if (pool.released?.before === "together") {
            return;
        }
        if (pool.released?.lost.includes(ordinal)) {
            return; // It was counted as gone when the partition was lowered, and its node came back between.
        }
        assert.ok(pool.released?.ordinals.includes(ordinal), "Kubernetes restarts a server that was not released");
        if (pool.released?.before === this.aliveNow()) {
            this.checkMayMiss(pool, ordinal);
        }
    }

    private checkDone() {
        for (const pool of this.pools) {
            assert.equal(pool.partition, pool.wanted, "partition");
            for (const [ordinal, pod] of pool.pods.entries()) {
                assert.equal(pod?.template.label, pool.target(ordinal).label, `revision of ${pool.name}-${ordinal}`);
                assert.ok(pod && works(pod), `${pool.name}-${ordinal} does not work`);
            }
        }
    }
}

function zonesOf({ pools, zones }: Shape, pool: number): (string | undefined)[] {
    return Array.from({ length: pools[pool].servers }, (_, ordinal) =>
        zones && zones.count > 0
            ? `zone-${(zones.pools === "apart" ? pool : pool + ordinal) % zones.count}`
            : undefined,
    );
}

function isTogether({ pools }: ClusterState): boolean {
    return pools.some(({ servers }) => servers.some(({ change }) => change === "together"));
}

type Quorum = "readQuorum" | "writeQuorum";

function hasQuorum({ topology }: Pool, servers: number, quorum: Quorum): boolean {
    const drivesOfEach = topology.erasureSetSize / topology.servers;
    return servers * drivesOfEach >= topology[quorum];
}
