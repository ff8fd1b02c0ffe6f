import { sleep } from "./sleep";

/** How to wait for something. */
export interface Patience {
    /** By `performance.now()`. */
    deadline: number;
    /** Between two looks. */
    milliseconds: number;
    /** What the error says when it is not so in time, by the last look. */
    late: () => string;
}

/** What was waited for has not come in time. */
export class LateError extends Error {}

/**
 * Looks again and again until there is something to see.
 *
 * @throws LateError when the deadline is over
 */
export async function until<T>(
    look: () => Promise<T | undefined>,
    { deadline, milliseconds, late }: Patience,
): Promise<T> {
    for (;;) {
        const seen = await look();
        if (seen !== undefined) {
            return seen;
        }
        if (performance.now() >= deadline) {
            throw new LateError(late());
        }
        await sleep(milliseconds);
    }
}
