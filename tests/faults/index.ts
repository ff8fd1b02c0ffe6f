import { apiServerKilled, dnsDown } from "./controlPlane";
import { driveFull, driveLost, drivesSwapped } from "./drives";
import type { Fault } from "./fault";
import { networkCut } from "./network";
import { nodeLost, nodesDrained } from "./nodes";
import { engineKilled, programKilled, runTimedOut } from "./program";
import { serverKilled } from "./servers";

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
    dnsDown(60),
    nodesDrained,
];

/** What every `make test` survives, on one node; a server is killed with the drive that is lost. */
export const shortFaults: Fault[] = [driveLost, dnsDown(10), programKilled];
