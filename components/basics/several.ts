/** Work for many, of which some goes on at the same time. */

/** So many servers are asked at the same time at most: each may ask all others. */
export const atTheSameTime = 16;

/**
 * Does work for each of several, for so many at the same time at most.
 *
 * @param isOver asked before each: no more is begun then
 * @throws what the first work that fails throws, after which no more is begun either
 */
export async function forSeveral<T>(
    all: readonly T[],
    most: number,
    work: (one: T) => Promise<unknown>,
    isOver: () => boolean = () => false,
): Promise<void> {
    const left = all.values();
    let hasFailed = false;
    const worker = async () => {
        for (const one of left) {
            if (hasFailed || isOver()) {
                return;
            }
            await work(one).catch((error) => {
                hasFailed = true;
                throw error;
            });
        }
    };
    await Promise.all(Array.from({ length: Math.min(most, all.length) }, worker));
}
