/**
 * What Kubernetes says of servers that do not come up, which stands in events only: why it makes no pod, or does not
 * start one.
 */
import type { CoreV1Event, V1Pod } from "@kubernetes/client-node";
import { printable } from "../basics/printable";
import type { Kubernetes } from "../kubernetes/client";
import { isForbidden } from "../kubernetes/errors";
import type { ClusterState } from "./plan";
import type { WantedCluster } from "./wanted";

/** A reason why a server does not come up. */
export interface Hindrance {
    server: string;
    /** As Kubernetes says it. */
    text: string;
    /** Whether it passes by itself as a rule, such as a volume that is made first. */
    mayPass: boolean;
}

/**
 * Reasons of events that tell why a pod is not made or does not start. Those of its probes and of its end stand
 * elsewhere.
 */
const ofStatefulSets = ["FailedCreate"];
const ofClaims = ["ProvisioningFailed", "FailedBinding"];
const ofPods = [
    "FailedScheduling",
    "FailedMount",
    "FailedAttachVolume",
    "FailedMapVolume",
    "FailedCreatePodSandBox",
    "SysctlForbidden",
];

const mayPass = ["FailedScheduling", ...ofClaims];

/**
 * Why servers do not come up: for each, the newest event that tells so. An event about a pod counts for that pod only,
 * and not for an earlier one of its name. Pure.
 *
 * @param waiting servers that are not there, or have not started
 */
export function hindrances(
    events: CoreV1Event[],
    { pools }: Pick<WantedCluster, "pools">,
    waiting: { server: string; pod?: V1Pod }[],
): Hindrance[] {
    const newestFirst = [...events].sort((a, b) => timeOf(b) - timeOf(a));
    return waiting.flatMap(({ server, pod }) => {
        const pool = pools.find(({ name }) => server.slice(0, server.lastIndexOf("-")) === name)?.name;
        const claims = (pod?.spec?.volumes ?? []).map((volume) => volume.persistentVolumeClaim?.claimName);
        const concerns = ({ involvedObject, reason = "", message = "" }: CoreV1Event): boolean => {
            const { kind, name, uid } = involvedObject;
            if (pod !== undefined) {
                return kind === "Pod"
                    ? uid === pod.metadata?.uid && ofPods.includes(reason)
                    : kind === "PersistentVolumeClaim" && claims.includes(name) && ofClaims.includes(reason);
            }
            const namesServer = new RegExp(`Pod ${server}\\b`).test(message);
            return kind === "StatefulSet" && name === pool && ofStatefulSets.includes(reason) && namesServer;
        };
        const found = newestFirst.find(concerns);
        return found ? [{ server, text: textOf(found), mayPass: mayPass.includes(found.reason ?? "") }] : [];
    });
}

function textOf({ reason, message = "" }: CoreV1Event): string {
    return `${reason}: ${printable(message.trim().split("\n").join("; "))}`;
}

function timeOf({ lastTimestamp, eventTime, series, metadata }: CoreV1Event): number {
    const times = [lastTimestamp, series?.lastObservedTime, eventTime, metadata.creationTimestamp];
    return Math.max(...times.map((time) => (time ? new Date(time).getTime() : 0)));
}

/** Between two looks, in milliseconds. */
const lookMilliseconds = 2_000;

/** How long a reason stands before a person is warned of it: a pod that is just made anew passes through some. */
const warnMilliseconds = 4_000;
const patientMilliseconds = 20_000;

/**
 * Tells while a rollout waits why servers do not come up: as soon as it is known, and each reason for as long as it
 * stands.
 */
export class Trouble {
    private looked = 0;
    private known: Hindrance[] = [];
    /** When each reason was seen first, by server and kind of reason: the rest of the text may differ each time. */
    private since = new Map<string, number>();
    private warned = new Set<string>();
    private mayAsk = true;

    constructor(
        private readonly kubernetes: Kubernetes,
        private readonly wanted: WantedCluster,
        private readonly warn: (text: string) => void,
    ) {}

    /**
     * Looks now and then, and warns of what stands for some seconds.
     *
     * @param pods of all servers, as they were seen
     */
    async look(state: ClusterState, pods: V1Pod[], now = Date.now()): Promise<void> {
        const byName = new Map(pods.map((pod) => [pod.metadata?.name, pod]));
        const late = state.pools
            .flatMap(({ servers }) => servers)
            .filter(({ ready }) => !ready)
            .map(({ name }) => ({ server: name, pod: byName.get(name) }))
            .filter(({ pod }) => pod === undefined || pod.status?.phase === "Pending");
        if (!this.mayAsk || now - this.looked < lookMilliseconds) {
            return;
        }
        this.looked = now;
        try {
            const { namespace } = this.wanted;
            const events = late.length > 0 ? await this.kubernetes.events(namespace, { type: "Warning" }) : [];
            this.known = hindrances(events, this.wanted, late);
        } catch (error) {
            // It only tells more; who must ask the API notices an outage.
            this.mayAsk = !isForbidden(error);
            return;
        }
        const keyOf = ({ server, text }: Hindrance) => `${server} ${text.split(":")[0]}`;
        const keys = this.known.map(keyOf);
        this.since = new Map(keys.map((key) => [key, this.since.get(key) ?? now]));
        const lasting = this.known.filter((one) => {
            const stands = now - (this.since.get(keyOf(one)) ?? now);
            return stands >= (one.mayPass ? patientMilliseconds : warnMilliseconds) && !this.warned.has(keyOf(one));
        });
        for (const one of lasting) {
            this.warned.add(keyOf(one));
        }
        if (lasting.length > 0) {
            this.warn(`servers do not come up: ${this.toldOf(lasting)}`);
        }
    }

    /** What is known by now, for the error in which the rollout ends. */
    lines(): string[] {
        if (!this.mayAsk) {
            return [
                "Kubernetes' events may tell why, and cannot be read for lack of the right to list them: docs/rbac.yaml",
            ];
        }
        return this.known.length > 0 ? [`Kubernetes says: ${this.toldOf(this.known)}`] : [];
    }

    /** Servers with the same reason together, as a rule they all have it. */
    private toldOf(some: Hindrance[]): string {
        const servers = new Map<string, string[]>();
        for (const { server, text } of some) {
            const same = text.split(server).join("…");
            servers.set(same, [...(servers.get(same) ?? []), server]);
        }
        return [...servers]
            .map(([text, of]) => `${of.join(", ")}: ${of.length > 1 ? text : text.split("…").join(of[0])}`)
            .join("; ");
    }
}
