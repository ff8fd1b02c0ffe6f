import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { withLock } from "../lock";
import { cacheDir } from "../paths";
import { run, say, UserError } from "../shell";
import { type Component, folderOf, isBuilt, keyOf } from "./component";
import { components, kube, kubernetesProvider, languageHost, minio, pulumi, randomProvider } from "./components";
import { installDebianPackages, missingDebianPackages } from "./debian";
import * as versions from "./versions";

/** Two at a time: one's linking, which uses one core, runs beside the other's compiling. */
const buildsAtOnce = 2;

/**
 * Installs and builds what is missing. Nothing to do costs some milliseconds.
 *
 * @param more what is needed beside that which `make up` needs
 */
export async function installToolchain(more: Component[] = []): Promise<void> {
    const wanted = [...components, ...more];
    if (
        missingDebianPackages().length === 0 &&
        [...wanted.map(folderOf), binFolder(), pulumiHome()].every(existsSync)
    ) {
        return; // without waiting for another checkout that builds another version
    }
    await withLock(join(cacheDir, "lock"), "the toolchain", async () => {
        removeHalfMade();
        installDebianPackages();
        await buildMissing(wanted);
        await assembleBin();
        await installPlugins();
    });
}

/** Builds these alone, where they are not there: for what needs no cluster. */
export async function buildComponents(wanted: Component[]): Promise<void> {
    if (!wanted.every(isBuilt)) {
        await withLock(join(cacheDir, "lock"), "the toolchain", () => buildMissing(wanted));
    }
}

/** The folder with the programs that a person uses: pulumi, kubectl, mc. */
export function binFolder(): string {
    return join(cacheDir, "toolchain", `bin-${[pulumi, languageHost, kube, minio].map(keyOf).join("").slice(0, 48)}`);
}

/** Pulumi's home with the plugins installed; one's own `~/.pulumi` is left alone. */
export function pulumiHome(): string {
    return join(cacheDir, "toolchain", `pulumi-home-${keyOf(kubernetesProvider)}${keyOf(randomProvider)}`);
}

async function buildMissing(wanted: Component[]): Promise<void> {
    const missing = wanted.filter((component) => !isBuilt(component));
    if (missing.length === 0) {
        return;
    }
    if (!run("sh", ["-c", "command -v go || true"]).trim()) {
        throw new UserError(
            "Go is missing: the toolchain (Kubernetes, Pulumi, MinIO) is built from Go modules. Install Go 1.26 or newer, " +
                "or use a cluster of your own: see 'Use on your own cluster' in README.md.",
        );
    }
    say(`the toolchain: ${missing.length} of ${wanted.length} parts to build, once (into ${cacheDir})`);
    const waiting = [...missing];
    const running = new Map<Component, Promise<void>>();
    let done = 0;
    const heartbeat = setInterval(() => {
        const names = [...running.keys()].map((component) => component.name).join(", ");
        say(`  building ${names}; ${done} of ${missing.length} done`);
    }, 30_000);
    try {
        while (waiting.length + running.size > 0) {
            const next = waiting.findIndex((component) => (component.needs ?? []).every(isBuilt));
            if (running.size < buildsAtOnce && next >= 0) {
                const [component] = waiting.splice(next, 1);
                say(`  building ${component.title}`);
                const started = Date.now();
                const finished = build(component).then(() => {
                    running.delete(component);
                    done++;
                    const seconds = Math.round((Date.now() - started) / 1000);
                    say(`  built ${component.name} in ${seconds} s; ${missing.length - done} left`);
                });
                running.set(component, finished);
            } else {
                await Promise.race(running.values());
            }
        }
    } finally {
        clearInterval(heartbeat);
        await Promise.allSettled(running.values());
    }
}

async function build(component: Component): Promise<void> {
    const log = join(cacheDir, "log", `${component.name}.log`);
    mkdirSync(dirname(log), { recursive: true });
    rmSync(log, { force: true });
    try {
        await makeWhole(folderOf(component), (folder) => component.build(folder, log));
    } catch (error) {
        throw new UserError(`cannot build ${component.title}: ${(error as Error).message}`);
    }
}

const halfMade = ".part";

/** Removes what interrupted builds left. Under the toolchain's lock nobody is still at it. */
function removeHalfMade(): void {
    const folder = join(cacheDir, "toolchain");
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder).filter((name) => name.endsWith(halfMade))) {
        rmSync(join(folder, name), { recursive: true, force: true });
    }
}

/** The programs side by side, as the CLI warns about a language host that is not beside it. Links: no copy is made. */
function assembleBin(): Promise<void> {
    const programs: [Component, string][] = [
        [pulumi, "pulumi"],
        [pulumi, "pulumi-language-yaml"],
        [languageHost, "pulumi-language-nodejs"],
        [kube, "kubectl"],
        [minio, "mc"],
    ];
    return makeWhole(binFolder(), (folder) => {
        for (const [component, program] of programs) {
            linkSync(join(folderOf(component), program), join(folder, program));
        }
    });
}

function installPlugins(): Promise<void> {
    const plugins: [Component, string, string][] = [
        [kubernetesProvider, "kubernetes", versions.kubernetesProvider],
        [randomProvider, "random", versions.randomProvider],
    ];
    return makeWhole(pulumiHome(), (folder) => {
        for (const [component, name, version] of plugins) {
            const file = join(folderOf(component), component.name);
            run(join(binFolder(), "pulumi"), ["plugin", "install", "resource", name, version, "--file", file], {
                env: { ...process.env, PULUMI_HOME: folder, PULUMI_SKIP_UPDATE_CHECK: "true" },
            });
        }
    });
}

/**
 * Makes a folder that is there either whole or not at all: it is filled beside its place and then moved there, so an
 * interrupted build leaves nothing that counts.
 */
async function makeWhole(folder: string, make: (folder: string) => void | Promise<void>): Promise<void> {
    if (existsSync(folder)) {
        return;
    }
    const making = folder + halfMade;
    mkdirSync(making, { recursive: true });
    try {
        await make(making);
        renameSync(making, folder);
    } finally {
        rmSync(making, { recursive: true, force: true });
    }
}
