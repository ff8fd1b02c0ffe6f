import type { ILanguageRuntimeServer } from "@pulumi/pulumi/proto/language_grpc_pb";
import {
    GetRequiredPluginsResponse,
    LanguageHandshakeResponse,
    RuntimeOptionsResponse,
} from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { version } from "@pulumi/pulumi/version";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { about } from "./about";
import { watchEngine } from "./engine";
import { serverStream, unary, unimplemented } from "./grpc";
import { installDependencies } from "./install";
import { programDependencies, requiredPackages } from "./packages";
import { endPrograms, run } from "./run";
import { runPlugin } from "./runPlugin";

export interface Host {
    /** Where the engine serves; empty until `Handshake` when the host was started by hand. */
    engineAddress: string;
    tracing: string;
    onEngineGone: () => void;
}

/** All of the service `LanguageRuntime`: what each call does, or that it is not to be had here. */
export function languageRuntime(host: Host): ILanguageRuntimeServer {
    return {
        // Only sent to a host that was started by hand (PULUMI_DEBUG_LANGUAGES).
        handshake: unary((request) => {
            host.engineAddress = request.getEngineAddress();
            watchEngine(host.engineAddress, host.onEngineGone);
            return new LanguageHandshakeResponse();
        }),
        getPluginInfo: unary(() => new PluginInfo().setVersion(version)),
        about: unary((request) => about(request.getInfo())),

        // Deprecated in favour of GetRequiredPackages.
        getRequiredPlugins: unary(() => new GetRequiredPluginsResponse()),
        getRequiredPackages: unary((request) => requiredPackages(request.getInfo())),
        getProgramDependencies: unary((request) =>
            programDependencies(request.getInfo(), request.getTransitivedependencies()),
        ),
        installDependencies: serverStream(installDependencies),
        runtimeOptionsPrompts: unary(() => new RuntimeOptionsResponse()),

        run: unary((request, call) => run(host, request, call)),
        runPlugin: serverStream(runPlugin),
        cancel: unary(() => {
            endPrograms();
            return new Empty();
        }),

        template: unimplemented("Template"),
        generateProgram: unimplemented("GenerateProgram"),
        generateProject: unimplemented("GenerateProject"),
        generatePackage: unimplemented("GeneratePackage"),
        pack: unimplemented("Pack"),
        link: unimplemented("Link"),
    };
}
