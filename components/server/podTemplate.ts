import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { element } from "../basics/element";
import { apiPort, consolePort } from "../minio/ports";
import type { ExtraContainer } from "../spec/args";
import { credentialsAnnotation, labelsOf, valuesAnnotation, zoneLabel } from "../spec/labels";
import { driveNames, type Names, poolSelector } from "../spec/names";
import { passwordKey, userKey } from "../spec/rootCredentials";
import type { MinioClusterSpec } from "../spec/spec";
import { certificatesFolder, certificateVolumes } from "./certificateFiles";
import { environmentOf, referencedVariables } from "./environment";
import { parameterVariables, scratchFolder } from "./parameters";
import { probes } from "./probes";
import { startScript, stopScript } from "./scripts";
import { serverArguments } from "./serverArguments";

export type PodTemplate = k8s.types.input.core.v1.PodTemplateSpec;

type Container = k8s.types.input.core.v1.Container;

type TopologySpreadConstraint = k8s.types.input.core.v1.TopologySpreadConstraint;

/** Name of the container that runs the server. */
export const serverName = "minio";

/** User and group of the servers, as in MinIO's own charts. */
export const minioId = 1000;

/** Of a server that drains and lingers (stop.sh), with room for a busy machine. */
const terminationGracePeriodSeconds = 60;

const scratch = { name: "tmp", mountPath: scratchFolder };

const containerSecurityContext = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    seccompProfile: { type: "RuntimeDefault" },
};

/** The pods of a pool: one MinIO server each. */
export function podTemplate(names: Names, spec: MinioClusterSpec, pool: number): PodTemplate {
    const selector = poolSelector(names, pool);
    const { nodeSelector, tolerations } = element(spec.pools, pool);
    return {
        metadata: {
            labels: { ...labelsOf(names, spec), ...selector },
            annotations: {
                ...spec.annotations,
                [credentialsAnnotation]: credentialsRevision(names, spec),
                ...valuesAnnotationOf(spec),
            },
        },
        spec: {
            // No part of the server talks to Kubernetes.
            automountServiceAccountToken: false,
            // A Service named minio would put MINIO_* variables into the environment, which MinIO's peers compare.
            enableServiceLinks: false,
            imagePullSecrets: spec.imagePullSecrets,
            securityContext: podSecurityContext(spec),
            terminationGracePeriodSeconds,
            nodeSelector: nodeSelector ?? spec.nodeSelector,
            tolerations: tolerations ?? spec.tolerations,
            affinity: spec.affinity,
            topologySpreadConstraints: spreadOf(spec, selector),
            priorityClassName: spec.priorityClassName,
            containers: [server(names, spec, pool), ...(spec.extraContainers ?? []).map(hardened)],
            volumes: [
                { name: scratch.name, emptyDir: {} },
                ...certificateVolumes(names, spec),
                ...(spec.extraVolumes ?? []),
            ],
        },
    };
}

/** Null leaves out an id, for a Kubernetes cluster that gives ids itself; a pod's confinement stays as by default. */
function podSecurityContext(spec: MinioClusterSpec) {
    const ids = {
        runAsUser: minioId,
        runAsGroup: minioId,
        fsGroup: minioId,
        // Changing the owner of every file of a large drive takes tens of minutes.
        fsGroupChangePolicy: "OnRootMismatch",
    };
    const confinement = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
    const entries = Object.entries(spec.podSecurityContext ?? {}).filter(([, value]) => value !== undefined);
    const leftOut = entries.filter(([, value]) => value === null).map(([name]) => name);
    return {
        ...Object.fromEntries(Object.entries(ids).filter(([name]) => !leftOut.includes(name))),
        ...confinement,
        ...Object.fromEntries(entries.filter(([, value]) => value !== null)),
    };
}

/** The Secret with the root credentials. */
export function credentialsSecretName(names: Names, spec: MinioClusterSpec): string {
    return spec.existingSecretName ?? names.secret;
}

/** It stands for the root credentials in the annotation of the pods. */
export function credentialsRevision(names: Names, spec: MinioClusterSpec): string {
    const of = spec.existingSecretName === undefined ? spec.rootUser : credentialsSecretName(names, spec);
    return `${of}/${spec.credentialsRevision}`;
}

/** Kubernetes does not restart a pod for another value in a Secret, but for another annotation. */
function valuesAnnotationOf({ digests = {} }: Pick<MinioClusterSpec, "digests">): Record<string, string> {
    const sorted = Object.entries(digests).sort(([one], [other]) => (one < other ? -1 : 1));
    return sorted.length > 0 ? { [valuesAnnotation]: JSON.stringify(Object.fromEntries(sorted)) } : {};
}

/** Over nodes and zones as evenly as possible; never so that a pod stays without a node. */
function spreadOf(spec: MinioClusterSpec, selector: Record<string, string>): TopologySpreadConstraint[] {
    const evenly = (topologyKey: string) => ({ maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway" });
    const constraints: TopologySpreadConstraint[] = spec.topologySpreadConstraints ?? [
        evenly("kubernetes.io/hostname"),
        evenly(zoneLabel),
    ];
    return constraints.map((constraint) => ({ labelSelector: { matchLabels: selector }, ...constraint }));
}

/** A container of the user's, as the Pod Security Standard `restricted` wants it. It may write to its root file system. */
function hardened({ securityContext, ...container }: pulumi.Unwrap<ExtraContainer>): Container {
    const { allowPrivilegeEscalation, capabilities } = containerSecurityContext;
    return {
        ...container,
        securityContext: {
            ...securityContext,
            allowPrivilegeEscalation,
            capabilities: { ...securityContext?.capabilities, ...capabilities },
        },
    };
}

function server(names: Names, spec: MinioClusterSpec, pool: number): Container {
    const fromSecret = (key: string) => ({ secretKeyRef: { name: credentialsSecretName(names, spec), key } });
    const { drivesPerServer, resources } = element(spec.pools, pool);
    return {
        name: serverName,
        image: spec.image,
        imagePullPolicy: spec.imagePullPolicy,
        command: ["/bin/sh", "-c", startScript, "start"],
        args: serverArguments(names, spec),
        env: [
            { name: "MINIO_ROOT_USER", valueFrom: fromSecret(userKey) },
            { name: "MINIO_ROOT_PASSWORD", valueFrom: fromSecret(passwordKey) },
            // MinIO makes folders in its home.
            { name: "HOME", value: scratch.mountPath },
            ...Object.entries(environmentOf(names, spec)).map(([name, value]) => ({ name, value })),
            ...referencedVariables(names, spec),
            ...parameterVariables(names, spec),
        ],
        ports: [
            { name: "api", containerPort: apiPort },
            { name: "console", containerPort: consolePort },
        ],
        resources: resources ?? spec.resources,
        securityContext: containerSecurityContext,
        volumeMounts: [
            scratch,
            ...driveNames(drivesPerServer).map((name) => ({
                name,
                mountPath: `/${name}`,
                subPath: spec.driveSubPath,
            })),
            ...certificateVolumes(names, spec).map(({ name }) => ({
                name,
                mountPath: certificatesFolder,
                readOnly: true,
            })),
            ...(spec.extraVolumeMounts ?? []),
        ],
        ...probes(spec),
        lifecycle: { preStop: { exec: { command: ["/bin/sh", "-c", stopScript] } } },
    };
}

/** The zone that a pod is in, by its label; or is bound to, where Kubernetes sets none. Undefined: not known. */
export function zoneOf({ metadata, spec }: V1Pod): string | undefined {
    return metadata?.labels?.[zoneLabel] ?? spec?.nodeSelector?.[zoneLabel];
}

/** How Kubernetes says that the server in a pod is; undefined where it has not begun. */
export function serverStatus(pod: V1Pod | undefined): V1ContainerStatus | undefined {
    return pod?.status?.containerStatuses?.find(({ name }) => name === serverName);
}

/** The MinIO server among the containers of a pod template whose values are known. */
export function serverContainer(template: PodTemplate): pulumi.Unwrap<Partial<Container>> {
    const { containers } = (template as pulumi.Unwrap<PodTemplate>).spec ?? { containers: [] };
    return containers.find(({ name }) => name === serverName) ?? {};
}
