/** The drives of a cluster as the arguments of its servers name them. Pure. */
import type { V1Container } from "@kubernetes/client-node";
import { largestSet, smallestSet } from "../minio/topology";

/** A pool: servers of the same drives. */
export interface EndpointPool {
    scheme: string;
    /** Host names of the servers, in the order of the arguments. */
    hosts: string[];
    /** Folders of the drives of each server. */
    paths: string[];
    /** Drives of an erasure set, where MinIO finds another size than by the rule of patterns. */
    setSize?: number;
}

/** What MinIO puts between its dots: `{0...3}`. */
const ellipsis = /\{(\d+)\.\.\.(\d+)\}/;

/** Far more than anybody runs. */
const mostOfEach = 1000;

/**
 * The patterns or drives among the variables, the command and the arguments of a container; none where it runs no
 * distributed MinIO. Bitnami's image makes them of `MINIO_DISTRIBUTED_NODES`, and MinIO takes them from `MINIO_VOLUMES`
 * and `MINIO_ARGS` too.
 */
export function patternsOf({ env = [], command = [], args = [] }: V1Container): string[] {
    const variable = (name: string) => env.find((one) => one.name === name)?.value ?? "";
    const nodes = variable("MINIO_DISTRIBUTED_NODES")
        .split(/[,;\s]+/)
        .filter(Boolean);
    if (nodes.length > 0) {
        const scheme = variable("MINIO_SCHEME") || "http";
        return nodes.map((node) => (node.includes("://") ? node : `${scheme}://${node}`));
    }
    const texts = [variable("MINIO_ARGS"), variable("MINIO_VOLUMES"), ...command, ...args];
    return texts.flatMap((text) => text.match(/https?:\/\/[^\s"'/]+\/[^\s"']*/g) ?? []);
}

/**
 * The pools of patterns, each of which is one, or of drives without any pattern, which all are of one.
 *
 * @throws Error that says which of them this component cannot have
 */
export function poolsOf(patterns: string[]): EndpointPool[] {
    const listed = patterns.filter((one) => !ellipsis.test(one));
    if (listed.length === 0) {
        return patterns.map(poolOfPattern);
    }
    if (listed.length < patterns.length) {
        throw new Error(`some of the servers' arguments are patterns and some are not: ${listed.join(" ")}`);
    }
    return [poolOfList(listed)];
}

function poolOfPattern(pattern: string): EndpointPool {
    const { scheme, host, path } = partsOf(pattern);
    return { scheme, hosts: expanded(host), paths: expanded(path) };
}

/** One after another, as MinIO counts them: `GetAllSets` in `cmd/endpoint-ellipses.go`. */
function poolOfList(list: string[]): EndpointPool {
    const drives = list.map(partsOf);
    const hosts = [...new Set(drives.map(({ host }) => host))];
    const paths = [...new Set(drives.map(({ path }) => path))];
    const inOrder = paths.flatMap((path) => hosts.map((host) => `${host}${path}`));
    if (drives.map(({ host, path }) => `${host}${path}`).join() !== inOrder.join()) {
        throw new Error(
            "the servers' arguments list the drives in another order than this component would, which is the first drives of all " +
                `servers, then the second ones, and so on: ${list.join(" ")}`,
        );
    }
    const sizes = Array.from({ length: largestSet - smallestSet + 1 }, (_, index) => largestSet - index);
    return { scheme: drives[0]?.scheme ?? "", hosts, paths, setSize: sizes.find((size) => list.length % size === 0) };
}

function partsOf(text: string): { scheme: string; host: string; path: string } {
    const [, scheme, authority, path] = /^(https?):\/\/([^/]+)(\/.*)$/.exec(text) ?? [];
    if (scheme === undefined || authority === undefined || path === undefined) {
        throw new Error(`this argument of the servers is no address of a drive: ${text}`);
    }
    return { scheme, host: authority.replace(/:\d+$/, ""), path: path.replace(/(?<=.)\/+$/, "") };
}

function expanded(text: string): string[] {
    const [whole, first, last] = ellipsis.exec(text) ?? [];
    if (whole === undefined) {
        return [text];
    }
    const [from, to] = [Number(first), Number(last)];
    const rest = text.replace(whole, "");
    if (ellipsis.test(rest) || to < from || to - from >= mostOfEach || String(from) !== first) {
        throw new Error(`this part of the servers' arguments is not one of this component's: ${text}`);
    }
    return Array.from({ length: to - from + 1 }, (_, index) => text.replace(whole, String(from + index)));
}
