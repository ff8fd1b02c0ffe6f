import { execute, kubectl } from "../support/project";

/** Marks the namespaces that the benchmark made, as it removes those that an earlier run left. */
const label = "minio-cluster-bench";

/** Makes an empty namespace. One of this name that an earlier run left is removed first. */
export async function makeNamespace(name: string): Promise<void> {
    await removeNamespace(name);
    await kubectl("create", "namespace", name); // Fails when there is one that is not the benchmark's.
    await kubectl("label", "namespace", name, `${label}=yes`);
}

/** Removes a namespace with all that is in it, if the benchmark made it. */
export async function removeNamespace(name: string): Promise<void> {
    await execute("kubectl", [
        "delete",
        "namespace",
        `--selector=${label}`,
        `--field-selector=metadata.name=${name}`,
        "--wait",
        "--timeout=180s",
    ]);
}
