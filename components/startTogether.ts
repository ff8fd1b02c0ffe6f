import { type MinioClusterSpec, topologyOfPools } from "./defaults";
import { apiPort, scheme } from "./endpoints";
import { type Names, poolName, serverDnsName, serviceDnsName } from "./names";
import { startFolder } from "./serverProcess";
import { lastToStart } from "./startOrder";

/**
 * How long servers that start together leave DNS alone, in seconds. A pod's name is known about a second after its container has started,
 * and whoever asks before gets, with everybody else, the answer that there is no such name for 5 s more (the `ttl` of CoreDNS's plugin
 * `kubernetes`, by which its cache goes; tried: of a restart's gap of 10 s, five).
 */
const namesSeconds = 2.5;

/** How long the last server waits for the others at most, in seconds. */
const longestWait = 20;

/** Is there when all others listened before the server started: it then reaches enough drives from its start. */
export const completeFile = "complete";

/**
 * Shell, before the server of a pool's pod starts, where none serves: all wait until their names are known. If they have been used
 * before, one starts last, once the others listen; they give access to their drives by then. It takes all requests until the others, which
 * miss some drives, have looked for them again, after 15 s (`monitorAndConnectEndpoints` in `cmd/erasure-sets.go`).
 */
export function startTogether(names: Names, spec: MinioClusterSpec, pool: number): string[] {
    const topology = topologyOfPools(spec.pools);
    if (topology === undefined || topology.servers < 2) {
        return [];
    }
    const url = (host: string) => `${scheme(spec)}://${host}:${apiPort}`;
    const ask = "curl --insecure --silent --fail-early --max-time 1 --output /dev/null";
    const last = lastToStart(topology, (server) => url(serverDnsName(names, spec, server.pool, server.ordinal)));
    return [
        `if command -v curl > /dev/null && ! ${ask} --fail ${url(serviceDnsName(names.cluster, spec))}/minio/health/live; then`,
        "    trap 'exit 0' TERM INT",
        `    sleep ${namesSeconds}`,
        ...(last?.pool === pool ? startLast(last.ordinal) : []),
        "fi",
    ];

    function startLast(ordinal: number): string[] {
        // curl asks each server of `{0,1,3}`.
        const others = spec.pools
            .map(({ replicas }, index) =>
                Array.from({ length: replicas }, (_, other) => other).filter(
                    (other) => index !== pool || other !== ordinal,
                ),
            )
            .flatMap((ordinals, index) =>
                ordinals.length > 0 ? [serverDnsName(names, spec, index, `{${ordinals}}`)] : [],
            )
            .map((host) => `"${url(host)}/minio/health/live"`);
        return [
            'used() { [ -e "$1" ]; }',
            // Whatever they answer.
            `others_listen() { ${ask} ${others.join(" --output /dev/null ")}; }`,
            `if [ "$(cat /etc/hostname)" = ${poolName(names.cluster, pool)}-${ordinal} ] && used /data*/.minio.sys/format.json; then`,
            `    end=$(($(date +%s) + ${longestWait}))`,
            `    until others_listen && : > ${startFolder}/${completeFile}; do`,
            '        [ "$(date +%s)" -lt "$end" ] || break',
            "        sleep 0.3",
            "    done",
            "fi",
        ];
    }
}
