/** Checks the arguments, and says everything that is wrong with them at once. Pure. */
import type { KnownArgs } from "./args";
import { withDefaults } from "./args";
import { longestName } from "./names";
import { parseQuantity } from "./quantity";
import { acceptedServersNear, topologyOf } from "./topology";

/** Something that is wrong with an argument. */
export interface Problem {
    /** Path of the argument, such as `persistentVolumeClaimRetentionPolicy.whenDeleted`. */
    field: string;
    /** The value, what is allowed, and what to do. */
    reason: string;
}

const smallestDrive = "1Gi";
const dnsLabel = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const namespaceName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const dnsDomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const imageReference = /^[a-z0-9][\w.:/@-]*$/i;

/**
 * Every problem of a component's name and arguments; none when they are sound.
 *
 * Only what a person gave is checked, but as it works together with the defaults.
 */
export function problemsOf(name: string, args: KnownArgs): Problem[] {
    const spec = withDefaults(args);
    const problems: Problem[] = [];
    const refuse = (field: string, value: unknown, allowed: string) =>
        problems.push({ field, reason: `${show(value)} is not allowed: ${allowed}` });

    if (!dnsLabel.test(name) || name.length > longestName) {
        refuse("name", name, `use at most ${longestName} lower-case letters, digits and '-', beginning with a letter`);
    }
    if (!isText(spec.namespace) || !namespaceName.test(spec.namespace) || spec.namespace.length > 63) {
        refuse(
            "namespace",
            spec.namespace,
            "use the name of a namespace: at most 63 lower-case letters, digits and '-'",
        );
    }
    if (!isText(spec.clusterDomain) || !dnsDomain.test(spec.clusterDomain)) {
        refuse("clusterDomain", spec.clusterDomain, "use the Kubernetes cluster's DNS domain, such as cluster.local");
    }
    if (!isText(spec.image) || !imageReference.test(spec.image)) {
        refuse("image", spec.image, "use a container image, such as quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z");
    }
    if (!isText(spec.rootUser) || spec.rootUser.length < 3) {
        refuse("rootUser", spec.rootUser, "MinIO wants a user name of at least 3 characters");
    }
    problems.push(...topologyProblems(spec.replicas, spec.drivesPerServer));
    if (!isInteger(spec.partition, 0, isInteger(spec.replicas, 0) ? spec.replicas : Number.MAX_SAFE_INTEGER)) {
        refuse(
            "partition",
            spec.partition,
            `use an integer from 0 (update all servers) to replicas, ${show(spec.replicas)} (update none)`,
        );
    }
    problems.push(...storageProblems(spec.storageSize));
    for (const when of ["whenDeleted", "whenScaled"] as const) {
        const policy = spec.persistentVolumeClaimRetentionPolicy[when];
        if (policy !== "Retain" && policy !== "Delete") {
            refuse(`persistentVolumeClaimRetentionPolicy.${when}`, policy, "use Retain or Delete");
        }
    }
    for (const kind of ["requests", "limits"] as const) {
        for (const [resource, quantity] of Object.entries(spec.resources?.[kind] ?? {})) {
            const value = parseQuantity(String(quantity));
            if (value === undefined || value < 0) {
                refuse(`resources.${kind}.${resource}`, quantity, "use a Kubernetes quantity, such as 500m or 1Gi");
            }
        }
    }
    return problems;
}

function topologyProblems(replicas: unknown, drivesPerServer: unknown): Problem[] {
    const problems: Problem[] = [];
    if (!isInteger(replicas, 2)) {
        const reason = `${show(replicas)} is not allowed: use an integer of at least 2 servers; 4 or more survive the loss of one`;
        problems.push({ field: "replicas", reason });
    }
    if (!isInteger(drivesPerServer, 1)) {
        const reason = `${show(drivesPerServer)} is not allowed: use an integer of at least 1 drive for each server`;
        problems.push({ field: "drivesPerServer", reason });
    }
    if (isInteger(replicas, 2) && isInteger(drivesPerServer, 1) && !topologyOf(replicas, drivesPerServer)) {
        const near = acceptedServersNear(replicas, drivesPerServer).join(", ");
        const reason =
            `${replicas} is not allowed with ${drivesPerServer} drive${drivesPerServer === 1 ? "" : "s"} per server: MinIO ` +
            "cannot divide the drives into erasure sets of 2 to 16 that lie evenly over the servers; " +
            `use ${near}, or another drivesPerServer`;
        problems.push({ field: "replicas", reason });
    }
    return problems;
}

function storageProblems(storageSize: unknown): Problem[] {
    const bytes = isText(storageSize) ? parseQuantity(storageSize) : undefined;
    if (bytes === undefined) {
        const reason = `${show(storageSize)} is not allowed: use a Kubernetes quantity, such as 10Gi`;
        return [{ field: "storageSize", reason }];
    }
    if (bytes < (parseQuantity(smallestDrive) ?? 0)) {
        const reason = `${show(storageSize)} is not allowed: use at least ${smallestDrive} for each drive`;
        return [{ field: "storageSize", reason }];
    }
    return [];
}

function isText(value: unknown): value is string {
    return typeof value === "string";
}

function isInteger(value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): value is number {
    return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** A value as a person would recognise it, however strange. */
function show(value: unknown): string {
    const text = typeof value === "string" ? `'${value}'` : String(JSON.stringify(value) ?? value);
    return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
