import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { MinioCluster, type MinioClusterArgs } from "../../../index";

/** Clusters of many kinds, most of them side by side in one namespace. */
const config = new pulumi.Config();
const namespace = config.require("namespace");
const elsewhere = `${namespace}-elsewhere`;

const namespaces = [namespace, elsewhere].map(
    (name) =>
        new k8s.core.v1.Namespace(name, {
            metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
        }),
);

const small: MinioClusterArgs = {
    namespace,
    storageSize: "1Gi",
    resources: { requests: { cpu: "10m", memory: "128Mi" }, limits: { cpu: "1", memory: "512Mi" } },
};

const opts = { dependsOn: namespaces };

/** A way out for webhooks and the like, as some networks need it; nothing of the cluster can be reached by it. */
const proxies = Object.fromEntries(
    ["http_proxy", "https_proxy", "ALL_PROXY"].map((name) => [name, "http://127.0.0.1:9"]),
);

const ordered = new MinioCluster(
    "ordered",
    {
        ...small,
        podManagementPolicy: "OrderedReady",
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Delete" },
    },
    opts,
);

const manual = new MinioCluster(
    "manual",
    {
        ...small,
        replicas: 4,
        drivesPerServer: 2,
        updateStrategy: "OnDelete",
        annotations: { touched: config.get("touched") ?? "no" },
        labels: { team: "storage" },
        // Kubernetes gives a number below 30086 to nobody who does not ask for it.
        clientService: { type: "NodePort", nodePort: 30010, externalTrafficPolicy: "Local" },
        appProtocol: true,
        environment: { MINIO_REGION: "eu-test-1", MINIO_DOMAIN: "s3.example.org", ...proxies },
    },
    opts,
);

const credentials = new k8s.core.v1.Secret(
    "own-credentials",
    {
        metadata: { name: "own-credentials", namespace },
        stringData: { "root-user": "the-owner", "root-password": config.requireSecret("ownPassword") },
    },
    opts,
);
const own = new MinioCluster(
    "own",
    {
        ...small,
        replicas: 2,
        existingSecretName: credentials.metadata.name,
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" },
        networkPolicy: {},
        ingress: { apiHost: "s3.example.org", consoleHost: "console.example.org", tlsSecretName: "ingress-certs" },
        consoleService: { type: "NodePort" },
    },
    { dependsOn: [credentials] },
);

const certificates = new k8s.core.v1.Secret(
    "certificates",
    {
        metadata: { name: "certificates", namespace },
        stringData: {
            "tls.crt": config.require("certificate"),
            "tls.key": config.requireSecret("key"),
            "ca.crt": config.require("authority"),
        },
    },
    opts,
);
const secure = new MinioCluster(
    "secure",
    {
        ...small,
        tls: { secretName: certificates.metadata.name },
        clientService: { port: 443 },
        environment: { MINIO_REGION: "eu-test-2", ...proxies },
        accesses: [{ name: "app", bucket: "bucket-of-secure", namespace: namespaces[1]?.metadata.name }],
        persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete" },
    },
    opts,
);

const namesake = new MinioCluster(
    "namesake",
    { ...small, namespace: elsewhere, replicas: 2, ipFamilies: ["IPv6"] },
    opts,
);

export const clusters = Object.fromEntries(
    Object.entries({ ordered, manual, own, secure, namesake }).map(([name, cluster]) => [
        name,
        {
            namespace: cluster.namespace,
            endpoint: cluster.endpoint,
            serviceName: cluster.serviceName,
            rootUser: cluster.rootUser,
            rootPassword: cluster.rootPassword,
            podDnsNames: cluster.podDnsNames,
            topology: cluster.topology,
        },
    ]),
);
