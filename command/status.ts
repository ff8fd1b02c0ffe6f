/** minio-cluster status: how a cluster is, and what to do. It changes nothing. */
import { messageOf } from "../components/basics/messageOf";
import { printable } from "../components/basics/printable";
import { isForbidden } from "../components/kubernetes/errors";
import { judge, verdictOf } from "../components/status/judge";
import { look } from "../components/status/look";
import type { Observed } from "../components/status/observed";
import { exitCodeOf, report } from "../components/status/report";
import { screen } from "../components/status/screen";
import { connected, connectedToStack } from "./connected";
import { program, stackCluster } from "./stack";
import { type StatusOptions, statusOptions, WrongOptions } from "./statusOptions";

export const statusUsage = `usage: minio-cluster status [--stack STACK | --namespace NAME --context NAME] [--name NAME] [--newest-set HOURS] [--json]

Says how the cluster of a MinioCluster is, and what to do for each thing that is not right. It changes nothing, and needs no program.

  --stack      of the Pulumi project in this folder: namespace and Kubernetes cluster are in its state, and a preview shows
               the differences between the program and the cluster
  --namespace  of the cluster; default: the only one that there is
  --name       of the MinioCluster; default: the only one
  --context    of the kubeconfig (KUBECONFIG or ~/.kube/config); default: the current one
  --newest-set how old the newest set of snapshots may be; default: there need be none
  --json       for machines

Ends with 0 when all is right, 1 when something needs care, and 2 when it could not look.
`;

export async function status(args: string[]): Promise<void> {
    process.exitCode = await statusCode(args).catch((error: unknown) => {
        const said = messageOf(error);
        const shown = isForbidden(error) ? said.replace("docs/rbac.yaml", "docs/rbac-status.yaml") : said;
        const lines =
            error instanceof WrongOptions
                ? ["minio-cluster status is called in a wrong way:", ...error.problems]
                : [`it could not be looked at: ${shown}`];
        process.stderr.write(`error: ${lines.map(printable).join("\n  ")}\n`);
        return 2;
    });
}

async function statusCode(args: string[]): Promise<number> {
    const options = statusOptions(args);
    const observed = await (options.stack === undefined
        ? look(await connected(options.context), options)
        : lookByStack(options.stack, options));
    const findings = judge(observed, options.setHours);
    const verdict = verdictOf(observed, findings);
    const shown = options.json
        ? `${JSON.stringify(report(observed, findings, verdict), undefined, 4)}\n`
        : screen(observed, findings, verdict);
    process.stdout.write(shown);
    return exitCodeOf(verdict);
}

async function lookByStack(stack: string, { name }: StatusOptions): Promise<Observed> {
    const cluster = await stackCluster(stack, name);
    const observed = await look(await connectedToStack(stack, cluster), cluster);
    return { ...observed, program: await program(stack, cluster) };
}
