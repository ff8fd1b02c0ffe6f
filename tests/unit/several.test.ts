import assert from "node:assert/strict";
import { forSeveral } from "../../components/basics/several";

describe("work for several", () => {
    const all = Array.from({ length: 40 }, (_, number) => number);
    const later = () => new Promise((resolve) => setTimeout(resolve, 2));

    it("is done for each, and for no more than so many at the same time", async () => {
        const done: number[] = [];
        let [now, most] = [0, 0];
        await forSeveral(all, 16, async (one) => {
            most = Math.max(most, ++now);
            await later();
            now--;
            done.push(one);
        });
        assert.deepEqual(
            done.sort((a, b) => a - b),
            all,
        );
        assert.equal(most, 16);
        await forSeveral([], 16, () => assert.fail());
    });

    it("is not begun for more when it is enough, or when some has failed", async () => {
        let begun = 0;
        await forSeveral(
            all,
            4,
            async () => {
                await later();
                begun++;
            },
            () => begun >= 8,
        );
        assert.ok(begun >= 8 && begun < 16);
        begun = 0;
        const failing = forSeveral(all, 4, async (one) => {
            begun++;
            await later();
            assert.notEqual(one, 2);
        });
        await assert.rejects(failing);
        await new Promise((resolve) => setTimeout(resolve, 40));
        assert.ok(begun <= 8, `${begun} were begun`);
    });
});
