/** Which Kubernetes cluster a kubeconfig leads to, as Pulumi's Kubernetes provider finds it (`provider/pkg/provider/provider.go`). */
import { existsSync, readFileSync, statSync } from "node:fs";
import { BlockList, isIP } from "node:net";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";

type Client = typeof import("@kubernetes/client-node");

/** Where to look for a cluster, and which one of those that are found there. */
export interface ClusterTarget {
    /** Path or content of a kubeconfig. Default: the files in `KUBECONFIG`, else `~/.kube/config`, else the pod's own cluster. */
    kubeconfig?: string;
    /** Default: the kubeconfig's current context. */
    context?: string;
    /** Name of a cluster in the kubeconfig. Default: that of the context. */
    cluster?: string;
    /** Who says so, for messages. */
    by: string;
}

/**
 * @throws Error when there is no kubeconfig, no such context or cluster, or a text that is none. No content of it is shown: a
 * parser's error has the lines around a mistake, and with them tokens and keys.
 */
export async function loadKubeconfig(target: ClusterTarget, env: NodeJS.ProcessEnv = process.env): Promise<KubeConfig> {
    const client = await import("@kubernetes/client-node");
    const config = find(client, target, env);
    if (target.context !== undefined) {
        const contexts = config.getContexts().map(({ name }) => name);
        if (!contexts.includes(target.context)) {
            throw new Error(
                `the kubeconfig has no context '${target.context}' (${target.by}); it has ${contexts.join(", ") || "none"}`,
            );
        }
        config.setCurrentContext(target.context);
    }
    if (target.cluster !== undefined) {
        const clusters = config.getClusters().map(({ name }) => name);
        if (!clusters.includes(target.cluster)) {
            throw new Error(
                `the kubeconfig has no cluster '${target.cluster}' (${target.by}); it has ${clusters.join(", ") || "none"}`,
            );
        }
        const name = `${target.cluster} by the cluster's name`;
        config.addContext({
            ...config.getContextObject(config.getCurrentContext()),
            name,
            cluster: target.cluster,
        } as never);
        config.setCurrentContext(name);
    }
    const cluster = config.getCurrentCluster();
    if (!cluster?.server) {
        throw new Error(
            `the kubeconfig names no cluster (${target.by}): set KUBECONFIG and a current context, kubernetes:kubeconfig or ` +
                "kubernetes:context of the stack, a provider's kubeconfig, or rollout.kubeconfig",
        );
    }
    const proxyUrl = cluster.proxyUrl ?? proxyOf(new URL(cluster.server), env);
    if (proxyUrl !== undefined) {
        Object.assign(cluster, { proxyUrl });
    }
    return config;
}

/** The API server's address and the way it was found, for messages. */
export function describeCluster(config: KubeConfig, { by, context }: ClusterTarget): string {
    const which = context ?? config.getCurrentContext();
    return `${config.getCurrentCluster()?.server} (context ${which}, by ${by})`;
}

/** As `describeCluster`, and why a target means no cluster where that is so. */
export async function describeTarget(target: ClusterTarget): Promise<string> {
    try {
        return describeCluster(await loadKubeconfig(target), target);
    } catch (error) {
        return `no cluster: ${(error as Error).message}`;
    }
}

function find(client: Client, { kubeconfig, by }: ClusterTarget, env: NodeJS.ProcessEnv): KubeConfig {
    if (kubeconfig !== undefined && kubeconfig !== "") {
        return parsed(client, withHome(kubeconfig), by);
    }
    const files = env.KUBECONFIG
        ? env.KUBECONFIG.split(delimiter).filter((file) => file !== "")
        : [join(homedir(), ".kube", "config")];
    const there = files.filter((file) => existsSync(file));
    if (there.length > 0) {
        return merged(
            client,
            there.map((file) => parsed(client, file, file)),
        );
    }
    const config = new client.KubeConfig();
    if (env.KUBERNETES_SERVICE_HOST) {
        config.loadFromCluster();
    }
    return config;
}

/** Of two entries of one name, and of two current contexts, the first counts, as for kubectl. */
function merged(client: Client, configs: KubeConfig[]): KubeConfig {
    const firstOfEach = <T extends { name: string }>(all: T[]): T[] =>
        all.filter(({ name }, index) => all.findIndex((one) => one.name === name) === index);
    const config = new client.KubeConfig();
    config.loadFromOptions({
        clusters: firstOfEach(configs.flatMap((one) => one.getClusters())),
        users: firstOfEach(configs.flatMap((one) => one.getUsers())),
        contexts: firstOfEach(configs.flatMap((one) => one.getContexts())),
        currentContext: configs.map((one) => one.getCurrentContext()).find((name) => name) ?? "",
    });
    return config;
}

function parsed(client: Client, pathOrContent: string, by: string): KubeConfig {
    const config = new client.KubeConfig();
    try {
        if (isFile(pathOrContent)) {
            config.loadFromString(readFileSync(pathOrContent, "utf8"));
            config.makePathsAbsolute(dirname(pathOrContent));
        } else {
            config.loadFromString(pathOrContent);
        }
    } catch {
        throw new Error(`${by} is neither a file nor a kubeconfig's content (its value is not shown)`);
    }
    return config;
}

function isFile(path: string): boolean {
    try {
        return statSync(path).isFile();
    } catch {
        return false; // A content is longer than a path may be.
    }
}

/** No shell has seen a path in a stack's configuration. */
function withHome(path: string): string {
    return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

/**
 * The proxy for requests to a server, by the variables that Go's programs obey (`golang.org/x/net/http/httpproxy`): the provider is
 * one. No library for Node.js knows networks in `NO_PROXY`. Pure.
 *
 * @returns undefined where there is none
 */
export function proxyOf(server: URL, env: NodeJS.ProcessEnv): string | undefined {
    const variable = (name: string) => env[name.toUpperCase()] || env[name] || undefined;
    const proxy = variable(server.protocol === "https:" ? "https_proxy" : "http_proxy");
    const host = server.hostname.replace(/^\[|\]$/g, "");
    const port = server.port || (server.protocol === "https:" ? "443" : "80");
    if (proxy === undefined || host === "localhost" || isLoopback(host)) {
        return undefined;
    }
    const exceptions = (variable("no_proxy") ?? "").split(",").map((one) => one.trim().toLowerCase());
    const isExcepted = exceptions.some((one) => one !== "" && matches(one, host.toLowerCase(), port));
    return isExcepted ? undefined : proxy.includes("://") ? proxy : `http://${proxy}`;
}

function isLoopback(host: string): boolean {
    return isIP(host) === 6 ? host === "::1" : isIP(host) === 4 && host.startsWith("127.");
}

/** Whether an entry of `NO_PROXY` means a host: `*`, a network, or an address or a name and what is below it, with a port or without. */
function matches(entry: string, host: string, port: string): boolean {
    if (entry === "*") {
        return true;
    }
    const [address = "", bits] = entry.split("/");
    if (bits !== undefined) {
        return isIP(host) !== 0 && isIP(host) === isIP(address) && inNetwork(host, address, Number(bits));
    }
    const [, name = "", itsPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
    if (itsPort !== undefined && itsPort !== port) {
        return false;
    }
    const suffix = name.replace(/^\*?\./, ".");
    return suffix.startsWith(".") ? host.endsWith(suffix) : host === name || host.endsWith(`.${name}`);
}

function inNetwork(host: string, address: string, bits: number): boolean {
    const family = isIP(host) === 6 ? "ipv6" : "ipv4";
    const network = new BlockList();
    try {
        network.addSubnet(address, bits, family);
    } catch {
        return false; // No such network: Go's programs skip it too.
    }
    return network.check(host, family);
}
