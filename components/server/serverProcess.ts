import { apiPort } from "../minio/ports";
import type { Names } from "../spec/names";
import { countsServersThatWait, type MinioClusterSpec, scheme } from "../spec/spec";
import { curl } from "./curl";
import { releaseLeftLocks } from "./leftLocks";

/** A scratch folder of each pod: the root file system is read-only. */
export const scratchFolder = "/tmp";

/** Of one start of the server: made anew with each, and read by the scripts of the probes and of the end. */
export const startFolder = `${scratchFolder}/start`;

/** Has the id of the server's process. */
const processFile = `${startFolder}/server`;

/** Is there when the server was ended on purpose, and the container is to stay for a while. */
const endingFile = `${startFolder}/ending`;

/** What curl needs to thaw the cluster, in each pod while it is frozen: see snapshots/freeze.ts. */
export const thawFile = `${scratchFolder}/thaw`;

/** What is written to it stands in the pod's status when the container has ended: Kubernetes' default. */
export const terminationLog = "/dev/termination-log";

/** How long a server goes on serving after it was taken out of the Services, in seconds. */
const drainSeconds = 5;

/** How often a server is asked in a second whether requests are under way, and how often at most: those that stay must not keep it. */
const questions = { perSecond: 200, most: 1000 };

/**
 * How many answers in a row must say that none is: a request gives its lock back some milliseconds after its answer (`Unlock` in
 * `internal/dsync/drwmutex.go`).
 */
const calmAnswers = 3;

/**
 * How long a pod's network outlives its server, in seconds. Peers and clients that still send to it are then refused at once; an
 * address that is gone answers nothing, and they would wait for time-outs (measured: a read gap of 26 s).
 */
const lingerSeconds = 3;

/** Draining and lingering, with room for a busy machine. */
export const terminationGracePeriodSeconds = 60;

/** A request with this header is answered at once, with the number of those under way (`maxClients` in `cmd/handler-api.go`). */
export const passingHeader = { name: "X-Amz-Meta-Minio-Object-Perf", value: "true" };

/** What a server's container says as it ends where its image has neither server; Kubernetes shows it in the pod's status. */
export const lacksServer = "this image has neither the program minio nor silo";

/** The first line of a server's log where its image has no curl. */
export const lacksCurl = "this image has no curl: servers start and end without regard to requests";

/**
 * The first process of the server's container. It outlives a server that is ended by `endScript`; any other end, and a signal, it
 * passes on.
 *
 * A container ends with its first process, and the pod's network soon after. And what is ended while Kubernetes is about to end it
 * itself may confuse the container runtime (tried with containerd 1.6: every tenth pod stayed for the whole grace period).
 *
 * @param before what it does before it starts the server
 */
export const serverCommand = (before: string[] = []): string[] => [
    "/bin/sh",
    "-c",
    [
        `rm -rf ${startFolder} && mkdir ${startFolder} || exit 1`,
        "program=$(command -v minio || command -v silo) || {",
        `    echo "${lacksServer}" > ${terminationLog}`,
        `    echo "${lacksServer}" >&2`,
        "    exit 127",
        "}",
        `command -v curl > /dev/null || echo "${lacksCurl}" >&2`,
        ...before,
        '"$program" "$@" &',
        "server=$!",
        `echo "$server" > ${processFile}`,
        "asked=",
        "trap 'asked=1; kill -TERM \"$server\"' TERM INT",
        // Waiting ends with a signal, too.
        'while wait "$server"; status=$?; kill -0 "$server" 2> /dev/null; do :; done',
        `[ -e ${endingFile} ] || exit "$status"`,
        "trap 'exit 0' TERM INT",
        '[ -z "$asked" ] || exit 0',
        `sleep ${terminationGracePeriodSeconds} &`,
        "wait $!",
    ].join("\n"),
    "start",
];

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
 * Where no object can be read any more, as when all restart together, it ends without delay: there is nothing to drain.
 *
 * Where a snapshot has the cluster frozen, it is thawed first: nobody would hear of the end of a server that holds all requests.
 *
 * A MinIO before 2024 does not tell what is under way, nor does an image without curl find out: the server then ends when the time
 * is over.
 */
export function endScript(names: Names, spec: MinioClusterSpec): string {
    const own = `${scheme(spec)}://127.0.0.1:${apiPort}`;
    const readable = `${curl} --fail --max-time 1 --output /dev/null ${own}/minio/health/cluster/read`;
    // One curl asks over one connection, and its stderr is not buffered: the answer is known within a millisecond.
    const ask = [
        `${curl} --fail-early --max-time 1 --output /dev/null`,
        `--rate ${questions.perSecond}/s`,
        `--header "${passingHeader.name}: ${passingHeader.value}"`,
        '--write-out "%{stderr}%header{x-ratelimit-limit} %header{x-ratelimit-remaining}\\n"',
        `"${own}/?[1-${questions.most}]"`,
    ].join(" ");
    return [
        releaseLeftLocks(names, spec),
        `[ ! -e ${thawFile} ] || curl --config ${thawFile}`,
        // One answer may be late.
        countsServersThatWait(spec)
            ? `in_vain() { command -v curl > /dev/null && ! ${readable} && ! ${readable}; }`
            : "in_vain() { false; }",
        `end() { : > ${endingFile}; kill -KILL "$(cat ${processFile})"; }`,
        "drained=0",
        `while [ $drained -lt ${drainSeconds} ] && ! in_vain; do sleep 1; drained=$((drained + 1)); done`,
        "if in_vain; then end; exit; fi",
        `${ask} 2>&1 | {`,
        "    calm=0",
        `    while [ $calm -lt ${calmAnswers} ] && read -r limit remaining; do`,
        '        [ "$limit" = "$remaining" ] && calm=$((calm + 1)) || calm=0',
        "    done",
        "    end",
        "}",
        "release_left_locks",
        `sleep ${lingerSeconds}`,
    ].join("\n");
}
