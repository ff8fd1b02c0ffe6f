import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { AboutResponse, type ProgramInfo } from "@pulumi/pulumi/proto/language_pb";
import { programInfo, runtimeOptions } from "./program";

/** What runs programs here, for `pulumi about`. */
export async function about(info: ProgramInfo | undefined): Promise<AboutResponse> {
    runtimeOptions(programInfo(info));
    const response = new AboutResponse().setExecutable(process.execPath).setVersion(process.version);
    response
        .getMetadataMap()
        .set("packagemanager", "npm")
        .set("packagemanagerVersion", await npmVersion());
    return response;
}

/** Empty if there is no npm: that is no reason to say nothing at all. */
async function npmVersion(): Promise<string> {
    try {
        return (await promisify(execFile)("npm", ["--version"])).stdout.trim();
    } catch {
        return "";
    }
}
