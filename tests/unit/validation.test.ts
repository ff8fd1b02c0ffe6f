import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { parseQuantity } from "../../components/basics/quantity";
import { poolPatterns } from "../../components/change/change";
import { podTemplate, serverContainer } from "../../components/server/podTemplate";
import { ServiceType } from "../../components/spec/args";
import { checkedSpec, InvalidArgumentsError } from "../../components/spec/checkedSpec";
import { unknownFields, withoutNulls } from "../../components/spec/fields";
import { namesOf } from "../../components/spec/names";
import { type KnownArgs, type MinioClusterSpec, topologyOfSpec, withDefaults } from "../../components/spec/spec";
import { problemsOf, warningsOf } from "../../components/spec/validation";
import { configKeys } from "../../stacks/config";

const fieldsOf = (args: KnownArgs, name = "minio") => problemsOf(name, args).map(({ field }) => field);

const web = { gatewayName: "web", apiHost: "s3.example.org" };
const further = (count: number) => Array.from({ length: count }, (_, index) => `s3-${index}.example.org`);
/** A host name of so many characters, an even number. */
const longHost = (length: number) => `${"a.".repeat(length / 2 - 1)}ab`;
const balanced = (...loadBalancerSourceRanges: string[]) => ({
    type: ServiceType.LoadBalancer,
    loadBalancerSourceRanges,
});

const inSecret = { secretKeyRef: { name: "oidc", key: "client-secret" } };
const kes = { name: "kes", secret: { secretName: "kes-client" } };
const proxy = { name: "proxy", image: "example.org/proxy:1" };
const besideServer = (more: object): KnownArgs => ({ extraContainers: [{ ...proxy, ...more }] });
const inConfigMap = { configMapKeyRef: { name: "settings", key: "b" } };

describe("validation", () => {
    it("accepts the defaults", () => assert.deepEqual(problemsOf("minio", {}), []));

    const refused: [string, KnownArgs][] = [
        ["replicas", { replicas: 17 }],
        ["replicas", { replicas: 1 }],
        ["replicas", { replicas: 4.5 }],
        ["replicas", { replicas: Number.NaN }],
        ["drivesPerServer", { drivesPerServer: 0 }],
        ...["", "/data", "data/", "../data", "data/..", "a/./b", "a b", 7].map((driveSubPath): [string, KnownArgs] => [
            "driveSubPath",
            { driveSubPath } as KnownArgs,
        ]),
        ["storageSize", { storageSize: "ten" }],
        ["storageSize", { storageSize: "1Mi" }],
        ["storageSize", { storageSize: "-10Gi" }],
        ["storageSize", { storageSize: "10 Gi" }],
        ["partition", { partition: -1 }],
        ["partition", { partition: 5 }],
        ["namespace", { namespace: "Not A Namespace" }],
        ["clusterDomain", { clusterDomain: "cluster..local" }],
        ["image", { image: "" }],
        ["imagePullSecrets", { imagePullSecrets: "registry" as never }],
        ["imagePullSecrets[1].name", { imagePullSecrets: [{ name: "registry" }, {}] }],
        ["imagePullPolicy", { imagePullPolicy: "Sometimes" as never }],
        ["imagePullPolicy", { imagePullPolicy: "always" as never }],
        ["rootUser", { rootUser: "me" }],
        ["readiness", { podManagementPolicy: "OrderedReady", readiness: "Cluster" }],
        ["updateStrategy", { updateStrategy: "Recreate" as never }],
        ["partition", { updateStrategy: "OnDelete", partition: 2 }],
        ["rollout.mode", { rollout: { mode: "Automatic" as never } }],
        ["rollout.timeoutSeconds", { rollout: { timeoutSeconds: 0 } }],
        ["rollout.freezeRequests", { rollout: { freezeRequests: "yes" as never } }],
        ["rollout.freezeRequests", { rollout: { freezeRequests: true, mode: "Native" } }],
        ["rollout.freezeRequests", { rollout: { freezeRequests: true }, updateStrategy: "OnDelete" }],
        ["rollout.freezeRequests", { rollout: { freezeRequests: true }, expansionPools: [{}] }],
        ["rootUser", { rootUser: "me, too", existingSecretName: undefined }],
        ["rootUser", { rootUser: "somebody", existingSecretName: "own" }],
        ["credentialsRevision", { credentialsRevision: 1.5 }],
        ["disruptionBudget", { disruptionBudget: { minAvailable: 3, maxUnavailable: 1 } }],
        ["disruptionBudget.minAvailable", { disruptionBudget: { minAvailable: 4 } }],
        ["disruptionBudget.minAvailable", { disruptionBudget: { minAvailable: 2 } }],
        ["disruptionBudget.maxUnavailable", { disruptionBudget: { maxUnavailable: 2 } }],
        ["disruptionBudget.maxUnavailable", { disruptionBudget: { maxUnavailable: 0 } }],
        ["expansionPools[0].replicas", { expansionPools: [{ replicas: 17 }] }],
        ["expansionPools[0].replicas", { replicas: 8, expansionPools: [{ replicas: 4 }] }],
        [
            "expansionPools[0].resources.requests.cpu",
            { expansionPools: [{ resources: { requests: { cpu: "lots" } } }] },
        ],
        ["expansionPools[0].nodeSelector.a b", { expansionPools: [{ nodeSelector: { "a b": "fast" } }] }],
        ["expansionPools[0].tolerations", { expansionPools: [{ tolerations: "all" as never }] }],
        ["networkPolicy.egress[0]", { networkPolicy: { egress: [{}] } }],
        ["networkPolicy.egress", { networkPolicy: { egress: "all" as never } }],
        ["expansionPools[0].decommission", { expansionPools: [{ decommission: "yes" as never }] }],
        ["expansionPools[0].decommission", { expansionPools: [{ decommission: true }, {}] }],
        ["expansionPools[1].storageSize", { expansionPools: [{}, { storageSize: "ten" }] }],
        ["resources.requests.cpu", { resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }],
        ["environment.MINIO_ROOT_PASSWORD", { environment: { MINIO_ROOT_PASSWORD: "hunter22" } }],
        ...["MINIO_VOLUMES", "MINIO_ARGS", "MINIO_ENDPOINTS", "MINIO_CONFIG", "_MINIO_SERVER_LOCAL"].map(
            (name): [string, KnownArgs] => [`environment.${name}`, { environment: { [name]: "/data" } }],
        ),
        ...["EC:0", "EC:4", "EC:-1", "EC:", "2", "EC:2:1", "RS:2", "env://config"].map(
            (parity): [string, KnownArgs] => [
                "environment.MINIO_STORAGE_CLASS_STANDARD",
                { replicas: 6, environment: { MINIO_STORAGE_CLASS_STANDARD: parity } },
            ],
        ),
        ["environment.MINIO_STORAGE_CLASS_RRS", { environment: { MINIO_STORAGE_CLASS_RRS: "EC:3" } }],
        [
            "environment.MINIO_STORAGE_CLASS_RRS",
            { replicas: 8, environment: { MINIO_STORAGE_CLASS_STANDARD: "EC:2", MINIO_STORAGE_CLASS_RRS: "EC:3" } },
        ],
        ["environment.MINIO_ERASURE_SET_DRIVE_COUNT", { environment: { MINIO_ERASURE_SET_DRIVE_COUNT: "2" } }],
        [
            "environment.MINIO_STORAGE_CLASS_STANDARD",
            {
                replicas: 8,
                expansionPools: [{ replicas: 4 }],
                environment: { MINIO_STORAGE_CLASS_STANDARD: "EC:3" },
            },
        ],
        [
            "disruptionBudget.maxUnavailable",
            {
                replicas: 6,
                environment: { MINIO_STORAGE_CLASS_STANDARD: "EC:1" },
                disruptionBudget: { maxUnavailable: 2 },
            },
        ],
        ...[
            ...["MINIO_ROOT_PASSWORD", "HOME", "POD_NAME", "MINIO_CONFIG_ENV_FILE", "MINIO_VOLUMES", "MINIO_ARGS"],
            ...["MINIO_STORAGE_CLASS_STANDARD", "MINIO_STORAGE_CLASS_RRS", "MINIO_ERASURE_SET_DRIVE_COUNT"],
            ...[
                "MINIO_LOG_DIR",
                "_MINIO_SERVER_LOCAL",
                "MINIO_PROMETHEUS_AUTH_TYPE",
                "NO_PROXY",
                "no_proxy",
                "NO-NAME",
            ],
        ].map((name): [string, KnownArgs] => [`environmentFrom.${name}`, { environmentFrom: { [name]: inSecret } }]),
        ["environmentFrom", { environmentFrom: "oidc" as never }],
        ["environmentFrom.A", { environmentFrom: { A: "oidc" as never } }],
        ["environmentFrom.A", { environmentFrom: { A: {} } }],
        ["environmentFrom.A", { environmentFrom: { A: { ...inSecret, configMapKeyRef: inSecret.secretKeyRef } } }],
        ["environmentFrom.A", { environment: { A: "b" }, environmentFrom: { A: inSecret } }],
        ["environmentFrom.A.secretKeyRef", { environmentFrom: { A: { secretKeyRef: "oidc/key" as never } } }],
        ["environmentFrom.A.secretKeyRef.name", { environmentFrom: { A: { secretKeyRef: { name: "No", key: "k" } } } }],
        ["environmentFrom.A.secretKeyRef.key", { environmentFrom: { A: { secretKeyRef: { name: "o", key: "a/b" } } } }],
        ["environmentFrom.A.secretKeyRef.key", { environmentFrom: { A: { secretKeyRef: { name: "o", key: ".." } } } }],
        [
            "environmentFrom.A.configMapKeyRef.key",
            { environmentFrom: { A: { configMapKeyRef: { name: "o" } as never } } },
        ],
        ["extraVolumes", { extraVolumes: "kes" as never }],
        ["extraVolumes[0].name", { extraVolumes: [{ name: "data", secret: {} }] }],
        ["extraVolumes[0].name", { extraVolumes: [{ name: "certs", secret: {} }] }],
        ["extraVolumes[0].name", { extraVolumes: [{ name: "a.b", secret: {} }] }],
        ["extraVolumes[1].name", { extraVolumes: [kes, kes] }],
        ["extraVolumes[0]", { extraVolumes: [{ name: "host", hostPath: { path: "/" } }] }],
        ["extraVolumes[0]", { extraVolumes: [{ name: "none" }] }],
        ["extraVolumes[0]", { extraVolumes: [{ ...kes, emptyDir: {} }] }],
        ["extraVolumes[0]", { extraVolumes: [{ name: "kes", secret: "kes" as never }] }],
        ...["data-minio-0", "data7-minio-15", "data-minio-pool-1-3"].map((claimName): [string, KnownArgs] => [
            "extraVolumes[0].persistentVolumeClaim.claimName",
            { extraVolumes: [{ name: "d", persistentVolumeClaim: { claimName } }] },
        ]),
        ["extraVolumeMounts[0].name", { extraVolumeMounts: [{ name: "data", mountPath: "/kes" }] }],
        ...[
            "/",
            "/data",
            "/data7",
            "/data/.minio.sys",
            "/certs/CAs",
            "/tmp",
            "/usr/bin",
            "/dev",
            "kes",
            "/a/../data",
            "",
        ].map((mountPath): [string, KnownArgs] => [
            "extraVolumeMounts[0].mountPath",
            { extraVolumes: [kes], extraVolumeMounts: [{ name: "kes", mountPath }] },
        ]),
        [
            "extraVolumeMounts[0].subPath",
            { extraVolumes: [kes], extraVolumeMounts: [{ name: "kes", mountPath: "/kes", subPath: "../b" }] },
        ],
        [
            "extraVolumeMounts[1].mountPath",
            {
                extraVolumes: [kes],
                extraVolumeMounts: [
                    { name: "kes", mountPath: "/kes" },
                    { name: "kes", mountPath: "/kes" },
                ],
            },
        ],
        ["extraArgs", { extraArgs: "--json=true" as never }],
        ...[
            ...["--json", "json", "-json=true", "", "/data", "http://other-{0...3}:9000/data", "--", "--=a", 7, null],
            ...["--address=:9000", "--console-address=:9001", "--certs-dir=/certs", "--S=/certs", "--config=/a"],
            ...["--config-dir=/a", "--C=/a", "--help=true", "--version=true", "--log-dir=/a", "--quiet=true"],
            ...["--ftp=address=:9000", "--sftp=address=:9001", "--ftp=address=[::1]:+09000"],
        ].map((argument): [string, KnownArgs] => ["extraArgs[1]", { extraArgs: ["--ftp=a", argument as string] }]),
        ["extraArgs[2]", { extraArgs: ["--json=true", "--ftp=a", "--json=false"] }],
        ["extraContainers", { extraContainers: "proxy" as never }],
        ["extraContainers[0]", { extraContainers: ["proxy" as never] }],
        ["extraContainers[0].name", besideServer({ name: "minio" })],
        ["extraContainers[0].name", besideServer({ name: "A" })],
        ["extraContainers[1].name", { extraContainers: [proxy, proxy] }],
        ["extraContainers[0].image", besideServer({ image: undefined })],
        ["extraContainers[0].image", besideServer({ image: "http://example.org/proxy" })],
        ["extraContainers[0].imagePullPolicy", besideServer({ imagePullPolicy: "Sometimes" })],
        ["extraContainers[0].command", besideServer({ command: "sleep" })],
        ["extraContainers[0].args[1]", besideServer({ args: ["--port", 8080] })],
        ["extraContainers[0].env[0].name", besideServer({ env: [{ value: "a" }] })],
        ["extraContainers[0].env[0].value", besideServer({ env: [{ name: "PORT", value: 8080 }] })],
        ["extraContainers[0].envFrom", besideServer({ envFrom: { secretRef: { name: "a" } } })],
        ["extraContainers[0].resources.limits.cpu", besideServer({ resources: { limits: { cpu: "lots" } } })],
        ...[9000, 9001, 0, 65536, "8080"].map((containerPort): [string, KnownArgs] => [
            "extraContainers[0].ports[0].containerPort",
            besideServer({ ports: [{ containerPort }] }),
        ]),
        ["extraContainers[0].ports[0].name", besideServer({ ports: [{ name: "api", containerPort: 8080 }] })],
        ["extraContainers[0].ports[0].hostPort", besideServer({ ports: [{ containerPort: 8080, hostPort: 8080 }] })],
        [
            "extraContainers[0].volumeMounts[0].name",
            besideServer({ volumeMounts: [{ name: "data", mountPath: "/d" }] }),
        ],
        ["extraContainers[0].securityContext", besideServer({ securityContext: "root" })],
        ...(
            [
                ["privileged", true],
                ["allowPrivilegeEscalation", true],
                ["procMount", "Unmasked"],
                ["runAsUser", 0],
                ["runAsNonRoot", false],
                ["capabilities", "ALL"],
            ] as const
        ).map(([field, value]): [string, KnownArgs] => [
            `extraContainers[0].securityContext.${field}`,
            besideServer({ securityContext: { [field]: value } }),
        ]),
        [
            "extraContainers[0].securityContext.capabilities.add",
            besideServer({ securityContext: { capabilities: { add: ["NET_BIND_SERVICE", "SYS_ADMIN"] } } }),
        ],
        [
            "extraContainers[0].securityContext.seccompProfile.type",
            besideServer({ securityContext: { seccompProfile: { type: "Unconfined" } } }),
        ],
        ["volumeAttributesClassName", { volumeAttributesClassName: "Very Fast" }],
        ["expansionPools[0].volumeAttributesClassName", { expansionPools: [{ volumeAttributesClassName: "A" }] }],
        ["persistentVolumeClaimAnnotations", { persistentVolumeClaimAnnotations: "backup" as never }],
        ["persistentVolumeClaimAnnotations.a b", { persistentVolumeClaimAnnotations: { "a b": "c" } }],
        ...[
            "minio-cluster/restored-from",
            "volume.beta.kubernetes.io/storage-class",
            "pv.kubernetes.io/bind-completed",
        ].map((name): [string, KnownArgs] => [
            `persistentVolumeClaimAnnotations.${name}`,
            { persistentVolumeClaimAnnotations: { [name]: "a" } },
        ]),
        ["persistentVolumeClaimAnnotations.a", { persistentVolumeClaimAnnotations: { a: 1 as never } }],
        ["trustedAuthorities", { trustedAuthorities: "ca" as never }],
        ["trustedAuthorities[0]", { trustedAuthorities: ["ca" as never] }],
        [
            "trustedAuthorities[1].secretKeyRef.key",
            { trustedAuthorities: [inSecret, { secretKeyRef: { name: "a" } as never }] },
        ],
        ["labels.app", { labels: { app: "other" } }],
        ["clientService.type", { clientService: { type: "ExternalName" as never } }],
        ["clientService.loadBalancerSourceRanges", { clientService: { loadBalancerSourceRanges: ["10.0.0.0/8"] } }],
        ["snapshots.className", { snapshots: { className: "No Class", sets: [] } }],
        ["snapshots.className", { snapshots: { sets: [] } }],
        ["snapshots.groupClassName", { snapshots: { groupClassName: "No Class", sets: [] } }],
        ["snapshots.groupClassName", { snapshots: { className: "a", groupClassName: "b", sets: [] } }],
        ["snapshots.sets", { snapshots: { className: "a", sets: "monday" as unknown as string[] } }],
        ["snapshots.sets[0]", { snapshots: { className: "a", sets: ["Monday"] } }],
        ["snapshots.sets[0]", { snapshots: { className: "a", sets: ["a".repeat(41)] } }],
        ["snapshots.sets[1]", { snapshots: { className: "a", sets: ["monday", "monday"] } }],
        ["snapshots.take", { snapshots: { className: "a", take: "Monday" } }],
        ["snapshots.take", { snapshots: { className: "a", sets: ["monday"], take: "monday" } }],
        ["snapshots.keep", { snapshots: { className: "a", keep: 0 } }],
        ["snapshots.keep", { snapshots: { className: "a", take: "a", keep: 1.5 } }],
        ["snapshots.maxAgeHours", { snapshots: { className: "a", maxAgeHours: 0 } }],
        ["snapshots.consistency", { snapshots: { className: "a", sets: [], consistency: "Torn" as never } }],
        ["snapshots.freezeTimeoutSeconds", { snapshots: { className: "a", sets: [], freezeTimeoutSeconds: 601 } }],
        ["restoreFrom.set", { restoreFrom: { set: "" } }],
        ["restoreFrom.id", { restoreFrom: { set: "monday", id: "S 1" } }],
        ["restoreFrom.cluster", { restoreFrom: { set: "monday", cluster: "1" } }],
        ["restoreFrom.namespace", { restoreFrom: { set: "monday", namespace: "a.b" } }],
        ["restoreFrom.confirm", { restoreFrom: { set: "monday", confirm: "yes" } }],
        ["restoreFrom.confirm", { restoreFrom: { set: "monday", confirm: "replace the data of other" } }],
        ["ingress.apiHost", { ingress: { apiHost: "http://s3" } }],
        ["ingress.consoleHost", { ingress: { apiHost: "s3.example.org", consoleHost: "s3.example.org" } }],
        ["tls", { tls: {} }],
        ["tls", { tls: { secretName: "certs", issuer: { name: "ca" } } }],
        ["monitoring.interval", { monitoring: { interval: "often" } }],
        ["hibernate", { hibernate: "yes" as never }],
        ["rebalance", { rebalance: 1 as never }],
        ["partition", { hibernate: true, partition: 2 }],
        [
            "persistentVolumeClaimRetentionPolicy.whenScaled",
            { hibernate: true, persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete" } },
        ],
        [
            "persistentVolumeClaimRetentionPolicy.whenDeleted",
            { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Keep" as never } },
        ],
        ["resources.requests.cpu", { resources: { requests: { cpu: "lots" } } }],
        ["image", { image: "http://quay.io/minio/minio:RELEASE.1" }],
        ["image", { image: "quay.io/MinIO/minio:RELEASE.1" }],
        ["image", { image: "Minio:RELEASE.1" }],
        ["image", { image: `minio@sha256:${"A".repeat(64)}` }],
        ["image", { image: `minio:${"a".repeat(129)}` }],
        [`labels.${"a".repeat(57)}…`, { labels: { ["a".repeat(64)]: "b" } }],
        [`labels.${"a".repeat(57)}…`, { labels: { [`${"a".repeat(254)}/b`]: "b" } }],
        ["labels.a..b/c", { labels: { "a..b/c": "b" } }],
        ["labels.a", { labels: { a: "b".repeat(64) } }],
        ["annotations.a b", { annotations: { "a b": "c" } }],
        ["clientService.annotations.a b", { clientService: { annotations: { "a b": "c" } } }],
        ["ingress.annotations.a/b/c", { ingress: { apiHost: "s3.example.org", annotations: { "a/b/c": "d" } } }],
        ["monitoring.labels.release", { monitoring: { labels: { release: "no label" } } }],
        ["storageSize", { storageSize: "1e400" }],
        ["storageSize", { storageSize: "9999999Ei" }],
        ["resources.limits.memory", { resources: { limits: { memory: "1e400" } } }],
        ["resources.limits", { resources: { limits: "1Gi" as never } }],
        ["nodeSelector.disk", { nodeSelector: { disk: "very fast" } }],
        ["nodeSelector.a b", { nodeSelector: { "a b": "fast" } }],
        ["clusterDomain", { clusterDomain: `${"a".repeat(64)}.local` }],
        ["ingress.apiHost", { ingress: { apiHost: `${"a".repeat(64)}.example.org` } }],
        ["ingress.className", { ingress: { apiHost: "s3.example.org", className: "A" } }],
        ["ingress.tlsSecretName", { ingress: { apiHost: "s3.example.org", tlsSecretName: "A" } }],
        ["tls.issuer.kind", { tls: { issuer: { name: "ca", kind: "clusterissuer" } } }],
        ["tls.issuer.kind", { tls: { issuer: { name: "ca", kind: "a b", group: "example.org" } } }],
        ["tls.issuer.group", { tls: { issuer: { name: "ca", group: "No Group", kind: "Issuer" } } }],
        ["httpRoute.gatewayNamespace", { httpRoute: { ...web, gatewayNamespace: "A" } }],
        ["httpRoute.sectionName", { httpRoute: { ...web, sectionName: "a b" } }],
        ["clientService.loadBalancerSourceRanges[1]", { clientService: balanced("10.0.0.0/8", "10.0.0.0/33") }],
        ["clientService.loadBalancerSourceRanges[0]", { clientService: balanced("10.0.0.1") }],
        ["clientService.loadBalancerSourceRanges[0]", { clientService: balanced("fe80::/129") }],
        ...([
            ["port", { port: 0 }],
            ["port", { port: 443.5 }],
            ["port", { port: "443" }],
            ["nodePort", { type: "NodePort", nodePort: 65536 }],
            ["nodePort", { nodePort: 30443 }],
            ["nodePort", { type: "ClusterIP", nodePort: 30443 }],
            ["externalTrafficPolicy", { externalTrafficPolicy: "Cluster" }],
            ["externalTrafficPolicy", { type: "NodePort", externalTrafficPolicy: "local" }],
            ["loadBalancerClass", { type: "NodePort", loadBalancerClass: "service.k8s.aws/nlb" }],
            ["loadBalancerClass", { type: "LoadBalancer", loadBalancerClass: "a b" }],
            ["loadBalancerIP", { loadBalancerIP: "192.0.2.10" }],
            ["loadBalancerIP", { type: "LoadBalancer", loadBalancerIP: "192.0.2.10/32" }],
        ].flatMap(([field, given]) => [
            [`clientService.${field}`, { clientService: given }],
            [`consoleService.${field}`, { consoleService: given }],
        ]) as [string, KnownArgs][]),
        [
            "consoleService.nodePort",
            {
                clientService: { type: "NodePort", nodePort: 30443 },
                consoleService: { type: "LoadBalancer", nodePort: 30443 },
            },
        ],
        ["ipFamilies", { ipFamilies: "IPv6" as never }],
        ["ipFamilies", { ipFamilies: [] }],
        ["ipFamilies", { ipFamilies: ["IPv6", "IPv6"] }],
        ["ipFamilies[1]", { ipFamilies: ["IPv6", "ipv4" as never] }],
        ["ipFamilyPolicy", { ipFamilyPolicy: "DualStack" as never }],
        ["ipFamilyPolicy", { ipFamilyPolicy: "SingleStack", ipFamilies: ["IPv6", "IPv4"] }],
        ["ipFamilyPolicy", { ipFamilyPolicy: "PreferDualStack", ipFamilies: ["IPv6"] }],
        ["ipFamilyPolicy", { ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv4"] }],
        ["appProtocol", { appProtocol: "https" as never }],
        ["ingress.extraApiHosts", { ingress: { apiHost: web.apiHost, extraApiHosts: "a.example.org" as never } }],
        ["ingress.extraApiHosts[0]", { ingress: { apiHost: web.apiHost, extraApiHosts: ["https://a.example.org"] } }],
        ["ingress.extraApiHosts[0]", { ingress: { apiHost: web.apiHost, extraApiHosts: ["a.*.example.org"] } }],
        ["httpRoute.extraApiHosts[0]", { httpRoute: { ...web, extraApiHosts: [web.apiHost] } }],
        ["httpRoute.extraApiHosts[1]", { httpRoute: { ...web, extraApiHosts: ["a.b", "a.b"] } }],
        ["httpRoute.consoleHost", { httpRoute: { ...web, extraApiHosts: ["a.b"], consoleHost: "a.b" } }],
        ["environment.MINIO_DOMAIN", { httpRoute: { ...web, extraApiHosts: ["*.s3.example.org"] } }],
        [
            "environment.MINIO_DOMAIN",
            {
                ingress: { apiHost: web.apiHost, extraApiHosts: ["*.s3.example.org"] },
                environment: { MINIO_DOMAIN: "s3.example.com,xs3.example.org" },
            },
        ],
        [
            "ingress.apiHost",
            { ingress: { apiHost: web.apiHost }, environment: { MINIO_DOMAIN: "example.com,example.org" } },
        ],
        [
            "environment.MINIO_DOMAIN",
            { namespace: "storage", clusterDomain: "a.b", environment: { MINIO_DOMAIN: "svc.a.b" } },
        ],
        [
            "environment.MINIO_DOMAIN",
            {
                ingress: { apiHost: web.apiHost, extraApiHosts: ["*.example.com"] },
                environment: { MINIO_DOMAIN: "s3.example.com" },
            },
        ],
        ["ingress.apiHost", { ingress: { apiHost: "192.0.2.10" } }],
        ["httpRoute.extraApiHosts[0]", { httpRoute: { ...web, extraApiHosts: ["192.0.2.10"] } }],
        ["httpRoute.extraApiHosts[0]", { httpRoute: { ...web, extraApiHosts: [`*.${longHost(252)}`] } }],
        ["httpRoute.extraApiHosts", { httpRoute: { ...web, extraApiHosts: further(16) } }],
        ["ingress.consoleTlsSecretName", { ingress: { apiHost: web.apiHost, consoleTlsSecretName: "certs" } }],
        [
            "ingress.consoleTlsSecretName",
            { ingress: { apiHost: web.apiHost, consoleHost: "a.b", consoleTlsSecretName: "A" } },
        ],
        ["networkPolicy.clients[0].ipBlock.cidr", { networkPolicy: { clients: [{ ipBlock: { cidr: "all" } }] } }],
        [
            "networkPolicy.scrapers[0].ipBlock.except[0]",
            { networkPolicy: { scrapers: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1"] } }] } },
        ],
        ["networkPolicy.clients[0]", { networkPolicy: { clients: [{}] } }],
        [
            "networkPolicy.clients[0]",
            { networkPolicy: { clients: [{ podSelector: {}, ipBlock: { cidr: "10.0.0.0/8" } }] } },
        ],
        ["podSecurityContext.seLinuxOptions.type", { podSecurityContext: { seLinuxOptions: { type: "spc_t" } } }],
        ["podSecurityContext.seLinuxOptions.user", { podSecurityContext: { seLinuxOptions: { user: "root" } } }],
        ["podSecurityContext.sysctls[0].name", { podSecurityContext: { sysctls: [{ name: "a", value: "1" }] } }],
        [
            "podSecurityContext.windowsOptions.hostProcess",
            { podSecurityContext: { windowsOptions: { hostProcess: true } } },
        ],
        ["podSecurityContext.runAsUser", { podSecurityContext: { runAsUser: "1000" as never } }],
        ["monitoring.interval", { monitoring: { interval: "0s" } }],
        ["expansionPools[0]", { expansionPools: [null as never] }],
        ["tolerations[0]", { tolerations: [null as never] }],
    ];
    for (const [field, args] of refused) {
        it(`refuses ${JSON.stringify(args)}`, () => assert.deepEqual(fieldsOf(args), [field]));
    }

    it("accepts variables of the topology that MinIO does, and those that change nothing", () => {
        for (const [environment, others] of [
            [{ MINIO_STORAGE_CLASS_STANDARD: "EC:1", MINIO_STORAGE_CLASS_RRS: "EC:0" }],
            [{ MINIO_STORAGE_CLASS_STANDARD: " EC:2 ", MINIO_STORAGE_CLASS_OPTIMIZE: "capacity" }],
            [{ MINIO_STORAGE_CLASS_STANDARD: "", MINIO_VOLUMES: "", MINIO_ERASURE_SET_DRIVE_COUNT: "4" }],
            [{ MINIO_STORAGE_CLASS_STANDARD: "EC:2" }, { replicas: 8, expansionPools: [{ replicas: 4 }] }],
            [{ MINIO_STORAGE_CLASS_STANDARD: "EC:3" }, { replicas: 6, disruptionBudget: { minAvailable: 4 } }],
        ] as [Record<string, string>, KnownArgs?][]) {
            assert.deepEqual(problemsOf("minio", { ...others, environment }), []);
        }
    });

    it("says which parity suits the sets", () => {
        const [{ reason }] = problemsOf("minio", {
            replicas: 6,
            environment: { MINIO_STORAGE_CLASS_STANDARD: "EC:4" },
        });
        assert.match(reason, /EC:4 does not suit sets of 6 drives: use EC:1 to EC:3/);
    });

    const sound: KnownArgs[] = [
        { image: "localhost/minio" },
        { image: "Registry.example.org:5000/team/min_io/silo--x:RELEASE.1" },
        { image: `docker.io/pgsty/silo:RELEASE.2026-09-16T00-00-00Z@sha256:${"0a".repeat(32)}` },
        { labels: { "example.org/team": "storage", [`${"a".repeat(63)}`]: "" } },
        { nodeSelector: { "node.kubernetes.io/instance-type": "m5.large" } },
        { storageClassName: "" },
        { driveSubPath: "data" },
        { driveSubPath: "minio/..data.1" },
        { tls: { issuer: { name: "ca", kind: "AWSPCAClusterIssuer", group: "awspca.cert-manager.io" } } },
        { clientService: balanced("10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0") },
        {
            clientService: {
                ...{ type: "LoadBalancer", port: 443, nodePort: 30443, externalTrafficPolicy: "Local" },
                ...{ loadBalancerClass: "service.k8s.aws/nlb", loadBalancerIP: "2001:db8::10" },
            },
            consoleService: { type: "NodePort", port: 65535, nodePort: 1 },
            ipFamilies: ["IPv6", "IPv4"],
            ipFamilyPolicy: "PreferDualStack",
            appProtocol: true,
        },
        { clientService: { port: 443 }, consoleService: { port: 443 }, ipFamilies: ["IPv6"] },
        { httpRoute: { ...web, extraApiHosts: ["a.example.org", "storage"] } },
        {
            ingress: { apiHost: web.apiHost, extraApiHosts: ["*.s3.example.org", "*.eu.s3.example.com"] },
            environment: { MINIO_DOMAIN: "s3.example.org,s3.example.com" },
        },
        {
            httpRoute: { ...web, extraApiHosts: ["*.example.com"] },
            environment: { MINIO_DOMAIN: "s3.example.com" },
        },
        {
            httpRoute: { ...web, extraApiHosts: ["*.team.s3.example.org"] },
            environment: { MINIO_DOMAIN: "s3.example.org" },
        },
        {
            httpRoute: { ...web, extraApiHosts: ["*.s3.example.org"] },
            environmentFrom: { MINIO_DOMAIN: inConfigMap },
        },
        { httpRoute: { ...web, extraApiHosts: further(15) } },
        { ingress: { apiHost: web.apiHost, extraApiHosts: further(16) } },
        { ingress: { apiHost: "minio.example.org" }, environment: { MINIO_DOMAIN: "example.org" } },
        {
            httpRoute: { ...web, extraApiHosts: ["a-bucket.s3.example.org"] },
            environment: { MINIO_DOMAIN: "s3.example.org" },
        },
        { namespace: "storage", environment: { MINIO_DOMAIN: "storage.svc.cluster.local" } },
        { environment: { MINIO_DOMAIN: "minio.default.svc.cluster.local" } },
        {
            networkPolicy: {
                clients: [{ podSelector: {}, namespaceSelector: {} }, { ipBlock: { cidr: "10.0.0.0/8" } }],
            },
        },
        { podSecurityContext: { seLinuxOptions: { level: "s0:c1,c2", type: "container_t" }, fsGroup: 0 } },
        { podSecurityContext: { sysctls: [{ name: "net.ipv4.tcp_syncookies", value: "1" }] } },
        { podSecurityContext: { runAsUser: null, runAsGroup: null, fsGroup: null } as never },
        { monitoring: { interval: "500ms" } },
        {
            extraVolumes: [kes],
            extraVolumeMounts: [{ name: "kes", mountPath: "/kes/client", readOnly: true, subPath: "a/b" }],
        },
        { extraVolumes: [kes], extraVolumeMounts: [{ name: "kes", mountPath: "/database" }] },
        { extraArgs: ["--ftp=address=:8021", "--ftp=passive-port-range=30000-40000", "--anonymous=true"] },
        { extraArgs: ["--sftp=address=:19000", "--ftp=address=[::1:9000]:9002"] },
        {
            extraVolumes: ["data-minio-other-0", "data-other-0", "data-minio", "models"].map((claimName) => ({
                name: claimName.replace("data", "d"),
                persistentVolumeClaim: { claimName },
            })),
        },
        {
            extraVolumes: [kes],
            ...besideServer({
                ports: [{ name: "metrics", containerPort: 8080, hostPort: 0 }],
                volumeMounts: [{ name: "kes", mountPath: "/data" }],
                args: ["--port", "8080"],
                env: [
                    { name: "PORT", value: "8080" },
                    { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
                ],
                securityContext: { runAsUser: 2000, capabilities: { add: ["NET_BIND_SERVICE"] } },
                resources: { requests: { cpu: "10m" } },
            }),
        },
        { volumeAttributesClassName: "gold", expansionPools: [{ volumeAttributesClassName: "silver" }] },
        { persistentVolumeClaimAnnotations: { "backup.example.org/keep": "" } },
        { trustedAuthorities: [inSecret, inConfigMap] },
        {
            environmentFrom: {
                MINIO_IDENTITY_OPENID_CLIENT_SECRET: inSecret,
                TZ: { configMapKeyRef: { name: "a", key: "t.z" } },
            },
        },
    ];
    for (const args of sound) {
        it(`accepts ${JSON.stringify(args)}`, () => assert.deepEqual(problemsOf("minio", args), []));
    }

    const unknown: [string, string, object][] = [
        ["replica", "replicas", { replica: 8 }],
        ["expansionPools[0].replica", "replicas", { expansionPools: [{ replica: 8 }] }],
        ["networkPolicy.cilents", "clients", { networkPolicy: { cilents: [] } }],
        [
            "networkPolicy.clients[0].podSelectors",
            "podSelector",
            { networkPolicy: { clients: [{ podSelectors: {} }] } },
        ],
        ["rollout.kubeConfig", "kubeconfig", { rollout: { kubeConfig: "s3cr3t" } }],
        ["resources.limit", "limits", { resources: { limit: { cpu: "1" } } }],
        ["tls.issuer.knd", "kind", { tls: { issuer: { name: "ca", knd: "ClusterIssuer" } } }],
        [
            "snapshots.freezeTimeout",
            "freezeTimeoutSeconds",
            { snapshots: { className: "a", sets: [], freezeTimeout: 9 } },
        ],
        ["ingress.consolehost", "consoleHost", { ingress: { apiHost: "s3.example.org", consolehost: "a" } }],
        ["podSecurityContext.runAsuser", "runAsUser", { podSecurityContext: { runAsuser: 5 } }],
        [
            "environmentFrom.A.secretKeyref",
            "secretKeyRef",
            { environmentFrom: { A: { secretKeyref: { name: "s3cr3t" } } } },
        ],
        [
            "environmentFrom.A.secretKeyRef.keys",
            "key",
            { environmentFrom: { A: { secretKeyRef: { keys: "s3cr3t" } } } },
        ],
        ["extraContainers[0].commands", "command", { extraContainers: [{ ...proxy, commands: ["s3cr3t"] }] }],
        ["monitoring.constructor", "interval", { monitoring: { constructor: 1 } }],
        ["clientService.nodeport", "nodePort", { clientService: { nodeport: 30443 } }],
        ["httpRoute.extraApiHost", "extraApiHosts", { httpRoute: { ...web, extraApiHost: [] } }],
    ];
    for (const [field, nearest, args] of unknown) {
        it(`refuses the unknown field ${field}, names ${nearest}, and shows nothing of its value`, () => {
            const problems = problemsOf("minio", args as KnownArgs);
            const found = problems.find((problem) => problem.field === field);
            assert.ok(found, JSON.stringify(problems));
            if (nearest !== "interval") {
                assert.match(found.reason, new RegExp(`^there is no such field: did you mean ${nearest}\\?`));
            }
            assert.ok(!JSON.stringify(problems).includes("s3cr3t"));
        });
    }

    it("knows every field of the arguments that has a default or a meaning", () => {
        assert.deepEqual(
            unknownFields(Object.fromEntries(configKeys.map((key) => [key, {}]))).map(({ field }) => field),
            ["name", "createNamespace"],
        );
    });

    it("takes a null for a field that is left out, at every depth, and no null for a value", () => {
        const given = {
            replicas: null,
            existingSecretName: null,
            ingress: { apiHost: "s3.example.org", consoleHost: null },
            snapshots: { className: "a", groupClassName: null, sets: ["monday", null] },
            expansionPools: [{ replicas: null }, null],
            environment: { A: null },
            podSecurityContext: { runAsUser: null },
            tls: { issuer: { name: "ca", kind: null }, secretName: undefined },
            environmentFrom: { B: { secretKeyRef: null, ...inConfigMap }, C: null },
        };
        assert.deepEqual(withoutNulls(given), {
            ingress: { apiHost: "s3.example.org" },
            snapshots: { className: "a", sets: ["monday", null] },
            expansionPools: [{}, null],
            environment: { A: null },
            podSecurityContext: { runAsUser: null },
            tls: { issuer: { name: "ca" } },
            environmentFrom: { B: inConfigMap, C: null },
        });
        const fields = fieldsOf(given as never);
        assert.deepEqual(fields, ["expansionPools[1]", "environment.A", "environmentFrom.C", "snapshots.sets[1]"]);
    });

    it("refuses an Output that has no value where it decides what there is", async () => {
        const nothing = () => pulumi.output(Promise.resolve(undefined)) as pulumi.Output<any>;
        for (const [field, args] of [
            ["existingSecretName", { existingSecretName: nothing() }],
            ["ingress.consoleHost", { ingress: { apiHost: "s3.example.org", consoleHost: nothing() } }],
            ["httpRoute.consoleHost", { httpRoute: { ...web, consoleHost: nothing() } }],
        ] as const) {
            const spec = checkedSpec("minio", args) as unknown as { promise(): Promise<unknown> };
            await assert.rejects(spec.promise(), new RegExp(`  ${field}: nothing is not allowed`));
        }
        const spec = checkedSpec("minio", { rootUser: nothing() }) as unknown as { promise(): Promise<any> };
        assert.equal((await spec.promise()).rootUser, "admin");
    });

    it("shows no value of the environment", () => {
        const problems = problemsOf("minio", {
            environment: { MINIO_ROOT_PASSWORD: "hunter22", "no name": "hunter22" },
        });
        assert.equal(problems.length, 2);
        assert.ok(!JSON.stringify(problems).includes("hunter22"));
    });

    for (const args of [
        ...["env", "envFrom", "command", "args"].flatMap((field) => [
            besideServer({ [field]: "TOKEN=s3cr3t" }),
            besideServer({ [field]: { TOKEN: "s3cr3t" } }),
        ]),
        besideServer({ env: ["TOKEN=s3cr3t"] }),
        ...["command", "args"].map((field) => besideServer({ [field]: [{ token: "s3cr3t" }] })),
        besideServer({ env: [{ name: ["TOKEN=s3cr3t"], value: ["s3cr3t"] }] }),
        { extraContainers: { proxy: { env: ["TOKEN=s3cr3t"] } } as never },
        { extraContainers: ["--token=s3cr3t" as never] },
    ]) {
        it(`shows no value of what may be a secret of a container: ${JSON.stringify(args.extraContainers)}`, () => {
            const problems = problemsOf("minio", args);
            assert.notDeepEqual(problems, []);
            assert.ok(!JSON.stringify(problems).includes("s3cr3t"), JSON.stringify(problems));
        });
    }

    const warned: [RegExp, KnownArgs][] = [
        [/^image: .*may become another version/, { image: "registry.example.org/minio" }],
        [/^image: .*may become another version/, { image: "registry:5000/minio:latest" }],
        [/^image: quay.io\/minio\/minio refuses pulls/, { image: `quay.io/minio/minio@sha256:${"0".repeat(64)}` }],
        [/^image: MinIO RELEASE.2025-09-07T16-13-09Z has CVE-/, { image: "mirror/minio:RELEASE.2025-09-07T16-13-09Z" }],
        [/^replicas: with 2 servers, 0 may fail and objects can still be written, 1 /, { replicas: 2 }],
        [/^replicas: with 5 servers, 2 may fail.*MinIO recommends an even number/, { replicas: 5 }],
        [/^expansionPools\[0\].replicas: with 7 servers/, { expansionPools: [{ replicas: 7 }] }],
        [/^readiness: with Server/, { podManagementPolicy: "OrderedReady" }],
        [
            /^networkPolicy.clients: none are named, so only pods of the namespace get in, and nothing by ingress from/,
            { networkPolicy: {}, ingress: { apiHost: "s3.example.org" } },
        ],
        [
            /^networkPolicy.clients: .* by httpRoute or clientService of type LoadBalancer or consoleService of type NodePort from/,
            {
                networkPolicy: { scrapers: [{ podSelector: {} }] },
                httpRoute: { gatewayName: "web", apiHost: "s3.example.org" },
                clientService: { type: "LoadBalancer" },
                consoleService: { type: "NodePort" },
            },
        ],
        [
            /^networkPolicy.clients: none are named, so nobody gets in, and nothing by ingress/,
            { networkPolicy: { clients: [] }, ingress: { apiHost: "s3.example.org" } },
        ],
        [
            /^ingress: with tls the servers speak HTTPS, and most controllers send plain HTTP/,
            {
                tls: { secretName: "certs" },
                ingress: { apiHost: web.apiHost, annotations: { "nginx.ingress.kubernetes.io/ssl-redirect": "true" } },
            },
        ],
        [
            /^httpRoute: with tls the servers speak HTTPS/,
            {
                tls: { secretName: "certs" },
                httpRoute: web,
                consoleService: { annotations: { "a/protocol": "HTTPS" } },
            },
        ],
        [
            /^ingress: with tls the servers speak HTTPS/,
            { tls: { secretName: "certs" }, ingress: { apiHost: web.apiHost }, appProtocol: true },
        ],
        [
            /^httpRoute: with tls the servers speak HTTPS/,
            {
                tls: { secretName: "certs" },
                httpRoute: web,
                ingress: { apiHost: web.apiHost, annotations: { "a/protocol": "HTTPS" } },
            },
        ],
    ];
    for (const [expected, args] of warned) {
        it(`warns of ${JSON.stringify(args)}`, () => {
            assert.equal(warningsOf(args).length, 1);
            assert.match(warningsOf(args)[0], expected);
        });
    }

    it("does not warn of what is sound", () => {
        for (const args of [
            {},
            { replicas: 8 },
            { image: "registry:5000/minio:RELEASE.1" },
            { image: `minio@sha256:${"0".repeat(64)}` },
            { networkPolicy: {} },
            { networkPolicy: { clients: [{ namespaceSelector: {} }] }, ingress: { apiHost: "s3.example.org" } },
            { tls: { secretName: "certs" }, httpRoute: web, appProtocol: true },
            { tls: { secretName: "certs" }, httpRoute: web, clientService: { annotations: { "a/protocol": "https" } } },
            ...[
                "nginx.ingress.kubernetes.io/backend-protocol",
                "traefik.ingress.kubernetes.io/service.serversscheme",
                "haproxy.org/server-ssl",
            ].flatMap((annotation) => {
                const annotations = { [annotation]: "as it wants" };
                const ingress = { apiHost: web.apiHost };
                const tls = { secretName: "certs" };
                return [
                    { tls, ingress: { ...ingress, annotations } },
                    { tls, ingress, clientService: { annotations } },
                ];
            }),
        ]) {
            assert.deepEqual(warningsOf(args), []);
        }
    });

    it("refuses a name that cannot be a Service's or is too long for a StatefulSet", () => {
        assert.deepEqual(fieldsOf({}, "9minio"), ["name"]);
        assert.deepEqual(fieldsOf({}, "m".repeat(53)), ["name"]);
        assert.deepEqual(fieldsOf({}, "m".repeat(52)), []);
        for (const name of ["minio-console", "minio-headless", "minio-pool-1"]) {
            assert.deepEqual(fieldsOf({}, name), ["name"]);
        }
        assert.deepEqual(fieldsOf({}, "kubernetes"), ["name"]);
        assert.deepEqual(fieldsOf({ namespace: "minio" }, "kubernetes"), []);
    });

    it("says everything at once, with the value, what is allowed and what to do", () => {
        const args = { replicas: 17, storageSize: "ten", partition: -1 };
        assert.throws(
            () => checkedSpec("minio", args),
            (error: unknown) => {
                assert.ok(error instanceof InvalidArgumentsError);
                assert.ok(pulumi.InputPropertiesError.isInstance(error));
                assert.match(error.message, /replicas: 17 is not allowed .* use 14, 15, 16, 18/);
                assert.match(
                    error.message,
                    /storageSize: 'ten' is not allowed: use a Kubernetes quantity, such as 10Gi/,
                );
                assert.match(error.message, /partition: -1 is not allowed: use an integer from 0/);
                return true;
            },
        );
    });

    it("checks Inputs when they become known", async () => {
        const spec = checkedSpec("minio", { storageSize: pulumi.output(Promise.resolve("20Gi")), replicas: 8 });
        const known = await new Promise<MinioClusterSpec>((resolve) => spec.apply((value) => resolve(value)));
        assert.equal(known.pools[0].storageSize, "20Gi");
    });

    it("does not refuse what hangs on a value that is not known yet", () => {
        const later = pulumi.output(Promise.resolve("certs"));
        checkedSpec("minio", { tls: { secretName: later }, ingress: { apiHost: later }, storageSize: later });
        assert.throws(
            () => checkedSpec("minio", { tls: { secretName: later }, ingress: { apiHost: "no host" } }),
            /ingress.apiHost/,
        );
        assert.throws(
            () => checkedSpec("minio", { replicas: pulumi.output(4) as never }),
            /replicas: an Output is not allowed/,
        );
        const wildcard = { httpRoute: { ...web, extraApiHosts: ["*.s3.example.org"] } };
        checkedSpec("minio", { ...wildcard, environment: { MINIO_DOMAIN: later } });
        checkedSpec("minio", { ...wildcard, environmentFrom: later as never });
        const port = { nodePort: 30443, externalTrafficPolicy: "Local" } as const;
        checkedSpec("minio", { clientService: { ...port, type: later as never } });
        checkedSpec("minio", { consoleService: { loadBalancerIP: "192.0.2.10", type: later as never } });
        assert.throws(
            () => checkedSpec("minio", { clientService: { ...port, annotations: later as never } }),
            /type NodePort/,
        );
        checkedSpec("minio", {
            namespace: later,
            environment: { MINIO_DOMAIN: "default.svc.a.b" },
            clusterDomain: "a.b",
        });
        checkedSpec("minio", { ...wildcard, environment: pulumi.output({ MINIO_DOMAIN: "s3.example.org" }) });
        const environment = { MINIO_REGION: later, MINIO_STORAGE_CLASS_STANDARD: pulumi.output("EC:1") };
        assert.throws(
            () => checkedSpec("minio", { environment }),
            /environment\.MINIO_STORAGE_CLASS_STANDARD: an Output is not allowed: give a plain value, as disruption/,
        );
        checkedSpec("minio", { environment: { ...environment, MINIO_STORAGE_CLASS_STANDARD: "EC:1" } });
    });

    it("refuses a parity that comes with an environment which is an Output", async () => {
        const known = (variables: Record<string, string>) =>
            (
                checkedSpec("minio", { environment: pulumi.output(Promise.resolve(variables)) }) as unknown as {
                    promise(): Promise<MinioClusterSpec>;
                }
            ).promise();
        await assert.rejects(known({ MINIO_STORAGE_CLASS_STANDARD: "EC:1" }), /give a plain value in a plain object/);
        assert.deepEqual((await known({ MINIO_REGION: "eu" })).environment, { MINIO_REGION: "eu" });
    });

    it("neither crashes on any 10,000 hostile arguments, nor lets one pass that makes a broken object", () => {
        const fields = configKeys.filter((key) => key !== "name" && key !== "createNamespace");
        const leaf = fc.oneof(
            fc.anything(),
            fc.string(),
            fc.double(),
            fc.constantFrom(null, "", "0", {}, [], -0, Number.NaN),
        );
        const hostile = fc.dictionary(
            fc.constantFrom(...fields),
            fc.oneof(leaf, fc.dictionary(fc.string(), leaf), fc.array(leaf)),
        );
        fc.assert(
            fc.property(fc.oneof(fc.constant("minio"), fc.anything()), hostile, (name, args) => {
                const problems = problemsOf(name as string, args as KnownArgs);
                if (problems.length === 0) {
                    warningsOf(args as KnownArgs);
                    const spec = withDefaults(args as KnownArgs);
                    const template = podTemplate(namesOf(name as string), spec, 0);
                    const text = JSON.stringify([template, topologyOfSpec(spec)]);
                    assert.doesNotMatch(text, /undefined|NaN|\[object/);
                }
            }),
            { numRuns: 10_000 },
        );
    });

    it("gives each variable one value, wherever it is from, and keeps its own", () => {
        const name = fc.constantFrom(
            ...[
                "MINIO_REGION",
                "TZ",
                "MINIO_DNS_CACHE_TTL",
                "HTTPS_PROXY",
                "NO_PROXY",
                "HOME",
                "POD_NAME",
                "MINIO_ROOT_USER",
            ],
            ...["MINIO_VOLUMES", "MINIO_STORAGE_CLASS_STANDARD", "MINIO_KMS_SECRET_KEY", "a-b", ""],
        );
        const source = fc.oneof(
            { weight: 8, arbitrary: fc.constantFrom(inSecret, inConfigMap) },
            fc.constantFrom({}, null, "text", { ...inSecret, ...inConfigMap }),
            fc.anything(),
        );
        const variables = fc.dictionary(name, fc.constantFrom("EC:1", "x"), { maxKeys: 2 });
        const names = namesOf("minio");
        let passed = 0;
        fc.assert(
            fc.property(variables, fc.dictionary(name, source, { maxKeys: 2 }), (environment, environmentFrom) => {
                const args = { environment, environmentFrom } as KnownArgs;
                if (problemsOf("minio", args).length > 0) {
                    return;
                }
                passed++;
                const { env = [] } = serverContainer(podTemplate(names, withDefaults(args), 0));
                const given = env.map((one) => one.name);
                assert.deepEqual(given, [...new Set(given)]);
                for (const [variable, { secretKeyRef, configMapKeyRef }] of Object.entries(
                    environmentFrom as any,
                ) as any) {
                    const { value, valueFrom } = env.find((one) => one.name === variable) ?? {};
                    assert.equal(value, undefined);
                    assert.ok((secretKeyRef ?? configMapKeyRef) && valueFrom);
                }
            }),
            { numRuns: 3000 },
        );
        assert.ok(passed > 100, `${passed} passed`);
    });

    it("lets no further argument name a server or a drive, or take the place of one of the component's", () => {
        const flag = fc
            .tuple(
                fc.constantFrom("--", "--", "--", "--", "--", "-", "---", ""),
                fc.constantFrom("json", "ftp", "sftp", "x", "address", "certs-dir", "S", "config", ""),
                fc.constantFrom("=", "=", "=a", "=a", "=http://a/data", "", "://a/data", "/data"),
            )
            .map((parts) => parts.join(""));
        const text = fc.oneof({ weight: 9, arbitrary: flag }, fc.anything());
        const plain = serverContainer(podTemplate(namesOf("minio"), withDefaults({}), 0)).args ?? [];
        const nameOf = (argument: string) => argument.split("=", 1)[0];
        let passed = 0;
        fc.assert(
            fc.property(fc.array(text, { maxLength: 3 }), (extraArgs) => {
                const args = { extraArgs } as KnownArgs;
                if (problemsOf("minio", args).length > 0) {
                    return;
                }
                passed += extraArgs.length;
                const { args: all = [] } = serverContainer(podTemplate(namesOf("minio"), withDefaults(args), 0));
                assert.deepEqual(
                    all.filter((one) => !extraArgs.includes(one)),
                    plain,
                );
                assert.deepEqual(poolPatterns(all), plain.slice(-1));
                // What comes after the first one that is no flag, and after a flag without a value, is no flag.
                assert.ok(all.slice(1, -1).every((one) => /^--[^=]+=/.test(one)));
                const once = all.map(nameOf).filter((name) => !["--ftp", "--sftp"].includes(name));
                assert.deepEqual(once, [...new Set(once)]);
            }),
            { numRuns: 3000 },
        );
        assert.ok(passed > 30, `${passed} passed`);
    });

    it("gives the pods only containers beside the server's that Kubernetes takes, and restricted namespaces", () => {
        const port = fc.record({
            name: fc.constantFrom("metrics", undefined, "api"),
            containerPort: fc.constantFrom(8080, 9000, 8080, "80"),
            hostPort: fc.constantFrom(undefined, 0, 8080),
        });
        const drive = { name: "kes", persistentVolumeClaim: { claimName: "data-minio-0" } };
        const volume = fc.constantFrom(kes, kes, drive);
        const securityContext = fc.record(
            {
                privileged: fc.constantFrom(false, undefined, true),
                allowPrivilegeEscalation: fc.constantFrom(false, null, true),
                runAsUser: fc.constantFrom(5, null, 0),
                runAsNonRoot: fc.constantFrom(true, undefined, false),
                capabilities: fc.constantFrom(
                    ...[null, {}, { drop: [] }, { add: ["NET_BIND_SERVICE"] }, { add: ["SYS_ADMIN"] }, "ALL"],
                ),
            },
            { requiredKeys: [] },
        );
        const container = fc.record(
            {
                name: fc.constantFrom("proxy", "agent", "minio"),
                image: fc.constantFrom("example.org/proxy:1", "proxy", "No Image"),
                ports: fc.array(port, { maxLength: 1 }),
                volumeMounts: fc.array(fc.constantFrom({ name: "data" }, { name: "kes", mountPath: "/kes" }), {
                    maxLength: 1,
                }),
                securityContext,
            },
            { requiredKeys: ["name", "image"] },
        );
        let passed = 0;
        fc.assert(
            fc.property(volume, fc.array(container, { maxLength: 2 }), (extraVolume, extraContainers) => {
                const args = { extraVolumes: [extraVolume], extraContainers } as unknown as KnownArgs;
                if (problemsOf("minio", args).length > 0) {
                    return;
                }
                passed += extraContainers.length;
                const { spec } = podTemplate(namesOf("minio"), withDefaults(args), 0) as any;
                const [, ...others] = spec.containers;
                const names = spec.containers.map(({ name }: any) => name);
                assert.deepEqual(names, [...new Set(names)]);
                assert.ok(!spec.volumes.some(({ persistentVolumeClaim }: any) => persistentVolumeClaim));
                for (const { ports = [], volumeMounts = [], securityContext: context } of others) {
                    assert.ok(ports.every(({ containerPort, hostPort }: any) => containerPort === 8080 && !hostPort));
                    assert.ok(volumeMounts.every(({ name }: any) => name === "kes"));
                    assert.deepEqual([context.allowPrivilegeEscalation, context.capabilities.drop], [false, ["ALL"]]);
                    assert.ok(!context.privileged && context.runAsNonRoot !== false && context.runAsUser !== 0);
                    assert.ok(!JSON.stringify(context).includes("SYS_ADMIN"));
                }
            }),
            { numRuns: 3000 },
        );
        assert.ok(passed > 30, `${passed} passed`);
    });

    it("lets no hostile entrance pass that Kubernetes would refuse", () => {
        const mostly = (sound: unknown[], others: unknown[]) =>
            fc.oneof(
                { weight: 9, arbitrary: fc.constantFrom(...sound) },
                { weight: 1, arbitrary: fc.constantFrom(...others) },
            );
        const host = mostly(["s3.example.org", "*.s3.example.org", "a.b"], ["*", "", null, 7]);
        const service = fc.record(
            {
                type: mostly(
                    ["LoadBalancer", "LoadBalancer", "LoadBalancer", "NodePort", "ClusterIP"],
                    ["ExternalName", null],
                ),
                port: mostly([443, 9000], [0, 65536, "443", null, 1.5]),
                nodePort: mostly([30000, 30001], [0, "30000", null]),
                externalTrafficPolicy: mostly(["Local", "Cluster"], ["", null]),
                loadBalancerClass: mostly(["a/b"], ["a/b/c", "", null]),
                loadBalancerIP: mostly(["192.0.2.1", "::1"], ["a", "", null]),
            },
            { requiredKeys: [] },
        );
        const given = fc.record(
            {
                clientService: service,
                consoleService: service,
                ipFamilies: fc.uniqueArray(mostly(["IPv4", "IPv6"], ["IPv5", null]), { maxLength: 3 }),
                ipFamilyPolicy: mostly(["SingleStack", "PreferDualStack", "RequireDualStack"], ["", null]),
                ingress: fc.record({ apiHost: host, extraApiHosts: fc.array(host, { maxLength: 2 }) }),
                environment: fc.constantFrom({}, { MINIO_DOMAIN: "s3.example.org" }),
            },
            { requiredKeys: [] },
        );
        let passed = 0;
        fc.assert(
            fc.property(given, (args) => {
                if (problemsOf("minio", args as KnownArgs).length > 0) {
                    return;
                }
                passed++;
                const known = withoutNulls(args) as KnownArgs;
                for (const one of [known.clientService ?? {}, known.consoleService ?? {}]) {
                    const { type = "ClusterIP", port = 1, nodePort = 1 } = one;
                    assert.ok(
                        [port, nodePort].every((number) => Number.isInteger(number) && number > 0 && number < 65536),
                    );
                    assert.ok(type !== "ClusterIP" || !("nodePort" in one || "externalTrafficPolicy" in one));
                    assert.ok(type === "LoadBalancer" || !("loadBalancerClass" in one || "loadBalancerIP" in one));
                }
                const { ipFamilies = [], ipFamilyPolicy, ingress, environment } = known;
                const isOne = ipFamilyPolicy === undefined ? /^(IPv[46],?){0,2}$/ : /^(IPv[46])?$/;
                const isTwo = /^(IPv4,IPv6|IPv6,IPv4)?$/;
                assert.match(ipFamilies.join(), ipFamilyPolicy?.endsWith("DualStack") ? isTwo : isOne);
                const hosts = [ingress?.apiHost ?? "a.b", ...(ingress?.extraApiHosts ?? [])];
                assert.ok(
                    hosts.every((one) => /^(\*\.)?[a-z0-9.]+$/.test(one)) && new Set(hosts).size === hosts.length,
                );
                assert.ok(!hosts.includes("*.s3.example.org") || environment?.MINIO_DOMAIN);
            }),
            { numRuns: 3000 },
        );
        assert.ok(passed > 20, `${passed} passed`);
    });

    it("refuses a name that is no text, and cannot be made one, where the text to confirm a restore has it", () => {
        const name = { toString: [] } as unknown as string;
        assert.deepEqual(
            problemsOf(name, { restoreFrom: {} } as KnownArgs).map(({ field }) => field),
            ["name", "restoreFrom.set"],
        );
        const access = { name: "app", bucket: "bucket", secretName: "app" };
        const accesses = (...given: object[]) =>
            ({ accesses: given.map((one) => ({ ...access, ...one })) }) as KnownArgs;
        assert.deepEqual(fieldsOf(accesses({}), name), ["name"]);
        assert.deepEqual(fieldsOf(accesses({ namespace: name })), ["accesses[0].namespace"]);
        const both = { ...accesses({ namespace: "a" }), namespace: name } as KnownArgs;
        assert.deepEqual(fieldsOf(both), ["namespace"]);
    });

    it("neither crashes on hostile values nor lets them pass", () => {
        const hostile = fc.oneof(fc.anything(), fc.string(), fc.double(), fc.constantFrom(null, "", "0", {}, [], -0));
        fc.assert(
            fc.property(hostile, hostile, hostile, (replicas, storageSize, partition) => {
                const args = { replicas, storageSize, partition } as KnownArgs;
                const fields = problemsOf("minio", args).map(({ field }) => field);
                const sound = (value: unknown) => value === undefined || value === null || Number.isInteger(value);
                assert.ok(sound(replicas) || fields.includes("replicas"));
                assert.ok(sound(partition) || fields.includes("partition"));
                assert.ok(
                    storageSize === undefined ||
                        storageSize === null ||
                        typeof storageSize === "string" ||
                        fields.includes("storageSize"),
                );
            }),
            { numRuns: 2000 },
        );
    });
});

describe("quantity", () => {
    const values: [string, number | undefined][] = [
        ["10Gi", 10 * 2 ** 30],
        ["500m", 0.5],
        ["1e3", 1000],
        ["1.5G", 1.5e9],
        ["0", 0],
        ["ten", undefined],
        ["", undefined],
        ["10GB", undefined],
        ["1 Gi", undefined],
    ];
    for (const [text, value] of values) {
        it(`reads '${text}' as ${value}`, () => assert.equal(parseQuantity(text), value));
    }
});
