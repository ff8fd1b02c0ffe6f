/**
 * pulumi-language-nodejs: a small Pulumi language host for Node.js.
 *
 * The Pulumi CLI runs no program by itself: it starts `pulumi-language-<runtime>` and speaks the gRPC service
 * `LanguageRuntime` with it. Pulumi's own host for Node.js is a Go program that ships only inside Pulumi's release
 * archives; it cannot be had from a package registry, and package registries are all the development cluster uses.
 * So this program takes its place: it runs programs, component plugins and policy packs, installs their dependencies and
 * names the provider plugins they need. It generates no code (`pulumi convert`, `pulumi package add`).
 *
 * esbuild bundles it into one file without a node_modules of its own; put it beside the CLI's binary as
 * `pulumi-language-nodejs`. What it runs always uses the program's own `@pulumi/pulumi`.
 */
import { parseArgs } from "node:util";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { version } from "@pulumi/pulumi/version";
import { endChildren } from "./children";
import { watchEngine } from "./engine";
import { languageRuntime } from "./languageRuntime";

/** Of what the engine sends and takes; the same limit as in Pulumi's own programs. */
const largestMessage = 400 * 1024 * 1024;

// The engine may also pass logging flags, which this host has no use for: hence not strict.
const { values: flags, positionals } = parseArgs({
    options: { tracing: { type: "string" }, version: { type: "boolean" } },
    allowPositionals: true,
    strict: false,
});

if (flags.version) {
    console.log(version);
} else {
    serve(positionals.at(-1) ?? "", typeof flags.tracing === "string" ? flags.tracing : "");
}

function serve(engineAddress: string, tracing: string): void {
    const server = new Server({
        "grpc.max_receive_message_length": largestMessage,
        "grpc.max_send_message_length": largestMessage,
    });

    let stopping = false;
    const stop = (): void => {
        if (stopping) {
            return;
        }
        stopping = true;
        server.forceShutdown();
        void endChildren().then(() => process.exit());
    };
    process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", stop);

    server.addService(LanguageRuntimeService, languageRuntime({ engineAddress, tracing, onEngineGone: stop }));
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
        if (error) {
            throw error;
        }
        // The engine reads this line; whatever follows on stdout is a program's and goes to the user.
        console.log(port);
        if (engineAddress) {
            watchEngine(engineAddress, stop);
        }
    });
}
