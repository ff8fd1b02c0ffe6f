import type { ChildProcess } from "node:child_process";
import type { EventEmitter } from "node:events";
import { type RunRequest, RunResponse } from "@pulumi/pulumi/proto/language_pb";
import { type Ending, endChild, ending, startChild } from "./children";
import { optionsEnvironment, programInfo, resolveFrom, runtimeOptions } from "./program";

/** The SDK's exit code for a failure it has already told the user about. */
const alreadyReported = 32;

const programs = new Set<ChildProcess>();

/** Runs a program to its end. What goes wrong with it is part of the answer, not an error of the call. */
export async function run(
    engine: { engineAddress: string; tracing: string },
    request: RunRequest,
    call: EventEmitter,
): Promise<RunResponse> {
    try {
        return response(await runProgram(engine, request, call));
    } catch (error) {
        return new RunResponse().setError(error instanceof Error ? error.message : String(error));
    }
}

/** Ends all running programs, as the engine asks when the user interrupts an update. */
export function endPrograms(): void {
    for (const program of programs) {
        endChild(program);
    }
}

async function runProgram(
    engine: { engineAddress: string; tracing: string },
    request: RunRequest,
    call: EventEmitter,
): Promise<Ending> {
    if (request.getAttachDebugger()) {
        throw new Error(
            "this language host attaches no debugger: set `nodeargs: --inspect-brk` in Pulumi.yaml's runtime.options",
        );
    }
    const info = programInfo(request.getInfo());
    const options = runtimeOptions(info);
    const script = resolveFrom(info.getProgramDirectory(), "@pulumi/pulumi/cmd/run");

    const program = startChild(process.execPath, [...options.nodeargs, script, ...scriptArguments(engine, request)], {
        // The program's output is this host's output, which the engine shows line by line.
        stdio: ["ignore", "inherit", "inherit"],
        env: {
            ...process.env,
            ...optionsEnvironment(options),
            PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toArray())),
            PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        },
    });
    programs.add(program);
    call.once("cancelled", () => endChild(program));
    try {
        return await ending(program);
    } finally {
        programs.delete(program);
    }
}

/**
 * What the SDK's cmd/run takes. It knows no flag for query mode, and `--sync` belongs to synchronous invokes, which
 * current SDKs have not.
 */
function scriptArguments(engine: { engineAddress: string; tracing: string }, request: RunRequest): string[] {
    const info = programInfo(request.getInfo());
    const flags: [string, string][] = [
        ["--monitor", request.getMonitorAddress()],
        ["--engine", engine.engineAddress],
        ["--organization", request.getOrganization()],
        ["--project", request.getProject()],
        ["--root-directory", info.getRootDirectory()],
        ["--stack", request.getStack()],
        ["--pwd", info.getProgramDirectory()],
        ["--parallel", String(request.getParallel())],
        ["--tracing", engine.tracing],
    ];
    return [
        ...flags.filter(([, value]) => value !== "").flat(),
        ...(request.getDryrun() ? ["--dry-run"] : []),
        info.getEntryPoint() || ".",
        ...request.getArgsList(),
    ];
}

function response({ code, signal }: Ending): RunResponse {
    if (signal) {
        return new RunResponse().setError(`Program was ended by signal ${signal}`);
    }
    if (code === alreadyReported) {
        return new RunResponse().setBail(true);
    }
    return code === 0
        ? new RunResponse()
        : new RunResponse().setError(`Program exited with non-zero exit code: ${code}`);
}
