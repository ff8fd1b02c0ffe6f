import { type MinioClusterSpec, topologyOfPools } from "./defaults";
import { apiPort, scheme } from "./endpoints";
import { type Names, poolName, serverDnsName, serviceDnsName } from "./names";
import { startFolder } from "./serverProcess";

/** How long the first server waits for the others at most, in seconds. */
const longestWait = 20;

/** Is there when all others were up before the server started: it then reaches all drives from its start. */
export const completeFile = "complete";

/**
 * Shell, before the server of a pool's pod starts: where all servers restart together, the first one starts last, once the others
 * are up. Servers that start at about the same time miss each other's drives, and look for them again only after 15 s
 * (`monitorAndConnectEndpoints` in `cmd/erasure-sets.go`); the last one misses none, and takes all requests until the others have
 * looked (measured: a gap of 15 s instead of 27).
 *
 * Not on the first start of a cluster, nor while others serve; nor where the others need the first one to start.
 */
export function waitForOthers(names: Names, spec: MinioClusterSpec, pool: number): string[] {
    const servers = topologyOfPools(spec.pools)?.servers ?? 0;
    if (pool !== 0 || servers < 4) {
        return [];
    }
    const live = (host: string) => `${scheme(spec)}://${host}:${apiPort}/minio/health/live`;
    // One that waits for its peers answers with X-Minio-Server-Status: offline.
    const ask =
        'curl --insecure --silent --fail --fail-early --max-time 1 --write-out "%header{x-minio-server-status}" --output /dev/null';
    // curl asks each server of `[0-3]`.
    const others = spec.pools
        .map(({ replicas }, index) => ({ first: index === 0 ? 1 : 0, last: replicas - 1, index }))
        .filter(({ first, last }) => first <= last)
        .map(({ first, last, index }) => live(serverDnsName(names, spec, index, `[${first}-${last}]`)))
        .map((url) => `"${url}"`);
    const service = live(serviceDnsName(names.cluster, spec));
    return [
        'used() { command -v curl > /dev/null && [ -e "$1" ]; }',
        `others_are_up() { status=$(${ask} ${others.join(" --output /dev/null ")}) && [ -z "$status" ]; }`,
        `if [ "$(cat /etc/hostname)" = ${poolName(names.cluster, 0)}-0 ] && used /data*/.minio.sys/format.json &&`,
        `    ! ${ask} ${service}; then`,
        "    trap 'exit 0' TERM INT",
        `    end=$(($(date +%s) + ${longestWait}))`,
        "    until others_are_up; do",
        '        [ "$(date +%s)" -lt "$end" ] || break',
        "        sleep 0.3",
        "    done",
        `    others_are_up && : > ${startFolder}/${completeFile}`,
        "fi",
    ];
}
