import assert from "node:assert/strict";
import { allWorkDone, isWorkUnderWay, underWay } from "../../components/pulumi/underWay";

describe("work that is under way", () => {
    const later = (milliseconds: number, then: () => void = () => {}) =>
        new Promise<void>((resolve) => setTimeout(resolve, milliseconds)).then(then);

    it("is waited for, with what follows from it, and also when it fails", async () => {
        const done: string[] = [];
        const follow = () => underWay(later(20, () => done.push("second")));
        void underWay(later(20, () => done.push("first"))).then(() => later(10, () => void follow()));
        underWay(later(30).then(() => Promise.reject(new Error("no")))).catch(() => done.push("failed"));
        assert.ok(isWorkUnderWay());
        await allWorkDone(50);
        assert.deepEqual(done.sort(), ["failed", "first", "second"]);
        assert.equal(isWorkUnderWay(), false);
    });

    it("hands on its result", async () => {
        assert.equal(await underWay(Promise.resolve(7)), 7);
        await assert.rejects(underWay(Promise.reject(new Error("no"))), /no/);
    });
});
