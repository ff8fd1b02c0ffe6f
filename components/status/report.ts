/** The same for machines. Pure. */
import type { Finding, Verdict } from "./judge";
import { imagesOf, rolloutOf } from "./judge";
import type { Observed } from "./observed";
import { capacityOf, quorumsLeft } from "./quorumsLeft";

/** What `--json` prints. What could not be read is left out, and among `unread`. */
export function report(observed: Observed, findings: Finding[], verdict: Verdict): object {
    const { pools, storage, poolStatuses, topology, ...others } = observed;
    const left = quorumsLeft(observed);
    return {
        verdict,
        findings,
        ...others,
        images: Object.fromEntries(imagesOf(observed)),
        drives: storage?.drives,
        quorumsLeft: left,
        capacity: capacityOf(observed),
        rollout: {
            underWay: rolloutOf(observed) !== undefined,
            pools: pools.map(({ name, partition, wantedPartition }) => ({ name, partition, wantedPartition })),
        },
        decommissions: poolStatuses?.filter(({ decommission }) => decommission !== undefined),
    };
}

/** 0: all is right. 1: something needs care. 2: it could not be looked at. */
export function exitCodeOf(verdict: Verdict): number {
    return { right: 0, care: 1, unknown: 2 }[verdict];
}
