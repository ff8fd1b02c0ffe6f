import { apiServerKilled, dnsDown } from "./controlPlane";
import { driveFull, driveLost, drivesSwapped } from "./drives";
import type { Fault } from "./fault";
import { networkCut } from "./network";
import { nodeLost, nodesDrained } from "./nodes";
import { engineKilled, programKilled, runTimedOut } from "./program";
import { serverKilled } from "./servers";

/** The whole campaign, for four nodes, in the order of the table. A new fault is a file of its kind and a line here. */
export const allFaults: Fault[] = [
    serverKilled,
    nodeLost,
    nodesDrained,
    networkCut,
    dnsDown(60),
    driveFull,
    driveLost,
    drivesSwapped,
    apiServerKilled,
    programKilled,
    engineKilled,
    runTimedOut,
];

/** What every `make test` survives, on one node. */
export const shortFaults: Fault[] = [serverKilled, driveLost, dnsDown(15), programKilled];
