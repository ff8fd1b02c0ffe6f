/** Which of the sets that `snapshots.take` has taken stay, and which go. Pure. */
import type { SetRecord } from "./snapshotSet";

/** A set that was taken, or in a preview is going to be. */
export interface RotatingSet {
    record: Pick<SetRecord, "set" | "takenAt">;
    /** Names of its snapshots that are gone. Such a set cannot be restored. */
    gone: string[];
    /** Whether this run takes it: it is the newest then, whatever the clock of the program that took another one said. */
    isNew?: boolean;
}

export interface Retention<S extends RotatingSet> {
    /** The newest first. */
    stay: S[];
    go: S[];
    /** Of those that stay, those that go when another set is taken. */
    goNext: S[];
}

/**
 * The newest sets stay until so many of them are whole. A damaged set counts as none, and goes only with those that are
 * as old: snapshots that seem to be gone must not take the sets with them that are left.
 *
 * @param keep at least 1; undefined keeps all
 */
export function retention<S extends RotatingSet>(sets: S[], keep = Number.POSITIVE_INFINITY): Retention<S> {
    const isNew = (set: S) => Number(set.isNew ?? false);
    const time = ({ record }: S) => Date.parse(record.takenAt);
    const newestFirst = [...sets].sort((one, other) => isNew(other) - isNew(one) || time(other) - time(one));
    const isAmong = (count: number) => (_: S, index: number) =>
        newestFirst.slice(0, index).filter(({ gone }) => gone.length === 0).length < count;
    const stay = newestFirst.filter(isAmong(keep));
    return {
        stay,
        go: newestFirst.slice(stay.length),
        goNext: stay.slice(newestFirst.filter(isAmong(keep - 1)).length),
    };
}
