/** What must be done before a signal ends the process. Several may have something to do, and none ends it for the others. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const tasks = new Set<() => Promise<unknown>>();
let isEnding = false;

/**
 * Does some work, and when a signal comes meanwhile, a task before the process ends.
 *
 * @throws Error when a signal has come before: the work is not begun then
 */
export async function withTaskBeforeEnd<T>(task: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
    if (isEnding) {
        throw new Error("a signal has come that ends the program");
    }
    tasks.add(task);
    listen();
    try {
        return await work();
    } finally {
        tasks.delete(task);
        listen();
    }
}

/** Listens as long as there is something to do: without a listener, a signal ends the process immediately. */
function listen(): void {
    for (const signal of signals) {
        process.off(signal, end);
        if (tasks.size > 0 || isEnding) {
            process.on(signal, end);
        }
    }
}

/** A second signal changes nothing. */
async function end(signal: NodeJS.Signals): Promise<void> {
    if (isEnding) {
        return;
    }
    isEnding = true;
    await Promise.allSettled([...tasks].map((task) => task()));
    if (process.listenerCount(signal) === 1) {
        process.exit(1);
    }
    isEnding = false; // Another listener has taken it over, in a program that decides itself when it ends.
    listen();
}
