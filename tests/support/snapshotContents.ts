import { execute, kubectlJson } from "./project";

/** What a class with the policy `Retain` leaves. */
export async function deleteContents(namespace: string): Promise<void> {
    const { items } = await kubectlJson("get", "volumesnapshotcontents");
    const names = items
        .filter(({ spec }: any) => spec.volumeSnapshotRef.namespace === namespace)
        .map(({ metadata }: any) => metadata.name);
    if (names.length > 0) {
        await execute("kubectl", ["delete", "volumesnapshotcontents", ...names, "--timeout=60s"]);
    }
}
