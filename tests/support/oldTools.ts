/**
 * Objects as other tools make them, written after their source: Bitnami's chart (17.0), MinIO's operator (7.1) and a
 * StatefulSet by hand. Their servers run an image of MinIO's own, by which a command stands in for Bitnami's entry
 * point, and an init container for the operator's sidecar.
 */

export interface OldCluster {
    namespace: string;
    /** Release, tenant or StatefulSet. */
    name: string;
    image: string;
    root: { user: string; password: string };
    /** Default: 4. */
    servers?: number;
    /** Of each server. Default: 1. */
    drives?: number;
    /** Default: 1. */
    pools?: number;
}

const resources = { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "1", memory: "1Gi" } };

const count = (number: number) => Array.from({ length: number }, (_, index) => index);

const template = (name: string, labels: object = {}) => ({
    metadata: { name, labels },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
});

const service = (namespace: string, name: string, selector: object, ports: object[], headless = false) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { selector, ports, ...(headless && { clusterIP: "None", publishNotReadyAddresses: true }) },
});

/** `templates/distributed/statefulset.yaml`, `service.yaml` and `secrets.yaml`. Its zones are the pools. */
export function bitnamiObjects({
    namespace,
    name,
    image,
    root,
    servers = 4,
    drives = 1,
    pools: zones = 1,
}: OldCluster) {
    const fullname = name.includes("minio") ? name : `${name}-minio`;
    const matchLabels = { "app.kubernetes.io/instance": name, "app.kubernetes.io/name": "minio" };
    const labels = {
        ...matchLabels,
        "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/version": "2025.7.23",
        "helm.sh/chart": "minio-17.0.21",
    };
    const mountPath = "/bitnami/minio/data";
    const volumes = drives > 1 ? count(drives).map((drive) => `data-${drive}`) : ["data"];
    const path = drives > 1 ? `${mountPath}-{0...${drives - 1}}` : mountPath;
    const nodes = count(zones).map(
        (zone) =>
            `${fullname}-{${zone * servers}...${(zone + 1) * servers - 1}}.${fullname}-headless.${namespace}.svc.cluster.local:9000${path}`,
    );
    const fromSecret = (key: string) => ({ valueFrom: { secretKeyRef: { name: fullname, key } } });
    const ports = [
        { name: "minio-api", port: 9000, targetPort: "minio-api" },
        { name: "minio-console", port: 9001, targetPort: "minio-console" },
    ];
    return [
        {
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: fullname, namespace, labels },
            stringData: { "root-user": root.user, "root-password": root.password },
        },
        service(namespace, `${fullname}-headless`, matchLabels, ports, true),
        service(namespace, fullname, matchLabels, ports),
        {
            apiVersion: "apps/v1",
            kind: "StatefulSet",
            metadata: { name: fullname, namespace, labels },
            spec: {
                serviceName: `${fullname}-headless`,
                replicas: zones * servers,
                podManagementPolicy: "Parallel",
                selector: { matchLabels },
                template: {
                    metadata: { labels },
                    spec: {
                        securityContext: { fsGroup: 1001, fsGroupChangePolicy: "OnRootMismatch" },
                        containers: [
                            {
                                name: "minio",
                                image,
                                command: ["/bin/sh", "-c"],
                                args: [
                                    'IFS=,; for node in $MINIO_DISTRIBUTED_NODES; do set -- "$@" "$MINIO_SCHEME://$node"; done; ' +
                                        'exec minio server --address :9000 --console-address :9001 "$@"',
                                ],
                                securityContext: {
                                    runAsUser: 1001,
                                    runAsGroup: 1001,
                                    runAsNonRoot: true,
                                    allowPrivilegeEscalation: false,
                                    capabilities: { drop: ["ALL"] },
                                    seccompProfile: { type: "RuntimeDefault" },
                                },
                                env: [
                                    { name: "BITNAMI_DEBUG", value: "false" },
                                    { name: "HOME", value: "/tmp" },
                                    { name: "MINIO_DISTRIBUTED_MODE_ENABLED", value: "yes" },
                                    { name: "MINIO_DISTRIBUTED_NODES", value: nodes.join(",") },
                                    { name: "MINIO_SCHEME", value: "http" },
                                    { name: "MINIO_FORCE_NEW_KEYS", value: "no" },
                                    { name: "MINIO_ROOT_USER", ...fromSecret("root-user") },
                                    { name: "MINIO_ROOT_PASSWORD", ...fromSecret("root-password") },
                                    { name: "MINIO_SKIP_CLIENT", value: "yes" },
                                    { name: "MINIO_BROWSER", value: "on" },
                                    { name: "MINIO_PROMETHEUS_AUTH_TYPE", value: "public" },
                                ],
                                ports: [
                                    { name: "minio-api", containerPort: 9000 },
                                    { name: "minio-console", containerPort: 9001 },
                                ],
                                readinessProbe: { httpGet: { path: "/minio/health/cluster", port: "minio-api" } },
                                resources,
                                volumeMounts: volumes.map((volume) => ({
                                    name: volume,
                                    mountPath: volume === "data" ? mountPath : volume.replace("data", mountPath),
                                })),
                            },
                        ],
                    },
                },
                volumeClaimTemplates: volumes.map((volume) => template(volume, matchLabels)),
            },
        },
    ];
}

/** `NewPool` in `pkg/resources/statefulsets/minio-statefulset.go`, and the values of `helm/tenant`. Without TLS. */
export function operatorObjects({ namespace, name, image, root, servers = 4, drives = 1, pools = 1 }: OldCluster) {
    const poolNames = count(pools).map((pool) => `pool-${pool}`);
    const tenant = {
        apiVersion: "minio.min.io/v2",
        kind: "Tenant",
        metadata: { name, namespace },
        spec: {
            image,
            configuration: { name: `${name}-env-configuration` },
            mountPath: "/export",
            subPath: "/data",
            requestAutoCert: false,
            pools: poolNames.map((pool) => ({ name: pool, servers, volumesPerServer: drives })),
        },
    };
    const matchLabels = { "v1.min.io/tenant": name };
    const path = `/export${drives > 1 ? `{0...${drives - 1}}` : ""}/data`;
    const args = poolNames.map(
        (pool) => `http://${name}-${pool}-{0...${servers - 1}}.${name}-hl.${namespace}.svc.cluster.local${path}`,
    );
    const volumes = count(drives).map((drive) => `data${drive}`);
    const statefulSets = poolNames.map((pool) => {
        const labels = { ...matchLabels, "v1.min.io/pool": pool };
        return {
            apiVersion: "apps/v1",
            kind: "StatefulSet",
            metadata: { name: `${name}-${pool}`, namespace, labels },
            spec: {
                serviceName: `${name}-hl`,
                replicas: servers,
                podManagementPolicy: "Parallel",
                selector: { matchLabels: labels },
                template: {
                    metadata: { labels },
                    spec: {
                        securityContext: {
                            runAsUser: 1000,
                            runAsGroup: 1000,
                            fsGroup: 1000,
                            fsGroupChangePolicy: "OnRootMismatch",
                            runAsNonRoot: true,
                        },
                        initContainers: [
                            {
                                name: "validate-arguments",
                                image,
                                command: ["/bin/sh", "-c"],
                                args: [
                                    'cat /tmp/minio-config/config.env > /tmp/minio/config.env; echo "export MINIO_ARGS=\\"$ARGS\\"" >> ' +
                                        "/tmp/minio/config.env",
                                ],
                                env: [{ name: "ARGS", value: args.join(" ") }],
                                volumeMounts: [
                                    { name: "cfg-vol", mountPath: "/tmp/minio/" },
                                    { name: "configuration", mountPath: "/tmp/minio-config" },
                                ],
                            },
                        ],
                        containers: [
                            {
                                name: "minio",
                                image,
                                command: ["minio"],
                                args: [
                                    ...["server", "--certs-dir", "/tmp/certs"],
                                    ...["--console-address", ":9090", "--address", ":9000"],
                                ],
                                env: [
                                    { name: "HOME", value: "/tmp" },
                                    { name: "MINIO_CONFIG_ENV_FILE", value: "/tmp/minio/config.env" },
                                    { name: "MINIO_OPERATOR_VERSION", value: "v7.1.1" },
                                    { name: "MINIO_PROMETHEUS_JOB_ID", value: "minio-job" },
                                    {
                                        name: "MINIO_SERVER_URL",
                                        value: `http://minio.${namespace}.svc.cluster.local:80`,
                                    },
                                    { name: "MINIO_UPDATE", value: "on" },
                                ],
                                ports: [
                                    { name: "http-minio", containerPort: 9000 },
                                    { name: "http-console", containerPort: 9090 },
                                ],
                                readinessProbe: { httpGet: { path: "/minio/health/cluster", port: 9000 } },
                                resources,
                                volumeMounts: [
                                    { name: "cfg-vol", mountPath: "/tmp/minio/" },
                                    ...volumes.map((volume, drive) => ({
                                        name: volume,
                                        mountPath: `/export${drives > 1 ? drive : ""}`,
                                    })),
                                ],
                            },
                        ],
                        volumes: [
                            { name: "cfg-vol", emptyDir: {} },
                            {
                                name: "configuration",
                                projected: { sources: [{ secret: { name: `${name}-env-configuration` } }] },
                            },
                        ],
                    },
                },
                volumeClaimTemplates: volumes.map((volume) => template(volume)),
            },
        };
    });
    return [
        {
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: `${name}-env-configuration`, namespace },
            stringData: {
                "config.env":
                    `export MINIO_BROWSER="on"\nexport MINIO_ROOT_USER="${root.user}"\n` +
                    `export MINIO_ROOT_PASSWORD="${root.password}"\nexport MINIO_REGION="us-east-1"\n` +
                    'export MINIO_AUDIT_WEBHOOK_AUTH_TOKEN_1="token"\n',
            },
        },
        tenant,
        service(namespace, `${name}-hl`, matchLabels, [{ name: "http-minio", port: 9000 }], true),
        service(namespace, "minio", matchLabels, [{ name: "http-minio", port: 80, targetPort: 9000 }]),
        service(namespace, `${name}-console`, matchLabels, [{ name: "http-console", port: 9090, targetPort: 9090 }]),
        ...statefulSets,
    ];
}

/** Of the operator: what its tenants are. */
export const tenantDefinition = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "tenants.minio.min.io" },
    spec: {
        group: "minio.min.io",
        names: { kind: "Tenant", listKind: "TenantList", plural: "tenants", singular: "tenant" },
        scope: "Namespaced",
        versions: [
            {
                name: "v2",
                served: true,
                storage: true,
                schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
            },
        ],
    },
};

/** As tutorials have it: root in the container, the account in plain text, every drive's address in the arguments. */
export function plainObjects({ namespace, name, image, root, servers = 4 }: OldCluster) {
    const matchLabels = { app: name };
    return [
        service(namespace, name, matchLabels, [{ name: "api", port: 9000 }], true),
        service(namespace, `${name}-api`, matchLabels, [{ name: "api", port: 9000 }]),
        {
            apiVersion: "apps/v1",
            kind: "StatefulSet",
            metadata: { name, namespace },
            spec: {
                serviceName: name,
                replicas: servers,
                podManagementPolicy: "Parallel",
                selector: { matchLabels },
                template: {
                    metadata: { labels: matchLabels },
                    spec: {
                        containers: [
                            {
                                name: "server",
                                image,
                                args: [
                                    "server",
                                    ...count(servers).map(
                                        (server) =>
                                            `http://${name}-${server}.${name}.${namespace}.svc.cluster.local/data`,
                                    ),
                                ],
                                env: [
                                    { name: "MINIO_ROOT_USER", value: root.user },
                                    { name: "MINIO_ROOT_PASSWORD", value: root.password },
                                ],
                                ports: [{ containerPort: 9000 }],
                                readinessProbe: { httpGet: { path: "/minio/health/cluster", port: 9000 } },
                                resources,
                                volumeMounts: [{ name: "drive", mountPath: "/data" }],
                            },
                        ],
                    },
                },
                volumeClaimTemplates: [template("drive")],
            },
        },
    ];
}
