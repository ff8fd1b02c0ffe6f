import { sleep } from "../basics/sleep";
import { engineAddress } from "./engine";

/** By the update that it belongs to: a process can run several. */
const works = new Map<string, Set<Promise<unknown>>>();

/** The result of work on a cluster that the failure of another cluster of the same update must not cut off. */
export async function underWay<T>(work: Promise<T>): Promise<T> {
    const update = engineAddress();
    const others = works.get(update) ?? new Set();
    works.set(update, others);
    others.add(work);
    try {
        return await work;
    } finally {
        others.delete(work);
        if (others.size === 0) {
            works.delete(update);
        }
    }
}

export function isWorkUnderWay(): boolean {
    return works.has(engineAddress());
}

/** Waits until no work of this update is under way, and none has begun for a while after. */
export async function allWorkDone(lingerMilliseconds: number): Promise<void> {
    for (let under = works.get(engineAddress()); under; under = works.get(engineAddress())) {
        await Promise.allSettled(under);
        await sleep(lingerMilliseconds);
    }
}
