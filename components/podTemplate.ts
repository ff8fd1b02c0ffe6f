import type * as k8s from "@pulumi/kubernetes";
import type { MinioClusterSpec } from "./args";
import { passwordKey, userKey } from "./credentials";
import { apiPort, consolePort, driveNames, serverArguments } from "./endpoints";
import type { Names } from "./names";

type PodTemplate = k8s.types.input.core.v1.PodTemplateSpec;
type Container = k8s.types.input.core.v1.Container;

/** User and group of the servers, as in MinIO's own charts. */
const minioId = 1000;

/** How long a server goes on serving after it was taken out of the Services: MinIO itself ends without draining. */
const drainSeconds = 5;

/**
 * How long a pod's network outlives its server, at most. Peers and clients that still send to it are then refused at once;
 * an address that is gone answers nothing, and they would wait for time-outs (measured: a read gap of 26 s).
 */
const lingerSeconds = 15;

/** Draining, lingering, and the 2 s in which a server ends, with room for a busy machine. */
const terminationGracePeriodSeconds = 60;

/** A scratch folder: the root file system is read-only. */
const scratch = { name: "tmp", mountPath: "/tmp" };

const containerSecurityContext = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    seccompProfile: { type: "RuntimeDefault" },
};

/** The pods of a pool: one MinIO server each, and a sidecar that keeps the pod's network while the server ends. */
export function podTemplate(names: Names, spec: MinioClusterSpec): PodTemplate {
    return {
        metadata: { labels: { ...names.labels, ...names.poolSelector } },
        spec: {
            // No part of the server talks to Kubernetes.
            automountServiceAccountToken: false,
            // A Service named minio would put MINIO_* variables into the environment, which MinIO's peers compare.
            enableServiceLinks: false,
            securityContext: {
                runAsUser: minioId,
                runAsGroup: minioId,
                fsGroup: minioId,
                // Changing the owner of every file of a large drive takes tens of minutes.
                fsGroupChangePolicy: "OnRootMismatch",
                runAsNonRoot: true,
                seccompProfile: { type: "RuntimeDefault" },
            },
            terminationGracePeriodSeconds,
            initContainers: [lingeringSidecar(spec)],
            containers: [server(names, spec)],
            volumes: [{ name: scratch.name, emptyDir: {} }],
        },
    };
}

function server(names: Names, spec: MinioClusterSpec): Container {
    const health = (path: string) => ({ path: `/minio/health/${path}`, port: "api" });
    const fromSecret = (key: string) => ({ secretKeyRef: { name: names.secret, key } });
    return {
        name: "minio",
        image: spec.image,
        args: serverArguments(names, spec),
        env: [
            { name: "MINIO_ROOT_USER", valueFrom: fromSecret(userKey) },
            { name: "MINIO_ROOT_PASSWORD", valueFrom: fromSecret(passwordKey) },
            // MinIO makes folders in its home.
            { name: "HOME", value: scratch.mountPath },
        ],
        ports: [
            { name: "api", containerPort: apiPort },
            { name: "console", containerPort: consolePort },
        ],
        resources: spec.resources,
        securityContext: containerSecurityContext,
        volumeMounts: [scratch, ...driveNames(spec.drivesPerServer).map((name) => ({ name, mountPath: `/${name}` }))],
        // Until its own name resolves, a server does not listen.
        startupProbe: { httpGet: health("live"), periodSeconds: 2, failureThreshold: 90, timeoutSeconds: 5 },
        livenessProbe: { httpGet: health("live"), periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 10 },
        // `/ready` says yes while a server waits for its peers and answers every call with an error; this does not.
        readinessProbe: { httpGet: health("cluster/read"), periodSeconds: 2, failureThreshold: 2, timeoutSeconds: 5 },
        lifecycle: { preStop: { sleep: { seconds: drainSeconds } } },
    };
}

/** A native sidecar: it starts before the server, and ends after it. */
function lingeringSidecar(spec: MinioClusterSpec): Container {
    return {
        name: "linger",
        image: spec.image,
        restartPolicy: "Always",
        // The first process of a container gets no signal that it has no handler for.
        command: ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"],
        resources: {
            requests: { cpu: "1m", memory: "8Mi" },
            limits: { cpu: "50m", memory: "32Mi" },
        },
        securityContext: containerSecurityContext,
        lifecycle: { preStop: { sleep: { seconds: lingerSeconds } } },
    };
}
