import type * as k8s from "@pulumi/kubernetes";
import { countsServersThatWait, type MinioClusterSpec, scheme, topologyOfSpec } from "../spec/spec";
import { readyScript } from "./scripts";

type Probes = Pick<k8s.types.input.core.v1.Container, "startupProbe" | "readinessProbe" | "livenessProbe">;

/**
 * How long a server may take to say whether objects can be read, in seconds. It asks all others, and waits up to 10 s for one that
 * is silent (`cluster_deadline` in `internal/config/api/api.go`). With less, one node that loses its power, or its network, makes
 * every server unready, and the Service leads nowhere (tried: all four servers, for as long as MinIO waits for the silent one).
 */
const readinessSeconds = 13;

/**
 * Longest start, in seconds. A server may wait for its peers to be updated, and is not to be killed for it. It waits until as many as
 * the boot quorum have followed, each in less than two minutes as a rule.
 */
const longestStart = (spec: MinioClusterSpec) => Math.max(3600, 120 * (topologyOfSpec(spec)?.bootQuorum ?? 0));

/**
 * A server is ready once it reaches all drives, and stays ready as long as objects can be read through it. MinIO's own `ready`
 * says yes while a server waits for its peers and answers every request with an error, so it must have started first.
 */
export function probes(spec: MinioClusterSpec): Probes {
    const http = (path: string) => ({
        httpGet: { path: `/minio/health/${path}`, port: "api", scheme: scheme(spec).toUpperCase() },
        timeoutSeconds: 5,
    });
    const truthful = spec.readiness === "Cluster";
    return {
        startupProbe: truthful
            ? {
                  exec: { command: ["/bin/sh", "-c", readyScript] },
                  periodSeconds: 1,
                  failureThreshold: longestStart(spec),
                  timeoutSeconds: 10,
              }
            : { ...http("live"), periodSeconds: 1, failureThreshold: longestStart(spec) },
        readinessProbe: {
            ...http(truthful && countsServersThatWait(spec) ? "cluster/read" : "ready"),
            timeoutSeconds: readinessSeconds,
            periodSeconds: 2,
            failureThreshold: 2,
        },
        livenessProbe: { ...http("live"), periodSeconds: 10, failureThreshold: 6 },
    };
}
