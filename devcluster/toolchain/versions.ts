/** The versions of Kubernetes that the cluster can be built of, each pinned in kubernetes/MINOR.mod. */
export const kubernetesVersions = ["1.32.13", "1.37.2"];
const newestKubernetes = "1.37.2";

export const minorOf = (version: string) => version.split(".").slice(0, 2).join(".");

/** The minor version that is meant, such as 1.37: that of the variable KUBERNETES, or else the newest. */
export const kubernetesMinor = process.env.KUBERNETES || minorOf(newestKubernetes);
/** The same in full; the newest, too, where the variable has none of them, which the preflight refuses. */
export const kubernetes =
    kubernetesVersions.find((version) => minorOf(version) === kubernetesMinor) ?? newestKubernetes;

/** The Pulumi CLI, as pinned in pulumi/go.mod. */
export const pulumi = "3.274.1";

/** The plugins' versions are those of the npm packages of the same name in package-lock.json, which ask for them. */
export const kubernetesProvider = "4.25.0";
export const randomProvider = "4.21.2";

/**
 * Two servers from one source, which differ in nothing but the release they say they are. To each other they are two
 * versions, as MinIO's peers compare the binaries' checksums; so an upgrade from the first to the second is a real one.
 */
export const minioReleases = ["RELEASE.2025-09-07T16-13-09Z", "RELEASE.2025-09-08T00-00-00Z"];

export const minioImages = minioReleases.map((release) => `quay.io/minio/minio:${release}`);
export const coreDnsImage = "registry.k8s.io/coredns/coredns:v1.14.5";
export const pauseImage = "registry.k8s.io/pause:3.10";
