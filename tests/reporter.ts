import Mocha from "mocha";

/** Mocha's own report, the failed tests again by their names, and one closing line for machines: `N passed, N failed`. */
export = class extends Mocha.reporters.Spec {
    constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
        super(runner, options);
        process.once("exit", () => {
            const { passes, failures, pending } = this.stats;
            // Whoever sees only the end of a long report, as of a CI, knows by them what to run again.
            for (const test of this.failures) {
                process.stdout.write(`failed: ${test.fullTitle()}: ${shortened(test.err)}\n`);
            }
            process.stdout.write(`${passes} passed, ${failures} failed${pending ? `, ${pending} skipped` : ""}\n`);
        });
    }
};

/** The first line alone of a difference does not say what differs. */
function shortened(error: Error | undefined): string {
    return String(error?.message)
        .split(/\s*\n\s*/)
        .join(" | ")
        .slice(0, 600);
}
