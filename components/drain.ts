import type { MinioClusterSpec } from "./defaults";
import { apiPort, scheme } from "./endpoints";

/** How long a server goes on serving after it was taken out of the Services, in seconds. */
const drainSeconds = 5;

/** How often a server is asked in a second whether requests are under way, and how often at most: those that stay must not keep it. */
const questions = { perSecond: 200, most: 1000 };

/**
 * How many answers in a row must say that none is: a request gives its lock back some milliseconds after its answer (`Unlock` in
 * `internal/dsync/drwmutex.go`).
 */
const calmAnswers = 3;

/** A request with this header is answered at once, with the number of those under way (`maxClients` in `cmd/handler-api.go`). */
export const passingHeader = { name: "X-Amz-Meta-Minio-Object-Perf", value: "true" };

/** Shell: prints the id of the server's process. The containers of a pod see each other's processes (`shareProcessNamespace`). */
export const serverProcess = [
    "server() (",
    "    cd /proc/",
    "    for id in [0-9]*; do",
    '        { read -r name < "$id/comm"; } 2> /dev/null && [ "$name" = minio ] && echo "$id" && break',
    "    done",
    ")",
].join("\n");

/**
 * Ends a server at a moment at which no request is under way on it, if there is one, and in that moment.
 *
 * Clients keep their connections to a server that was taken out of the Services, and MinIO does not drain: a signal to end makes it
 * cancel the requests that are under way (`handleSignals` in `cmd/signals.go`), but only when it has saved what it has to heal, and
 * for that tenth of a second it takes more. What is cut there costs more than a connection that breaks. It is answered with 499,
 * which SDKs do not try again; and a write that is cut while it is committed leaves its lock with the other servers for a minute
 * (`lockValidityDuration` in `cmd/lock-rest-server.go`), for which the same write, tried again, waits (tried: 60 to 70 s, or a
 * time-out, in 1 of 20 restarts). So it gets the signal that ends it at once. What was acknowledged is on the drives either way.
 * What it had to heal is left to the scanner and to reads, as is most of it otherwise: MinIO tries each object once, a second later.
 *
 * A MinIO before 2024 does not tell what is under way, nor does an image without curl find out: the server then ends when the time
 * is over.
 */
export function drainScript(spec: MinioClusterSpec): string {
    // One curl asks over one connection, and its stderr is not buffered: the answer is known within a millisecond.
    const ask = [
        "curl --insecure --silent --fail-early --max-time 1 --output /dev/null",
        `--rate ${questions.perSecond}/s`,
        `--header "${passingHeader.name}: ${passingHeader.value}"`,
        '--write-out "%{stderr}%header{x-ratelimit-limit} %header{x-ratelimit-remaining}\\n"',
        `"${scheme(spec)}://127.0.0.1:${apiPort}/?[1-${questions.most}]"`,
    ].join(" ");
    return [
        serverProcess,
        `sleep ${drainSeconds}`,
        "process=$(server)",
        // A server of another name ends by the signal that Kubernetes sends afterwards.
        '[ -n "$process" ] || exit 0',
        `${ask} 2>&1 | {`,
        "    calm=0",
        `    while [ $calm -lt ${calmAnswers} ] && read -r limit remaining; do`,
        '        [ "$limit" = "$remaining" ] && calm=$((calm + 1)) || calm=0',
        "    done",
        '    kill -KILL "$process"',
        "}",
    ].join("\n");
}
