/**
 * Whether the tests run in their long form, as `make test-long` and mocha by itself do. The short one, of `make test`,
 * goes one way through each mechanism. The long one also goes the others: each old tool, way back and refusal.
 */
export const isLong = process.env.TEST_FORM !== "short";

/** A test of the long form alone. Where tests go on from each other, it leaves all as it found it. */
export const itInLongForm = isLong ? it : (_title: string, _test: Mocha.AsyncFunc | Mocha.Func) => {};

/** Commands that must refuse the same: `pulumi up` by what changes nothing, and in the long form the preview, too. */
export const refusingCommands: string[][] = [...(isLong ? [["preview"]] : []), ["up", "--yes", "--skip-preview"]];

/** A description of which the short form has nothing. */
export const describeInLongForm = isLong ? describe : (_title: string, _tests: () => void) => {};
