/**
 * Updates of inline programs (Automation API), one after another in this one process: what the tests see of them goes
 * to standard output, one line of JSON each.
 */
import { ConfigMap, Namespace } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { MinioCluster, type MinioClusterArgs } from "../../../index";

const namespace = process.env.NAMESPACE as string;

const small: MinioClusterArgs = {
    replicas: 4,
    storageSize: "1Gi",
    resources: { requests: { cpu: "10m", memory: "128Mi" } },
};

/** A cluster, and two resources that need it, one after the other. */
function withCluster(args: MinioClusterArgs): PulumiFn {
    return async () => {
        const made = new Namespace("namespace", { metadata: { name: namespace } });
        const cluster = new MinioCluster("inline", { ...small, namespace: made.metadata.name, ...args });
        const settings = new ConfigMap("settings", {
            metadata: { name: "settings", namespace },
            data: { endpoint: cluster.endpoint },
        });
        new ConfigMap("later", { metadata: { name: "later", namespace } }, { dependsOn: [settings] });
        return { endpoint: cluster.endpoint };
    };
}

const late = <T>(value: T) => pulumi.output(Promise.resolve(value));

const stackOf = (program: PulumiFn, envVars: Record<string, string> = {}) =>
    LocalWorkspace.createOrSelectStack({ projectName: "inline", stackName: "test", program }, { envVars });

async function run(
    step: string,
    work: (stack: Stack) => Promise<unknown>,
    args: MinioClusterArgs = {},
    envVars: Record<string, string> = {},
): Promise<void> {
    const stack = await stackOf(withCluster(args), envVars);
    const since = performance.now();
    const error = await work(stack).then(
        () => undefined,
        (reason: Error) => reason.message,
    );
    console.log(JSON.stringify({ step, seconds: (performance.now() - since) / 1000, error }));
}

async function main(): Promise<void> {
    const wrong: MinioClusterArgs = { environment: late({ "NO NAME": "value" }) };
    const broken: MinioClusterArgs = { image: "example.org/no/such/image:v1", rollout: { timeoutSeconds: 5 } };
    await run("preview with a wrong argument", (stack) => stack.preview(), wrong);
    await run("up with a wrong argument", (stack) => stack.up(), wrong);
    await run("up with a failing rollout", (stack) => stack.up(), broken);
    await run("up that goes on past a failing rollout", (stack) => stack.up({ continueOnError: true }), broken);
    await run("up as it should be", (stack) => stack.up());
    const kubeconfig = process.env.KUBECONFIG as string;
    process.env.KUBECONFIG = "/nonexistent"; // Only the engine, and so the provider, has it.
    const engine = { KUBECONFIG: kubeconfig };
    const native: MinioClusterArgs = { rollout: { mode: "Native" } };
    await run("up without a kubeconfig", (stack) => stack.up(), native, engine);
    await run("that up again", (stack) => stack.up({ expectNoChanges: true }), native, engine);
    await run("up of larger drives", (stack) => stack.up(), { ...native, storageSize: "2Gi" }, engine);
    process.env.KUBECONFIG = kubeconfig;
    console.log(JSON.stringify({ step: "restarts" }));
    const looked = new Promise((resolve) => process.once("SIGUSR2", resolve));
    await run("up that is ended", (stack) => stack.up(), { resources: { requests: { cpu: "11m", memory: "128Mi" } } });
    await Promise.race([looked, new Promise((resolve) => setTimeout(resolve, 120_000))]);
    await run("cancel", (stack) => stack.cancel());
    await run("destroy", (stack) => stack.destroy());
}

void main();
