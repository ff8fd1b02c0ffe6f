/** What is known of an image and speaks against it: a sentence each, with the way out. Pure. */
import { element } from "../basics/element";
import { flawsOf, partsOf } from "../minio/knownFlaws";
import { defaultImage, type MinioClusterSpec } from "./spec";

/** Repositories that no longer give what they gave, as many projects report since then, by tag and by digest. */
const refusesAnonymous = "quay.io/minio/minio";
const gone = "docker.io/minio/minio";

const [withoutDigest] = defaultImage.split("@");

/** @param spec of which the image is sound */
export function imageWarnings({
    image,
    imagePullSecrets,
}: Pick<MinioClusterSpec, "image" | "imagePullSecrets">): string[] {
    const hasLogin = (imagePullSecrets ?? []).length > 0;
    return [...floating(image), ...unavailable(image, hasLogin), ...flawed(image)];
}

function floating(image: string): string[] {
    const { tag } = partsOf(image);
    return image.includes("@") || (tag !== "" && tag !== "latest")
        ? []
        : [
              `image: '${image}' may become another version whenever a pod starts, and servers of different versions ` +
                  "wait for each other: name a release, best with its digest",
          ];
}

function unavailable(image: string, hasLogin: boolean): string[] {
    const { repository } = partsOf(image);
    const since =
        repository === gone
            ? "is gone since 2026-09-12"
            : repository === refusesAnonymous && !hasLogin
              ? "refuses pulls without a login since 2026-09-24"
              : undefined;
    return since === undefined
        ? []
        : [
              `image: ${repository} ${since}, so a node that does not have '${image}' yet cannot pull it: ` +
                  `leave image out for the default, ${withoutDigest}, or name a mirror of yours`,
          ];
}

function flawed(image: string): string[] {
    const known = flawsOf(image);
    if (!known) {
        return [];
    }
    const { release, server, flaws, mayBePatched } = known;
    const worst = element(flaws, 0);
    const unless = mayBePatched ? ", unless its builder has mended that" : "";
    const besides = flaws.length > 1 ? ` Known flaws besides: ${flaws.length - 1}.` : "";
    return [
        `image: ${server} ${release} has ${worst.id}: ${worst.effect}${unless}.${besides} ` +
            `The default, ${withoutDigest}, has the fixes: leave image out (the list: docs/security.md)`,
    ];
}
