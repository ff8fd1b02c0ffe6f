import assert from "node:assert/strict";

/** Waits for something that is to happen by itself. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 90_000;
    while (!(await isSo())) {
        assert.ok(Date.now() < deadline, "it does not happen in 90 s");
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}
