/** minio-cluster status: how a cluster is, and what to do. It changes nothing. */
import { parseArgs } from "node:util";
import { messageOf } from "../components/basics/messageOf";
import { printable } from "../components/basics/printable";
import { isForbidden } from "../components/kubernetes/errors";
import { judge, verdictOf } from "../components/status/judge";
import { look } from "../components/status/look";
import { exitCodeOf, report } from "../components/status/report";
import { screen } from "../components/status/screen";
import { connected } from "./connected";

export const statusUsage = `usage: minio-cluster status [--namespace NAME] [--name NAME] [--context NAME] [--newest-set HOURS] [--json]

Says how the cluster of a MinioCluster is, and what to do for each thing that is not right. It changes nothing, and needs no program.

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
        process.stderr.write(`error: it could not be looked at: ${printable(shown)}\n`);
        return 2;
    });
}

async function statusCode(args: string[]): Promise<number> {
    const text = { type: "string" } as const;
    const options = {
        namespace: text,
        name: text,
        context: text,
        "newest-set": text,
        json: { type: "boolean" },
    } as const;
    const { namespace, name, context, "newest-set": newestSet, json } = parseArgs({ args, options }).values;
    const setHours = newestSet === undefined ? undefined : Number(newestSet);
    if (setHours !== undefined && !(setHours > 0)) {
        throw new Error(`--newest-set: '${newestSet}' is not allowed: use a number of hours, such as 26`);
    }
    const kubernetes = await connected(context);
    const observed = await look(kubernetes, { namespace, name });
    const findings = judge(observed, setHours);
    const verdict = verdictOf(observed, findings);
    const shown = json
        ? `${JSON.stringify(report(observed, findings, verdict), undefined, 4)}\n`
        : screen(observed, findings, verdict);
    process.stdout.write(shown);
    return exitCodeOf(verdict);
}
