import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, lstatSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import { run } from "../shell";

export interface ImageSpec {
    /** Repository and tag under which the image is known. */
    name: string;
    entrypoint: string[];
    command?: string[];
    /** Path in the image → file on this machine. */
    files: Record<string, string>;
    /** Path in the image → what it links to. */
    links?: Record<string, string>;
    /** Variables beside PATH. */
    environment?: Record<string, string>;
    /** Programs of this machine to put in `/usr/bin`, with the libraries that they load. */
    hostPrograms?: string[];
}

/**
 * The names under which Kubernetes looks for an image that a stack names by tag and digest: its container runtime then leaves out the
 * tag (`ParseDockerRef` of `github.com/distribution/reference`). Charts name it by its tag alone.
 */
export function namesOf(image: string): { tagged: string; pinned: string } {
    const [tagged, digest] = image.split("@");
    return { tagged, pinned: `${tagged.replace(/:[^:/]*$/, "")}@${digest}` };
}

const caCertificates = "/etc/ssl/certs/ca-certificates.crt";

/** Writes an image of one layer as an archive that `ctr images import` takes. The same input gives the same bytes. */
export async function writeImage(archive: string, spec: ImageSpec): Promise<void> {
    const layerFile = `${archive}.layer`;
    const layer = pack();
    const written = pipeline(layer, createWriteStream(layerFile));
    await addRoot(layer, spec);
    layer.finalize();
    await written;

    const config = JSON.stringify({
        architecture: process.arch === "x64" ? "amd64" : process.arch,
        os: "linux",
        config: {
            Entrypoint: spec.entrypoint,
            Cmd: spec.command,
            Env: ["PATH=/usr/sbin:/usr/bin", ...Object.entries(spec.environment ?? {}).map((pair) => pair.join("="))],
        },
        rootfs: { type: "layers", diff_ids: [`sha256:${await sha256(layerFile)}`] },
    });
    const configName = `${createHash("sha256").update(config).digest("hex")}.json`;
    const manifest = [{ Config: configName, RepoTags: [spec.name], Layers: ["layer.tar"] }];

    const image = pack();
    const done = pipeline(image, createWriteStream(archive));
    image.entry({ name: "manifest.json" }, JSON.stringify(manifest));
    image.entry({ name: configName }, config);
    await addFile(image, "layer.tar", layerFile, 0o644);
    image.finalize();
    await done;
    rmSync(layerFile);
}

async function addRoot(layer: Pack, spec: ImageSpec): Promise<void> {
    const files = { ...spec.files };
    for (const program of spec.hostPrograms ?? []) {
        const path = run("which", [program]).trim();
        files[`/usr/bin/${program}`] = path;
        for (const library of librariesOf(path)) {
            files[library.replace(/^\/(lib|lib64)\//, "/usr/$1/")] = library;
        }
    }
    if (existsSync(caCertificates)) {
        files[caCertificates] = caCertificates;
    }
    const links = { ...spec.links };
    if (spec.hostPrograms) {
        // Debian's programs name their loader in /lib64, and scripts their shell in /bin.
        for (const name of ["bin", "lib", "lib64"]) {
            links[`/${name}`] = `usr/${name}`;
        }
    }
    const folders = new Set(["/tmp", "/etc"]);
    for (const file of [...Object.keys(files), ...Object.keys(links)]) {
        for (let folder = dirname(file); folder !== "/"; folder = dirname(folder)) {
            folders.add(folder);
        }
    }
    for (const folder of [...folders].sort()) {
        entry(layer, { name: folder.slice(1), type: "directory", mode: folder === "/tmp" ? 0o1777 : 0o755 });
    }
    for (const [name, linkname] of Object.entries(links).sort()) {
        entry(layer, { name: name.slice(1), type: "symlink", linkname });
    }
    for (const [name, source] of Object.entries(files).sort()) {
        await addFile(layer, name.slice(1), source, lstatSync(source).mode & 0o111 ? 0o755 : 0o644);
    }
}

/** The shared libraries that a program loads, with its loader, as `ldd` names them. */
function librariesOf(program: string): string[] {
    return [...run("ldd", [program]).matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1]);
}

function entry(tar: Pack, header: Parameters<Pack["entry"]>[0]): void {
    tar.entry({ mtime: new Date(0), ...header }, "");
}

async function addFile(tar: Pack, name: string, source: string, mode: number): Promise<void> {
    const header = { name, mode, mtime: new Date(0), size: statSync(source).size };
    await new Promise<void>((resolve, reject) => {
        const sink = tar.entry(header, (error) => (error ? reject(error) : resolve()));
        pipeline(createReadStream(source), sink).catch(reject);
    });
}

async function sha256(file: string): Promise<string> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(file), hash);
    return hash.digest("hex");
}
