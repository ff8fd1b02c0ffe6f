import type { MinioClusterSpec } from "./defaults";
import { apiPort, scheme } from "./endpoints";

/** How long a server goes on serving after it was taken out of the Services, in seconds. */
const drainSeconds = 5;

/** How often it is asked at most whether requests are under way: some seconds, as those that stay must not keep it for ever. */
const mostQuestions = 100;

/** A request with this header is answered at once, with the number of those under way (`maxClients` in `cmd/handler-api.go`). */
export const passingHeader = { name: "X-Amz-Meta-Minio-Object-Perf", value: "true" };

/**
 * Ends a server at a moment at which no request is under way on it, if there is one.
 *
 * MinIO itself ends without draining (`handleSignals` in `cmd/signals.go`), and clients keep their connections to a server that was
 * taken out of the Services. A write that is cut while it is committed leaves its lock with the other servers for a minute
 * (`lockValidityDuration` in `cmd/lock-rest-server.go`), and the same write, tried again, waits for it (tried: 60 to 70 s, or a
 * time-out). Kubelet's own signal comes some time after this script, so it sends one itself. It is no cure: MinIO takes requests
 * for another tenth of a second, while it saves what it has to heal, and a write that begins then may be cut too (tried: 2 in 12
 * restarts). A MinIO before 2024 does not tell what is under way, nor does an image without curl find out: the server then ends
 * when the time is over.
 */
export function drainScript(spec: MinioClusterSpec): string {
    const ask = [
        "curl --insecure --silent --max-time 1 --output /dev/null",
        `--header "${passingHeader.name}: ${passingHeader.value}"`,
        '--write-out "%header{x-ratelimit-limit} %header{x-ratelimit-remaining}"',
        `${scheme(spec)}://127.0.0.1:${apiPort}/`,
    ].join(" ");
    return [
        `sleep ${drainSeconds}`,
        "command -v curl > /dev/null || exit 0",
        "asked=0",
        `while set -- $(${ask}); [ "$1" != "$2" ] && [ $asked -lt ${mostQuestions} ]; do asked=$((asked + 1)); done`,
        "kill -TERM 1",
    ].join("\n");
}
