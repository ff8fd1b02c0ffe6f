import { defaultImage } from "../../components/spec/spec";

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

/** A MinIO server, and the image in which people run it. */
export interface MinioServer {
    /** Folder of the Go module that pins its source. */
    module: string;
    /** What it says of itself. */
    release: string;
    /** The name of its program. */
    program: "minio" | "silo";
    /** The image as a stack names it, with tag and digest. */
    image: string;
}

/** The last release that the official repository made an image of. */
export const oldMinio: MinioServer = {
    module: "minio",
    release: "RELEASE.2025-09-07T16-13-09Z",
    program: "minio",
    image:
        "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z" +
        "@sha256:14cea493d9a34af32f524e538b8346cf79f3321eff8e708c1e2960462bd8936e",
};

/**
 * The last commit of the official repository, laid out as the default image, Silo. It stands in for that: Silo comes from the same
 * source, but no Go module of it is served. Peers take the two servers for what they are, two versions.
 */
export const newMinio: MinioServer = {
    module: "minio-2026-02-12",
    release: "RELEASE.2026-02-12T20-18-48Z",
    program: "silo",
    image: defaultImage,
};

export const minioServers = [oldMinio, newMinio];
export const coreDnsImage = "registry.k8s.io/coredns/coredns:v1.14.5";
export const pauseImage = "registry.k8s.io/pause:3.10";
