/** The static key of MinIO's encryption, which no other key can take the place of. Pure. */
import { both } from "../basics/both";
import { valueDigest } from "../basics/valueDigest";
import { type PodTemplate, serverContainer } from "../server/podTemplate";
import { digestsOf } from "./change";

/** `name:base64`. There can be no second one beside it (`NewBuiltin` in `internal/kms/secret-key.go`). */
const variable = "MINIO_KMS_SECRET_KEY";

/**
 * Why the servers' key cannot become another, or none. A key whose value was not seen, before or after, is not judged.
 */
export function keyProblems(before: PodTemplate, after: PodTemplate, namespace: string): string[] {
    const [old, wanted] = both(before, after, (template) => keyOf(template, namespace));
    if (old === undefined || old === unseen || wanted === unseen || old === wanted) {
        return [];
    }
    const what = wanted === undefined ? "it cannot be left out" : "another key cannot take its place";
    return [
        `environment.MINIO_KMS_SECRET_KEY: ${what}: nobody could read the objects again that are encrypted with the key ` +
            "that the servers have, nor the users and settings, which MinIO encrypts with it. Set it back. For another key, make " +
            "a second MinioCluster and copy the data with mc mirror",
    ];
}

const unseen = "unseen";

/** What tells the key apart; undefined where there is none. */
function keyOf(template: PodTemplate, namespace: string): string | undefined {
    const given = serverContainer(template).env?.find(({ name }) => name === variable);
    if (given === undefined) {
        return undefined;
    }
    return given.valueFrom
        ? (digestsOf(template)[variable] ?? unseen)
        : valueDigest(given.value ?? "", namespace, variable);
}
