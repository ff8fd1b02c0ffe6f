/** Kinds of objects that the component reads or makes by itself. */
import type { V1Pod } from "@kubernetes/client-node";
import type { Kubernetes } from "./client";

export const snapshotKind = { apiVersion: "snapshot.storage.k8s.io/v1", kind: "VolumeSnapshot" };
export const contentKind = { apiVersion: "snapshot.storage.k8s.io/v1", kind: "VolumeSnapshotContent" };
export const configMapKind = { apiVersion: "v1", kind: "ConfigMap" } as const;
export const claimKind = { apiVersion: "v1", kind: "PersistentVolumeClaim" };

/** A set that the storage cuts as one. Its API version differs between Kubernetes clusters: see `groupVersion`. */
export const groupKind = "VolumeGroupSnapshot";
const groupApi = "groupsnapshot.storage.k8s.io";

/** The newest version of the API that the Kubernetes cluster has; undefined when it has none. */
export async function groupVersion(kubernetes: Kubernetes): Promise<string | undefined> {
    for (const version of ["v1", "v1beta2", "v1beta1"]) {
        const apiVersion = `${groupApi}/${version}`;
        if (await kubernetes.knows(apiVersion, groupKind)) {
            return apiVersion;
        }
    }
    return undefined;
}

/** A pod's StatefulSet; undefined where it is no server: a Job's pod may have the cluster's labels too. */
export function statefulSetOf({ metadata }: V1Pod): string | undefined {
    return metadata?.ownerReferences?.find(({ kind, controller }) => kind === "StatefulSet" && controller)?.name;
}
