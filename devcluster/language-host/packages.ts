import { type Dirent, readdirSync, readFileSync, realpathSync } from "node:fs";
import * as path from "node:path";
import {
    DependencyInfo,
    GetProgramDependenciesResponse,
    GetRequiredPackagesResponse,
    type ProgramInfo,
} from "@pulumi/pulumi/proto/language_pb";
import { PackageDependency, PackageParameterization } from "@pulumi/pulumi/proto/plugin_pb";
import { programInfo } from "./program";

/** The part of a package.json that matters here. */
interface Manifest {
    name?: string;
    version?: string;
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
    pulumi?: {
        resource?: boolean;
        name?: string;
        version?: string;
        server?: string;
        /** Its value is in base64. */
        parameterization?: { name: string; version: string; value: string };
    };
}

/** The provider plugins that the program's installed packages call for. */
export function requiredPackages(info: ProgramInfo | undefined): GetRequiredPackagesResponse {
    const response = new GetRequiredPackagesResponse();
    const seen = new Set<string>();
    for (const manifest of installedPackages(programInfo(info).getProgramDirectory())) {
        const dependency = packageDependency(manifest);
        const identity = JSON.stringify(dependency?.toObject());
        if (dependency && !seen.has(identity)) {
            seen.add(identity);
            response.addPackages(dependency);
        }
    }
    return response;
}

/** The packages the program names itself or, with `transitive`, all that are installed for it. */
export function programDependencies(
    info: ProgramInfo | undefined,
    transitive: boolean,
): GetProgramDependenciesResponse {
    const directory = programInfo(info).getProgramDirectory();
    const direct = ancestors(directory)
        .map((ancestor) => readManifest(ancestor))
        .find((manifest) => manifest !== undefined);
    const named = { ...direct?.dependencies, ...direct?.devDependencies };

    // Nearer packages come first, so that a name's first version is the one that the program gets.
    const versions = new Map<string, Set<string>>();
    for (const { name, version } of installedPackages(directory)) {
        if (name && version && (transitive || (name in named && !versions.has(name)))) {
            versions.set(name, (versions.get(name) ?? new Set()).add(version));
        }
    }

    const response = new GetProgramDependenciesResponse();
    for (const [name, all] of [...versions].sort(([a], [b]) => (a < b ? -1 : 1))) {
        for (const version of all) {
            response.addDependencies(new DependencyInfo().setName(name).setVersion(version));
        }
    }
    return response;
}

/**
 * The packages in the node_modules folders in which a program in `directory` finds its imports, and those nested in
 * them. Only package folders are looked at, each once.
 */
function* installedPackages(directory: string): Generator<Manifest> {
    const visited = new Set<string>();
    // Level by level: top-level packages of all folders before nested ones.
    let folders = ancestors(directory).map((ancestor) => path.join(ancestor, "node_modules"));
    while (folders.length > 0) {
        const nested: string[] = [];
        for (const packageFolder of folders.flatMap(packageFolders)) {
            if (!visited.has(packageFolder)) {
                visited.add(packageFolder);
                nested.push(path.join(packageFolder, "node_modules"));
                const manifest = readManifest(packageFolder);
                if (manifest) {
                    yield manifest;
                }
            }
        }
        folders = nested;
    }
}

/** Real paths, so that links cannot lead around in circles. */
function packageFolders(nodeModules: string): string[] {
    return entries(nodeModules).flatMap((entry) => {
        const file = path.join(nodeModules, entry.name);
        if (entry.name.startsWith(".")) {
            return [];
        }
        if (entry.name.startsWith("@") && path.basename(nodeModules) === "node_modules") {
            return packageFolders(file);
        }
        if (entry.isSymbolicLink()) {
            try {
                return [realpathSync(file)];
            } catch {
                return []; // A dangling link.
            }
        }
        return entry.isDirectory() ? [file] : [];
    });
}

function entries(directory: string): Dirent[] {
    try {
        return readdirSync(directory, { withFileTypes: true });
    } catch {
        return []; // Most packages have no node_modules of their own.
    }
}

function readManifest(directory: string): Manifest | undefined {
    try {
        return JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8")) as Manifest;
    } catch {
        return undefined;
    }
}

function ancestors(directory: string): string[] {
    const parent = path.dirname(directory);
    return parent === directory ? [directory] : [directory, ...ancestors(parent)];
}

/** Nothing for an ordinary package, nor for one that does not say which plugin it means. */
function packageDependency({ name, version, pulumi }: Manifest): PackageDependency | undefined {
    // Only Pulumi's own packages are named like their plugins.
    const pluginName = pulumi?.name || name?.match(/^@pulumi\/(.+)$/)?.[1];
    const pluginVersion = pulumi?.version || version;
    if (!pulumi?.resource || !pluginName || !pluginVersion) {
        return undefined;
    }
    const dependency = new PackageDependency()
        .setKind("resource")
        .setName(pluginName)
        .setVersion(pluginVersion.startsWith("v") ? pluginVersion : `v${pluginVersion}`)
        .setServer(pulumi.server ?? "");
    if (pulumi.parameterization) {
        const { name, version, value } = pulumi.parameterization;
        dependency.setParameterization(new PackageParameterization().setName(name).setVersion(version).setValue(value));
    }
    return dependency;
}
