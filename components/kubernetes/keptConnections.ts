/** Connections to the API server that stay open between requests: a new one costs a TLS handshake on both sides. */
import { createHash } from "node:crypto";
import type { Agent } from "node:http";
import type { Cluster, KubeConfig } from "@kubernetes/client-node";

/** What the client itself does for each request. It is private there, and the only place that knows proxies. */
interface AgentMaker {
    createAgent(cluster: Cluster | null, options: Record<string, unknown>): Agent;
}

/**
 * So long a connection without a request stays open, in milliseconds. Load balancers in front of API servers drop such ones after half a
 * minute or more, some without a word.
 */
const idleMilliseconds = 10_000;

/**
 * The same kubeconfig, whose requests share their connections as long as they would make them with the same authorities, certificate and
 * key. These are read anew for each request, as before: with others, connections are others.
 *
 * Not for WebSockets: each takes its connection with it.
 */
export function keepingConnections(config: KubeConfig): KubeConfig {
    let kept: { by: string; agent: Agent } | undefined;
    const createAgent: AgentMaker["createAgent"] = (cluster, options) => {
        const given = Object.entries(options).filter(([, value]) => value !== undefined);
        const by = createHash("sha256").update(JSON.stringify(given.sort())).digest("hex");
        if (kept?.by !== by) {
            const asked = { ...options, keepAlive: true, timeout: idleMilliseconds };
            kept = { by, agent: (config as unknown as AgentMaker).createAgent(cluster, asked) };
        }
        return kept.agent;
    };
    return Object.assign(Object.create(config) as KubeConfig, { createAgent });
}

/** A connection that stayed open may be closed by the other side while a request is on its way: nothing was answered, and it is asked again. */
export async function againIfCut<T>(ask: () => Promise<T>): Promise<T> {
    try {
        return await ask();
    } catch (error) {
        if (!["ECONNRESET", "EPIPE"].includes(String((error as { code?: unknown }).code))) {
            throw error;
        }
        return ask();
    }
}
