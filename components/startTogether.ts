import { type MinioClusterSpec, topologyOfPools } from "./defaults";
import { apiPort, scheme } from "./endpoints";
import { type Names, poolName, serverDnsName, serviceDnsName } from "./names";
import { startFolder } from "./serverProcess";

/** How long the first server waits for the others at most, in seconds. */
const longestWait = 20;

/** Is there when all others listened before the server started: it then reaches all drives from its start. */
export const completeFile = "complete";

/**
 * Shell, before the server of a pool's pod starts: where all servers restart together, the first one starts last, once the others
 * listen. Servers that start at about the same time miss each other's drives. With fewer than a quorum they try again after up to 5 s
 * (`newErasureServerPools` in `cmd/erasure-server-pool.go`), with more they serve, and look for the rest only after 15 s
 * (`monitorAndConnectEndpoints` in `cmd/erasure-sets.go`). The last one misses none, as a server gives access to its drives as soon
 * as it listens; and it takes all requests until the others have looked.
 *
 * Not on the first start of a cluster, nor while others serve; nor where the others need the first one to start.
 */
export function waitForOthers(names: Names, spec: MinioClusterSpec, pool: number): string[] {
    const servers = topologyOfPools(spec.pools)?.servers ?? 0;
    if (pool !== 0 || servers < 4) {
        return [];
    }
    const live = (host: string) => `${scheme(spec)}://${host}:${apiPort}/minio/health/live`;
    const ask = "curl --insecure --silent --fail-early --max-time 1 --output /dev/null";
    // curl asks each server of `[0-3]`.
    const others = spec.pools
        .map(({ replicas }, index) => ({ first: index === 0 ? 1 : 0, last: replicas - 1, index }))
        .filter(({ first, last }) => first <= last)
        .map(({ first, last, index }) => live(serverDnsName(names, spec, index, `[${first}-${last}]`)))
        .map((url) => `"${url}"`);
    const service = live(serviceDnsName(names.cluster, spec));
    return [
        'used() { command -v curl > /dev/null && [ -e "$1" ]; }',
        // Whatever they answer.
        `others_listen() { ${ask} ${others.join(" --output /dev/null ")}; }`,
        `if [ "$(cat /etc/hostname)" = ${poolName(names.cluster, 0)}-0 ] && used /data*/.minio.sys/format.json &&`,
        `    ! ${ask} --fail ${service}; then`,
        "    trap 'exit 0' TERM INT",
        `    end=$(($(date +%s) + ${longestWait}))`,
        `    until others_listen && : > ${startFolder}/${completeFile}; do`,
        '        [ "$(date +%s)" -lt "$end" ] || break',
        "        sleep 0.3",
        "    done",
        "fi",
    ];
}
