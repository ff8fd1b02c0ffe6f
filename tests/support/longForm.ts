/**
 * Whether the tests run in their long form, as `make test-long` and mocha by itself do. The short one, of `make test`,
 * goes one way through each mechanism. The long one also goes the others: each old tool, variant, way back and refusal.
 */
export const isLong = process.env.TEST_FORM !== "short";

/** A test of the long form alone. Where tests go on from each other, those after it need nothing of it. */
export function itInLongForm(title: string, test: Mocha.AsyncFunc | Mocha.Func): void {
    if (isLong) {
        it(title, test); // Looked up here, for a worker that runs several files has another `it` for each.
    }
}

/** Commands that must refuse the same: `pulumi up` by what changes nothing, and in the long form the preview, too. */
export const refusingCommands: string[][] = [...(isLong ? [["preview"]] : []), ["up", "--yes", "--skip-preview"]];

/** A description of which the short form has nothing. */
export function describeInLongForm(title: string, tests: () => void): void {
    if (isLong) {
        describe(title, tests);
    }
}
