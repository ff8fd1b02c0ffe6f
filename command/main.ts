#!/usr/bin/env node
/**
 * minio-cluster: looks at a MinIO that runs: how it is, or how a MinioCluster takes its drives over. It changes
 * nothing.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { adoptionOf } from "../components/adopt/adoption";
import { Refusal } from "../components/adopt/found";
import { observe } from "../components/adopt/observed";
import { reportOf } from "../components/adopt/report";
import { isOfAnother, stepsOf } from "../components/adopt/steps";
import { messageOf } from "../components/basics/messageOf";
import { printable } from "../components/basics/printable";
import { connected } from "./connected";
import { status, statusUsage } from "./status";

const usage = `usage: minio-cluster adopt [STATEFULSET or TENANT] [--namespace NAME] [--name NAME] [--context NAME] [--out FOLDER]

Looks at a distributed MinIO that MinIO's chart, Bitnami's chart, MinIO's operator or a StatefulSet runs, and changes nothing.
Writes the arguments of the MinioCluster that takes its drives over, and the steps there and back.

  --namespace  of the old cluster; default: default
  --name       of the MinioCluster; default: minio, or another one that is free
  --context    of the kubeconfig (KUBECONFIG or ~/.kube/config); default: the current one
  --out        folder to write into; default: adopt
`;

async function adopt(args: string[]): Promise<void> {
    const text = { type: "string" } as const;
    const options = { namespace: text, name: text, context: text, out: text };
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const { namespace = "default", name, context, out = "adopt" } = values;
    const kubernetes = await connected(context);
    const adoption = adoptionOf(await observe(kubernetes, namespace), { old: positionals[0], name });
    const { prepare, move, back } = stepsOf(adoption, { context });
    refuseOthersSteps(join(out, "back.sh"), back);
    const write = (name: string, content: string) => {
        const file = join(out, name);
        writeFileSync(file, content);
        return file;
    };
    mkdirSync(out, { recursive: true });
    const files = {
        args: write("arguments.json", `${JSON.stringify(adoption.args, undefined, 4)}\n`),
        prepare: write("prepare.sh", prepare),
        move: write("move.sh", move),
        back: write("back.sh", back),
    };
    process.stdout.write(reportOf(adoption, files));
}

/** Without its back.sh, a cluster that was moved has no way back, and the file cannot be made again. */
function refuseOthersSteps(file: string, back: string): void {
    if (existsSync(file) && isOfAnother(readFileSync(file, "utf8"), back)) {
        throw new Error(`${file} is the way back of another cluster: write into another folder, with --out`);
    }
}

async function main([command, ...args]: string[]): Promise<void> {
    const commands: Record<string, [run: (args: string[]) => Promise<void>, usage: string]> = {
        adopt: [adopt, usage],
        status: [status, statusUsage],
    };
    const [run, usageOf] = (command !== undefined && Object.hasOwn(commands, command) && commands[command]) || [];
    if (run === undefined || args.includes("--help")) {
        const asked = command === undefined || args.includes("--help") || command === "--help";
        (asked ? process.stdout : process.stderr).write(usageOf ?? `${usage}\n${statusUsage}`);
        process.exitCode = asked ? 0 : 2;
        return;
    }
    await run(args);
}

main(process.argv.slice(2)).catch((error: unknown) => {
    const lines = error instanceof Refusal ? error.reasons : [messageOf(error)];
    process.stderr.write(
        `error: it cannot be taken over:\n${lines.map((line) => `  ${printable(line)}`).join("\n")}\n`,
    );
    process.exitCode = 1;
});
