/** The ways to snapshot all drives of a set, and what they have in common. */
import type { AnyObject, KindReference } from "../kubernetes/client";
import type { LiveCluster } from "../live/liveCluster";
import type { SetRecord } from "./snapshotSet";

/** A VolumeSnapshot or VolumeGroupSnapshot, as far as it is looked at. */
export interface Snapshotted extends AnyObject {
    status?: {
        /** When the storage cut it: from then on, changes of the volume do not get into it. */
        creationTime?: string | Date;
        readyToUse?: boolean;
        error?: { message?: string };
    };
}

export interface VolumeSnapshot extends Snapshotted {
    metadata: AnyObject["metadata"] & { ownerReferences?: { uid: string }[] };
    spec?: { source?: { persistentVolumeClaimName?: string } };
    status?: Snapshotted["status"] & { restoreSize?: string; boundVolumeSnapshotContentName?: string };
}

/** A way to snapshot all drives of a set. */
export interface SnapshotMethod {
    kind: KindReference;
    /** What is made, all at once; each with the label of the set. */
    objects: AnyObject[];
    /** Called before anything waits. */
    prepare(): Promise<void>;
    isCut(object: Snapshotted): Promise<boolean>;
    isReady(object: Snapshotted): Promise<boolean>;
    /**
     * Once all can be used.
     *
     * @returns what is recorded of the set
     */
    finish(objects: Snapshotted[]): Promise<SetRecord>;
}

export interface TakeOptions {
    cluster: LiveCluster;
    record: SetRecord;
    /** Whether the cluster hibernates: then no request is to wait. */
    stopped?: boolean;
    /** Labels of everything that belongs to the set. */
    labels: Record<string, string>;
    freezeTimeoutSeconds: number;
    /** How long the storage may take, after the cut, until the snapshots can be used, in seconds. */
    readyTimeoutSeconds: number;
    say: (text: string) => void;
    warn: (text: string) => void;
}
