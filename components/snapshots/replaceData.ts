/** Goes back to a set in place: the servers stop, and their claims are made anew from the snapshots. */
import type { AnyObject, Kubernetes } from "../kubernetes";
import { poolName } from "../names";
import { until } from "../until";
import type { FoundSet } from "./findSet";
import { createClaims, type Restore, type RestoredDrive, restoredAnnotation } from "./restore";
import { claimKind } from "./snapshotSet";

/** Annotation of the first pool's StatefulSet while its cluster goes back to a set: which one. */
export const restoringAnnotation = "minio-cluster/restoring";

/** Labels of a volume that a restore replaced: the namespace and the component whose drive it was. */
export const replacedLabels = { namespace: "minio-cluster/replaced-in", cluster: "minio-cluster/replaced-of" };

const statefulSetKind = { apiVersion: "apps/v1", kind: "StatefulSet" };

interface Claim extends AnyObject {
    spec?: { volumeName?: string };
}

/** How long servers and claims may take to end, in milliseconds. */
const endMilliseconds = 180_000;

/**
 * Replaces the data of a cluster. Every step may be done twice, and an interrupted restore is continued by the next one.
 *
 * @throws Error when a server or a claim does not end
 */
export async function replaceData(
    kubernetes: Kubernetes,
    restored: Restore,
    found: FoundSet,
    say: (text: string) => void,
): Promise<void> {
    const { names, spec, source } = restored;
    const { namespace } = spec;
    if (spec.persistentVolumeClaimRetentionPolicy.whenScaled === "Delete") {
        throw new Error(
            "persistentVolumeClaimRetentionPolicy.whenScaled is Delete, so the volumes would be lost when the servers stop: " +
                "set it to Retain, run pulumi up, and restore then",
        );
    }
    const wanted = spec.pools.map(({ replicas }, pool) => ({ name: poolName(names.cluster, pool), replicas }));
    const there = await Promise.all(wanted.map(({ name }) => kubernetes.statefulSet(namespace, name)));
    // Claims that outlived their StatefulSets have no servers to stop.
    const pools = wanted
        .filter((_, pool) => there[pool])
        .map(({ name, replicas }) => ({ reference: { ...statefulSetKind, metadata: { name, namespace } }, replicas }));
    const mark = async (restoring: string | null) => {
        if (pools.length > 0) {
            await kubernetes.patch(pools[0].reference, {
                metadata: { annotations: { [restoringAnnotation]: restoring } },
            });
        }
    };
    await mark(source);
    say("stops all servers");
    for (const { reference } of pools) {
        await kubernetes.patch(reference, { spec: { replicas: 0 } });
    }
    await untilSo(
        "the servers do not end",
        async () => (await kubernetes.pods(namespace, names.selector)).length === 0,
    );
    for (const drive of restored.drives) {
        await replaceClaim(kubernetes, restored, found, drive, say);
    }
    for (const { reference, replicas } of pools) {
        await kubernetes.patch(reference, { spec: { replicas } });
    }
    await mark(null);
}

async function replaceClaim(
    kubernetes: Kubernetes,
    restored: Restore,
    found: FoundSet,
    drive: RestoredDrive,
    say: (text: string) => void,
): Promise<void> {
    const { namespace } = restored.spec;
    const reference = { ...claimKind, metadata: { name: drive.claim, namespace } };
    const claim = await kubernetes.read<Claim>(reference);
    if (claim && claim.metadata.annotations?.[restoredAnnotation] !== restored.source) {
        const volume = claim.spec?.volumeName;
        say(`${drive.claim}: keeps its volume ${volume}, and begins with ${found.drives.get(drive.source)?.snapshot}`);
        if (volume) {
            await kubernetes.patch(
                { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: volume } },
                {
                    metadata: {
                        labels: {
                            [replacedLabels.namespace]: namespace,
                            [replacedLabels.cluster]: restored.names.cluster,
                        },
                    },
                    spec: { persistentVolumeReclaimPolicy: "Retain" },
                },
            );
        }
        await kubernetes.remove(reference);
        await untilSo(`${drive.claim} is not deleted`, async () => {
            const there = await kubernetes.read(reference);
            return there === undefined || there.metadata.uid !== claim.metadata.uid;
        });
    }
    await createClaims(kubernetes, restored, found, [drive.claim]);
}

function untilSo(complaint: string, isSo: () => Promise<boolean>): Promise<true> {
    return until(async () => (await isSo()) || undefined, {
        deadline: performance.now() + endMilliseconds,
        milliseconds: 500,
        late: () => `${complaint} in ${endMilliseconds / 1000} s`,
    });
}
