import { apiServerKilled, dnsDown } from "./controlPlane";
import { driveFull, driveLost, drivesSwapped } from "./drives";
import type { Fault } from "./fault";
import { networkCut } from "./network";
import { nodeLost, nodesDrained } from "./nodes";
import { engineKilled, programKilled, runTimedOut } from "./program";
import { serverKilled } from "./servers";
import { restoreKilled, snapshotKilled } from "./snapshots";

/**
 * The whole campaign, for four nodes, in the order of the table. A new fault is a file of its kind and a line here. The drained nodes
 * come last: afterwards servers share nodes.
 */
export const allFaults: Fault[] = [
    serverKilled,
    nodeLost,
    networkCut,
    driveFull,
    driveLost,
    drivesSwapped,
    apiServerKilled,
    programKilled,
    engineKilled,
    runTimedOut,
    snapshotKilled,
    restoreKilled,
    dnsDown(60),
    nodesDrained,
];

/** What every `make test` survives, on one node; a drive is lost in tests/e2e/snapshots.test.ts. */
export const shortFaults: Fault[] = [serverKilled, dnsDown(10), programKilled];
