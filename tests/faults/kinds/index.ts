import type { Fault } from "../fault";
import { apiServerBusy, apiServerKilled, dnsDown, etcdKilled } from "./controlPlane";
import { driveFull, driveLost, driveReadOnly, driveRots, driveSlow, drivesSwapped } from "./drives";
import { restoreInterrupted } from "./inPlace";
import { networkCut, packetsLost } from "./network";
import { drainedInRollout, kubeletGone, nodeGone, nodeLost, nodesDrained } from "./nodes";
import { engineKilled, heldKilled, programKilled, runTimedOut, secretDeleted, twoUps } from "./program";
import { serverEvicted, serverFrozen, serverKilled, serversKilled } from "./servers";
import { restoreKilled, snapshotKilled } from "./snapshots";

/**
 * The whole campaign, for four nodes, in the order of the table. A new fault is a file of its kind and a line here.
 * What makes servers share nodes comes last.
 */
export const allFaults: Fault[] = [
    serverKilled,
    serversKilled,
    serverFrozen,
    nodeLost,
    kubeletGone,
    networkCut,
    packetsLost,
    driveFull,
    driveSlow,
    driveReadOnly,
    driveRots,
    driveLost,
    drivesSwapped,
    apiServerKilled,
    apiServerBusy,
    etcdKilled,
    programKilled,
    heldKilled,
    engineKilled,
    runTimedOut,
    twoUps,
    secretDeleted,
    snapshotKilled,
    restoreKilled,
    ...restoreInterrupted,
    dnsDown,
    serverEvicted,
    nodeGone,
    drainedInRollout,
    nodesDrained,
];

/**
 * What every `make test` survives, on one node; a drive is lost in tests/e2e/snapshots.test.ts. None of them touches
 * what other tests use at the same time, as CoreDNS.
 */
export const shortFaults: Fault[] = [serverKilled, programKilled];
