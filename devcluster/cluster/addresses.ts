import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { clusterName, defaultCluster } from "../paths";

/**
 * A cluster's addresses. They exist only in its own network namespace, which is joined to this machine by one virtual
 * cable and has no other way out. This machine routes to all clusters that run, so each name has ranges of its own.
 */
export function addressesOf(name: string) {
    // Of the names other than the default one, one in 31 has the ranges of a given other: see `requireFreeRanges`.
    const slot = name === defaultCluster ? 0 : 1 + (createHash("sha256").update(name).digest().readUInt32BE() % 31);
    const [nodes, pods, services] = [`10.${245 - 2 * slot}`, `10.${244 - 2 * slot}`, `10.${96 + slot}`];
    return {
        /** Network of the cable. */
        nodes: `${nodes}.0.0/24`,
        /** This machine's end of the cable. */
        machine: `${nodes}.0.1`,
        /** The cluster's end, where the API server listens. */
        controlPlane: `${nodes}.0.2`,
        /** The address and the pods' range of a node, by its number from 1. */
        node: (index: number) => `${nodes}.0.${10 + index}`,
        podsOfNode: (index: number) => `${pods}.${index}.0/24`,
        pods: `${pods}.0.0/16`,
        services: `${services}.0.0/16`,
        /** The `kubernetes` Service: the first address of the range. */
        kubernetesService: `${services}.0.1`,
        dnsService: `${services}.0.10`,
    };
}

export const addresses = addressesOf(clusterName);

/** Not where the kernel runs without it (`ipv6.disable=1`): all but the tests of IPv6 work there, too. */
export const hasIPv6 = existsSync("/proc/sys/net/ipv6");

/**
 * A second kind of addresses, of pods and of the Services that ask for it. This machine does not route to them, so they
 * are the same in every cluster. NetworkPolicies are not enforced for them.
 */
export const addressesV6 = {
    podsOfNode: (index: number) => `fd00:244:0:${index}::/64`,
    services: "fd00:96::/112",
};

/** The name of this machine's end of the cable: 15 characters at most. */
export const hostInterface = `minio-${clusterName}`;

export const apiServer = `https://${addresses.controlPlane}:6443`;

/** Ranges that this machine routes into the cluster. */
export const routedRanges = [addresses.pods, addresses.services];

export interface Node {
    name: string;
    index: number;
    address: string;
    podRange: string;
    podRangeV6: string;
}

/** The nodes `n1`, `n2`, …, each with an address and a range for its pods. */
export function nodesOf(count: number): Node[] {
    return Array.from({ length: count }, (_, i) => ({
        name: `n${i + 1}`,
        index: i + 1,
        address: addresses.node(i + 1),
        podRange: addresses.podsOfNode(i + 1),
        podRangeV6: addressesV6.podsOfNode(i + 1),
    }));
}
