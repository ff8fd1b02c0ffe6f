/** What Pulumi says of a stack of the project in this folder. Nothing is changed, and no secret is kept or shown. */
import { spawn } from "node:child_process";
import { type Program, programOf } from "../components/status/differences";
import { clusterInStack, type StackCluster } from "../components/status/stackState";

/** @throws Error that says why the stack's state cannot be read, or has no such cluster */
export async function stackCluster(stack: string, name: string | undefined): Promise<StackCluster> {
    const found = async (...more: string[]) =>
        clusterInStack(stack, JSON.parse(await said(["stack", "export", "--stack", stack, ...more])), name);
    const cluster = await found();
    // A provider's kubeconfig may be a secret. Without one, none leaves the state.
    return cluster.isSealed ? found("--show-secrets") : cluster;
}

/** By a preview that also asks Kubernetes how the objects are, and writes no state. */
export async function program(stack: string, { urn }: StackCluster): Promise<Program> {
    const { code, output, errors } = await pulumi(["preview", "--stack", stack, "--refresh", "--json"]);
    return programOf(stack, urn, code, output, errors);
}

async function said(args: string[]): Promise<string> {
    const { code, output, errors } = await pulumi(args);
    if (code !== 0) {
        const why = errors.trim().replace(/^error: /, "");
        throw new Error(`pulumi ${args.join(" ")} ended with ${code}${why && `: ${why}`}`);
    }
    return output;
}

function pulumi(args: string[]): Promise<{ code: number; output: string; errors: string }> {
    return new Promise((resolve, reject) => {
        const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
        const child = spawn("pulumi", [...args, "--non-interactive", "--color=never"], {
            env,
            stdio: ["ignore", "pipe", "pipe"],
        });
        const output: Buffer[] = [];
        const errors: Buffer[] = [];
        child.stdout.on("data", (chunk) => output.push(chunk));
        child.stderr.on("data", (chunk) => errors.push(chunk));
        child.on("error", (error: NodeJS.ErrnoException) =>
            reject(
                error.code === "ENOENT" ? new Error("--stack needs the command pulumi, which is not on PATH") : error,
            ),
        );
        const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
        child.on("close", (code) => resolve({ code: code ?? -1, output: text(output), errors: text(errors) }));
    });
}
