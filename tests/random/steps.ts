/** Random sequences of changes to a cluster, and what disturbs them. Pure: what a seed gives is the same everywhere. */
import fc from "fast-check";

/** What is configured, as far as the walk changes it. */
export interface Settings {
    /** Which of the two servers' images. */
    image: 0 | 1;
    /** A number that servers read when they start: another one restarts all, one after another. */
    requestsMax: number;
    partition: number;
    /** Of the disruption budget; undefined is the component's own. */
    minAvailable?: number;
    storageMebibytes: number;
    /** The name of the one set of snapshots, which another replaces. */
    set?: number;
    credentialsRevision: number;
}

export const firstSettings: Settings = {
    image: 0,
    requestsMax: 1000,
    partition: 0,
    storageMebibytes: 1024,
    credentialsRevision: 1,
};

type Change =
    | { change: "image" | "environment" | "growth" | "snapshot" | "rotation" | "nothing" }
    | { change: "partition"; partition: number }
    | { change: "budget"; minAvailable: number | undefined };

export interface Disturbance {
    kind: "kill" | "drain";
    /** The ordinal of the server that is killed, or whose node is drained. */
    server: number;
    /** How long after the beginning of the `up`. */
    afterSeconds: number;
}

export type Step = Change & { disturbance?: Disturbance };

/** @param canDrain whether there is another node for the servers of one that is drained */
export function sequenceOf(seed: number, steps: number, canDrain: boolean): Step[] {
    const plain = fc.constantFrom("image", "environment", "growth", "snapshot", "rotation", "nothing" as const);
    const change: fc.Arbitrary<Change> = fc.oneof(
        { weight: 6, arbitrary: plain.map((kind) => ({ change: kind }) as Change) },
        { weight: 2, arbitrary: fc.record({ change: fc.constant("partition" as const), partition: fc.nat(4) }) },
        {
            weight: 1,
            arbitrary: fc.record({
                change: fc.constant("budget" as const),
                minAvailable: fc.constantFrom(undefined, 3, 4),
            }),
        },
    );
    const disturbance = fc.record({
        kind: fc.constantFrom<Disturbance["kind"][]>("kill", ...(canDrain ? (["drain"] as const) : [])),
        server: fc.nat(3),
        afterSeconds: fc.integer({ min: 5, max: 40 }),
    });
    const step = fc
        .tuple(change, fc.option(disturbance, { nil: undefined, freq: 2 }))
        .map(([one, other]): Step => ({ ...one, disturbance: other }));
    return fc.sample(fc.array(step, { minLength: steps, maxLength: steps }), { seed, numRuns: 1 })[0];
}

/** What is configured after a step. */
export function settingsAfter(settings: Settings, step: Step): Settings {
    switch (step.change) {
        case "image":
            return { ...settings, image: settings.image === 0 ? 1 : 0 };
        case "environment":
            return { ...settings, requestsMax: settings.requestsMax + 1 };
        case "growth":
            return { ...settings, storageMebibytes: settings.storageMebibytes + 64 };
        case "snapshot":
            return { ...settings, set: (settings.set ?? 0) + 1 };
        case "rotation":
            // All servers need the new password at the same time.
            return { ...settings, credentialsRevision: settings.credentialsRevision + 1, partition: 0 };
        case "partition":
            return { ...settings, partition: step.partition };
        case "budget":
            return { ...settings, minAvailable: step.minAvailable };
        case "nothing":
            return settings;
    }
}

export function describeStep(step: Step): string {
    const { disturbance } = step;
    const what =
        step.change === "partition"
            ? `partition ${step.partition}`
            : step.change === "budget"
              ? `minAvailable ${step.minAvailable ?? "as by default"}`
              : step.change;
    return disturbance ? `${what} (${disturbance.kind} ${disturbance.server} at ${disturbance.afterSeconds} s)` : what;
}
