import { lastToStart } from "../minio/lastToStart";
import { apiPort } from "../minio/ports";
import { type Names, poolName, serverDnsName } from "../spec/names";
import { type MinioClusterSpec, scheme, topologyOfSpec } from "../spec/spec";
import { curl } from "./curl";
import { releaseLeftLocks } from "./leftLocks";
import { startFolder } from "./serverProcess";

/**
 * How often the others are asked, and how long is waited after each answer that did not come, in seconds.
 *
 * The first may be missed because the Service still leads to this very server, which has just crashed (tried: for more than 0.9 s,
 * and then one of four attempts). The last may not come before 2.5 s: for so long servers that start together leave DNS alone. A pod's name
 * is known about a second after its container has started, and whoever asks before gets, with everybody else, the answer that there is
 * no such name for 5 s more (the `ttl` of CoreDNS's plugin `kubernetes`, by which its cache goes; tried: of a restart's gap of 10 s, five).
 */
const questions = { most: 5, apart: 0.5 };

/** curl's status where a server has answered that it does not do it, as one with another password. */
const httpError = 22;

/** How long the last server waits for the others at most, in seconds. */
const longestWait = 20;

/** Is there when all others listened before the server started: it then reaches enough drives from its start. */
export const completeFile = "complete";

/**
 * Shell, before the server of a pool's pod starts: makes the others forget the locks that it had if it has crashed.
 *
 * Where no other serves, all have waited by then until their names are known. If they have been used before, one starts last, once
 * the others listen; they give access to their drives by then. It takes all requests until the others, which miss some drives,
 * have looked for them again, after 15 s (`monitorAndConnectEndpoints` in `cmd/erasure-sets.go`).
 */
export function beforeStart(names: Names, spec: MinioClusterSpec, pool: number): string[] {
    const topology = topologyOfSpec(spec);
    if (topology === undefined || topology.servers < 2) {
        return [];
    }
    const url = (host: string) => `${scheme(spec)}://${host}:${apiPort}`;
    const last = lastToStart(topology, (server) => url(serverDnsName(names, spec, server.pool, server.ordinal)));
    return [
        releaseLeftLocks(names, spec),
        "if command -v curl > /dev/null; then",
        "    trap 'exit 0' TERM INT",
        `    for question in ${Array.from({ length: questions.most }, (_, index) => index + 1).join(" ")}; do`,
        "        release_left_locks; answer=$?",
        "        [ $answer -ne 0 ] || break",
        `        sleep ${questions.apart}`,
        "    done",
        ...(last?.pool === pool ? startLast(last.ordinal) : []),
        "fi",
    ];

    function startLast(ordinal: number): string[] {
        const others = spec.pools.flatMap(({ replicas }, index) => {
            const ordinals = [...Array(replicas).keys()].filter((other) => index !== pool || other !== ordinal);
            // curl asks each server of `{0,1,3}`.
            const host = serverDnsName(names, spec, index, `{${ordinals}}`);
            return ordinals.length > 0 ? [`"${url(host)}/minio/health/live"`] : [];
        });
        const ask = `${curl} --fail-early --max-time 1 --output /dev/null`;
        return [
            'used() { [ -e "$1" ]; }',
            // Whatever they answer.
            `others_listen() { ${ask} ${others.join(" --output /dev/null ")}; }`,
            `if [ $answer -ne 0 ] && [ $answer -ne ${httpError} ] &&`,
            `    [ "$(cat /etc/hostname)" = ${poolName(names.cluster, pool)}-${ordinal} ] && used /data*/.minio.sys/format.json; then`,
            `    end=$(($(date +%s) + ${longestWait}))`,
            `    until others_listen && : > ${startFolder}/${completeFile}; do`,
            '        [ "$(date +%s)" -lt "$end" ] || break',
            "        sleep 0.3",
            "    done",
            "fi",
        ];
    }
}
