/**
 * To call in a `describe` whose tests go on from where the one before left things: after a failure the rest of them is skipped.
 * Mocha's own `bail` would end the tests of all other files, too, when files run side by side.
 */
export function stepByStep(): void {
    let failed = false;
    beforeEach(function () {
        if (failed) {
            this.skip();
        }
    });
    afterEach(function () {
        failed ||= this.currentTest?.state === "failed";
    });
}
