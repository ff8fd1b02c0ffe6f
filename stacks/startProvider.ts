import { readFileSync } from "node:fs";
// Not the whole of @pulumi/pulumi, which takes longer to load than the provider to start.
import { invoke } from "@pulumi/pulumi/runtime/invoke";

/** Time for a request to be sent before this process is busy loading modules, in milliseconds. */
const sendMilliseconds = 5;

/**
 * Makes the engine start the Kubernetes provider, and returns while it starts. The engine starts a provider for the first
 * request that needs it; by itself that would be the first object, when all modules are loaded, and each takes some 0.2 s. So a
 * request that does nothing goes ahead.
 */
export async function startKubernetesProvider(): Promise<void> {
    const { version } = JSON.parse(readFileSync(require.resolve("@pulumi/kubernetes/package.json"), "utf8"));
    // What keeps a provider from starting is told for the first object.
    invoke("kubernetes:yaml:decode", { text: "" }, { version }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, sendMilliseconds));
}
