import assert from "node:assert/strict";
import { firstSettings, sequenceOf, settingsAfter } from "../random/steps";

describe("random sequences of changes", () => {
    const all = Array.from({ length: 50 }, (_, seed) => sequenceOf(seed, 6, true));

    it("are the same for the same seed, and others for another", () => {
        assert.deepEqual(sequenceOf(7, 6, true), all[7]);
        assert.notDeepEqual(all[7], all[8]);
    });

    it("have every kind of change and of disturbance among them", () => {
        const steps = all.flat();
        assert.deepEqual([...new Set(steps.map(({ change }) => change))].sort(), [
            "budget",
            "environment",
            "growth",
            "image",
            "nothing",
            "partition",
            "rotation",
            "snapshot",
        ]);
        const kinds = new Set(steps.map(({ disturbance }) => disturbance?.kind));
        assert.deepEqual(kinds, new Set([undefined, "kill", "drain"]));
    });

    it("drain nothing where there is no other node", () => {
        const steps = Array.from({ length: 50 }, (_, seed) => sequenceOf(seed, 6, false)).flat();
        assert.ok(steps.every(({ disturbance }) => disturbance?.kind !== "drain"));
    });

    it("never ask for a smaller volume, nor for a new password of some servers only", () => {
        for (const steps of all) {
            let before = firstSettings;
            for (const step of steps) {
                const next = settingsAfter(before, step);
                assert.ok(next.storageMebibytes >= before.storageMebibytes);
                assert.ok(next.credentialsRevision === before.credentialsRevision || next.partition === 0);
                before = next;
            }
        }
    });
});
