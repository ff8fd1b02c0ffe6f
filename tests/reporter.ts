import { relative } from "node:path";
import Mocha from "mocha";

/** So many files are named at the end, of those that took longest. */
const slowest = 12;

/**
 * Mocha's own report, the files that took longest, the failed tests again by their names, and one closing line for
 * machines: `N passed, N failed`.
 */
export = class extends Mocha.reporters.Spec {
    private readonly milliseconds = new Map<string, number>();

    constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
        super(runner, options);
        const { EVENT_TEST_END, EVENT_HOOK_END } = Mocha.Runner.constants;
        for (const event of [EVENT_TEST_END, EVENT_HOOK_END]) {
            runner.on(event, (done) => this.add(done));
        }
        process.once("exit", () => {
            const { passes, failures, pending } = this.stats;
            const files = [...this.milliseconds].sort(([, a], [, b]) => b - a).slice(0, slowest);
            for (const [file, milliseconds] of files) {
                process.stdout.write(`${String(Math.round(milliseconds / 1000)).padStart(6)} s ${file}\n`);
            }
            // Whoever sees only the end of a long report, as of a CI, knows by them what to run again.
            for (const test of this.failures) {
                process.stdout.write(`failed: ${test.fullTitle()}: ${shortened(test.err)}\n`);
            }
            process.stdout.write(`${passes} passed, ${failures} failed${pending ? `, ${pending} skipped` : ""}\n`);
        });
    }

    /** The hooks of a file count, too: most clusters are made in them. */
    private add({ file, duration }: Mocha.Runnable): void {
        const name = relative(process.cwd(), file ?? "");
        this.milliseconds.set(name, (this.milliseconds.get(name) ?? 0) + (duration ?? 0));
    }
};

/** The first line alone of a difference does not say what differs. */
function shortened(error: Error | undefined): string {
    return String(error?.message)
        .split(/\s*\n\s*/)
        .join(" | ")
        .slice(0, 600);
}
