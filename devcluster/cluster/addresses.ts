/**
 * The cluster's addresses. They exist only in its own network namespace, which is joined to this machine by one virtual
 * cable and has no other way out.
 */
export const addresses = {
    /** Network of the cable. */
    nodes: "10.245.0.0/24",
    /** This machine's end of the cable. */
    machine: "10.245.0.1",
    /** The cluster's end, where the API server listens. */
    controlPlane: "10.245.0.2",
    pods: "10.244.0.0/16",
    services: "10.96.0.0/16",
    /** The `kubernetes` Service: the first address of the range. */
    kubernetesService: "10.96.0.1",
    dnsService: "10.96.0.10",
};

/** The name of this machine's end of the cable. */
export const hostInterface = "minio-dev";

export const apiServer = `https://${addresses.controlPlane}:6443`;

/** Ranges that this machine routes into the cluster. */
export const routedRanges = [addresses.pods, addresses.services];

export interface Node {
    name: string;
    index: number;
    address: string;
    podRange: string;
}

/** The nodes `n1`, `n2`, …, each with an address and a range for its pods. */
export function nodesOf(count: number): Node[] {
    return Array.from({ length: count }, (_, i) => ({
        name: `n${i + 1}`,
        index: i + 1,
        address: `10.245.0.${11 + i}`,
        podRange: `10.244.${i + 1}.0/24`,
    }));
}
