/** Whether the class of new sets is there, and of the driver that has the drives. */
import type { V1StorageClass } from "@kubernetes/client-node";
import type { AnyObject, Kubernetes } from "../kubernetes/client";
import { configMapKind, groupVersion, snapshotKind } from "../kubernetes/kinds";
import type { Problem } from "../spec/check";
import type { Cluster } from "../spec/cluster";
import { recordName } from "../spec/names";
import { type Check, checkOf, type Wanted } from "./check";
import { defaultClass, poolsWithClaims, storageClassKind } from "./storage";

type SnapshotClass = AnyObject & { driver?: string };

type StorageClass = AnyObject & V1StorageClass;

/** Kubernetes hands what these provisioners made over to CSI drivers: `k8s.io/csi-translation-lib/plugins`. */
const migrated: Record<string, string> = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/azure-file": "file.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
    "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
};

export function snapshotClassChecks(wanted: Wanted): Check[] {
    const { sets: named = [], take, className, groupClassName } = wanted.cluster.spec.snapshots ?? {};
    const sets = take === undefined ? named : [...named, take];
    const name = groupClassName ?? className;
    const field = `snapshots.${groupClassName ? "groupClassName" : "className"}`;
    if (sets.length === 0 || !name || !wanted.isKnown(field)) {
        return [];
    }
    const kind = groupClassName ? "VolumeGroupSnapshotClass" : "VolumeSnapshotClass";
    return [
        {
            what: `the ${kind} '${name}' (${field})`,
            async ask(kubernetes) {
                // Where no kind of it is known, that is said elsewhere; and sets that are there need no class.
                const apiVersion = groupClassName ? await groupVersion(kubernetes) : snapshotKind.apiVersion;
                if (apiVersion === undefined || !(await isAnyMissing(kubernetes, wanted.cluster, sets))) {
                    return { problems: [] };
                }
                return checkOf<SnapshotClass>(
                    wanted,
                    field,
                    { apiVersion, kind, metadata: { name } },
                    {
                        absent: `kubectl get ${kind.toLowerCase()} lists those that there are`,
                        judge: async (found) => ({
                            problems: driverProblems(field, found, await provisioners(kubernetes, wanted)),
                        }),
                    },
                ).ask(kubernetes);
            },
        },
    ];
}

async function isAnyMissing(kubernetes: Kubernetes, { names, spec }: Cluster, sets: string[]): Promise<boolean> {
    const records = sets.map((set) => {
        const metadata = { name: recordName(names.cluster, set), namespace: spec.namespace };
        return kubernetes.read({ ...configMapKind, metadata });
    });
    return (await Promise.all(records)).includes(undefined);
}

/** The StorageClasses of the drives, those that there are and those that are to be made, with their provisioners. */
async function provisioners(kubernetes: Kubernetes, wanted: Wanted): Promise<Map<string, string>> {
    const [classes, pools] = await Promise.all([
        kubernetes.list<StorageClass>(storageClassKind),
        poolsWithClaims(kubernetes, wanted),
    ]);
    const names = pools.flatMap(({ claims, storageClassName }) =>
        claims.length > 0
            ? claims.map(({ spec }) => spec?.storageClassName)
            : [storageClassName ?? defaultClass(classes)?.metadata?.name],
    );
    return new Map(
        classes
            .filter(({ metadata }) => names.includes(metadata.name))
            .map(({ metadata, provisioner }) => [metadata.name, provisioner]),
    );
}

/** Pure. */
function driverProblems(
    field: string,
    { metadata, kind, driver = "" }: SnapshotClass,
    classes: Map<string, string>,
): Problem[] {
    return [...classes]
        .filter(([, provisioner]) => (migrated[provisioner] ?? provisioner) !== driver)
        .map(([storageClass, provisioner]) => ({
            field,
            reason:
                `the ${kind} '${metadata.name}' is of the driver ${driver}, and the drives are of ${provisioner} (StorageClass ` +
                `'${storageClass}'), which could not cut them: use a class of that driver`,
        }));
}
