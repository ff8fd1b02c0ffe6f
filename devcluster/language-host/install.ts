import type { ServerWritableStream } from "@grpc/grpc-js";
import { type InstallDependenciesRequest, InstallDependenciesResponse } from "@pulumi/pulumi/proto/language_pb";
import { endChild, ending, startChild } from "./children";
import { programInfo, runtimeOptions } from "./program";

/** `npm install` where the program is; npm itself finds the package or workspace above it. */
export async function installDependencies(
    request: InstallDependenciesRequest,
    call: ServerWritableStream<InstallDependenciesRequest, InstallDependenciesResponse>,
): Promise<void> {
    const info = programInfo(request.getInfo());
    runtimeOptions(info); // Refuses a package manager other than npm.
    const say = (text: string): boolean => call.write(new InstallDependenciesResponse().setStdout(Buffer.from(text)));

    say("Installing dependencies...\n\n");
    const args = ["install", "--loglevel=error", ...(request.getIsPlugin() ? ["--omit=dev"] : [])];
    const npm = startChild("npm", args, { cwd: info.getProgramDirectory(), stdio: ["ignore", "pipe", "pipe"] });
    call.once("cancelled", () => endChild(npm));
    npm.stdout?.on("data", (data: Buffer) => call.write(new InstallDependenciesResponse().setStdout(data)));
    npm.stderr?.on("data", (data: Buffer) => call.write(new InstallDependenciesResponse().setStderr(data)));

    const { code, signal } = await ending(npm);
    if (code !== 0) {
        throw new Error(`npm ${args.join(" ")} failed: ${signal ? `signal ${signal}` : `exit code ${code}`}`);
    }
    say("Finished installing dependencies\n\n");
}
