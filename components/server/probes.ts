import type * as k8s from "@pulumi/kubernetes";
import { apiPort } from "../minio/ports";
import { type Names, serviceDnsName } from "../spec/names";
import { countsServersThatWait, type MinioClusterSpec, scheme } from "../spec/spec";
import { completeFile } from "./beforeStart";
import { curl } from "./curl";
import { startFolder } from "./serverProcess";

type Probes = Pick<k8s.types.input.core.v1.Container, "startupProbe" | "readinessProbe" | "livenessProbe">;

/**
 * How long a server that has found its peers gets no requests yet, in seconds.
 *
 * It starts with the drives that it reaches at that moment, and looks for the others only after 15 s
 * (`monitorAndConnectEndpoints` in `cmd/erasure-sets.go`); its health endpoints do not tell. Its own drive lacks what was
 * written while it was away, and with one other drive it answers that there is no such object (tried: 19 reads of 1,985).
 */
const settleSeconds = 17;

/**
 * How long a server may take to say whether objects can be read, in seconds. It asks all others, and waits up to 10 s for one that
 * is silent (`cluster_deadline` in `internal/config/api/api.go`). With less, one node that loses its power, or its network, makes
 * every server unready, and the Service leads nowhere (tried: all four servers, for as long as MinIO waits for the silent one).
 */
const readinessSeconds = 13;

/** Longest start, in seconds: a server may wait for others to be updated, and is not to be killed for it. */
const longestStart = 3600;

/**
 * A server is ready once it reaches all drives, and stays ready as long as objects can be read through it. MinIO's own `ready`
 * says yes while a server waits for its peers and answers every request with an error, so it must have started first.
 */
export function probes(names: Names, spec: MinioClusterSpec): Probes {
    const http = (path: string) => ({
        httpGet: { path: `/minio/health/${path}`, port: "api", scheme: scheme(spec).toUpperCase() },
        timeoutSeconds: 5,
    });
    const truthful = spec.readiness === "Cluster";
    return {
        startupProbe: truthful
            ? {
                  exec: { command: ["/bin/sh", "-c", startupScript(names, spec)] },
                  periodSeconds: 1,
                  failureThreshold: longestStart,
                  timeoutSeconds: 10,
              }
            : { ...http("live"), periodSeconds: 1, failureThreshold: longestStart },
        readinessProbe: {
            ...http(truthful && countsServersThatWait(spec) ? "cluster/read" : "ready"),
            timeoutSeconds: readinessSeconds,
            periodSeconds: 2,
            failureThreshold: 2,
        },
        livenessProbe: { ...http("live"), periodSeconds: 10, failureThreshold: 6 },
    };
}

/**
 * Succeeds once the server may get requests. It need not settle on the first start of a cluster: nothing was written yet, and MinIO
 * formats its drives only when it reaches them all. It must when all servers restart together, too: as they do not start in the same
 * instant, each misses some drives, and answers that objects do not exist which do (tried: 8 reads of 866, and 300 writes refused).
 *
 * The one that starts last then need not, as it reaches enough of the others' drives by itself, started or not: see lastToStart.ts. It
 * waits until objects can be written, not until all have started (`maintenance=true`; tried: one of 15 times, one takes 7 s longer).
 *
 * What it finds is kept in the folder of this start. An image without curl does not settle.
 */
function startupScript(names: Names, spec: MinioClusterSpec): string {
    const url = (host: string, path: string) => `${scheme(spec)}://${host}:${apiPort}/minio/health/${path}`;
    const others = serviceDnsName(names.cluster, spec);
    return [
        "command -v curl > /dev/null || exit 0",
        `ask() { ${curl} --fail --max-time 2 --include "$1"; }`,
        `others_serve() { ask ${url(others, "live")} > /dev/null; }`,
        `cd ${startFolder} && [ -e server ] || exit 1`,
        // A drive that was formatted before this start has been used before.
        'was_used() { [ -e "$1" ] && [ "$1" -ot server ]; }',
        "[ -e looked ] || { { was_used /data*/.minio.sys/format.json || others_serve; } && : > settle; : > looked; }",
        `[ -e settle ] || { ask ${url("127.0.0.1", "cluster")} > /dev/null; exit; }`,
        // A server that waits for its peers answers with X-Minio-Server-Status: offline.
        `case "$(ask ${url("127.0.0.1", "live")})" in *offline* | "") exit 1 ;; esac`,
        "[ -e started ] || date +%s > started",
        `[ -e ${completeFile} ] && ask ${url("127.0.0.1", "cluster")} > /dev/null && exit 0`,
        `[ $(($(date +%s) - $(cat started))) -ge ${settleSeconds} ]`,
    ].join("\n");
}
