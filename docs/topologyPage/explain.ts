/**
 * What docs/topology.html says of arguments. Pure: it asks the functions that the component itself uses, so that both
 * say the same.
 */
import { size } from "../../components/basics/quantity";
import { erasureSetOf, type PoolTopology, type Topology } from "../../components/minio/topology";
import { mostInAZone, zonesNeeded } from "../../components/minio/zones";
import { isInteger, show } from "../../components/spec/check";
import { budgetOf } from "../../components/spec/cluster";
import { poolName } from "../../components/spec/names";
import { type KnownArgs, topologyOfSpec, withDefaults } from "../../components/spec/spec";
import { problemsOf, warningsOf } from "../../components/spec/validation";

const cluster = "minio";

/** More are not drawn: nobody could count them. */
const mostDrawn = 512;

/** As Kubernetes spreads the servers over zones by default. */
const maxSkew = 1;

type Row = [what: string, value: string];

/** What remains possible while so many servers are gone, whichever these are. */
interface Stage {
    gone: string;
    possible: "reads and writes" | "reads" | "not every object";
}

export interface PoolExplained {
    name: string;
    rows: Row[];
    stages: Stage[];
    /** Of each server, the erasure set of each drive; none where there are too many to draw. */
    servers: number[][];
}

export interface Explained {
    /** As a preview says them. Where there are some, nothing else is said. */
    problems: string[];
    warnings: string[];
    /** Of all pools together. */
    rows: Row[];
    pools: PoolExplained[];
}

/** @param zones in which the nodes are; undefined where that is not asked */
export function explain(args: KnownArgs, zones?: number | string): Explained {
    const problems = problemsOf(cluster, args).map(({ field, reason }) => `${field}: ${reason}`);
    if (zones !== undefined && !isInteger(zones, 1)) {
        problems.push(`zones: ${show(zones)} is not allowed: use an integer of at least 1`);
    }
    const spec = withDefaults(args);
    const topology = problems.length === 0 ? topologyOfSpec(spec) : undefined;
    if (!topology) {
        return { problems, warnings: [], rows: [], pools: [] };
    }
    const bytes = sum(topology.pools.map((pool) => rawBytes(pool)));
    return {
        problems,
        warnings: warningsOf(args),
        rows: [
            ["Servers", String(topology.servers)],
            ["Drives", String(topology.drives)],
            ["Room for objects", share(topology.usableBytes, bytes)],
            ["Servers that may fail, whichever", mayFail(topology)],
            [
                "Boot quorum",
                `${topology.bootQuorum} of ${topology.servers} servers must have a new version, new arguments or new ` +
                    "MINIO_* variables before any of these serves",
            ],
        ],
        pools: topology.pools.map((pool, index) =>
            explainPool(pool, poolName(cluster, index), zones as number | undefined),
        ),
    };
}

function explainPool(pool: PoolTopology, name: string, zones: number | undefined): PoolExplained {
    const { servers, drivesPerServer, erasureSets, erasureSetSize, parity, readQuorum, writeQuorum } = pool;
    const drives = servers * drivesPerServer;
    const [budget] = Object.entries(budgetOf(pool) ?? {});
    return {
        name,
        rows: [
            ["Servers", `${servers}, with ${counted(drivesPerServer, "drive")} each`],
            ["Erasure sets", `${erasureSets} of ${erasureSetSize} drives; an object lies in one of them`],
            ["Parity", `EC:${parity}; each object is ${readQuorum} data and ${parity} parity shards`],
            ["Write quorum", `${writeQuorum} of the ${erasureSetSize} drives of a set`],
            ["Read quorum", `${readQuorum} of the ${erasureSetSize} drives of a set`],
            ["Room for objects", share(pool.usableBytes, rawBytes(pool))],
            [
                "Drives of a set that may fail",
                `${erasureSetSize - writeQuorum} for writes, ${erasureSetSize - readQuorum} for reads`,
            ],
            ["Servers that may fail, whichever", mayFail(pool)],
            [
                "Disruption budget",
                budget ? `${name}-pdb, ${budget[0]}: ${budget[1]}` : "none, as no server can be missed",
            ],
            ["A lost zone", lostZone(pool, zones)],
        ],
        stages: stagesOf(pool),
        servers:
            drives > mostDrawn
                ? []
                : Array.from({ length: servers }, (_, server) =>
                      Array.from({ length: drivesPerServer }, (_, drive) => erasureSetOf(pool, server, drive)),
                  ),
    };
}

function stagesOf({ servers, serversThatMayFailForWrites, serversThatMayFailForReads }: PoolTopology): Stage[] {
    const stages: [from: number, to: number, possible: Stage["possible"]][] = [
        [0, serversThatMayFailForWrites, "reads and writes"],
        [serversThatMayFailForWrites + 1, serversThatMayFailForReads, "reads"],
        [serversThatMayFailForReads + 1, servers, "not every object"],
    ];
    return stages
        .filter(([from, to]) => from <= to)
        .map(([from, to, possible]) => ({ gone: from === to ? `${from}` : `${from} to ${to}`, possible }));
}

function lostZone(
    { servers, serversThatMayFailForWrites, serversThatMayFailForReads }: PoolTopology,
    zones: number | undefined,
): string {
    const from = (mayFail: number) => {
        const needed = zonesNeeded(servers, mayFail, maxSkew);
        return needed === undefined ? "in no number of zones" : `from ${needed} zones on`;
    };
    const general = `writes continue ${from(serversThatMayFailForWrites)}, reads ${from(serversThatMayFailForReads)}`;
    if (zones === undefined) {
        return general;
    }
    const most = mostInAZone(servers, zones, maxSkew);
    const stops = [
        ...(most > serversThatMayFailForWrites ? ["writes"] : []),
        ...(most > serversThatMayFailForReads ? ["reads"] : []),
    ];
    const effect = stops.length === 0 ? "neither writes nor reads" : stops.join(" and ");
    return `stops ${effect} with ${counted(zones, "zone")}, of which one has ${most} of the ${servers} servers; ${general}`;
}

function mayFail({
    serversThatMayFailForWrites: writes,
    serversThatMayFailForReads: reads,
}: PoolTopology | Topology): string {
    return `${writes} for writes, ${reads} for reads`;
}

/** What the drives have together: objects have the data shards' part of it. */
function rawBytes({ usableBytes, readQuorum, erasureSetSize }: PoolTopology): number {
    return (usableBytes * erasureSetSize) / readQuorum;
}

function share(usable: number, all: number): string {
    return `${size(usable)} of ${size(all)}, ${Math.round((usable / all) * 100)} %`;
}

function counted(number: number, what: string): string {
    return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function sum(numbers: number[]): number {
    return numbers.reduce((total, one) => total + one, 0);
}
