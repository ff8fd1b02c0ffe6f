/** Work for many, of which some goes on at the same time. */

/**
 * Does work for each of several, for so many at the same time at most.
 *
 * @param isOver asked before each: no more is begun then
 * @throws what the first work that fails throws
 */
export async function forSeveral<T>(
    all: readonly T[],
    most: number,
    work: (one: T) => Promise<unknown>,
    isOver: () => boolean = () => false,
): Promise<void> {
    const left = all.values();
    const worker = async () => {
        for (const one of left) {
            if (isOver()) {
                return;
            }
            await work(one);
        }
    };
    await Promise.all(Array.from({ length: Math.min(most, all.length) }, worker));
}
