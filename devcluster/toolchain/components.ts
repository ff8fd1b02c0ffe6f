import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, linkSync } from "node:fs";
import { join } from "node:path";
import { build as bundle } from "esbuild";
import { checkout } from "../paths";
import { run, runLogged } from "../shell";
import { type Component, folderOf } from "./component";
import { type ImageSpec, namesOf, writeImage } from "./image";
import * as versions from "./versions";
import { coreDnsImage, minioServers, pauseImage } from "./versions";

const here = "devcluster/toolchain";

interface GoBuild {
    /** Folder of the module's go.mod. */
    module: string;
    /** The module file, where it is another than go.mod. */
    modfile?: string;
    /** Packages to build, each into a program of its last path element's name. */
    packages: string[];
    /** Variables that the linker sets. */
    set?: Record<string, string>;
    /** The program's name where it is not the package's. */
    output?: string;
    /** Whether the compiler inlines: for programs whose speed is part of what is tested. */
    inline?: boolean;
}

/**
 * Without debugging data and inlining, compiling takes 40 % less time: measured on k8s.io/apimachinery, 64 s to 39 s.
 */
const compilerFlags = "all=-dwarf=false -l";
const inliningCompilerFlags = "all=-dwarf=false";

/** Builds static, stripped programs from a module whose go.mod and go.sum pin every source. */
function goBuild(
    { module, modfile = "go.mod", packages, set = {}, output = "", inline = false }: GoBuild,
    out: string,
    log: string,
): Promise<void> {
    const variables = Object.entries(set).map(([name, value]) => `-X ${name}=${value}`);
    const ldflags = ["-s", "-w", ...variables].join(" ");
    const gcflags = inline ? inliningCompilerFlags : compilerFlags;
    const flags = ["-mod=readonly", `-modfile=${modfile}`, "-trimpath", `-gcflags=${gcflags}`, `-ldflags=${ldflags}`];
    const args = ["build", ...flags, "-o", `${out}/${output}`, ...packages];
    return runLogged("go", args, log, { cwd: join(checkout, here, module), env: { ...process.env, CGO_ENABLED: "0" } });
}

/** Runs a module's Go tests, with the flags of its build: what that has compiled is in Go's cache. */
export function goTest(module: string, packages: string): SpawnSyncReturns<string> {
    const args = ["test", "-mod=readonly", "-trimpath", `-gcflags=${compilerFlags}`, packages];
    return spawnSync("go", args, {
        cwd: join(checkout, here, module),
        env: { ...process.env, CGO_ENABLED: "0" },
        encoding: "utf8",
    });
}

/** The folder of a module's source in Go's module cache. */
function goModuleFolder(module: string, dependency: string): string {
    return run("go", ["list", "-m", "-f", "{{.Dir}}", dependency], { cwd: join(checkout, here, module) }).trim();
}

const { kubernetesMinor } = versions;

/** Another version of Kubernetes costs this one alone. */
export const kube: Component = {
    name: "kube",
    title: `Kubernetes ${versions.kubernetes}, with the etcd that it was made for`,
    inputs: ["main.go", "go.mod", `${kubernetesMinor}.mod`, `${kubernetesMinor}.sum`].map(
        (file) => `${here}/kubernetes/${file}`,
    ),
    pins: [versions.kubernetes, compilerFlags],
    async build(out, log) {
        const [gitMajor, gitMinor] = kubernetesMinor.split(".");
        const set = {
            "k8s.io/component-base/version.gitVersion": `v${versions.kubernetes}`,
            "k8s.io/component-base/version.gitMajor": gitMajor,
            "k8s.io/component-base/version.gitMinor": gitMinor,
        };
        const modfile = `${kubernetesMinor}.mod`;
        await goBuild({ module: "kubernetes", modfile, packages: ["."], output: "kube", set }, out, log);
        linkSync(join(out, "kube"), join(out, "kubectl"));
    },
};

export const companions: Component = {
    name: "companions",
    title: "CoreDNS, CSI controllers and the hostpath CSI driver",
    inputs: [`${here}/companions`],
    pins: [compilerFlags],
    async build(out, log) {
        const packages = [
            "./cmd/coredns",
            "./cmd/pause",
            "./cmd/hostpath-csi",
            "github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity",
            "github.com/kubernetes-csi/external-provisioner/v5/cmd/csi-provisioner",
            "github.com/kubernetes-csi/external-resizer/v2/cmd/csi-resizer",
            "github.com/kubernetes-csi/external-snapshotter/v8/cmd/csi-snapshotter",
            "github.com/kubernetes-csi/external-snapshotter/v8/cmd/snapshot-controller",
        ];
        await goBuild({ module: "companions", packages }, out, log);
        const crds = goModuleFolder("companions", "github.com/kubernetes-csi/external-snapshotter/client/v8");
        cpSync(join(crds, "config/crd"), join(out, "snapshot-crds"), { recursive: true });
    },
};

export const pulumi: Component = {
    name: "pulumi",
    title: `Pulumi CLI ${versions.pulumi}, its language host for YAML, and its generator of Python packages`,
    inputs: [`${here}/pulumi`],
    pins: [versions.pulumi, compilerFlags],
    build: (out, log) =>
        goBuild(
            {
                module: "pulumi",
                packages: [
                    "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
                    "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
                    "./cmd/python-sdk",
                ],
                set: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${versions.pulumi}` },
            },
            out,
            log,
        ),
};

export const languageHost: Component = {
    name: "language-host",
    title: "Pulumi's language host for Node.js",
    inputs: ["devcluster/language-host", "package-lock.json"],
    async build(out) {
        await bundle({
            absWorkingDir: checkout,
            entryPoints: ["devcluster/language-host/main.ts"],
            outfile: join(out, "pulumi-language-nodejs"),
            bundle: true,
            platform: "node",
            target: "node20",
            banner: { js: "#!/usr/bin/env node" },
            logLevel: "error",
        });
        run("chmod", ["755", join(out, "pulumi-language-nodejs")]);
    },
};

export const kubernetesProvider: Component = {
    name: "pulumi-resource-kubernetes",
    title: `Pulumi's Kubernetes provider ${versions.kubernetesProvider}`,
    inputs: [`${here}/kubernetes-provider`],
    pins: [versions.kubernetesProvider, compilerFlags],
    build: (out, log) =>
        goBuild(
            {
                module: "kubernetes-provider",
                packages: ["."],
                output: "pulumi-resource-kubernetes",
                set: { "main.version": versions.kubernetesProvider },
            },
            out,
            log,
        ),
};

export const randomProvider: Component = {
    name: "pulumi-resource-random",
    title: `Pulumi's random provider ${versions.randomProvider}`,
    inputs: [`${here}/random-provider`],
    pins: [versions.randomProvider, compilerFlags],
    build: (out, log) =>
        goBuild(
            {
                module: "random-provider",
                packages: ["."],
                output: "pulumi-resource-random",
                set: { "main.version": versions.randomProvider },
            },
            out,
            log,
        ),
};

export const minio: Component = {
    name: "minio",
    title: `MinIO ${minioServers.map(({ release }) => release).join(" and ")}, and mc`,
    inputs: minioServers.map(({ module }) => `${here}/${module}`),
    pins: [...minioServers.map(({ release }) => release), inliningCompilerFlags],
    async build(out, log) {
        await goBuild({ module: versions.oldMinio.module, packages: ["github.com/minio/mc"], inline: true }, out, log);
        for (const { module, release } of minioServers) {
            const set = {
                "github.com/minio/minio/cmd.ReleaseTag": release,
                "github.com/minio/minio/cmd.Version": release
                    .slice("RELEASE.".length)
                    .replace(/T(..)-(..)-/, "T$1:$2:"),
            };
            const packages = ["github.com/minio/minio"];
            await goBuild({ module, packages, set, output: serverProgram(release), inline: true }, out, log);
        }
        const source = goModuleFolder(versions.oldMinio.module, "github.com/minio/minio");
        copyFileSync(join(source, "dockerscripts/docker-entrypoint.sh"), join(out, "minio-entrypoint.sh"));
        copyFileSync(join(checkout, here, versions.newMinio.module, "entrypoint.sh"), join(out, "silo-entrypoint.sh"));
        run("chmod", ["755", join(out, "minio-entrypoint.sh"), join(out, "silo-entrypoint.sh")]);
    },
};

/** The file of a release's server in the folder of `minio`. */
export function serverProgram(release: string): string {
    return `minio.${release}`;
}

/** As the images of MinIO and Silo, whose base (ubi9/ubi-micro) has bash and coreutils, and which add curl. */
const minioImagePrograms = "bash sh cat chown cp curl date df env id ls mkdir mv rm sleep sort sync true uniq".split(
    " ",
);

/** What both images set, as MinIO's Dockerfile.release and Silo's Dockerfile.goreleaser have it. */
const minioImageVariables = {
    MINIO_ACCESS_KEY_FILE: "access_key",
    MINIO_SECRET_KEY_FILE: "secret_key",
    MINIO_ROOT_USER_FILE: "access_key",
    MINIO_ROOT_PASSWORD_FILE: "secret_key",
    MINIO_KMS_SECRET_KEY_FILE: "kms_master_key",
    MINIO_CONFIG_ENV_FILE: "config.env",
    MC_CONFIG_DIR: "/tmp/.mc",
};

/** The image of a server: `/usr/bin/minio` and `mc`, or `/usr/bin/silo` and `mcli` with a link `mc`. */
export function minioImage({ release, program, image }: versions.MinioServer): ImageSpec {
    const inMinio = (name: string) => join(folderOf(minio), name);
    const isSilo = program === "silo";
    return {
        name: namesOf(image).tagged,
        entrypoint: ["/usr/bin/docker-entrypoint.sh"],
        command: [program],
        files: {
            [`/usr/bin/${program}`]: inMinio(serverProgram(release)),
            [isSilo ? "/usr/bin/mcli" : "/usr/bin/mc"]: inMinio("mc"),
            "/usr/bin/docker-entrypoint.sh": inMinio(`${program}-entrypoint.sh`),
        },
        links: isSilo ? { "/usr/bin/mc": "mcli" } : {},
        environment: {
            ...minioImageVariables,
            ...(isSilo
                ? { HOME: "/tmp" }
                : { MINIO_UPDATE_MINISIGN_PUBKEY: "RWTx5Zr1tiHQLwG9keckT0c45M3AGeHD6IvimQHpyRywVWGbP1aVSGav" }),
        },
        hostPrograms: minioImagePrograms,
    };
}

export const images: Component = {
    name: "images",
    title: "the container images",
    inputs: [`${here}/image.ts`, `${here}/components.ts`, `${here}/versions.ts`],
    pins: minioServers.map(({ image }) => image),
    needs: [companions, minio],
    async build(out) {
        await writeImage(join(out, "pause.tar"), {
            name: pauseImage,
            entrypoint: ["/pause"],
            files: { "/pause": join(folderOf(companions), "pause") },
        });
        await writeImage(join(out, "coredns.tar"), {
            name: coreDnsImage,
            entrypoint: ["/coredns"],
            files: { "/coredns": join(folderOf(companions), "coredns") },
        });
        for (const server of minioServers) {
            await writeImage(join(out, `${server.program}.tar`), minioImage(server));
        }
    },
};

/** As Debian has it, without the service that its package would start on all addresses. apt checks its checksum. */
export const prometheus: Component = {
    name: "prometheus",
    title: "Prometheus, from Debian",
    inputs: [],
    async build(out, log) {
        const script =
            "apt-get update -qq; apt-get download -qq prometheus; dpkg-deb --extract *.deb .;" +
            " mv usr/bin/prometheus usr/bin/promtool .; rm -rf *.deb etc lib usr var";
        await runLogged("bash", ["-euc", script], log, { cwd: out });
    },
};

export const kubeStateMetrics: Component = {
    name: "kube-state-metrics",
    title: "kube-state-metrics",
    inputs: [`${here}/kube-state-metrics`],
    pins: [compilerFlags],
    build: (out, log) =>
        goBuild(
            {
                module: "kube-state-metrics",
                packages: ["k8s.io/kube-state-metrics/v2"],
                output: "kube-state-metrics",
            },
            out,
            log,
        ),
};

/** What watches a cluster in tests of its monitoring. */
export const watchers: Component[] = [prometheus, kubeStateMetrics];

/**
 * The server slapd, from Debian, with the libraries that this machine lacks, and without the service that its package
 * would start. apt checks the checksums.
 */
export const openLdap: Component = {
    name: "openldap",
    title: "OpenLDAP, from Debian",
    inputs: [],
    async build(out, log) {
        const install = "apt-get install -o=DPkg::Lock::Timeout=300 -y -qq --no-install-recommends";
        const script =
            "mkdir -p debs/partial libraries; apt-get update -qq;" +
            ` ${install} --download-only --reinstall -o=Dir::Cache::archives="$PWD/debs" slapd;` +
            " for file in debs/*.deb; do dpkg-deb --extract $file .; done;" +
            " mv usr/sbin/slapd etc/ldap/schema .; mv usr/lib/ldap modules;" +
            " find lib usr -path '*-linux-gnu/*' -name '*.so*' -exec mv {} libraries/ ';'; rm -rf debs etc lib usr var";
        await runLogged("bash", ["-euc", script], log, { cwd: out });
    },
};

/** Decides whether what clients did at the same time is linearizable: see tests/support/linearizability.ts. */
export const linearizable: Component = {
    name: "linearizable",
    title: "the checker of histories, with Porcupine",
    inputs: [`${here}/linearizable`],
    pins: [inliningCompilerFlags],
    build: (out, log) =>
        goBuild({ module: "linearizable", packages: ["."], output: "linearizable", inline: true }, out, log),
};

/** Lints the pods' scripts. Version and checksums are pinned, and pip checks them. It needs Python with pip. */
export const shellcheck: Component = {
    name: "shellcheck",
    title: "ShellCheck, from a Python package",
    inputs: [`${here}/shellcheck`],
    async build(out, log) {
        const flags = "--quiet --disable-pip-version-check --require-hashes --no-deps --only-binary=:all:";
        const script =
            `python3 -m pip download ${flags} --dest . --requirement "$0"; python3 -m zipfile --extract *.whl .;` +
            " mv *.data/scripts/shellcheck .; chmod 755 shellcheck; rm -rf *.whl *.data *.dist-info";
        const requirements = join(checkout, here, "shellcheck/requirements.txt");
        await runLogged("bash", ["-euc", script, requirements], log, { cwd: out });
    },
};

/** Client libraries of the same versions as `kube`, so that Go compiles them once. */
export const networkPolicies: Component = {
    name: "network-policies",
    title: "the enforcer of NetworkPolicies",
    inputs: [`${here}/network-policies`],
    pins: [compilerFlags],
    build: (out, log) => goBuild({ module: "network-policies", packages: ["."], output: "network-policies" }, out, log),
};

/** Everything that `make up` needs, the slowest first, so that two builds at a time end together. */
export const components: Component[] = [
    kube,
    kubernetesProvider,
    pulumi,
    minio,
    companions,
    randomProvider,
    networkPolicies,
    languageHost,
    images,
];
