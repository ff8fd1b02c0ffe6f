import type { Topology } from "../../components/minio/topology";
import type { LoadedCluster } from "./loadedCluster";

/** Something that goes wrong with a cluster, and how it is mended. */
export interface Fault {
    /** What goes wrong: the first column of the table. */
    title: string;
    /** Servers that are away or useless at once: what goes on meanwhile follows from the topology. */
    serversAway: number;
    /** Where MinIO serves less than the topology lets it: what goes on meanwhile. `expected` must say why. */
    service?: Service;
    /**
     * Whether something is gone without a word, and does not even refuse. MinIO then waits in single reads, up to 30 s
     * for a drive and 5 s for a name, so that clients need as much patience.
     */
    silent?: boolean;
    /** What is expected beside that; a phrase. */
    expected?: string;
    /** What a person must do before `pulumi up` converges. Default: nothing. */
    manualStep?: string;
    /**
     * Breaks it, looks at what goes on meanwhile, and mends what does not mend itself; under load all the time.
     *
     * @returns what was observed; a phrase
     */
    strike(cluster: LoadedCluster): Promise<string>;
}

/** Whether FAULTS, a regular expression on titles, means this one. Without it, all are meant. */
export function isMeant(title: string): boolean {
    return new RegExp(process.env.FAULTS ?? "").test(title);
}

/** What the topology says of a cluster that lacks so many servers. */
export interface Service {
    writes: boolean;
    reads: boolean;
}

export function serviceWithout(servers: number, topology: Topology): Service {
    return {
        writes: servers <= topology.serversThatMayFailForWrites,
        reads: servers <= topology.serversThatMayFailForReads,
    };
}

export function describeService({ writes, reads }: Service): string {
    if (writes) {
        return "every object stays readable and writable";
    }
    return reads ? "every object stays readable; writes fail until it is mended" : "requests fail until it is mended";
}
