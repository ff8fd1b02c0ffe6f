import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import fc from "fast-check";
import { type Adoption, adoptionOf, type Wish } from "../../components/adopt/adoption";
import { patternsOf, poolsOf } from "../../components/adopt/endpoints";
import { Refusal } from "../../components/adopt/found";
import { namesIn, namesInMap, type Observed, observe } from "../../components/adopt/observed";
import { reportOf } from "../../components/adopt/report";
import { isOfAnother, stepsOf } from "../../components/adopt/steps";
import type { Kubernetes } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";
import { erasureSetSizeOf } from "../../components/minio/topology";
import { bitnamiObjects, type OldCluster, operatorObjects, plainObjects } from "../support/oldTools";

const old: OldCluster = {
    namespace: "storage",
    name: "minio",
    image: "example.org/minio:RELEASE.2025-07-23T15-54-02Z",
    root: { user: "old-root", password: "correct-horse-battery" },
};

/** What Kubernetes has when these objects are applied and all servers run. */
function observed(objects: any[], changes: Partial<Observed> = {}): Observed {
    const of = (kind: string) => structuredClone(objects.filter((one) => one.kind === kind));
    const statefulSets = of("StatefulSet").map((one) => ({ ...one, status: { readyReplicas: one.spec.replicas } }));
    const claims = statefulSets.flatMap(({ metadata, spec }) =>
        Array.from({ length: spec.replicas }, (_, ordinal) =>
            spec.volumeClaimTemplates.map(({ metadata: { name, labels }, spec: wanted }: any) => {
                const claim = `${name}-${metadata.name}-${ordinal}`;
                return {
                    metadata: { name: claim, namespace: metadata.namespace, labels },
                    spec: {
                        ...wanted,
                        storageClassName: "fast",
                        volumeMode: "Filesystem",
                        volumeName: `pvc-of-${claim}`,
                    },
                    status: { phase: "Bound" },
                };
            }),
        ).flat(),
    );
    const secrets = of("Secret").map(({ metadata, stringData }): [string, any] => {
        const data = Object.entries(stringData).map(([key, value]) => [
            key,
            Buffer.from(String(value)).toString("base64"),
        ]);
        return [metadata.name, namesIn({ data: Object.fromEntries(data) })];
    });
    return {
        namespace: { name: "storage", uid: "7a" },
        statefulSets,
        claims,
        volumes: claims.map(({ spec }) => ({ metadata: { name: spec.volumeName } })),
        services: of("Service"),
        networkPolicies: of("NetworkPolicy"),
        tenants: of("Tenant"),
        secrets: Object.fromEntries(secrets),
        configMaps: Object.fromEntries(of("ConfigMap").map((one) => [one.metadata.name, namesInMap(one)])),
        ...changes,
    };
}

const moves = ({ drives }: Adoption) =>
    Object.fromEntries(drives.map(({ old: { metadata }, claim }) => [metadata?.name, claim]));

function refusals(seen: Observed, wish?: Wish): string[] {
    try {
        adoptionOf(seen, wish);
    } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
        return error.reasons;
    }
    return [];
}

const storage = { storageSize: "1Gi", storageClassName: "fast" };
const resources = { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "1", memory: "1Gi" } };

describe("what becomes of a cluster of Bitnami's chart", () => {
    const adoption = adoptionOf(observed(bitnamiObjects({ ...old, name: "media", servers: 4, drives: 2, pools: 2 })));

    it("is its zones as pools, its user, and its plain variables", () => {
        assert.deepEqual(adoption.args, {
            namespace: "storage",
            replicas: 4,
            drivesPerServer: 2,
            ...storage,
            expansionPools: [{ replicas: 4, drivesPerServer: 2, ...storage }],
            existingSecretName: "minio-root",
            podSecurityContext: { runAsUser: 1001, runAsGroup: 1001, fsGroup: 1001 },
            resources,
            environment: { MINIO_BROWSER: "on", MINIO_PROMETHEUS_AUTH_TYPE: "public" },
        });
        assert.equal(adoption.tool, "Bitnami's chart");
    });

    it("gives each claim to the server of the same place in its pool", () => {
        const claims = moves(adoption);
        assert.equal(Object.keys(claims).length, 16);
        assert.equal(claims["data-0-media-minio-0"], "data0-minio-0");
        assert.equal(claims["data-1-media-minio-3"], "data1-minio-3");
        assert.equal(claims["data-0-media-minio-4"], "data0-minio-pool-1-0");
        assert.equal(claims["data-1-media-minio-7"], "data1-minio-pool-1-3");
    });

    it("leads the old Service to the new servers, and back", () => {
        assert.deepEqual(adoption.entrances, [
            {
                name: "media-minio",
                selector: { "app.kubernetes.io/instance": "media", "app.kubernetes.io/name": "minio" },
                ports: [
                    { was: "minio-api", becomes: 9000 },
                    { was: "minio-console", becomes: 9001 },
                ],
            },
        ]);
    });

    it("has its root account from files of a Secret, too", () => {
        const objects: any[] = bitnamiObjects(old);
        const { spec } = objects.at(-1).spec.template;
        spec.containers[0].env = spec.containers[0].env.map((one: any) =>
            one.name.startsWith("MINIO_ROOT")
                ? { name: `${one.name}_FILE`, value: `/opt/bitnami/minio/secrets/${one.valueFrom.secretKeyRef.key}` }
                : one,
        );
        spec.containers[0].volumeMounts.push({ name: "minio-credentials", mountPath: "/opt/bitnami/minio/secrets/" });
        spec.volumes = [{ name: "minio-credentials", secret: { secretName: "minio" } }];
        assert.deepEqual(adoptionOf(observed(objects)).root, {
            kind: "keys",
            secret: "minio",
            userKey: "root-user",
            passwordKey: "root-password",
        });
    });
});

describe("what becomes of a tenant of MinIO's operator", () => {
    const seen = observed(operatorObjects({ ...old, name: "tenant", drives: 2, pools: 2 }));
    const adoption = adoptionOf({
        ...seen,
        operator: { namespace: "minio-operator", name: "minio-operator", replicas: 2 },
    });

    it("has its drives in a folder of the volumes, and its own user", () => {
        assert.deepEqual(adoption.args, {
            namespace: "storage",
            replicas: 4,
            drivesPerServer: 2,
            ...storage,
            expansionPools: [{ replicas: 4, drivesPerServer: 2, ...storage }],
            driveSubPath: "data",
            existingSecretName: "store-root",
            resources,
            environment: { MINIO_BROWSER: "on", MINIO_REGION: "us-east-1" },
        });
        assert.deepEqual(adoption.root, { kind: "file", secret: "tenant-env-configuration", key: "config.env" });
        assert.equal(moves(adoption)["data1-tenant-pool-1-3"], "data1-store-pool-1-3");
    });

    it("is not named like the operator's Service minio, which clients use", () => {
        assert.equal(adoption.name, "store");
        assert.match(refusals(seen, { name: "minio" }).join(), /name: minio is not allowed: Service minio is there/);
    });

    it("has the variables of its Secret that are never secret, and tells the others", () => {
        assert.match(adoption.notes.join("\n"), /not among the arguments: MINIO_AUDIT_WEBHOOK_AUTH_TOKEN_1\./);
    });

    it("has the operator stopped before its servers, and started again on the way back", () => {
        const { move, back } = stepsOf(adoption);
        const stop = "kubectl scale deployment minio-operator --namespace=minio-operator --replicas=0";
        assert.ok(move.indexOf(stop) > 0 && move.indexOf(stop) < move.indexOf("k scale statefulset"));
        assert.match(back, /kubectl scale deployment minio-operator --namespace=minio-operator --replicas=2/);
    });

    it("is refused where several are there and none is named, or its pool has no StatefulSet", () => {
        const two = observed([...operatorObjects({ ...old, name: "a" }), ...operatorObjects({ ...old, name: "b" })]);
        assert.match(refusals(two).join(), /several clusters run there: name one of a, b/);
        assert.deepEqual(refusals(two, { old: "b" }), []);
        assert.match(refusals({ ...seen, statefulSets: [] }).join(), /pool pool-0 has no StatefulSet tenant-pool-0/);
    });
});

describe("what becomes of a StatefulSet made by hand", () => {
    const adoption = adoptionOf(observed(plainObjects({ ...old, name: "objects" })));

    it("has its files given to another user, as servers never run as root", () => {
        assert.deepEqual(adoption.args, {
            namespace: "storage",
            replicas: 4,
            drivesPerServer: 1,
            ...storage,
            existingSecretName: "minio-root",
            resources,
        });
        assert.deepEqual(adoption.ownedByRoot, { image: old.image, container: "server" });
        assert.match(stepsOf(adoption).move, /"chown",\n *"-R",\n *"1000:1000"/);
        assert.deepEqual(adoption.root, {
            kind: "plain",
            statefulSet: "objects",
            container: "server",
            variables: ["MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"],
        });
    });

    it("has of its plain variables those that are never secret, and tells the others by their names", () => {
        const objects: any[] = plainObjects({ ...old, name: "objects" });
        const secret = {
            MINIO_NOTIFY_POSTGRES_CONNECTION_STRING_A: "host=db password=hidden",
            MINIO_NOTIFY_MYSQL_DSN_STRING_A: "user:hidden@tcp(db)/events",
            MINIO_NOTIFY_AMQP_URL_A: "amqp://user:hidden@queue",
            MINIO_LOGGER_WEBHOOK_ENDPOINT_A: "https://logs.example.org/?token=hidden",
        };
        const { env } = objects.at(-1).spec.template.spec.containers[0];
        const plain = { MINIO_API_REQUESTS_MAX: "500", MINIO_STORAGE_CLASS_STANDARD: "EC:2" };
        env.push(...Object.entries({ ...secret, ...plain }).map(([name, value]) => ({ name, value })));
        const taken = adoptionOf(observed(objects));
        assert.deepEqual(taken.args.environment, plain);
        assert.match(
            taken.notes.join("\n"),
            new RegExp(`not among the arguments: ${Object.keys(secret).join(", ")}\\.`),
        );
        const files = { args: "arguments.json", prepare: "prepare.sh", move: "move.sh", back: "back.sh" };
        const written = [reportOf(taken, files), JSON.stringify(taken.args), ...Object.values(stepsOf(taken))];
        assert.doesNotMatch(written.join("\n"), /hidden/);
    });

    it("has its variables from the Secrets and ConfigMaps where they are, and no value of them but of what is never secret", () => {
        const objects: any[] = plainObjects({ ...old, name: "objects" });
        const [container] = objects.at(-1).spec.template.spec.containers;
        const inSecret = (name: string, key: string, more = {}) => ({ secretKeyRef: { name, key, ...more } });
        const inMap = (name: string, key: string) => ({ configMapKeyRef: { name, key } });
        const env = {
            MINIO_KMS_SECRET_KEY: inSecret("kms", "key", { optional: false }),
            MINIO_IDENTITY_OPENID_CLIENT_ID: inMap("sso", "client"),
            MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_A: inSecret("extra", "none", { optional: true }),
            MINIO_SITE_NAME: inMap("sso", "site"),
            MINIO_BROWSER: inSecret("extra", "MINIO_BROWSER"),
            MINIO_AUDIT_WEBHOOK_CLIENT_CERT_A: { fieldRef: { fieldPath: "metadata.name" } },
            MINIO_VOLUMES: inMap("sso", "volumes"),
            // The component must know these itself.
            MINIO_REGION: inMap("sso", "MINIO_REGION"),
            MINIO_STORAGE_CLASS_STANDARD: inMap("sso", "parity"),
        };
        container.env.push(...Object.entries(env).map(([name, valueFrom]) => ({ name, valueFrom })));
        container.envFrom = [
            { secretRef: { name: "extra" } },
            { configMapRef: { name: "plain" }, prefix: "MINIO_" },
            { secretRef: { name: "away", optional: true } },
        ];
        const taken = adoptionOf(
            observed([
                ...objects,
                { kind: "Secret", metadata: { name: "kms" }, stringData: { key: "hidden" } },
                {
                    kind: "Secret",
                    metadata: { name: "extra" },
                    stringData: {
                        MINIO_KMS_SECRET_KEY: "hidden",
                        MINIO_LDAP_A: "hidden",
                        PATH: "a",
                        MINIO_BROWSER: "on",
                    },
                },
                { kind: "ConfigMap", metadata: { name: "sso" }, data: { client: "hidden", MINIO_REGION: "eu" } },
                { kind: "ConfigMap", metadata: { name: "plain" }, data: { SCANNER_SPEED: "slow", VOLUMES: "/data" } },
            ]),
        );
        assert.deepEqual(taken.args.environmentFrom, {
            MINIO_KMS_SECRET_KEY: inSecret("kms", "key"),
            MINIO_LDAP_A: inSecret("extra", "MINIO_LDAP_A"),
            MINIO_BROWSER: inSecret("extra", "MINIO_BROWSER"),
            MINIO_SCANNER_SPEED: inMap("plain", "SCANNER_SPEED"),
            MINIO_IDENTITY_OPENID_CLIENT_ID: inMap("sso", "client"),
            MINIO_SITE_NAME: inMap("sso", "site"),
        });
        assert.deepEqual(taken.args.environment, { MINIO_REGION: "eu" });
        const notes = taken.notes.join("\n");
        assert.match(
            notes,
            /not among the arguments: MINIO_AUDIT_WEBHOOK_CLIENT_CERT_A, MINIO_STORAGE_CLASS_STANDARD\./,
        );
        assert.match(
            notes,
            /read variables or certificates from Secret kms, Secret extra, ConfigMap plain, ConfigMap sso: keep that/,
        );
        const files = { args: "arguments.json", prepare: "prepare.sh", move: "move.sh", back: "back.sh" };
        const written = [reportOf(taken, files), JSON.stringify(taken.args), ...Object.values(stepsOf(taken))];
        assert.doesNotMatch(written.join("\n"), /hidden/);
    });

    it("has its variables from a mounted file, as with the official chart's extraSecret", () => {
        const objects: any[] = plainObjects({ ...old, name: "objects" });
        const { spec } = objects.at(-1).spec.template;
        spec.containers[0].env.push({ name: "MINIO_CONFIG_ENV_FILE", value: "/tmp/minio-config-env/config.env" });
        spec.containers[0].volumeMounts.push({ name: "extra-secret", mountPath: "/tmp/minio-config-env" });
        spec.volumes = [{ name: "extra-secret", secret: { secretName: "extra" } }];
        const withFile = (text: string) =>
            adoptionOf(
                observed([
                    ...objects,
                    { kind: "Secret", metadata: { name: "extra" }, stringData: { "config.env": text } },
                ]),
            );
        const region = withFile("export MINIO_SITE_REGION=eu\nexport MINIO_KMS_SECRET_KEY=key:abc");
        assert.deepEqual(region.args.environment, { MINIO_SITE_REGION: "eu" });
        assert.match(region.notes.join(), /not among the arguments: MINIO_KMS_SECRET_KEY\./);
        assert.equal(region.root.kind, "plain");
        const root = withFile("MINIO_ROOT_USER=a\nMINIO_ROOT_PASSWORD=b");
        assert.deepEqual(root.root, { kind: "file", secret: "extra", key: "config.env" });
    });

    it("has its variables from whatever key of a Secret is that file, and none that it cannot read", () => {
        const withFile = (file: object, mount: object, volume: object) => {
            const objects: any[] = plainObjects({ ...old, name: "objects" });
            const { spec } = objects.at(-1).spec.template;
            spec.containers[0].env.push({ name: "MINIO_CONFIG_ENV_FILE", ...file });
            spec.containers[0].volumeMounts.push({ name: "settings", ...mount });
            spec.volumes = [{ name: "settings", ...volume }];
            const stringData = { "minio.env": "export MINIO_SITE_REGION=eu\nexport MINIO_KMS_SECRET_KEY=hidden" };
            return observed([...objects, { kind: "Secret", metadata: { name: "extra" }, stringData }]);
        };
        const secret = { secretName: "extra" };
        const items = [{ key: "minio.env", path: "minio/config.env" }];
        for (const [value, mount, volume] of [
            ["/etc/minio/minio.env", { mountPath: "/etc/minio" }, { secret }],
            ["/etc/minio/config.env", { mountPath: "/etc/minio/config.env", subPath: "minio.env" }, { secret }],
            ["/etc/minio/config.env", { mountPath: "/etc/" }, { secret: { ...secret, items } }],
        ] as const) {
            const { args, notes } = adoptionOf(withFile({ value }, mount, volume));
            assert.deepEqual(args.environment, { MINIO_SITE_REGION: "eu" });
            assert.match(notes.join(), /not among the arguments: MINIO_KMS_SECRET_KEY\./);
        }
        const [value, mount] = ["/etc/minio/config.env", { mountPath: "/etc/minio" }];
        for (const volume of [
            { configMap: { name: "extra" } },
            { projected: { sources: [{ secret: { name: "extra" } }] } },
            { csi: { driver: "secrets-store.csi.k8s.io" } },
            { emptyDir: {} },
            { secret },
            { secret: { secretName: "away" } },
        ]) {
            const reasons = refusals(withFile({ value }, mount, volume)).join();
            assert.match(reasons, /^MINIO_CONFIG_ENV_FILE \/etc\/minio\/config.env: this file is no key of a Secret/);
        }
        const elsewhere = { valueFrom: { configMapKeyRef: { name: "extra", key: "file" } } };
        assert.match(refusals(withFile(elsewhere, mount, { secret })).join(), /^MINIO_CONFIG_ENV_FILE: this file is/);
    });

    it("has the authorities that its servers trust, and tells what else they have mounted", () => {
        const objects: any[] = plainObjects({ ...old, name: "objects" });
        const { spec } = objects.at(-1).spec.template;
        spec.containers[0].env = ["user", "password"].map((key) => ({
            name: `MINIO_ROOT_${key.toUpperCase()}`,
            valueFrom: { secretKeyRef: { name: "root", key } },
        }));
        const volumes: [string, string, object][] = [
            ["authorities", "/etc/minio/certs/CAs/", { secret: { secretName: "trusted" } }],
            [
                "more",
                "/root/.minio/certs/CAs",
                { configMap: { name: "bundle", items: [{ key: "ca", path: "ca.crt" }] } },
            ],
            ["credentials", "/tmp/credentials", { secret: { secretName: "root" } }],
            ["scratch", "/tmp", { emptyDir: {} }],
            ["certificate", "/etc/minio/certs", { secret: { secretName: "tls" } }],
            ["keys", "/etc/kes", { projected: { sources: [] } }],
            ["logs", "/logs", {}],
        ];
        spec.containers[0].volumeMounts.push(...volumes.map(([name, mountPath]) => ({ name, mountPath })));
        spec.volumes = volumes.slice(0, -1).map(([name, , volume]) => ({ name, ...volume }));
        const secret = (name: string, ...keys: string[]) => ({
            kind: "Secret",
            metadata: { name },
            stringData: Object.fromEntries(keys.map((key) => [key, "hidden"])),
        });
        const [certificate = ""] = rootCertificates;
        const data = { ca: certificate, other: certificate };
        const bundle = { kind: "ConfigMap", metadata: { name: "bundle" }, data };
        const trusted = secret("trusted", "idp.key", "store.jks", "empty.crt");
        Object.assign(trusted.stringData, { "idp.crt": certificate, "empty.crt": "" });
        const secrets = [trusted, secret("root", "user", "password"), bundle];
        const { args, notes } = adoptionOf(observed([...objects, ...secrets]));
        assert.deepEqual(args.trustedAuthorities, [
            { secretKeyRef: { name: "trusted", key: "idp.crt" } },
            { configMapKeyRef: { name: "bundle", key: "ca" } },
        ]);
        assert.match(notes.join("\n"), /variables or certificates from Secret trusted, ConfigMap bundle: keep that/);
        assert.match(
            notes.join("\n"),
            /the mounts \/etc\/minio\/certs of secret tls, \/etc\/kes of projected, \/logs of claim template logs \(/,
        );
        const unknown = adoptionOf(observed([...objects, secret("root", "user", "password")]));
        assert.equal(unknown.args.trustedAuthorities, undefined);
        assert.match(unknown.notes.join(), /the mounts \/etc\/minio\/certs\/CAs\/ of secret trusted, /);
    });

    it("has its own address, but for a tenant's, which the operator makes", () => {
        const url = { name: "MINIO_SERVER_URL", value: "https://s3.example.org" };
        const objects: any[] = plainObjects({ ...old, name: "objects" });
        objects.at(-1).spec.template.spec.containers[0].env.push(url);
        assert.deepEqual(adoptionOf(observed(objects)).args.environment, { MINIO_SERVER_URL: url.value });
        const tenant: any[] = operatorObjects(old);
        assert.equal(adoptionOf(observed(tenant)).args.environment?.MINIO_SERVER_URL, undefined);
        tenant[0].stringData["config.env"] += `export MINIO_SERVER_URL="${url.value}"\n`;
        assert.equal(adoptionOf(observed(tenant)).args.environment?.MINIO_SERVER_URL, url.value);
    });

    it("has no value that Kubernetes makes another one of", () => {
        const withValue = (name: string, value: string) => {
            const objects: any[] = plainObjects({ ...old, name: "objects" });
            const { env } = objects.at(-1).spec.template.spec.containers[0];
            objects.at(-1).spec.template.spec.containers[0].env = [
                ...env.filter((one: any) => one.name !== name),
                { name, value },
            ];
            return observed(objects);
        };
        for (const value of ["hidden$$x", "$(HIDDEN)x"]) {
            const named = adoptionOf(withValue("MINIO_SERVER_URL", value));
            assert.equal(named.args.environment, undefined);
            assert.match(
                named.notes.join("\n"),
                /with \$\( or \$\$ in their values .*: MINIO_SERVER_URL\. .* each \$$/m,
            );
            for (const name of ["MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"]) {
                const reasons = refusals(withValue(name, value)).join("\n");
                assert.match(reasons, /^container server: MINIO_ROOT_USER or MINIO_ROOT_PASSWORD has \$\$ or \$\(/);
                assert.doesNotMatch(reasons, /hidden|HIDDEN/);
            }
        }
        assert.deepEqual(refusals(withValue("MINIO_ROOT_PASSWORD", "a$b$c(d)")), []);
    });

    it("has ports of Services led to the console by its address, and others than the API's left alone", () => {
        const withPorts = (change: (container: any) => void, ...ports: object[]) => {
            const objects: any[] = plainObjects({ ...old, name: "objects" });
            objects[1].spec.ports = ports;
            change(objects.at(-1).spec.template.spec.containers[0]);
            const { entrances, notes } = adoptionOf(observed(objects));
            return { ports: entrances[0]?.ports.map(({ becomes }) => becomes), notes: notes.join("\n") };
        };
        const ports = [{ port: 80, targetPort: 9000 }, { port: 9001 }, { port: 22, targetPort: 8022 }];
        for (const change of [
            ({ args }: any) => args.push("--console-address", ":9001"),
            ({ args }: any) => args.push('--console-address="0.0.0.0:9001"', "--address=:9000"),
            ({ env }: any) => env.push({ name: "MINIO_CONSOLE_ADDRESS", value: ":9001" }),
            ({ env }: any) => env.push({ name: "MINIO_CONSOLE_PORT_NUMBER", value: "9001" }),
        ]) {
            const led = withPorts(change, ...ports);
            assert.deepEqual(led.ports, [9000, 9001, 8022]);
            assert.match(led.notes, /^the port 22 of the Service objects-api stays as it is: it leads neither/m);
        }
        const moved = ({ args, ports }: any) => {
            args.push("--address", ":9090", "--console-address", ":9000");
            ports.push({ name: "minio-sftp", containerPort: 8022 });
        };
        const named = [{ port: 9000 }, { port: 1, targetPort: 9090 }, { port: 22, targetPort: "minio-sftp" }];
        assert.deepEqual(withPorts(moved, ...named).ports, [9001, 9000, "minio-sftp"]);
    });

    it("has what else arguments can say of its pods and claims, and tells the rest", () => {
        const objects: any[] = plainObjects({ ...old, name: "objects" });
        const { spec } = objects.at(-1);
        const { template } = spec;
        const kept = { "prometheus.io/scrape": "true" };
        template.metadata.annotations = { ...kept, "checksum/secrets": "a", "min.io/revision": "1" };
        const securityContext = { supplementalGroups: [5000], seLinuxOptions: { level: "s0:c1,c2" } };
        const host = { hostAliases: [{ ip: "10.0.0.1" }], hostNetwork: true, runtimeClassName: "kata" };
        Object.assign(template.spec, { securityContext, ...host, schedulerName: "own", dnsPolicy: "ClusterFirst" });
        template.spec.containers[0].args.push("--sftp", "address=:8022", "--address=:9000", "--ftp=address=:8021");
        template.spec.containers[0].envFrom = [{ secretRef: { name: "extra" } }];
        const secret = {
            kind: "Secret",
            metadata: { name: "extra" },
            stringData: { HTTPS_PROXY: "hidden", "ca.crt": "" },
        };
        const claim = { "backup.example.org/group": "minio" };
        spec.volumeClaimTemplates[0].metadata.annotations = claim;
        const seen = observed([...objects, secret]);
        for (const { metadata, spec } of seen.claims) {
            Object.assign(spec ?? {}, { volumeAttributesClassName: "gold" });
            Object.assign(metadata ?? {}, { annotations: { ...claim, "pv.kubernetes.io/bind-completed": "yes" } });
        }
        const adoption = adoptionOf(seen);
        const { annotations, podSecurityContext, persistentVolumeClaimAnnotations, volumeAttributesClassName } =
            adoption.args;
        assert.deepEqual(
            [annotations, podSecurityContext, persistentVolumeClaimAnnotations, volumeAttributesClassName],
            [kept, securityContext, claim, "gold"],
        );
        const { move, back } = stepsOf(adoption);
        for (const script of [move, back]) {
            assert.equal(script.match(/"volumeAttributesClassName": "gold"/g)?.length, 4);
        }
        assert.equal(back.match(/"backup.example.org\/group": "minio"/g)?.length, 4);
        assert.doesNotMatch(back, /bind-completed/);
        const notes = adoption.notes.join("\n");
        assert.match(
            notes,
            /not among the arguments: the variables HTTPS_PROXY, the servers' arguments --sftp, --ftp \(/,
        );
        assert.match(notes, /the pods' hostAliases, hostNetwork, runtimeClassName, schedulerName$/m);
        template.spec.securityContext.seLinuxOptions.role = "system_r";
        const without = adoptionOf(observed([...objects, secret]));
        assert.deepEqual(without.args.podSecurityContext, { supplementalGroups: [5000] });
        assert.match(without.notes.join("\n"), /schedulerName, seLinuxOptions$/m);
    });

    it("has its NetworkPolicies named that the new servers would miss, and what its Services have", () => {
        const objects: any[] = plainObjects({ ...old, name: "objects" });
        const policy = (name: string, podSelector: object) => ({
            kind: "NetworkPolicy",
            metadata: { name },
            spec: { podSelector },
        });
        const policies = [
            policy("all", {}),
            policy("others", { matchLabels: { app: "web" } }),
            policy("servers", { matchLabels: { app: "objects" } }),
        ];
        const balancer = { "service.example.org/class": "internal" };
        objects[1].metadata.annotations = { ...balancer, "meta.helm.sh/release-name": "a" };
        Object.assign(objects[1].spec, { type: "LoadBalancer", ports: [{ port: 9000, nodePort: 30900 }] });
        const seen = observed([...objects, ...policies]);
        const notes = adoptionOf(seen).notes.join("\n");
        assert.deepEqual(notes.match(/the NetworkPolicy \S+ selects .*/g), [
            "the NetworkPolicy servers selects the old servers, and not the new ones: before move.sh, make one like it " +
                "for app: minio, or give networkPolicy",
        ]);
        assert.match(
            notes,
            /the Service objects-api has these, .*: type LoadBalancer; node ports 30900; annotations service.example.org\/class\./,
        );
        const unknown = adoptionOf({ ...seen, networkPolicies: "forbidden" }).notes.join("\n");
        assert.match(unknown, /whether NetworkPolicies select the old servers only is not known/);
    });

    it("has its servers where the old ones were, apart from each other by the new labels", () => {
        const objects: any[] = plainObjects({ ...old, name: "objects" });
        const apart = (labelSelector: object) => ({
            podAntiAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector, topologyKey: "example.org/rack" }],
            },
        });
        const zone = { nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values: ["a"] }] }] };
        const near = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: zone }, podAffinity: null };
        const spread = { maxSkew: 1, topologyKey: "example.org/rack", whenUnsatisfiable: "DoNotSchedule" };
        const others = { matchLabels: { app: "noisy" } };
        const where = {
            nodeSelector: { disk: "fast" },
            tolerations: [{ key: "storage", operator: "Exists" }],
            topologySpreadConstraints: [
                { ...spread, labelSelector: { matchLabels: { app: "objects" } } },
                { ...spread, labelSelector: others },
            ],
        };
        const own = { matchExpressions: [{ key: "app", operator: "In", values: ["objects", "minio-old"] }] };
        const taken = (labelSelector: object) => {
            Object.assign(objects.at(-1).spec.template.spec, {
                ...where,
                affinity: { ...near, ...apart(labelSelector) },
            });
            const { args, notes } = adoptionOf(observed(objects));
            assert.doesNotMatch(notes.join("\n"), /affinity|topologySpreadConstraints/);
            return args;
        };
        const { affinity, nodeSelector, tolerations, topologySpreadConstraints } = taken(own);
        assert.deepEqual(affinity, {
            nodeAffinity: near.nodeAffinity,
            ...apart({ matchLabels: { app: "minio" } }),
        });
        assert.deepEqual(
            { nodeSelector, tolerations, topologySpreadConstraints },
            { ...where, topologySpreadConstraints: [spread, { ...spread, labelSelector: others }] },
        );
        assert.deepEqual((taken(others).affinity as any).podAntiAffinity, apart(others).podAntiAffinity);
    });

    it("has pools with nodes and resources of their own, and says where an affinity is one of a pool", () => {
        const objects: any[] = operatorObjects({ ...old, name: "tenant", pools: 2 });
        const [first, second] = objects.slice(-2).map(({ spec }) => spec.template.spec);
        first.nodeSelector = { disk: "fast" };
        second.tolerations = [{ key: "storage", operator: "Exists" }];
        second.containers[0].resources = { requests: { cpu: "2" } };
        for (const [index, pod] of [first, second].entries()) {
            const labelSelector = { matchLabels: { "v1.min.io/tenant": "tenant", "v1.min.io/pool": `pool-${index}` } };
            const term = { labelSelector, topologyKey: "kubernetes.io/hostname" };
            pod.affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
            pod.topologySpreadConstraints = [{ ...term, maxSkew: 1, whenUnsatisfiable: "ScheduleAnyway" }];
        }
        const { args, notes } = adoptionOf(observed(objects));
        assert.deepEqual(
            [args.nodeSelector, args.tolerations, args.affinity],
            [first.nodeSelector, undefined, undefined],
        );
        assert.deepEqual(args.expansionPools, [
            {
                replicas: 4,
                drivesPerServer: 1,
                ...storage,
                nodeSelector: {},
                tolerations: second.tolerations,
                resources: second.containers[0].resources,
            },
        ]);
        assert.deepEqual(args.topologySpreadConstraints, [
            { maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway" },
        ]);
        assert.match(notes.join("\n"), /not among the arguments: affinity, which is another one for each pool/);
    });

    it("has servers without limits where the old ones have none: they are not given the component's", () => {
        const objects: any[] = plainObjects({ ...old, name: "objects" });
        delete objects.at(-1).spec.template.spec.containers[0].resources;
        assert.deepEqual(adoptionOf(observed(objects)).args.resources, {});
    });

    it("has pods that give its files away, which come where the old servers did", () => {
        const objects: any[] = plainObjects({ ...old, name: "objects" });
        const { spec } = objects.at(-1).spec.template;
        const where = {
            nodeSelector: { disk: "fast" },
            tolerations: [{ key: "storage", operator: "Exists" }],
            imagePullSecrets: [{ name: "registry" }],
        };
        Object.assign(spec, where);
        const { move } = stepsOf(adoptionOf(observed(objects)));
        const lists = [...move.matchAll(/<< 'END'\n(.*?)\nEND$/gms)].map(([, text]) => JSON.parse(text ?? ""));
        const pods = lists.flatMap(({ items }) => items).filter(({ kind }) => kind === "Pod");
        assert.equal(pods.length, 4);
        for (const pod of pods) {
            const { nodeSelector, tolerations, imagePullSecrets, containers } = pod.spec;
            assert.deepEqual({ nodeSelector, tolerations, imagePullSecrets }, where);
            assert.deepEqual(containers[0].resources, resources);
            assert.equal(containers[0].imagePullPolicy, "IfNotPresent");
        }
    });

    it("is not prepared where its servers turn out not to run as root", () => {
        const adopted = adoptionOf(observed(plainObjects({ ...old, name: "objects" })));
        const { prepare, move } = stepsOf(adopted);
        const check = "asRoot objects-0 server pvc-of-drive-objects-0 data-minio-0";
        assert.ok(prepare.indexOf(check) > 0 && prepare.indexOf(check) < prepare.indexOf("create secret"));
        assert.doesNotMatch(move, /asRoot/);
        const objects: any[] = plainObjects({ ...old, name: "objects" });
        objects.at(-1).spec.template.spec.securityContext = { runAsUser: 0 };
        assert.doesNotMatch(stepsOf(adoptionOf(observed(objects))).prepare, /asRoot/);
        assert.doesNotMatch(stepsOf(adoptionOf(observed(bitnamiObjects(old)), { name: "new" })).prepare, /asRoot/);
    });

    it("has the DNS domain of its servers' names, or of a tenant's sidecar, but for the default", () => {
        const domainWith = (...hosts: string[]) => {
            const objects: any[] = plainObjects({ ...old, name: "objects", servers: 2 * hosts.length });
            const [container] = objects.at(-1).spec.template.spec.containers;
            container.args = hosts.map((host, pool) => `http://objects-{${2 * pool}...${2 * pool + 1}}.${host}/data`);
            const seen = observed(objects);
            return refusals(seen)[0] ?? adoptionOf(seen).args.clusterDomain;
        };
        assert.equal(domainWith("objects.storage.svc.corp.local"), "corp.local");
        assert.equal(domainWith("objects.storage.svc.corp.local."), "corp.local");
        assert.equal(domainWith("svc.svc.svc.k8s"), "k8s");
        for (const host of ["objects", "objects.storage.svc", "objects.storage.svc.cluster.local"]) {
            assert.equal(domainWith(host), undefined);
        }
        assert.match(
            domainWith("objects.storage.svc.corp.local", "objects.storage.svc.cluster.local") ?? "",
            /several domains, corp.local, cluster.local: clusterDomain is one for all/,
        );
        const tenant: any[] = operatorObjects(old);
        const sidecar = { name: "sidecar", env: [{ name: "CLUSTER_DOMAIN", value: "corp.local" }] };
        tenant.at(-1).spec.template.spec.containers.push(sidecar);
        assert.equal(adoptionOf(observed(tenant)).args.clusterDomain, "corp.local");
    });

    it("has the size of its erasure sets told where nobody can read it, and never as a variable", () => {
        const withSize = (one: object) => {
            const objects: any[] = plainObjects({ ...old, name: "objects" });
            objects.at(-1).spec.template.spec.containers[0].env.push({ name: "MINIO_ERASURE_SET_DRIVE_COUNT", ...one });
            return adoptionOf(observed(objects));
        };
        const known = withSize({ value: "4" });
        assert.equal(known.args.environment, undefined);
        assert.doesNotMatch(known.notes.join("\n"), /MINIO_ERASURE_SET_DRIVE_COUNT/);
        const unknown = withSize({ valueFrom: { configMapKeyRef: { name: "sizes", key: "size" } } });
        assert.match(unknown.notes.join("\n"), /MINIO_ERASURE_SET_DRIVE_COUNT is not read .* sets of 4 drives/);
    });

    it("may consist of several StatefulSets, whose servers are told the same", () => {
        const both = ["http://a-{0...3}.a/data", "http://b-{0...3}.b/data"];
        const objects: any[] = ["a", "b"].flatMap((name) => plainObjects({ ...old, name }));
        for (const one of objects.filter(({ kind }) => kind === "StatefulSet")) {
            one.spec.template.spec.containers[0].args = ["server", ...both];
        }
        const claims = moves(adoptionOf(observed(objects), { old: "a" }));
        assert.deepEqual([claims["drive-a-3"], claims["drive-b-0"]], ["data-minio-3", "data-minio-pool-1-0"]);
    });

    it("has each pool where its old servers were, in whatever order Kubernetes lists their StatefulSets", () => {
        const both = ["http://old-{0...3}.old/data", "http://new-{0...3}.new/data"];
        const objects: any[] = ["new", "old"].flatMap((name) => plainObjects({ ...old, name }));
        for (const { metadata, spec } of objects.filter(({ kind }) => kind === "StatefulSet")) {
            spec.template.spec.containers[0].args = ["server", ...both];
            spec.template.spec.nodeSelector = { disk: metadata.name };
        }
        const { args } = adoptionOf(observed(objects));
        assert.deepEqual(args.nodeSelector, { disk: "old" });
        assert.deepEqual(args.expansionPools?.[0]?.nodeSelector, { disk: "new" });
    });
});

describe("what cannot be taken over", () => {
    const withArgs = (...args: string[]) => {
        const objects: any[] = plainObjects({ ...old, name: "objects", servers: args.length });
        objects.at(-1).spec.template.spec.containers[0].args = ["server", ...args];
        return objects;
    };
    const changed = (change: (statefulSet: any, container: any) => void) => {
        const objects: any[] = bitnamiObjects(old);
        change(objects.at(-1), objects.at(-1).spec.template.spec.containers[0]);
        return observed(objects);
    };

    const cases: [string, Observed, RegExp][] = [
        ["nothing that runs", observed([]), /^namespace storage: no distributed MinIO runs there/],
        [
            "a single server",
            observed(plainObjects({ ...old, servers: 1 })),
            /1 server with 1 drive each: this component runs 2/,
        ],
        [
            "sets of another size, by a variable",
            changed((_, { env }) => env.push({ name: "MINIO_ERASURE_SET_DRIVE_COUNT", value: "2" })),
            /erasure sets of 2 drives are not allowed: with this component, MinIO would make sets of 4/,
        ],
        [
            "sets of another size, by a tenant's variables",
            ((objects) => {
                objects[0].stringData["config.env"] += 'export MINIO_ERASURE_SET_DRIVE_COUNT="2"\n';
                return observed(objects);
            })(operatorObjects(old) as any[]),
            /erasure sets of 2 drives are not allowed/,
        ],
        ...[
            { envFrom: [{ secretRef: { name: "sizes" } }] },
            {
                env: [
                    {
                        name: "MINIO_ERASURE_SET_DRIVE_COUNT",
                        valueFrom: { secretKeyRef: { name: "sizes", key: "MINIO_ERASURE_SET_DRIVE_COUNT" } },
                    },
                ],
            },
        ].map(({ envFrom, env = [] }: any): [string, Observed, RegExp] => [
            `sets of another size, by ${envFrom ? "all keys" : "a key"} of a Secret`,
            ((objects) => {
                const [container] = objects.at(-1).spec.template.spec.containers;
                Object.assign(container, { envFrom, env: [...container.env, ...env] });
                const stringData = { MINIO_ERASURE_SET_DRIVE_COUNT: "2" };
                return observed([...objects, { kind: "Secret", metadata: { name: "sizes" }, stringData }]);
            })(bitnamiObjects(old) as any[]),
            /erasure sets of 2 drives are not allowed/,
        ]),
        [
            "sets of another size, by all keys of a ConfigMap",
            ((objects) => {
                const [container] = objects.at(-1).spec.template.spec.containers;
                Object.assign(container, { envFrom: [{ configMapRef: { name: "sizes" } }] });
                const data = { MINIO_ERASURE_SET_DRIVE_COUNT: "2" };
                return observed([...objects, { kind: "ConfigMap", metadata: { name: "sizes" }, data }]);
            })(bitnamiObjects(old) as any[]),
            /erasure sets of 2 drives are not allowed/,
        ],
        [
            "drives in another order",
            observed(
                withArgs(
                    ...["a", "b"].flatMap((drive) => [0, 1].map((one) => `http://objects-${one}.x/${drive}`)).sort(),
                ),
            ),
            /list the drives in another order/,
        ],
        [
            "claims that would go with their servers",
            changed(({ spec }) => {
                spec.persistentVolumeClaimRetentionPolicy = { whenScaled: "Delete" };
            }),
            /^StatefulSet minio: persistentVolumeClaimRetentionPolicy.whenScaled Delete is not allowed/,
        ],
        [
            "drives without claims",
            changed(({ spec }) => {
                spec.volumeClaimTemplates = [];
            }),
            /drive \/bitnami\/minio\/data of StatefulSet minio: no claim template has it/,
        ],
        [
            "drives in different folders",
            changed((_, { volumeMounts, env }) => {
                volumeMounts[0].mountPath = "/bitnami";
                env.find(({ name }: any) => name === "MINIO_DISTRIBUTED_NODES").value =
                    "minio-{0...1}.x:9000/bitnami/a,minio-{2...3}.x:9000/bitnami/b";
            }),
            /^the drives are in different folders of their volumes, a, b: driveSubPath is one for all$/,
        ],
        [
            "a claim that is lost",
            ((seen) => ({ ...seen, claims: seen.claims.slice(1) }))(observed(bitnamiObjects(old))),
            /^claim data-minio-0: it is not there/,
        ],
        [
            "a claim without a volume",
            ((seen) => ({ ...seen, volumes: [] }))(observed(bitnamiObjects(old))),
            /claim data-minio-3: it is bound to no volume/,
        ],
        [
            "an image with its own user, where none is named",
            changed((_, container) => {
                container.securityContext = undefined;
            }),
            /^container minio: no user is named \(runAsUser\), and Bitnami's image has its own: .* kubectl exec minio-0 .*id -u/,
        ],
        [
            "the same image by hand",
            ((objects) => {
                objects.at(-1).spec.template.spec.containers[0].image = "bitnamilegacy/minio:2025.7.23";
                return observed(objects);
            })(plainObjects({ ...old, name: "objects" }) as any[]),
            /^container server: no user is named \(runAsUser\), .* kubectl exec objects-0 --container=server /,
        ],
        [
            "a root account that is nowhere",
            changed((_, container) => {
                container.env = container.env.filter(({ name }: any) => !name.startsWith("MINIO_ROOT"));
            }),
            /its root account is neither in one Secret nor in its variables/,
        ],
        [
            "a Secret without the keys",
            ((seen) => ({ ...seen, secrets: {} }))(observed(bitnamiObjects(old))),
            /^Secret minio: it has no root-user and no root-password/,
        ],
        [
            "servers that this component refuses",
            observed(bitnamiObjects({ ...old, name: "media", servers: 17 })),
            /replicas: 17 is not allowed/,
        ],
    ];
    for (const [what, seen, expected] of cases) {
        it(`is ${what}`, () => assert.match(refusals(seen, { name: "new" }).join("\n"), expected));
    }

    it("is told all together", () => {
        const seen = changed(({ spec }, { env }) => {
            spec.persistentVolumeClaimRetentionPolicy = { whenScaled: "Delete" };
            env.push({ name: "MINIO_ERASURE_SET_DRIVE_COUNT", value: "2" });
        });
        assert.equal(refusals({ ...seen, claims: seen.claims.slice(2) }, { name: "new" }).length, 4);
    });
});

describe("the Secret with the root account", () => {
    const folder = mkdtempSync(join(tmpdir(), "minio-adopt-"));
    after(() => rmSync(folder, { recursive: true }));

    /** Runs prepare.sh with a kubectl that has the old objects, and tells what it made of them. */
    function prepared(adoption: Adoption, answers: Record<string, string>): Record<string, string> {
        const { status, stdout, stderr } = prepare(adoption, answers);
        assert.equal(status, 0, stderr);
        const made = (key: string) => readFileSync(join(folder, key), "utf8");
        const values = { user: made("root-user"), password: made("root-password") };
        assert.ok(!`${stdout}${stderr}${stepsOf(adoption).prepare}`.includes(values.password));
        return values;
    }

    /** An answer that is undefined is an error. */
    function prepare(adoption: Adoption, answers: Record<string, string | undefined>, secret?: string) {
        const of = (text: string, answer: string | undefined) =>
            answer === undefined
                ? `*"${text}"*) echo refused >&2; exit 1 ;;`
                : `*"${text}"*) printf %s '${Buffer.from(answer).toString("base64")}' | base64 --decode; exit ;;`;
        const kubectl = `#!/bin/bash
case "$*" in
*"get namespace"*) printf 7a; exit ;;
${secret === undefined ? `*"get secret ${adoption.rootSecret}"*) exit ;;` : ""}
${Object.entries(answers)
    .map(([text, answer]) => of(text, answer))
    .join("\n")}
*"get pod "*) echo pod; exit ;;
*" exec "*) echo 0; exit ;;
esac
for word; do case "$word" in --from-file=*) cat "\${word#*=*=}" > "${folder}/$(echo "$word" | cut -d= -f2)" ;; esac; done
`;
        writeFileSync(join(folder, "kubectl"), kubectl, { mode: 0o755 });
        const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
        return spawnSync("bash", { input: stepsOf(adoption).prepare, env, encoding: "utf8" });
    }

    const passwords = ["plain-secret", "a=b c$HOME`id`", 'with"quote', "it's-mine", "ends\\\\", "#sharp%s"];

    it("has what the tenant's variables say, read as MinIO reads them", () => {
        const adoption = adoptionOf(observed(operatorObjects(old)));
        for (const password of passwords) {
            for (const [before, after] of ["''", '""', ["", ""], ["'", "' \r"]]) {
                const file = [
                    "# export MINIO_ROOT_PASSWORD=commented",
                    "export MINIO_ROOT_PASSWORD=an-earlier-one",
                    `  export  MINIO_ROOT_USER=${before}root${after}`,
                    `MINIO_ROOT_PASSWORD=${before}${password}${after}`,
                    'export MINIO_ROOT_PASSWORD_FILE="other"',
                ].join("\n");
                const encoded = Buffer.from(file).toString("base64");
                assert.deepEqual(prepared(adoption, { "get secret": encoded }), { user: "root", password });
            }
        }
    });

    it("has what two keys of a Secret say, byte for byte", () => {
        const adoption = adoptionOf(observed(bitnamiObjects(old), {}), { name: "new" });
        for (const password of passwords) {
            const encoded = (text: string) => Buffer.from(text).toString("base64");
            const answers = { "data.root-user": encoded("root"), "data.root-password": encoded(password) };
            assert.deepEqual(prepared(adoption, answers), { user: "root", password });
        }
    });

    it("has what a StatefulSet has in plain text", () => {
        const adoption = adoptionOf(observed(plainObjects({ ...old, name: "objects" })));
        const answers = { MINIO_ROOT_USER: "root", MINIO_ROOT_PASSWORD: "plain-secret" };
        assert.deepEqual(prepared(adoption, answers), { user: "root", password: "plain-secret" });
    });

    it("is not made where the servers run as another user than root, though none is named", () => {
        const adoption = adoptionOf(observed(plainObjects({ ...old, name: "objects" })));
        const root = { MINIO_ROOT_USER: "root", MINIO_ROOT_PASSWORD: "plain-secret" };
        const pod = { "get pod objects-0": "pod/objects-0" };
        const wrong = prepare(adoption, { ...root, ...pod, "exec objects-0": "1001" });
        assert.equal(wrong.status, 1);
        assert.match(wrong.stderr, /objects-0 runs as the user 1001, and its StatefulSet names none: set .*runAsUser/);
        assert.equal(prepare(adoption, { ...root, ...pod, "exec objects-0": undefined }).status, 1);
        const isRoot = prepared(adoption, { ...root, ...pod, "exec objects-0": "0" });
        assert.deepEqual(isRoot, { user: "root", password: "plain-secret" });
    });

    it("is made again where no server runs, only if move.sh has ended them: the image may have a user", () => {
        const adoption = adoptionOf(observed(plainObjects({ ...old, name: "objects" })));
        const root = { MINIO_ROOT_USER: "root", MINIO_ROOT_PASSWORD: "plain-secret", "get pod objects-0": "" };
        const after = prepared(adoption, { ...root, "get pv pvc-of-drive-objects-0": "data-minio-0" });
        assert.deepEqual(after, { user: "root", password: "plain-secret" });
        const before = prepare(adoption, { ...root, "get pv pvc-of-drive-objects-0": "drive-objects-0" });
        assert.equal(before.status, 1);
        assert.match(
            before.stderr,
            /objects-0 does not run, and its StatefulSet names no user: start it, or set .* server/,
        );
        const unknown = prepare(adoption, { ...root, "get pv pvc-of-drive-objects-0": undefined });
        assert.deepEqual([unknown.status, unknown.stderr], [1, "refused\n"]);
    });

    it("has the pair of variables that MinIO takes, where a StatefulSet has two", () => {
        const legacy = { MINIO_ACCESS_KEY: "legacy", MINIO_SECRET_KEY: "legacy-secret" };
        const withLegacy = (change: (env: any[]) => any[]) => {
            const objects: any[] = plainObjects({ ...old, name: "objects" });
            const [container] = objects.at(-1).spec.template.spec.containers;
            const more = Object.entries(legacy).map(([name, value]) => ({ name, value }));
            container.env = change([...more, ...container.env]);
            return adoptionOf(observed(objects));
        };
        const answers = { ...legacy, MINIO_ROOT_USER: "root", MINIO_ROOT_PASSWORD: "plain-secret" };
        const both = withLegacy((env) => env);
        assert.deepEqual(prepared(both, answers), { user: "root", password: "plain-secret" });
        const half = withLegacy((env) => env.filter(({ name }) => name !== "MINIO_ROOT_PASSWORD"));
        assert.deepEqual(prepared(half, answers), { user: "legacy", password: "legacy-secret" });
    });

    it("is not taken for prepared where it has another account, as one that was changed since", () => {
        const adoption = adoptionOf(observed(plainObjects({ ...old, name: "objects" })), { name: "new" });
        const of = (text: string) => Buffer.from(text).toString("base64");
        const root = { MINIO_ROOT_USER: "root", MINIO_ROOT_PASSWORD: "plain-secret" };
        for (const [password, status] of [
            ["plain-secret", 0],
            ["another", 1],
        ] as const) {
            const there = {
                "data.root-user": of("root"),
                "data.root-password": of(password),
                "get secret new-root": "secret/new-root",
            };
            const ended = prepare(adoption, { ...root, ...there }, "");
            assert.equal(ended.status, status, ended.stderr);
            assert.ok(!`${ended.stdout}${ended.stderr}`.includes("another\n"));
        }
        assert.match(
            prepare(adoption, { ...root, "data.root": "", "get secret new-root": "secret/new-root" }, "").stderr,
            /the Secret new-root is there with another root account than the old cluster's: delete it/,
        );
    });

    it("is neither made nor called another one where the question whether it is there has no answer", () => {
        const adoption = adoptionOf(observed(plainObjects({ ...old, name: "objects" })), { name: "new" });
        const root = { MINIO_ROOT_USER: "root", MINIO_ROOT_PASSWORD: "plain-secret", "create secret": "made" };
        for (const answers of [
            { "get secret new-root": undefined },
            { "data.root-user": undefined, "get secret new-root": "secret/new-root" },
        ]) {
            const { status, stdout, stderr } = prepare(adoption, { ...root, ...answers }, "");
            assert.deepEqual([status, stdout, stderr], [1, "", "refused\n"]);
        }
    });

    it("is not made where one of the two cannot be read, or is empty", () => {
        const adoption = adoptionOf(observed(bitnamiObjects(old)), { name: "new" });
        const user = { "data.root-user": Buffer.from("root").toString("base64") };
        const cases: [Record<string, string | undefined>, RegExp][] = [
            [{ ...user, "data.root-password": undefined }, /^refused$/m],
            [
                { ...user, "data.root-password": "" },
                /Secret minio: root-user or root-password is empty: .* run this again/,
            ],
            [{ ...user, "data.root-password": "no base64!" }, /invalid input/],
        ];
        for (const [answers, expected] of cases) {
            const { status, stderr } = prepare(adoption, { ...answers, "create secret": "" });
            assert.equal(status, 1);
            assert.match(stderr, expected);
        }
    });
});

describe("move.sh and back.sh", () => {
    const folder = mkdtempSync(join(tmpdir(), "minio-adopt-"));
    after(() => rmSync(folder, { recursive: true }));

    /**
     * Runs one with a kubectl that answers so, where undefined is an error, and tells how it ends, and what it asked
     * for.
     */
    function moved(
        answers: Record<string, string | undefined>,
        which: "move" | "back" = "move",
        adoption = adoptionOf(observed(bitnamiObjects(old)), { name: "new" }),
    ) {
        const kubectl = `#!/bin/bash
echo "$*" >> "${folder}/asked"
case "$*" in
${Object.entries(answers)
    .map(
        ([text, answer]) => `*"${text}"*) ${answer === undefined ? "echo refused >&2; exit 1" : `echo '${answer}'`} ;;`,
    )
    .join("\n")}
esac
`;
        writeFileSync(join(folder, "asked"), "");
        writeFileSync(join(folder, "kubectl"), kubectl, { mode: 0o755 });
        const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
        const input = stepsOf(adoption)[which].replace("SECONDS + 120", "SECONDS + 1");
        const { status, stderr } = spawnSync("bash", { input, env, encoding: "utf8" });
        return { status, stderr, asked: readFileSync(join(folder, "asked"), "utf8") };
    }

    /** The claims by whose names the volumes are bound. */
    const boundTo = (prefix: string) =>
        Object.fromEntries(
            [0, 1, 2, 3].map((server) => [
                `get pv pvc-of-data-minio-${server} --output=jsonpath={.spec.claimRef`,
                `${prefix}-${server}`,
            ]),
        );
    const there = { "get namespace": "7a", "get statefulset minio": "0", persistentVolumeReclaimPolicy: "Retain" };
    const sound = { ...there, ...boundTo("data-minio") };

    it("stop nothing where it is another namespace, a volume would go, or a new claim is there", () => {
        const cases: [Record<string, string>, RegExp][] = [
            [{ ...sound, "get namespace": "7b" }, /is not the one that was looked at/],
            [{ ...sound, persistentVolumeReclaimPolicy: "Delete" }, /would be deleted with its claim: run prepare.sh/],
            [
                { "get pvc data-new-3": "data-new-3 pvc-other", ...sound },
                /the claim data-new-3 is there with another volume/,
            ],
            [{ "get pvc data-new-0": "data-new-0 ", ...sound }, /the claim data-new-0 is there with another volume/],
        ];
        for (const [answers, expected] of cases) {
            const { status, stderr, asked } = moved(answers);
            assert.equal(status, 1);
            assert.match(stderr, expected);
            assert.doesNotMatch(asked, /scale|delete|patch|apply/);
        }
    });

    it("delete no claim of a volume that belongs to another one", () => {
        const { status, stderr, asked } = moved({ ...there, claimRef: "data-of-somebody" });
        assert.equal(status, 1);
        assert.match(stderr, /belongs to the claim data-of-somebody, neither to data-minio-0 nor to data-new-0/);
        assert.doesNotMatch(asked, /delete pvc|patch|apply/);
    });

    it("delete no drive that was put in the place of another one, and stop nothing then", () => {
        const cases: ["move" | "back", Record<string, string>, RegExp][] = [
            [
                "move",
                { "get pvc data-minio-2": "pvc-healed" },
                /data-minio-2 has the volume pvc-healed, .* means pvc-of-/,
            ],
            [
                "back",
                { ...boundTo("data-new"), "get pvc data-new-3": "pvc-healed" },
                /data-new-3 has the volume pvc-healed, .* means pvc-of-data-minio-3: the drive was replaced/,
            ],
            [
                "back",
                { ...boundTo("data-new"), "get pvc data-minio-1": "data-minio-1 pvc-empty" },
                /data-minio-1 is there with another volume, pvc-empty instead of pvc-of-data-minio-1/,
            ],
        ];
        for (const [which, answers, expected] of cases) {
            const { status, stderr, asked } = moved({ ...sound, ...answers }, which);
            assert.equal(status, 1);
            assert.match(stderr, expected);
            assert.doesNotMatch(asked, /scale|delete|patch|apply/);
        }
    });

    it("go back only when the new servers are known to be gone", () => {
        const cases: [Record<string, string>, RegExp][] = [
            [
                { "get statefulsets --selector=app=new --": "statefulset.apps/new" },
                /statefulset.apps\/new is there: run pulumi destroy first/,
            ],
            [{ "get statefulsets": `'; echo refused >&2; exit 1; echo '` }, /^refused$/m],
            [{ "get pods": `'; echo refused >&2; exit 1; echo '` }, /^refused$/m],
        ];
        for (const [answers, expected] of cases) {
            const { status, stderr, asked } = moved({ ...sound, ...boundTo("data-new"), ...answers }, "back");
            assert.equal(status, 1);
            assert.match(stderr, expected);
            assert.doesNotMatch(asked, /scale|delete|patch|apply/);
        }
        const ending = `'"$([ $(grep -c "get pods" "${folder}/asked") -lt 3 ] && echo pod/new-0)"'`;
        const waited = moved({ ...sound, ...boundTo("data-new"), "get pods": ending }, "back");
        assert.equal(waited.status, 0, waited.stderr);
        assert.equal(waited.asked.match(/get pods/g)?.length, 3);
    });

    it("stay in the Kubernetes cluster where they began, whatever context becomes the current one", () => {
        const current = `'"$(grep -qv "config current-context" "${folder}/asked" && echo prod || echo staging)"'`;
        for (const which of ["move", "back"] as const) {
            const { asked } = moved({ "config current-context": current, ...sound }, which);
            const [first, ...others] = asked.trim().split("\n");
            assert.equal(first, "config current-context");
            assert.ok(others.length > 10);
            assert.deepEqual(
                others.filter((one) => !one.startsWith("--context=staging ")),
                [],
            );
        }
    });

    it("look at a claim again just before they delete it", () => {
        // The StatefulSet has made the claim anew since the first look.
        const late = { "get pvc data-minio-2": `'"$(grep -q "delete pvc" "${folder}/asked" && echo pvc-new)"'` };
        const { status, stderr, asked } = moved({ ...late, ...sound });
        assert.equal(status, 1);
        assert.match(stderr, /data-minio-2 has the volume pvc-new/);
        assert.match(asked, /delete pvc data-minio-1 /);
        assert.doesNotMatch(asked, /delete pvc data-minio-2 /);
    });

    it("end where a pod that gives files away fails, is deleted or does not start, and begin again without it", () => {
        const adoption = adoptionOf(observed(plainObjects({ ...old, name: "minio" })), { name: "new" });
        const claims = Object.fromEntries(
            adoption.drives.map(({ volume, claim }) => [`get pv ${volume} --output=jsonpath={.spec.claimRef`, claim]),
        );
        const pods = "get pods --selector=minio-cluster/owner-of=new --field-selector=status.phase";
        const cases: [Record<string, string | undefined>, RegExp][] = [
            [
                { [`${pods}=Pending`]: "pod/owner-new-3", [`${pods}!=Succeeded`]: "pod/owner-new-3" },
                /pod\/owner-new-3 did not start within 120 s: see kubectl describe .*; mend that, and run this again/,
            ],
            [
                { [`${pods}=Failed`]: "pod/owner-new-1" },
                /pod\/owner-new-1 failed: see kubectl logs pod\/owner-new-1 .*mend that, and run this again/,
            ],
            [{ "phase}=Succeeded": undefined }, /^refused$/m],
        ];
        for (const [answers, expected] of cases) {
            const { status, stderr, asked } = moved({ ...there, ...claims, ...answers }, "move", adoption);
            assert.equal(status, 1);
            assert.match(stderr, expected);
            assert.doesNotMatch(asked, /delete pod\/|patch service/);
            assert.match(asked, /delete pods --selector=minio-cluster\/owner-of=new .*phase=Failed.*apply/s);
        }
        assert.match(stepsOf(adoption).move, /"restartPolicy": "Never"/);
        const running = `'"$([ $(grep -c "phase!=Succeeded" "${folder}/asked") -lt 2 ] && echo pod/owner-new-0)"'`;
        const good = moved({ ...there, ...claims, [`${pods}!=Succeeded`]: running }, "move", adoption);
        assert.equal(good.status, 0, good.stderr);
        assert.match(good.asked, /delete pod\/owner-new-0 /);
    });

    it("stop nothing where the old cluster is another one than was seen", () => {
        const tenant = adoptionOf(observed(operatorObjects({ ...old, name: "tenant" })), { name: "new" });
        const pools = { "get statefulset tenant-pool-0": "4", "get statefulsets": "tenant-pool-0 tenant-pool-1" };
        const cases: [Record<string, string>, RegExp, Adoption?][] = [
            [{ "get statefulset minio": "8" }, /the StatefulSet minio has 8 servers, and had 4 when it was looked at/],
            [pools, /the tenant tenant has the pools tenant-pool-0 tenant-pool-1, and had tenant-pool-0 when/, tenant],
        ];
        for (const [other, expected, adoption] of cases) {
            const { status, stderr, asked } = moved({ ...sound, ...other }, "move", adoption);
            assert.equal(status, 1);
            assert.match(stderr, expected);
            assert.doesNotMatch(asked, /scale|delete|patch|apply/);
        }
    });

    it("tell where something has started the old servers again meanwhile", () => {
        const adoption = adoptionOf(observed(bitnamiObjects(old)), { name: "new" });
        const revived = { ...sound, "get statefulset minio": "4", "ignore-not-found --output=name": "there" };
        const again =
            /something has started the StatefulSet minio again, such as Argo CD, Flux or an operator: stop that/;
        const { status, stderr, asked } = moved(revived, "move", adoption);
        assert.equal(status, 1);
        assert.match(stderr, again);
        assert.doesNotMatch(asked, /delete pvc|patch|apply/);
        const later = `'"$(grep -q "patch pv" "${folder}/asked" && echo 4 || echo 0)"'`;
        const late = moved({ ...sound, "get statefulset minio": later }, "move", adoption);
        assert.equal(late.status, 1);
        assert.match(late.stderr, again);
    });

    it("take no refused request for an answer", () => {
        const given = { ...there, ...boundTo("data-new") };
        const cases: [Record<string, undefined>, Record<string, string>][] = [
            [{ "get namespace": undefined }, sound],
            [{ persistentVolumeReclaimPolicy: undefined }, sound],
            [{ "get statefulset minio": undefined }, sound],
            // The volume is bound: without its uid, the claim would lose it.
            [{ "get pvc data-new-0 --ignore-not-found --output=name": undefined }, given],
        ];
        for (const [refused, answers] of cases) {
            const { status, stderr, asked } = moved({ ...refused, ...answers, ...refused });
            assert.deepEqual([status, stderr], [1, "refused\n"]);
            assert.doesNotMatch(asked, /delete pvc|patch|apply/);
        }
    });

    it("ask in lines that end where a request is refused: in a condition or as a word, none would", () => {
        const operator = { namespace: "minio-operator", name: "minio-operator", replicas: 2 };
        const all = [bitnamiObjects(old), plainObjects(old), operatorObjects(old)].flatMap((objects) =>
            Object.values(stepsOf(adoptionOf(observed(objects, { operator }), { name: "new" }))),
        );
        const asks = all.flatMap((script) => script.match(/^.*\$\((k|kubectl) .*$/gm) ?? []);
        assert.ok(asks.length > 20);
        assert.deepEqual(
            asks.filter((line) => !/^ *\w+=\$\(/.test(line)),
            [],
        );
        assert.doesNotMatch(all.join("\n"), /(if|!|&&) (k|kubectl) /);
    });

    it("take no claim for one that is being deleted", () => {
        const { status, stderr, asked } = moved({
            ...sound,
            "get pvc data-new-1": "data-new-1 pvc-of-data-minio-1 2026-11-27T00:00:00Z",
        });
        assert.equal(status, 1);
        assert.match(stderr, /the claim data-new-1 is being deleted, and something still uses it: end that/);
        assert.doesNotMatch(asked, /scale|delete|patch|apply/);
    });

    it("do not go back where objects are on further drives, or the old cluster is removed", () => {
        const back = { ...there, ...boundTo("data-new") };
        const all = [0, 1, 2, 3].map((server) => `data-new-${server}`).join(" ");
        const cases: [Record<string, string | undefined>, RegExp][] = [
            [
                { "get pvc --selector=app=new": `${all} data-new-pool-1-0 data-new-pool-1-1` },
                /new has got more drives, .* not have their objects: data-new-pool-1-0 data-new-pool-1-1\. Bring new up/,
            ],
            [
                { "get statefulset minio --ignore-not-found --output=name": "" },
                /removed, and there is no way back to it by this/,
            ],
        ];
        for (const [other, expected] of cases) {
            const { status, stderr, asked } = moved({ ...other, ...back }, "back");
            assert.equal(status, 1);
            assert.match(stderr, expected);
            assert.doesNotMatch(asked, /scale|delete|patch|apply/);
        }
        assert.equal(moved({ ...back, "get pvc --selector=app=new": all }, "back").status, 0);
        const unknown = moved({ "get statefulset minio --ignore-not-found --output=name": undefined, ...back }, "back");
        assert.deepEqual([unknown.status, unknown.stderr], [1, "refused\n"]);
    });

    it("lead the Services that are there, and tell those that are not", () => {
        for (const [which, claims] of [
            ["move", boundTo("data-minio")],
            ["back", boundTo("data-new")],
        ] as const) {
            const given = { ...there, ...claims };
            const without = moved(given, which);
            assert.deepEqual([without.status, /patch service/.test(without.asked)], [0, false], without.stderr);
            assert.match(
                without.stderr,
                /^the Service minio is not there: clients that used it need another address$/m,
            );
            const withIt = moved({ "get service minio --": "service/minio", ...given }, which);
            assert.deepEqual([withIt.status, withIt.stderr], [0, ""]);
            assert.match(withIt.asked, /patch service minio --type=json --patch \[\{"op":"replace"/);
            const unknown = moved({ "get service minio --": undefined, ...given }, which);
            assert.deepEqual([unknown.status, unknown.stderr], [1, "refused\n"]);
        }
    });

    it("do not touch MinIO's operator on the way back where it was stopped before", () => {
        const operator = { namespace: "minio-operator", name: "minio-operator", replicas: 0 };
        const { move, back } = stepsOf(adoptionOf(observed(operatorObjects(old), { operator })));
        assert.match(move, /kubectl scale deployment minio-operator/);
        assert.doesNotMatch(back, /operator manages|deployment/);
    });

    it("start MinIO's operator again only where it would start nobody else's servers", () => {
        const operator = { namespace: "minio-operator", name: "minio-operator", replicas: 2 };
        const seen = { ...observed(operatorObjects({ ...old, name: "tenant" })), operator };
        const tenant = adoptionOf(seen, { name: "new" });
        const claims = Object.fromEntries(
            tenant.drives.map(({ volume, claim }) => [`get pv ${volume} --output=jsonpath={.spec.claimRef`, claim]),
        );
        const back = { ...there, ...claims, "get statefulset tenant-pool-0": "0" };
        const started = /scale deployment minio-operator --namespace=minio-operator --replicas=2/;
        assert.match(moved(back, "back", tenant).asked, started);
        const others = moved({ ...back, "get statefulsets --all-namespaces": "b/b-pool-0" }, "back", tenant);
        assert.deepEqual([others.status, started.test(others.asked)], [0, false]);
    });

    it("are told from those of another cluster, and not from an earlier look at the same one", () => {
        const seen = observed(bitnamiObjects(old));
        const backOf = (one: Observed, name = "new") => stepsOf(adoptionOf(one, { name })).back;
        const back = backOf(seen);
        assert.ok(!isOfAnother(backOf({ ...seen, volumes: [...seen.volumes].reverse() }), back));
        assert.ok(isOfAnother(backOf(seen, "other"), back));
        assert.ok(isOfAnother(backOf({ ...seen, namespace: { ...seen.namespace, uid: "8b" } }), back));
        assert.ok(isOfAnother("", back));
    });

    it("do the same again where all is done", () => {
        for (const [which, prefix] of [
            ["move", "data-new"],
            ["back", "data-minio"],
        ] as const) {
            const { status, stderr, asked } = moved(
                { ...there, ...boundTo(prefix), "ignore-not-found --output=name": "there" },
                which,
            );
            assert.equal(status, 0, stderr);
            assert.doesNotMatch(asked, /delete pvc|patch pv/);
        }
    });
});

describe("what is looked at", () => {
    const objects = observed(operatorObjects(old));
    const kubernetes = (changes: object = {}) =>
        ({
            where: "https://cluster.example.org",
            read: async ({ kind, metadata }: any) =>
                ({
                    Namespace: { metadata: { uid: "7a" } },
                    ConfigMap: { metadata, data: { MINIO_REGION: "eu", client: "hidden" } },
                    Secret: {
                        metadata,
                        data: {
                            "config.env": Buffer.from("export MINIO_KMS_SECRET_KEY=key:secret").toString("base64"),
                        },
                    },
                })[kind as string],
            list: async ({ kind }: any) =>
                ({ Service: objects.services, Tenant: objects.tenants })[kind as string] ?? [],
            statefulSets: async () => objects.statefulSets,
            claims: async () => objects.claims,
            knows: async () => true,
            ...changes,
        }) as unknown as Kubernetes;

    it("has of Secrets the names only", async () => {
        const seen = await observe(kubernetes(), "storage");
        assert.deepEqual(seen.secrets, {
            "minio-env-configuration": {
                keys: ["config.env"],
                certificates: [],
                plain: {},
                files: { "config.env": { variables: ["MINIO_KMS_SECRET_KEY"], plain: {} } },
            },
        });
        assert.deepEqual([seen.tenants.length, seen.operator], [1, undefined]);
    });

    it("has of ConfigMaps that StatefulSets name the names, and what is never secret", async () => {
        const statefulSets = structuredClone(objects.statefulSets);
        const [container] = statefulSets[0]?.spec?.template.spec?.containers ?? [];
        Object.assign(container ?? {}, {
            env: [{ name: "MINIO_A", valueFrom: { configMapKeyRef: { name: "one", key: "client" } } }],
            envFrom: [{ configMapRef: { name: "two" } }],
        });
        const pod = statefulSets[0]?.spec?.template.spec;
        pod?.volumes?.push({ name: "authorities", configMap: { name: "three" } });
        const { configMaps } = await observe(kubernetes({ statefulSets: async () => statefulSets }), "storage");
        const names = {
            keys: ["MINIO_REGION", "client"],
            certificates: [],
            plain: { MINIO_REGION: "eu" },
            files: {},
        };
        assert.deepEqual(configMaps, { one: names, two: names, three: names });
    });

    it("has its NetworkPolicies, unless there is no right to list them", async () => {
        const policy = { metadata: { name: "servers" } };
        const listing = (answer: () => object[]) => async (reference: any) =>
            reference.kind === "NetworkPolicy" ? answer() : kubernetes().list(reference);
        const seen = await observe(kubernetes({ list: listing(() => [policy]) }), "storage");
        assert.deepEqual(seen.networkPolicies, [policy]);
        const refuse = (code: number) => () => {
            throw new KubernetesError("refused", false, code);
        };
        const forbidden = await observe(kubernetes({ list: listing(refuse(403)) }), "storage");
        assert.equal(forbidden.networkPolicies, "forbidden");
        await assert.rejects(observe(kubernetes({ list: listing(refuse(500)) }), "storage"), /refused/);
    });

    it("has no tenants where the cluster does not know them", async () => {
        assert.deepEqual((await observe(kubernetes({ knows: async () => false }), "storage")).tenants, []);
    });

    it("is a namespace that is there", async () => {
        const none = observe(kubernetes({ read: async () => undefined }), "storge");
        await assert.rejects(none, /there is no namespace storge in the Kubernetes cluster https:/);
    });
});

describe("docs/migration.md", () => {
    const page = readFileSync(join(__dirname, "../../docs/migration.md"), "utf8");
    const shown: [string, any[]][] = [
        [
            "Bitnami's chart",
            bitnamiObjects({ ...old, name: "media", image: "docker.io/bitnamilegacy/minio:2025.7.23-debian-12-r3" }),
        ],
        [
            "MinIO's operator",
            operatorObjects({
                ...old,
                name: "myminio",
                drives: 4,
                image: `quay.io/minio/minio:RELEASE.2025-04-08T15-41-24Z`,
            }),
        ],
    ];
    for (const [tool, objects] of shown) {
        it(`shows what the command says of ${tool}`, () => {
            const operator = { namespace: "minio-operator", name: "minio-operator", replicas: 2 };
            const adoption = adoptionOf(observed(objects, { operator }));
            const files = {
                args: "adopt/arguments.json",
                prepare: "adopt/prepare.sh",
                move: "adopt/move.sh",
                back: "adopt/back.sh",
            };
            const expected = `$ npx minio-cluster adopt --namespace storage\n${reportOf(adoption, files)}`;
            assert.ok(page.includes(`\`\`\`\n${expected}\`\`\``), `it does not show this:\n${expected}`);
        });
    }
});

describe("the servers' arguments", () => {
    it("are found where each tool has them", () => {
        const chart =
            "/usr/bin/docker-entrypoint.sh minio server http://a-{0...3}.a-svc.x.svc/export-{0...1} -S /etc/minio/certs/";
        assert.deepEqual(patternsOf({ name: "minio", command: ["/bin/sh", "-ce", chart] }), [
            "http://a-{0...3}.a-svc.x.svc/export-{0...1}",
        ]);
        const volumes = { name: "MINIO_VOLUMES", value: "https://a-{0...3}.a/data https://b-{0...3}.b/data" };
        assert.equal(patternsOf({ name: "minio", env: [volumes] }).length, 2);
        assert.deepEqual(patternsOf({ name: "web", args: ["--upstream=http://minio:9000"] }), []);
    });

    it("are not taken where they mean what this component cannot say", () => {
        for (const wrong of [
            ["http://a-{0...1}-{0...1}.a/data"],
            ["http://a-{01...16}.a/data"],
            ["http://a-{3...0}.a/data"],
            ["http://a-{0...3}.a/data", "http://b-0.b/data"],
        ]) {
            assert.throws(() => poolsOf(wrong), Error, wrong.join());
        }
    });
});

describe("any cluster that MinIO accepts", () => {
    const tools = { bitnamiObjects, operatorObjects };
    const cluster = fc.record({
        tool: fc.constantFrom<keyof typeof tools>("bitnamiObjects", "operatorObjects"),
        name: fc.constantFrom("a", "media", "old-minio"),
        servers: fc.integer({ min: 2, max: 16 }),
        drives: fc.integer({ min: 1, max: 4 }),
        pools: fc.integer({ min: 1, max: 3 }),
    });
    const accepted = cluster.filter(({ servers, drives }) => erasureSetSizeOf(servers, drives) !== undefined);

    it("keeps every drive in its place, each volume once, and no secret is written", () => {
        fc.assert(
            fc.property(accepted, ({ tool, ...shape }) => {
                const seen = observed(tools[tool]({ ...old, ...shape }));
                const adoption = adoptionOf(seen, { name: "new" });
                const { args, drives } = adoption;
                assert.deepEqual(
                    [args.replicas, args.drivesPerServer, 1 + (args.expansionPools ?? []).length],
                    [shape.servers, shape.drives, shape.pools],
                );
                assert.equal(new Set(drives.map(({ volume }) => volume)).size, seen.claims.length);
                assert.equal(new Set(drives.map(({ claim }) => claim)).size, seen.claims.length);
                for (const { old: was, claim } of drives) {
                    const [, drive = "0", before] = /^data-?(\d*)-.*?(\d+)$/.exec(was.metadata?.name ?? "") ?? [];
                    const [, newDrive = "0", , after] = /^data(\d*)-new(-pool-\d+)?-(\d+)$/.exec(claim) ?? [];
                    assert.equal(Number(newDrive), Number(drive), claim);
                    assert.equal(Number(after), Number(before) % shape.servers, claim);
                }
                const steps = Object.values(stepsOf(adoption, { context: "it's mine" }));
                const files = { args: "arguments.json", prepare: "prepare.sh", move: "move.sh", back: "back.sh" };
                const written = [JSON.stringify(args), ...steps, reportOf(adoption, files)].join("\n");
                assert.ok(!written.includes(old.root.password));
                assert.ok(!written.includes("undefined"));
            }),
            { numRuns: 60 },
        );
    });

    it("has steps that are bash", () => {
        for (const objects of [bitnamiObjects(old), operatorObjects(old), plainObjects(old)]) {
            const steps = stepsOf(adoptionOf(observed(objects, { operator: undefined }), { name: "new" }), {
                context: "it's mine",
            });
            for (const script of Object.values(steps)) {
                const { status, stderr } = spawnSync("bash", ["-n"], { input: script, encoding: "utf8" });
                assert.equal(status, 0, stderr);
            }
        }
    });
});
